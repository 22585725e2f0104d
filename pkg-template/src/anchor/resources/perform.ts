import type { APIPromise } from '../api-promise.js';
import type { RequestOptions } from '../options.js';

/** @internal Carries out an operation of the core's table; `ids` fill the places of its path. */
export type Perform = <T>(
  operation: string,
  ids: readonly unknown[],
  params: unknown,
  options: RequestOptions | undefined,
) => APIPromise<T>;
