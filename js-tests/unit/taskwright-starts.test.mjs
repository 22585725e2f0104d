// No fault starts a task twice. What reaches the server, for each fault, with a backend that honours
// idempotency keys and with one that does not.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Taskwright } from 'taskwright';
import {
  bare,
  claimsJson,
  cut,
  redirect,
  refusal,
  refusedAddress,
  reset,
  stall,
  stallInBody,
} from '../helpers/lying-server.mjs';
import { failureOf } from '../helpers/outcome.mjs';
import { taskServer } from '../helpers/task-server.mjs';

const open = [];
const rows = [];
after(async () => {
  await Promise.all(open.map((server) => server.close()));
  console.log(['fault'.padEnd(46), 'backend', 'requests', 'tasks', 'outcome'].join('  '));
  for (const row of rows.sort()) console.log(row);
});

async function setUp(backend, how) {
  const server = await taskServer(how);
  open.push(server);
  return {
    server,
    client: new Taskwright({ backend, baseUrl: server.url, apiKey: 'k', attemptTimeoutMs: 1_000 }),
  };
}

const soon = () => new Date(Date.now() + 1_000).toUTCString();

/**
 * A fault of the first request. `accepted`: whether the server started the task before it. `local` and `anchor`: how
 * many requests there are, and the error if the call does not succeed.
 */
const FAULTS = {
  'a reset after the task was accepted': {
    lie: reset,
    local: [2],
    anchor: [1, 'AmbiguousStartError', 'connection'],
  },
  'a reset before the task was accepted': {
    lie: reset,
    accepted: false,
    local: [2],
    anchor: [1, 'AmbiguousStartError', 'connection'],
  },
  'no answer in time': { lie: stall, local: [2], anchor: [1, 'AmbiguousStartError', 'timeout'] },
  'a body that stalls': { lie: stallInBody(), local: [2], anchor: [1, 'AmbiguousStartError', 'timeout'] },
  'a body that is cut': { lie: cut(), local: [2], anchor: [1, 'AmbiguousStartError', 'connection'] },
  'a 500': { lie: bare(500), local: [2], anchor: [1, 'AmbiguousStartError', 'api'] },
  'a 500 whose body is cut': { lie: cut(500), local: [2], anchor: [1, 'AmbiguousStartError', 'api'] },
  'a 502': { lie: bare(502), local: [2], anchor: [1, 'AmbiguousStartError', 'api'] },
  'a 504': { lie: bare(504), local: [2], anchor: [1, 'AmbiguousStartError', 'api'] },
  'a 408': { lie: bare(408), local: [2], anchor: [1, 'AmbiguousStartError', 'api'] },
  'a 503 without Retry-After': {
    lie: bare(503),
    accepted: false,
    local: [2],
    anchor: [1, 'AmbiguousStartError', 'api'],
  },
  'a 503 with Retry-After': {
    lie: () => bare(503, { 'retry-after': '1' }),
    accepted: false,
    local: [2],
    anchor: [2],
  },
  'a 429 without Retry-After': { lie: bare(429), accepted: false, local: [2], anchor: [2] },
  'a 429 with seconds': {
    lie: () => bare(429, { 'retry-after': '1' }),
    accepted: false,
    local: [2],
    anchor: [2],
    atLeast: 1_000,
  },
  'a 429 with milliseconds': {
    lie: () => bare(429, { 'retry-after-ms': '900' }),
    accepted: false,
    local: [2],
    anchor: [2],
    atLeast: 900,
  },
  'a 429 with a date': {
    lie: () => bare(429, { 'retry-after': soon() }),
    accepted: false,
    local: [2],
    anchor: [2],
  },
  'a 429 with rubbish': {
    lie: () => bare(429, { 'retry-after': 'soon, -1' }),
    accepted: false,
    local: [2],
    anchor: [2],
  },
  'a 429 that asks for an hour': {
    lie: () => bare(429, { 'retry-after': '3600' }),
    accepted: false,
    local: [1, 'ApiError'],
    anchor: [1, 'ApiError'],
  },
  'a 429 that says never': {
    lie: () => bare(429, { 'x-should-retry': 'false' }),
    accepted: false,
    local: [1, 'ApiError'],
    anchor: [1, 'ApiError'],
  },
  'a 500 that says to come back': {
    lie: () => bare(500, { 'x-should-retry': 'true' }),
    local: [2],
    anchor: [1, 'AmbiguousStartError', 'api'],
  },
  'JSON that breaks off': {
    lie: claimsJson('{"data": {"workflow_'),
    local: [1, 'AmbiguousStartError', 'decode'],
    anchor: [1, 'AmbiguousStartError', 'decode'],
  },
  'a 400': { lie: refusal(400), accepted: false, local: [1, 'ApiError'], anchor: [1, 'ApiError'] },
  'a 401': { lie: refusal(401), accepted: false, local: [1, 'ApiError'], anchor: [1, 'ApiError'] },
  'a 409': { lie: bare(409), accepted: false, local: [2], anchor: [1, 'ApiError'] },
  'a redirect elsewhere': {
    lie: redirect(307, 'http://127.0.0.1:9/'),
    accepted: false,
    local: [1, 'RedirectError'],
    anchor: [1, 'RedirectError'],
  },
};

