import { TaskwrightError } from '../errors.js';
import { sealCredentials } from '../internal/seal.js';
import type { CallOptions, Calls } from './calls.js';
import { answerError, invalid, toAsteroidError } from './errors.js';
import { pages } from './executions.js';
import type { AgentProfile, CreateAgentProfileRequest, Page, UpdateAgentProfileRequest } from './types.js';

/** @internal The profiles of an organization. */
export async function listProfiles(
  calls: Calls,
  organizationId: string | undefined,
  options: CallOptions | undefined,
): Promise<AgentProfile[]> {
  if (!calls.hasV2Profiles) {
    const query = organizationId === undefined ? undefined : { organization_id: organizationId };
    return await calls.call('v1.getAgentProfiles', [], query, options);
  }
  const all: AgentProfile[] = [];
  const page = (number: number): Promise<Page<AgentProfile>> =>
    calls.call('getAgentProfiles', [], { organizationId, page: number, pageSize: 100 }, options);
  for await (const profile of pages(page)) all.push(profile);
  return all;
}

/** @internal */
export async function getProfile(
  calls: Calls,
  profileId: string,
  options: CallOptions | undefined,
): Promise<AgentProfile> {
  return await calls.call(calls.profileRow('getAgentProfile'), [profileId], undefined, options);
}

/** @internal Creates a profile, or changes what the request names; version 1 gets credentials encrypted. */
export async function saveProfile(
  calls: Calls,
  operation: string,
  ids: readonly unknown[],
  request: CreateAgentProfileRequest | UpdateAgentProfileRequest,
  options: CallOptions | undefined,
): Promise<AgentProfile> {
  const safe = calls.hasV2Profiles ? request : await sealed(calls, request, options);
  return await calls.call(calls.profileRow(operation), ids, safe, options);
}

/** @internal Deletes a profile; what the service says about it, where it says something. */
export async function deleteProfile(
  calls: Calls,
  profileId: string,
  options: CallOptions | undefined,
): Promise<string> {
  const operation = calls.profileRow('deleteAgentProfile');
  const answer = await calls.call<{ message?: string } | null>(operation, [profileId], undefined, options);
  return answer?.message ?? '';
}

/** @internal The service's public key, PEM. It comes as text or as a JSON string. */
export async function publicKey(calls: Calls, options: CallOptions | undefined): Promise<string> {
  const key = String(await calls.call('v1.getCredentialsPublicKey', [], undefined, options));
  try {
    return key.trimStart().startsWith('"') ? String(JSON.parse(key)) : key;
  } catch {
    throw answerError('getCredentialsPublicKey', 'the key breaks off', { kind: 'decode' });
  }
}

/** Members of version 1's requests that are about credentials: those that bring some, and the ids of those to remove. */
const SEALED = ['credentials', 'credentials_to_add'];
const PLAIN = 'credentials_to_delete';

/** Whatever member they are in, credentials leave encrypted; a member of another spelling is not sent at all. */
async function sealed<Request extends object>(
  calls: Calls,
  request: Request,
  options: CallOptions | undefined,
): Promise<Request> {
  const members = Object.keys(request ?? {}).filter((name) => /^credentials/i.test(name) && name !== PLAIN);
  const odd = members.find((name) => !SEALED.includes(name));
  if (odd !== undefined) throw invalid(odd, `is not ${SEALED}`);
  let safe = request;
  for (const member of SEALED) safe = await withSealed(calls, safe, member, options);
  return safe;
}

/** A copy of `request` whose credentials are encrypted; everything else is as the caller set it. */
async function withSealed<Request extends object>(
  calls: Calls,
  request: Request,
  member: string,
  options: CallOptions | undefined,
): Promise<Request> {
  if (typeof request !== 'object' || request === null) throw invalid('request', 'takes an object');
  const credentials: unknown = (request as Record<string, unknown>)[member];
  if (credentials === undefined) return request;
  if (!Array.isArray(credentials)) throw invalid(member, 'takes an array');
  credentials.forEach((credential: { name?: unknown; data?: unknown } | null, index) => {
    for (const part of ['name', 'data'] as const) {
      const value = credential?.[part];
      if (typeof value !== 'string' || value === '') {
        throw invalid(`${member}[${index}].${part}`, 'takes text');
      }
    }
  });
  if (credentials.length === 0) return request;
  const key = await publicKey(calls, options);
  let texts: string[];
  try {
    texts = await sealCredentials(key, credentials);
  } catch (error) {
    if (!(error instanceof TaskwrightError)) throw error;
    const { kind, message, cause } = error;
    throw toAsteroidError({ kind, message, field: member, backend: 'asteroid', cause });
  }
  return {
    ...request,
    [member]: credentials.map((credential, index) => ({
      ...credential,
      name: credential.name,
      data: texts[index],
    })),
  };
}
