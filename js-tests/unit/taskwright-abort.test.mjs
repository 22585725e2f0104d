// Ending a call from outside: at every moment of it, with any reason, and with nothing left behind.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, before, test } from 'node:test';
import { Taskwright } from 'taskwright';
import { inChild } from '../helpers/child.mjs';
import { json, lyingServer, refusal, stall, stallInBody } from '../helpers/lying-server.mjs';
import { failureOf, until } from '../helpers/outcome.mjs';

const RUNNING = json({ data: { status: 'RUNNING' } });
const STARTED = json({ data: { status: 'running', workflow_id: 'W' } });

let server;
let client;
const strays = [];
const keep = (reason) => strays.push(reason);
before(async () => {
  process.on('unhandledRejection', keep);
  server = await lyingServer(RUNNING);
  client = new Taskwright({ baseUrl: server.url });
  await client.getPerformWebTaskStatus('S'); // From here on the module is loaded, as it is for most calls.
});
after(async () => {
  await server.close();
  process.off('unhandledRejection', keep);
  assert.deepEqual(strays, []);
});

const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
const listeners = (signal) => getEventListeners(signal, 'abort').length;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Aborts `call` when `moment` is there and looks at what is left. */
async function abortedAt(moment, call, ...reason) {
  const timersBefore = timers();
  const controller = new AbortController();
  const failure = failureOf(call({ signal: controller.signal, timeoutMs: 60_000 }));
  await moment();
  controller.abort(...reason);
  const error = await failure;
  assert.equal(error, controller.signal.reason);
  assert.equal(listeners(controller.signal), 0, 'no listener is left');
  // Fetch itself winds down in its own time; ours are gone at once or never.
  await until(() => timers() <= timersBefore);
  await until(() => server.requests.every((request) => !request.open));
  const sent = server.requests.length;
  await pause(700);
  assert.equal(server.requests.length, sent, 'nothing is sent any more');
  return error;
}

const CALLS = {
  performWebTask: (options) => client.performWebTask({ prompt: 'p' }, options),
  getPerformWebTaskStatus: (options) => client.getPerformWebTaskStatus('W', options),
  waitForWebTask: (options) => client.waitForWebTask('W', options),
  runWebTask: (options) => client.runWebTask({ prompt: 'p' }, options),
};

const REASONS = [
  new Error('enough'),
  'text',
  0,
  false,
  null,
  '',
  { kind: 'api', message: 'x' },
  { aborted: true },
];

for (const [name, call] of Object.entries(CALLS)) {
  test(`${name}, aborted before it is made, sends nothing and rejects with the reason, whatever it is`, async () => {
    server.tell(RUNNING);
    for (const reason of REASONS) {
      const signal = AbortSignal.abort(reason);
      assert.equal(await failureOf(call({ signal })), reason);
      assert.equal(listeners(signal), 0);
    }
    assert.deepEqual(server.requests, []);
  });

  test(`${name}, aborted right after it is made, sends nothing`, async () => {
    server.tell(RUNNING);
    const controller = new AbortController();
    const failure = failureOf(call({ signal: controller.signal }));
    controller.abort('at once');
    assert.equal(await failure, 'at once');
    assert.equal(listeners(controller.signal), 0);
    assert.deepEqual(server.requests, []);
  });

  test(`${name}, aborted while its request hangs, hangs up`, async () => {
    server.tell(stall);
    const error = await abortedAt(() => until(() => server.requests.length === 1), call);
    assert.equal(error.name, 'AbortError');
  });

  test(`${name}, aborted in the middle of a body, hangs up`, async () => {
    server.tell(stallInBody());
    await abortedAt(() => until(() => server.requests.length === 1).then(() => pause(50)), call, {
      any: 'reason',
    });
  });

  test(`${name}, aborted by a timeout signal, rejects with its TimeoutError`, async () => {
    server.tell(stall);
    const signal = AbortSignal.timeout(50);
    const error = await failureOf(call({ signal }));
    assert.equal(error, signal.reason);
    assert.equal(error.name, 'TimeoutError');
    assert.equal(listeners(signal), 0);
  });
}

