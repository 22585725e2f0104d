// What a call rejects with: one tree, readable, and without secrets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Anchorbrowser, * as anchor from 'taskwright/anchor';
import {
  bare,
  claimsJson,
  cut,
  json,
  lyingServer,
  refusal,
  refusedAddress,
  reset,
  stall,
  text,
} from '../helpers/lying-server.mjs';
import { failureOf } from '../helpers/outcome.mjs';

const KEY = 'sk-0123456789-secret';

let server;
let client;
before(async () => {
  server = await lyingServer();
  client = new Anchorbrowser({ apiKey: KEY, baseURL: server.url, maxRetries: 0 });
});
after(() => server.close());

const retrieve = (options) => client.sessions.retrieve('S', options);
const start = (options) => client.tools.performWebTask({ prompt: 'p', async: true }, options);

/** Class, its ancestors in the tree, and what is there. */
function assertTree(error, name, ...ancestors) {
  assert.equal(error.name, name);
  for (const ancestor of [name, ...ancestors, 'AnchorbrowserError']) {
    assert.ok(error instanceof anchor[ancestor], `${name} instanceof ${ancestor}`);
    assert.equal(Anchorbrowser[ancestor], anchor[ancestor]);
  }
  assert.ok(error instanceof Error);
  assert.ok(error.stack.startsWith(`${name}: ${error.message}`), error.stack);
}

const STATUSES = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  402: 'APIError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  405: 'APIError',
  408: 'APIError',
  409: 'ConflictError',
  413: 'APIError',
  418: 'APIError',
  422: 'UnprocessableEntityError',
  429: 'RateLimitError',
  500: 'InternalServerError',
  501: 'InternalServerError',
  502: 'InternalServerError',
  503: 'InternalServerError',
  505: 'InternalServerError',
  599: 'InternalServerError',
};

for (const [code, name] of Object.entries(STATUSES)) {
  test(`status ${code} is ${name}, of a read and of a start`, async () => {
    const status = Number(code);
    server.tell(refusal(status, 'in plain words', { 'x-request-id': 'r-1' }));
    for (const call of [retrieve, start]) {
      const error = await failureOf(call());
      assertTree(error, name, 'APIError');
      assert.equal(error.status, status);
      assert.match(error.message, new RegExp(`^${status} in plain words`));
      assert.deepEqual(error.error, { error: { code: status, message: 'in plain words' } });
      assert.ok(error.headers instanceof Headers);
      assert.equal(error.headers.get('x-request-id'), 'r-1');
      assert.equal(error.requestId, 'r-1');
      assert.equal(error.attempts, 1);
      // Who cannot do such a thing (501, 505) has not done it.
      const inDoubt = status === 408 || (status >= 500 && status !== 501 && status !== 505);
      const mayHaveStarted = call === start && inDoubt;
      assert.equal(error.maybeStarted, mayHaveStarted);
      assert.equal(error.kind, mayHaveStarted ? 'ambiguous_start' : 'api');
    }
    assert.equal(server.requests.length, 2);
  });
}

const BODIES = [
  [json({ error: { code: 400, message: 'm' } }, 400), '400 m', { error: { code: 400, message: 'm' } }],
  [json({ message: 'm' }, 400), '400 m', { message: 'm' }],
  [json({ error: 'str' }, 400), '400 str', { error: 'str' }],
  [bare(400), '400 status code (no body)', undefined],
  [text('<html>bad</html>', 502, { 'content-type': 'text/html' }), '502 <html>bad</html>', undefined],
  [json(null, 400), '400 null', null],
  [json('oops', 400), '400 "oops"', 'oops'],
  [json({}, 400), '400 {}', {}],
];

for (const [lie, message, body] of BODIES) {
  test(`an error body reads as "${message}"`, async () => {
    server.tell(lie);
    const error = await failureOf(retrieve());
    assert.equal(error.message, message);
    assert.deepEqual(error.error, body);
  });
}

test('a connection that breaks is an APIConnectionError with the runtime’s error as its cause', async () => {
  server.tell(reset);
  const error = await failureOf(retrieve());
  assertTree(error, 'APIConnectionError', 'APIError');
  assert.equal(error.status, undefined);
  assert.equal(error.headers, undefined);
  assert.ok(error.cause instanceof TypeError);
  assert.equal(error.retryable, true);
});

