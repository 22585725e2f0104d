// No fault starts an execution twice. For each: what was started, what was sent, and how it ended.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { AmbiguousStartError, AsteroidClient } from 'taskwright/asteroid';
import { asteroidServer } from '../helpers/asteroid-server.mjs';
import {
  bare,
  claimsJson,
  cut,
  json,
  refusedAddress,
  reset,
  stall,
  stallInBody,
  text,
} from '../helpers/lying-server.mjs';
import { failureOf, until } from '../helpers/outcome.mjs';

const open = [];
const rows = [];
after(async () => {
  await Promise.all(open.map((server) => server.close()));
  console.log(
    ['fault'.padEnd(44), 'api', 'started', 'starts sent', 'lists', 'outcome'.padEnd(19), 'official'].join(
      '  ',
    ),
  );
  for (const row of rows.sort()) console.log(row);
});

async function setUp(how, options) {
  const server = await asteroidServer(how);
  open.push(server);
  const client = new AsteroidClient({
    baseUrl: server.url,
    apiKey: 'secret-key',
    timeoutMs: 400,
    ...options,
  });
  return { server, client };
}

/**
 * A fault of the first start. `accepted`: whether the execution was started before it. Version 2 can be asked whether
 * it was; version 1 cannot. `sent`: starts that are sent; `v2`, `v1`: the error, if there is one.
 */
const AMBIGUOUS = 'AmbiguousStartError';
const FAULTS = {
  'a 503 without Retry-After, accepted': { lie: bare(503), accepted: true, sent: 1, v1: AMBIGUOUS },
  'a 503 without Retry-After, not accepted': { lie: bare(503), sent: 1, v2: AMBIGUOUS, v1: AMBIGUOUS },
  'a 503 with Retry-After': { lie: bare(503, { 'retry-after': '1' }), sent: 2 },
  'a 429 with Retry-After': { lie: bare(429, { 'retry-after': '1' }), sent: 2 },
  'a 429 without Retry-After': { lie: bare(429), sent: 2 },
  'a reset before it was accepted': { lie: reset, sent: 1, v2: AMBIGUOUS, v1: AMBIGUOUS },
  'a reset after it was accepted': { lie: reset, accepted: true, sent: 1, v1: AMBIGUOUS },
  'no answer, accepted': { lie: stall, accepted: true, sent: 1, v1: AMBIGUOUS },
  'no answer, not accepted': { lie: stall, sent: 1, v2: AMBIGUOUS, v1: AMBIGUOUS },
  'a body that is cut': { lie: cut(202), accepted: true, sent: 1, v1: AMBIGUOUS },
  'a body that stalls': { lie: stallInBody(202), accepted: true, sent: 1, v1: AMBIGUOUS },
  'a 500, accepted': { lie: bare(500), accepted: true, sent: 1, v1: AMBIGUOUS },
  'a 502, not accepted': { lie: bare(502), sent: 1, v2: AMBIGUOUS, v1: AMBIGUOUS },
  'JSON that breaks off': { lie: claimsJson('{"executionId": "E'), accepted: true, sent: 1, v1: AMBIGUOUS },
  'JSON of something else': { lie: json({ ok: true }, 202), accepted: true, sent: 1, v1: AMBIGUOUS },
  'JSON null': { lie: json(null, 202), accepted: true, sent: 1, v1: AMBIGUOUS },
  'an id that is empty': {
    lie: json({ executionId: '', execution_id: '' }, 202),
    accepted: true,
    sent: 1,
    v1: AMBIGUOUS,
  },
  'a page of a proxy with status 200': {
    lie: text('<html></html>', 200, { 'content-type': 'text/html' }),
    accepted: true,
    sent: 1,
    v1: AMBIGUOUS,
  },
  'a 400': {
    lie: json({ code: 400, message: 'no' }, 400),
    sent: 1,
    v2: 'AsteroidAPIError',
    v1: 'AsteroidAPIError',
  },
  'a 404': { lie: bare(404), sent: 1, v2: 'AsteroidAPIError', v1: 'AsteroidAPIError' },
};

/**
 * What the vendor's TypeScript client 1.3.10 makes of it, by what is recorded of it: it sends once, has no time limit,
 * throws a plain `Error`, and looks nowhere; so where the start was accepted, its caller who tries again starts a second one.
 */
