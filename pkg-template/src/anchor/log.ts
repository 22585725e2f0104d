import type { RawRequestEvent } from '../internal/raw.js';
import { type AnchorbrowserError, APIError } from './errors.js';

/** How much is logged: `off`, then each word adds to the one before it. */
export type LogLevel = 'off' | 'error' | 'warn' | 'info' | 'debug';

/** Where log lines go; `console` is one. */
export interface Logger {
  error(message: string, ...rest: unknown[]): void;
  warn(message: string, ...rest: unknown[]): void;
  info(message: string, ...rest: unknown[]): void;
  debug(message: string, ...rest: unknown[]): void;
}

/** @internal What decides where a line goes. */
export interface Logging {
  readonly logger: Logger;
  readonly logLevel: LogLevel;
}

const LEVELS: readonly string[] = ['off', 'error', 'warn', 'info', 'debug'] satisfies LogLevel[];

/** @internal Whether lines of this level are wanted. */
export function wants(logging: Logging, level: Exclude<LogLevel, 'off'>): boolean {
  return LEVELS.indexOf(logging.logLevel) >= LEVELS.indexOf(level);
}

/** @internal Writes one line. */
export function write(logging: Logging, level: Exclude<LogLevel, 'off'>, message: string): void {
  if (!wants(logging, level)) return;
  try {
    logging.logger[level](`[taskwright/anchor] ${message}`);
  } catch {
    // A log that throws must not end a call, which may be starting a task at this moment.
  }
}

/** @internal The level that a word names; `undefined` for no word, and for one that names none. */
export function toLogLevel(word: string | undefined, source: string, logger: Logger): LogLevel | undefined {
  if (word === undefined) return undefined;
  if (LEVELS.includes(word)) return word as LogLevel;
  const problem = `${source} is ${JSON.stringify(word)}, which is none of ${LEVELS.join(', ')}`;
  write({ logger, logLevel: 'warn' }, 'warn', problem);
  return undefined;
}

/**
 * @internal The log of one call: each request, then how the call ended. Operation, method, status and
 * times; never an address, a header or a body, because those can carry secrets.
 */
export class CallLog {
  readonly #logging: Logging;
  readonly #began = Date.now();
  #name = 'request';

  constructor(logging: Logging) {
    this.#logging = logging;
  }

  readonly onRequest = ({ attempt, method, operation }: RawRequestEvent): void => {
    this.#name = operation;
    const line = operation.startsWith(method) ? operation : `${operation} (${method})`;
    write(this.#logging, attempt > 1 ? 'info' : 'debug', `${line}: attempt ${attempt}`);
  };

  succeeded(status: number): void {
    write(this.#logging, 'debug', `${this.#name}: ${status} after ${this.#elapsed()}`);
  }

  failed(error: AnchorbrowserError): void {
    const status = error instanceof APIError && error.status !== undefined ? ` ${error.status}` : '';
    const attempts = `${error.attempts} ${error.attempts === 1 ? 'attempt' : 'attempts'}`;
    const line = `${error.operation || this.#name}: ${error.name}${status} after ${this.#elapsed()}, ${attempts}`;
    write(this.#logging, 'debug', line);
  }

  #elapsed(): string {
    return `${Date.now() - this.#began} ms`;
  }
}
