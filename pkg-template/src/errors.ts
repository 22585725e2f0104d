import type { ErrorKind, RawError } from './internal/raw.js';

export type { ErrorKind };

/**
 * The root of every error that Taskwright throws; the vendors' own error classes extend it too.
 *
 * Act on `kind` or on the subclass; `name` is a literal, so that {@link isTaskwrightError} also works
 * across copies of the package.
 */
export class TaskwrightError extends Error {
  override name = 'TaskwrightError';
  /** What a caller can act on. */
  declare readonly kind: ErrorKind;
  /** The operation, for example `tools.performWebTask`; empty when no call was under way. */
  declare readonly operation: string;
  /** The backend, for example `local`. */
  declare readonly backend: string;
  /** Requests that were sent. */
  declare readonly attempts: number;
  /** Whether the same call may succeed later and does no harm. */
  declare readonly retryable: boolean;
  /** The server's id of the last request. */
  declare readonly requestId: string | undefined;
  /** The task that was waited for; it goes on unless it has ended. */
  declare readonly taskId: string | undefined;

  constructor(message: string, details?: Partial<RawError>) {
    super(message, details && 'cause' in details ? { cause: details.cause } : undefined);
    this.kind = details?.kind ?? 'internal';
    this.operation = details?.operation ?? '';
    this.backend = details?.backend ?? '';
    this.attempts = details?.attempts ?? 0;
    this.retryable = details?.retryable ?? false;
    this.requestId = details?.requestId;
    this.taskId = details?.taskId;
  }

  /** For logs as JSON: everything but the stack and the cause. */
  toJSON(): Record<string, unknown> {
    return Object.assign({} as Record<string, unknown>, this, { name: this.name, message: this.message });
  }
}

/** An error of a client that keeps the vendor's names: what the service answered, if it did. */
export class AnswerError extends TaskwrightError {
  /** The HTTP status. */
  declare readonly status: number | undefined;
  /** The answer's headers. */
  declare readonly headers: Headers | undefined;
  /** The answer's body: parsed when it is JSON, else its text. Known secrets are taken out. */
  declare readonly body: unknown;
  /** The pause that the service asked for, milliseconds. */
  declare readonly retryAfterMs: number | undefined;

  constructor(message: string, details?: Partial<RawError>) {
    super(message, details);
    this.status = details?.status;
    this.headers = details?.headers;
    this.body = details?.parsed ?? details?.body;
    this.retryAfterMs = details?.retryAfterMs;
  }
}

/** A parameter or an option cannot be used; nothing was sent. */
export class InvalidInputError extends TaskwrightError {
  override name = 'InvalidInputError';
  /** Which one, as the caller wrote it: `max_steps`, `secret_values.pin`. */
  declare readonly field: string;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.field = details.field ?? '';
  }
}

/** The server answered with an error status. */
export class ApiError extends TaskwrightError {
  override name = 'ApiError';
  /** The HTTP status. */
  declare readonly status: number;
  /** The answer's headers. */
  declare readonly headers: Headers;
  /** The answer's body: parsed when it is JSON, else its text. Known secrets are taken out. */
  declare readonly body: unknown;
  /** The pause that the server asked for, milliseconds. */
  declare readonly retryAfterMs: number | undefined;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.status = details.status ?? 0;
    this.headers = details.headers ?? new Headers();
    this.body = details.parsed ?? details.body;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/**
 * Nobody can know whether the task was started: the connection broke, the time ran out or the server
 * failed after the request had left. It was not sent again; the message names what can be checked.
 */
export class AmbiguousStartError extends TaskwrightError {
  override name = 'AmbiguousStartError';
  /** The HTTP status, when there was an answer. */
  declare readonly status: number | undefined;
  /** What lies underneath: `connection`, `timeout`, `decode` or `api`. */
  declare readonly causeKind: ErrorKind;
  /** Pass it as `idempotencyKey` to call again without starting the task twice; absent where the backend takes none. */
  declare readonly idempotencyKey: string | undefined;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.status = details.status;
    this.causeKind = details.causeKind ?? 'connection';
    this.idempotencyKey = details.idempotencyKey;
  }
}

/** No connection, or it broke. `cause` is what the runtime threw. */
export class ConnectionError extends TaskwrightError {
  override name = 'ConnectionError';
}

/** A time limit of the request passed. */
export class TimeoutError extends TaskwrightError {
  override name = 'TimeoutError';
}

/** The answer is not what its content type says. */
export class DecodeError extends TaskwrightError {
  override name = 'DecodeError';
}

/** The server redirects to another origin; the key does not follow. */
export class RedirectError extends TaskwrightError {
  override name = 'RedirectError';
}

/** The wait's own time limit passed; the task goes on and can be waited for again. */
export class WaitTimeoutError extends TaskwrightError {
  override name = 'WaitTimeoutError';
  /** The task. */
  declare readonly taskId: string;
  /** The vendor's status words that were seen, and how often. */
  declare readonly observed: ReadonlyArray<{ readonly status: string; readonly count: number }>;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.observed = details.observed ?? [];
  }
}

/** The task ended without success; the message ends with the backend's reason. */
export class TaskFailedError extends TaskwrightError {
  override name = 'TaskFailedError';
  /** The task. */
  declare readonly taskId: string;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
  }
}

/** The task succeeded, and its result does not fit the schema that was asked for. Nothing is lost: see `result`. */
export class ResultMismatchError extends TaskwrightError {
  override name = 'ResultMismatchError';
  /** The task. */
  declare readonly taskId: string;
  /** The result as the backend gave it. */
  declare readonly result: unknown;
  /** Where it does not fit, and why. */
  declare readonly issues: ReadonlyArray<{ readonly path: string; readonly message: string }>;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.result = details.result;
    this.issues = details.issues ?? [];
  }
}

/** A defect of Taskwright itself. Please report it. */
export class InternalError extends TaskwrightError {
  override name = 'InternalError';
}

const CLASSES = {
  invalid_input: InvalidInputError,
  api: ApiError,
  ambiguous_start: AmbiguousStartError,
  connection: ConnectionError,
  timeout: TimeoutError,
  decode: DecodeError,
  redirect: RedirectError,
  wait_timeout: WaitTimeoutError,
  task_failed: TaskFailedError,
  result_mismatch: ResultMismatchError,
  internal: InternalError,
} as const satisfies Record<
  Exclude<ErrorKind, 'aborted'>,
  new (
    message: string,
    details: Partial<RawError>,
  ) => TaskwrightError
>;

/** @internal The error of the portable tree for a record of the core. */
export function toTaskwrightError(details: RawError): TaskwrightError {
  const Class = details.kind === 'aborted' ? InternalError : (CLASSES[details.kind] ?? InternalError);
  return new Class(details.message, details);
}

/**
 * Whether `error` is one of ours. Looks at what it is made of, not at its class, so that it also holds for
 * errors of another copy of the package.
 */
export function isTaskwrightError(error: unknown): error is TaskwrightError {
  return (
    error instanceof TaskwrightError ||
    (error instanceof Error && 'kind' in error && error.kind !== undefined && 'retryable' in error)
  );
}