function official(what) {
  if (/no answer|stalls/.test(what)) return 'waits on';
  return /JSON|id that|proxy/.test(what) ? 'not recorded' : 'Error, 1 sent';
}

for (const apiVersion of ['v2', 'v1']) {
  describe(`faults of the start, ${apiVersion}`, { concurrency: 8 }, () => {
    for (const [what, fault] of Object.entries(FAULTS)) {
      test(`${what} never starts an execution twice`, async () => {
        const { server, client } = await setUp(
          {
            start: (number) => (number === 1 ? fault.lie : undefined),
            accepts: (number) => number > 1 || fault.accepted === true,
          },
          { apiVersion },
        );
        const data = { order: 1 };
        const ended = await client.executeAgent('A', data).catch((error) => error);
        const started = server.executions.length;
        const outcome = typeof ended === 'string' ? ended : ended.name;
        rows.push(
          [
            what.padEnd(44),
            ` ${apiVersion}`,
            String(started).padStart(7),
            String(server.count('starts')).padStart(11),
            String(server.count('lists')).padStart(5),
            outcome.padEnd(19),
            official(what),
          ].join('  '),
        );
        const error = fault[apiVersion];
        assert.equal(server.count('starts'), fault.sent);
        if (error === undefined) {
          assert.equal(started, 1, 'exactly one was started');
          assert.equal(ended, server.executions[0].id, 'and it is the one');
          return;
        }
        assert.equal(outcome, error);
        assert.equal(started, fault.accepted ? 1 : 0);
        if (error !== AMBIGUOUS) return assert.equal(server.count('lists'), 0);
        assert.ok(ended instanceof AmbiguousStartError);
        assert.equal(ended.kind, 'ambiguous_start');
        assert.equal(ended.retryable, false);
        assert.ok(['connection', 'timeout', 'decode', 'api'].includes(ended.causeKind), ended.causeKind);
        assert.equal(server.count('lists') > 1, apiVersion === 'v2', 'it was looked for, more than once');
      });
    }
  });
}

