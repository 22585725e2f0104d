/**
 * Taskwright runs agentic web tasks: start one, follow it, wait for it, fan many out with `Promise.all`.
 *
 * @packageDocumentation
 */
export {
  AmbiguousStartError,
  ApiError,
  ConnectionError,
  DecodeError,
  type ErrorKind,
  InternalError,
  InvalidInputError,
  isTaskwrightError,
  RedirectError,
  ResultMismatchError,
  TaskFailedError,
  TaskwrightError,
  TimeoutError,
  WaitTimeoutError,
} from './errors.js';
export { getPerformWebTaskStatus, performWebTask, runWebTask, waitForWebTask } from './functions.js';
export type { FromJsonSchema, JsonSchema, OutputSchema, ResultOf, StandardSchema } from './schema.js';
export { Taskwright, type TaskwrightOptions } from './taskwright.js';
export type {
  CallHeaders,
  CallOptions,
  PerformWebTaskParams,
  RunWebTaskOptions,
  StatusChange,
  TaskStatus,
  Typed,
  WaitForWebTaskOptions,
  WebTaskOutcome,
  WebTaskParams,
  WebTaskResult,
  WebTaskStarted,
  WebTaskStatus,
} from './web-task.js';
