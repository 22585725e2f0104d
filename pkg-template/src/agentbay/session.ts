import { Agent } from './agent.js';
import { type CallOptions, failedResult, fromSeconds, idOf, lacking, ok, parsed } from './calls.js';
import type { AgentBay } from './client.js';
import { failure } from './errors.js';
import { DirectRoute, normalized, toolText } from './tools.js';
import type {
  DeleteResult,
  McpTool,
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

/** A session: a computer, a browser or a mobile in the cloud. It ends by `delete`, or when it is not used for long. */
export class Session {
  readonly agentBay: AgentBay;
  readonly sessionId: string;
  /** What it was made of; empty when that is not known. */
  imageId = '';
  /** Where it can be looked at; empty when that is not known. */
  resourceUrl = '';
  /** Its tasks in words. */
  readonly agent: Agent = new Agent(this);
  #route: DirectRoute | undefined;

  constructor(agentBay: AgentBay, sessionId: string) {
    this.agentBay = agentBay;
    this.sessionId = sessionId;
  }

  /** @internal Takes over what the service says of a session. */
  adopt(data: Record<string, string>): this {
    const { ResourceUrl = '', LinkUrl, Token, ToolList } = data;
    this.resourceUrl = ResourceUrl;
    if (LinkUrl && Token) this.#route = new DirectRoute(this.agentBay.calls, LinkUrl, Token, ToolList);
    return this;
  }

  /**
   * Ends the session and waits until it is gone, 300 s at most.
   *
   * @param syncContext save its contexts first; that they cannot be saved does not keep it
   * @param options `wait: false` ends it by the older action and does not wait
   */
  delete(syncContext = false, options?: CallOptions & { wait?: boolean | undefined }): Promise<DeleteResult> {
    const { calls } = this.agentBay;
    const { sessionId } = this;
    const { wait = true, signal } = options ?? {};
    const params = { SessionId: sessionId };
    const watch = (what: string, intervalMs: number, timeoutMs: number) =>
      [{ watch: what, params, intervalMs, timeoutMs, signal }] as const;
    return calls.settle({ signal, prefix: `Failed to delete session ${sessionId}: ` }, async () => {
      if (syncContext) {
        try {
          const answer = await calls.call('SyncContext', params, options);
          await calls.watch(answer, sessionId, '', ...watch('sync', 1_500, SYNC_MS));
        } catch (error) {
          if (signal?.aborted) throw error;
        }
      }
      const operation = wait ? 'DeleteSessionAsync' : 'ReleaseMcpSession';
      const answer = await calls.call(operation, params, options);
      const late = `Timeout waiting for session deletion after ${DELETION_MS / 1_000}.0s`;
      if (wait) await calls.watch(answer, sessionId, late, ...watch('deletion', 1_000, DELETION_MS));
      return ok(answer);
    });
  }

  /** Deletes the session, so that `await using` does; rejects when it is still there. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { error } = await this.delete();
    if (error && !error.notFound) throw error;
  }

  /** Replaces the labels of the session. Labels that cannot be set are a failed result, and nothing is sent. */
  async setLabels(labels: Record<string, string>, options?: CallOptions): Promise<OperationResult<null>> {
    const { calls } = this.agentBay;
    const problem = labelProblem(labels);
    if (problem) {
      const error = failure('invalid_input', problem, { field: 'labels' });
      if (calls.failures === 'throw') throw error;
      return failedResult(error, problem, { data: null });
    }
    const prefix = `Failed to set labels for session ${this.sessionId}: `;
    return this.#read('SetLabel', { Labels: labels }, options, prefix, null, () => null);
  }

  /** The labels of the session. */
  getLabels(options?: CallOptions): Promise<OperationResult<Record<string, string>>> {
    const prefix = `Failed to get labels for session ${this.sessionId}: `;
    return this.#read('GetLabel', {}, options, prefix, {}, (data) => parsed(data.Labels || '{}'));
  }

  /** Where the session can be looked at. */
  info(options?: CallOptions): Promise<SessionInfoResult> {
    const prefix = `Failed to get session info for session ${this.sessionId}: `;
    return this.#read('GetMcpResource', {}, options, prefix, new SessionInfo(), (data) => {
      const { AppId, AuthCode, ConnectionProperties, ResourceId, ResourceType, Ticket } = (data.DesktopInfo ??
        {}) as Record<string, string>;
      const { SessionId, ResourceUrl } = data as Record<string, string>;
      return new SessionInfo(
        SessionId,
        ResourceUrl,
        AppId,
        AuthCode,
        ConnectionProperties,
        ResourceId,
        ResourceType,
        Ticket,
      );
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
    const params = {
      ProtocolType: protocolType ?? undefined,
      Port: port ?? undefined,
      Option: options ?? undefined,
    };
    return this.#read('GetLink', params, call, 'Failed to get link: ', '', (data) => data.Url);
  }

  /** A call whose answer's data becomes `data`; rejects where the vendor's does. */
  #read<Data>(
    operation: string,
    params: object,
    options: CallOptions | undefined,
    prefix: string,
    silent: Data,
    read: (data: Record<string, unknown>) => unknown,
  ): Promise<OperationResult<Data>> {
    const { calls } = this.agentBay;
    const { sessionId } = this;
    const failing = {
      signal: options?.signal,
      prefix,
      rejects: true,
      missing: operation === 'GetMcpResource' ? `Session ${sessionId} not found` : '',
      failed: () => ({ data: null }),
      silent: { data: silent },
    };
    return calls.settle(failing, async () => {
      const answer = await calls.call(operation, { SessionId: sessionId, ...params }, options);
      const data = read((parsed(answer.Data) ?? {}) as Record<string, unknown>);
      if (data === undefined) throw lacking('data', answer);
      return ok(answer, { data });
    });
  }

  /** The tools of an image: of `imageId`, else of the session's own. */
  listMcpTools(imageId?: string | null, options?: CallOptions): Promise<McpToolsResult> {
    const { calls } = this.agentBay;
    const failing = {
      signal: options?.signal,
      prefix: 'Failed to list MCP tools: ',
      rejects: true,
      failed: () => ({ tools: [] }),
      silent: { tools: [] },
    };
    return calls.settle(failing, async () => {
      const params = { ImageId: imageId ?? (this.imageId || 'linux_latest') };
      const answer = await calls.call('ListMcpTools', params, options);
      const tools = parsed(answer.Data);
      if (!Array.isArray(tools)) throw lacking('list of tools', answer);
      return ok(answer, { tools: tools as McpTool[] });
    });
  }

  /**
   * Calls a tool, by the session's direct route when it has one. It is sent again only when it certainly was not accepted.
   *
   * @param options `autoGenSession` lets the service make a new session when this one is gone
   */
  callMcpTool(
    toolName: string,
    args: Record<string, unknown>,
    options?: Omit<CallOptions, 'timeoutMs'> & {
      /** How long the tool may take, milliseconds. Connecting and reading are one limit here: the sum. */
      readTimeoutMs?: number | undefined;
      connectTimeoutMs?: number | undefined;
      autoGenSession?: boolean | undefined;
    },
  ): Promise<McpToolResult> {
    const { calls } = this.agentBay;
    const { signal, readTimeoutMs, connectTimeoutMs = 0, autoGenSession = false } = options ?? {};
    const limits = {
      signal,
      timeoutMs:
        readTimeoutMs === undefined ? connectTimeoutMs || undefined : readTimeoutMs + connectTimeoutMs,
    };
    const failed = () => ({ data: '' });
    return calls.settle({ signal, prefix: 'API request failed: ', failed }, async () => {
      const given = args && normalized(toolName, args);
      const route = this.#route;
      if (route?.serverOf(toolName)) {
        const [answer, data] = await route.call(calls, toolName, given, limits);
        return ok(answer, { data });
      }
      const params = {
        SessionId: this.sessionId,
        Name: toolName,
        Args: given,
        AutoGenSession: autoGenSession,
      };
      const answer = await calls.call('CallMcpTool', params, limits);
      return ok(answer, { data: toolText(answer) });
    });
  }

  /**
   * Pauses the session and waits until it is paused.
   *
   * @param timeout seconds
   * @param pollInterval the longest pause between two questions, seconds
   */
  pause(timeout = 600, pollInterval = 2, options?: CallOptions): Promise<SessionPauseResult> {
    return this.#change('pause', 'PAUSING', options, [timeout, pollInterval]);
  }

  /** Begins to pause the session. */
  pauseAsync(options?: CallOptions): Promise<SessionPauseResult> {
    return this.#change('pause', 'PAUSING', options);
  }

  /**
   * Lets a paused session go on and waits until it runs.
   *
   * @param timeout seconds
   * @param pollInterval the longest pause between two questions, seconds
   */
  resume(timeout = 600, pollInterval = 2, options?: CallOptions): Promise<SessionResumeResult> {
    return this.#change('resume', 'RESUMING', options, [timeout, pollInterval]);
  }

  /** Begins to let a paused session go on. */
  resumeAsync(options?: CallOptions): Promise<SessionResumeResult> {
    return this.#change('resume', 'RESUMING', options);
  }

  async #change(
    what: 'pause' | 'resume',
    begun: string,
    options: CallOptions | undefined,
    wait?: [timeout: number, pollInterval: number],
  ): Promise<SessionStatusResult> {
    const { calls } = this.agentBay;
    const { sessionId } = this;
    const signal = options?.signal;
    const params = { SessionId: sessionId };
    const [timeoutMs, intervalMs] = (wait ?? []).map((seconds, at) =>
      fromSeconds(at ? 'pollInterval' : 'timeout', seconds),
    );
    let status = '';
    const prefix = `Unexpected error ${what.slice(0, -1)}ing session: `;
    return calls.settle({ signal, prefix, failed: () => ({ status }) }, async () => {
      const operation = what === 'pause' ? 'PauseSessionAsync' : 'ResumeSessionAsync';
      const answer = await calls.call(operation, params, options);
      status = begun;
      if (wait) {
        const late = `Timed out after ${wait[0]} seconds waiting for session to ${what}`;
        const more = { watch: what, params, timeoutMs, intervalMs, signal };
        const outcome = await calls.watch(answer, sessionId, late, more);
        status = outcome.rawStatus;
        if (outcome.status !== 'succeeded') {
          const more = { requestId: idOf(answer) };
          throw failure('task_failed', `Session entered error state: ${status}`, more);
        }
      }
      return ok(answer, { status });
    });
  }

  /** How the session stands. */
  getStatus(options?: CallOptions): Promise<SessionStatusResult> {
    const { calls } = this.agentBay;
    const failed = () => ({ status: '' });
    const prefix = 'Failed to get session status: ';
    return calls.settle({ signal: options?.signal, prefix, failed }, async () => {
      const params = { SessionId: this.sessionId };
      const answer = await calls.call<{ Status?: string }>('GetSessionDetail', params, options);
      const status = answer.Data?.Status;
      if (!status) throw lacking('status', answer);
      return ok(answer, { status });
    });
  }

  /** Lets the idle time of the session begin anew. */
  keepAlive(options?: CallOptions): Promise<OperationResult<null>> {
    const { calls } = this.agentBay;
    const prefix = 'Failed to keep the session alive: ';
    return calls.settle({ signal: options?.signal, prefix, failed: () => ({ data: null }) }, async () => {
      const params = { SessionId: this.sessionId };
      return ok(await calls.call('RefreshSessionIdleTime', params, options), { data: null });
    });
  }
}

