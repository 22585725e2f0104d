import { type ActivitiesOptions, follow, newestActivities } from './activities.js';
import { type AsteroidClientOptions, type CallOptions, Calls } from './calls.js';
import { listIn } from './errors.js';
import {
  type ExecuteOptions,
  execute,
  executeSync,
  execution,
  executionResult,
  executionStatus,
  executions,
  idIn,
  pages,
  recording,
  type WaitOptions,
  waitForInteraction,
  waitForResult,
} from './executions.js';
import { type DownloadOptions, download, type FileInput, stage, upload } from './files.js';
import { formatAgentProfile, formatAgentProfilesList } from './format.js';
import { deleteProfile, getProfile, listProfiles, publicKey, saveProfile } from './profiles.js';
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
  ExecutionStatusChange,
  Page,
  SyncExecution,
  TempFile,
  UpdateAgentProfileRequest,
  UploadResponse,
} from './types.js';

/** Seed defaults of the waits, milliseconds. */
const RESULT_INTERVAL_MS = 1_000;
const INTERACTION_INTERVAL_MS = 2_000;
const WAIT_TIMEOUT_MS = 3_600_000;

/**
 * A client of Asteroid's cloud, and of any server that speaks its API. The methods are those of the vendor's Python client
 * in camelCase, with the arguments in the same order; times are milliseconds.
 *
 * A client holds no connection and shares nothing with others; make as many as you like.
 *
 * @example
 * ```ts
 * import { AsteroidClient } from 'taskwright/asteroid';
 *
 * const client = new AsteroidClient({ apiKey });
 * const executionId = await client.executeAgent('agent-id', { order: '4711' });
 * const { outcome, result } = await client.waitForExecutionResult(executionId);
 * ```
 */
export class AsteroidClient {
  readonly #calls: Calls;

  /** @throws {@link InvalidParameterError} for what is no option at all; a key or an address that cannot be used rejects the first call */
  constructor(options: AsteroidClientOptions = {}) {
    this.#calls = new Calls(options);
  }

  /**
   * Starts an execution. It is never started twice: when the answer is lost it is looked for in the list of executions, by an id
   * that it carries in its metadata.
   *
   * @param executionData values for the agent's prompt, by name
   * @returns the id of the execution
   * @throws {@link AmbiguousStartError} when nobody can know whether it was started
   */
  async executeAgent(
    agentId: string,
    executionData?: Readonly<Record<string, unknown>>,
    agentProfileId?: string,
    options?: ExecuteOptions & CallOptions,
  ): Promise<string> {
    const [start, call] = parted(options);
    return await execute(
      this.#calls,
      agentId,
      { ...start, dynamicData: executionData, agentProfileId },
      call,
    );
  }

  /**
   * Starts an execution and answers when it has ended or after `timeoutSeconds` (1 to 25), whichever comes first.
   */
  async executeAgentSync(
    agentId: string,
    executionData?: Readonly<Record<string, unknown>>,
    agentProfileId?: string,
    options?: ExecuteOptions & CallOptions & { timeoutSeconds?: number | undefined },
  ): Promise<SyncExecution> {
    const [start, call] = parted(options);
    return await executeSync(
      this.#calls,
      agentId,
      { ...start, dynamicData: executionData, agentProfileId },
      call,
    );
  }

