import { Engine } from '../internal/engine.js';
import { environment } from '../internal/environment.js';
import type { ErrorKind, RawOutcome, RawWaitOptions } from '../internal/raw.js';
import {
  AgentBayError,
  checkNumber,
  checkText,
  type Details,
  Fault,
  fault,
  InvalidParameterError,
  invalid,
  SessionError,
  said,
  toAgentBayError,
} from './errors.js';

/** Options of `new AgentBay(options)`. What is left out is read from the environment variables that are named here. */
export interface AgentBayOptions {
  /**
   * The key (`AGENTBAY_API_KEY`). It travels in the body only, to the endpoint only, and appears in no error, unless it is
   * shorter than four characters or a word of JSON such as `null`. `null` itself sends none.
   */
  apiKey?: string | null | undefined;
  /**
   * Host and port for HTTPS, or a whole address (`AGENTBAY_ENDPOINT`). Ignored when there is a region. The last three
   * variables are not read when one of these three options is given.
   */
  endpoint?: string | undefined;
  /**
   * Chooses the host, and where sessions are made (`AGENTBAY_REGION_ID`).
   *
   * @default 'cn-hangzhou', when there is no endpoint either
   */
  regionId?: string | undefined;
  /**
   * How long one request may take, milliseconds (`AGENTBAY_TIMEOUT_MS`); a question of a wait takes 30 s at most.
   *
   * @default 60000
   */
  timeoutMs?: number | undefined;
  /**
   * How often a request may be sent again. What starts something is sent again only when it certainly was not accepted.
   *
   * @default 2
   */
  maxRetries?: number | undefined;
  /** Used instead of the runtime's `fetch`. */
  fetch?: ((url: string, init?: RequestInit) => Promise<Response>) | undefined;
  /**
   * How calls fail: like the vendor's, where `setLabels`, `getLabels`, `info`, `getLink` and `listMcpTools` reject and
   * everything else resolves with `success: false`; or all of them in one of these ways.
   *
   * @default 'vendor'
   */
  failures?: 'vendor' | 'throw' | 'result' | undefined;
  /**
   * Report a refusal under status 200 as an empty success where the vendor's client does: the five methods above.
   *
   * @default false
   */
  silentSuccess?: boolean | undefined;
}

/** Options of every call. */
export interface CallOptions {
  /** Rejects the call with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** How long one request may take, milliseconds. */
  timeoutMs?: number | undefined;
}

/** @internal The envelope of an answer. */
export interface Answer<Data = unknown> {
  readonly Data?: Data | null;
  readonly [member: string]: unknown;
}

/** @internal How a call fails. */
export interface Failing {
  /** What stands before the service's words. */
  readonly prefix: string;
  /** What a failed result has besides; looked at when it has failed. */
  readonly empty?: object;
  /** What the vendor's brings when the service has refused under status 200; then it also rejects otherwise. */
  readonly silent?: object;
  /** What is said of a session that does not exist; then nothing rejects. */
  readonly missing?: string;
  /** What must have succeeded before. */
  readonly before?: (() => Promise<unknown>) | undefined;
}

/** @internal What a call sends, and by which way. */
export interface Sent {
  readonly params: object;
  /** The session's, which nothing that fails shows. */
  readonly token?: string | undefined;
  /** Of the direct route to the session; else the client's own. */
  readonly engine?: Engine | undefined;
}

/** @internal What the parts of a client make their calls with. */
export class Calls {
  declare readonly regionId: string | undefined;
  declare readonly failures: AgentBayOptions['failures'];
  readonly #options: Pick<AgentBayOptions, 'fetch' | 'maxRetries' | 'silentSuccess' | 'timeoutMs'>;
  readonly #engine: Engine;
  readonly #apiKey: string | null;

