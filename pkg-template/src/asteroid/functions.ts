import type { CallOptions } from './calls.js';
import type { AsteroidClient } from './client.js';
import type { ExecuteOptions } from './executions.js';
import type { DownloadOptions } from './files.js';
import type { Execution, ExecutionFile, ExecutionFilters, Page } from './types.js';

/** Function twins of the client's methods, with the signatures of the vendor's TypeScript client 1.3. */

/** The twin of a method: the client comes first, then the method's own arguments. */
type Twin<Name extends keyof AsteroidClient> = (
  client: AsteroidClient,
  ...args: Parameters<AsteroidClient[Name]>
) => ReturnType<AsteroidClient[Name]>;

function twin<Name extends keyof AsteroidClient>(name: Name): Twin<Name> {
  const method = name as string;
  return (client, ...args) =>
    (client as unknown as Record<string, (...all: unknown[]) => never>)[method]?.(...args) as never;
}

/** {@link AsteroidClient.executeAgent}, with everything that the execution is started with in one object. */
export function executeAgent(
  client: AsteroidClient,
  agentId: string,
  executionData?: ExecuteOptions | null,
  options?: CallOptions,
): Promise<string> {
  const { dynamicData, agentProfileId, ...others } = executionData ?? {};
  return client.executeAgent(agentId, dynamicData, agentProfileId, { ...options, ...others });
}

/** {@link AsteroidClient.waitForExecutionResult}; times in milliseconds. */
export const waitForExecutionResult: Twin<'waitForExecutionResult'> = twin('waitForExecutionResult');

/** {@link AsteroidClient.waitForAgentInteraction}; times in milliseconds. */
export const waitForAgentInteraction: Twin<'waitForAgentInteraction'> = twin('waitForAgentInteraction');

/** {@link AsteroidClient.getExecutionStatus} */
export const getExecutionStatus: Twin<'getExecutionStatus'> = twin('getExecutionStatus');

/** {@link AsteroidClient.getExecutionResult} */
export const getExecutionResult: Twin<'getExecutionResult'> = twin('getExecutionResult');

/** {@link AsteroidClient.getExecutions} */
export function getExecutions(
  client: AsteroidClient,
  organizationId: string,
  page: number,
  pageSize: number,
  filters: ExecutionFilters = {},
  options?: CallOptions,
): Promise<Page<Execution>> {
  return client.getExecutions({ ...filters, organizationId, page, pageSize }, options);
}

/** {@link AsteroidClient.uploadExecutionFiles} */
export const uploadExecutionFiles: Twin<'uploadExecutionFiles'> = twin('uploadExecutionFiles');

/** {@link AsteroidClient.stageTempFiles} */
export const stageTempFiles: Twin<'stageTempFiles'> = twin('stageTempFiles');

/** {@link AsteroidClient.getBrowserSessionRecording}, as the vendor's function answers. */
export async function getBrowserSessionRecording(
  client: AsteroidClient,
  executionId: string,
  options?: CallOptions,
): Promise<{ recording_url: string }> {
  return { recording_url: await client.getBrowserSessionRecording(executionId, options) };
}

/** {@link AsteroidClient.getExecutionFiles} */
export const getExecutionFiles: Twin<'getExecutionFiles'> = twin('getExecutionFiles');

/** {@link AsteroidClient.downloadExecutionFile}; `timeout` in seconds, as in the vendor's function. */
export function downloadExecutionFile(
  client: AsteroidClient,
  file: ExecutionFile,
  downloadPath: string,
  createDirs = true,
  timeout = 30,
  options?: DownloadOptions,
): Promise<string> {
  const limits = { createDirs, timeoutMs: timeout * 1_000, ...options };
  return client.downloadExecutionFile(file, downloadPath, limits);
}

/** {@link AsteroidClient.getLastNExecutionActivities} */
export const getLastNExecutionActivities: Twin<'getLastNExecutionActivities'> = twin(
  'getLastNExecutionActivities',
);

/** {@link AsteroidClient.addMessageToExecution} */
export const addMessageToExecution: Twin<'addMessageToExecution'> = twin('addMessageToExecution');

/** {@link AsteroidClient.getAgents} */
export const getAgents: Twin<'getAgents'> = twin('getAgents');

/** {@link AsteroidClient.getAgentProfiles} */
export const getAgentProfiles: Twin<'getAgentProfiles'> = twin('getAgentProfiles');

/** {@link AsteroidClient.getAgentProfile} */
export const getAgentProfile: Twin<'getAgentProfile'> = twin('getAgentProfile');

/** {@link AsteroidClient.createAgentProfile} */
export const createAgentProfile: Twin<'createAgentProfile'> = twin('createAgentProfile');

/** {@link AsteroidClient.updateAgentProfile} */
export const updateAgentProfile: Twin<'updateAgentProfile'> = twin('updateAgentProfile');

/** {@link AsteroidClient.deleteAgentProfile}, as the vendor's function answers. */
export async function deleteAgentProfile(
  client: AsteroidClient,
  profileId: string,
  options?: CallOptions,
): Promise<{ message: string }> {
  return { message: await client.deleteAgentProfile(profileId, options) };
}

/** {@link AsteroidClient.getCredentialsPublicKey} */
export const getCredentialsPublicKey: Twin<'getCredentialsPublicKey'> = twin('getCredentialsPublicKey');
