import { AnswerError } from '../errors.js';
import type { ErrorKind, RawError } from '../internal/raw.js';

/**
 * The root of everything that goes wrong in a call of this client, except for the reason of an aborted signal. It is
 * thrown, or stands in a result as `error`, as the option `failures` says. Its `status` is 200 when the service refused in the
 * body alone.
 */
export class AgentBayError extends AnswerError {
  override name = 'AgentBayError';
  /** The service's own code, such as `InvalidMcpSession.NotFound`; empty when there is none. */
  declare readonly code: string;
  /** Whether the session does not exist, or no longer. */
  declare readonly notFound: boolean;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.code = `${said(this.body, 'Code')}`;
    this.notFound = !!details.notFound;
  }
}

/** @internal A member of the body of an answer, also where it is written small; empty when there is none. */
export function said(body: unknown, name: string): unknown {
  const members = (body ?? {}) as Record<string, unknown>;
  return members[name] ?? members[small(name)] ?? '';
}

/** A parameter or an option cannot be used; nothing was sent. Always thrown. */
export class InvalidParameterError extends AgentBayError {
  override name = 'InvalidParameterError';
  /** Which one, as the caller wrote it: `port`, `task`. */
  declare readonly field: string;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.field = details.field ?? '';
  }
}

/** The service answered with an error. */
export class APIError extends AgentBayError {
  override name = 'APIError';
}

/** The service does not accept the key (401, 403). */
export class AuthenticationError extends APIError {
  override name = 'AuthenticationError';
}

/** What a method of {@link Session} rejects with where the vendor's does; `cause` is what lies underneath. */
export class SessionError extends AgentBayError {
  override name = 'SessionError';
}

/** A tool or a task ended in an error of its own; the message has its words. */
export class AgentError extends AgentBayError {
  override name = 'AgentError';
}

/** Nobody can know whether it was carried out: the answer was lost, or names nothing. It was not sent again. */
export class AmbiguousStartError extends AgentBayError {
  override name = 'AmbiguousStartError';
  /** What lies underneath: `connection`, `timeout`, `decode` or `api`. */
  declare readonly causeKind: ErrorKind;

  constructor(message: string, details: Partial<RawError>) {
    super(message, details);
    this.causeKind = details.causeKind ?? 'decode';
  }
}

/** The time of a wait was up; what was waited for goes on. */
export class TimeoutError extends AgentBayError {
  override name = 'TimeoutError';
}

const CLASSES: Readonly<Record<string, typeof AgentBayError>> = {
  invalid_input: InvalidParameterError,
  api: APIError,
  ambiguous_start: AmbiguousStartError,
  wait_timeout: TimeoutError,
  task_failed: AgentError,
};

/** @internal Parameters that are called otherwise on the wire. */
export const WIRE_NAMES: Readonly<Record<string, string>> = {
  toolName: 'Name',
  policyId: 'McpPolicyId',
  contextSyncs: 'PersistenceDataList',
  enableBrowserReplay: 'EnableRecord',
  idleReleaseTimeout: 'Timeout',
  isVpc: 'VpcResource',
  limit: 'MaxResults',
};

/** @internal What an error is made of. */
export type Details = Partial<RawError> & Pick<RawError, 'kind' | 'message'>;

/**
 * @internal What is wrong with an answer, found on this side. The call that it belongs to makes an error of it: its words
 * may repeat a secret, and of an error that has been made not everything can be taken back.
 */
export class Fault {
  readonly details: Details;

  constructor(details: Details) {
    this.details = details;
  }
}

/** @internal The error for a record of the core; what is wrong with a field is said of it as the caller knows it. */
export function toAgentBayError(details: Details): AgentBayError {
  const { kind, status = 0, message, field = '' } = details;
  const Class = status === 401 || status === 403 ? AuthenticationError : (CLASSES[kind] ?? AgentBayError);
  const own = Object.keys(WIRE_NAMES).find((name) => WIRE_NAMES[name] === field) ?? small(field);
  return new Class(message.replace(`"${field}"`, `"${own}"`), { ...details, field: own });
}

/** @internal With its first letter in lower case. */
export function small(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** @internal With its first letter in upper case. */
export function big(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** @internal Something wrong with an answer. */
export function fault(kind: ErrorKind, message: unknown, answer: unknown, more?: Partial<RawError>): Fault {
  const requestId = said(answer, 'RequestId') as string;
  const details = { kind, message: textOf(message), backend: 'agentbay', requestId, parsed: answer };
  return new Fault({ ...details, ...more });
}

/** @internal A parameter that cannot be used. */
export function invalid(field: string, problem: string, message = `"${field}" ${problem}`): AgentBayError {
  return toAgentBayError({ kind: 'invalid_input', message, backend: 'agentbay', field });
}

/** @internal A text as it is, anything else as JSON. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** @internal Refuses what is no text, or does not look as it must. */
export function checkText(field: string, value: unknown, form: RegExp = /\S/): void {
  if (typeof value !== 'string' || !form.test(value)) throw invalid(field, 'takes a text');
}

/** @internal Whether it is a list of objects. */
export function isList(value: unknown): value is object[] {
  return Array.isArray(value) && value.every((item) => item && typeof item === 'object');
}

/** @internal Refuses what is no number from 0. */
export function checkNumber(field: string, value: unknown): void {
  const isNumber = typeof value === 'number';
  if (isNumber && value >= 0) return;
  throw invalid(field, `takes a number from 0, got ${isNumber ? value : typeof value}`);
}

/** @internal A value as JSON text, of `undefined` none. Refuses what cannot be written so. */
export function json(field: string, value: unknown): string | undefined {
  try {
    const text = JSON.stringify(value);
    if (text !== undefined || value === undefined) return text;
  } catch {}
  throw invalid(field, 'takes what can be written as JSON, got a cycle, a bigint, a function or a symbol');
}
