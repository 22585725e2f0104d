import { TaskwrightError } from '../errors.js';
import type { ErrorKind, RawError } from '../internal/raw.js';

/**
 * The root of everything that a call of this client rejects with: a broken answer, a lost connection and
 * an abort included.
 */
export class AnchorbrowserError extends TaskwrightError {
  override name = 'AnchorbrowserError';
}

/** A parameter or an option cannot be used; nothing was sent. */
export class InvalidParameterError extends AnchorbrowserError {
  override name = 'InvalidParameterError';
  /** Which one, as the caller wrote it: `max_steps`, `secret_values.pin`, `timeout`. */
  declare readonly field: string;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.field = details.field ?? '';
  }
}

/**
 * The request failed: the service answered with an error status (then `status`, `headers` and `error` are
 * there), or there was no usable answer (then it is one of the subclasses without a status).
 *
 * Statuses without a class of their own (402, 405, 408, 413, ...) come as `APIError` itself.
 */
export class APIError<
  TStatus extends number | undefined = number | undefined,
  THeaders extends Headers | undefined = Headers | undefined,
  TError = unknown,
> extends AnchorbrowserError {
  override name = 'APIError';
  /** The HTTP status. */
  declare readonly status: TStatus;
  /** The answer's headers. */
  declare readonly headers: THeaders;
  /** The answer's body when it is JSON. Known secrets are taken out. */
  declare readonly error: TError;
  /**
   * Whether the call, which starts something, may have started it all the same: the message names what
   * can be checked before it is sent again. An aborted call says so too, once its request was on its way.
   */
  declare readonly maybeStarted: boolean;
  /** The pause that the service asked for, milliseconds. */
  declare readonly retryAfterMs: number | undefined;

  constructor(
    status: TStatus,
    error: TError,
    message: string | undefined,
    headers: THeaders,
    details?: Partial<RawError>,
  ) {
    super(details?.message ?? describe(status, error, message), details ?? { kind: 'api' });
    this.status = status;
    this.headers = headers;
    this.error = error;
    this.maybeStarted = details?.kind === 'ambiguous_start';
    this.retryAfterMs = details?.retryAfterMs;
  }
}

/** 400: the request is not what the service takes. */
export class BadRequestError extends APIError<400, Headers> {
  override name = 'BadRequestError';
}

/** 401: the key is missing or wrong. */
export class AuthenticationError extends APIError<401, Headers> {
  override name = 'AuthenticationError';
}

/** 403: the key may not do this. */
export class PermissionDeniedError extends APIError<403, Headers> {
  override name = 'PermissionDeniedError';
}

/** 404: no such session, task or endpoint. */
export class NotFoundError extends APIError<404, Headers> {
  override name = 'NotFoundError';
}

/** 409: the request contradicts the state of what it addresses. */
export class ConflictError extends APIError<409, Headers> {
  override name = 'ConflictError';
}

/** 422: the request is well formed and cannot be carried out. */
export class UnprocessableEntityError extends APIError<422, Headers> {
  override name = 'UnprocessableEntityError';
}

/** 429: too many requests. */
export class RateLimitError extends APIError<429, Headers> {
  override name = 'RateLimitError';
}

/** 500 and above: the service failed. */
export class InternalServerError extends APIError<number, Headers> {
  override name = 'InternalServerError';
}

/** A success whose body is not what its content type says, for example broken JSON. `cause` is the parser's error. */
export class APIResponseError extends APIError<number, Headers> {
  override name = 'APIResponseError';
}

/** No connection, or it broke. `cause` is what the runtime threw. */
export class APIConnectionError extends APIError<undefined, undefined, undefined> {
  override name = 'APIConnectionError';

  constructor(init: { message?: string | undefined; cause?: unknown } = {}, details?: Partial<RawError>) {
    const own = { kind: 'connection', ...('cause' in init && { cause: init.cause }) } as const;
    super(undefined, undefined, init.message ?? 'connection error', undefined, details ?? own);
  }
}

/** A time limit passed before the full answer was there. */
export class APIConnectionTimeoutError extends APIConnectionError {
  override name = 'APIConnectionTimeoutError';

