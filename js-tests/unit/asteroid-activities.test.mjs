// `activities()`: a run is followed to its end, without duplicates and without gaps.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { AsteroidClient } from 'taskwright/asteroid';
import { asteroidServer, COMPLETED, RUNNING } from '../helpers/asteroid-server.mjs';
import { bare, claimsJson, reset } from '../helpers/lying-server.mjs';
import { failureOf, until } from '../helpers/outcome.mjs';
import { states } from '../helpers/task-server.mjs';

const open = [];
after(() => Promise.all(open.map((server) => server.close())));

async function setUp(how, options) {
  const server = await asteroidServer(how);
  open.push(server);
  return { server, client: new AsteroidClient({ baseUrl: server.url, maxRetries: 0, ...options }) };
}

const activity = (number, payload = { activityType: 'step_started', stepNumber: number }) => ({
  id: `a${number}`,
  executionId: 'E',
  timestamp: '2026-01-02T03:04:05Z',
  payload,
});
/** A run of which `counts[n]` activities have happened at look `n`; it has ended with the last look. */
const run = (counts) => ({
  status: (_id, asked) => (asked < counts.length ? RUNNING : COMPLETED),
  activities: (_id, asked) =>
    Array.from({ length: counts[Math.min(asked, counts.length) - 1] }, (_, index) => activity(index + 1)),
});

async function all(iterator) {
  const ids = [];
  for await (const { id } of iterator) ids.push(id);
  return ids;
}
const upTo = (count) => Array.from({ length: count }, (_, index) => `a${index + 1}`);

describe('activities', { concurrency: 8 }, () => {
  for (const counts of [
    [0],
    [3],
    [0, 0, 1, 1, 4],
    [1, 2, 3, 4, 5, 6],
    [49, 50, 51],
    [50, 100, 150],
    [10, 61],
  ]) {
    test(`each comes once and in order when ${counts.join(', ')} have happened from look to look`, async () => {
      const { client, server } = await setUp(run(counts));
      assert.deepEqual(await all(client.activities('E', { interval: 10 })), upTo(counts.at(-1)));
      assert.equal(server.count('status E'), counts.length, 'it ends with the execution');
    });
  }

  test('more than are asked for at once leave no gap: it asks for more until they reach back', async () => {
    for (const count of [51, 120, 777]) {
      // The number of looks differs from that of questions here, so everything stands from the beginning.
      const { client, server } = await setUp({
        status: () => COMPLETED,
        activities: () => Array.from({ length: count }, (_, index) => activity(index + 1)),
      });
      assert.deepEqual(await all(client.activities('E', { interval: 10 })), upTo(count));
      const limits = server.requests
        .filter(({ path }) => path.endsWith('activities'))
        .map(({ url }) => Number(new URL(url, 'http://h').searchParams.get('limit')));
      assert.ok(limits.at(-1) > count);
      assert.deepEqual(
        limits,
        limits.toSorted((a, b) => a - b),
      );
    }
  });

  test('a burst of hundreds between two looks leaves no gap', async () => {
    let [happened, ended] = [5, false];
    const { client } = await setUp({
      status: () => (ended ? COMPLETED : RUNNING),
      activities: () => Array.from({ length: happened }, (_, index) => activity(index + 1)),
    });
    const ids = [];
    for await (const { id } of client.activities('E', { interval: 10 })) {
      ids.push(id);
      if (id === 'a5') happened = 405;
      if (id === 'a405') ended = true;
    }
    assert.deepEqual(ids, upTo(405));
  });

  test('what happens between the last status and the last look is not lost', async () => {
    const { client } = await setUp({
      status: states(RUNNING, COMPLETED),
      activities: (_id, asked) =>
        Array.from({ length: asked === 1 ? 1 : 4 }, (_, index) => activity(index + 1)),
    });
    assert.deepEqual(await all(client.activities('E', { interval: 10 })), upTo(4));
  });

  for (const end of ['completed', 'failed', 'cancelled']) {
    test(`it ends when the execution is ${end}`, async () => {
      const { client } = await setUp({
        status: states(RUNNING, { status: end }),
        activities: () => [activity(1)],
      });
      assert.deepEqual(await all(client.activities('E', { interval: 10 })), ['a1']);
    });
  }

  test('a look that fails for a passing reason is repeated, and nothing comes twice', async () => {
    const list = (count) => Array.from({ length: count }, (_, index) => activity(index + 1));
    const { client } = await setUp({
      status: states(bare(503), RUNNING, reset, RUNNING, RUNNING, COMPLETED),
      activities: states(list(2), bare(500), list(3), list(5)),
    });
    assert.deepEqual(await all(client.activities('E', { interval: 10 })), upTo(5));
  });

  test('a look comes no sooner than the service asks for', async () => {
    const { client, server } = await setUp({
      status: states(bare(429, { 'retry-after': '1' }), COMPLETED),
      activities: () => [activity(1)],
    });
    assert.deepEqual(await all(client.activities('E', { interval: 10 })), ['a1']);
    assert.equal(server.count('status E'), 2);
  });

  test('an error that will not pass ends it', async () => {
    for (const status of [401, 404]) {
      const { client } = await setUp({ status: () => bare(status) });
      assert.equal((await failureOf(all(client.activities('E', { interval: 10 })))).status, status);
    }
  });

  test('types and layouts that nobody knows come as they are', async () => {
    const payload = { activityType: 'of_next_year', data: { a: [1] }, more: null };
    const { client } = await setUp({ status: () => COMPLETED, activities: () => [activity(1, payload)] });
    for await (const each of client.activities('E')) assert.deepEqual(each, activity(1, payload));
  });

  test('version 1 asks for its own status', async () => {
    const { client, server } = await setUp(run([1, 2]), { apiVersion: 'v1' });
    assert.deepEqual(await all(client.activities('E', { interval: 10 })), upTo(2));
    assert.ok(server.requests.some(({ path }) => path === '/api/v1/execution/E/status'));
  });

  test('an abort ends it with the reason, in a pause and in a request', async () => {
    const reason = new Error('enough');
    for (const status of [() => RUNNING, () => () => {}]) {
      const { client, server } = await setUp({ status, activities: () => [] });
      const controller = new AbortController();
      const following = client.activities('E', { interval: 60_000, signal: controller.signal }).next();
      until(() => server.requests.length > 0).then(() => setTimeout(() => controller.abort(reason), 50));
      assert.equal(await failureOf(following), reason);
    }
    const { client, server } = await setUp({});
    assert.equal(
      await failureOf(client.activities('E', { signal: AbortSignal.abort(reason) }).next()),
      reason,
    );
    assert.equal(server.requests.length, 0);
  });

  test('who stops listening asks no more', async () => {
    const { client, server } = await setUp({
      status: () => RUNNING,
      activities: () => [activity(1), activity(2)],
    });
    for await (const { id } of client.activities('E', { interval: 10 })) if (id === 'a1') break;
    const asked = server.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(server.requests.length, asked);
  });

  test('an interval without an end is a long pause, not a hot loop', async () => {
    const { client, server } = await setUp({ status: () => RUNNING, activities: () => [] });
    const signal = AbortSignal.timeout(200);
    await failureOf(client.activities('E', { interval: Infinity, signal }).next());
    assert.equal(server.count('status E'), 1);
  });

  test('an answer that is no list is an error, not silence', async () => {
    const { client } = await setUp({ status: () => COMPLETED, activities: () => claimsJson('{"code": 1}') });
    const error = await failureOf(all(client.activities('E', { interval: 10 })));
    assert.equal(error.name, 'AsteroidAPIError');
    assert.equal(error.kind, 'decode');
  });
});