// Each has a server of its own: most of their time is pauses between attempts, which may overlap.
describe('no fault starts a task twice', { concurrency: 8 }, () => {
  for (const [what, fault] of Object.entries(FAULTS)) {
    for (const backend of ['local', 'anchor']) {
      test(`${what} starts no task twice (${backend})`, async () => {
        const lie = fault.lie.length === 0 && fault.lie !== stall ? fault.lie() : fault.lie;
        const { server, client } = await setUp(backend, {
          start: (count) => count === 1 && lie,
          accepts: (count) => count > 1 || fault.accepted !== false,
        });
        const outcome = await client.performWebTask({ prompt: 'p', async: true }).catch((error) => error);
        const [requests, name, causeKind] = fault[backend];
        const ended = outcome instanceof Error ? `${outcome.name} ${outcome.causeKind ?? ''}` : 'started';
        rows.push(
          [
            what.padEnd(46),
            backend.padEnd(7),
            server.counts.starts,
            '       ',
            server.tasks.length,
            '  ',
            ended,
          ].join('  '),
        );

        assert.equal(server.counts.starts, requests);
        assert.ok(server.tasks.length <= 1, 'never two tasks');
        assert.equal(outcome.name, name);
        if (name === undefined) assert.equal(outcome.data.workflow_id, server.tasks[0].id);
        if (name === 'AmbiguousStartError') {
          assert.equal(outcome.causeKind, causeKind);
          assert.equal(outcome.retryable, false);
          assert.equal(outcome.attempts, requests);
        }
        if (requests === 2 && fault.atLeast) {
          const [first, second] = server.requests;
          assert.ok(second.at - first.at >= fault.atLeast - 5, `came back after ${second.at - first.at} ms`);
        }
        const keys = new Set(server.requests.map(({ headers }) => headers['idempotency-key']));
        assert.equal(keys.size, 1, 'all attempts carry the same key, or none');
        assert.equal(keys.has(undefined), backend === 'anchor');
      });
    }
  }
});

test('a start that nobody listens for is safe to repeat: a ConnectionError that says so', async () => {
  const calls = ['local', 'anchor'].map(async (backend) => {
    const client = new Taskwright({ backend, baseUrl: await refusedAddress(), apiKey: 'k' });
    const error = await failureOf(client.performWebTask({ prompt: 'p' }));
    assert.equal(error.name, 'ConnectionError');
    assert.equal(error.retryable, true);
    assert.equal(error.attempts, 3);
    assert.match(error.message, /ECONNREFUSED/);
  });
  await Promise.all(calls);
});

