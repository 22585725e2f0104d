import { type AgentBayOptions, type Answer, type CallOptions, Calls, idOf, ok } from './calls.js';
import { failure, invalid } from './errors.js';
import { Session } from './session.js';
import type {
  CreateSessionParams,
  DeleteResult,
  SessionListResult,
  SessionResult,
  SessionSummary,
} from './types.js';

/** What `create` takes under other names than the wire's. */
const WIRE_NAMES: Readonly<Record<string, string>> = {
  policyId: 'McpPolicyId',
  contextSyncs: 'PersistenceDataList',
  enableBrowserReplay: 'EnableRecord',
  idleReleaseTimeout: 'Timeout',
  isVpc: 'VpcResource',
};

/**
 * A client of AgentBay's cloud, and of any server that speaks its API. The methods are those of the vendor's Python
 * client in camelCase.
 *
 * A client holds no connection and shares nothing with others; make as many as you like.
 *
 * @example
 * ```ts
 * import { AgentBay } from 'taskwright/agentbay';
 *
 * const agentBay = new AgentBay({ apiKey, failures: 'throw' });
 * const { session } = await agentBay.create({ imageId: 'browser_latest' });
 * const { taskResult } = await session.agent.executeTask('Open example.com and read the heading', 20);
 * await session.delete();
 * ```
 */
export class AgentBay {
  /** @internal */
  readonly calls: Calls;

  /** @throws {@link InvalidParameterError} for options that cannot be used, and when there is no key */
  constructor(options: AgentBayOptions = {}) {
    this.calls = new Calls(options);
  }

  /** Makes a session. It is never made twice: when nobody can know, `error` is an {@link AmbiguousStartError}. */
  create(params: CreateSessionParams = {}, options?: CallOptions): Promise<SessionResult> {
    const { calls } = this;
    return calls.settle({ signal: options?.signal, prefix: 'Failed to create session: ' }, async () => {
      const { contextSyncs, ...others } = params ?? {};
      const contexts = contextSyncs?.map(({ contextId, path, policy }) => ({
        ContextId: contextId,
        Path: path,
        Policy: policy && JSON.stringify(policy),
      }));
      const pairs = Object.entries({ ...others, contextSyncs: contexts, loginRegionId: calls.regionId });
      const wire = pairs.map(([name, value]) => [
        WIRE_NAMES[name] ?? name.charAt(0).toUpperCase() + name.slice(1),
        value,
      ]);
      const answer = await calls.call<Record<string, string>>(
        'CreateMcpSession',
        Object.fromEntries(wire),
        options,
      );
      const result = this.#session(answer);
      if (result.session) result.session.imageId = params?.imageId ?? '';
      return result;
    });
  }

  /** A session that was made before. */
  get(sessionId: string, options?: CallOptions): Promise<SessionResult> {
    const { calls } = this;
    const prefix = `Failed to get session ${sessionId}: `;
    return calls.settle({ signal: options?.signal, prefix }, async () => {
      return this.#session(await calls.call('GetSession', { SessionId: sessionId }, options));
    });
  }

  #session(answer: Answer<Record<string, string | boolean>>): SessionResult {
    const { SessionId, Success, ErrMsg } = answer.Data ?? {};
    const more = { requestId: idOf(answer), parsed: answer, status: 200 };
    if (Success === false) throw failure('api', `${ErrMsg || 'Session creation failed'}`, more);
    if (!SessionId) throw failure('ambiguous_start', 'SessionId not found in response', more);
    const session = new Session(this, `${SessionId}`);
    return ok(answer, { session: session.adopt(answer.Data as Record<string, string>) });
  }

  /**
   * A page of the sessions that carry `labels`; sessions that have ended are not listed. The service has no page numbers:
   * the pages before are fetched as well.
   */
  list(
    labels: Readonly<Record<string, string>> = {},
    page = 1,
    limit = 10,
    options?: CallOptions,
  ): Promise<SessionListResult> {
    const failing = {
      signal: options?.signal,
      prefix: 'Failed to list sessions: ',
      failed: () => ({ sessionIds: [], sessions: [], nextToken: '', maxResults: limit, totalCount: 0 }),
    };
    return this.calls.settle(failing, async () => {
      if (!(page >= 1)) throw invalid('page', `takes a number from 1, got ${page}`);
      let result = await this.#page(labels, limit, '', options);
      for (let number = 2; number <= page; number += 1) {
        if (!result.nextToken) {
          const message = `Cannot reach page ${page}: No more pages available`;
          throw failure('api', message, { requestId: result.requestId, status: 200 });
        }
        result = await this.#page(labels, limit, result.nextToken, options);
      }
      return result;
    });
  }

  /** All sessions that carry `labels`, fetched page by page as they are asked for. Failures are thrown. */
  async *sessions(
    labels: Readonly<Record<string, string>> = {},
    options?: CallOptions,
  ): AsyncGenerator<SessionSummary> {
    for (let token = ''; ; ) {
      const { sessions, nextToken } = await this.#page(labels, 100, token, options);
      yield* sessions;
      if (!nextToken || nextToken === token) return;
      token = nextToken;
    }
  }

  async #page(
    labels: object,
    limit: number,
    token: string,
    options: CallOptions | undefined,
  ): Promise<SessionListResult> {
    const params = { Labels: labels, MaxResults: limit, NextToken: token || undefined };
    const answer = await this.calls.call<Array<Record<string, unknown>>>('ListSession', params, options);
    const { Data, NextToken, MaxResults, TotalCount } = answer;
    const sessions = (Data ?? []).map((session) =>
      Object.fromEntries(
        Object.entries(session).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
      ),
    ) as unknown as SessionSummary[];
    return ok(answer, {
      sessionIds: sessions.map(({ sessionId }) => sessionId),
      sessions,
      nextToken: NextToken ?? '',
      maxResults: MaxResults ?? limit,
      totalCount: TotalCount ?? sessions.length,
    });
  }

  /** Ends a session; see {@link Session.delete}. */
  delete(
    session: Session,
    syncContext = false,
    options?: CallOptions & { wait?: boolean | undefined },
  ): Promise<DeleteResult> {
    return session.delete(syncContext, options);
  }
}
