import { TaskwrightError } from '../errors.js';
import { guarded, moduleGeneration, rawModule } from './module.js';
import type {
  RawAbort,
  RawAnswer,
  RawCallOptions,
  RawClient,
  RawConfig,
  RawError,
  RawOutcome,
  RawWaitOptions,
} from './raw.js';

/** How a façade shows failures: each vendor has its own classes, one core decides what happened. */
export interface Failures {
  /** The error for a record of the core. */
  error(details: RawError): Error;
  /** What an aborted call rejects with. */
  abort(reason: unknown, maybeStarted: boolean): unknown;
}

/**
 * One client of the core, made on first use. Errors are made here, in an `async` function that the user's
 * own `await` leads to, because only then does their stack show the user's frames.
 */
export class Engine {
  readonly #config: RawConfig;
  readonly #failures: Failures;
  #client: RawClient | undefined;
  #generation = -1;

  constructor(config: RawConfig, failures: Failures) {
    this.#config = config;
    this.#failures = failures;
  }

  /** Calls an operation by its name. */
  async call(
    operation: string,
    ids: readonly unknown[],
    params: unknown,
    options: RawCallOptions,
  ): Promise<RawAnswer> {
    try {
      const client = this.#atHand() ?? (await this.#ready());
      return await guarded((...end) => client.call(operation, ids, params, options, ...end));
    } catch (failure) {
      throw this.#failure(failure);
    }
  }

  /** Sends a request that no operation describes. */
  async request(method: string, path: string, options: RawCallOptions): Promise<RawAnswer> {
    try {
      const client = this.#atHand() ?? (await this.#ready());
      return await guarded((...end) => client.request(method, path, options, ...end));
    } catch (failure) {
      throw this.#failure(failure);
    }
  }

  /** Waits for a task. */
  async wait(id: unknown, options: RawWaitOptions): Promise<RawOutcome> {
    try {
      const client = this.#atHand() ?? (await this.#ready());
      return await guarded((...end) => client.wait(id, options, ...end));
    } catch (failure) {
      throw this.#failure(failure);
    }
  }

  /** Starts a task and waits for it. */
  async run(params: unknown, options: RawWaitOptions): Promise<RawOutcome> {
    try {
      const client = this.#atHand() ?? (await this.#ready());
      return await guarded((...end) => client.run(params, options, ...end));
    } catch (failure) {
      throw this.#failure(failure);
    }
  }

  /** The client, unless it is to be made: on the first call, and after a panic. */
  #atHand(): RawClient | undefined {
    return this.#generation === moduleGeneration() ? this.#client : undefined;
  }

  async #ready(): Promise<RawClient> {
    const { RawClient } = await rawModule();
    const known = this.#atHand();
    if (known !== undefined) return known;
    const client = new RawClient(this.#config);
    this.#client = client;
    this.#generation = moduleGeneration();
    return client;
  }

  #failure(failure: unknown): unknown {
    if (failure instanceof TaskwrightError) return failure;
    if (isAbort(failure)) return this.#failures.abort(failure.reason, failure.maybeStarted);
    if (isRecord(failure)) return this.#failures.error(failure);
    return failure;
  }
}

function isAbort(failure: unknown): failure is RawAbort {
  return typeof failure === 'object' && failure !== null && 'aborted' in failure;
}

function isRecord(failure: unknown): failure is RawError {
  return (
    typeof failure === 'object' &&
    failure !== null &&
    !(failure instanceof Error) &&
    'kind' in failure &&
    'message' in failure
  );
}
