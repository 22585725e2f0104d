import { isTaskwrightError } from '../errors.js';
import type { CallOptions, Calls } from './calls.js';
import { type AsteroidAPIError, checkMs, listIn, MAX_TIMER_MS } from './errors.js';
import { executionStatus } from './executions.js';
import type { ExecutionActivity } from './types.js';

/** Options of `activities`. */
export interface ActivitiesOptions extends CallOptions {
  /**
   * How often to look while nothing new comes; milliseconds.
   *
   * @default 1000
   */
  interval?: number | undefined;
}

const TERMINAL = new Set(['completed', 'failed', 'cancelled']);
/** How many of the newest are asked for; doubled until they reach back to what is known. */
const FEW = 50;
const MOST = 100_000;
/** How long looks may keep failing for a passing reason, milliseconds. */
const PATIENCE_MS = 300_000;

/** @internal The newest activities, newest first. */
export async function newestActivities(
  calls: Calls,
  executionId: string,
  n: number,
  options: CallOptions | undefined,
): Promise<ExecutionActivity[]> {
  const [operation, query] = ['getLastNExecutionActivities', { order: 'desc', limit: n }];
  return listIn(operation, await calls.call<ExecutionActivity[]>(operation, [executionId], query, options));
}

/**
 * @internal Everything that happens in an execution, oldest first, each activity once, until it has ended. The service has no cursor: the
 * newest are fetched again and again, more of them when they do not reach back to what has been seen.
 */
export async function* follow(
  calls: Calls,
  executionId: string,
  options: ActivitiesOptions | undefined,
): AsyncGenerator<ExecutionActivity, void, undefined> {
  const interval = options?.interval ?? 1_000;
  checkMs('interval', interval);
  const seen = new Set<string>();
  let failingSince: number | undefined;
  for (;;) {
    let toldMs = 0;
    try {
      // First the status, then the activities: what happened before the end is then among them.
      const { status } = await executionStatus(calls, executionId, options);
      for (const activity of await unseen(calls, executionId, seen, options)) {
        seen.add(activity.id);
        yield activity;
      }
      failingSince = undefined;
      if (TERMINAL.has(status)) return;
    } catch (error) {
      failingSince ??= Date.now();
      const passes = isTaskwrightError(error) && error.retryable && Date.now() - failingSince < PATIENCE_MS;
      if (!passes) throw error;
      toldMs = (error as AsteroidAPIError).retryAfterMs ?? 0;
    }
    await pause(Math.max(interval, toldMs), options?.signal);
  }
}

/** What has not been seen yet, oldest first. */
async function unseen(
  calls: Calls,
  executionId: string,
  seen: ReadonlySet<string>,
  options: CallOptions | undefined,
): Promise<ExecutionActivity[]> {
  // Fewer than asked for may be all, or all that the service gives at once: asking for more tells.
  let before = -1;
  for (let limit = FEW; ; limit *= 2) {
    const newest = await newestActivities(calls, executionId, limit, options);
    const isWhole = newest.length === before || newest.some(({ id }) => seen.has(id)) || limit >= MOST;
    if (isWhole) return newest.filter(({ id }) => !seen.has(id)).reverse();
    before = newest.length;
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      },
      Math.min(ms, MAX_TIMER_MS),
    );
    signal?.addEventListener('abort', stop, { once: true });
  });
}
