// What every call asks of the runtime, said in JavaScript, because said in Rust each line here would be several
// crossings of the boundary, and after a pause each crossing runs on a cold processor. Nothing is decided here.
// `src/host.rs` is the other side.

/** Which sort of value it is: the numbers that `host.rs` knows. */
export function kind(value) {
  switch (typeof value) {
    case 'undefined':
      return 0;
    case 'boolean':
      return 2;
    case 'number':
      return 3;
    case 'string':
      return 4;
    case 'object':
      if (value === null) return 1;
      // Maps and sets would become `{}` in JSON.
      return guarded(
        () => (Array.isArray(value) ? 5 : value instanceof Map || value instanceof Set ? 7 : 6),
        7,
      );
    default:
      return 7;
  }
}

/** A member of any value; `undefined` when there is none, or when reading it throws. */
export function member(value, name) {
  return typeof value === 'object' && value !== null ? guarded(() => value[name]) : undefined;
}

/** What `look` gives; `otherwise` when it throws. An exception that came from here would end the module. */
function guarded(look, otherwise) {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

/** A shallow copy of a plain object that writes itself as JSON; `undefined` of anything else. */
export function copy(value) {
  const isObject = () => kind(value) === 6 && typeof value.toJSON !== 'function' && isPlain(value);
  return guarded(() => (isObject() ? { ...value } : undefined));
}

/** Whether an object is an array or of no class. Those of another realm have another `Object.prototype`. */
export function isPlain(value) {
  if (kind(value) === 5) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Parameters as a form, with the key, if there is one, as one more field; what is no text as JSON. Throws the name of one
 * that cannot be JSON.
 */
export function form(params, name, prefix, key) {
  const value = key && prefix + key;
  const fields = Object.entries({ ...params, [name]: value }).filter(([, value]) => value != null);
  const texts = fields.map(([name, value]) => {
    const text = typeof value === 'string' ? value : guarded(() => JSON.stringify(value));
    if (text === undefined) throw name;
    return [name, text];
  });
  return `${new URLSearchParams(texts)}`;
}

/**
 * 128 random bits as hexadecimal digits. `crypto.randomUUID` would be shorter, but is missing on pages that are not
 * served securely.
 */
export function key() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Sets a member of an object of ours. */
export function put(object, name, value) {
  object[name] = value;
}

/** Options of a call, in the order that `options.rs` knows. */
const OPTIONS = [
  'attemptTimeoutMs',
  'totalTimeoutMs',
  'maxRetries',
  'idempotencyKey',
  'headers',
  'withoutHeaders',
  'defaultQuery',
  'query',
  'signal',
  'fetchOptions',
  'body',
  'onRequest',
  'raw',
  'shaped',
  'secret',
];

/** Which options of a call are given, a bit for each. */
export function given(options) {
  return OPTIONS.reduce((bits, name, at) => (options[name] === undefined ? bits : bits | (1 << at)), 0);
}

/** One of them; its name need not cross. */
export function option(options, at) {
  return options[OPTIONS[at]];
}

/** Whether this is Node, or something that calls itself so. */
export function isServer() {
  return typeof globalThis.process?.versions?.node === 'string';
}

/** A header of an answer. */
export function header(response, name) {
  return guarded(() => response.headers.get(name)) ?? undefined;
}

/** Where the watchers of each signal are. */
const places = new Map();

/** The place of a signal; `undefined` when there is none. */
export function placeOf(signal) {
  return places.get(signal);
}

/** Gives a signal its place, or takes it. */
export function setPlace(signal, place) {
  if (place === undefined) places.delete(signal);
  else places.set(signal, place);
}

/** Headers as JSON. */
export function headersText(response) {
  return guarded(() => JSON.stringify([...response.headers]), '[]');
}

/** Headers again, after their text has been cleaned. */
export function headersOf(text) {
  return guarded(() => new Headers(JSON.parse(text)), undefined);
}

/** A shallow copy without one member. */
export function without(object, name) {
  const { [name]: _gone, ...others } = object;
  return others;
}

/**
 * Sends a request and returns what aborts it; `tell(place, turn, ok, value)` hears of its answer. `fetch` is
 * `undefined` for the runtime's own, which is looked up now, so that a test or a tool may replace it. `signal` is
 * the caller's, when it shall stay connected to the answer's body. `time` and `bits` name query parameters that each
 * request carries anew, when there are such: the time in UTC to the second, and random bits.
 */
export function send(fetch, to, time, bits, method, headers, body, more, signal, place, turn, tell) {
  const stamp = () => `&${time}=${new Date().toISOString().slice(0, 19)}Z&${bits}=${key()}`;
  const url = time ? to + stamp() : to;
  const controller = new AbortController();
  const init = more === undefined ? {} : { ...more };
  init.method = method;
  // A copy: whoever replaced `fetch` may write into it, and it serves many requests.
  init.headers = { ...headers };
  if (body !== undefined) {
    init.body = body;
    if (isStream(body)) init.duplex = 'half';
  }
  // A key header would follow a redirect to any origin; the core decides where to go.
  init.redirect = 'manual';
  init.signal = controller.signal;
  if (signal !== undefined) {
    try {
      init.signal = AbortSignal.any([signal, controller.signal]);
    } catch {
      // Not there, or the caller's is of another make: then it ends with the head of the answer.
    }
  }
  settled(fetch === undefined ? globalThis.fetch(url, init) : fetch(url, init), place, turn, tell);
  return controller;
}

/** Whether a body can be sent only once. */
export function isStream(body) {
  return typeof body === 'object' && body !== null && typeof body.getReader === 'function';
}

/** Whether an answer says that it is JSON (RFC 8259, and RFC 6839 for `+json`). */
export function isJson(response) {
  const type = guarded(() => `${response.headers.get('content-type')}`, '');
  return /^\s*([^;]*\+json|application\/json)\s*(;|$)/i.test(type);
}

/** Reads a body as text. */
export function read(response, place, turn, tell) {
  // An injected fetch may give the text itself.
  settled(response.text(), place, turn, tell);
}

/** Tells how a promise ends; any other value has ended already. */
export function settled(promise, place, turn, tell) {
  Promise.resolve(promise).then(
    (value) => tell(place, turn, true, value),
    (thrown) => tell(place, turn, false, thrown),
  );
}

/** Rings after `ms`; returns what stops it. */
export function ring(ms, place, turn, tell) {
  return setTimeout(tell, ms, place, turn, true, undefined);
}

/** Hands an answer to the façade. */
export function hand(end, data, response) {
  end.resolve({ data, response });
}
