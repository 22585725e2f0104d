import type { CallOptions, Calls } from './calls.js';
import {
  AmbiguousStartError,
  type AsteroidAPIError,
  answerError,
  checkMs,
  ExecutionError,
  invalid,
  listIn,
} from './errors.js';
import type {
  AgentInteractionResult,
  Execution,
  ExecutionFilters,
  ExecutionResult,
  ExecutionStatus,
  Page,
  SyncExecution,
  TempFile,
} from './types.js';

/** What an execution is started with, beside its agent. */
export interface ExecuteOptions {
  agentProfileId?: string | undefined;
  /** Values for the agent's prompt. */
  dynamicData?: Readonly<Record<string, unknown>> | undefined;
  /** The same under the name that the service prefers today; version 2 only. */
  inputs?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Kept with the execution; `getExecutions` can filter by it; version 2 only. A member `taskwright_start` is added: by it an
   * execution is found again when the answer of its start is lost.
   */
  metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Files of `stageTempFiles`; version 2 only. */
  tempFiles?: readonly TempFile[] | undefined;
  /** The agent's version; version 2 of the API only. */
  version?: number | undefined;
  /** What version 2 takes besides, under its own names: `profileGroupId`, `head`, `executionOptions`, ... */
  [parameter: string]: unknown;
}

/** Options of the waits. */
export interface WaitOptions extends Omit<CallOptions, 'totalTimeoutMs' | 'maxRetries'> {
  /** Told of each new status. */
  onStatus?: ((change: { id: string; status: string; rawStatus: string }) => void) | undefined;
}

/** @internal Starts an execution; its id. */
export async function execute(
  calls: Calls,
  agentId: string,
  start: ExecuteOptions,
  options: CallOptions | undefined,
): Promise<string> {
  if (!calls.isV1) {
    const answer = await calls.call<{ executionId?: string }>('executeAgent', [agentId], start, options);
    return idIn(answer?.executionId);
  }
  const { agentProfileId, dynamicData, ...others } = start;
  const unknown = Object.entries(others).find(([, value]) => value !== undefined);
  if (unknown !== undefined) throw invalid(unknown[0], 'is not known to version 1');
  const body = { agent_profile_id: agentProfileId, dynamic_data: dynamicData };
  const answer = await calls.call<{ execution_id?: string }>('v1.executeAgent', [agentId], body, options);
  return idIn(answer?.execution_id);
}

/** @internal Starts an execution and answers when it has ended, or after a while. */
export async function executeSync(
  calls: Calls,
  agentId: string,
  start: ExecuteOptions & { timeoutSeconds?: number | undefined },
  options: CallOptions | undefined,
): Promise<SyncExecution> {
  const answer = await calls.call<Partial<SyncExecution>>('executeAgentSync', [agentId], start, options);
  const executionId = idIn(answer?.executionId);
  // An execution that was found again after its answer was lost comes without a status.
  const status = answer.status ?? (await execution(calls, executionId, options)).status;
  return { ...answer, executionId, status };
}

/** @internal The id in the answer of a start. An answer without one is as good as none. */
export function idIn(id: string | undefined): string {
  if (id) return id;
  const details = { kind: 'ambiguous_start', causeKind: 'decode', backend: 'asteroid' } as const;
  throw new AmbiguousStartError('the answer has no id', details);
}

/** @internal How an execution stands. */
export async function executionStatus(
  calls: Calls,
  executionId: string,
  options: CallOptions | undefined,
): Promise<ExecutionStatus> {
  if (calls.isV1) {
    const answer = await calls.call<Record<string, string>>(
      'v1.getExecutionStatus',
      [executionId],
      undefined,
      options,
    );
    const { execution_id: id, status = '', reason, updated_at: updatedAt } = answer;
    return { executionId: id ?? executionId, status, reason, updatedAt };
  }
  const { id, status, terminalAt } = await execution(calls, executionId, options);
  return { executionId: id, status, updatedAt: terminalAt ?? undefined };
}

/** @internal What an execution came to. */
export async function executionResult(
  calls: Calls,
  executionId: string,
  options: CallOptions | undefined,
): Promise<ExecutionResult> {
  let result: ExecutionResult | null | undefined;
  let status: string | undefined;
  if (calls.isV1) {
    const answer = await calls.call<{
      status?: string;
      error?: string;
      execution_result?: ExecutionResult;
    }>('v1.getExecutionResult', [executionId], undefined, options);
    if (answer.error) throw failure(`execution ${executionId}: ${answer.error}`, executionId);
    result = answer.execution_result;
    status = answer.status;
  } else {
    const answer = await execution(calls, executionId, options);
    result = answer.executionResult;
    status = answer.status;
  }
  if (status === 'failed' || status === 'cancelled') {
    throw ended('getExecutionResult', { id: executionId, rawStatus: status, result });
  }
  if (result?.outcome) return result;
  const message = `the result of execution ${executionId} is not available yet (its status is ${status})`;
  throw failure(message, executionId, true);
}

