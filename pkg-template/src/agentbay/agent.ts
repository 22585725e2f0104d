import type { RawOutcome } from '../internal/raw.js';
import { type Answer, type CallOptions, fromSeconds, lacking, parsed, type Sent } from './calls.js';
import { AgentBayError, checkNumber, checkText, fault, json, TimeoutError, textOf } from './errors.js';
import type { Session } from './session.js';
import { complaint, type ToolAnswer, toolText } from './tools.js';
import type { ExecutionResult, QueryResult } from './types.js';

/** The vendor's clients ask every 3 s; `maxTryTimes` counts these. */
const INTERVAL_MS = 3_000;

/** Where the vendor's clients have a session's browser keep its profile. */
const BROWSER_PATH = '/tmp/agentbay_browser';

/** Options of waits for a task. */
export interface TaskWaitOptions extends CallOptions {
  /** End the task when the time is up; else it goes on. */
  terminateOnTimeout?: boolean | undefined;
}

/** What a task takes besides, by family. */
export interface TaskOptions extends CallOptions {
  /** Of browsers: look at pictures of the page as well. */
  useVision?: boolean | undefined;
  /** Of browsers: a JSON Schema for the result. */
  outputSchema?: Readonly<Record<string, unknown>> | undefined;
  /** Of browsers. */
  fullPageScreenshot?: boolean | undefined;
  /** Of mobiles. */
  maxSteps?: number | undefined;
}

/** What a task says of itself. */
interface Told {
  readonly task_id?: string;
  readonly taskId?: string;
  readonly status?: string;
  readonly action?: string;
  readonly product?: unknown;
  readonly result?: unknown;
  readonly error?: string;
  readonly stream?: readonly unknown[];
}

/** What all families of tasks have. */
class Tasks {
  readonly #session: Session;
  readonly #prefix: string;
  /** Whether the request that gets a browser ready succeeds, once there is one. */
  #ready: Promise<boolean> | undefined;

  constructor(session: Session, prefix: string) {
    this.#session = session;
    this.#prefix = prefix;
  }

  /** How a task stands. */
  getTaskStatus(taskId: string, options?: CallOptions): Promise<QueryResult> {
    const empty = { taskId, taskStatus: 'failed', taskAction: '', taskProduct: '' };
    return this.#ask('get_task_status', taskId, options, empty, (told) => ({
      taskStatus: `${told.status ?? (this.#prefix ? 'finished' : 'completed')}`,
      taskAction: told.action ?? '',
      taskProduct: productOf(told),
      stream: told.stream,
    }));
  }

  /** Ends a task. */
  terminateTask(taskId: string, options?: CallOptions): Promise<ExecutionResult> {
    const empty = { taskId, taskStatus: 'failed', taskResult: '' };
    return this.#ask('terminate_task', taskId, options, empty, (told) => ({
      taskStatus: `${told.status ?? (this.#prefix ? 'finished' : 'cancelling')}`,
      taskResult: '',
    }));
  }

  /** @internal Starts a task, and waits for it when there is a limit. */
  protected async run(
    task: string,
    options: (TaskOptions & TaskWaitOptions) | undefined,
    waitMs?: number,
    seconds?: number,
  ): Promise<ExecutionResult> {
    checkText('task', task);
    const { signal, timeoutMs, terminateOnTimeout, ...others } = options ?? {};
    const call = { signal, timeoutMs };
    const args: Record<string, unknown> = { task, max_steps: this.#prefix ? undefined : 50 };
    for (const [name, value] of Object.entries(others)) {
      const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      args[snake] = name === 'outputSchema' ? json(name, value) : value;
    }
    const result = { taskId: '', taskStatus: 'failed', taskResult: 'Task Failed' };
    const { calls } = this.#session.agentBay;
    const before = () => this.#prepared(call);
    const failing = { prefix: 'Failed to execute: ', empty: result, before };
    const sent = this.#toolCall('execute_task', args);
    const read = async (answer: Answer) => {
      const told = parsed(toolText(answer)) as Told | null;
      const taskId = `${told?.task_id ?? told?.taskId ?? ''}`;
      // Who says why not has started nothing.
      if (!taskId && told?.error) throw fault('task_failed', told.error, answer);
      if (!taskId) throw fault('ambiguous_start', 'Task ID not found in response', answer);
      if (waitMs === undefined) return { taskId, taskStatus: 'running', taskResult: '' };
      const late =
        seconds === undefined
          ? 'Task timeout.'
          : `Task execution timed out after ${seconds} seconds. Task ID: ${taskId}.`;
      Object.assign(result, { taskId, taskResult: '' });
      try {
        const ended = await this.#end(answer, taskId, late, waitMs, call);
        result.taskStatus = ended.rawStatus;
        return { ...result, taskResult: productOf(successOf(ended, answer)) };
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        result.taskResult = late;
        // That it cannot be ended is not what went wrong here. By the service, because the direct route may be what hangs.
        const end = this.#toolCall('terminate_task', { task_id: taskId }, false);
        if (terminateOnTimeout) await calls.call('terminate_task', end, call).catch(() => undefined);
        throw error;
      }
    };
    return await calls.perform('execute_task', sent, call, failing, read);
  }

  /** Waits for the end of a task that `answer` has started; where the direct route fails, by the service. */
  async #end(
    answer: Answer,
    taskId: string,
    late: string,
    waitMs: number,
    { signal, timeoutMs }: CallOptions,
  ): Promise<RawOutcome> {
    const begun = performance.now();
    const watch = (sent: Sent) => {
      const how = {
        signal,
        attemptTimeoutMs: timeoutMs,
        watch: this.#prefix ? undefined : 'mobile',
        timeoutMs: Math.max(waitMs + begun - performance.now(), 1),
        intervalMs: INTERVAL_MS,
      };
      return this.#session.agentBay.calls.watch(answer, taskId, late, how, sent);
    };
    const question = this.#toolCall('get_task_status', { task_id: taskId });
    try {
      return await watch(question);
    } catch (error) {
      const isOver = !(error instanceof AgentBayError) || error instanceof TimeoutError;
      if (isOver || !question.engine) throw error;
      // The service knows whether the session is still there.
      return await watch(this.#toolCall('get_task_status', { task_id: taskId }, false));
    }
  }

  /**
   * Until a browser is ready, which others need not be made. Tasks that begin meanwhile wait for the same request; should it
   * fail, each asks itself. An aborted one does not wait: the call that comes next says so.
   */
  async #prepared(call: CallOptions): Promise<void> {
    const { signal } = call;
    const others = this.#ready;
    if (this.#prefix !== 'browser_use_' || (others && signal?.aborted)) return;
    const isReady =
      others &&
      (await new Promise((resolve) => {
        const stop = () => resolve(true);
        signal?.addEventListener?.('abort', stop, { once: true });
        others.then(resolve).finally(() => signal?.removeEventListener?.('abort', stop));
      }));
    if (isReady) return;
    const { agentBay } = this.#session;
    const sent = this.#session.sent({ PersistentPath: BROWSER_PATH });
    const own = agentBay.calls.call('InitBrowser', sent, call);
    this.#ready = own.then(
      () => true,
      () => false,
    );
    await own;
  }

  async #ask<Result>(
    tool: string,
    taskId: string,
    options: CallOptions | undefined,
    empty: object,
    read: (told: Told) => object,
  ): Promise<Result> {
    checkText('taskId', taskId);
    const sent = this.#toolCall(tool, { task_id: taskId });
    const failing = { prefix: 'API request failed: ', empty };
    const { calls } = this.#session.agentBay;
    const readAll = (answer: Answer) => {
      const told = toldBy(answer);
      return { taskId: `${told.task_id ?? told.taskId ?? taskId}`, ...read(told) };
    };
    return await calls.perform(tool, sent, options, failing, readAll);
  }

  #toolCall(tool: string, args: object, isDirect?: boolean): Sent {
    return this.#session.toolCall(this.#prefix + tool, args, false, isDirect);
  }
}

