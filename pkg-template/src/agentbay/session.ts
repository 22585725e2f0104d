import { Agent } from './agent.js';
import {
  type Answer,
  type CallOptions,
  type Failing,
  fromSeconds,
  lacking,
  parsed,
  resultOf,
  type Sent,
} from './calls.js';
import type { AgentBay } from './client.js';
import { big, checkNumber, fault, invalid, json } from './errors.js';
import { type DirectRoute, directRoute, normalized, type SessionData, toolText } from './tools.js';
import type {
  DeleteResult,
  McpToolResult,
  McpToolsResult,
  OperationResult,
  SessionInfoResult,
  SessionPauseResult,
  SessionResumeResult,
  SessionStatusResult,
} from './types.js';

/** The longest that a deletion is waited for, milliseconds. */
const DELETION_MS = 300_000;
/** The same of contexts that are saved before it. */
const SYNC_MS = 225_000;
/** How long a tool that is called directly may take, milliseconds. */
const DIRECT_MS = 900_000;

/** A session: a computer, a browser or a mobile in the cloud. It ends by `delete`, or when it is not used for long. */
export class Session {
  declare readonly agentBay: AgentBay;
  declare readonly sessionId: string;
  /** What it was made of; empty when that is not known. */
  imageId = '';
  /** Where it can be looked at; empty when that is not known. */
  resourceUrl = '';
  /** Its tasks in words. */
  declare readonly agent: Agent;
  #route: DirectRoute | undefined;
  #token: string | undefined;

  constructor(agentBay: AgentBay, sessionId: string) {
    this.agentBay = agentBay;
    this.sessionId = sessionId;
    this.agent = new Agent(this);
  }

  /** @internal Takes over what the service says of a session. */
  adopt(data: SessionData): this {
    this.resourceUrl = data.ResourceUrl ?? '';
    this.#token = data.Token as string | undefined;
    this.#route = directRoute(this.agentBay.calls, data);
    return this;
  }

  /** @internal What a call of a tool sends: by the direct route when that knows the tool and no new session is wanted. */
  toolCall(tool: string, args: object, autoGenSession = false, isDirect = autoGenSession === false): Sent {
    json('args', args);
    const direct = isDirect ? this.#route?.(tool, args) : undefined;
    return direct ?? this.sent({ Name: tool, Args: args, AutoGenSession: autoGenSession });
  }

  /** @internal What a call about this session sends. */
  sent(params?: object): Sent {
    return { params: { SessionId: this.sessionId, ...params }, token: this.#token };
  }

  /** A call about this session for a result. */
  #perform<Result>(
    operation: string,
    params: object | undefined,
    options: CallOptions | undefined,
    failing: Failing,
    read: (answer: Answer) => object | Promise<object> | undefined,
  ): Promise<Result> {
    return this.agentBay.calls.perform(operation, this.sent(params), options, failing, read);
  }

