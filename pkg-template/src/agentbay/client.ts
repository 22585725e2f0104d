import type { ErrorKind } from '../internal/raw.js';
import {
  type AgentBayOptions,
  type Answer,
  type CallOptions,
  Calls,
  idOf,
  lacking,
  parsed,
} from './calls.js';
import { big, checkNumber, checkText, fault, invalid, isList, json, small, WIRE_NAMES } from './errors.js';
import { Session } from './session.js';
import type {
  CreateSessionParams,
  DeleteResult,
  SessionListResult,
  SessionResult,
  SessionSummary,
} from './types.js';

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
 * const { session, errorMessage } = await agentBay.create({ imageId: 'browser_latest' });
 * if (!session) throw new Error(errorMessage);
 * const { taskResult } = await session.agent.executeTask('Open example.com and read the heading', 20);
 * await session.delete();
 * ```
 */
export class AgentBay {
  /** @internal */
  declare readonly calls: Calls;

  /** @throws {@link InvalidParameterError} for options that cannot be used, and when there is no key */
  constructor(options: AgentBayOptions = {}) {
    this.calls = new Calls(options);
  }

  /** Makes a session. It is never made twice: when nobody can know, `error` is an {@link AmbiguousStartError}. */
  async create(params: CreateSessionParams = {}, options?: CallOptions): Promise<SessionResult> {
    const { calls } = this;
    const { contextSyncs, ...others } = params ?? {};
    if (contextSyncs && !isList(contextSyncs)) throw invalid('contextSyncs', 'takes a list of objects');
    const contexts = contextSyncs?.map((context) => ({
      ...renamed(context, big),
      Policy: json('contextSyncs', context.policy),
    }));
    const wire = renamed(
      { loginRegionId: calls.regionId, ...others, contextSyncs: contexts },
      (name) => WIRE_NAMES[name] ?? big(name),
    );
    const failing = { prefix: 'Failed to create session: ' };
    return await calls.perform('CreateMcpSession', { params: wire }, options, failing, (answer: Answer) =>
      this.#session(answer, 'ambiguous_start', params?.imageId),
    );
  }

  /** A session that was made before. */
  async get(sessionId: string, options?: CallOptions): Promise<SessionResult> {
    checkText('sessionId', sessionId);
    const failing = { prefix: `Failed to get session ${sessionId}: ` };
    return await this.calls.perform(
      'GetSession',
      { params: { SessionId: sessionId } },
      options,
      failing,
      (answer: Answer) => this.#session(answer, 'decode'),
    );
  }

  #session(answer: Answer, ifNone: ErrorKind, imageId = ''): { session: Session } {
    const data = (answer.Data ?? {}) as Record<string, string>;
    const bare = { status: 200 };
    if (/^false$/i.test(`${data.Success}`)) {
      throw fault('api', data.ErrMsg || 'Session creation failed', answer, bare);
    }
    if (!data.SessionId) throw fault(ifNone, 'SessionId not found in response', answer, bare);
    const session = new Session(this, `${data.SessionId}`).adopt(data);
    session.imageId = imageId;
    return { session };
  }

  /**
   * A page of the sessions that carry `labels`; sessions that have ended are not listed. The service has no page numbers:
   * the pages before are fetched as well.
   */
  async list(
    labels: Readonly<Record<string, string>> = {},
    page = 1,
    limit = 10,
    options?: CallOptions,
  ): Promise<SessionListResult> {
    const empty = { sessionIds: [], sessions: [], nextToken: '', maxResults: limit, totalCount: 0 };
    const failing = { prefix: 'Failed to list sessions: ', empty };
    checkNumber('page', page);
    const query = { Labels: labels, MaxResults: limit };
    return await this.calls.perform(
      'ListSession',
      { params: query },
      options,
      failing,
      async (first: Answer) => {
        let last = first;
        for (let number = 2; number <= page; number += 1) {
          const { NextToken } = last;
          if (!NextToken) {
            const message = `Cannot reach page ${page}: No more pages available`;
            throw fault('api', message, last, { status: 200 });
          }
          last = await this.calls.call('ListSession', { params: { ...query, NextToken } }, options);
        }
        const sessions = sessionsIn(last);
        return {
          requestId: idOf(last),
          sessionIds: sessions.map(({ sessionId }) => sessionId),
          sessions,
          nextToken: last.NextToken ?? '',
          maxResults: last.MaxResults ?? limit,
          totalCount: last.TotalCount ?? sessions.length,
        };
      },
    );
  }

  /** All sessions that carry `labels`, fetched page by page as they are asked for. Failures are thrown. */
  async *sessions(
    labels: Readonly<Record<string, string>> = {},
    options?: CallOptions,
  ): AsyncGenerator<SessionSummary> {
    let token: unknown;
    do {
      const params = { Labels: labels, MaxResults: 100, NextToken: token };
      const { error, list, next } = await this.calls.perform<unknown, Page>(
        'ListSession',
        { params },
        options,
        { prefix: '' },
        (answer) => ({ list: sessionsIn(answer), next: answer.NextToken }),
      );
      if (error) throw error;
      yield* list;
      token = next !== token && next;
    } while (token);
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

/** A page of sessions, or why there is none. */
interface Page {
  readonly error?: Error;
  readonly list: SessionSummary[];
  readonly next: unknown;
}

function sessionsIn(answer: Answer): SessionSummary[] {
  const list = parsed(answer.Data) ?? [];
  if (!isList(list)) throw lacking('list', answer);
  return list.map((session) => renamed(session, small) as unknown as SessionSummary);
}

function renamed(object: object, name: (name: string) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([known, value]) => [name(known), value]));
}