/** Tasks of one family of agents: of a computer, a browser or a mobile. */
export class TaskAgent extends Tasks {
  /** Starts a task. It is never started twice: when nobody can know, `error` is an {@link AmbiguousStartError}. */
  executeTask(task: string, options?: TaskOptions): Promise<ExecutionResult> {
    return this.run(task, options);
  }

  /**
   * Starts a task and waits for its end.
   *
   * @param timeout seconds
   */
  async executeTaskAndWait(
    task: string,
    timeout: number,
    options?: TaskOptions & TaskWaitOptions,
  ): Promise<ExecutionResult> {
    return await this.run(task, options, fromSeconds('timeout', timeout), timeout);
  }
}

/** Tasks in words. Its own methods are those of a computer's tasks under the vendor's older names. */
export class Agent extends Tasks {
  declare readonly computer: TaskAgent;
  declare readonly browser: TaskAgent;
  declare readonly mobile: TaskAgent;

  constructor(session: Session) {
    super(session, 'flux_');
    this.computer = new TaskAgent(session, 'flux_');
    this.browser = new TaskAgent(session, 'browser_use_');
    this.mobile = new TaskAgent(session, '');
  }

  /** Starts a task. It is never started twice: when nobody can know, `error` is an {@link AmbiguousStartError}. */
  asyncExecuteTask(task: string, options?: CallOptions): Promise<ExecutionResult> {
    return this.run(task, options);
  }

  /**
   * Starts a task and waits for its end.
   *
   * @param maxTryTimes the limit, in steps of 3 s by the clock
   * @param options `timeoutMs` of each request; `terminateOnTimeout` ends the task when the time is up
   */
  async executeTask(task: string, maxTryTimes: number, options?: TaskWaitOptions): Promise<ExecutionResult> {
    checkNumber('maxTryTimes', maxTryTimes);
    return await this.run(task, options, maxTryTimes * INTERVAL_MS || 1);
  }
}

/** What a task that has ended says of itself, when it has ended well. */
function successOf({ id, status, rawStatus, result }: RawOutcome, answer: Answer): Told {
  const told = result as Told & ToolAnswer;
  if (status === 'succeeded') return told;
  const why = rawStatus === 'unsupported' ? 'Unsuppported task.' : 'Failed to execute task.';
  const cause = told?.error ?? productOf(told);
  // The vendor's words, and behind them the agent's own, which its clients lose.
  const message = complaint(told) ?? `${why} ${textOf(cause)}`.trim();
  throw fault('task_failed', message, answer, { taskId: id, cause });
}

/** What a tool says of a task. */
function toldBy(answer: Answer): Told {
  const told = parsed(toolText(answer, 'decode'));
  if (typeof told !== 'object' || told === null) throw lacking('JSON', answer);
  return told;
}

function productOf(told: Told | undefined): string {
  return textOf(told?.product ?? told?.result ?? '');
}
