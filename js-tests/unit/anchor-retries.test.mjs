// How often a request is sent. The server counts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Anchorbrowser from 'taskwright/anchor';
import {
  bare,
  claimsJson,
  cut,
  json,
  late,
  lyingServer,
  redirect,
  refusal,
  reset,
  stall,
  stallInBody,
} from '../helpers/lying-server.mjs';
import { failureOf } from '../helpers/outcome.mjs';

const soon = { 'retry-after-ms': '1' };
const started = json({ data: { status: 'running', workflow_id: 'w' } });

let server;
let client;
before(async () => {
  server = await lyingServer();
  client = new Anchorbrowser({ apiKey: 'key-of-the-test', baseURL: server.url });
});
after(() => server.close());

const STARTS = {
  performWebTask: (options) => client.tools.performWebTask({ prompt: 'p', async: true }, options),
  'performWebTask, synchronous': (options) => client.tools.performWebTask({ prompt: 'p' }, options),
  'sessions.create': (options) => client.sessions.create({}, options),
  'a raw post': (options) => client.post('/v1/task/run', { ...options, body: {} }),
};
const DOUBTS = {
  'a reset': reset,
  'a stalled answer': stall,
  'a stalled body': stallInBody(),
  'a cut body': cut(),
  'broken JSON': claimsJson('{'),
  408: refusal(408, 'm', soon),
  500: refusal(500, 'm', soon),
  '500 with x-should-retry': refusal(500, 'm', { ...soon, 'x-should-retry': 'true' }),
  502: refusal(502, 'm', soon),
  '503 that does not say when to come back': refusal(503),
  504: bare(504),
};

for (const [what, call] of Object.entries(STARTS)) {
  test(`${what} is never sent twice when it may have been accepted`, async () => {
    for (const [fault, lie] of Object.entries(DOUBTS)) {
      server.tell(lie, started);
      const timeout = fault.includes('stalled') ? 250 : 10_000;
      const error = await failureOf(call({ timeout, maxRetries: 5 }));
      assert.ok(server.requests.length <= 1, fault);
      assert.equal(error.maybeStarted, true, fault);
      assert.equal(error.attempts, 1, fault);
      assert.equal(error.retryable, false, fault);
    }
  });

  test(`${what} was not carried out by a server that cannot do such a thing`, async () => {
    for (const status of [501, 505]) {
      server.tell(refusal(status), started);
      const error = await failureOf(call());
      assert.equal(error.name, 'InternalServerError');
      assert.equal(error.maybeStarted, false);
      assert.equal(server.requests.length, 1);
    }
  });

  test(`${what} is sent again when it certainly was not accepted`, async () => {
    for (const lie of [refusal(429, 'm', soon), refusal(503, 'm', { 'retry-after': '0' })]) {
      server.tell(lie, lie, started);
      assert.deepEqual((await call()).data, { status: 'running', workflow_id: 'w' });
      assert.equal(server.requests.length, 3);
    }
  });
}

test('a start that was refused twice and then lost says that it may have started', async () => {
  server.tell(refusal(429, 'm', soon), reset, started);
  const error = await failureOf(STARTS.performWebTask());
  assert.equal(error.maybeStarted, true);
  assert.equal(error.attempts, 2);
  assert.equal(server.requests.length, 2);
});

test('reads and idempotent calls are sent again, twice unless told otherwise', async () => {
  const calls = [
    () => client.tools.getPerformWebTaskStatus('w'),
    () => client.sessions.delete('S'),
    () => client.sessions.goto('S', { url: 'https://example.com' }),
    () => client.tools.fetchWebpage({ url: 'https://example.com' }),
    () => client.get('/v1/x'),
    () => client.put('/v1/x', { body: {} }),
  ];
  for (const call of calls) {
    server.tell(refusal(503, 'm', soon), refusal(500, 'm', soon), json({ ok: true }));
    await call();
    assert.equal(server.requests.length, 3);
    server.tell(refusal(503, 'm', soon));
    const error = await failureOf(call());
    assert.equal(server.requests.length, 3);
    assert.equal(error.attempts, 3);
  }
});

test('faults of the network are tried again with pauses that grow', async () => {
  server.tell(reset, cut(), json({ ok: true }));
  const began = performance.now();
  assert.deepEqual(await client.sessions.retrieve('S'), { ok: true });
  assert.equal(server.requests.length, 3);
  assert.ok(performance.now() - began > 500);
});

test('what waiting cannot help is not sent again', async () => {
  for (const lie of [refusal(400), refusal(401), refusal(404), refusal(422), refusal(501), claimsJson('{')]) {
    server.tell(lie);
    await failureOf(client.sessions.retrieve('S'));
    assert.equal(server.requests.length, 1);
  }
});

test('maxRetries holds on the client, on the call, and for undefined', async () => {
  const attempts = async (call) => {
    server.tell(refusal(503, 'm', soon));
    await failureOf(call);
    return server.requests.length;
  };
  const eager = client.withOptions({ maxRetries: 4 });
  assert.equal(await attempts(client.sessions.retrieve('S')), 3);
  assert.equal(await attempts(client.sessions.retrieve('S', { maxRetries: 0 })), 1);
  assert.equal(await attempts(client.sessions.retrieve('S', { maxRetries: undefined })), 3);
  assert.equal(await attempts(eager.sessions.retrieve('S')), 5);
  assert.equal(await attempts(eager.sessions.retrieve('S', { maxRetries: 1 })), 2);
  assert.equal(await attempts(eager.get('/v1/x')), 5);
  eager.maxRetries = 1;
  assert.equal(await attempts(eager.sessions.retrieve('S')), 2);
});

