// The four calls of the portable entry, when nothing goes wrong.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { Taskwright } from 'taskwright';
import { inChild } from '../helpers/child.mjs';
import { completed, failed, RUNNING, states, taskServer } from '../helpers/task-server.mjs';

let server;
let client;
before(async () => {
  server = await taskServer({ status: states(RUNNING, completed({ heading: 'Hello' })) });
  client = new Taskwright({ baseUrl: server.url, apiKey: 'key-of-the-tests' });
});
after(() => server.close());
const last = () => server.requests.at(-1);

test('runWebTask starts one task, waits for it and gives its result', async () => {
  const before = server.tasks.length;
  assert.deepEqual(await client.runWebTask({ prompt: 'Extract the heading' }), { heading: 'Hello' });
  assert.equal(server.tasks.length, before + 1);
  assert.deepEqual(server.tasks.at(-1).body, { prompt: 'Extract the heading', async: true });
});

test('performWebTask with async answers at once with the id, as the server gave it', async () => {
  const { data } = await client.performWebTask({ prompt: 'p', async: true });
  assert.equal(data.status, 'running');
  assert.equal(data.workflow_id, server.tasks.at(-1).id);
});

test('performWebTask without async gives the result as the server gave it', async () => {
  assert.deepEqual(await client.performWebTask({ prompt: 'p' }), { data: { result: 'ok' } });
  assert.deepEqual(JSON.parse(last().body), { prompt: 'p' });
});

test('getPerformWebTaskStatus asks once and hands the answer on', async () => {
  assert.deepEqual(await client.getPerformWebTaskStatus('fresh'), { data: RUNNING });
  assert.equal(last().url, '/v1/tools/perform-web-task/fresh/status');
  assert.equal(last().method, 'GET');
});

test('waitForWebTask gives the outcome with the word of the backend beside ours', async () => {
  assert.deepEqual(await client.waitForWebTask('waited for'), {
    id: 'waited for',
    status: 'succeeded',
    rawStatus: 'COMPLETED',
    result: { heading: 'Hello' },
  });
});

test('an id travels encoded, so that it cannot address anything else', async () => {
  await client.getPerformWebTaskStatus('a/b?c#d%20e é');
  assert.equal(last().url, '/v1/tools/perform-web-task/a%2Fb%3Fc%23d%2520e%20%C3%A9/status');
});

test('every documented parameter travels under its own name, the session in the query', async () => {
  const params = {
    prompt: 'p',
    url: 'https://example.com/a?b#c',
    agent: 'browser-use',
    provider: 'openai',
    model: 'm',
    detect_elements: true,
    human_intervention: false,
    max_steps: 7,
    secret_values: { pin: 'four digits' },
    highlight_elements: false,
    output_schema: { type: 'object' },
    directlyOpenUrl: true,
  };
  await client.performWebTask({ ...params, sessionId: 's/1', something_new: [1, null] });
  assert.equal(last().url, '/v1/tools/perform-web-task?sessionId=s%2F1');
  assert.deepEqual(JSON.parse(last().body), { ...params, something_new: [1, null] });
});

test('the local key travels as a bearer token, the key of anchor in its own header', async () => {
  await client.getPerformWebTaskStatus('x');
  assert.equal(last().headers.authorization, 'Bearer key-of-the-tests');
  const anchor = client.withOptions({ backend: 'anchor' });
  await anchor.getPerformWebTaskStatus('x');
  assert.equal(last().headers['anchor-api-key'], 'key-of-the-tests');
  assert.equal(last().headers.authorization, undefined);
});

test('headers of the client and of the call are sent, the call has the last word, case does not matter', async () => {
  const own = client.withOptions({ headers: { 'X-One': '1', 'x-two': '2' } });
  await own.getPerformWebTaskStatus('x', { headers: { 'x-TWO': 'two' } });
  assert.equal(last().headers['x-one'], '1');
  assert.equal(last().headers['x-two'], 'two');
});

test('withOptions makes another client and leaves the first as it was', async () => {
  const other = client.withOptions({ apiKey: 'another-key' });
  await other.getPerformWebTaskStatus('x');
  assert.equal(last().headers.authorization, 'Bearer another-key');
  await client.getPerformWebTaskStatus('x');
  assert.equal(last().headers.authorization, 'Bearer key-of-the-tests');
});

test('a path prefix of the base URL is kept and a slash at its end does no harm', async () => {
  await client.withOptions({ baseUrl: `${server.url}/proxy/a/` }).performWebTask({ prompt: 'p' });
  assert.equal(last().url, '/proxy/a/v1/tools/perform-web-task');
});

test('a result of any JSON kind comes through unchanged, also one that looks like a promise', async () => {
  const promising = JSON.parse('{"then": 5}');
  for (const result of [0, '', false, null, [], promising, { aborted: true, reason: 1 }, { kind: 'api' }]) {
    const one = await taskServer({ status: states(completed(result)) });
    assert.deepEqual(await new Taskwright({ baseUrl: one.url }).runWebTask({ prompt: 'p' }), result);
    await one.close();
  }
});

