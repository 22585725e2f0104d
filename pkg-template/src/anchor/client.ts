import { Engine } from '../internal/engine.js';
import { environment } from '../internal/environment.js';
import type { RawAnswer, RawCallOptions } from '../internal/raw.js';
import { refuse } from './absent.js';
import { APIPromise, apiPromise, type Pending } from './api-promise.js';
import * as Errors from './errors.js';
import type { HeadersLike as AnyHeaders } from './headers.js';
import { type Logger as AnyLogger, type LogLevel as AnyLogLevel, CallLog, toLogLevel, wants } from './log.js';
import {
  type FetchOptions,
  type FinalRequestOptions as FinalOptions,
  type HTTPMethod,
  type ClientOptions as Options,
  type RequestOptions as PerCall,
  type PromiseOrValue,
  toCallOptions,
} from './options.js';
import type { Perform } from './resources/perform.js';
import type * as SessionParams from './resources/session-params.js';
import * as SessionsAPI from './resources/sessions.js';
import * as ToolsAPI from './resources/tools.js';

const DEFAULT_BASE_URL = 'https://api.anchorbrowser.io';
const DEFAULT_TIMEOUT_MS = 1_200_000;
const DEFAULT_MAX_RETRIES = 2;
/** What the options are called here, for the core's messages. */
const NAMES = {
  baseUrl: 'baseURL',
  attemptTimeoutMs: 'timeout',
  totalTimeoutMs: 'totalTimeout',
} as const;

const FAILURES = {
  error: Errors.toAnchorbrowserError,
  abort: (reason: unknown, maybeStarted: boolean) =>
    new Errors.APIUserAbortError({ cause: reason, maybeStarted }),
};

/** Hands a call to the core. */
type Send = (engine: Engine, options: RawCallOptions) => Promise<RawAnswer>;

/** A call as it was made. */
interface Call {
  readonly options: PerCall | null | undefined;
  /** Reads what the caller's objects hold at this moment. */
  prepare(): Send;
}

/**
 * A client of Anchor Browser's cloud, with the names of the vendor's own npm client 0.16, so that code
 * written for that one runs with only its import changed.
 *
 * A client holds no connection; make as many as you like.
 *
 * @example
 * ```ts
 * import Anchorbrowser from 'taskwright/anchor';
 *
 * const client = new Anchorbrowser(); // the key stands in ANCHORBROWSER_API_KEY
 * const { data } = await client.tools.performWebTask({
 *   prompt: 'Extract the main heading',
 *   url: 'https://example.com',
 * });
 * console.log(data.result);
 * ```
 */
export class Anchorbrowser {
  static readonly default: typeof Anchorbrowser = Anchorbrowser;
  static readonly Anchorbrowser: typeof Anchorbrowser = Anchorbrowser;
  /** The default of `timeout`, milliseconds. */
  static readonly DEFAULT_TIMEOUT: number = DEFAULT_TIMEOUT_MS;

  static readonly APIPromise: typeof APIPromise = APIPromise;
  static readonly AnchorbrowserError: typeof Errors.AnchorbrowserError = Errors.AnchorbrowserError;
  static readonly InvalidParameterError: typeof Errors.InvalidParameterError = Errors.InvalidParameterError;
  static readonly APIError: typeof Errors.APIError = Errors.APIError;
  static readonly BadRequestError: typeof Errors.BadRequestError = Errors.BadRequestError;
  static readonly AuthenticationError: typeof Errors.AuthenticationError = Errors.AuthenticationError;
  static readonly PermissionDeniedError: typeof Errors.PermissionDeniedError = Errors.PermissionDeniedError;
  static readonly NotFoundError: typeof Errors.NotFoundError = Errors.NotFoundError;
  static readonly ConflictError: typeof Errors.ConflictError = Errors.ConflictError;
  static readonly UnprocessableEntityError: typeof Errors.UnprocessableEntityError =
    Errors.UnprocessableEntityError;
  static readonly RateLimitError: typeof Errors.RateLimitError = Errors.RateLimitError;
  static readonly InternalServerError: typeof Errors.InternalServerError = Errors.InternalServerError;
  static readonly APIResponseError: typeof Errors.APIResponseError = Errors.APIResponseError;
  static readonly APIConnectionError: typeof Errors.APIConnectionError = Errors.APIConnectionError;
  static readonly APIConnectionTimeoutError: typeof Errors.APIConnectionTimeoutError =
    Errors.APIConnectionTimeoutError;
  static readonly APIRedirectError: typeof Errors.APIRedirectError = Errors.APIRedirectError;
  static readonly AmbiguousStartError: typeof Errors.AmbiguousStartError = Errors.AmbiguousStartError;
  static readonly AmbiguousStartTimeoutError: typeof Errors.AmbiguousStartTimeoutError =
    Errors.AmbiguousStartTimeoutError;
  static readonly APIUserAbortError: typeof Errors.APIUserAbortError = Errors.APIUserAbortError;