test('a refused connection was certainly no start', async () => {
  const nobody = client.withOptions({ baseURL: await refusedAddress() });
  const error = await failureOf(nobody.tools.performWebTask({ prompt: 'p' }));
  assertTree(error, 'APIConnectionError', 'APIError');
  assert.match(error.message, /ECONNREFUSED/);
  assert.equal(error.maybeStarted, false);
  assert.equal(error.kind, 'connection');
});

test('a start whose connection breaks is an AmbiguousStartError that names what to check', async () => {
  server.tell(reset);
  const error = await failureOf(start());
  assertTree(error, 'AmbiguousStartError', 'APIConnectionError', 'APIError');
  assert.equal(error.kind, 'ambiguous_start');
  assert.equal(error.causeKind, 'connection');
  assert.equal(error.maybeStarted, true);
  assert.equal(error.retryable, false);
  assert.match(error.message, /check .*sessions/);
});

test('a limit that passes is an APIConnectionTimeoutError, of a start too', async () => {
  server.tell(stall);
  const read = await failureOf(retrieve({ timeout: 50 }));
  assertTree(read, 'APIConnectionTimeoutError', 'APIConnectionError', 'APIError');
  assert.match(read.message, /timed out.*50 ms/);
  assert.equal(read.maybeStarted, false);
  const begun = await failureOf(start({ timeout: 50 }));
  assertTree(
    begun,
    'AmbiguousStartTimeoutError',
    'APIConnectionTimeoutError',
    'APIConnectionError',
    'APIError',
  );
  assert.equal(begun.maybeStarted, true);
  assert.equal(begun.causeKind, 'timeout');
});

for (const [what, lie] of [
  ['broken', claimsJson('{"data":')],
  ['empty', claimsJson('')],
  ['HTML instead of', claimsJson('<html>')],
]) {
  test(`${what} JSON is an APIResponseError whose cause says so without the body`, async () => {
    server.tell(lie);
    const error = await failureOf(retrieve());
    assertTree(error, 'APIResponseError', 'APIError');
    assert.equal(error.status, 200);
    assert.ok(error.headers instanceof Headers);
    assert.match(error.message, /not JSON although it says so: /);
    assert.ok(error.cause instanceof SyntaxError);
    assert.ok(error.message.includes(error.cause.message), `${error.message} / ${error.cause.message}`);
    const begun = await failureOf(start());
    assertTree(begun, 'APIResponseError', 'APIError');
    assert.equal(begun.maybeStarted, true);
  });
}

test('a body that is cut off is an APIConnectionError', async () => {
  server.tell(cut());
  assertTree(await failureOf(retrieve()), 'APIConnectionError', 'APIError');
  assertTree(await failureOf(start()), 'AmbiguousStartError', 'APIConnectionError');
});

test('an error whose body is cut off still has its status', async () => {
  server.tell(cut(404));
  const error = await failureOf(retrieve());
  assertTree(error, 'NotFoundError', 'APIError');
  assert.equal(error.status, 404);
});

test('a parameter that cannot be sent is an InvalidParameterError, and nothing is sent', async () => {
  server.tell(json({}));
  const { tools, sessions } = client;
  for (const [field, call] of [
    ['prompt', () => tools.performWebTask({})],
    ['prompt', () => tools.performWebTask()],
    ['params', () => tools.performWebTask('do it')],
    ['max_steps', () => tools.performWebTask({ prompt: 'p', max_steps: 0.5 })],
    ['url', () => tools.performWebTask({ prompt: 'p', url: 'example.com' })],
    ['secret_values.pin', () => tools.performWebTask({ prompt: 'p', secret_values: { pin: 1234 } })],
    ['workflowId', () => tools.getPerformWebTaskStatus(undefined)],
    ['workflowId', () => tools.getPerformWebTaskStatus('..')],
    ['sessionId', () => sessions.retrieve('')],
    ['sessionId', () => sessions.delete('%2e%2E')],
    ['url', () => sessions.goto('S', {})],
    ['timeout', () => sessions.retrieve('S', { timeout: -1 })],
    ['timeout', () => client.withOptions({ timeout: '5' }).sessions.retrieve('S')],
    ['totalTimeout', () => sessions.retrieve('S', { totalTimeout: Number.NaN })],
    ['maxRetries', () => sessions.retrieve('S', { maxRetries: 1.5 })],
    ['signal', () => sessions.retrieve('S', { signal: {} })],
    ['query.a', () => sessions.retrieve('S', { query: { a: [1] } })],
    ['headers.x-a', () => sessions.retrieve('S', { headers: { 'X-A': 'a\nb' } })],
    ['baseURL', () => client.withOptions({ baseURL: 'ftp://example.com' }).sessions.retrieve('S')],
    ['path', () => client.get('https://example.com/v1/sessions')],
    ['path', () => client.get()],
    ['method', () => client.request(null)],
    ['method', () => client.request({ path: '/v1/x' })],
    ['params', () => tools.performWebTask({ prompt: 'p', later: 1n })],
  ]) {
    const error = await failureOf(call());
    assertTree(error, 'InvalidParameterError');
    assert.equal(error.field, field);
    assert.ok(error.message.includes(`"${field}"`), error.message);
  }
  assert.deepEqual(server.requests, []);
});