  /**
   * Waits until an execution has ended. A question that fails for a passing reason does not end the wait; where the service
   * offers a long poll it is used.
   *
   * @param interval the longest pause between two questions, milliseconds
   * @param timeout of the whole wait, milliseconds
   * @throws {@link ExecutionError} when it failed or was cancelled; the error has the result
   * @throws {@link TimeoutError} when the time is up; the execution goes on
   */
  async waitForExecutionResult(
    executionId: string,
    interval: number = RESULT_INTERVAL_MS,
    timeout: number = WAIT_TIMEOUT_MS,
    options?: WaitOptions,
  ): Promise<ExecutionResult> {
    return await waitForResult(this.#calls, executionId, interval, timeout, options);
  }

  /**
   * Waits until the agent asks something (`paused_by_agent`) or the execution has ended, however it ended.
   *
   * @param pollInterval the longest pause between two questions, milliseconds
   * @param timeout of the whole wait, milliseconds
   * @throws {@link TimeoutError} when the time is up; the execution goes on
   */
  async waitForAgentInteraction(
    executionId: string,
    pollInterval: number = INTERACTION_INTERVAL_MS,
    timeout: number = WAIT_TIMEOUT_MS,
    options?: WaitOptions,
  ): Promise<AgentInteractionResult> {
    return await waitForInteraction(this.#calls, executionId, pollInterval, timeout, options);
  }

  /** How an execution stands. */
  async getExecutionStatus(executionId: string, options?: CallOptions): Promise<ExecutionStatus> {
    return await executionStatus(this.#calls, executionId, options);
  }

  /**
   * What an execution came to.
   *
   * @throws {@link AsteroidAPIError}, `retryable`, when that is not known yet
   */
  async getExecutionResult(executionId: string, options?: CallOptions): Promise<ExecutionResult> {
    return await executionResult(this.#calls, executionId, options);
  }

  /** An execution as the service describes it; version 2. */
  async getExecution(executionId: string, options?: CallOptions): Promise<Execution> {
    return await execution(this.#calls, executionId, options);
  }

  /** One page of executions, with the number of all that the filters let through; version 2. */
  async getExecutions(filters: ExecutionFilters = {}, options?: CallOptions): Promise<Page<Execution>> {
    return await executions(this.#calls, filters, options);
  }

  /** All executions that the filters let through, fetched page by page as they are asked for; version 2. */
  executions(filters: ExecutionFilters = {}, options?: CallOptions): AsyncGenerator<Execution> {
    return pages((page) => executions(this.#calls, { pageSize: 100, ...filters, page }, options));
  }

  /** Ends an execution, in whatever state it is. */
  async cancelExecution(executionId: string, options?: CallOptions): Promise<ExecutionStatusChange> {
    return await this.#calls.call('cancelExecution', [executionId], undefined, options);
  }

  /** Stops an execution until {@link AsteroidClient.resumeExecution}. */
  async pauseExecution(executionId: string, options?: CallOptions): Promise<ExecutionStatusChange> {
    return await this.#calls.call('pauseExecution', [executionId], undefined, options);
  }

  /** Lets a paused execution go on. */
  async resumeExecution(executionId: string, options?: CallOptions): Promise<ExecutionStatusChange> {
    return await this.#calls.call('resumeExecution', [executionId], undefined, options);
  }

  /**
   * Starts an execution like an old one.
   *
   * @returns the id of the new execution
   */
  async rerunExecution(executionId: string, options?: CallOptions): Promise<string> {
    const answer = await this.#calls.call<{ executionId?: string } | null>(
      'rerunExecution',
      [executionId],
      {},
      options,
    );
    return idIn(answer?.executionId);
  }

  /** Deletes an execution and what belongs to it. */
  async deleteExecution(executionId: string, options?: CallOptions): Promise<void> {
    await this.#calls.call('deleteExecution', [executionId], undefined, options);
  }

  /**
   * Uploads files to an execution.
   *
   * @param defaultFilename the name of what has none
   */
  async uploadExecutionFiles(
    executionId: string,
    files: readonly FileInput[],
    defaultFilename = 'file.txt',
    options?: CallOptions,
  ): Promise<UploadResponse> {
    return await upload(this.#calls, executionId, files, defaultFilename, options);
  }

  /** Uploads files for an execution that is started with them (`tempFiles`) within an hour; version 2. */
  async stageTempFiles(
    organizationId: string,
    files: readonly FileInput[],
    defaultFilename = 'file.txt',
    options?: CallOptions,
  ): Promise<TempFile[]> {
    return await stage(this.#calls, organizationId, files, defaultFilename, options);
  }

  /** The files of an execution: uploaded and downloaded ones; version 2. */
  async getExecutionFiles(executionId: string, options?: CallOptions): Promise<ExecutionFile[]> {
    return await this.#calls.call('getExecutionFiles', [executionId], undefined, options);
  }

  /** A file of an execution as a stream; it fails at its end when its size is not what the service said. */
  downloadExecutionFile(file: ExecutionFile): Promise<ReadableStream<Uint8Array>>;
  /**
   * Writes a file of an execution to disk (Node, Deno, Bun), all of it or nothing.
   *
   * @param path a file, or a folder, in which it gets its own name; a name that leads out of the folder is refused
   * @returns where it is
   */
  downloadExecutionFile(file: ExecutionFile, path: string, options?: DownloadOptions): Promise<string>;
  downloadExecutionFile(
    file: ExecutionFile,
    path: undefined,
    options?: DownloadOptions,
  ): Promise<ReadableStream<Uint8Array>>;
  downloadExecutionFile(
    file: ExecutionFile,
    path: string | undefined,
    options?: DownloadOptions,
  ): Promise<string | ReadableStream<Uint8Array>>;
  async downloadExecutionFile(
    file: ExecutionFile,
    path?: string,
    options?: DownloadOptions,
  ): Promise<string | ReadableStream<Uint8Array>> {
    return await download(this.#calls, file, path, options);
  }

  /** Where the recording of the execution's browser is. */
  async getBrowserSessionRecording(executionId: string, options?: CallOptions): Promise<string> {
    return await recording(this.#calls, executionId, options);
  }

  /** The `n` newest activities, newest first. */
  async getLastNExecutionActivities(
    executionId: string,
    n: number,
    options?: CallOptions,
  ): Promise<ExecutionActivity[]> {
    return await newestActivities(this.#calls, executionId, n, options);
  }

  /** Everything that happens in an execution, oldest first, each activity once, until it has ended. */
  activities(executionId: string, options?: ActivitiesOptions): AsyncGenerator<ExecutionActivity> {
    return follow(this.#calls, executionId, options);
  }

  /** Tells the agent something: the answer to its question, for example. */
  async addMessageToExecution(executionId: string, message: string, options?: CallOptions): Promise<void> {
    await this.#calls.call('addMessageToExecution', [executionId], { message }, options);
  }

  /** One page of an organization's agents. */
  async getAgents(organizationId: string, page = 1, pageSize = 100, options?: CallOptions): Promise<Agent[]> {
    const query = { organizationId, page, pageSize };
    const answer = await this.#calls.call<Page<Agent>>('getAgents', [], query, options);
    return listIn('getAgents', answer?.items);
  }

  /** The profiles of an organization; of all that the key may see when none is named. */
  async getAgentProfiles(organizationId?: string, options?: CallOptions): Promise<AgentProfile[]> {
    return await listProfiles(this.#calls, organizationId, options);
  }

  /** One profile. */
  async getAgentProfile(profileId: string, options?: CallOptions): Promise<AgentProfile> {
    return await getProfile(this.#calls, profileId, options);
  }

  /**
   * Creates a profile. The `data` of its credentials is encrypted with the service's public key before it is sent
   * (RSA, PKCS#1 v1.5: up to 245 bytes of UTF-8 with a key of 2048 bits); not with `apiVersion: 'v2'`, which has no such key
   * and relies on TLS.
   */
  async createAgentProfile(request: CreateAgentProfileRequest, options?: CallOptions): Promise<AgentProfile> {
    return await saveProfile(this.#calls, 'createAgentProfile', [], request, options);
  }

  /** Changes what `request` names and nothing else; credentials are encrypted as by {@link AsteroidClient.createAgentProfile}. */
  async updateAgentProfile(
    profileId: string,
    request: UpdateAgentProfileRequest,
    options?: CallOptions,
  ): Promise<AgentProfile> {
    return await saveProfile(this.#calls, 'updateAgentProfile', [profileId], request, options);
  }

  /**
   * Deletes a profile.
   *
   * @returns what the service says about it
   */
  async deleteAgentProfile(profileId: string, options?: CallOptions): Promise<string> {
    return await deleteProfile(this.#calls, profileId, options);
  }

  /** The public key that credentials are encrypted with, as PEM. */
  async getCredentialsPublicKey(options?: CallOptions): Promise<string> {
    return await publicKey(this.#calls, options);
  }

  /** A profile in lines, for people. */
  formatAgentProfile(profile: AgentProfile): string {
    return formatAgentProfile(profile);
  }

  /** Profiles as a list, for people. */
  formatAgentProfilesList(profiles: readonly AgentProfile[]): string {
    return formatAgentProfilesList(profiles);
  }
}

/** What an execution is started with, and how the call is made. */
function parted(options: (ExecuteOptions & CallOptions) | undefined): [ExecuteOptions, CallOptions] {
  const { signal, timeoutMs, totalTimeoutMs, maxRetries, headers, ...start } = options ?? {};
  return [start, { signal, timeoutMs, totalTimeoutMs, maxRetries, headers }];
}