test('the functions speak to the server that the environment names, with its key', async () => {
  const { stdout } = await inChild(
    `import { getPerformWebTaskStatus, performWebTask, runWebTask, waitForWebTask } from 'taskwright';
     const { data } = await performWebTask({ prompt: 'p', async: true });
     const outcome = await waitForWebTask(data.workflow_id);
     const status = await getPerformWebTaskStatus(data.workflow_id);
     console.log(JSON.stringify([outcome.result, status.data.status, await runWebTask({ prompt: 'p' })]));`,
    { TASKWRIGHT_BASE_URL: ` ${server.url}/ `, TASKWRIGHT_API_KEY: ' from-the-environment ' },
  );
  assert.deepEqual(JSON.parse(stdout), [{ heading: 'Hello' }, 'COMPLETED', { heading: 'Hello' }]);
  assert.equal(last().headers.authorization, 'Bearer from-the-environment');
});

test('options come before the environment', async () => {
  await inChild(
    `import { Taskwright } from 'taskwright';
     await new Taskwright({ baseUrl: '${server.url}', apiKey: 'option' }).getPerformWebTaskStatus('x');`,
    { TASKWRIGHT_BASE_URL: 'http://127.0.0.1:9', TASKWRIGHT_API_KEY: 'variable' },
  );
  assert.equal(last().headers.authorization, 'Bearer option');
});

test('the anchor backend reads the variables of Anchor, not ours', async () => {
  await inChild(
    `import { Taskwright } from 'taskwright';
     await new Taskwright({ backend: 'anchor' }).getPerformWebTaskStatus('x');`,
    {
      ANCHORBROWSER_BASE_URL: server.url,
      ANCHORBROWSER_API_KEY: 'theirs',
      TASKWRIGHT_BASE_URL: 'http://127.0.0.1:9',
      TASKWRIGHT_API_KEY: 'ours',
    },
  );
  assert.equal(last().headers['anchor-api-key'], 'theirs');
});

test('without an environment the functions speak to the default address and send no key', async () => {
  const { stdout } = await inChild(
    `import { getPerformWebTaskStatus } from 'taskwright';
     globalThis.fetch = async (url, init) => {
       console.log(url, 'authorization' in init.headers);
       return Response.json({ data: { status: 'RUNNING' } });
     };
     await getPerformWebTaskStatus('x');`,
    { TASKWRIGHT_BASE_URL: '   ' },
  );
  assert.equal(stdout, 'http://127.0.0.1:8723/v1/tools/perform-web-task/x/status false');
});

test('a process that ran a task ends by itself', async () => {
  const started = performance.now();
  await inChild(
    `import { runWebTask } from 'taskwright';
     console.log(await runWebTask({ prompt: 'p' }));`,
    { TASKWRIGHT_BASE_URL: server.url },
  );
  assert.ok(performance.now() - started < 10_000, 'well under ten seconds');
});

test('importing the package does nothing: no request, no timer, no module loaded', async () => {
  const { stdout } = await inChild(
    `let compiled = 0;
     const compile = WebAssembly.compile;
     WebAssembly.compile = (...args) => { compiled += 1; return compile(...args); };
     globalThis.fetch = () => { throw new Error('fetched'); };
     const { Taskwright } = await import('taskwright');
     new Taskwright({ baseUrl: 'http://127.0.0.1:1' });
     console.log(compiled, process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length);`,
  );
  assert.equal(stdout, '0 0');
});

test('params that are changed after the call do not change what is sent', async () => {
  const params = { prompt: 'first' };
  const calls = [];
  for (const prompt of ['one', 'two', 'three']) {
    params.prompt = prompt;
    calls.push(client.performWebTask(params, { headers: { 'x-test': 'mutated' } }));
  }
  await Promise.all(calls);
  const sent = server.requests.filter((request) => request.headers['x-test'] === 'mutated');
  assert.deepEqual(sent.map((request) => JSON.parse(request.body).prompt).sort(), ['one', 'three', 'two']);
});

test('a task that failed rejects runWebTask even when a stray option asks otherwise', async () => {
  const one = await taskServer({ status: states(failed('no such page')) });
  const run = new Taskwright({ baseUrl: one.url }).runWebTask({ prompt: 'p' }, { throwOnFailure: false });
  await assert.rejects(run, { name: 'TaskFailedError' }).finally(() => one.close());
});

test('two clients share neither keys nor schedules nor addresses', async () => {
  const seen = [];
  const servers = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const own = createServer((request, response) => {
        seen.push([name, request.headers.authorization]);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ data: completed(name) }));
      });
      await new Promise((resolve) => own.listen(0, '127.0.0.1', resolve));
      return { name, own, url: `http://127.0.0.1:${own.address().port}` };
    }),
  );
  const outcomes = await Promise.all(
    servers.flatMap(({ name, url }) => {
      const own = new Taskwright({ baseUrl: url, apiKey: `key of ${name}`, pollsInFlight: 1 });
      return Array.from({ length: 10 }, (_, index) => own.waitForWebTask(`w${index}`));
    }),
  );
  assert.deepEqual(
    outcomes.map(({ result }) => result),
    [...Array(10).fill('one'), ...Array(10).fill('two')],
  );
  for (const [name, key] of seen) assert.equal(key, `Bearer key of ${name}`);
  for (const { own } of servers) {
    own.closeAllConnections();
    own.close();
  }
});
