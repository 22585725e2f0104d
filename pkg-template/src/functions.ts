import { Taskwright } from './taskwright.js';
import type { CallOptions, PerformWebTaskParams, WaitForWebTaskOptions } from './web-task.js';

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
export const performWebTask = ((params: PerformWebTaskParams, options?: CallOptions) =>
  defaultClient().performWebTask(params, options)) as Taskwright['performWebTask'];

/** {@link Taskwright.getPerformWebTaskStatus} of the default client. */
export const getPerformWebTaskStatus: Taskwright['getPerformWebTaskStatus'] = (id, options) =>
  defaultClient().getPerformWebTaskStatus(id, options);

/** {@link Taskwright.waitForWebTask} of the default client. */
export const waitForWebTask = ((id: string, options: WaitForWebTaskOptions = {}) =>
  defaultClient().waitForWebTask(id, options)) as Taskwright['waitForWebTask'];

/** {@link Taskwright.runWebTask} of the default client. */
export const runWebTask: Taskwright['runWebTask'] = (params, options) =>
  defaultClient().runWebTask(params, options);