  constructor(options: AgentBayOptions = {}) {
    const { apiKey = environment('AGENTBAY_API_KEY'), fetch, maxRetries, silentSuccess } = options ?? {};
    let { endpoint, regionId, timeoutMs, failures = 'vendor' } = options ?? {};
    if (apiKey === undefined) throw invalid('apiKey', 'is missing, and so is AGENTBAY_API_KEY');
    if (!['vendor', 'throw', 'result'].includes(failures)) throw invalid('failures', 'has no such word');
    if (endpoint === undefined && regionId === undefined && timeoutMs === undefined) {
      endpoint = environment('AGENTBAY_ENDPOINT');
      regionId = environment('AGENTBAY_REGION_ID');
      timeoutMs = Number(environment('AGENTBAY_TIMEOUT_MS') ?? 60_000);
    }
    if (regionId !== undefined || endpoint === undefined) {
      regionId ??= 'cn-hangzhou';
      checkText('regionId', regionId, /^[\w-]+$/);
      endpoint = `agentbay.${regionId}.aliyuncs.com`;
    }
    checkText('endpoint', endpoint);
    this.regionId = regionId;
    this.#apiKey = apiKey;
    this.failures = failures;
    this.#options = { fetch, maxRetries, silentSuccess, timeoutMs: timeoutMs ?? 60_000 };
    this.#engine = this.engine(
      'agentbay',
      endpoint.includes('://') ? endpoint : `https://${endpoint}`,
      apiKey,
    );
  }

  engine(backend: string, baseUrl: string, apiKey: string | null, name = 'endpoint'): Engine {
    const { fetch } = this.#options;
    const names = { baseUrl: name, attemptTimeoutMs: 'timeoutMs' };
    return new Engine(
      { backend, baseUrl, apiKey, fetch, names },
      { error: (details) => this.#error(details), abort: (reason) => reason },
    );
  }

  /** The envelope of an answer that is a success. The direct route to a session has none; it gets one here. */
  async call<Data = unknown>(
    operation: string,
    { params, token, engine }: Sent,
    options: CallOptions | undefined,
  ): Promise<Answer<Data>> {
    const { maxRetries, timeoutMs } = this.#options;
    const sent: { requestId?: string } = { ...params };
    const { requestId } = sent;
    try {
      const { data } = await (engine ?? this.#engine).call(operation, [], sent, {
        signal: options?.signal,
        attemptTimeoutMs: options?.timeoutMs ?? timeoutMs,
        maxRetries,
        secret: engine ? this.#apiKey : token,
      });
      const answer = (data ?? {}) as Answer<Data>;
      if (!engine) return answer;
      const { result } = (parsed(answer.data) ?? {}) as { result?: Data };
      return { RequestId: requestId, Data: result ?? null };
    } catch (error) {
      const isSent = error instanceof AgentBayError && !(error instanceof InvalidParameterError);
      if (engine && isSent) Object.assign(error, { requestId });
      throw error;
    }
  }

  /** Waits; what goes wrong then has the request id of `answer`, and says `late` when the time is up. */
  async watch(
    answer: Answer,
    id: string,
    late: string,
    options: RawWaitOptions,
    { params, token, engine }: Sent,
  ): Promise<RawOutcome> {
    try {
      const secret = engine ? this.#apiKey : token;
      // Where there is another way, nothing is lost by taking it soon.
      const limit = Math.min(this.#options.timeoutMs as number, engine ? 5_000 : 30_000);
      const attemptTimeoutMs = options.attemptTimeoutMs ?? limit;
      const how = { throwOnFailure: false, params, secret, ...options, attemptTimeoutMs };
      return await (engine ?? this.#engine).wait(id, how);
    } catch (error) {
      if (error instanceof AgentBayError) {
        const { kind, message, requestId = idOf(answer) } = error;
        Object.assign(error, { requestId, message: kind === 'wait_timeout' ? late : message });
      }
      throw error;
    }
  }

  /** Calls an operation for a result; `read` says what it has besides, and the client's options how it fails. */
  async perform<Data, Result>(
    operation: string,
    sent: Sent,
    options: CallOptions | undefined,
    failing: Failing,
    read: (answer: Answer<Data>) => object | Promise<object> | undefined,
  ): Promise<Result> {
    try {
      await failing.before?.();
      const answer = await this.call<Data>(operation, sent, options);
      return resultOf(answer, await read(answer));
    } catch (thrown) {
      if (options?.signal?.aborted) throw options.signal.reason;
      const error = thrown instanceof Fault ? this.#error(thrown.details, sent.token) : thrown;
      if (!(error instanceof AgentBayError) || error instanceof InvalidParameterError) throw error;
      const { prefix, empty, silent, missing } = failing;
      const { kind, status, body, requestId = '', message } = error;
      const isBare = status === 200;
      if (silent && isBare && this.#options.silentSuccess) return resultOf(body, silent);
      const isMissing = missing && error.notFound;
      const rejects = silent && !isMissing;
      // What a task or the end of a wait says stands for itself, and so does a refusal under status 200.
      const isWhole = !rejects && (isBare || kind === 'wait_timeout' || kind === 'task_failed');
      const errorMessage = isMissing ? missing : isWhole ? message : prefix + message;
      const shown = rejects ? new SessionError(errorMessage, { ...(error as object), cause: error }) : error;
      if (this.failures === 'throw' || (rejects && this.failures === 'vendor')) throw shown;
      const failed = { requestId, success: false, errorMessage, error: shown };
      return resultOf(body, {
        httpStatusCode: said(body, 'HttpStatusCode') || (status ?? 0),
        ...failed,
        ...empty,
      });
    }
  }

  /**
   * The error for a record, without secrets. The core has taken those that it knows out of its own records, but not out of
   * what a tool says, and of a session that was not made it does not know the token.
   */
  #error(details: Details, token?: string): AgentBayError {
    const { kind, message, parsed: answer, body, cause, requestId } = details;
    const made = said(parsed(said(answer, 'Data')), 'Token');
    // Shorter ones, of tests for example, are parts of words. One may contain another.
    const secrets = [this.#apiKey ?? '', token ?? '', `${made}`]
      .filter(({ length }) => length > 3)
      .sort((one, other) => other.length - one.length);
    // Other causes than a task's own words are what the runtime threw.
    const told = JSON.stringify({
      message,
      parsed: answer,
      body,
      requestId,
      cause: kind === 'task_failed' ? cause : undefined,
    });
    const inText = (secret: string) => JSON.stringify(secret).slice(1, -1);
    const clean = secrets.reduce((text, secret) => text.replaceAll(inText(secret), '[redacted]'), told);
    // A key that is a word of JSON, such as `null`, is no secret.
    const known = parsed(clean);
    return toAgentBayError(typeof known === 'string' ? details : { ...details, ...(known as object) });
  }
}

/** @internal A result, of a success unless `more` says otherwise. */
export function resultOf<Result>(body: unknown, more?: object): Result {
  return {
    requestId: idOf(body),
    success: true,
    errorMessage: '',
    code: said(body, 'Code'),
    message: said(body, 'Message'),
    httpStatusCode: said(body, 'HttpStatusCode') || 200,
    ...more,
  } as Result;
}

/** @internal The service's id of a request. */
export function idOf(body: unknown): string {
  return said(body, 'RequestId') as string;
}

/** @internal What JSON text stands for; what is no text, or no JSON, stays as it is. */
export function parsed(value: unknown): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : value;
  } catch {
    return value;
  }
}

/** @internal Seconds as milliseconds. A wait takes no 0: it asks once. */
export function fromSeconds(field: string, seconds: unknown): number {
  checkNumber(field, seconds);
  return (seconds as number) * 1_000 || 1;
}

/** @internal An answer that is not what its operation answers. */
export function lacking(what: string, answer: Answer, kind: ErrorKind = 'decode'): Fault {
  return fault(kind, `the answer has no ${what}`, answer);
}
