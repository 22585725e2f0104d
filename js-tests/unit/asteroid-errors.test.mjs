// One tree of errors, whichever version of the API answers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TaskwrightError } from 'taskwright';
import {
  AmbiguousStartError,
  AsteroidAPIError,
  AsteroidClient,
  ExecutionError,
  InvalidParameterError,
  TimeoutError,
} from 'taskwright/asteroid';
import {
  bare,
  claimsJson,
  cut,
  json,
  lyingServer,
  redirect,
  refusedAddress,
  reset,
  stall,
  text,
} from '../helpers/lying-server.mjs';
import { failureOf } from '../helpers/outcome.mjs';

const KEY = 'secret-key-8731';
let server;
before(async () => {
  server = await lyingServer();
});
after(() => server.close());

const clientOf = (options) =>
  new AsteroidClient({ baseUrl: server.url, apiKey: KEY, maxRetries: 0, timeoutMs: 500, ...options });
async function failure(lie, call = (client) => client.getExecution('E'), options) {
  server.tell(lie);
  return await failureOf(call(clientOf(options)));
}

describe('what the service says becomes one readable sentence', () => {
  const plain = { 'content-type': 'text/plain' };
  for (const [what, lie, message] of [
    ['version 1', json({ error: 'execution not found' }, 404), '404 execution not found'],
    ['version 2', json({ code: 404, message: 'execution not found' }, 404), '404 execution not found'],
    [
      'problem details',
      json(
        { code: 403, message: 'forbidden', title: 'T', detail: 'D', type: 'about:blank', status: 403 },
        403,
      ),
      '403 forbidden',
    ],
    ['plain text', text('file too large', 400, plain), '400 file too large'],
    ['a JSON string', json('file too large', 400), '400 "file too large"'],
    ['nothing', bare(403), '403 status code (no body)'],
  ]) {
    test(what, async () => {
      const error = await failure(lie);
      assert.equal(error.message, message);
      assert.equal(error.kind, 'api');
      assert.ok(error instanceof AsteroidAPIError);
    });
  }
});

test('an error carries status, headers, the parsed body and the request', async () => {
  const body = { code: 429, message: 'slow down', limit: 3, errors: [{ parameter: 'x', detail: 'y' }] };
  const error = await failure(json(body, 429, { 'retry-after': '7', 'x-mine': 'yes' }));
  assert.equal(error.status, 429);
  assert.ok(error.headers instanceof Headers);
  assert.equal(error.headers.get('x-mine'), 'yes');
  assert.deepEqual(error.body, body);
  assert.deepEqual(error.request, { method: 'GET', url: `${server.url}/agents/v2/executions/E` });
  assert.equal(error.retryAfterMs, 7_000);
  assert.equal(error.retryable, true);
  assert.equal(error.operation, 'getExecution');
  assert.equal(error.backend, 'asteroid');
  assert.equal(error.attempts, 1);
});

test('a body that is no JSON is there as text', async () => {
  const error = await failure(text('<h1>oops</h1>', 500, { 'content-type': 'text/html' }));
  assert.equal(error.body, '<h1>oops</h1>');
  assert.equal(error.status, 500);
});

