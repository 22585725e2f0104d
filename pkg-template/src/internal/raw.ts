/**
 * The contract with the WebAssembly layer (`src/` of the repository; `crates/seal` for {@link RawSeal}): what crosses,
 * in which shape. Everything that is decided is decided behind this line.
 */

/** What the generated module exports. */
export interface RawModule {
  /** A client of one backend; holds no connection. */
  readonly RawClient: new (
    config: RawConfig,
  ) => RawClient;
  /** Called with the panic's text, before the trap, when Rust code panics. */
  setPanicHandler(handler: (message: string) => void): void;
}

/**
 * Each method tells its last argument how it ended, and returns nothing: V8 of Node 20 can crash the process
 * when optimised code calls an export that returns an object.
 */
export interface RawClient {
  /** One operation of the table, by its name; `ids` fill the places of its path in order. */
  call(
    operation: string,
    ids: readonly unknown[],
    params: unknown,
    options: RawCallOptions,
    end: RawEnd<RawAnswer>,
  ): void;
  /** A request that no row describes. */
  request(method: string, path: string, options: RawCallOptions, end: RawEnd<RawAnswer>): void;
  /** Waits for a task that was started. */
  wait(id: unknown, options: RawWaitOptions, end: RawEnd<RawOutcome>): void;
  /** Starts a task and waits for it. */
  run(params: unknown, options: RawWaitOptions, end: RawEnd<RawOutcome>): void;
}

/** Where an export says how it ended; one of the two is called, once. */
export interface RawEnd<T> {
  resolve(value: T): void;
  reject(failure: RawError | RawAbort): void;
}

export interface RawConfig {
  /** A profile of the core. */
  readonly backend: string;
  /** The profile's own when absent. */
  readonly baseUrl?: unknown;
  /** No key header when absent or null. */
  readonly apiKey?: unknown;
  /** The runtime's, looked up at each call, when absent. */
  readonly fetch?: unknown;
  /** What the façade calls its options, for the messages, where it has other names for them. */
  readonly names: {
    readonly baseUrl?: string;
    readonly attemptTimeoutMs?: string;
    readonly totalTimeoutMs?: string;
    readonly maxRetries?: string;
    readonly timeoutMs?: string;
    readonly intervalMs?: string;
  };
  /** What all waits of the client may spend together. */
  readonly pollsInFlight?: unknown;
  readonly pollsPerSecond?: unknown;
}

export interface RawCallOptions {
  readonly attemptTimeoutMs?: unknown;
  readonly totalTimeoutMs?: unknown;
  readonly maxRetries?: unknown;
  /** Sent with every attempt; made by Rust for a start when the backend honours it and none is given. */
  readonly idempotencyKey?: unknown;
  /** Final: defaults merged, removed ones left out, names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Names in lower case of headers that must not be sent although the operation has them. */
  readonly withoutHeaders?: readonly string[] | undefined;
  /** Query parameters that every request of the client carries; before the operation's own. */
  readonly defaultQuery?: unknown;
  /** Query parameters of this call; after the operation's own. */
  readonly query?: unknown;
  readonly signal?: unknown;
  /** Goes into the `RequestInit` as it is; method, headers, body, signal and redirect stay ours. */
  readonly fetchOptions?: unknown;
  /** Body of a raw request. */
  readonly body?: unknown;
  /** Hand the `Response` out with its body unread. */
  readonly raw?: boolean;
  /** The answer must have a `data` object. */
  readonly shaped?: boolean;
  /** What no error may show, besides the key. */
  readonly secret?: string | null | undefined;
  /** Told before each request. */
  readonly onRequest?: (event: RawRequestEvent) => void;
}

export interface RawWaitOptions extends RawCallOptions {
  /** Of the whole wait (of start and wait for `run`), milliseconds. */
  readonly timeoutMs?: unknown;
  /** Told when the status word changes, the first one included. */
  readonly onStatus?: unknown;
  /** Reject when the task fails; the default. */
  readonly throwOnFailure?: unknown;
  /** Ask at once and then at least this often, milliseconds; else at the usual pace. */
  readonly intervalMs?: unknown;
  /** Wait for a question of the agent as well. */
  readonly interaction?: boolean;
  /** A JSON Schema that the result must fit. */
  readonly schema?: unknown;
  /** What is waited for, when it is no task of the client's own wire: a word of the profile. */
  readonly watch?: string | undefined;
  /** Parameters of the status question. */
  readonly params?: unknown;
}

/** For logs: nothing in it is secret. */
export interface RawRequestEvent {
  readonly attempt: number;
  readonly method: string;
  readonly operation: string;
}

export interface RawAnswer {
  readonly data: unknown;
  readonly response: Response;
}

export interface RawOutcome {
  readonly id: string;
  readonly status: 'succeeded' | 'failed' | 'cancelled' | 'awaiting_input';
  /** The vendor's word. */
  readonly rawStatus: string;
  /** What the backend says of a task that has ended; always there when it succeeded. */
  readonly result?: unknown;
  /** Present when it failed. */
  readonly error?: string;
  /** What the agent asks. */
  readonly question?: string;
}

/** The closed set of error kinds; the core's own words. */
export type ErrorKind =
  | 'invalid_input'
  | 'api'
  | 'ambiguous_start'
  | 'connection'
  | 'timeout'
  | 'decode'
  | 'redirect'
  | 'wait_timeout'
  | 'task_failed'
  | 'result_mismatch'
  | 'internal'
  /** Only in the vendors' trees; the portable calls reject with the signal's reason itself. */
  | 'aborted';

/** What a call rejects with when it was not aborted: the core's error, with the live objects beside it. */
export interface RawError {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly operation: string;
  readonly backend: string;
  readonly attempts: number;
  readonly retryable: boolean;
  readonly status?: number;
  readonly requestId?: string;
  readonly retryAfterMs?: number;
  /** The beginning of the body, secrets taken out. */
  readonly body?: string;
  readonly field?: string;
  readonly causeKind?: ErrorKind;
  readonly idempotencyKey?: string;
  readonly taskId?: string;
  readonly observed?: ReadonlyArray<{ readonly status: string; readonly count: number }>;
  readonly issues?: ReadonlyArray<{ readonly path: string; readonly message: string }>;
  /** The server does not know what the call is about. */
  readonly notFound?: boolean;
  /** The body as JSON, when it is JSON, secrets taken out. */
  readonly parsed?: unknown;
  /** What was sent, when something was, secrets taken out of the address. */
  readonly request?: { readonly method: string; readonly url: string };
  /** Headers of the answer, when there was one. */
  readonly headers?: Headers;
  /** What the runtime threw. */
  readonly cause?: unknown;
  /** The result that does not fit its schema. */
  readonly result?: unknown;
}

/** What a call rejects with when its signal was aborted. */
export interface RawAbort {
  readonly aborted: true;
  /** It was a start, and it was on its way. */
  readonly maybeStarted: boolean;
  readonly reason: unknown;
}

/** What the generated module for credentials exports. */
export interface RawSeal {
  /** Encrypts the `data` of each item; tells `end` how it ended, before it returns. */
  seal(publicKeyPem: unknown, items: unknown, end: RawSealEnd): void;
}

/** One of the two is called, once. */
export interface RawSealEnd {
  resolve(sealed: string[]): void;
  reject(kind: RawSealFailure['kind'], message: string): void;
}

export interface RawSealFailure {
  readonly kind: 'invalid_input' | 'internal';
  readonly message: string;
}
