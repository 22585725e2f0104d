// Bad input fails before anything is sent, and says which field, what it got and what it takes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { InvalidInputError, Taskwright } from 'taskwright';
import { json, lyingServer } from '../helpers/lying-server.mjs';
import { failureOf } from '../helpers/outcome.mjs';

let server;
let client;
before(async () => {
  server = await lyingServer(json({ data: { status: 'COMPLETED', result: 1, workflow_id: 'W' } }));
  client = new Taskwright({ baseUrl: server.url });
});
after(() => server.close());

/** `call` must fail for `field` with a message that has all the `words`, and without a request. */
async function assertRefused(call, field, ...words) {
  server.requests.length = 0;
  const error = await failureOf(call);
  assert.ok(error instanceof InvalidInputError, `${inspect(error)}`);
  assert.equal(error.field, field);
  assert.equal(error.kind, 'invalid_input');
  assert.equal(error.attempts, 0);
  assert.equal(error.retryable, false);
  assert.ok(error.message.startsWith(`"${field}" `), error.message);
  for (const word of words) assert.ok(error.message.includes(word), `${error.message} says ${word}`);
  assert.equal(server.requests.length, 0, 'nothing was sent');
}

const TEXT = 'takes a string that is not empty';
const URL_ = 'takes an absolute address such as "https://example.com"';
const FLAG = 'takes true or false';
const noText = [
  ['', 'got ""'],
  ['  \n', 'got'],
  [5, 'got 5'],
  [true, 'got true'],
  [null, 'got null'],
  [[], 'got an array'],
  [{}, 'got an object'],
  [() => {}, 'got something that is not JSON'],
  [Symbol('s'), 'got something that is not JSON'],
  [1n, 'got something that is not JSON'],
];
const noFlag = [
  ['true', 'got "true"'],
  [1, 'got 1'],
  [0, 'got 0'],
  [null, 'got null'],
  [{}, 'got an object'],
];

const BAD = {
  prompt: [TEXT, [...noText, [undefined, 'got nothing']]],
  url: [
    URL_,
    [
      ['example.com', 'got "example.com"'],
      ['/path', 'got "/path"'],
      ['ftp://example.com', 'ftp'],
      ['https://', 'got "https://"'],
      ['http:///x', 'got'],
      ['javascript:alert(1)', 'got'],
      ['http://a b/', 'got'],
      ['', 'got ""'],
      [5, 'got 5'],
      [null, 'got null'],
      [new URL('http://x'), 'got an object'],
    ],
  ],
  sessionId: [TEXT, noText],
  agent: [TEXT, noText],
  provider: [TEXT, noText],
  model: [TEXT, noText],
  detect_elements: [FLAG, noFlag],
  human_intervention: [FLAG, noFlag],
  highlight_elements: [FLAG, noFlag],
  directlyOpenUrl: [FLAG, noFlag],
  max_steps: [
    'takes a whole number from 1',
    [
      [0, 'got 0'],
      [-3, 'got -3'],
      [1.5, 'got 1.5'],
      ['7', 'got "7"'],
      [NaN, 'got'],
      [Infinity, 'got'],
      [null, 'got null'],
      [true, 'got true'],
    ],
  ],
  secret_values: [
    'takes an object whose values are strings',
    [
      ['pin', 'got a string'],
      [5, 'got a number'],
      [[], 'got an array'],
      [null, 'got null'],
    ],
  ],
  output_schema: [
    'takes a JSON Schema or a Standard Schema object',
    [
      ['string', 'got a string'],
      [5, 'got a number'],
      [true, 'got a boolean'],
      [null, 'got null'],
      [[], 'got an array'],
    ],
  ],
};

for (const [field, [takes, values]] of Object.entries(BAD)) {
  test(`${field} that cannot be used is refused by both calls that start a task`, async () => {
    for (const [value, got] of values) {
      const params = { prompt: 'p', [field]: value };
      await assertRefused(client.performWebTask(params), field, takes, got);
      await assertRefused(client.runWebTask(params), field, takes, got);
    }
  });
}

test('async takes a flag', async () => {
  for (const [value, got] of noFlag)
    await assertRefused(client.performWebTask({ prompt: 'p', async: value }), 'async', FLAG, got);
});

test('a bad secret value is named by its name and never shown', async () => {
  for (const value of [4711, ['4711'], { pin: '4711' }, null]) {
    const call = client.performWebTask({ prompt: 'p', secret_values: { ok: 'x', pin: value } });
    await assertRefused(call, 'secret_values.pin', 'takes a string, got');
    const error = await failureOf(client.performWebTask({ prompt: 'p', secret_values: { pin: value } }));
    assert.ok(!inspect(error).includes('4711'));
  }
});

