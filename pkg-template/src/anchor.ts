/**
 * `taskwright/anchor`: a replacement for `anchorbrowser` 0.16.
 *
 * @packageDocumentation
 */

export { APIPromise } from './anchor/api-promise.js';
// `require()` gives the module's exports; the vendor's CommonJS build gives the class. Node takes the
// export of this name for it, so that both `import` and `require` work as they did.
export {
  Anchorbrowser,
  Anchorbrowser as default,
  Anchorbrowser as 'module.exports',
} from './anchor/client.js';
export {
  AmbiguousStartError,
  AmbiguousStartTimeoutError,
  AnchorbrowserError,
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIRedirectError,
  APIResponseError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  InvalidParameterError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from './anchor/errors.js';
export type { HeadersLike } from './anchor/headers.js';
export type { Logger, LogLevel } from './anchor/log.js';
export type {
  ClientOptions,
  Fetch,
  FetchOptions,
  FinalRequestOptions,
  HTTPMethod,
  PromiseOrValue,
  RequestOptions,
} from './anchor/options.js';
export type { SessionCreateParams } from './anchor/resources/session-params.js';
export type {
  All,
  AllStatusResponse,
  SessionCreateResponse,
  SessionGotoParams,
  SessionGotoResponse,
  SessionRetrieveResponse,
  Sessions,
  SuccessResponse,
} from './anchor/resources/sessions.js';
export type {
  ToolFetchWebpageParams,
  ToolFetchWebpageResponse,
  ToolGetPerformWebTaskStatusResponse,
  ToolPerformWebTaskFinished,
  ToolPerformWebTaskParams,
  ToolPerformWebTaskResponse,
  ToolPerformWebTaskStarted,
  ToolScreenshotWebpageParams,
  Tools,
} from './anchor/resources/tools.js';
export type { ErrorKind } from './errors.js';
