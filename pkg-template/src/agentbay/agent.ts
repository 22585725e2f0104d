import { type Answer, type CallOptions, fromSeconds, idOf, lacking, ok, parsed } from './calls.js';
import { checkNumber, checkText, failure, TimeoutError } from './errors.js';
import type { Session } from './session.js';
import { toolText } from './tools.js';
import type { ExecutionResult, QueryResult } from './types.js';

/** The vendor's clients ask every 3 s; `maxTryTimes` counts these. */
const INTERVAL_MS = 3_000;

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

/** Tasks of one family of agents: of a computer, a browser or a mobile. */
export class TaskAgent {
  readonly #session: Session;
  readonly #prefix: string;
  readonly #isMobile: boolean;

  /** @internal */
  constructor(session: Session, prefix: string) {
    this.#session = session;
    this.#prefix = prefix;
    this.#isMobile = prefix === '';
  }

  /** Starts a task. It is never started twice: when nobody can know, `error` is an {@link AmbiguousStartError}. */
  executeTask(task: string, options?: TaskOptions): Promise<ExecutionResult> {
    return this.#run(task, options);
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
    const late = (id: string) => `Task execution timed out after ${timeout} seconds. Task ID: ${id}.`;
    return await this.#run(task, options, fromSeconds('timeout', timeout), late);
  }

  /** @internal Starts a task, and waits for it when there is a limit. */
  async run(task: string, options: TaskWaitOptions | undefined, timeoutMs: number): Promise<ExecutionResult> {
    return await this.#run(task, options, timeoutMs, () => 'Task timeout.');
  }