test('params that are no object are refused', async () => {
  for (const [params, got] of [
    ['p', 'a string'],
    [5, 'a number'],
    [['p'], 'an array'],
    [() => {}, 'something that is not JSON'],
  ]) {
    await assertRefused(client.performWebTask(params), 'params', 'takes an object', got);
    await assertRefused(client.runWebTask(params), 'params', 'takes an object', got);
  }
  for (const params of [undefined, null, {}]) {
    await assertRefused(client.performWebTask(params), 'prompt', 'got nothing');
    await assertRefused(client.runWebTask(params), 'prompt', 'got nothing');
  }
});

test('params that JSON has no form for are refused', async () => {
  const circle = { prompt: 'p' };
  circle.self = circle;
  await assertRefused(client.performWebTask(circle), 'params', 'a cycle, a bigint, a function or a symbol');
  await assertRefused(
    client.performWebTask({ prompt: 'p', other: 1n }),
    'params',
    'a cycle, a bigint, a function or a symbol',
  );
});

test('an id that would address something else is refused', async () => {
  for (const id of ['', '.', '..', '%2e', '%2E%2e']) {
    const words = `takes an id that can stand in a path, got "${id}"`;
    await assertRefused(client.getPerformWebTaskStatus(id), 'workflowId', words);
    await assertRefused(client.waitForWebTask(id), 'id', words);
  }
});

test('an id that is no string is refused', async () => {
  for (const [id, got] of [
    [undefined, 'got nothing'],
    [null, 'got null'],
    [NaN, 'got a number'],
    [Infinity, 'got a number'],
    [true, 'got a boolean'],
    [{}, 'got an object'],
    [[], 'got an array'],
    [Symbol('x'), 'got'],
  ]) {
    await assertRefused(client.getPerformWebTaskStatus(id), 'workflowId', 'takes a string', got);
    await assertRefused(client.waitForWebTask(id), 'id', 'takes the id of a task', got);
  }
});

const CALLS = {
  performWebTask: (options) => client.performWebTask({ prompt: 'p' }, options),
  getPerformWebTaskStatus: (options) => client.getPerformWebTaskStatus('W', options),
  waitForWebTask: (options) => client.waitForWebTask('W', options),
  runWebTask: (options) => client.runWebTask({ prompt: 'p' }, options),
};

for (const [name, call] of Object.entries(CALLS)) {
  test(`${name} refuses options that cannot be used`, async () => {
    for (const value of [-1, 1.5, 101, NaN, Infinity, '2', {}])
      await assertRefused(call({ maxRetries: value }), 'maxRetries', 'takes a whole number from 0 to 100');
    for (const value of [0, -1, NaN, '5', {}])
      await assertRefused(call({ attemptTimeoutMs: value }), 'attemptTimeoutMs', 'milliseconds');
    for (const value of [{}, 'abort', 5, new AbortController(), () => {}])
      await assertRefused(call({ signal: value }), 'signal', 'takes an AbortSignal');
    for (const value of ['', 5, {}, 'two\nlines', '…'])
      await assertRefused(call({ idempotencyKey: value }), 'idempotencyKey', 'header');
    for (const value of ['two\nlines', 'a\r\nb: c', 'nul\0', '…', 5, null])
      await assertRefused(call({ headers: { 'x-a': value } }), 'headers.x-a', 'HTTP');
    for (const bad of ['x a', 'x:a', 'x\na', 'ä'])
      await assertRefused(call({ headers: { [bad]: 'v' } }), `headers.${bad}`, 'HTTP');
  });
}

test('totalTimeoutMs is checked where it exists', async () => {
  for (const value of [0, NaN, '5']) {
    await assertRefused(CALLS.performWebTask({ totalTimeoutMs: value }), 'totalTimeoutMs', 'milliseconds');
    await assertRefused(
      CALLS.getPerformWebTaskStatus({ totalTimeoutMs: value }),
      'totalTimeoutMs',
      'milliseconds',
    );
  }
});

test('a wait refuses a listener that is none and a flag that is none', async () => {
  for (const value of ['log', {}, 5, true]) {
    await assertRefused(client.waitForWebTask('W', { onStatus: value }), 'onStatus', 'takes a function');
    await assertRefused(
      client.runWebTask({ prompt: 'p' }, { onStatus: value }),
      'onStatus',
      'takes a function',
    );
  }
  for (const value of ['no', 0, null, {}])
    await assertRefused(
      client.waitForWebTask('W', { throwOnFailure: value }),
      'throwOnFailure',
      'takes true or false',
    );
});

const CONFIGURATIONS = {
  baseUrl: [
    '',
    'localhost:3000',
    '//host',
    'ftp://host',
    'file:///x',
    'http://',
    'http://a b',
    'http://user:pw@host',
    'http://host?x=1',
    'http://host#x',
    5,
    {},
    true,
  ],
  apiKey: ['two\nlines', 'a\r\nx: y', 'nul\0', '…', 5, {}],
  fetch: ['fetch', {}, 5, true],
  pollsInFlight: [0, -1, 1.5, NaN, Infinity, '3', {}],
  pollsPerSecond: [0, -1, 1.5, NaN, Infinity, '3', {}],
  maxRetries: [-1, 1.5, '2'],
  attemptTimeoutMs: [0, -1, NaN, '5'],
};