  constructor(init: { message?: string | undefined } = {}, details?: Partial<RawError>) {
    super({ message: init.message ?? 'request timed out' }, details ?? { kind: 'timeout' });
  }
}

/** The service redirects to another origin; neither the request nor the key followed. */
export class APIRedirectError extends APIConnectionError {
  override name = 'APIRedirectError';
}

/**
 * The connection broke while something was being started, so nobody can know whether it was. It was not
 * sent again. Its sibling for time limits is {@link AmbiguousStartTimeoutError}; `maybeStarted` tells
 * both, and a 5xx answer of the same meaning.
 */
export class AmbiguousStartError extends APIConnectionError {
  override name = 'AmbiguousStartError';
  /** What lies underneath. */
  declare readonly causeKind: ErrorKind;

  constructor(init: { message?: string | undefined; cause?: unknown } = {}, details?: Partial<RawError>) {
    super(init, details);
    this.causeKind = details?.causeKind ?? 'connection';
  }
}

/** A time limit passed while something was being started, so nobody can know whether it was. */
export class AmbiguousStartTimeoutError extends APIConnectionTimeoutError {
  override name = 'AmbiguousStartTimeoutError';
  /** What lies underneath. */
  readonly causeKind: ErrorKind = 'timeout';
}

/** The call's `signal` was aborted. `cause` is the signal's reason. */
export class APIUserAbortError extends APIError<undefined, undefined, undefined> {
  override name = 'APIUserAbortError';

  override readonly maybeStarted: boolean;

  constructor(init: { message?: string | undefined; cause?: unknown; maybeStarted?: boolean } = {}) {
    const details = { kind: 'aborted', ...('cause' in init && { cause: init.cause }) } as const;
    super(undefined, undefined, init.message ?? 'the request was aborted', undefined, details);
    this.maybeStarted = init.maybeStarted ?? false;
  }
}

type StatusError = new (
  status: number,
  error: unknown,
  message: string | undefined,
  headers: Headers,
  details: RawError,
) => APIError;

const BY_STATUS: Readonly<Record<number, StatusError>> = {
  400: BadRequestError as StatusError,
  401: AuthenticationError as StatusError,
  403: PermissionDeniedError as StatusError,
  404: NotFoundError as StatusError,
  409: ConflictError as StatusError,
  422: UnprocessableEntityError as StatusError,
  429: RateLimitError as StatusError,
};

/** @internal The error of this client for a record of the core. */
export function toAnchorbrowserError(details: RawError): AnchorbrowserError {
  const isAmbiguous = details.kind === 'ambiguous_start';
  // The class says what happened; that it may have started something is a property of each.
  switch (isAmbiguous ? details.causeKind : details.kind) {
    case 'api':
      return withStatus(statusClass(details.status ?? 0), details);
    case 'decode':
      return withStatus(APIResponseError, details);
    case 'connection':
      return new (isAmbiguous ? AmbiguousStartError : APIConnectionError)({}, details);
    case 'timeout':
      return new (isAmbiguous ? AmbiguousStartTimeoutError : APIConnectionTimeoutError)({}, details);
    case 'redirect':
      return new APIRedirectError({}, details);
    case 'invalid_input':
      return new InvalidParameterError(details.message, details);
    default:
      return new AnchorbrowserError(details.message, details);
  }
}

/** @internal `error` as an error of this client, whatever it is: nothing escapes the tree. */
export function contained(error: unknown): AnchorbrowserError {
  if (error instanceof AnchorbrowserError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AnchorbrowserError(message, { kind: 'internal', cause: error });
}

function statusClass(status: number): StatusError {
  return BY_STATUS[status] ?? ((status >= 500 ? InternalServerError : APIError) as StatusError);
}

function withStatus(Class: StatusError, details: RawError): APIError {
  return new Class(
    details.status ?? 0,
    details.parsed,
    details.message,
    details.headers ?? new Headers(),
    details,
  );
}

/** The message of an error that a user's own code makes, for example in a test. */
function describe(status: number | undefined, error: unknown, message: string | undefined): string {
  const text = message ?? (error === undefined ? undefined : JSON.stringify(error));
  if (status === undefined) return text ?? 'the request failed';
  return `${status} ${text ?? 'status code (no body)'}`;
}
