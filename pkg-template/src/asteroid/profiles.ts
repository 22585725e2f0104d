import { TaskwrightError } from '../errors.js';
import { sealCredentials } from '../internal/seal.js';
import type { CallOptions, Calls } from './calls.js';
import { invalid, toAsteroidError } from './errors.js';
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
  member: string,
  options: CallOptions | undefined,
): Promise<AgentProfile> {
  const sealed = calls.hasV2Profiles ? request : await withSealed(calls, request, member, options);
  return await calls.call(calls.profileRow(operation), ids, sealed, options);
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
  return key.trimStart().startsWith('"') ? String(JSON.parse(key)) : key;
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
  let sealed: string[];
  try {
    sealed = await sealCredentials(key, credentials);
  } catch (error) {
    if (!(error instanceof TaskwrightError)) throw error;
    const { kind, message, cause } = error;
    throw toAsteroidError({ kind, message, field: member, backend: 'asteroid', cause });
  }
  return {
    ...request,
    [member]: credentials.map((credential, index) => ({ ...credential, data: sealed[index] })),
  };
}
