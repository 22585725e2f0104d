import type { OutputSchema } from './schema.js';
import { Taskwright } from './taskwright.js';
import type {
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

/**
 * The methods of {@link Taskwright} as functions, on a client that is made from the environment when the
 * first of them is called.
 */

let client: Taskwright | undefined;

function defaultClient(): Taskwright {
  client ??= new Taskwright();
  return client;
}

/** {@link Taskwright.performWebTask} of the default client. */
export function performWebTask(
  params: PerformWebTaskParams & { async: true },
  options?: CallOptions,
): Promise<WebTaskStarted>;
export function performWebTask<const Schema extends OutputSchema>(
  params: PerformWebTaskParams<Schema> & { async?: false },
  options?: CallOptions,
): Promise<WebTaskResult<Typed<Schema>>>;
export function performWebTask(
  params: PerformWebTaskParams,
  options?: CallOptions,
): Promise<WebTaskStarted | WebTaskResult>;
export function performWebTask(
  params: PerformWebTaskParams,
  options?: CallOptions,
): Promise<WebTaskStarted | WebTaskResult> {
  return defaultClient().performWebTask(params, options);
}

/** {@link Taskwright.getPerformWebTaskStatus} of the default client. */
export function getPerformWebTaskStatus(id: string, options?: CallOptions): Promise<WebTaskStatus> {
  return defaultClient().getPerformWebTaskStatus(id, options);
}

/** {@link Taskwright.waitForWebTask} of the default client. */
export function waitForWebTask<const Schema extends OutputSchema>(
  id: string,
  options?: WaitForWebTaskOptions<Schema> & { throwOnFailure?: true },
): Promise<Extract<WebTaskOutcome<Typed<Schema>>, { status: 'succeeded' }>>;
export function waitForWebTask<const Schema extends OutputSchema>(
  id: string,
  options: WaitForWebTaskOptions<Schema>,
): Promise<WebTaskOutcome<Typed<Schema>>>;
export function waitForWebTask(id: string, options: WaitForWebTaskOptions = {}): Promise<WebTaskOutcome> {
  return defaultClient().waitForWebTask(id, options);
}

/** {@link Taskwright.runWebTask} of the default client. */
export function runWebTask<const Schema extends OutputSchema>(
  params: WebTaskParams<Schema>,
  options?: RunWebTaskOptions,
): Promise<Typed<Schema>> {
  return defaultClient().runWebTask(params, options);
}
