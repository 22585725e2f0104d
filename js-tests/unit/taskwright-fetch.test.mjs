// The runtime's fetch or the caller's own: how it is called, what it may answer, and where the key goes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Taskwright } from 'taskwright';
import { json, lyingServer, redirect } from '../helpers/lying-server.mjs';
import { failureOf } from '../helpers/outcome.mjs';
import { recordingFetch } from '../helpers/recording-fetch.mjs';

const KEY = 'sk-of-the-client';
const STATUS = '/v1/tools/perform-web-task/W/status';
const RUNNING = json({ data: { status: 'RUNNING' } });

let server;
let other;
let client;
before(async () => {
  server = await lyingServer(RUNNING);
  other = await lyingServer(RUNNING);
  client = new Taskwright({ baseUrl: server.url, apiKey: KEY, maxRetries: 0 });
});
after(() => Promise.all([server.close(), other.close()]));

for (const code of [301, 302, 303, 307, 308]) {
  test(`a ${code} on the same origin is followed for a question, with the key`, async () => {
    server.tell(redirect(code, `${server.url}/moved?x=1`), RUNNING);
    await client.getPerformWebTaskStatus('W');
    assert.deepEqual(
      server.requests.map(({ method, url }) => `${method} ${url}`),
      [`GET ${STATUS}`, 'GET /moved?x=1'],
    );
    assert.equal(server.requests[1].headers.authorization, `Bearer ${KEY}`);
  });

  test(`a ${code} to another origin is refused and the key stays at home`, async () => {
    server.tell(redirect(code, `${other.url}/steal`));
    other.tell(RUNNING);
    // A 307 or 308 says that the request has yet to be carried out; the others may well mean that it was.
    const ofStart = code === 307 || code === 308 ? 'RedirectError' : 'AmbiguousStartError';
    for (const [call, name] of [
      [client.getPerformWebTaskStatus('W'), 'RedirectError'],
      [client.performWebTask({ prompt: 'p' }), ofStart],
      [client.waitForWebTask('W'), 'RedirectError'],
    ]) {
      const error = await failureOf(call);
      assert.equal(error.name, name);
      if (name !== 'RedirectError') assert.equal(error.causeKind, 'redirect');
      assert.ok(error.message.includes(other.url), error.message);
      assert.ok(error.message.includes(server.url), error.message);
    }
    assert.equal(server.requests.length, 3);
    assert.equal(other.requests.length, 0);
  });
}

test('origins that only look like ours are other origins', async () => {
  const { port } = new URL(server.url);
  for (const location of [
    `//127.0.0.1:${port}@evil.example/`,
    `http://127.0.0.1:${port}.evil.example/`,
    `http://127.0.0.1:${port}1/`,
    `http://localhost:${port}/`,
    `https://127.0.0.1:${port}/`,
    `http://127.0.0.1:${port}@evil.example/`,
    '/\\evil.example/',
    '//evil.example/',
    `http:\\\\evil.example`,
    'data:application/json,{}',
    'javascript:1',
    '',
  ]) {
    server.tell(redirect(302, location), RUNNING);
    assert.equal((await failureOf(client.getPerformWebTaskStatus('W'))).name, 'RedirectError', location);
    assert.equal(server.requests.length, 1, location);
  }
});

test('a redirect on the same origin keeps method and body of a start, or is not followed', async () => {
  for (const code of [307, 308]) {
    server.tell(redirect(code, '/moved'), json({ data: { result: 1 } }));
    await client.performWebTask({ prompt: 'p' });
    const [first, second] = server.requests;
    assert.equal(second.method, 'POST');
    assert.equal(second.body, first.body);
    assert.equal(second.headers['idempotency-key'], first.headers['idempotency-key']);
  }
  for (const code of [301, 302, 303]) {
    server.tell(redirect(code, '/moved'));
    const error = await failureOf(client.performWebTask({ prompt: 'p' }));
    assert.deepEqual([error.name, error.causeKind], ['AmbiguousStartError', 'redirect']);
    assert.equal(server.requests.length, 1);
  }
});

test('redirects in a circle end', async () => {
  server.tell(redirect(302, '/round'));
  assert.equal((await failureOf(client.getPerformWebTaskStatus('W'))).name, 'RedirectError');
  assert.ok(server.requests.length <= 10, `${server.requests.length} requests`);
});

test('an injected fetch is called without a receiver, with text, plain headers and a signal of its own', async () => {
  const calls = [];
  const controller = new AbortController();
  async function fetch(...args) {
    calls.push([this, ...args]);
    return Response.json({ data: { result: 'from the stand-in' } });
  }
  const own = new Taskwright({ baseUrl: 'http://host.example/prefix', apiKey: KEY, fetch });
  const { data } = await own.performWebTask({ prompt: 'p' }, { signal: controller.signal });
  assert.equal(data.result, 'from the stand-in');
  const [[receiver, url, init]] = calls;
  assert.equal(receiver, undefined);
  assert.equal(url, 'http://host.example/prefix/v1/tools/perform-web-task');
  assert.equal(init.method, 'POST');
  assert.equal(init.redirect, 'manual');
  assert.equal(init.body, '{"prompt":"p"}');
  assert.equal(init.headers.authorization, `Bearer ${KEY}`);
  assert.equal(init.headers['content-type'], 'application/json');
  assert.ok(init.signal instanceof AbortSignal);
  assert.notEqual(init.signal, controller.signal);
});

