// Waiting for executions: for their end, and for what the agent asks.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { AsteroidClient, ExecutionError, TimeoutError } from 'taskwright/asteroid';
import { asteroidServer, COMPLETED, RUNNING, SUCCESS } from '../helpers/asteroid-server.mjs';
import { inChild } from '../helpers/child.mjs';
import { bare, claimsJson, cut, json, late, reset, stall } from '../helpers/lying-server.mjs';
import { failureOf, until } from '../helpers/outcome.mjs';
import { states } from '../helpers/task-server.mjs';

const open = [];
after(() => Promise.all(open.map((server) => server.close())));

/** A client and a server without the long poll, unless `how` has it. */
async function setUp(how, options) {
  const server = await asteroidServer(how);
  open.push(server);
  return { server, client: new AsteroidClient({ baseUrl: server.url, apiKey: 'k', ...options }) };
}

/** Does not take part in the long poll, so that each question is one request. */
const plainly = { onStatus: () => {} };
const FAILED = {
  status: 'failed',
  executionResult: { outcome: 'failure', reasoning: 'no such page', result: null },
};
const completedV1 = { execution_id: 'E', status: 'completed' };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('interval, pollInterval and timeout that make no sense are refused by name before anything is sent', async () => {
  const { server, client } = await setUp({});
  for (const value of [0, -1, NaN, -Infinity, '5', {}]) {
    for (const [field, call] of [
      ['interval', () => client.waitForExecutionResult('E', value)],
      ['timeout', () => client.waitForExecutionResult('E', 1, value)],
      ['pollInterval', () => client.waitForAgentInteraction('E', value)],
      ['timeout', () => client.waitForAgentInteraction('E', 1, value)],
      ['interval', () => client.activities('E', { interval: value }).next()],
    ]) {
      const error = await failureOf(call());
      assert.equal(error.name, 'InvalidParameterError');
      assert.equal(error.field, field);
      assert.ok(
        error.message.startsWith(`"${field}" takes a number of milliseconds above 0, or Infinity, got `),
      );
    }
  }
  assert.equal(server.requests.length, 0);
});