test('a key that cannot stand in a header is refused without being shown', async () => {
  for (const apiKey of ['sk-secret\nx-evil: 1', 'sk-secret\r', 'sk-secret\0', 'sk-secret-😀', 12345678]) {
    const error = await failureOf(client.withOptions({ apiKey }).sessions.retrieve('S'));
    assertTree(error, 'InvalidParameterError');
    assert.equal(error.field, 'apiKey');
    assert.doesNotMatch(JSON.stringify([error.message, error.stack, error]), /secret|evil|1234/);
  }
});

test('secrets that a server repeats stay out of its error', async () => {
  const password = 'correct horse';
  for (const lie of [
    refusal(400, `bad key ${KEY}, bad password ${password}`),
    text(`bad key ${KEY}, bad password ${password}`, 400),
    claimsJson(`{${KEY} ${password}`),
  ]) {
    server.tell(lie);
    const params = { prompt: 'p', secret_values: { password } };
    const error = await failureOf(client.tools.performWebTask(params));
    const everything = JSON.stringify([error.message, error.stack, error.error, error.cause?.message, error]);
    assert.ok(!everything.includes(KEY), everything);
    assert.ok(!everything.includes(password), everything);
  }
});

test('a fetch that throws, or gives no Response, stays in the tree', async () => {
  for (const fetch of [
    () => {
      throw new RangeError('no network today');
    },
    async () => Promise.reject('a string'),
    async () => undefined,
    async () => ({ status: 200 }),
  ]) {
    const error = await failureOf(client.withOptions({ fetch }).sessions.retrieve('S'));
    assert.ok(error instanceof Anchorbrowser.AnchorbrowserError);
  }
  const error = await failureOf(client.withOptions({ fetch: 'fetch' }).sessions.retrieve('S'));
  assertTree(error, 'InvalidParameterError');
});

test('parameters whose getters throw reject inside the tree', async () => {
  const cause = new Error('no url today');
  const params = {
    prompt: 'p',
    get url() {
      throw cause;
    },
  };
  const error = await failureOf(client.tools.performWebTask(params));
  assertTree(error, 'AnchorbrowserError');
  assert.equal(error.cause, cause);
});

test('options that are a rejected promise reject the call inside the tree', async () => {
  const cause = new Error('no options');
  const error = await failureOf(client.get('/v1/x', Promise.reject(cause)));
  assertTree(error, 'AnchorbrowserError');
  assert.equal(error.cause, cause);
});

test('errors can be made as the vendor’s client makes them', () => {
  const limited = new Anchorbrowser.RateLimitError(429, { a: 1 }, 'slow down', new Headers({ x: 'y' }));
  assertTree(limited, 'RateLimitError', 'APIError');
  assert.equal(limited.message, '429 slow down');
  assert.deepEqual(limited.error, { a: 1 });
  assert.equal(limited.headers.get('x'), 'y');
  assert.equal(new Anchorbrowser.APIError(400, { a: 1 }, undefined, new Headers()).message, '400 {"a":1}');
  const cause = new Error('socket');
  assert.equal(new Anchorbrowser.APIConnectionError({ message: 'm', cause }).cause, cause);
  assertTree(
    new Anchorbrowser.APIConnectionTimeoutError(),
    'APIConnectionTimeoutError',
    'APIConnectionError',
  );
  assertTree(new Anchorbrowser.APIUserAbortError(), 'APIUserAbortError', 'APIError');
  assert.equal(new Anchorbrowser.APIUserAbortError().kind, 'aborted');
  assertTree(new Anchorbrowser.AnchorbrowserError('m'), 'AnchorbrowserError');
});