test('timeout holds on the client and on the call, for headers and for the body', async () => {
  const hasty = client.withOptions({ timeout: 100, maxRetries: 0 });
  for (const lie of [stall, stallInBody()]) {
    server.tell(lie);
    for (const call of [
      () => hasty.sessions.retrieve('S'),
      () => hasty.get('/v1/x'),
      () => client.sessions.retrieve('S', { timeout: 100, maxRetries: 0 }),
    ]) {
      const began = performance.now();
      const error = await failureOf(call());
      const took = performance.now() - began;
      assert.ok(error instanceof Anchorbrowser.APIConnectionTimeoutError, error.name);
      assert.ok(took >= 95 && took < 5000, `${took} ms`);
    }
  }
  server.tell(late(250, json({ late: true })));
  assert.deepEqual(await hasty.sessions.retrieve('S', { timeout: 5000 }), { late: true });
  assert.deepEqual(await client.sessions.retrieve('S', { timeout: undefined }), { late: true });
});

test('each attempt has the whole timeout, and totalTimeout bounds them all', async () => {
  server.tell(stall);
  const began = performance.now();
  const error = await failureOf(
    client.sessions.retrieve('S', { timeout: 100, maxRetries: 50, totalTimeout: 400 }),
  );
  assert.ok(error instanceof Anchorbrowser.APIConnectionTimeoutError);
  assert.ok(performance.now() - began < 5000);
  assert.ok(server.requests.length <= 4);
});

test('Retry-After is honoured in each of its forms, bounded, and ignored when it makes no sense', async () => {
  const timed = async (headers, options) => {
    server.tell(refusal(503, 'm', headers), json({ ok: true }));
    const began = performance.now();
    await client.sessions.retrieve('S', options);
    return performance.now() - began;
  };
  assert.ok((await timed({ 'retry-after-ms': '250' })) >= 240);
  assert.ok((await timed({ 'retry-after': '0.2' })) >= 190);
  assert.ok((await timed({ 'retry-after': new Date(Date.now() + 2000).toUTCString() })) >= 500);
  for (const rubbish of ['soon', '-5', '']) assert.ok((await timed({ 'retry-after': rubbish })) < 10_000);

  server.tell(refusal(503, 'm', { 'retry-after': '3600' }));
  const began = performance.now();
  const error = await failureOf(client.sessions.retrieve('S'));
  assert.ok(performance.now() - began < 10_000, 'an hour is not waited for');
  assert.equal(server.requests.length, 1);
  assert.equal(error.retryAfterMs, 3_600_000);
});

test('x-should-retry decides for reads', async () => {
  server.tell(refusal(503, 'm', { ...soon, 'x-should-retry': 'false' }));
  await failureOf(client.sessions.retrieve('S'));
  assert.equal(server.requests.length, 1);
  server.tell(refusal(404, 'm', { ...soon, 'x-should-retry': 'true' }), json({ ok: true }));
  await client.sessions.retrieve('S');
  assert.equal(server.requests.length, 2);
});

test('every attempt carries the same body, key and headers', async () => {
  server.tell(refusal(429, 'm', soon), refusal(429, 'm', soon), started);
  await client.tools.performWebTask({ prompt: 'p' }, { headers: { 'x-own': '1' } });
  const [first, ...others] = server.requests.map(({ headers, body }) => ({
    body,
    key: headers['anchor-api-key'],
    own: headers['x-own'],
  }));
  assert.deepEqual(first, { body: '{"prompt":"p"}', key: 'key-of-the-test', own: '1' });
  for (const other of others) assert.deepEqual(other, first);
});

test('the key does not follow a redirect to another origin, nor does the request', async () => {
  const elsewhere = await lyingServer(json({ data: {} }));
  try {
    for (const status of [301, 302, 303, 307, 308]) {
      for (const call of [() => client.sessions.retrieve('S'), STARTS.performWebTask]) {
        server.tell(redirect(status, `${elsewhere.url}/v1/sessions/S?token=t-0-ken`));
        const error = await failureOf(call());
        assert.ok(error instanceof Anchorbrowser.APIRedirectError, error.name);
        assert.ok(error instanceof Anchorbrowser.APIConnectionError);
        assert.ok(!error.message.includes('t-0-ken'), error.message);
        assert.ok(!error.message.includes('key-of-the-test'), error.message);
        assert.equal(server.requests.length, 1);
      }
    }
    assert.deepEqual(elsewhere.requests, []);
  } finally {
    await elsewhere.close();
  }
});

test('a redirect on the same origin is followed when it keeps the method', async () => {
  server.tell(redirect(307, '/moved'), json({ moved: true }));
  assert.deepEqual(await client.sessions.retrieve('S'), { moved: true });
  assert.deepEqual(
    server.requests.map(({ url }) => url),
    ['/v1/sessions/S', '/moved'],
  );
  server.tell(redirect(308, `${server.url}/moved`), started);
  await STARTS.performWebTask();
  assert.deepEqual(
    server.requests.map(({ method }) => method),
    ['POST', 'POST'],
  );
  server.tell(redirect(302, '/moved'), started);
  await failureOf(STARTS.performWebTask());
  assert.equal(server.requests.length, 1);
});
