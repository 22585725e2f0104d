import { InvalidInputError, toTaskwrightError } from './errors.js';
import { Engine } from './internal/engine.js';
import { environment } from './internal/environment.js';
import type { RawCallOptions, RawWaitOptions } from './internal/raw.js';
import { applyStandard, type OutputSchema, type PreparedSchema, prepareSchema } from './schema.js';
import type {
  CallHeaders,
  CallOptions,
  PerformWebTaskParams,
  RunWebTaskOptions,
  Typed,
  WaitForWebTaskOptions,
  WebTaskOutcome,
  WebTaskParams,
  WebTaskResult,
  WebTaskStarted,
  WebTaskStatus,
} from './web-task.js';

/** A synchronous task answers when it is done, so one request may take long. */
const ATTEMPT_TIMEOUT_MS = 1_200_000;

/** Options of `new Taskwright(options)`. */
export interface TaskwrightOptions {
  /**
   * Which service to speak to: Taskwright's own server on this machine, or Anchor Browser's cloud.
   *
   * @default 'local'
   */
  backend?: 'local' | 'anchor' | undefined;
  /**
   * Where it is; a path prefix is kept.
   *
   * @default for `local` the environment variable TASKWRIGHT_BASE_URL, else `http://127.0.0.1:8723`;
   *   for `anchor` ANCHORBROWSER_BASE_URL, else `https://api.anchorbrowser.io`
   */
  baseUrl?: string | undefined;
  /**
   * The key. It goes to the origin of `baseUrl` only and appears in no error and no log.
   *
   * @default for `local` the environment variable TASKWRIGHT_API_KEY, for `anchor` ANCHORBROWSER_API_KEY; else none
   */
  apiKey?: string | undefined;
  /**
   * Used instead of the runtime's `fetch`.
   *
   * @default `globalThis.fetch`, looked up at each request
   */
  fetch?: ((url: string, init?: RequestInit) => Promise<Response>) | undefined;
  /** Headers of every request. */
  headers?: CallHeaders | undefined;
  /** The default of the calls' `attemptTimeoutMs`. */
  attemptTimeoutMs?: number | undefined;
  /** The default of the calls' `maxRetries`. */
  maxRetries?: number | undefined;
  /**
   * Status requests of all waits of this client that may be under way at once.
   *
   * @default 32
   */
  pollsInFlight?: number | undefined;
  /**
   * Status requests a second of all waits of this client.
   *
   * @default 2000 for `local`, 300 for `anchor`
   */
  pollsPerSecond?: number | undefined;
}

/**
 * A client of one backend. Making one does nothing yet; a configuration that cannot be used rejects the
 * first call.
 *
 * @example
 * ```ts
 * const client = new Taskwright({ baseUrl: 'http://127.0.0.1:8723' });
 * const heading = await client.runWebTask({ prompt: 'Extract the main heading', url: 'https://example.com' });
 * ```
 */
export class Taskwright {
  readonly #engine: Engine;
  readonly #options: TaskwrightOptions;