/** Where a session can be looked at, and with what. */
export class SessionInfo {
  constructor(
    readonly sessionId = '',
    readonly resourceUrl = '',
    readonly appId = '',
    readonly authCode = '',
    /** JSON text. */
    readonly connectionProperties = '',
    readonly resourceId = '',
    readonly resourceType = '',
    readonly ticket = '',
  ) {}
}

/** What is wrong with labels, in the vendor's words. */
function labelProblem(labels: unknown): string | undefined {
  const please = 'Please provide a valid labels object.';
  if (typeof labels !== 'object' || labels === null) {
    return `Labels cannot be null, undefined, or invalid type. ${please}`;
  }
  if (Array.isArray(labels)) return `Labels cannot be an array. ${please}`;
  const pairs = Object.entries(labels);
  const prototype = Object.getPrototypeOf(labels);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return 'Labels must be a plain object. Built-in object types are not allowed.';
  }
  if (pairs.length === 0) return 'Labels cannot be empty. Please provide at least one label.';
  const isBlank = (text: unknown) => typeof text !== 'string' || !text.trim();
  if (pairs.some(([key]) => isBlank(key))) return 'Label keys cannot be empty Please provide valid keys.';
  if (pairs.some(([, value]) => isBlank(value)))
    return 'Label values cannot be empty Please provide valid values.';
  return undefined;
}