  /** Where the service is. */
  baseURL: string;
  /** How long one attempt may take, milliseconds. */
  timeout: number;
  /** How often a request may be sent again. */
  maxRetries: number;
  /** Where log lines go. */
  logger: AnyLogger;
  /** How much is logged. */
  logLevel: AnyLogLevel;
  /** Further members of every `RequestInit`. */
  fetchOptions: FetchOptions | undefined;

  /** Tasks, and tools that need no session. */
  readonly tools: ToolsAPI.Tools;
  /** Browser sessions. */
  readonly sessions: SessionsAPI.Sessions;

  readonly #options: Options;
  #apiKey: string | null;
  #engine: Engine | undefined;
  #engineIsFor: readonly [apiKey: string | null, baseURL: string] | undefined;

  /**
   * @throws {@link Errors.AnchorbrowserError} when there is no key. Anything else that cannot be used is reported by the
   * first call.
   */
  constructor(options: Options = {}) {
    const apiKey = options.apiKey === undefined ? environment('ANCHORBROWSER_API_KEY') : options.apiKey;
    if (apiKey === undefined) {
      throw new Errors.AnchorbrowserError(
        'no API key: set the environment variable ANCHORBROWSER_API_KEY or pass the option apiKey, ' +
          "as in new Anchorbrowser({ apiKey: '...' }); apiKey: null sends none",
        { kind: 'invalid_input', field: 'apiKey' },
      );
    }
    const baseURL = options.baseURL === undefined ? environment('ANCHORBROWSER_BASE_URL') : options.baseURL;
    this.#options = options;
    this.#apiKey = apiKey;
    this.baseURL = baseURL?.trim() || DEFAULT_BASE_URL;
    this.timeout = options.timeout ?? DEFAULT_TIMEOUT_MS;
    this.maxRetries = options.maxRetries ?? DEFAULT_MAX_RETRIES;
    this.fetchOptions = options.fetchOptions;
    this.logger = options.logger ?? console;
    this.logLevel =
      toLogLevel(options.logLevel, 'the option logLevel', this.logger) ??
      toLogLevel(
        environment('ANCHORBROWSER_LOG'),
        'the environment variable ANCHORBROWSER_LOG',
        this.logger,
      ) ??
      'warn';
    const perform: Perform = (operation, ids, params, perCall) =>
      this.#perform({
        options: perCall,
        prepare() {
          const copy = snapshot(params);
          return (engine, raw) => engine.call(operation, ids, copy, raw);
        },
      });
    this.tools = new ToolsAPI.Tools(perform);
    this.sessions = new SessionsAPI.Sessions(perform);
  }

  /** The key. Not a field, so that printing a client does not print it. */
  get apiKey(): string | null {
    return this.#apiKey;
  }

  set apiKey(apiKey: string | null) {
    this.#apiKey = apiKey;
  }

  /**
   * A client like this one, except for `options`.
   *
   * @example
   * ```ts
   * const patient = client.withOptions({ timeout: 3_600_000 });
   * ```
   */
  withOptions(options: Partial<Options>): this {
    const { apiKey, baseURL, timeout, maxRetries, logger, logLevel, fetchOptions } = this;
    const own = { apiKey, baseURL, timeout, maxRetries, logger, logLevel, fetchOptions };
    return new (this.constructor as new (options: Options) => this)({ ...this.#options, ...own, ...options });
  }

  /** `GET` of a path that has no method here. */
  get<T = unknown>(path: string, options?: PromiseOrValue<PerCall>): APIPromise<T> {
    return this.#send('get', path, options);
  }

  /** `POST` to a path that has no method here. Sent again only when it certainly was not accepted. */
  post<T = unknown>(path: string, options?: PromiseOrValue<PerCall>): APIPromise<T> {
    return this.#send('post', path, options);
  }

  /** `PUT` to a path that has no method here. */
  put<T = unknown>(path: string, options?: PromiseOrValue<PerCall>): APIPromise<T> {
    return this.#send('put', path, options);
  }

  /** `PATCH` of a path that has no method here. Sent again only when it certainly was not accepted. */
  patch<T = unknown>(path: string, options?: PromiseOrValue<PerCall>): APIPromise<T> {
    return this.#send('patch', path, options);
  }

  /** `DELETE` of a path that has no method here. */
  delete<T = unknown>(path: string, options?: PromiseOrValue<PerCall>): APIPromise<T> {
    return this.#send('delete', path, options);
  }

  /**
   * Any request to the service. A plain `body` is sent as JSON; what `fetch` takes as it is (`FormData`,
   * `Blob`, bytes, streams) stays as it is.
   *
   * @example
   * ```ts
   * const pages = await client.request({ method: 'get', path: `/v1/sessions/${sessionId}/pages` });
   * ```
   */
  request<T = unknown>(options: PromiseOrValue<FinalOptions>): APIPromise<T> {
    return this.#perform(toCall(options));
  }

  #send<T>(method: HTTPMethod, path: string, options: PromiseOrValue<PerCall> | undefined): APIPromise<T> {
    return this.#perform(toCall(withTarget(options, method, path)));
  }

  #perform<T>(call: PromiseOrValue<Call>): APIPromise<T> {
    return apiPromise((pending) => this.#settle(pending, call));
  }

  async #settle(pending: Pending, given: PromiseOrValue<Call>): Promise<unknown> {
    const log = wants(this, 'info') ? new CallLog(this) : undefined;
    try {
      const call = 'then' in given ? await given : given;
      // Now, because the request is written a moment later: an object that the caller uses again until
      // then must not change it.
      const send = call.prepare();
      const options = toCallOptions(this, this.#options, call.options ?? {});
      if (log !== undefined) options.onRequest = log.onRequest;
      // Nothing has been sent yet, so that asResponse() can still be called on the promise.
      await undefined;
      pending.begun = true;
      options.raw = pending.raw;
      const answer = await send(this.#ready(), options);
      log?.succeeded(answer.response.status);
      return pending.settle(answer);
    } catch (failure) {
      const error = Errors.contained(failure);
      if (error !== pending.taken) log?.failed(error);
      throw error;
    }
  }

  /** The core's client for the key and the address as they are now: both may be changed between calls. */
  #ready(): Engine {
    const { apiKey, baseURL } = this;
    const [key, url] = this.#engineIsFor ?? [];
    if (this.#engine === undefined || key !== apiKey || url !== baseURL) {
      const { fetch } = this.#options;
      const config = { backend: 'anchor', baseUrl: baseURL, apiKey, fetch, names: NAMES } as const;
      this.#engine = new Engine(config, FAILURES);
      this.#engineIsFor = [apiKey, baseURL];
    }
    return this.#engine;
  }
}