for (const apiVersion of ['v2', 'v1']) {
  const result = () => ({ ...completedV1, execution_result: SUCCESS });

  describe(`waitForExecutionResult, ${apiVersion}`, { concurrency: 8 }, () => {
    test('the first question is asked at once, whatever the interval', async () => {
      const { server, client } = await setUp({ status: () => COMPLETED, result }, { apiVersion });
      const began = performance.now();
      assert.deepEqual(await client.waitForExecutionResult('E', 60_000), SUCCESS);
      assert.ok(performance.now() - began < 2_000);
      assert.ok(server.requests.length <= 3);
    });

    test('it asks at least every interval until the end, through every status that is none', async () => {
      const words = [
        'queued',
        'starting',
        'running',
        'paused',
        'paused_by_agent',
        'awaiting_confirmation',
        'new_one',
      ];
      const { server, client } = await setUp(
        { status: states(...words.map((status) => ({ status })), COMPLETED), result },
        { apiVersion },
      );
      const began = performance.now();
      const seen = [];
      const options = { onStatus: ({ rawStatus }) => seen.push(rawStatus) };
      assert.deepEqual(await client.waitForExecutionResult('E', 50, 20_000, options), SUCCESS);
      assert.equal(server.count('status E'), 8);
      assert.deepEqual(seen, [...words, 'completed']);
      assert.ok(performance.now() - began < 2_500, 'seven pauses of about 50 ms');
    });

    const passing = {
      'a 500': bare(500),
      'a 429': bare(429),
      'a broken connection': reset,
      'a cut body': cut(),
      'broken JSON': claimsJson('{"status": '),
      'JSON without a status': json({ hello: 'world' }),
      'JSON null': json(null),
    };
    for (const [what, lie] of Object.entries(passing)) {
      test(`${what} in between does not end it`, async () => {
        const { server, client } = await setUp(
          { status: states(lie, RUNNING, lie, COMPLETED), result },
          { apiVersion },
        );
        assert.deepEqual(await client.waitForExecutionResult('E', 20, 20_000, plainly), SUCCESS);
        assert.equal(server.count('status E'), 4);
      });
    }

    for (const status of [401, 403, 404]) {
      test(`a ${status} ends it at once`, async () => {
        const { client } = await setUp({ status: states(RUNNING, bare(status)) }, { apiVersion });
        const error = await failureOf(client.waitForExecutionResult('E', 20));
        assert.equal(error.name, 'AsteroidAPIError');
        assert.equal(error.status, status);
        assert.equal(error.executionId, 'E');
      });
    }

    test('its deadline is the clock\u2019s, however long the interval and however slow the server', async () => {
      for (const status of [() => RUNNING, () => stall, () => late(2_500, json(RUNNING))]) {
        const { client } = await setUp({ status }, { apiVersion });
        const began = performance.now();
        const error = await failureOf(client.waitForExecutionResult('E', 60_000, 600));
        assert.ok(error instanceof TimeoutError);
        assert.equal(error.kind, 'wait_timeout');
        assert.equal(error.executionId, 'E');
        assert.equal(error.retryable, true);
        assert.match(error.message, /E has not ended within 600 ms/);
        const took = performance.now() - began;
        assert.ok(took >= 590 && took < 2_000, `took ${took} ms`);
      }
    });

    test('a question that hangs is given up after timeoutMs and asked again', async () => {
      const { server, client } = await setUp({ status: states(stall, COMPLETED), result }, { apiVersion });
      await client.waitForExecutionResult('E', 20, 20_000, { timeoutMs: 150 });
      assert.equal(server.count('status E'), 2);
    });

    test('an abort before it sends nothing, one during it hangs up, both reject with the reason', async () => {
      const { server, client } = await setUp({ status: () => stall, sync: () => stall }, { apiVersion });
      const reason = new Error('enough');
      const before = client.waitForExecutionResult('E', 20, 20_000, { signal: AbortSignal.abort(reason) });
      assert.equal(await failureOf(before), reason);
      assert.equal(server.requests.length, 0);
      const controller = new AbortController();
      const during = client.waitForExecutionResult('E', 20, 20_000, { signal: controller.signal });
      until(() => server.requests.length === 1).then(() => controller.abort(reason));
      assert.equal(await failureOf(during), reason);
      await until(() => !server.requests[0].open);
      await pause(200);
      assert.equal(server.requests.length, 1, 'nobody asks any more');
    });

    test('what onStatus throws ends it', async () => {
      const { client } = await setUp({ status: () => RUNNING }, { apiVersion });
      const thrown = new Error('from the listener');
      const onStatus = () => {
        throw thrown;
      };
      assert.equal(await failureOf(client.waitForExecutionResult('E', 20, 20_000, { onStatus })), thrown);
    });
  });
}

describe('the end of an execution, v2', { concurrency: 8 }, () => {
  test('one request tells that it ended and what it came to', async () => {
    const { server, client } = await setUp({ status: () => COMPLETED });
    await client.waitForExecutionResult('E', 1_000, 10_000, plainly);
    assert.deepEqual(
      server.requests.map(({ method, url }) => `${method} ${url}`),
      ['GET /agents/v2/executions/E'],
    );
  });

  test('a result that comes later than the status is waited for', async () => {
    const { server, client } = await setUp({
      status: states({ status: 'completed' }, { status: 'completed', executionResult: null }, COMPLETED),
    });
    assert.deepEqual(await client.waitForExecutionResult('E', 20, 10_000, plainly), SUCCESS);
    assert.equal(server.count('status E'), 3);
  });

  for (const status of ['failed', 'cancelled']) {
    test(`${status} rejects with the result`, async () => {
      const { client } = await setUp({ status: states(RUNNING, { ...FAILED, status }) });
      const error = await failureOf(client.waitForExecutionResult('E', 20));
      assert.ok(error instanceof ExecutionError);
      assert.equal(error.message, `execution E ended with status: ${status} - no such page`);
      assert.equal(error.executionStatus, status);
      assert.equal(error.executionId, 'E');
      assert.deepEqual(error.executionResult, FAILED.executionResult);
    });

    test(`${status} without a result rejects all the same`, async () => {
      const { client } = await setUp({ status: () => ({ status, executionResult: null }) });
      const error = await failureOf(client.waitForExecutionResult('E', 20));
      assert.equal(error.message, `execution E ended with status: ${status}`);
      assert.equal(error.executionResult, undefined);
    });
  }
});

