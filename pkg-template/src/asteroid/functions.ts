import type { CallOptions } from './calls.js';
import type { AsteroidClient } from './client.js';
import type { ExecuteOptions, WaitOptions } from './executions.js';
import type { DownloadOptions, FileInput } from './files.js';
import type {
  Agent,
  AgentInteractionResult,
  AgentProfile,
  CreateAgentProfileRequest,
  Execution,
  ExecutionActivity,
  ExecutionFile,
  ExecutionFilters,
  ExecutionResult,
  ExecutionStatus,
  Page,
  TempFile,
  UpdateAgentProfileRequest,
  UploadResponse,
} from './types.js';

/** Function twins of the client's methods, with the signatures of the vendor's TypeScript client 1.3. */

/** {@link AsteroidClient.executeAgent}, with everything that the execution is started with in one object. */
export function executeAgent(
  client: AsteroidClient,
  agentId: string,
  executionData: ExecuteOptions = {},
  options?: CallOptions,
): Promise<string> {
  const { dynamicData, agentProfileId, ...others } = executionData;
  return client.executeAgent(agentId, dynamicData, agentProfileId, { ...options, ...others });
}

/** {@link AsteroidClient.waitForExecutionResult}; times in milliseconds. */
export function waitForExecutionResult(
  client: AsteroidClient,
  executionId: string,
  interval?: number,
  timeout?: number,
  options?: WaitOptions,
): Promise<ExecutionResult> {
  return client.waitForExecutionResult(executionId, interval, timeout, options);
}

/** {@link AsteroidClient.waitForAgentInteraction}; times in milliseconds. */
export function waitForAgentInteraction(
  client: AsteroidClient,
  executionId: string,
  pollInterval?: number,
  timeout?: number,
  options?: WaitOptions,
): Promise<AgentInteractionResult> {
  return client.waitForAgentInteraction(executionId, pollInterval, timeout, options);
}

/** {@link AsteroidClient.getExecutionStatus} */
export function getExecutionStatus(client: AsteroidClient, executionId: string): Promise<ExecutionStatus> {
  return client.getExecutionStatus(executionId);
}

/** {@link AsteroidClient.getExecutionResult} */
export function getExecutionResult(client: AsteroidClient, executionId: string): Promise<ExecutionResult> {
  return client.getExecutionResult(executionId);
}

/** {@link AsteroidClient.getExecutions} */
export function getExecutions(
  client: AsteroidClient,
  organizationId: string,
  page: number,
  pageSize: number,
  filters: ExecutionFilters = {},
): Promise<Page<Execution>> {
  return client.getExecutions({ ...filters, organizationId, page, pageSize });
}

/** {@link AsteroidClient.uploadExecutionFiles} */
export function uploadExecutionFiles(
  client: AsteroidClient,
  executionId: string,
  files: readonly FileInput[],
  defaultFilename?: string,
): Promise<UploadResponse> {
  return client.uploadExecutionFiles(executionId, files, defaultFilename);
}

/** {@link AsteroidClient.stageTempFiles} */
export function stageTempFiles(
  client: AsteroidClient,
  organizationId: string,
  files: readonly FileInput[],
  defaultFilename?: string,
): Promise<TempFile[]> {
  return client.stageTempFiles(organizationId, files, defaultFilename);
}

/** {@link AsteroidClient.getBrowserSessionRecording}, as the vendor's function answers. */
export async function getBrowserSessionRecording(
  client: AsteroidClient,
  executionId: string,
): Promise<{ recording_url: string }> {
  return { recording_url: await client.getBrowserSessionRecording(executionId) };
}

/** {@link AsteroidClient.getExecutionFiles} */
export function getExecutionFiles(client: AsteroidClient, executionId: string): Promise<ExecutionFile[]> {
  return client.getExecutionFiles(executionId);
}

/** {@link AsteroidClient.downloadExecutionFile}; `timeout` in seconds, as in the vendor's function. */
export function downloadExecutionFile(
  client: AsteroidClient,
  file: ExecutionFile,
  downloadPath: string,
  createDirs = true,
  timeout = 30,
): Promise<string> {
  const options: DownloadOptions = { createDirs, timeoutMs: timeout * 1_000 };
  return client.downloadExecutionFile(file, downloadPath, options);
}

/** {@link AsteroidClient.getLastNExecutionActivities} */
export function getLastNExecutionActivities(
  client: AsteroidClient,
  executionId: string,
  n: number,
): Promise<ExecutionActivity[]> {
  return client.getLastNExecutionActivities(executionId, n);
}

/** {@link AsteroidClient.addMessageToExecution} */
export async function addMessageToExecution(
  client: AsteroidClient,
  executionId: string,
  message: string,
): Promise<void> {
  await client.addMessageToExecution(executionId, message);
}

/** {@link AsteroidClient.getAgents} */
export function getAgents(
  client: AsteroidClient,
  organizationId: string,
  page?: number,
  pageSize?: number,
): Promise<Agent[]> {
  return client.getAgents(organizationId, page, pageSize);
}

/** {@link AsteroidClient.getAgentProfiles} */
export function getAgentProfiles(client: AsteroidClient, organizationId?: string): Promise<AgentProfile[]> {
  return client.getAgentProfiles(organizationId);
}

/** {@link AsteroidClient.getAgentProfile} */
export function getAgentProfile(client: AsteroidClient, profileId: string): Promise<AgentProfile> {
  return client.getAgentProfile(profileId);
}

/** {@link AsteroidClient.createAgentProfile} */
export function createAgentProfile(
  client: AsteroidClient,
  payload: CreateAgentProfileRequest,
): Promise<AgentProfile> {
  return client.createAgentProfile(payload);
}

/** {@link AsteroidClient.updateAgentProfile} */
export function updateAgentProfile(
  client: AsteroidClient,
  profileId: string,
  payload: UpdateAgentProfileRequest,
): Promise<AgentProfile> {
  return client.updateAgentProfile(profileId, payload);
}

/** {@link AsteroidClient.deleteAgentProfile}, as the vendor's function answers. */
export async function deleteAgentProfile(
  client: AsteroidClient,
  profileId: string,
): Promise<{ message: string }> {
  return { message: await client.deleteAgentProfile(profileId) };
}

/** {@link AsteroidClient.getCredentialsPublicKey} */
export function getCredentialsPublicKey(client: AsteroidClient): Promise<string> {
  return client.getCredentialsPublicKey();
}