  constructor(options: TaskwrightOptions = {}) {
    this.#options = options ?? {};
    const { backend = 'local', fetch, pollsInFlight, pollsPerSecond, baseUrl, apiKey } = this.#options;
    const prefix = backend === 'anchor' ? 'ANCHORBROWSER' : 'TASKWRIGHT';
    this.#engine = new Engine(
      {
        backend,
        baseUrl: baseUrl ?? environment(`${prefix}_BASE_URL`),
        apiKey: apiKey ?? environment(`${prefix}_API_KEY`),
        fetch,
        pollsInFlight,
        pollsPerSecond,
        names: {},
      },
      { error: toTaskwrightError, abort: (reason) => reason },
    );
  }

  /** The same client with some options changed. */
  withOptions(options: TaskwrightOptions): Taskwright {
    return new Taskwright({ ...this.#options, ...options });
  }

  /**
   * Performs a task: `POST /v1/tools/perform-web-task`. With `async: true` it answers at once with the
   * task's id, else when the task has ended. The answer is the backend's own: it is not checked against
   * `output_schema`; {@link Taskwright.runWebTask} does that.
   *
   * @throws {@link InvalidInputError} before anything is sent, when a parameter cannot be used
   * @throws {@link AmbiguousStartError} when nobody can know whether the task was started
   * @throws {@link ApiError}, {@link ConnectionError}, {@link TimeoutError} otherwise
   */
  performWebTask(
    params: PerformWebTaskParams & { async: true },
    options?: CallOptions,
  ): Promise<WebTaskStarted>;
  performWebTask(
    params: PerformWebTaskParams & { async?: false },
    options?: CallOptions,
  ): Promise<WebTaskResult>;
  performWebTask(
    params: PerformWebTaskParams,
    options?: CallOptions,
  ): Promise<WebTaskStarted | WebTaskResult>;
  async performWebTask(
    params: PerformWebTaskParams,
    options?: CallOptions,
  ): Promise<WebTaskStarted | WebTaskResult> {
    const { json } = prepareSchema('output_schema', params?.output_schema);
    const raw = { ...this.#callOptions(options), shaped: true };
    const { data } = await this.#engine.call('tools.performWebTask', [], withSchema(params, json), raw);
    return data as WebTaskStarted | WebTaskResult;
  }

  /**
   * Asks how a task stands: `GET /v1/tools/perform-web-task/{workflowId}/status`.
   *
   * @throws {@link ApiError} with status 404 when the backend does not know the id
   */
  async getPerformWebTaskStatus(id: string, options?: CallOptions): Promise<WebTaskStatus> {
    const raw = { ...this.#callOptions(options), shaped: true };
    const { data } = await this.#engine.call('tools.getPerformWebTaskStatus', [id], undefined, raw);
    return data as WebTaskStatus;
  }

  /**
   * Waits until a task has ended, however long it takes. All waits of a client share one schedule: each task
   * is asked about often at first and more seldom as it takes longer, within the client's request budget. A
   * request that fails for a passing reason does not end the wait.
   *
   * @returns the outcome; only with `throwOnFailure: false` can it be a failure
   * @throws {@link TaskFailedError} when the task failed
   * @throws {@link WaitTimeoutError} after `timeoutMs`; the task goes on
   * @throws {@link ResultMismatchError} when the result does not fit `outputSchema`
   */
  waitForWebTask<const Schema extends OutputSchema>(
    id: string,
    options?: WaitForWebTaskOptions<Schema> & { throwOnFailure?: true },
  ): Promise<Extract<WebTaskOutcome<Typed<Schema>>, { status: 'succeeded' }>>;
  waitForWebTask<const Schema extends OutputSchema>(
    id: string,
    options: WaitForWebTaskOptions<Schema>,
  ): Promise<WebTaskOutcome<Typed<Schema>>>;
  async waitForWebTask(id: string, options?: WaitForWebTaskOptions): Promise<WebTaskOutcome> {
    const schema = prepareSchema('outputSchema', options?.outputSchema);
    const outcome = await this.#engine.wait(id, this.#waitOptions(options, schema, options?.throwOnFailure));
    return await typed(outcome as WebTaskOutcome, schema);
  }

  /**
   * Starts a task, waits for its end and gives its result, checked against `output_schema` and typed by it.
   * There is no limit of minutes as for a single long request: the task runs as long as it runs.
   *
   * @throws what {@link Taskwright.performWebTask} and {@link Taskwright.waitForWebTask} throw
   */
  async runWebTask<const Schema extends OutputSchema>(
    params: WebTaskParams<Schema>,
    options?: RunWebTaskOptions,
  ): Promise<Typed<Schema>> {
    const schema = prepareSchema('output_schema', params?.output_schema);
    const raw = this.#waitOptions(options, schema);
    const outcome = await this.#engine.run(withSchema(params, schema.json), raw);
    const ended = await typed(outcome as WebTaskOutcome, schema);
    return (ended.status === 'succeeded' ? ended.result : undefined) as Typed<Schema>;
  }

  /** Picks what is an option: what else is on the object is not the core's business. */
  #callOptions(options: CallOptions | undefined): RawCallOptions {
    const client = this.#options;
    return {
      signal: options?.signal,
      attemptTimeoutMs: options?.attemptTimeoutMs ?? client.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS,
      totalTimeoutMs: options?.totalTimeoutMs,
      maxRetries: options?.maxRetries ?? client.maxRetries,
      idempotencyKey: options?.idempotencyKey,
      headers: lowerCased(client.headers, options?.headers),
    };
  }

  /** Written out: in Node an object that is spread into another weighs three times as much, and each wait has one. */
  #waitOptions(
    options: WaitForWebTaskOptions | undefined,
    schema: PreparedSchema,
    throwOnFailure?: unknown,
  ): RawWaitOptions {
    const client = this.#options;
    return {
      signal: options?.signal,
      // A question of a wait has a shorter limit of its own.
      attemptTimeoutMs: options?.attemptTimeoutMs ?? client.attemptTimeoutMs,
      totalTimeoutMs: undefined,
      maxRetries: options?.maxRetries ?? client.maxRetries,
      idempotencyKey: options?.idempotencyKey,
      headers: lowerCased(client.headers, options?.headers),
      timeoutMs: options?.timeoutMs,
      onStatus: options?.onStatus,
      throwOnFailure,
      // A Standard Schema checks more than its JSON Schema can say, and transforms: it has the last word alone.
      schema: schema.standard ? undefined : schema.json,
    };
  }
}

/** A copy, because the request is written a moment later and the caller may use its object again. */
function withSchema(params: WebTaskParams, json: unknown): unknown {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return params;
  return json === undefined ? { ...params } : { ...params, output_schema: json };
}

async function typed(outcome: WebTaskOutcome, schema: PreparedSchema): Promise<WebTaskOutcome> {
  if (outcome.status !== 'succeeded' || schema.standard === undefined) return outcome;
  return { ...outcome, result: await applyStandard(schema.standard, outcome.id, outcome.result) };
}

/** Headers with names in lower case; later ones win. `Headers` and maps are taken as well. */
function lowerCased(...all: Array<CallHeaders | undefined>): Record<string, string> | undefined {
  let merged: Record<string, string> | undefined;
  for (const headers of all) {
    if (headers === undefined || headers === null) continue;
    merged ??= {};
    if (typeof headers !== 'object') throw badHeaders(`got a ${typeof headers}`);
    for (const pair of Symbol.iterator in headers ? headers : Object.entries(headers)) {
      if (!Array.isArray(pair) || pair.length !== 2) throw badHeaders('got something else in it');
      merged[String(pair[0]).toLowerCase()] = pair[1];
    }
  }
  return merged;
}

function badHeaders(got: string): InvalidInputError {
  const message = `"headers" takes an object, a Headers or pairs of name and value, ${got}`;
  return new InvalidInputError(message, { kind: 'invalid_input', field: 'headers' });
}
