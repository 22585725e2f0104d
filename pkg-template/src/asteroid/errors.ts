import { AnswerError } from '../errors.js';
import type { ErrorKind, RawError } from '../internal/raw.js';
import type { ExecutionResult } from './types.js';

/** What was sent, when something was. The address has no secret in it. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
}

/**
 * The root of everything that a call of this client rejects with, except for the reason of an aborted signal.
 *
 * `kind` says what to act on. When the service answered with an error, `status`, `headers` and `body` are there,
 * and the message ends with the service's own sentence.
 */
export class AsteroidAPIError extends AnswerError {
  override name = 'AsteroidAPIError';
  /** The request that failed. */
  declare readonly request: SentRequest | undefined;

  constructor(message: string, details?: Partial<RawError>) {
    super(message, details);
    this.request = details?.request;
  }

  /** The execution that was waited for; it goes on unless it has ended. */
  get executionId(): string | undefined {
    return this.taskId;
  }
}

/** A parameter or an option cannot be used; nothing was sent. */
export class InvalidParameterError extends AsteroidAPIError {
  override name = 'InvalidParameterError';
  /** Which one, as the caller wrote it: `executionId`, `interval`, `files[0]`. */
  declare readonly field: string;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.field = details.field ?? '';
  }
}

/**
 * Nobody can know whether it was carried out: the answer was lost. A start of version 2 was looked for in the list of
 * executions before, and is not there either. It was not sent again.
 */
export class AmbiguousStartError extends AsteroidAPIError {
  override name = 'AmbiguousStartError';
  /** What lies underneath: `connection`, `timeout`, `decode` or `api`. */
  declare readonly causeKind: ErrorKind;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.causeKind = details.causeKind ?? 'connection';
  }
}

/** The execution ended as `failed` or `cancelled`. */
export class ExecutionError extends AsteroidAPIError {
  override name = 'ExecutionError';
  /** The word that it ended with. */
  declare readonly executionStatus: string;
  /** What it has to say all the same, when it has. */
  declare readonly executionResult: ExecutionResult | undefined;

  constructor(
    message: string,
    details: Partial<RawError>,
    executionStatus: string,
    executionResult: ExecutionResult | undefined,
  ) {
    super(message, details);
    this.executionStatus = executionStatus;
    this.executionResult = executionResult;
  }
}

/** The time of a wait was up; the execution goes on and can be waited for again. */
export class TimeoutError extends AsteroidAPIError {
  override name = 'TimeoutError';
  /** The statuses that were seen, and how often. */
  declare readonly observed: ReadonlyArray<{ readonly status: string; readonly count: number }>;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.observed = details.observed ?? [];
  }
}

type Details = Partial<RawError> & Pick<RawError, 'kind' | 'message'>;

const CLASSES: Readonly<Record<string, new (message: string, details: Details) => AsteroidAPIError>> = {
  invalid_input: InvalidParameterError,
  ambiguous_start: AmbiguousStartError,
  wait_timeout: TimeoutError,
};

/** @internal The error for a record of the core. */
export function toAsteroidError(details: Details): AsteroidAPIError {
  const Class = CLASSES[details.kind] ?? AsteroidAPIError;
  return new Class(details.message, details);
}

/** @internal An error about an answer of `operation`. */
export function answerError(
  operation: string,
  message: string,
  details?: Partial<RawError>,
): AsteroidAPIError {
  const base = { kind: 'api', operation, backend: 'asteroid', attempts: 1 } as const;
  return new AsteroidAPIError(message, { ...base, ...details });
}

/** @internal The list in an answer of `operation`. */
export function listIn<Item>(operation: string, list: Item[] | undefined): Item[] {
  if (Array.isArray(list)) return list;
  throw answerError(operation, 'the answer has no list', { kind: 'decode' });
}

/** @internal The longest that a timer can count. */
export const MAX_TIMER_MS = 0x7fff_ffff;

/** @internal Refuses what is no number of milliseconds. */
export function checkMs(field: string, ms: unknown): void {
  if (typeof ms === 'number' && ms > 0) return;
  throw invalid(field, `takes a number of milliseconds above 0, or Infinity, got ${ms}`);
}

/** @internal A parameter that cannot be used. */
export function invalid(field: string, problem: string): InvalidParameterError {
  const details = { kind: 'invalid_input', field, backend: 'asteroid' } as const;
  return new InvalidParameterError(`"${field}" ${problem}`, details);
}