describe('looking for a start whose answer was lost', { concurrency: 8 }, () => {
  test('it is found by an id in its metadata, beside which the caller\u2019s own members stay', async () => {
    const { server, client } = await setUp({ start: () => reset });
    const metadata = Object.freeze({ mine: 'yes', nested: { a: [1] } });
    const id = await client.executeAgent('A', {}, undefined, { metadata });
    assert.equal(id, 'E1');
    const { taskwright_start: mark, ...others } = server.executions[0].metadata;
    assert.deepEqual(others, metadata);
    const look = server.requests.find(({ path }) => path === '/agents/v2/executions');
    const query = new URL(look.url, server.url).searchParams;
    assert.equal(query.get('metadataKey'), 'taskwright_start');
    assert.equal(query.get('metadataValue'), mark);
    assert.equal(look.headers['x-api-key'], 'secret-key');
  });

  test('every start carries an id of its own', async () => {
    const { server, client } = await setUp({});
    await Promise.all(Array.from({ length: 20 }, () => client.executeAgent('A')));
    assert.equal(new Set(server.executions.map(({ metadata }) => metadata.taskwright_start)).size, 20);
  });

  test('an execution that is listed a moment later is found too', async () => {
    const empty = json({ items: [], page: 1, pageSize: 10, total: 0 });
    const { server, client } = await setUp({
      start: () => reset,
      list: (number) => (number < 3 ? empty : undefined),
    });
    assert.equal(await client.executeAgent('A'), 'E1');
    assert.equal(server.count('lists'), 3);
    assert.equal(server.count('starts'), 1);
  });

  test('a look that fails is repeated', async () => {
    const { server, client } = await setUp({
      start: () => reset,
      list: (number) => [bare(503), reset][number - 1],
    });
    assert.equal(await client.executeAgent('A'), 'E1');
    assert.equal(server.count('lists'), 3);
  });

  test('a service that ignores the filter does not hand over a stranger', async () => {
    const strangers = [
      { id: 'X', metadata: { taskwright_start: 'another' } },
      { id: 'Y', metadata: null },
      { id: 'Z' },
    ];
    const { client } = await setUp({
      start: () => reset,
      list: () => json({ items: strangers, page: 1, pageSize: 10, total: 3 }),
    });
    const error = await failureOf(client.executeAgent('A'));
    assert.ok(error instanceof AmbiguousStartError);
    assert.match(error.message, /may or may not .*getExecutions/);
    assert.equal(error.causeKind, 'connection');
    assert.equal(error.request.method, 'POST');
  });

  test('a synchronous start is looked for as well', async () => {
    const { server, client } = await setUp({
      start: () => reset,
      status: () => ({ id: 'E1', status: 'paused' }),
    });
    const answer = await client.executeAgentSync('A', { a: 1 }, undefined, { timeoutSeconds: 2 });
    assert.deepEqual(answer, { executionId: 'E1', status: 'paused' });
    assert.equal(server.count('starts'), 1);
  });

  test('an abort while it is looked for rejects with the reason, and nobody looks any more', async () => {
    const { server, client } = await setUp({ start: () => reset, accepts: () => false });
    const controller = new AbortController();
    const started = client.executeAgent('A', {}, undefined, { signal: controller.signal });
    const reason = new Error('enough');
    until(() => server.count('lists') === 1).then(() => controller.abort(reason));
    assert.equal(await failureOf(started), reason);
    const lists = server.count('lists');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    assert.equal(server.count('lists'), lists);
    assert.equal(server.count('starts'), 1);
  });

  test('an abort before a start sends nothing', async () => {
    const { server, client } = await setUp({});
    const signal = AbortSignal.abort('no');
    assert.equal(await failureOf(client.executeAgent('A', {}, undefined, { signal })), 'no');
    assert.equal(server.requests.length, 0);
  });

  test('a server that is not there is no ambiguous start', async () => {
    const client = new AsteroidClient({ baseUrl: await refusedAddress(), maxRetries: 1 });
    const error = await failureOf(client.executeAgent('A'));
    assert.equal(error.name, 'AsteroidAPIError');
    assert.equal(error.kind, 'connection');
    assert.equal(error.attempts, 2);
  });

  test('maxRetries 0 sends one start even after a refusal', async () => {
    const { server, client } = await setUp({ start: () => bare(429) }, { maxRetries: 0 });
    const error = await failureOf(client.executeAgent('A'));
    assert.equal(error.status, 429);
    assert.equal(server.count('starts'), 1);
  });
});

describe('other requests that must not be doubled', { concurrency: 8 }, () => {
  for (const [what, call] of Object.entries({
    rerunExecution: (client) => client.rerunExecution('E'),
    addMessageToExecution: (client) => client.addMessageToExecution('E', 'm'),
    uploadExecutionFiles: (client) => client.uploadExecutionFiles('E', [['a.txt', 'a']]),
    createAgentProfile: (client) => client.createAgentProfile({ name: 'n' }),
    updateAgentProfile: (client) => client.updateAgentProfile('P', { cookies_to_add: [] }),
  })) {
    test(`${what} is not sent again when its answer is lost`, async () => {
      const sent = [];
      const fetch = async (url, init) => {
        sent.push(`${init.method} ${url}`);
        throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } });
      };
      const client = new AsteroidClient({ baseUrl: 'https://a.test', fetch });
      const error = await failureOf(call(client));
      assert.equal(error.kind, 'ambiguous_start');
      assert.equal(sent.length, 1);
    });
  }

  for (const [what, call] of Object.entries({
    getExecution: (client) => client.getExecution('E'),
    cancelExecution: (client) => client.cancelExecution('E'),
    pauseExecution: (client) => client.pauseExecution('E'),
    resumeExecution: (client) => client.resumeExecution('E'),
    deleteExecution: (client) => client.deleteExecution('E'),
    deleteAgentProfile: (client) => client.deleteAgentProfile('P'),
    stageTempFiles: (client) => client.stageTempFiles('O', [['a.txt', 'a']]),
  })) {
    test(`${what}, which may be repeated, is`, async () => {
      let sent = 0;
      const fetch = async () => {
        sent += 1;
        if (sent === 1) throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } });
        return Response.json({ tempFiles: [] });
      };
      await call(new AsteroidClient({ baseUrl: 'https://a.test', fetch }));
      assert.equal(sent, 2);
    });
  }
});