test('a start, aborted in the pause before its next attempt, is not sent again', async () => {
  server.tell(refusal(429, 'wait', { 'retry-after': '1' }), STARTED);
  await abortedAt(
    () => until(() => server.requests.length === 1).then(() => pause(100)),
    CALLS.runWebTask,
    'r',
  );
  assert.equal(server.requests.length, 1);
});

test('a wait, aborted between two questions, asks no more', async () => {
  server.tell(RUNNING);
  await abortedAt(
    () => until(() => server.requests.length === 1).then(() => pause(60)),
    CALLS.waitForWebTask,
    'r',
  );
});

test('runWebTask, aborted between two questions, leaves the task alone', async () => {
  server.tell(STARTED, RUNNING);
  await abortedAt(
    () => until(() => server.requests.length === 2).then(() => pause(60)),
    CALLS.runWebTask,
    'r',
  );
  assert.deepEqual([...new Set(server.requests.map(({ method }) => method))], ['POST', 'GET']);
});

test('a wait, aborted by its own listener, ends with the reason', async () => {
  server.tell(json({ data: { status: 'COMPLETED', result: 1 } }));
  const controller = new AbortController();
  const onStatus = () => controller.abort('seen enough');
  const failure = await failureOf(client.waitForWebTask('W', { signal: controller.signal, onStatus }));
  assert.equal(failure, 'seen enough');
  assert.equal(listeners(controller.signal), 0);
});

test('aborting one of many waits leaves the others waiting', async () => {
  server.tell(RUNNING);
  const controller = new AbortController();
  const others = Array.from({ length: 20 }, (_, index) => client.waitForWebTask(`other ${index}`));
  const one = failureOf(client.waitForWebTask('one', { signal: controller.signal }));
  await until(() => server.requests.length >= 5);
  controller.abort('only this one');
  assert.equal(await one, 'only this one');
  server.tell(json({ data: { status: 'COMPLETED', result: 1 } }));
  assert.equal((await Promise.all(others)).length, 20);
});

test('one signal ends hundreds of calls and is free of listeners afterwards', async () => {
  server.tell(stall);
  const controller = new AbortController();
  const calls = Array.from({ length: 300 }, (_, index) =>
    failureOf(
      index % 2
        ? CALLS.runWebTask({ signal: controller.signal })
        : CALLS.waitForWebTask({ signal: controller.signal }),
    ),
  );
  await until(() => server.requests.length >= 64);
  controller.abort('all');
  for (const error of await Promise.all(calls)) assert.equal(error, 'all');
  assert.equal(listeners(controller.signal), 0);
  await until(() => server.requests.every((request) => !request.open));
});

test('one signal for many calls makes Node warn of no leak', async () => {
  server.tell(json({ data: { status: 'COMPLETED', result: 1 } }));
  const { stderr } = await inChild(
    `import { waitForWebTask } from 'taskwright';
     const { signal } = new AbortController();
     await Promise.all(Array.from({ length: 50 }, (_, index) => waitForWebTask('W' + index, { signal })));`,
    { TASKWRIGHT_BASE_URL: server.url },
  );
  assert.equal(stderr, '');
});

test('a call that has ended does not notice its signal any more', async () => {
  server.tell(STARTED, json({ data: { status: 'COMPLETED', result: 'kept' } }));
  const controller = new AbortController();
  const result = await client.runWebTask({ prompt: 'p' }, { signal: controller.signal });
  assert.equal(listeners(controller.signal), 0);
  controller.abort();
  assert.equal(result, 'kept');
});

for (const [what, moment] of Object.entries({
  'while a request hangs': stall,
  'between two questions': RUNNING,
})) {
  test(`a process whose only work is aborted ${what} ends by itself`, async () => {
    server.tell(moment);
    const { stdout } = await inChild(
      `import { waitForWebTask } from 'taskwright';
       const controller = new AbortController();
       setTimeout(() => controller.abort('stop'), 500);
       await waitForWebTask('W', { signal: controller.signal }).catch((reason) => console.log(reason));`,
      { TASKWRIGHT_BASE_URL: server.url },
      15_000,
    );
    assert.equal(stdout, 'stop');
  });
}