describe('the end of an execution, v1', { concurrency: 8 }, () => {
  const v1 = { apiVersion: 'v1' };

  test('the status is asked for first, then the result', async () => {
    const { server, client } = await setUp(
      {
        status: states(RUNNING, completedV1),
        result: () => ({ ...completedV1, execution_result: SUCCESS }),
      },
      v1,
    );
    assert.deepEqual(await client.waitForExecutionResult('E', 20), SUCCESS);
    assert.deepEqual(
      server.requests.map(({ method, url }) => `${method} ${url}`),
      ['GET /api/v1/execution/E/status', 'GET /api/v1/execution/E/status', 'GET /api/v1/execution/E/result'],
    );
    assert.equal(server.requests[2].headers['x-asteroid-agents-api-key'], 'k');
  });

  test('a result that is not written yet, or cannot be had for a moment, is waited for', async () => {
    const { server, client } = await setUp(
      {
        status: () => completedV1,
        result: states(completedV1, { ...completedV1, execution_result: { outcome: '' } }, bare(500), {
          ...completedV1,
          execution_result: SUCCESS,
        }),
      },
      v1,
    );
    assert.deepEqual(await client.waitForExecutionResult('E', 20), SUCCESS);
    assert.equal(server.count('result E'), 4);
  });

  test('failed rejects with the result and the reason', async () => {
    const { client } = await setUp(
      {
        status: () => ({ execution_id: 'E', status: 'failed', reason: 'out of steps' }),
        result: () => ({ status: 'failed', execution_result: { outcome: 'failure', reasoning: 'r' } }),
      },
      v1,
    );
    const error = await failureOf(client.waitForExecutionResult('E', 20));
    assert.equal(error.message, 'execution E ended with status: failed - out of steps');
    assert.deepEqual(error.executionResult, { outcome: 'failure', reasoning: 'r' });
  });

  test('an error in the answer of the result makes a failure of it', async () => {
    const { client } = await setUp(
      { status: () => completedV1, result: () => ({ ...completedV1, error: 'the browser died' }) },
      v1,
    );
    const error = await failureOf(client.waitForExecutionResult('E', 20));
    assert.ok(error instanceof ExecutionError);
    assert.match(error.message, /the browser died$/);
  });
});