function failure(message: string, taskId: string, retryable = false): AsteroidAPIError {
  return answerError('getExecutionResult', message, { taskId, retryable });
}

/** @internal An execution as the service describes it. */
export async function execution(
  calls: Calls,
  executionId: string,
  options: CallOptions | undefined,
): Promise<Execution> {
  return await calls.call('getExecution', [executionId], undefined, options);
}

/** @internal Where the recording of an execution is. */
export async function recording(
  calls: Calls,
  executionId: string,
  options: CallOptions | undefined,
): Promise<string> {
  if (calls.isV1) {
    const operation = 'v1.getBrowserSessionRecording';
    const { recording_url: url } = await calls.call<{ recording_url: string }>(
      operation,
      [executionId],
      undefined,
      options,
    );
    return url;
  }
  const { recordingUrl, browserRecordingUrl } = await execution(calls, executionId, options);
  const url = recordingUrl ?? browserRecordingUrl;
  if (url) return url;
  const message = `execution ${executionId} has no recording, or not yet`;
  throw answerError('getBrowserSessionRecording', message, { taskId: executionId, retryable: true });
}

/** @internal Waits for the end, for the result of a success. */
export async function waitForResult(
  calls: Calls,
  executionId: string,
  interval: number,
  timeout: number,
  options: WaitOptions | undefined,
): Promise<ExecutionResult> {
  const outcome = await calls.wait(executionId, options, {
    intervalMs: interval,
    timeoutMs: timeout,
    onStatus: options?.onStatus,
  });
  if (outcome.status === 'succeeded') return outcome.result as ExecutionResult;
  throw ended('waitForExecutionResult', outcome);
}

/** @internal Waits until the agent asks something, or for the end. */
export async function waitForInteraction(
  calls: Calls,
  executionId: string,
  pollInterval: number,
  timeout: number,
  options: WaitOptions | undefined,
): Promise<AgentInteractionResult> {
  checkMs('pollInterval', pollInterval);
  const outcome = await calls.wait(executionId, options, {
    intervalMs: pollInterval,
    timeoutMs: timeout,
    onStatus: options?.onStatus,
    interaction: true,
  });
  const asks = outcome.status === 'awaiting_input';
  return {
    isTerminal: !asks,
    status: outcome.rawStatus,
    agentMessage: asks ? (outcome.question ?? null) : null,
    executionResult: (outcome.result as ExecutionResult | null | undefined) ?? null,
  };
}

function ended(
  operation: string,
  { id, rawStatus, error, result }: { id: string; rawStatus: string; error?: string; result?: unknown },
): ExecutionError {
  const message = `execution ${id} ended with status: ${rawStatus}${error ? ` - ${error}` : ''}`;
  const details = { kind: 'task_failed', operation, backend: 'asteroid', taskId: id } as const;
  return new ExecutionError(message, details, rawStatus, (result as ExecutionResult | null) ?? undefined);
}

/** @internal One page of executions. */
export async function executions(
  calls: Calls,
  filters: ExecutionFilters,
  options: CallOptions | undefined,
): Promise<Page<Execution>> {
  const { metadataKey, metadataValue } = filters ?? {};
  if ((metadataKey === undefined) !== (metadataValue === undefined)) {
    throw invalid(metadataKey === undefined ? 'metadataKey' : 'metadataValue', 'is missing');
  }
  const query = Object.fromEntries(
    Object.entries({ page: 1, pageSize: 20, ...filters }).map(([name, value]) => {
      if (!(value instanceof Date)) return [name, value];
      if (Number.isNaN(value.getTime())) throw invalid(name, 'takes a valid date');
      return [name, value.toISOString()];
    }),
  );
  return await calls.call('getExecutions', [], query, options);
}

/** @internal All items of a list, page by page, each once: what is new moves the others to later pages. */
export async function* pages<Item extends { id: string }>(
  page: (number: number) => Promise<Page<Item>>,
): AsyncGenerator<Item> {
  const known = new Set<string>();
  for (let number = 1; ; number += 1) {
    const answer = await page(number);
    const items = listIn('pages', answer?.items);
    for (const item of items) {
      if (known.has(item.id)) continue;
      known.add(item.id);
      yield item;
    }
    if (items.length === 0 || known.size >= answer.total) return;
  }
}