  /** Asks how this session stands until that has come which is waited for. */
  #watch(
    answer: Answer,
    late: string,
    watch: string,
    intervalMs: number | undefined,
    timeoutMs: number | undefined,
    options: CallOptions | undefined,
  ): ReturnType<AgentBay['calls']['watch']> {
    const { signal, timeoutMs: attemptTimeoutMs } = options ?? {};
    const how = { watch, intervalMs, timeoutMs, signal, attemptTimeoutMs };
    return this.agentBay.calls.watch(answer, this.sessionId, late, how, this.sent());
  }

  /**
   * Ends the session and waits until it is gone, 300 s at most.
   *
   * @param syncContext save its contexts first; that they cannot be saved does not keep it
   * @param options `wait: false` ends it by the older action and does not wait
   */
  async delete(
    syncContext = false,
    options?: CallOptions & { wait?: boolean | undefined },
  ): Promise<DeleteResult> {
    if (syncContext) {
      try {
        const answer = await this.agentBay.calls.call('SyncContext', this.sent(), options);
        await this.#watch(answer, '', 'sync', 1_500, SYNC_MS, options);
      } catch (error) {
        if (options?.signal?.aborted) throw error;
      }
    }
    const waits = options?.wait !== false;
    const operation = waits ? 'DeleteSessionAsync' : 'ReleaseMcpSession';
    const failing = { prefix: `Failed to delete session ${this.sessionId}: ` };
    const late = `Timeout waiting for session deletion after ${DELETION_MS / 1_000}.0s`;
    return await this.#perform(operation, undefined, options, failing, async (answer) => {
      if (waits) await this.#watch(answer, late, 'deletion', 1_000, DELETION_MS, options);
      return {};
    });
  }

  /** Deletes the session, so that `await using` does; rejects when it may still be there. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { error } = await this.delete().catch((error) => ({ error }));
    if (error && !error.notFound) throw error;
  }

  /** Replaces the labels of the session. Labels that cannot be set are a failed result, and nothing is sent. */
  async setLabels(labels: Record<string, string>, options?: CallOptions): Promise<OperationResult<null>> {
    const errorMessage = labelProblem(labels);
    if (errorMessage) {
      const error = invalid('labels', '', errorMessage);
      if (this.agentBay.calls.failures === 'throw') throw error;
      return resultOf({}, { success: false, httpStatusCode: 0, errorMessage, error, data: null });
    }
    return await this.#read('set labels', 'SetLabel', { Labels: labels }, options, null, () => null);
  }

  /** The labels of the session. */
  getLabels(options?: CallOptions): Promise<OperationResult<Record<string, string>>> {
    return this.#read('get labels', 'GetLabel', undefined, options, {}, ({ Labels }) =>
      parsed(Labels || '{}'),
    );
  }

  /** Where the session can be looked at. */
  info(options?: CallOptions): Promise<SessionInfoResult> {
    return this.#read('get session info', 'GetMcpResource', undefined, options, new SessionInfo(), (data) => {
      if (!data.SessionId) return;
      const members = { ...data, ...(data.DesktopInfo as object) } as Record<string, string>;
      return new SessionInfo(...(INFO.map((name) => members[big(name)]) as []));
    });
  }

  /**
   * An address that leads into the session: without arguments that of its browser, for a CDP client.
   *
   * @param protocolType `https` or `wss`
   * @param port 30100 to 30199
   */
  getLink(
    protocolType?: string | null,
    port?: number | null,
    options?: string | null,
    call?: CallOptions,
  ): Promise<OperationResult<string>> {
    const params = { ProtocolType: protocolType, Port: port ?? undefined, Option: options };
    return this.#read('get link', 'GetLink', params, call, '', ({ Url }) => Url);
  }

  /** A call whose answer's data becomes `data`; rejects where the vendor's does. */
  #read<Data>(
    what: string,
    operation: string,
    params: object | undefined,
    options: CallOptions | undefined,
    data: Data,
    read: (data: Record<string, unknown>) => unknown,
  ): Promise<OperationResult<Data>> {
    const { sessionId } = this;
    const isLink = what === 'get link';
    const failing = {
      prefix: `Failed to ${what}${isLink ? '' : ` for session ${sessionId}`}: `,
      missing: operation === 'GetMcpResource' ? `Session ${sessionId} not found` : '',
      empty: { data: null },
      silent: { data },
    };
    return this.#perform(operation, params, options, failing, (answer) => {
      const found = read((parsed(answer.Data) ?? {}) as Record<string, unknown>);
      if (data !== null && !(found && typeof found === typeof data)) throw lacking('data', answer);
      return { data: found };
    });
  }

  /** The tools of an image: of `imageId`, else of the session's own. */
  listMcpTools(imageId?: string | null, options?: CallOptions): Promise<McpToolsResult> {
    const empty = { tools: [] };
    const failing = { prefix: 'Failed to list MCP tools: ', empty, silent: empty };
    const params = { ImageId: imageId ?? (this.imageId || 'linux_latest') };
    const sent = { params, token: this.#token };
    return this.agentBay.calls.perform('ListMcpTools', sent, options, failing, (answer: Answer) => {
      const tools = parsed(answer.Data);
      if (!Array.isArray(tools)) throw lacking('list', answer);
      return { tools };
    });
  }

  /**
   * Calls a tool, by the session's direct route when it has one. It is sent again only when it certainly was not accepted.
   *
   * @param options `autoGenSession` lets the service make a new session when this one is gone, which it cannot by the direct
   * route
   */
  async callMcpTool(
    toolName: string,
    args: Record<string, unknown>,
    options?: Omit<CallOptions, 'timeoutMs'> & {
      /** How long the tool may take, milliseconds. Connecting and reading are one limit here: the sum. */
      readTimeoutMs?: number | undefined;
      connectTimeoutMs?: number | undefined;
      autoGenSession?: boolean | undefined;
    },
  ): Promise<McpToolResult> {
    const { signal, readTimeoutMs = 0, connectTimeoutMs = 0, autoGenSession = false } = options ?? {};
    checkNumber('readTimeoutMs', readTimeoutMs);
    checkNumber('connectTimeoutMs', connectTimeoutMs);
    const sent = this.toolCall(toolName, normalized(toolName, args), autoGenSession);
    const timeoutMs = readTimeoutMs + connectTimeoutMs || (sent.engine && DIRECT_MS);
    const failing = { prefix: 'API request failed: ', empty: { data: '' } };
    const limits = { signal, timeoutMs };
    const read = (answer: Answer) => ({ data: toolText(answer) });
    return await this.agentBay.calls.perform('CallMcpTool', sent, limits, failing, read);
  }

  /**
   * Pauses the session and waits until it is paused.
   *
   * @param timeout seconds
   * @param pollInterval the longest pause between two questions, seconds
   */
  pause(timeout = 600, pollInterval = 2, options?: CallOptions): Promise<SessionPauseResult> {
    return this.#change('Pause', options, timeout, pollInterval);
  }

  /** Begins to pause the session. */
  pauseAsync(options?: CallOptions): Promise<SessionPauseResult> {
    return this.#change('Pause', options);
  }

  /**
   * Lets a paused session go on and waits until it runs.
   *
   * @param timeout seconds
   * @param pollInterval the longest pause between two questions, seconds
   */
  resume(timeout = 600, pollInterval = 2, options?: CallOptions): Promise<SessionResumeResult> {
    return this.#change('Resume', options, timeout, pollInterval);
  }

  /** Begins to let a paused session go on. */
  resumeAsync(options?: CallOptions): Promise<SessionResumeResult> {
    return this.#change('Resume', options);
  }

  async #change(
    action: 'Pause' | 'Resume',
    options: CallOptions | undefined,
    timeout?: number,
    pollInterval?: number,
  ): Promise<SessionStatusResult> {
    const what = action.toLowerCase();
    const doing = `${what.slice(0, -1)}ing`;
    const waits = timeout !== undefined;
    const timeoutMs = waits ? fromSeconds('timeout', timeout) : 0;
    const intervalMs = waits ? fromSeconds('pollInterval', pollInterval) : 0;
    const result = { status: '' };
    const failing = { prefix: `Unexpected error ${doing} session: `, empty: result };
    return await this.#perform(`${action}SessionAsync`, undefined, options, failing, async (answer) => {
      result.status = doing.toUpperCase();
      if (waits) {
        const late = `Timed out after ${timeout} seconds waiting for session to ${what}`;
        const ended = await this.#watch(answer, late, what, intervalMs, timeoutMs, options);
        result.status = ended.rawStatus;
        if (ended.status !== 'succeeded') {
          const why = ended.error && `: ${ended.error}`;
          throw fault('task_failed', `Session entered error state: ${result.status}${why}`, answer);
        }
      }
      return result;
    });
  }

  /** How the session stands. */
  getStatus(options?: CallOptions): Promise<SessionStatusResult> {
    const failing = { prefix: 'Failed to get session status: ', empty: { status: '' } };
    return this.#perform('GetSessionDetail', undefined, options, failing, (answer) => {
      const status = (answer.Data as { Status?: string } | undefined)?.Status;
      if (!status) throw lacking('status', answer);
      return { status };
    });
  }

  /** Lets the idle time of the session begin anew. */
  keepAlive(options?: CallOptions): Promise<OperationResult<null>> {
    const data = { data: null };
    const failing = { prefix: 'Failed to keep the session alive: ', empty: data };
    return this.#perform('RefreshSessionIdleTime', undefined, options, failing, () => data);
  }
}