refuse(Anchorbrowser.prototype, 'client', [
  'profiles',
  'extensions',
  'browser',
  'agent',
  'events',
  'task',
  'identities',
  'applications',
]);
refuse(SessionsAPI.Sessions.prototype, 'client.sessions', [
  'recordings',
  'mouse',
  'keyboard',
  'clipboard',
  'agent',
  'dragAndDrop',
  'retrieveDownloads',
  'scroll',
  'uploadFile',
]);

export declare namespace Anchorbrowser {
  export type ClientOptions = Options;
  export type RequestOptions = PerCall;
  export type FinalRequestOptions = FinalOptions;
  export type HeadersLike = AnyHeaders;
  export type Logger = AnyLogger;
  export type LogLevel = AnyLogLevel;

  export type Tools = ToolsAPI.Tools;
  export type ToolPerformWebTaskParams = ToolsAPI.ToolPerformWebTaskParams;
  export type ToolPerformWebTaskResponse<TResult = unknown> = ToolsAPI.ToolPerformWebTaskResponse<TResult>;
  export type ToolPerformWebTaskStarted = ToolsAPI.ToolPerformWebTaskStarted;
  export type ToolPerformWebTaskFinished<TResult = unknown> = ToolsAPI.ToolPerformWebTaskFinished<TResult>;
  export type ToolGetPerformWebTaskStatusResponse<TResult = unknown> =
    ToolsAPI.ToolGetPerformWebTaskStatusResponse<TResult>;
  export type ToolFetchWebpageParams = ToolsAPI.ToolFetchWebpageParams;
  export type ToolFetchWebpageResponse = ToolsAPI.ToolFetchWebpageResponse;
  export type ToolScreenshotWebpageParams = ToolsAPI.ToolScreenshotWebpageParams;

  export type Sessions = SessionsAPI.Sessions;
  export type SessionCreateParams = SessionParams.SessionCreateParams;
  export type SessionCreateResponse = SessionsAPI.SessionCreateResponse;
  export type SessionRetrieveResponse = SessionsAPI.SessionRetrieveResponse;
  export type SessionGotoParams = SessionsAPI.SessionGotoParams;
  export type SessionGotoResponse = SessionsAPI.SessionGotoResponse;
  export type AllStatusResponse = SessionsAPI.AllStatusResponse;
  export type SuccessResponse = SessionsAPI.SuccessResponse;
}

function toCall(options: PromiseOrValue<FinalOptions>): PromiseOrValue<Call> {
  if (isPromise(options)) return options.then(toSettledCall);
  return toSettledCall(options);
}

function toSettledCall(options: FinalOptions): Call {
  return {
    options,
    prepare() {
      const method = text('method', options?.method);
      const path = text('path', options?.path);
      return (engine, raw) => engine.request(method, path, raw);
    },
  };
}

function text(field: string, value: unknown): string {
  if (typeof value === 'string') return value;
  const got = value === null ? 'null' : typeof value;
  const details = { kind: 'invalid_input', field } as const;
  throw new Errors.InvalidParameterError(`"${field}" takes a string, got ${got}`, details);
}

function withTarget(
  options: PromiseOrValue<PerCall> | undefined,
  method: HTTPMethod,
  path: string,
): PromiseOrValue<FinalOptions> {
  if (isPromise(options)) return options.then((settled) => ({ ...settled, method, path }));
  return { ...options, method, path };
}

function isPromise<T>(value: PromiseOrValue<T> | undefined): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function snapshot(params: unknown): unknown {
  if (typeof params !== 'object' || params === null) return params;
  return Object.getPrototypeOf(params) === Object.prototype ? { ...params } : params;
}
