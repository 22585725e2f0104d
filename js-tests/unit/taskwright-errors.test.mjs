// What a call rejects with: one tree, readable, with the caller's own frames and without secrets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import * as taskwright from 'taskwright';
import {
  bare,
  claimsJson,
  cut,
  json,
  lyingServer,
  redirect,
  refusal,
  refusedAddress,
  reset,
  stall,
  text,
} from '../helpers/lying-server.mjs';
import { failureOf } from '../helpers/outcome.mjs';

const { Taskwright, isTaskwrightError, TaskwrightError } = taskwright;
const classes = { ...taskwright };
const KEY = 'sk-of-the-client-0123456789';

let server;
let client;
before(async () => {
  server = await lyingServer();
  client = new Taskwright({ baseUrl: server.url, apiKey: KEY, maxRetries: 0 });
});
after(() => server.close());

const data = (value) => json({ data: value });
const STARTED = data({ status: 'running', workflow_id: 'W' });
const status = () => client.getPerformWebTaskStatus('W');
const run = (params, options) => client.runWebTask({ prompt: 'p', ...params }, options);

/** Each kind: how to get it, its class, and what it says besides. */
const KINDS = {
  invalid_input: [
    [bare(200)],
    () => client.performWebTask({ prompt: '' }),
    'InvalidInputError',
    { field: 'prompt', attempts: 0 },
  ],
  api: [
    [refusal(404, 'no such task', { 'x-request-id': 'R-1', 'retry-after': '7' })],
    status,
    'ApiError',
    {
      status: 404,
      requestId: 'R-1',
      attempts: 1,
      retryable: false,
      retryAfterMs: 7_000,
      message: '404 no such task',
    },
  ],
  ambiguous_start: [
    [reset],
    () => run(),
    'AmbiguousStartError',
    { causeKind: 'connection', attempts: 1, retryable: false },
  ],
  connection: [[reset], status, 'ConnectionError', { attempts: 1, retryable: true }],
  timeout: [
    [stall],
    () => client.getPerformWebTaskStatus('W', { attemptTimeoutMs: 60 }),
    'TimeoutError',
    { retryable: true, message: 'request timed out: no full answer within 60 ms' },
  ],
  decode: [[claimsJson('{"data"')], status, 'DecodeError', { attempts: 1, retryable: false }],
  redirect: [
    [redirect(302, 'https://user:pw@elsewhere.example/x?token=t')],
    status,
    'RedirectError',
    { retryable: false },
  ],
  wait_timeout: [
    [data({ status: 'RUNNING' })],
    () => client.waitForWebTask('W', { timeoutMs: 300 }),
    'WaitTimeoutError',
    { taskId: 'W' },
  ],
  task_failed: [
    [data({ status: 'FAILED', error: 'why' })],
    () => client.waitForWebTask('W'),
    'TaskFailedError',
    { taskId: 'W', message: 'task W failed: why' },
  ],
  result_mismatch: [
    [STARTED, data({ status: 'COMPLETED', result: { a: 1 } })],
    () => run({ output_schema: { type: 'array' } }),
    'ResultMismatchError',
    { taskId: 'W', result: { a: 1 }, issues: [{ path: '', message: 'takes array, got {"a":1}' }] },
  ],
};

for (const [kind, [lies, call, name, fields]] of Object.entries(KINDS)) {
  test(`${kind}: its class, its fields and the frames of its caller`, async () => {
    server.tell(...lies);
    async function theFunctionOfTheUser() {
      return await call();
    }
    const error = await failureOf(theFunctionOfTheUser());
    assert.ok(error instanceof classes[name], `${error.name}: ${error.message}`);
    assert.ok(error instanceof TaskwrightError);
    assert.ok(error instanceof Error);
    assert.ok(isTaskwrightError(error));
    assert.equal(error.name, name);
    assert.equal(error.kind, kind);
    for (const [field, value] of Object.entries(fields)) assert.deepEqual(error[field], value, field);
    assert.equal(error.backend, 'local');
    assert.match(error.operation, /^tools\./);
    assert.ok(error.stack.startsWith(`${name}: ${error.message}`), error.stack);
    assert.match(error.stack, /theFunctionOfTheUser/);
  });
}

test('the frames of the caller are there also through the functions, Promise.all and a schema library', async () => {
  server.tell(STARTED, data({ status: 'COMPLETED', result: 5 }));
  const { z } = await import('zod');
  async function runsMany() {
    return await Promise.all([run({ output_schema: z.string() })]);
  }
  const error = await failureOf(runsMany());
  assert.equal(error.name, 'ResultMismatchError');
  assert.match(error.stack, /runsMany/);
});

test('a lost connection keeps what the runtime threw as its cause', async () => {
  const error = await failureOf(
    client.withOptions({ baseUrl: await refusedAddress() }).getPerformWebTaskStatus('W'),
  );
  assert.equal(error.name, 'ConnectionError');
  assert.ok(error.cause instanceof TypeError);
  assert.equal(error.cause.cause.code, 'ECONNREFUSED');
});

test('an API error has headers and body of its answer', async () => {
  server.tell(json({ error: { code: 422, message: 'no' }, extra: [1] }, 422, { 'x-a': 'b' }));
  const parsed = await failureOf(status());
  assert.equal(parsed.headers.get('x-a'), 'b');
  assert.deepEqual(parsed.body, { error: { code: 422, message: 'no' }, extra: [1] });
  server.tell(text('<h1>Bad gateway</h1>', 422));
  const raw = await failureOf(status());
  assert.equal(raw.body, '<h1>Bad gateway</h1>');
  assert.equal(raw.message, '422 <h1>Bad gateway</h1>');
  server.tell(bare(422));
  assert.equal((await failureOf(status())).message, '422 status code (no body)');
  server.tell(cut(422));
  assert.equal((await failureOf(status())).status, 422);
});