describe('every error is of the tree, with its name and kind', () => {
  const rows = {
    'a 401': [() => failure(bare(401)), AsteroidAPIError, 'AsteroidAPIError', 'api'],
    'a 500': [() => failure(bare(500)), AsteroidAPIError, 'AsteroidAPIError', 'api'],
    'a broken connection': [() => failure(reset), AsteroidAPIError, 'AsteroidAPIError', 'connection'],
    'a cut body': [() => failure(cut()), AsteroidAPIError, 'AsteroidAPIError', 'connection'],
    'no answer': [() => failure(stall), AsteroidAPIError, 'AsteroidAPIError', 'timeout'],
    'broken JSON': [() => failure(claimsJson('{"id":')), AsteroidAPIError, 'AsteroidAPIError', 'decode'],
    'a redirect to another origin': [
      () => failure(redirect(307, 'http://127.0.0.1:1/')),
      AsteroidAPIError,
      'AsteroidAPIError',
      'redirect',
    ],
    'a wrong parameter': [
      () => failure(stall, (client) => client.getExecution('')),
      InvalidParameterError,
      'InvalidParameterError',
      'invalid_input',
    ],
    'a lost message': [
      () => failure(reset, (client) => client.addMessageToExecution('E', 'm')),
      AmbiguousStartError,
      'AmbiguousStartError',
      'ambiguous_start',
    ],
    'an execution that failed': [
      () => failure(json({ status: 'failed' }), (client) => client.waitForExecutionResult('E')),
      ExecutionError,
      'ExecutionError',
      'task_failed',
    ],
    'a wait whose time is up': [
      () => failure(json({ status: 'running' }), (client) => client.waitForExecutionResult('E', 10, 50)),
      TimeoutError,
      'TimeoutError',
      'wait_timeout',
    ],
  };
  for (const [what, [fail, Class, name, kind]] of Object.entries(rows)) {
    test(what, async () => {
      const error = await fail();
      for (const Each of [Class, AsteroidAPIError, TaskwrightError, Error]) assert.ok(error instanceof Each);
      assert.equal(error.name, name);
      assert.equal(error.kind, kind);
      assert.equal(error.backend, 'asteroid');
      assert.ok(error.message.length > 5, error.message);
      assert.match(error.stack, /asteroid-errors\.test\.mjs/, 'the caller stands in the stack');
    });
  }

  test('a server that is not there', async () => {
    const error = await failureOf(clientOf({ baseUrl: await refusedAddress() }).getExecution('E'));
    assert.equal(error.kind, 'connection');
    assert.ok(error instanceof AsteroidAPIError);
    assert.ok(error.cause instanceof Error);
  });

  test('a key or an address that cannot be used', async () => {
    for (const options of [{ apiKey: 'a\nb' }, { apiKey: 7 }, { baseUrl: 'no address' }, { baseUrl: 7 }]) {
      const error = await failureOf(clientOf(options).getExecution('E'));
      assert.equal(error.name, 'InvalidParameterError');
      assert.equal(error.field, Object.keys(options)[0]);
      assert.ok(error instanceof AsteroidAPIError && error instanceof TaskwrightError);
    }
  });
});

test('the reason of an aborted signal is handed over as it is', async () => {
  const reason = { mine: true };
  const signal = AbortSignal.abort(reason);
  for (const call of [
    (client) => client.getExecution('E', { signal }),
    (client) => client.executeAgent('A', {}, undefined, { signal }),
    (client) => client.uploadExecutionFiles('E', [['a', 'b']], undefined, { signal }),
    (client) => client.createAgentProfile({ name: 'n', credentials: [{ name: 'n', data: 'd' }] }, { signal }),
  ]) {
    assert.equal(await failureOf(call(clientOf())), reason);
  }
});

test('no error shows the key, not even one that a service repeats', async () => {
  const echo = (response, request) => {
    const headers = { 'x-api-key': KEY, 'x-asteroid-agents-api-key': KEY };
    json({ code: 401, message: `the key ${KEY} is wrong`, sent: request.headers }, 401, headers)(response);
  };
  const calls = [
    (client) => client.getExecution('E'),
    (client) => client.getAgentProfile('P'),
    (client) => client.rerunExecution('E'),
    (client) => client.waitForExecutionResult('E', 10, 100),
    (client) => client.uploadExecutionFiles('E', [['a', 'b']]),
    (client) => client.addMessageToExecution('E', 'm'),
  ];
  for (const lie of [echo, claimsJson(`{"key": "${KEY}`), text(`<p>${KEY}</p>`, 422)]) {
    for (const call of calls) {
      const error = await failure(lie, call, { timeoutMs: 300 }).catch((other) => other);
      const { headers, cause, ...rest } = error;
      const shown = [
        error.message,
        error.stack,
        JSON.stringify({ ...rest, body: error.body, request: error.request }),
        String(cause),
        ...(headers?.values() ?? []),
      ].join('\n');
      assert.ok(!shown.includes(KEY), shown.slice(0, 300));
    }
  }
});
