import { Engine } from '../internal/engine.js';
import { environment } from '../internal/environment.js';
import type { RawOutcome, RawWaitOptions } from '../internal/raw.js';
import {
  AgentBayError,
  checkNumber,
  checkText,
  failure,
  InvalidParameterError,
  invalid,
  SessionError,
  said,
  toAgentBayError,
} from './errors.js';

/** Options of `new AgentBay(options)`. What is left out is read from the environment variables that are named here. */
export interface AgentBayOptions {
  /**
   * The key (`AGENTBAY_API_KEY`). It travels in the body only, to the endpoint only, and appears in no error. `null` sends
   * none.
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
   * How long one request may take, milliseconds (`AGENTBAY_TIMEOUT_MS`).
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

/** @internal What a call of a tool by the direct route to its session takes. */
export interface DirectParams {
  readonly args: object;
  readonly server: string;
  readonly requestId: string;
  readonly tool: string;
  readonly token: string;
}

const NAMES = { baseUrl: 'endpoint', attemptTimeoutMs: 'timeoutMs' } as const;

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

  engine(backend: string, baseUrl: string, apiKey: string | null): Engine {
    const { fetch } = this.#options;
    return new Engine(
      { backend, baseUrl, apiKey, fetch, names: NAMES },
      { error: toAgentBayError, abort: (reason) => reason },
    );
  }

  /** The envelope of an answer that is a success. The direct route to a session has none; it gets one here. */
  async call<Data = unknown>(
    operation: string,
    params: object,
    options: CallOptions | undefined,
    engine?: Engine,
  ): Promise<Answer<Data>> {
    const { maxRetries, timeoutMs } = this.#options;
    const { data } = await (engine ?? this.#engine).call(operation, [], params, {
      signal: options?.signal,
      attemptTimeoutMs: options?.timeoutMs ?? timeoutMs,
      maxRetries,
    });
    const answer = (data ?? {}) as Answer<Data>;
    if (!engine) return answer;
    const { result } = (parsed(answer.data) ?? {}) as { result?: Data };
    return { RequestId: (params as DirectParams).requestId, Data: result ?? null };
  }

  /** Waits; what goes wrong then has the request id of `answer`, and says `late` when the time is up. */
  async watch(
    answer: Answer,
    id: string,
    late: string,
    options: RawWaitOptions,
    engine = this.#engine,
  ): Promise<RawOutcome> {
    try {
      return await engine.wait(id, { throwOnFailure: false, ...options });
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
    params: object,
    options: CallOptions | undefined,
    failing: Failing,
    read: (answer: Answer<Data>) => object | Promise<object> | undefined,
    engine?: Engine,
  ): Promise<Result> {
    try {
      await failing.before?.();
      const answer = await this.call<Data>(operation, params, options, engine);
      return resultOf(answer, await read(answer));
    } catch (error) {
      if (options?.signal?.aborted) throw options.signal.reason;
      if (!(error instanceof AgentBayError) || error instanceof InvalidParameterError) throw error;
      const { prefix, empty, silent, missing } = failing;
      // A tool may repeat the key, and is no answer that the core has cleaned.
      const { requestId: own = '', token } = params as Partial<DirectParams>;
      const told = { message: error.message, body: error.body };
      Object.assign(error, [this.#apiKey, token].reduce(without, told));
      const { kind, status, body, requestId = own, message } = error;
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
}

/** What was told, without a secret that it repeats. */
function without<Told>(told: Told, secret: string | null | undefined): Told {
  const inText = JSON.stringify(secret ?? '').slice(1, -1);
  const text = JSON.stringify(told);
  // Short ones, of tests for example, are parts of words.
  return inText.length > 3 && text.includes(inText)
    ? JSON.parse(text.replaceAll(inText, '[redacted]'))
    : told;
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
export function lacking(what: string, answer: Answer): AgentBayError {
  return failure('decode', `the answer has no ${what}`, answer);
}