test('an endless error body is cut', async () => {
  server.tell(text('x'.repeat(5_000_000), 400));
  const error = await failureOf(status());
  assert.ok(error.message.length < 3_000, `${error.message.length} characters of message`);
  assert.ok(error.body.length < 20_000, `${error.body.length} characters of body`);
});

test('a 200 whose body is an error is an API error', async () => {
  server.tell(json({ error: { code: 500, message: 'too late to say so' } }));
  const error = await failureOf(status());
  assert.equal(error.name, 'ApiError');
  assert.equal(error.status, 500);
  assert.equal(error.message, '500 too late to say so');
});

test('isTaskwrightError knows errors of another copy of the package and nothing else', () => {
  const foreign = Object.assign(new Error('x'), { name: 'ApiError', kind: 'api', retryable: false });
  assert.ok(isTaskwrightError(foreign));
  for (const other of [
    new Error('x'),
    new TypeError('x'),
    null,
    undefined,
    'x',
    5,
    { kind: 'api', retryable: true },
    Object.assign(new Error('x'), { kind: 'y' }),
  ]) {
    assert.ok(!isTaskwrightError(other), inspect(other));
  }
});

test('JSON and inspect show what a log needs', async () => {
  server.tell(refusal(404, 'no such task'));
  const error = await failureOf(status());
  const record = JSON.parse(JSON.stringify(error));
  for (const [field, value] of Object.entries({
    name: 'ApiError',
    kind: 'api',
    status: 404,
    attempts: 1,
    backend: 'local',
  }))
    assert.equal(record[field], value);
  assert.match(inspect(error), /ApiError: 404 no such task/);
});

test('the JSON of an error has its message', async () => {
  server.tell(refusal(404, 'no such task'));
  assert.equal(JSON.parse(JSON.stringify(await failureOf(status()))).message, '404 no such task');
});

/** Every place where text of an error can be seen. */
function everythingOf(error) {
  const seen = [
    inspect(error, { depth: 12, showHidden: true }),
    JSON.stringify(error),
    String(error),
    error.stack,
  ];
  for (let cause = error.cause; cause; cause = cause.cause)
    seen.push(inspect(cause, { showHidden: true }), cause.stack);
  return seen.join('\n');
}

const PLAIN = 'hunter2-plain-secret';
const QUOTED = 'pä"ss\\word-ß';

/** Answers that repeat what they should not. Each gets the secret and gives the answers. */
const ECHOES = {
  'an error message': (secret) => [refusal(400, `bad ${secret}`)],
  'a page as error': (secret) => [text(`<p>${secret}</p>`, 400)],
  'an error of a question': (secret) => [STARTED, refusal(404, `bad ${secret}`)],
  'the reason of a failure': (secret) => [
    STARTED,
    data({ status: 'FAILED', error: `typed ${secret} in vain` }),
  ],
  'an answer without an id': (secret) => [data({ echo: secret })],
  'an error header': (secret) => [
    refusal(400, 'no', { 'x-echo': encodeURI(secret) === secret ? secret : 'none' }),
  ],
  'the id of the request': (secret) => [
    refusal(400, 'no', { 'x-request-id': encodeURI(secret) === secret ? secret : 'none' }),
  ],
  'a late error': (secret) => [json({ error: { code: 400, message: `bad ${secret}` } })],
  'a late error of a question': (secret) => [
    STARTED,
    json({ error: { code: 404, message: `bad ${secret}` } }),
  ],
  'broken JSON': (secret) => [claimsJson(secret)],
};
for (const [where, answers] of Object.entries(ECHOES)) {
  for (const [which, secret] of Object.entries({ key: KEY, plain: PLAIN, quoted: QUOTED })) {
    test(`a server that repeats a secret in ${where} does not get it into the error (${which})`, async () => {
      server.tell(...answers(secret));
      const error = await failureOf(run({ secret_values: { plain: PLAIN, quoted: QUOTED } }));
      assert.ok(isTaskwrightError(error));
      const seen = everythingOf(error);
      for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) assert.ok(!seen.includes(form), seen);
    });
  }
}

test('broken JSON that is the key does not come back through the cause', async () => {
  const short = client.withOptions({ apiKey: 'sk-1234' });
  server.tell(claimsJson('sk-1234'));
  const error = await failureOf(short.getPerformWebTaskStatus('W'));
  assert.equal(error.name, 'DecodeError');
  assert.ok(!everythingOf(error).includes('sk-1234'), everythingOf(error));
});

test('a credential given as a header does not come back through an echo', async () => {
  server.tell(refusal(400, 'bad token: Bearer of-the-proxy'));
  const error = await failureOf(
    client.getPerformWebTaskStatus('W', { headers: { authorization: 'Bearer of-the-proxy' } }),
  );
  assert.ok(!everythingOf(error).includes('of-the-proxy'));
});

test('credentials in an address that cannot be used are not repeated', async () => {
  const error = await failureOf(run({ url: 'ftp://user:hunter2@host.example' }));
  assert.equal(error.field, 'url');
  assert.ok(!everythingOf(error).includes('hunter2'));
});

test('a redirect that carries a token does not get it into the error', async () => {
  server.tell(redirect(302, 'https://user:pw-in-url@elsewhere.example/path-token?token=query-token#f'));
  const error = await failureOf(status());
  assert.equal(error.name, 'RedirectError');
  for (const secret of ['pw-in-url', 'path-token', 'query-token'])
    assert.ok(!everythingOf(error).includes(secret));
});
