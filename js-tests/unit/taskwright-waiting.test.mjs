// Waiting: what it hears, what it shrugs off, what ends it, and what it costs.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { TaskFailedError, Taskwright, WaitTimeoutError } from 'taskwright';
import { inChild } from '../helpers/child.mjs';
import { bare, claimsJson, cut, json, refusal, reset, stall, text } from '../helpers/lying-server.mjs';
import { failureOf } from '../helpers/outcome.mjs';
import { completed, failed, RUNNING, states, taskServer } from '../helpers/task-server.mjs';

const open = [];
after(() => Promise.all(open.map((server) => server.close())));

async function setUp(how, options) {
  const server = await taskServer(how);
  open.push(server);
  return { server, client: new Taskwright({ baseUrl: server.url, ...options }) };
}

// Each has a server of its own: most of their time is pauses between questions, which may overlap.
describe('one wait', { concurrency: 8 }, () => {
  test('onStatus is told of each change once, the first status and the last included', async () => {
    const answers = [RUNNING, RUNNING, { status: 'THINKING' }, RUNNING, completed(1)];
    const { client } = await setUp({ status: states(...answers) });
    const seen = [];
    await client.waitForWebTask('W', { onStatus: (change) => seen.push(change) });
    assert.deepEqual(seen, [
      { id: 'W', status: 'running', rawStatus: 'RUNNING' },
      { id: 'W', status: 'running', rawStatus: 'THINKING' },
      { id: 'W', status: 'running', rawStatus: 'RUNNING' },
      { id: 'W', status: 'succeeded', rawStatus: 'COMPLETED' },
    ]);
  });

  test('onStatus tells the id of a task that runWebTask started', async () => {
    const { client, server } = await setUp({ status: states(RUNNING, completed(1)) });
    const ids = new Set();
    await client.runWebTask({ prompt: 'p' }, { onStatus: ({ id }) => ids.add(id) });
    assert.deepEqual([...ids], [server.tasks[0].id]);
  });

  test('a status nobody knows keeps waiting at the normal pace, not in a hot loop', async () => {
    const { client, server } = await setUp({ status: () => ({ status: 'SOMETHING_NEW' }) });
    const error = await failureOf(client.waitForWebTask('W', { timeoutMs: 1_500 }));
    assert.ok(error instanceof WaitTimeoutError);
    assert.ok(server.counts.polls >= 2 && server.counts.polls <= 9, `asked ${server.counts.polls} times`);
    assert.deepEqual(error.observed, [{ status: 'SOMETHING_NEW', count: server.counts.polls }]);
  });

  const PASSING = {
    'a 503': bare(503),
    'a 500 with a page': text('<h1>oops</h1>', 500, { 'content-type': 'text/html' }),
    'a 429': refusal(429),
    'a reset connection': reset,
    'a cut body': cut(),
    'broken JSON': claimsJson('{"data": {"status": '),
    'JSON without a status': json({ hello: 'world' }),
    'a status that is a number': json({ data: { status: 7 } }),
    'data that is null': json({ data: null }),
    'JSON null': json(null),
    'HTML with status 200': text('<html>a proxy</html>', 200, { 'content-type': 'text/html' }),
    'a 204': bare(204),
    'an error in the body of a 200': json({ error: { code: 502, message: 'bad gateway' } }),
  };

  for (const [what, lie] of Object.entries(PASSING)) {
    test(`${what} in answer to a question does not end the wait`, async () => {
      const { client, server } = await setUp({ status: states(lie, RUNNING, lie, completed('after all')) });
      const { result } = await client.waitForWebTask('W', { timeoutMs: 20_000 });
      assert.equal(result, 'after all');
      assert.equal(server.counts.polls, 4);
    });
  }

  for (const status of [400, 401, 403, 404, 410, 422]) {
    test(`a ${status} ends the wait at once`, async () => {
      const { client, server } = await setUp({ status: states(RUNNING, refusal(status, 'go away')) });
      const error = await failureOf(client.waitForWebTask('W'));
      assert.equal(error.name, 'ApiError');
      assert.equal(error.status, status);
      assert.equal(error.message, `${status} go away`);
      assert.equal(server.counts.polls, 2);
    });
  }

  test('a question that hangs is given up after attemptTimeoutMs and asked again', async () => {
    const { client, server } = await setUp({ status: states(stall, completed(1)) });
    await client.waitForWebTask('W', { attemptTimeoutMs: 100 });
    assert.equal(server.counts.polls, 2);
  });

  test('Retry-After of a failed question is honoured', async () => {
    const { client, server } = await setUp({
      status: states(refusal(429, 'slow', { 'retry-after': '1' }), completed(1)),
    });
    await client.waitForWebTask('W');
    const [first, second] = server.requests;
    assert.ok(second.at - first.at >= 990, `came back after ${second.at - first.at} ms`);
  });

  test('timeoutMs ends the wait with what was seen, and the task can be waited for again', async () => {
    const { client } = await setUp({
      status: (_id, asked) => (asked < 6 ? (asked % 2 ? RUNNING : { status: 'PAUSED' }) : completed('later')),
    });
    const error = await failureOf(client.waitForWebTask('W 1', { timeoutMs: 700 }));
    assert.ok(error instanceof WaitTimeoutError);
    assert.equal(error.name, 'WaitTimeoutError');
    assert.equal(error.kind, 'wait_timeout');
    assert.equal(error.taskId, 'W 1');
    assert.equal(error.retryable, true);
    assert.deepEqual(new Set(error.observed.map(({ status }) => status)), new Set(['RUNNING', 'PAUSED']));
    assert.match(
      error.message,
      /^task W 1 has not ended within 700 ms \(saw RUNNING × \d, PAUSED × \d\); it goes on/,
    );
    assert.equal((await client.waitForWebTask('W 1')).result, 'later');
  });

  test('timeoutMs passes although the only question hangs', async () => {
    const { client } = await setUp({ status: () => stall });
    const started = performance.now();
    const error = await failureOf(client.waitForWebTask('W', { timeoutMs: 400 }));
    assert.equal(error.name, 'WaitTimeoutError');
    assert.deepEqual(error.observed, []);
    assert.ok(performance.now() - started < 5_000, 'well under five seconds');
  });

  test('a task that ends just before timeoutMs is still noticed', async () => {
    let ended = false;
    const { client } = await setUp({ status: () => (ended ? completed('in time') : RUNNING) });
    setTimeout(() => {
      ended = true;
    }, 1_200);
    const outcome = await client.waitForWebTask('W', { timeoutMs: 2_000 });
    assert.equal(outcome.result, 'in time');
  });

  test('a wait as short as one millisecond ends', async () => {
    const { client } = await setUp({ status: () => RUNNING });
    assert.equal((await failureOf(client.waitForWebTask('W', { timeoutMs: 1 }))).name, 'WaitTimeoutError');
    assert.equal((await failureOf(client.waitForWebTask('W', { timeoutMs: 0.2 }))).name, 'WaitTimeoutError');
  });

  test('Infinity and limits longer than a timer can count are accepted', async () => {
    const { client } = await setUp({ status: states(RUNNING, completed(1)) });
    for (const timeoutMs of [Infinity, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      assert.equal((await client.waitForWebTask(`W${timeoutMs}`, { timeoutMs })).result, 1);
    }
  });

  test('limits that make no sense are refused before anything is sent', async () => {
    const { client, server } = await setUp({});
    for (const name of ['timeoutMs', 'attemptTimeoutMs']) {
      for (const [value, got] of [
        [0, '0'],
        [-1, '-1'],
        [NaN, 'NaN'],
        [-Infinity, '-Infinity'],
        ['5', 'a string'],
        [{}, 'an object'],
        [true, 'a boolean'],
      ]) {
        for (const call of [
          (o) => client.waitForWebTask('W', o),
          (o) => client.runWebTask({ prompt: 'p' }, o),
        ]) {
          const error = await failureOf(call({ [name]: value }));
          assert.equal(error.name, 'InvalidInputError');
          assert.equal(error.field, name);
          assert.equal(
            error.message,
            `"${name}" takes a number of milliseconds above 0, or Infinity, got ${got}`,
          );
        }
      }
    }
    assert.equal(server.requests.length, 0);
  });

  test('a task that failed rejects with its reason', async () => {
    const { client } = await setUp({ status: states(RUNNING, failed('the page has no heading')) });
    for (const call of [() => client.waitForWebTask('W'), () => client.runWebTask({ prompt: 'p' })]) {
      const error = await failureOf(call());
      assert.ok(error instanceof TaskFailedError);
      assert.match(error.message, /^task \S+ failed: the page has no heading$/);
      assert.equal(error.retryable, false);
      assert.ok(error.taskId);
    }
  });

  test('throwOnFailure: false makes a failure an outcome', async () => {
    const { client } = await setUp({ status: states(failed('no heading')) });
    assert.deepEqual(await client.waitForWebTask('W', { throwOnFailure: false }), {
      id: 'W',
      status: 'failed',
      rawStatus: 'FAILED',
      error: 'no heading',
    });
  });

  test('a failure without a reason says that there is none', async () => {
    const { client } = await setUp({ status: states({ status: 'FAILED' }) });
    assert.match((await failureOf(client.waitForWebTask('W'))).message, /the backend gave no reason/);
  });

  test('what onStatus throws ends the wait, whatever it is', async () => {
    const { client, server } = await setUp({ status: () => RUNNING });
    const waits = [
      new Error('from the listener'),
      'text',
      undefined,
      null,
      0,
      { kind: 'api', message: '' },
    ].map(async (thrown) => {
      const onStatus = () => {
        throw thrown;
      };
      assert.equal(await failureOf(client.waitForWebTask('W', { onStatus })), thrown);
    });
    await Promise.all(waits);
    const asked = server.counts.polls;
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(server.counts.polls, asked, 'nobody asks any more');
  });

  test('a listener may start other work of the same client', async () => {
    const { client } = await setUp({ status: states(RUNNING, completed(1)) });
    const inner = [];
    await client.waitForWebTask('outer', {
      onStatus: ({ rawStatus }) => inner.push(client.waitForWebTask(`inner ${rawStatus}`)),
    });
    assert.deepEqual(
      (await Promise.all(inner)).map(({ status }) => status),
      ['succeeded', 'succeeded'],
    );
  });

  test('what an async onStatus rejects with ends the wait instead of the process', async () => {
    const { server } = await setUp({ status: () => RUNNING });
    const { stdout } = await inChild(
      `import { waitForWebTask } from 'taskwright';
     const onStatus = async () => { throw new Error('from the listener'); };
     await waitForWebTask('W', { onStatus, timeoutMs: 1000 }).catch((error) => console.log(error.message));`,
      { TASKWRIGHT_BASE_URL: server.url },
    );
    assert.equal(stdout, 'from the listener');
  });
});

test('300 waits share one budget: never more questions at once than pollsInFlight', async () => {
  const { client, server } = await setUp(
    { status: states(RUNNING, completed(1)), delayMs: 15 },
    { pollsInFlight: 7 },
  );
  const waits = Array.from({ length: 300 }, (_, index) => client.waitForWebTask(`W${index}`));
  assert.equal((await Promise.all(waits)).length, 300);
  assert.equal(server.counts.polls, 600);
  assert.ok(server.counts.maxInFlight <= 7, `${server.counts.maxInFlight} at once`);
});

test('300 waits share one budget: no second has more questions than pollsPerSecond and one burst', async () => {
  const [perSecond, burst] = [100, 10];
  const { client, server } = await setUp(
    { status: states(RUNNING, completed(1)) },
    { pollsInFlight: burst, pollsPerSecond: perSecond },
  );
  await Promise.all(Array.from({ length: 150 }, (_, index) => client.waitForWebTask(`W${index}`)));
  const times = server.requests.map(({ at }) => at);
  for (const [index, from] of times.entries()) {
    const within = times.slice(index).filter((at) => at < from + 1_000).length;
    // Requests are timed where they arrive: a pause of the process may push some together.
    assert.ok(within <= (perSecond + burst) * 1.3, `${within} questions in one second`);
  }
});

test('a full budget does not delay the limits of the waits behind it', async () => {
  const { client } = await setUp({ status: () => stall }, { pollsInFlight: 1 });
  const started = performance.now();
  const waits = Array.from({ length: 20 }, (_, i) =>
    failureOf(client.waitForWebTask(`W${i}`, { timeoutMs: 500 })),
  );
  for (const error of await Promise.all(waits)) assert.equal(error.name, 'WaitTimeoutError');
  assert.ok(performance.now() - started < 5_000, 'well under five seconds');
});

test('300 runs at once start 300 tasks, none twice', async () => {
  const { client, server } = await setUp({ status: states(completed(1)) });
  await Promise.all(Array.from({ length: 300 }, () => client.runWebTask({ prompt: 'p' })));
  assert.equal(server.tasks.length, 300);
  assert.equal(server.counts.starts, 300);
});

test('the time limit of runWebTask includes the start and stands in the error', async () => {
  const { client, server } = await setUp({ status: () => RUNNING });
  const error = await failureOf(client.runWebTask({ prompt: 'p' }, { timeoutMs: 500 }));
  assert.equal(error.name, 'WaitTimeoutError');
  assert.equal(error.taskId, server.tasks[0].id);
});

test('an error after the start names the task, so that it can be waited for again', async () => {
  const { client, server } = await setUp({ status: states(RUNNING, refusal(401)) });
  const error = await failureOf(client.runWebTask({ prompt: 'p' }));
  assert.equal(error.taskId, server.tasks[0].id);
});