const INFO = [
  'sessionId',
  'resourceUrl',
  'appId',
  'authCode',
  'connectionProperties',
  'resourceId',
  'resourceType',
  'ticket',
] as const;

/** Where a session can be looked at, and with what. */
export class SessionInfo {
  declare readonly sessionId: string;
  declare readonly resourceUrl: string;
  declare readonly appId: string;
  declare readonly authCode: string;
  /** JSON text. */
  declare readonly connectionProperties: string;
  declare readonly resourceId: string;
  declare readonly resourceType: string;
  declare readonly ticket: string;

  /** What is left out is empty. */
  constructor(
    ...values: [
      sessionId?: string | undefined,
      resourceUrl?: string | undefined,
      appId?: string | undefined,
      authCode?: string | undefined,
      connectionProperties?: string | undefined,
      resourceId?: string | undefined,
      resourceType?: string | undefined,
      ticket?: string | undefined,
    ]
  ) {
    Object.assign(this, Object.fromEntries(INFO.map((name, at) => [name, values[at] ?? ''])));
  }
}

/** What is wrong with labels, in the vendor's words. */
function labelProblem(labels: unknown): string | undefined {
  const please = 'Please provide a valid labels object.';
  if (typeof labels !== 'object' || labels === null) {
    return `Labels cannot be null, undefined, or invalid type. ${please}`;
  }
  if (Array.isArray(labels)) return `Labels cannot be an array. ${please}`;
  const prototype = Object.getPrototypeOf(labels);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return 'Labels must be a plain object. Built-in object types are not allowed.';
  }
  if (Object.keys(labels).length === 0) return 'Labels cannot be empty. Please provide at least one label.';
  const problem = (texts: unknown[], what: string) => {
    const isBlank = (text: unknown) => typeof text !== 'string' || !text.trim();
    return texts.some(isBlank) && `Label ${what} cannot be empty Please provide valid ${what}.`;
  };
  return problem(Object.keys(labels), 'keys') || problem(Object.values(labels), 'values') || undefined;
}
