import type { RawCallOptions } from '../internal/raw.js';
import { type HeadersLike, mergeHeaders } from './headers.js';
import type { Logger, LogLevel } from './log.js';

/** A value, or a promise of it. */
export type PromiseOrValue<T> = T | PromiseLike<T>;

/** A method of `request()`. */
export type HTTPMethod = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/**
 * Further members of the `RequestInit`, also those that only some runtimes know (`dispatcher`, `proxy`,
 * `keepalive`). Method, headers, body, signal and redirect are the client's own.
 */
export type FetchOptions = Omit<
  RequestInit,
  'body' | 'dispatcher' | 'headers' | 'method' | 'redirect' | 'signal'
> & {
  readonly [member: string]: unknown;
};

/** Options of `new Anchorbrowser(options)`. */
export interface ClientOptions {
  /**
   * The key, sent as `anchor-api-key`; `null` sends none.
   *
   * @default the environment variable ANCHORBROWSER_API_KEY
   */
  apiKey?: string | null | undefined;
  /**
   * Where the service is; a path prefix is kept. `null` and a blank string mean the default.
   *
   * @default the environment variable ANCHORBROWSER_BASE_URL, else `https://api.anchorbrowser.io`
   */
  baseURL?: string | null | undefined;
  /**
   * How long one attempt may take from connecting to the last byte of its answer, parsed. Milliseconds.
   *
   * @default 1_200_000 (20 minutes: a synchronous task answers when it is done)
   */
  timeout?: number | undefined;
  /**
   * How often a request may be sent again when that can help and does no harm. A request that starts
   * something (a task, a session) is sent again only when it certainly was not accepted.
   *
   * @default 2
   */
  maxRetries?: number | undefined;
  /**
   * Used instead of the runtime's `fetch`.
   *
   * @default `globalThis.fetch`, looked up at each request
   */
  fetch?: Fetch | undefined;
  /** Further members of every `RequestInit`; those of a call win. */
  fetchOptions?: FetchOptions | undefined;
  /** Headers of every request; a call's own win, and its `null` removes one. */
  defaultHeaders?: HeadersLike;
  /** Query parameters of every request; a call's own win, and its `undefined` removes one. */
  defaultQuery?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * Where log lines go.
   *
   * @default `console`
   */
  logger?: Logger | undefined;
  /**
   * How much is logged. Keys, headers and bodies never are.
   *
   * @default the environment variable ANCHORBROWSER_LOG, else `warn`
   */
  logLevel?: LogLevel | undefined;
}

/** The last argument of every call. What is `undefined` counts as left out. */
export interface RequestOptions {
  /**
   * How long one attempt may take, from connecting to the parsed answer. Milliseconds.
   *
   * @default the client's `timeout`
   */
  timeout?: number | undefined;
  /**
   * How long the call may take in all, with its retries and the pauses between them. Milliseconds.
   *
   * @default no limit
   */
  totalTimeout?: number | undefined;
  /**
   * How often the request may be sent again.
   *
   * @default the client's `maxRetries`
   */
  maxRetries?: number | undefined;
  /** Headers of this call; `null` removes one that would be sent otherwise. */
  headers?: HeadersLike;
  /** Query parameters of this call, added to those of its parameters. */
  query?: object | null | undefined;
  /** The body, of `get`, `post`, `put`, `patch`, `delete` and `request` only; other calls make their own. */
  body?: unknown;
  /** Ends the call with an `APIUserAbortError` when it is aborted. */
  signal?: AbortSignal | null | undefined;
  /** Further members of this call's `RequestInit`. */
  fetchOptions?: FetchOptions | undefined;
  /** Sent as `idempotency-key` with every attempt. Anchor does not document that it looks at it. */
  idempotencyKey?: string | undefined;
}

/** What `request()` takes. */
export interface FinalRequestOptions extends RequestOptions {
  method: HTTPMethod;
  /** Below the base URL, for example `/v1/sessions`. */
  path: string;
}

/** @internal The defaults of a client's calls that can be changed on the client. */
type Defaults = Required<Pick<ClientOptions, 'timeout' | 'maxRetries' | 'fetchOptions'>>;

/** @internal The options of one call before it is sent; how its body is read is settled last. */
export type CallOptions = { -readonly [Name in keyof RawCallOptions]: RawCallOptions[Name] };

/** @internal A call's options and its client's, as the core takes them. */
export function toCallOptions(
  client: Defaults,
  { defaultHeaders, defaultQuery }: ClientOptions,
  options: RequestOptions,
): CallOptions {
  const { headers, withoutHeaders } = mergeHeaders(defaultHeaders, options.headers);
  return {
    headers,
    withoutHeaders,
    attemptTimeoutMs: options.timeout ?? client.timeout,
    totalTimeoutMs: options.totalTimeout,
    maxRetries: options.maxRetries ?? client.maxRetries,
    idempotencyKey: options.idempotencyKey,
    defaultQuery: withoutRemoved(defaultQuery, options.query),
    query: options.query,
    body: options.body,
    signal: options.signal,
    fetchOptions: mergeFetchOptions(client.fetchOptions, options.fetchOptions),
  };
}

/** A default is removed by naming it with `undefined`. */
function withoutRemoved(defaults: ClientOptions['defaultQuery'], query: object | null | undefined): unknown {
  if (defaults === undefined || query === undefined || query === null) return defaults;
  const own = new Map(Object.entries(query));
  return Object.fromEntries(
    Object.entries(defaults).filter(([name]) => own.get(name) !== undefined || !own.has(name)),
  );
}

function mergeFetchOptions(
  defaults: FetchOptions | undefined,
  own: FetchOptions | undefined,
): FetchOptions | undefined {
  return defaults && own ? { ...defaults, ...own } : (own ?? defaults);
}
