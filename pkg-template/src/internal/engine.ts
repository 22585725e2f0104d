import { TaskwrightError } from '../errors.js';
import { guarded, moduleGeneration, rawModule } from './module.js';
import type {
  RawAbort,
  RawAnswer,
  RawCallOptions,
  RawClient,
  RawConfig,
  RawEnd,
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
 * One client of the core, made on first use. Errors are made here, in an `async` function (`#told`) that the user's
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
  call(
    operation: string,
    ids: readonly unknown[],
    params: unknown,
    options: RawCallOptions,
  ): Promise<RawAnswer> {
    return this.#begin((client, end) => client.call(operation, ids, params, options, end));
  }

  /** Sends a request that no operation describes. */
  request(method: string, path: string, options: RawCallOptions): Promise<RawAnswer> {
    return this.#begin((client, end) => client.request(method, path, options, end));
  }

  /** Waits for a task. */
  wait(id: unknown, options: RawWaitOptions): Promise<RawOutcome> {
    return this.#begin((client, end) => client.wait(id, options, end));
  }

  /** Starts a task and waits for it. */
  run(params: unknown, options: RawWaitOptions): Promise<RawOutcome> {
    return this.#begin((client, end) => client.run(params, options, end));
  }

  /** `work` is let go of once it has begun: what is handed over is not held for the length of a wait. */
  #begin<T>(work: (client: RawClient, end: RawEnd<T>) => void): Promise<T> {
    const client = this.#atHand();
    const ended =
      client === undefined
        ? this.#ready().then((made) => guarded<T>((end) => work(made, end)))
        : guarded<T>((end) => work(client, end));
    return this.#told(ended);
  }

  async #told<T>(ended: Promise<T>): Promise<T> {
    try {
      return await ended;
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