const NONSENSE = [
  undefined,
  null,
  5,
  'text',
  {},
  [],
  { status: 200 },
  { status: 200, headers: {}, text() {} },
  { ok: true, json() {} },
];

test('an injected fetch that gives nonsense gets a clear error', async () => {
  for (const answer of NONSENSE) {
    let called = 0;
    const fetch = () => {
      called += 1;
      return answer;
    };
    const error = await failureOf(
      new Taskwright({ baseUrl: server.url, fetch }).getPerformWebTaskStatus('W'),
    );
    assert.equal(error.name, 'InvalidInputError');
    assert.equal(
      error.message,
      '"fetch" takes a function that resolves to a Response, got one that does not',
    );
    assert.equal(called, 1);
  }
});

test('an injected fetch may answer at once, without a promise', async () => {
  const fetch = () => Response.json({ data: { status: 'RUNNING' } });
  const { data } = await new Taskwright({ baseUrl: server.url, fetch }).getPerformWebTaskStatus('W');
  assert.equal(data.status, 'RUNNING');
});

test('an injected fetch may give a Response of another implementation', async () => {
  const fetch = async () => ({
    status: 200,
    headers: { get: (name) => (name === 'content-type' ? 'application/json; charset=utf-8' : null) },
    text: async () => '{"data":{"status":"RUNNING"}}',
  });
  const { data } = await new Taskwright({ baseUrl: server.url, fetch }).getPerformWebTaskStatus('W');
  assert.equal(data.status, 'RUNNING');
});

test('whatever an injected fetch throws, at once or later, is a ConnectionError of a question', async () => {
  for (const thrown of [
    new Error('broken'),
    'text',
    undefined,
    null,
    0,
    Symbol('s'),
    { message: 'an object' },
  ]) {
    for (const fetch of [
      () => {
        throw thrown;
      },
      () => Promise.reject(thrown),
    ]) {
      const error = await failureOf(
        new Taskwright({ baseUrl: server.url, fetch, maxRetries: 0 }).getPerformWebTaskStatus('W'),
      );
      assert.equal(error.name, 'ConnectionError');
      assert.equal(error.cause, thrown);
    }
  }
});

test('causes in a circle do not hang an error', async () => {
  const thrown = new Error('round');
  thrown.cause = thrown;
  const fetch = () => Promise.reject(thrown);
  const error = await failureOf(
    new Taskwright({ baseUrl: server.url, fetch, maxRetries: 0 }).getPerformWebTaskStatus('W'),
  );
  assert.equal(error.name, 'ConnectionError');
});

test('an injected fetch that ignores its signal does not hold a call up', async () => {
  const never = () => new Promise(() => {});
  const own = new Taskwright({ baseUrl: server.url, fetch: never, maxRetries: 0 });
  assert.equal(
    (await failureOf(own.getPerformWebTaskStatus('W', { attemptTimeoutMs: 50 }))).name,
    'TimeoutError',
  );
  const error = await failureOf(own.getPerformWebTaskStatus('W', { signal: AbortSignal.timeout(50) }));
  assert.equal(error.name, 'TimeoutError');
});

test('a fetch that fails after its call has ended disturbs nobody', async () => {
  const strays = [];
  const keep = (reason) => strays.push(reason);
  process.on('unhandledRejection', keep);
  const late = () => new Promise((_, reject) => setTimeout(reject, 150, new Error('too late')));
  const own = new Taskwright({ baseUrl: server.url, fetch: late, maxRetries: 0 });
  await failureOf(own.getPerformWebTaskStatus('W', { attemptTimeoutMs: 20 }));
  await new Promise((resolve) => setTimeout(resolve, 300));
  process.off('unhandledRejection', keep);
  assert.deepEqual(strays, []);
});

test('without an injected fetch the global one is looked up at each request', async () => {
  const own = new Taskwright({ baseUrl: 'http://host.example' });
  const { fetch } = globalThis;
  const stand = recordingFetch({ [`GET ${STATUS}`]: { data: { status: 'RUNNING' } } });
  try {
    globalThis.fetch = stand.fetch;
    await own.getPerformWebTaskStatus('W');
    globalThis.fetch = async () => Response.json({ data: { status: 'REPLACED' } });
    assert.equal((await own.getPerformWebTaskStatus('W')).data.status, 'REPLACED');
  } finally {
    globalThis.fetch = fetch;
  }
  assert.equal(stand.requests.length, 1);
  assert.deepEqual(stand.unmatched, []);
});

test('a success that is no JSON is not handed out as a status or a start', async () => {
  const page = (response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<html>a proxy asks you to log in</html>');
  };
  server.tell(page);
  assert.equal((await failureOf(client.getPerformWebTaskStatus('W'))).name, 'DecodeError');
  server.tell(page);
  const error = await failureOf(client.performWebTask({ prompt: 'p' }));
  assert.equal(error.name, 'AmbiguousStartError');
});

test('a redirect that is relative to a path counts as another address', async () => {
  server.tell(redirect(307, 'state'), RUNNING);
  const error = await failureOf(client.getPerformWebTaskStatus('W'));
  assert.equal(error.name, 'RedirectError');
  assert.match(error.message, /another address/);
  assert.equal(server.requests.length, 1);
});
