import { Engine } from '../internal/engine.js';
import type { RawAnswer, RawCallOptions, RawOutcome, RawWaitOptions } from '../internal/raw.js';
import { answerError, invalid, toAsteroidError } from './errors.js';

/** Options of `new AsteroidClient(options)`. */
export interface AsteroidClientOptions {
  /** The key. It goes to the origin of `baseUrl` only and appears in no error. */
  apiKey?: string | undefined;
  /**
   * Where the service is. `/api/v1` and `/agents/v2` may stand at its end and need not.
   *
   * @default 'https://odyssey.asteroid.ai'
   */
  baseUrl?: string | undefined;
  /**
   * How long one attempt may take, from connecting to the parsed answer; milliseconds. Uploads and downloads have
   * limits of their own.
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
  /** Headers of every request to the service. */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Which version of the API is spoken where there are two. Left out, executions go through version 2, as the service
   * wants it today, and profiles through version 1, which is the one that takes encrypted credentials.
   */
  apiVersion?: 'v1' | 'v2' | undefined;
}

/** Options of every call. */
export interface CallOptions {
  /** Rejects the call with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** How long one attempt may take; milliseconds. */
  timeoutMs?: number | undefined;
  /** How long the call may take with its retries; milliseconds. */
  totalTimeoutMs?: number | undefined;
  /** How often the request may be sent again. */
  maxRetries?: number | undefined;
  /** Headers of this call. */
  headers?: Readonly<Record<string, string>> | undefined;
}

const TIMEOUT_MS = 60_000;
const NAMES = {
  attemptTimeoutMs: 'timeoutMs',
  timeoutMs: 'timeout',
  intervalMs: 'interval',
} as const;

/** @internal What the parts of a client make their calls with. */
export class Calls {
  readonly options: AsteroidClientOptions;
  readonly #engine: Engine;

  constructor(options: AsteroidClientOptions) {
    if (options === null || typeof options !== 'object') {
      throw invalid('options', 'takes an object');
    }
    const { apiVersion, baseUrl, apiKey, fetch } = options;
    if (![undefined, 'v1', 'v2'].includes(apiVersion)) {
      throw invalid('apiVersion', `takes "v1" or "v2", got ${JSON.stringify(apiVersion)}`);
    }
    this.options = { ...options };
    const backend = apiVersion === 'v1' ? 'asteroid-v1' : 'asteroid-v2';
    this.#engine = new Engine(
      { backend, baseUrl, apiKey, fetch, names: NAMES },
      { error: toAsteroidError, abort: (reason) => reason },
    );
  }

  /** Whether executions go through version 1. */
  get isV1(): boolean {
    return this.options.apiVersion === 'v1';
  }

  /** Whether profiles go through version 2. */
  get hasV2Profiles(): boolean {
    return this.options.apiVersion === 'v2';
  }

  /** The operation on profiles in the version that they go through. */
  profileRow(name: string): string {
    return this.hasV2Profiles ? name : `v1.${name}`;
  }

  /** The parsed answer of one operation. */
  async call<T>(
    operation: string,
    ids: readonly unknown[],
    params?: unknown,
    options?: CallOptions,
    more?: RawCallOptions,
  ): Promise<T> {
    const raw: RawCallOptions = { ...this.#raw(options), ...more };
    const { data }: RawAnswer = await this.#engine.call(operation, ids, params, raw);
    // Starts say themselves what an answer without an id means.
    const answer = data ?? (/delete|add|upload|execute|rerun/i.test(operation) ? {} : undefined);
    if (answer === undefined) throw answerError(operation, 'the answer has nothing', { kind: 'decode' });
    return answer as T;
  }

  /** Waits for an execution. */
  wait(executionId: unknown, options: CallOptions | undefined, more: RawWaitOptions): Promise<RawOutcome> {
    return this.#engine.wait(executionId, {
      ...this.#raw(options),
      // A question of a wait has a limit of its own.
      attemptTimeoutMs: options?.timeoutMs ?? this.options.timeoutMs,
      ...more,
      throwOnFailure: false,
    });
  }

  #raw(options: CallOptions | undefined): RawCallOptions {
    const client = this.options;
    return {
      signal: options?.signal,
      attemptTimeoutMs: options?.timeoutMs ?? client.timeoutMs ?? TIMEOUT_MS,
      totalTimeoutMs: options?.totalTimeoutMs,
      maxRetries: options?.maxRetries ?? client.maxRetries,
      headers: merged(client.headers, options?.headers),
    };
  }
}

/** Headers with names in lower case; later ones win. */
function merged(...all: Array<CallOptions['headers']>): Record<string, string> {
  const pairs = all.flatMap((headers) => Object.entries(headers ?? {}));
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}
