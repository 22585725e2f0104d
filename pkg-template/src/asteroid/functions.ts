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
export async function executeAgent(
  client: AsteroidClient,
  agentId: string,
  executionData: ExecuteOptions = {},
  options?: CallOptions,
): Promise<string> {
  const { dynamicData, agentProfileId, ...others } = executionData;
  return await client.executeAgent(agentId, dynamicData, agentProfileId, { ...options, ...others });
}

/** {@link AsteroidClient.waitForExecutionResult}; times in milliseconds. */
export async function waitForExecutionResult(
  client: AsteroidClient,
  executionId: string,
  interval?: number,
  timeout?: number,
  options?: WaitOptions,
): Promise<ExecutionResult> {
  return await client.waitForExecutionResult(executionId, interval, timeout, options);
}

/** {@link AsteroidClient.waitForAgentInteraction}; times in milliseconds. */
export async function waitForAgentInteraction(
  client: AsteroidClient,
  executionId: string,
  pollInterval?: number,
  timeout?: number,
  options?: WaitOptions,
): Promise<AgentInteractionResult> {
  return await client.waitForAgentInteraction(executionId, pollInterval, timeout, options);
}

/** {@link AsteroidClient.getExecutionStatus} */
export async function getExecutionStatus(
  client: AsteroidClient,
  executionId: string,
): Promise<ExecutionStatus> {
  return await client.getExecutionStatus(executionId);
}

/** {@link AsteroidClient.getExecutionResult} */
export async function getExecutionResult(
  client: AsteroidClient,
  executionId: string,
): Promise<ExecutionResult> {
  return await client.getExecutionResult(executionId);
}

/** {@link AsteroidClient.getExecutions} */
export async function getExecutions(
  client: AsteroidClient,
  organizationId: string,
  page: number,
  pageSize: number,
  filters: ExecutionFilters = {},
): Promise<Page<Execution>> {
  return await client.getExecutions({ ...filters, organizationId, page, pageSize });
}

/** {@link AsteroidClient.uploadExecutionFiles} */
export async function uploadExecutionFiles(
  client: AsteroidClient,
  executionId: string,
  files: readonly FileInput[],
  defaultFilename?: string,
): Promise<UploadResponse> {
  return await client.uploadExecutionFiles(executionId, files, defaultFilename);
}

/** {@link AsteroidClient.stageTempFiles} */
export async function stageTempFiles(
  client: AsteroidClient,
  organizationId: string,
  files: readonly FileInput[],
  defaultFilename?: string,
): Promise<TempFile[]> {
  return await client.stageTempFiles(organizationId, files, defaultFilename);
}

/** {@link AsteroidClient.getBrowserSessionRecording}, as the vendor's function answers. */
export async function getBrowserSessionRecording(
  client: AsteroidClient,
  executionId: string,
): Promise<{ recording_url: string }> {
  return { recording_url: await client.getBrowserSessionRecording(executionId) };
}

/** {@link AsteroidClient.getExecutionFiles} */
export async function getExecutionFiles(
  client: AsteroidClient,
  executionId: string,
): Promise<ExecutionFile[]> {
  return await client.getExecutionFiles(executionId);
}

/** {@link AsteroidClient.downloadExecutionFile}; `timeout` in seconds, as in the vendor's function. */
export async function downloadExecutionFile(
  client: AsteroidClient,
  file: ExecutionFile,
  downloadPath: string,
  createDirs = true,
  timeout = 30,
): Promise<string> {
  const options: DownloadOptions = { createDirs, timeoutMs: timeout * 1_000 };
  return await client.downloadExecutionFile(file, downloadPath, options);
}

/** {@link AsteroidClient.getLastNExecutionActivities} */
export async function getLastNExecutionActivities(
  client: AsteroidClient,
  executionId: string,
  n: number,
): Promise<ExecutionActivity[]> {
  return await client.getLastNExecutionActivities(executionId, n);
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
export async function getAgents(
  client: AsteroidClient,
  organizationId: string,
  page?: number,
  pageSize?: number,
): Promise<Agent[]> {
  return await client.getAgents(organizationId, page, pageSize);
}

/** {@link AsteroidClient.getAgentProfiles} */
export async function getAgentProfiles(
  client: AsteroidClient,
  organizationId?: string,
): Promise<AgentProfile[]> {
  return await client.getAgentProfiles(organizationId);
}

/** {@link AsteroidClient.getAgentProfile} */
export async function getAgentProfile(client: AsteroidClient, profileId: string): Promise<AgentProfile> {
  return await client.getAgentProfile(profileId);
}

/** {@link AsteroidClient.createAgentProfile} */
export async function createAgentProfile(
  client: AsteroidClient,
  payload: CreateAgentProfileRequest,
): Promise<AgentProfile> {
  return await client.createAgentProfile(payload);
}

/** {@link AsteroidClient.updateAgentProfile} */
export async function updateAgentProfile(
  client: AsteroidClient,
  profileId: string,
  payload: UpdateAgentProfileRequest,
): Promise<AgentProfile> {
  return await client.updateAgentProfile(profileId, payload);
}

/** {@link AsteroidClient.deleteAgentProfile}, as the vendor's function answers. */
export async function deleteAgentProfile(
  client: AsteroidClient,
  profileId: string,
): Promise<{ message: string }> {
  return { message: await client.deleteAgentProfile(profileId) };
}

/** {@link AsteroidClient.getCredentialsPublicKey} */
export async function getCredentialsPublicKey(client: AsteroidClient): Promise<string> {
  return await client.getCredentialsPublicKey();
}