describe('the long poll', { concurrency: 8 }, () => {
  test('it is used where it is offered, and one request is the whole wait', async () => {
    const { server, client } = await setUp({
      sync: () => late(300, json({ executionId: 'E', ...COMPLETED })),
      status: () => RUNNING,
    });
    assert.deepEqual(await client.waitForExecutionResult('E'), SUCCESS);
    assert.deepEqual(
      server.requests.map(({ url }) => url),
      ['/agents/v2/executions/E/sync?timeoutSeconds=25'],
    );
  });

  test('it is asked again when it ends without an end, and holds no longer than the wait has time', async () => {
    const held = [];
    const { client } = await setUp({
      sync: (_id, asked, seconds) => {
        held.push(seconds);
        return asked < 3 ? json(RUNNING, 202) : COMPLETED;
      },
    });
    assert.deepEqual(await client.waitForExecutionResult('E', 20, 12_000), SUCCESS);
    assert.equal(held.length, 3);
    assert.ok(
      held.every((seconds) => seconds >= 1 && seconds <= 12),
      held.join(),
    );
  });

  test('a service that does not offer it is asked plainly, and the long poll is not tried again', async () => {
    for (const status of [404, 405, 501]) {
      const { server, client } = await setUp({
        sync: () => bare(status),
        status: states(RUNNING, RUNNING, COMPLETED),
      });
      assert.deepEqual(await client.waitForExecutionResult('E', 20), SUCCESS);
      assert.deepEqual([server.count('sync E'), server.count('status E')], [1, 3]);
      assert.deepEqual(await client.waitForExecutionResult('E', 20), SUCCESS);
      assert.equal(server.count('sync E'), 1);
    }
  });

  test('an execution that does not exist is not waited for, and says nothing about the long poll', async () => {
    const { server, client } = await setUp({
      sync: (id) => (id === 'E' ? COMPLETED : bare(404)),
      status: () => bare(404),
    });
    assert.equal((await failureOf(client.waitForExecutionResult('X'))).status, 404);
    assert.deepEqual(await client.waitForExecutionResult('E'), SUCCESS);
    assert.equal(server.count('status E'), 0);
  });

  for (const [what, failure] of [
    ['an error of a proxy', bare(502)],
    ['a broken connection', reset],
    ['a status that means nothing here', bare(422)],
  ]) {
    test(`${what} instead of a long poll does not end the wait, which goes on with plain questions`, async () => {
      const { server, client } = await setUp({
        sync: () => failure,
        status: states(RUNNING, RUNNING, COMPLETED),
      });
      assert.deepEqual(await client.waitForExecutionResult('E', 20), SUCCESS);
      assert.equal(server.count('sync E'), 1);
    });
  }

  test('many waits leave room for others: only a few are held back by the server at once', async () => {
    const { server, client } = await setUp({
      sync: (id) => (id === 'held' ? () => {} : COMPLETED),
      status: (id) => (id === 'held' ? RUNNING : COMPLETED),
    });
    const controller = new AbortController();
    const { signal } = controller;
    const held = Array.from({ length: 40 }, () =>
      client.waitForExecutionResult('held', 60_000, 60_000, { signal }).catch(() => {}),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(await client.waitForExecutionResult('E', 20), SUCCESS);
    assert.ok(server.count('sync held') <= 4, `${server.count('sync held')} long polls`);
    controller.abort();
    await Promise.all(held);
  });
});

describe('waitForAgentInteraction', { concurrency: 8 }, () => {
  const activity = (activityType, members, layout) => ({
    id: Math.random().toString(36),
    executionId: 'E',
    timestamp: '2026-01-02T03:04:05Z',
    payload: { activityType, ...(layout === 'nested' ? { data: members } : members) },
  });
  const paused = { status: 'paused_by_agent' };

  for (const layout of ['flat', 'nested']) {
    test(`the message is what the agent really asks: the question of its pause, ${layout} activities`, async () => {
      const { server, client } = await setUp({
        status: states(RUNNING, paused),
        activities: () => [
          activity(
            'action_started',
            { message: 'clicks', actionName: 'element_click', actionId: '1' },
            layout,
          ),
          activity(
            'status_changed',
            { status: 'paused_by_agent', pausedPayload: { reason: 'Which code?' } },
            layout,
          ),
          activity('step_completed', { stepNumber: 2 }, layout),
        ],
      });
      assert.deepEqual(await client.waitForAgentInteraction('E', 20), {
        isTerminal: false,
        status: 'paused_by_agent',
        agentMessage: 'Which code?',
        executionResult: null,
      });
      const look = server.requests.find(({ path }) => path.endsWith('/activities'));
      assert.equal(look.url, '/agents/v2/executions/E/activities?order=desc&limit=100');
    });

    test(`without a reason it is its newest message to the user, ${layout} activities`, async () => {
      const { client } = await setUp({
        status: () => paused,
        activities: () => [
          activity('action_started', { message: 'old', actionName: 'util_send_user_message' }, layout),
          activity('action_started', { message: 'Tell me', actionName: 'util_send_user_message' }, layout),
          activity('action_started', { message: 'clicks', actionName: 'element_click' }, layout),
          activity('status_changed', { status: 'paused_by_agent' }, layout),
        ],
      });
      assert.equal((await client.waitForAgentInteraction('E', 20)).agentMessage, 'Tell me');
    });
  }

  for (const [what, activities] of Object.entries({
    'no activities': () => [],
    'a failing call for them': () => bare(500),
    'a broken connection': () => reset,
    'something else': () => json({ code: 1 }),
  })) {
    test(`${what}: the message is the vendor\u2019s fixed text`, async () => {
      const { client } = await setUp({ status: () => paused, activities });
      const { agentMessage } = await client.waitForAgentInteraction('E', 20);
      assert.equal(agentMessage, 'Agent is requesting input');
    });
  }

  for (const [what, lie] of Object.entries({
    'a 503': bare(503),
    'a 429 with Retry-After': bare(429, { 'retry-after': '1' }),
    'a broken connection': reset,
  })) {
    test(`${what} in place of the activities, once: the message is the agent\u2019s own all the same`, async () => {
      const asked = activity('status_changed', {
        status: 'paused_by_agent',
        pausedPayload: { reason: 'Which order?' },
      });
      const { client } = await setUp({ status: () => paused, activities: states(lie, [asked]) });
      assert.equal((await client.waitForAgentInteraction('E', 20)).agentMessage, 'Which order?');
    });
  }

  test('the question is found behind the uploads that came after it', async () => {
    const uploads = Array.from({ length: 60 }, () => activity('file_added', { fileName: 'x' }));
    const asked = activity('status_changed', {
      status: 'paused_by_agent',
      pausedPayload: { reason: 'Which order?' },
    });
    const { client } = await setUp({ status: () => paused, activities: () => [asked, ...uploads] });
    assert.equal((await client.waitForAgentInteraction('E', 20)).agentMessage, 'Which order?');
  });

  test('a wait whose time is up while the question is asked for ends as a timeout', async () => {
    const { client } = await setUp({ status: () => paused, activities: () => stall });
    const error = await failureOf(client.waitForAgentInteraction('E', 20, 400));
    assert.equal(error.name, 'TimeoutError');
  });

  test('paused, awaiting_confirmation and unknown statuses are waited through', async () => {
    const { server, client } = await setUp({
      status: states(
        { status: 'paused' },
        { status: 'awaiting_confirmation' },
        { status: 'new_one' },
        paused,
      ),
    });
    assert.equal((await client.waitForAgentInteraction('E', 20)).status, 'paused_by_agent');
    assert.equal(server.count('status E'), 4);
    assert.equal(server.count('sync E'), 0, 'a long poll would sleep through a question');
  });

  test('an end is told and never thrown, with the result where there is one', async () => {
    for (const [execution, executionResult] of [
      [COMPLETED, SUCCESS],
      [FAILED, FAILED.executionResult],
      [{ status: 'cancelled', executionResult: null }, null],
    ]) {
      const { client } = await setUp({ status: states(RUNNING, execution) });
      assert.deepEqual(await client.waitForAgentInteraction('E', 20), {
        isTerminal: true,
        status: execution.status,
        agentMessage: null,
        executionResult,
      });
    }
  });

  test('version 1 asks for status, activities and result where they are', async () => {
    const { server, client } = await setUp(
      {
        status: states(paused, completedV1),
        result: () => ({ ...completedV1, execution_result: SUCCESS }),
        activities: () => [activity('status_changed', { pausedPayload: { reason: 'Who?' } }, 'nested')],
      },
      { apiVersion: 'v1' },
    );
    assert.equal((await client.waitForAgentInteraction('E', 20)).agentMessage, 'Who?');
    assert.deepEqual((await client.waitForAgentInteraction('E', 20)).executionResult, SUCCESS);
    assert.deepEqual(
      server.requests.map(({ path }) => path),
      [
        '/api/v1/execution/E/status',
        '/agents/v2/executions/E/activities',
        '/api/v1/execution/E/status',
        '/api/v1/execution/E/result',
      ],
    );
  });

  test('its time limit and an abort end it', async () => {
    const { client } = await setUp({ status: () => RUNNING });
    const error = await failureOf(client.waitForAgentInteraction('E', 50, 300));
    assert.ok(error instanceof TimeoutError);
    assert.equal(error.observed[0].status, 'running');
    const signal = AbortSignal.timeout(100);
    assert.equal(
      (await failureOf(client.waitForAgentInteraction('E', 50, 5_000, { signal }))).name,
      'TimeoutError',
    );
  });
});

test('a process ends by itself when its waits have: no timer is left', async () => {
  const { server } = await setUp({ status: (id) => (id === 'E' ? COMPLETED : RUNNING) });
  const began = performance.now();
  const { stdout } = await inChild(
    `import { AsteroidClient } from 'taskwright/asteroid';
     const client = new AsteroidClient({ baseUrl: '${server.url}' });
     await client.waitForExecutionResult('E');
     await client.waitForExecutionResult('X', 60000, 100).catch(({ name }) => console.log(name));
     const signal = AbortSignal.timeout(100);
     await client.waitForAgentInteraction('X', 60000, 600000, { signal }).catch(({ name }) => console.log(name));
     const following = client.activities('X', { interval: 600000, signal: AbortSignal.timeout(100) });
     await following.next().catch(({ name }) => console.log(name));`,
  );
  assert.equal(stdout, 'TimeoutError\nTimeoutError\nTimeoutError');
  assert.ok(performance.now() - began < 10_000);
});