for (const [field, values] of Object.entries(CONFIGURATIONS)) {
  test(`a client with a ${field} that cannot be used rejects each call and sends nothing`, async () => {
    for (const value of values) {
      const own = new Taskwright({ baseUrl: server.url, [field]: value });
      await assertRefused(own.performWebTask({ prompt: 'p' }), field, 'takes');
      await assertRefused(own.waitForWebTask('W'), field, 'takes');
    }
  });
}

test('a key that cannot be sent is not shown', async () => {
  for (const apiKey of ['secret\nkey', 'secret…key']) {
    const error = await failureOf(
      new Taskwright({ baseUrl: server.url, apiKey }).getPerformWebTaskStatus('W'),
    );
    assert.ok(!inspect(error).includes('secret'));
  }
  const error = await failureOf(
    new Taskwright({ baseUrl: 'http://me:hunter2@host' }).getPerformWebTaskStatus('W'),
  );
  assert.ok(!inspect(error).includes('hunter2'));
});

test('a backend that does not exist is bad input, not a defect', async () => {
  await assertRefused(
    new Taskwright({ backend: 'asteroid', baseUrl: server.url }).performWebTask({ prompt: 'p' }),
    'backend',
    'takes "local" or "anchor"',
  );
});

test('an address that no URL parser takes is refused, and a start is not called ambiguous', async () => {
  for (const baseUrl of [
    'http://127.0.0.1:99999',
    'http://[::1',
    'http://a:b',
    'http://exa%mple',
    'http://x^y',
  ]) {
    await assertRefused(new Taskwright({ baseUrl }).performWebTask({ prompt: 'p' }), 'baseUrl', 'takes');
  }
});

test('what fetch cannot send as a header is refused, and a start is not called ambiguous', async () => {
  const bell = 'a\u0007b';
  await assertRefused(
    new Taskwright({ baseUrl: server.url, apiKey: bell }).performWebTask({ prompt: 'p' }),
    'apiKey',
    'takes',
  );
  await assertRefused(CALLS.performWebTask({ headers: { 'x-a': bell } }), 'headers.x-a', 'HTTP');
  await assertRefused(CALLS.performWebTask({ headers: { '': 'v' } }), 'headers.', 'HTTP');
  await assertRefused(CALLS.performWebTask({ idempotencyKey: bell }), 'idempotencyKey', 'header');
});

test('headers are sent in each form that fetch takes them in', async () => {
  const pairs = [['x-a', 'b']];
  for (const headers of [{ 'x-a': 'b' }, new Headers(pairs), new Map(pairs), pairs, new Set(pairs)]) {
    for (const call of Object.values(CALLS)) {
      server.requests.length = 0;
      await call({ headers });
      assert.ok(server.requests.length > 0);
      for (const request of server.requests) assert.equal(request.headers['x-a'], 'b', inspect(headers));
    }
    server.requests.length = 0;
    await new Taskwright({ baseUrl: server.url, headers }).getPerformWebTaskStatus('W');
    assert.equal(server.requests[0].headers['x-a'], 'b', inspect(headers));
  }
});

test('headers in a form that is none are refused', async () => {
  for (const headers of ['x-a: b', 5, [1], ['ab']]) {
    await assertRefused(CALLS.performWebTask({ headers }), 'headers', 'takes');
  }
});

test('headers that frame a request are refused', async () => {
  for (const name of ['content-length', 'transfer-encoding', 'connection', 'host']) {
    for (const call of Object.values(CALLS))
      await assertRefused(call({ headers: { [name]: '1' } }), `headers.${name}`);
  }
});

test('secrets in a form that JSON drops are refused, not dropped', async () => {
  await assertRefused(
    client.performWebTask({ prompt: 'p', secret_values: new Map([['pin', 'x']]) }),
    'secret_values',
    'takes',
  );
});

test('options that are null or undefined count as absent', async () => {
  for (const options of [null, undefined]) for (const call of Object.values(CALLS)) await call(options);
});

test('a client made from null takes everything from the environment', async () => {
  process.env.TASKWRIGHT_BASE_URL = server.url;
  try {
    for (const options of [null, undefined]) {
      server.requests.length = 0;
      await new Taskwright(options).getPerformWebTaskStatus('W');
      assert.equal(server.requests.length, 1);
    }
  } finally {
    delete process.env.TASKWRIGHT_BASE_URL;
  }
});

test('a schema to wait with that is none is refused, under the name that it has there', async () => {
  for (const outputSchema of [5, 'string', true, null, []])
    await assertRefused(
      client.waitForWebTask('W', { outputSchema }),
      'outputSchema',
      'takes a JSON Schema or a Standard Schema object',
    );
  const { z } = await import('zod');
  await assertRefused(client.waitForWebTask('W', { outputSchema: z.date() }), 'outputSchema', 'zod');
});