test('an ambiguous start gives the key with which calling again starts nothing twice', async () => {
  const { server, client } = await setUp('local', { start: (count) => count <= 3 && reset });
  const error = await failureOf(client.performWebTask({ prompt: 'p', async: true }));
  assert.equal(error.name, 'AmbiguousStartError');
  assert.equal(error.attempts, 3);
  assert.match(error.message, /calling again with this error's idempotencyKey starts nothing twice/);
  const { idempotencyKey } = error;
  assert.equal(idempotencyKey, server.requests[0].headers['idempotency-key']);
  const { data } = await client.performWebTask({ prompt: 'p', async: true }, { idempotencyKey });
  assert.equal(data.workflow_id, server.tasks[0].id);
  assert.equal(server.tasks.length, 1);
});

test('an ambiguous start without a key says what can be checked', async () => {
  const { client } = await setUp('anchor', { start: () => reset });
  const error = await failureOf(client.performWebTask({ prompt: 'p' }));
  assert.match(
    error.message,
    /it may or may not have been carried out; before starting again, check .*sessions/,
  );
  assert.equal(error.idempotencyKey, undefined);
});

test('a key of the caller is sent as it is, to both backends, and Anchor is still asked only once', async () => {
  for (const [backend, requests] of [
    ['local', 2],
    ['anchor', 1],
  ]) {
    const { server, client } = await setUp(backend, { start: (count) => count === 1 && reset });
    await client.performWebTask({ prompt: 'p', async: true }, { idempotencyKey: 'mine' }).catch(() => {});
    assert.deepEqual(
      server.requests.map(({ headers }) => headers['idempotency-key']),
      Array(requests).fill('mine'),
    );
  }
});

test('two starts have two keys', async () => {
  const { server } = await setUp('local');
  // Without the short limit: a busy machine may take longer for so many, and that is not what is asked here.
  const client = new Taskwright({ baseUrl: server.url });
  await Promise.all(Array.from({ length: 200 }, () => client.performWebTask({ prompt: 'p', async: true })));
  assert.equal(new Set(server.requests.map(({ headers }) => headers['idempotency-key'])).size, 200);
  assert.equal(server.tasks.length, 200);
});

test('maxRetries: 0 sends once, whatever happens', async () => {
  const { server, client } = await setUp('local', { start: () => bare(429) });
  await failureOf(client.performWebTask({ prompt: 'p' }, { maxRetries: 0 }));
  assert.equal(server.counts.starts, 1);
});

test('totalTimeoutMs bounds attempts and pauses together', async () => {
  const { client } = await setUp('local', { start: () => bare(500) });
  const started = performance.now();
  const error = await failureOf(
    client.performWebTask({ prompt: 'p' }, { totalTimeoutMs: 700, attemptTimeoutMs: 300, maxRetries: 50 }),
  );
  assert.equal(error.name, 'AmbiguousStartError');
  assert.ok(performance.now() - started < 5_000, 'well under five seconds');
});

test('runWebTask starts under the same rules: 30 runs through a server that resets every second of 45 starts', async () => {
  const { server, client } = await setUp('local', {
    start: (count) => count <= 45 && count % 2 === 1 && reset,
  });
  const runs = await Promise.all(
    Array.from({ length: 30 }, () => client.runWebTask({ prompt: 'p' }, { maxRetries: 20 })),
  );
  assert.deepEqual(runs, Array(30).fill('ok'));
  assert.equal(server.tasks.length, 30);
});

test('an earlier attempt that may have been accepted is not forgotten when a later one is redirected', async () => {
  const { client } = await setUp('local', {
    start: (count) => (count === 1 ? reset : redirect(307, 'http://127.0.0.1:9/')),
  });
  const error = await failureOf(client.performWebTask({ prompt: 'p' }));
  assert.equal(error.name, 'AmbiguousStartError');
  assert.ok(error.idempotencyKey);
});

test('a start that was answered with success but without an id is ambiguous', async () => {
  const { client } = await setUp('local', { start: () => claimsJson('{"data": {"status": "running"}}') });
  const error = await failureOf(client.runWebTask({ prompt: 'p' }));
  assert.equal(error.name, 'AmbiguousStartError');
  assert.equal(error.causeKind, 'decode');
  assert.ok(error.idempotencyKey);
});

test('a 501 says that nothing was started', async () => {
  const { client } = await setUp('anchor', { accepts: () => false, start: () => refusal(501) });
  assert.equal((await failureOf(client.performWebTask({ prompt: 'p' }))).name, 'ApiError');
});
