// Ending a call from outside: at every moment of it, and with nothing left behind.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, before, test } from 'node:test';
import Anchorbrowser from 'taskwright/anchor';
import { json, lyingServer, refusal, stall, stallInBody } from '../helpers/lying-server.mjs';
import { failureOf, until } from '../helpers/outcome.mjs';

let server;
let client;
const strays = [];
const keep = (reason) => strays.push(reason);
before(async () => {
  process.on('unhandledRejection', keep);
  server = await lyingServer(json({}));
  client = new Anchorbrowser({ apiKey: 'k', baseURL: server.url });
  await client.sessions.retrieve('S'); // From here on the module is loaded, as it is for most calls.
});
after(async () => {
  await server.close();
  process.off('unhandledRejection', keep);
  assert.deepEqual(strays, []);
});

const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
const listeners = (signal) => getEventListeners(signal, 'abort').length;

function assertAborted(error, reason) {
  assert.ok(error instanceof Anchorbrowser.APIUserAbortError, error.name);
  assert.ok(error instanceof Anchorbrowser.APIError);
  assert.equal(error.name, 'APIUserAbortError');
  assert.equal(error.cause, reason);
  assert.equal(error.status, undefined);
}

const CALLS = {
  'a read': (options) => client.sessions.retrieve('S', options),
  'a start': (options) => client.tools.performWebTask({ prompt: 'p' }, options),
  'a raw request': (options) => client.get('/v1/x', options),
  'a picture': (options) => client.sessions.retrieveScreenshot('S', options),
  'a raw response': (options) => client.sessions.retrieve('S', options).asResponse(),
};

for (const [what, call] of Object.entries(CALLS)) {
  test(`${what}, aborted before it is made, sends nothing`, async () => {
    server.tell(json({}));
    const reason = new Error('changed my mind');
    const signal = AbortSignal.abort(reason);
    assertAborted(await failureOf(call({ signal })), reason);
    assert.deepEqual(server.requests, []);
    assert.equal(listeners(signal), 0);
  });

  test(`${what}, aborted right after it is made, sends nothing`, async () => {
    server.tell(json({}));
    const controller = new AbortController();
    const failure = failureOf(call({ signal: controller.signal }));
    controller.abort('a string as reason');
    assertAborted(await failure, 'a string as reason');
    assert.deepEqual(server.requests, []);
    assert.equal(listeners(controller.signal), 0);
  });

  test(`${what}, aborted while it waits for headers, ends at once and hangs up`, async () => {
    server.tell(stall);
    const before = timers();
    const controller = new AbortController();
    const failure = failureOf(call({ signal: controller.signal }));
    await until(() => server.requests.length === 1);
    assert.equal(listeners(controller.signal) > 0, true);
    const began = performance.now();
    controller.abort();
    assertAborted(await failure, controller.signal.reason);
    assert.ok(performance.now() - began < 2000);
    assert.equal(controller.signal.reason.name, 'AbortError');
    assert.equal(listeners(controller.signal), 0);
    assert.equal(timers(), before);
    assert.equal(server.requests.length, 1);
    await until(() => !server.requests[0].open);
  });

  test(`${what}, aborted between two attempts, does not wait for the second`, async () => {
    server.tell(refusal(429, 'm', { 'retry-after': '30' }));
    const before = timers();
    const controller = new AbortController();
    const failure = failureOf(call({ signal: controller.signal }));
    await until(() => server.requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    controller.abort(new Error('enough'));
    assertAborted(await failure, controller.signal.reason);
    assert.equal(listeners(controller.signal), 0);
    assert.equal(timers(), before);
    assert.equal(server.requests.length, 1);
  });

  test(`${what} leaves no listener and no timer when it succeeds or fails`, async () => {
    const before = timers();
    const { signal } = new AbortController();
    for (const lie of [json({ ok: true }), refusal(404)]) {
      server.tell(lie);
      const outcome = await call({ signal }).catch((error) => error);
      await outcome?.body?.cancel?.();
      await outcome?.arrayBuffer?.().catch(() => {});
      assert.equal(timers(), before);
    }
    assert.equal(listeners(signal), 0);
  });
}

for (const what of ['a read', 'a start', 'a raw request']) {
  test(`${what}, aborted in the middle of its body, ends at once and hangs up`, async () => {
    server.tell(stallInBody());
    const before = timers();
    const controller = new AbortController();
    const failure = failureOf(CALLS[what]({ signal: controller.signal }));
    await until(() => server.requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort(new Error('enough'));
    assertAborted(await failure, controller.signal.reason);
    assert.equal(listeners(controller.signal), 0);
    assert.equal(timers(), before);
    await until(() => !server.requests[0].open);
  });
}

test('aborting after the answer changes nothing', async () => {
  server.tell(json({ ok: true }));
  const controller = new AbortController();
  const promise = client.sessions.retrieve('S', { signal: controller.signal });
  assert.deepEqual(await promise, { ok: true });
  controller.abort();
  assert.deepEqual(await promise, { ok: true });
});

test('the body of an answer that was handed out unread ends with the signal', async () => {
  server.tell(stallInBody());
  const controller = new AbortController();
  const picture = await client.sessions.retrieveScreenshot('S', { signal: controller.signal });
  const reading = failureOf(picture.arrayBuffer());
  controller.abort(new Error('enough'));
  assert.equal(await reading, controller.signal.reason);
});

test('one signal may serve many calls, one after the other and at once', async () => {
  server.tell(json({ ok: true }));
  const { signal } = new AbortController();
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(Array.from({ length: 50 }, () => client.sessions.retrieve('S', { signal })));
  }
  assert.equal(listeners(signal), 0);
});

test('AbortSignal.timeout ends a call with its own reason', async () => {
  server.tell(stall);
  const signal = AbortSignal.timeout(50);
  const error = await failureOf(client.sessions.retrieve('S', { signal }));
  assertAborted(error, signal.reason);
  assert.equal(error.cause.name, 'TimeoutError');
});

test('a null signal is none', async () => {
  server.tell(json({ ok: true }));
  assert.deepEqual(await client.sessions.retrieve('S', { signal: null }), { ok: true });
});

test('an aborted start says that it may have started only when it was on its way', async () => {
  const before = await failureOf(
    client.tools.performWebTask({ prompt: 'p' }, { signal: AbortSignal.abort('early') }),
  );
  assert.equal(before.maybeStarted, false);
  server.tell(stall);
  for (const [call, maybeStarted] of [
    [(options) => client.tools.performWebTask({ prompt: 'p' }, options), true],
    [(options) => client.sessions.retrieve('S', options), false],
  ]) {
    const controller = new AbortController();
    const seen = server.requests.length;
    const failure = failureOf(call({ signal: controller.signal }));
    await until(() => server.requests.length > seen);
    controller.abort('late');
    assert.equal((await failure).maybeStarted, maybeStarted);
  }
});