  async #run(
    task: string,
    options?: TaskOptions & TaskWaitOptions,
    waitMs?: number,
    late: (taskId: string) => string = () => '',
  ): Promise<ExecutionResult> {
    checkText('task', task);
    const { signal, timeoutMs, terminateOnTimeout, ...others } = options ?? {};
    const call = { signal, timeoutMs };
    const args = Object.entries({ ...(this.#isMobile && { maxSteps: 50 }), ...others }).map(
      ([name, value]) => [
        name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        name === 'outputSchema' ? JSON.stringify(value) : value,
      ],
    );
    let result = { taskId: '', taskStatus: 'failed', taskResult: 'Task Failed' };
    const failing = { signal, prefix: 'Failed to execute: ', failed: () => result };
    const { calls } = this.#session.agentBay;
    return await calls.settle(failing, async () => {
      const params = { task, ...Object.fromEntries(args) };
      const [answer, told] = await this.#tool('executeTask', 'execute_task', params, call);
      const id = told.task_id ?? told.taskId ?? '';
      if (!id) {
        const message = told.error ?? 'Task ID not found in response';
        throw failure('ambiguous_start', message, { requestId: idOf(answer), parsed: answer });
      }
      result = { taskId: id, taskStatus: 'running', taskResult: '' };
      if (waitMs === undefined) return ok(answer, result);
      const text = late(id);
      result = { ...result, taskStatus: 'failed', taskResult: text };
      try {
        const outcome = await calls.watch(answer, id, text, {
          ...call,
          watch: this.#isMobile ? 'mobile' : undefined,
          params: this.#params('get_task_status', { task_id: id }),
          timeoutMs: waitMs,
          intervalMs: INTERVAL_MS,
        });
        const { product, result: brought = product, error } = (outcome.result ?? {}) as Told;
        const isWell = outcome.status === 'succeeded';
        result = { taskId: id, taskStatus: outcome.rawStatus, taskResult: isWell ? textOf(brought) : '' };
        if (isWell) return ok(answer, result);
        const why = outcome.rawStatus === 'unsupported' ? 'Unsuppported task.' : 'Failed to execute task.';
        const reason = outcome.error || error || textOf(brought);
        throw failure('task_failed', outcome.error || why, {
          requestId: idOf(answer),
          taskId: id,
          cause: reason || undefined,
        });
      } catch (error) {
        // That it cannot be ended is not what went wrong here.
        if (terminateOnTimeout && error instanceof TimeoutError) {
          await this.terminateTask(id, call).catch(() => undefined);
        }
        throw error;
      }
    });
  }

  /** How a task stands. */
  getTaskStatus(taskId: string, options?: CallOptions): Promise<QueryResult> {
    const failed = { taskId, taskStatus: 'failed', taskAction: '', taskProduct: '' };
    return this.#ask('getTaskStatus', 'get_task_status', taskId, options, failed, (told) => ({
      taskStatus: told.status ?? (this.#isMobile ? 'completed' : 'finished'),
      taskAction: told.action ?? '',
      taskProduct: textOf(told.product ?? told.result),
      stream: told.stream,
    }));
  }

  /** Ends a task. */
  terminateTask(taskId: string, options?: CallOptions): Promise<ExecutionResult> {
    const failed = { taskId, taskStatus: 'failed', taskResult: '' };
    return this.#ask('terminateTask', 'terminate_task', taskId, options, failed, (told) => ({
      taskStatus: told.status ?? (this.#isMobile ? 'cancelling' : 'finished'),
      taskResult: '',
    }));
  }

  async #ask<Result extends ExecutionResult | QueryResult>(
    operation: string,
    tool: string,
    taskId: string,
    options: CallOptions | undefined,
    failed: object,
    read: (told: Told) => object,
  ): Promise<Result> {
    checkText('taskId', taskId);
    const failing = { signal: options?.signal, prefix: 'API request failed: ', failed: () => failed };
    return await this.#session.agentBay.calls.settle<Result>(failing, async () => {
      const [answer, told] = await this.#tool(operation, tool, { task_id: taskId }, options);
      return ok(answer, { taskId: told.task_id ?? told.taskId ?? taskId, ...read(told) });
    });
  }

  #params(tool: string, args: object): object {
    const { sessionId } = this.#session;
    return { SessionId: sessionId, Name: this.#prefix + tool, Args: args, AutoGenSession: false };
  }

  async #tool(
    operation: string,
    tool: string,
    args: object,
    options: CallOptions | undefined,
  ): Promise<[Answer, Told]> {
    const answer = await this.#session.agentBay.calls.call(operation, this.#params(tool, args), options);
    const told = parsed(toolText(answer));
    if (typeof told !== 'object' || told === null) throw lacking('JSON', answer);
    return [answer, told];
  }
}

/** Tasks in words. The methods here are those of a computer's tasks, under the vendor's older names. */
export class Agent {
  readonly computer: TaskAgent;
  readonly browser: TaskAgent;
  readonly mobile: TaskAgent;

  /** @internal */
  constructor(session: Session) {
    this.computer = new TaskAgent(session, 'flux_');
    this.browser = new TaskAgent(session, 'browser_use_');
    this.mobile = new TaskAgent(session, '');
  }

  /** Starts a task. */
  asyncExecuteTask(task: string, options?: CallOptions): Promise<ExecutionResult> {
    return this.computer.executeTask(task, options);
  }

  /**
   * Starts a task and waits for its end.
   *
   * @param maxTryTimes the limit, in steps of 3 s by the clock
   * @param options `timeoutMs` of each request; `terminateOnTimeout` ends the task when the time is up
   */
  async executeTask(task: string, maxTryTimes: number, options?: TaskWaitOptions): Promise<ExecutionResult> {
    checkNumber('maxTryTimes', maxTryTimes);
    return await this.computer.run(task, options, maxTryTimes * INTERVAL_MS || 1);
  }

  /** How a task stands. */
  getTaskStatus(taskId: string, options?: CallOptions): Promise<QueryResult> {
    return this.computer.getTaskStatus(taskId, options);
  }

  /** Ends a task. */
  terminateTask(taskId: string, options?: CallOptions): Promise<ExecutionResult> {
    return this.computer.terminateTask(taskId, options);
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}
