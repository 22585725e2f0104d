import type { RawAnswer } from '../internal/raw.js';
import { AnchorbrowserError } from './errors.js';

/** @internal What an {@link APIPromise} and the call behind it tell each other. */
export class Pending {
  /** Whether the request is on its way; from then on how its body is read is settled. */
  begun = false;
  /** Whether the body stays unread. */
  raw = false;
  /** The answer, once it is there. */
  answer: RawAnswer | undefined;
  /** What the promise itself rejects with when the body stayed unread. */
  taken: AnchorbrowserError | undefined;

  /** The value of the promise. */
  settle(answer: RawAnswer): unknown {
    this.answer = answer;
    if (!this.raw) return answer.data;
    this.taken = new AnchorbrowserError(
      'asResponse() left the body of this answer to its caller; use withResponse() to get data and response',
    );
    throw this.taken;
  }
}

const pendings = new WeakMap<object, Pending>();

/**
 * What every call returns: a native promise of the parsed answer, with two ways to the HTTP response.
 *
 * The request is sent whether or not the promise is awaited. `then`, `catch` and `finally` return plain
 * promises.
 */
export class APIPromise<T> extends Promise<T> {
  static {
    // `await` takes a promise as it is only when its constructor is Promise. Otherwise it would wrap it,
    // and the stack of an error would lose the frames of the code that awaits.
    Object.defineProperty(APIPromise.prototype, 'constructor', {
      value: Promise,
      configurable: true,
      writable: true,
    });
  }

  /**
   * The response instead of the parsed answer; error statuses reject all the same.
   *
   * Called right away, as in `client.tools.performWebTask(params).asResponse()`, it gives the response
   * with its body unread; the promise it was called on then rejects, silently unless it is awaited too.
   * Called later, when the body is being parsed already, it gives a copy made from the parsed answer.
   */
  asResponse(): Promise<Response> {
    const pending = pendings.get(this);
    if (pending !== undefined && !pending.begun) pending.raw = true;
    return responseOf(this, pending);
  }

  /** The parsed answer together with its response, whose body has been read. */
  withResponse(): Promise<{ data: T; response: Response }> {
    return dataAndResponseOf(this, pendings.get(this));
  }
}

/** @internal The promise of a call; `begin` carries the call out. */
export function apiPromise<T>(begin: (pending: Pending) => Promise<unknown>): APIPromise<T> {
  const pending = new Pending();
  // The promise stays the one of the async function, which the engine can follow from an error back to
  // the code that awaits it. A promise around it would end that trail.
  const promise: object = Object.setPrototypeOf(begin(pending), APIPromise.prototype);
  pendings.set(promise, pending);
  return promise as APIPromise<T>;
}

// Both functions below await the promise themselves: its rejection is then handled, once, by them.

async function responseOf(promise: Promise<unknown>, pending: Pending | undefined): Promise<Response> {
  try {
    await promise;
  } catch (error) {
    if (pending?.taken === undefined || error !== pending.taken) throw error;
  }
  return unread(answerOf(pending));
}

async function dataAndResponseOf<T>(promise: Promise<T>, pending: Pending | undefined) {
  const data = await promise;
  return { data, response: answerOf(pending).response };
}

function answerOf(pending: Pending | undefined): RawAnswer {
  if (pending?.answer === undefined) {
    throw new AnchorbrowserError('this promise was not made by a call, so it has no response');
  }
  return pending.answer;
}

function unread({ data, response }: RawAnswer): Response {
  if (!response.bodyUsed) return response;
  const { status, statusText, headers, url } = response;
  const isJson = /^application\/json\b|\+json\b/i.test(headers.get('content-type') ?? '');
  const copy = new Response(isJson ? JSON.stringify(data) : String(data), { status, statusText, headers });
  return Object.defineProperty(copy, 'url', { value: url });
}
