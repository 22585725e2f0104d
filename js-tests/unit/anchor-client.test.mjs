// Making a client, and what its options do.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { after, beforeEach, test } from 'node:test';
import { inspect, promisify } from 'node:util';
import Anchorbrowser, * as anchor from 'taskwright/anchor';
import { failureOf } from '../helpers/outcome.mjs';
import { recordingFetch } from '../helpers/recording-fetch.mjs';

const VARIABLES = ['ANCHORBROWSER_API_KEY', 'ANCHORBROWSER_BASE_URL', 'ANCHORBROWSER_LOG'];
const before = VARIABLES.map((name) => [name, process.env[name]]);
const setVariable = (name, value) => {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
};
beforeEach(() => {
  for (const name of VARIABLES) setVariable(name, undefined);
});
after(() => {
  for (const [name, value] of before) setVariable(name, value);
});

const S = 'session-1';
const routes = { [`GET /v1/sessions/${S}`]: { data: {} }, 'POST /v1/tools/perform-web-task': { data: {} } };

/** A client over a recording fetch. */
function setUp(options = {}) {
  const recorded = recordingFetch({ ...routes, ...options.routes });
  const client = new Anchorbrowser({
    apiKey: 'k',
    baseURL: 'http://test',
    fetch: recorded.fetch,
    ...options,
  });
  return { client, ...recorded };
}

test('import and require give the class, with everything on it', () => {
  const required = createRequire(import.meta.url)('taskwright/anchor');
  assert.equal(required, Anchorbrowser);
  assert.equal(anchor.Anchorbrowser, Anchorbrowser);
  assert.equal(Anchorbrowser.Anchorbrowser, Anchorbrowser);
  assert.equal(Anchorbrowser.default, Anchorbrowser);
  const named = Object.keys(anchor).filter((name) => !['default', 'module.exports'].includes(name));
  for (const name of named) assert.equal(required[name], anchor[name], name);
});

test('without a key there is no client, and the error says what to do', () => {
  for (const [options, variable] of [[undefined], [{}], [{ apiKey: undefined }], [{}, '  ']]) {
    setVariable('ANCHORBROWSER_API_KEY', variable);
    assert.throws(
      () => new Anchorbrowser(options),
      (error) =>
        error instanceof Anchorbrowser.AnchorbrowserError &&
        error.message.includes('ANCHORBROWSER_API_KEY') &&
        error.message.includes('apiKey'),
    );
  }
});

test('key, address and log level come from the options, else from the environment', async () => {
  setVariable('ANCHORBROWSER_API_KEY', '  from-env\n');
  setVariable('ANCHORBROWSER_BASE_URL', ' http://env/prefix ');
  setVariable('ANCHORBROWSER_LOG', 'error');
  const fromEnvironment = new Anchorbrowser();
  assert.equal(fromEnvironment.apiKey, 'from-env');
  assert.equal(fromEnvironment.baseURL, 'http://env/prefix');
  assert.equal(fromEnvironment.logLevel, 'error');
  const fromOptions = new Anchorbrowser({ apiKey: 'own', baseURL: 'http://own', logLevel: 'info' });
  assert.equal(fromOptions.apiKey, 'own');
  assert.equal(fromOptions.baseURL, 'http://own');
  assert.equal(fromOptions.logLevel, 'info');
  for (const baseURL of [null, '', ' ']) {
    assert.equal(new Anchorbrowser({ baseURL }).baseURL, 'https://api.anchorbrowser.io');
  }
  setVariable('ANCHORBROWSER_BASE_URL', ' ');
  assert.equal(new Anchorbrowser().baseURL, 'https://api.anchorbrowser.io');
});

test('the documented defaults can be read back', () => {
  const client = new Anchorbrowser({ apiKey: 'k' });
  assert.equal(client.timeout, 1_200_000);
  assert.equal(client.timeout, Anchorbrowser.DEFAULT_TIMEOUT);
  assert.equal(client.maxRetries, 2);
  assert.equal(client.logLevel, 'warn');
  assert.equal(client.logger, console);
  assert.equal(client.fetchOptions, undefined);
});

test('making a client neither sends nor loads anything', async () => {
  const program = `
    import Anchorbrowser from 'taskwright/anchor';
    WebAssembly.compile = () => { throw new Error('loaded') };
    new Anchorbrowser({ apiKey: 'k', fetch: () => { throw new Error('sent') } });
    console.log('quiet');
  `;
  const run = promisify(execFile);
  const args = ['--input-type=module', '--eval', program];
  assert.equal((await run(process.execPath, args, { cwd: import.meta.dirname })).stdout, 'quiet\n');
});

test('a module that cannot be loaded rejects inside the tree, and the next call tries again', async () => {
  const program = `
    import Anchorbrowser from 'taskwright/anchor';
    const compile = WebAssembly.compile;
    WebAssembly.compile = async () => { throw new Error('forbidden here') };
    const client = new Anchorbrowser({ apiKey: 'k', baseURL: 'http://test', fetch: async () => Response.json(1) });
    const error = await client.sessions.all.status().catch((error) => error);
    console.log(error instanceof Anchorbrowser.AnchorbrowserError, error.kind, error.message);
    WebAssembly.compile = compile;
    console.log(await client.sessions.all.status());
  `;
  const run = promisify(execFile);
  const args = ['--input-type=module', '--eval', program];
  const [error, answer] = (await run(process.execPath, args, { cwd: import.meta.dirname })).stdout.split(
    '\n',
  );
  assert.match(error, /^true internal .*could not be loaded: forbidden here/);
  assert.equal(answer, '1');
});

test('what the vendor’s client has and this one has not is refused in words', () => {
  const { client } = setUp();
  for (const use of [
    () => client.profiles.list(),
    () => client.task.run({}),
    () => client.sessions.mouse.click('S', {}),
    () => client.sessions.uploadFile('S', {}),
  ]) {
    assert.throws(
      use,
      (error) =>
        error instanceof Anchorbrowser.AnchorbrowserError && /is not part of .*request/.test(error.message),
    );
  }
  client.profiles = 'own';
  assert.equal(client.profiles, 'own');
});

test('withOptions changes what it is given and keeps the rest', async () => {
  const { client, requests } = setUp({
    defaultHeaders: { 'x-a': '1' },
    defaultQuery: { q: '1' },
    timeout: 1000,
    logLevel: 'off',
    routes: { [`GET /v1/sessions/${S}?q=1`]: {} },
  });
  const other = client.withOptions({ apiKey: 'other', maxRetries: 7 });
  assert.ok(other instanceof Anchorbrowser);
  assert.notEqual(other, client);
  assert.deepEqual(
    [other.timeout, other.maxRetries, other.logLevel, other.baseURL],
    [1000, 7, 'off', 'http://test'],
  );
  assert.deepEqual([client.apiKey, client.maxRetries], ['k', 2]);
  await other.sessions.retrieve(S);
  assert.equal(requests[0].headers['anchor-api-key'], 'other');
  assert.equal(requests[0].headers['x-a'], '1');
  class Own extends Anchorbrowser {}
  assert.ok(new Own({ apiKey: 'k' }).withOptions({}) instanceof Own);
  assert.equal(new Own({ apiKey: null }).withOptions({}).apiKey, null);
});

test('null for options counts as none', async () => {
  const { client } = setUp();
  assert.deepEqual(await client.sessions.retrieve(S, null), { data: {} });
});

test('key and address may be changed on a client', async () => {
  const { client, requests } = setUp();
  await client.sessions.retrieve(S);
  client.apiKey = 'rotated';
  client.baseURL = 'http://elsewhere';
  await client.sessions.retrieve(S);
  assert.deepEqual(
    requests.map(({ url, headers }) => [url, headers['anchor-api-key']]),
    [
      [`http://test/v1/sessions/${S}`, 'k'],
      [`http://elsewhere/v1/sessions/${S}`, 'rotated'],
    ],
  );
});

test('fetchOptions reach fetch, a call’s own first, and cannot replace what is ours', async () => {
  const { client, requests } = setUp({ fetchOptions: { keepalive: true, dispatcher: 'one' } });
  const ours = { method: 'DELETE', redirect: 'follow', headers: {}, body: 'x', signal: null };
  await client.sessions.retrieve(S, { fetchOptions: { dispatcher: 'two', ...ours } });
  const [{ init }] = requests;
  assert.equal(init.keepalive, true);
  assert.equal(init.dispatcher, 'two');
  assert.equal(init.method, 'GET');
  assert.equal(init.redirect, 'manual');
  assert.equal(init.headers['anchor-api-key'], 'k');
  assert.ok(init.signal instanceof AbortSignal);
});

test('the runtime’s fetch is looked up at each call', async (context) => {
  const { fetch, requests } = recordingFetch(routes);
  const client = new Anchorbrowser({ apiKey: 'k', baseURL: 'http://test' });
  context.mock.method(globalThis, 'fetch', fetch);
  await client.sessions.retrieve(S);
  assert.equal(requests.length, 1);
});

test('several header sources become one, whatever their form and case', async () => {
  const { client, requests } = setUp({
    defaultHeaders: new Headers({ 'X-One': 'client', 'X-Two': 'client' }),
  });
  await client.sessions.retrieve(S, {
    headers: { 'x-ONE': 'call', 'X-Two': null, 'x-list': ['a', 'b'], 'x-nothing': undefined },
  });
  await client.sessions.retrieve(S, {
    headers: [
      ['x-two', 'call'],
      ['x-list', 'a'],
      ['X-List', 'b'],
    ],
  });
  const own = ({ headers }) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-')));
  assert.deepEqual(own(requests[0]), { 'x-one': 'call', 'x-list': 'a, b' });
  assert.deepEqual(own(requests[1]), { 'x-one': 'client', 'x-two': 'call', 'x-list': 'a, b' });
});

/** A logger that keeps its lines. */
function memory() {
  const lines = [];
  const at =
    (level) =>
    (message, ...rest) =>
      lines.push([level, message, ...rest]);
  return { lines, error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

test('debug logs each request and its outcome, and no secret', async () => {
  const logger = memory();
  const answers = [
    () => Response.json({ message: 'busy' }, { status: 429, headers: { 'retry-after-ms': '1' } }),
    () => Response.json({ data: { result: 'the-answer' } }),
    () => Response.json({ message: 'the-key-is sk-secret' }, { status: 400 }),
  ];
  const client = new Anchorbrowser({
    apiKey: 'sk-secret',
    baseURL: 'http://test',
    fetch: async () => answers.shift()(),
    logger,
    logLevel: 'debug',
  });
  const params = { prompt: 'the-prompt', sessionId: 'the-session', secret_values: { pin: 'the-pin' } };
  await client.tools.performWebTask(params, { headers: { authorization: 'the-header' } });
  await failureOf(client.get('/v1/x?token=the-token'));
  assert.deepEqual(
    logger.lines.map(([level, line]) => [level, line.replace(/\d+ ms/, 'N ms')]),
    [
      ['debug', '[taskwright/anchor] tools.performWebTask (POST): attempt 1'],
      ['info', '[taskwright/anchor] tools.performWebTask (POST): attempt 2'],
      ['debug', '[taskwright/anchor] tools.performWebTask: 200 after N ms'],
      ['debug', '[taskwright/anchor] GET /v1/x: attempt 1'],
      ['debug', '[taskwright/anchor] GET /v1/x: BadRequestError 400 after N ms, 1 attempt'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(logger.lines), /secret|the-/);
});

test('nothing below the level is logged, and warn is the default', async () => {
  for (const [logLevel, count] of [
    [undefined, 0],
    ['off', 0],
    ['error', 0],
    ['warn', 0],
    ['info', 0],
    ['debug', 2],
  ]) {
    const logger = memory();
    await setUp({ logger, logLevel }).client.sessions.retrieve(S);
    assert.equal(logger.lines.length, count, logLevel);
  }
});

test('a log level that does not exist is named once and ignored', () => {
  const logger = memory();
  assert.equal(setUp({ logger, logLevel: 'loud' }).client.logLevel, 'warn');
  assert.deepEqual(
    logger.lines.map(([level]) => level),
    ['warn'],
  );
  assert.match(logger.lines[0][1], /logLevel is "loud", .*off, error, warn, info, debug/);
});

test('a logger that throws does not end a call', async () => {
  const loud = () => {
    throw new Error('disk full');
  };
  const logger = { error: loud, warn: loud, info: loud, debug: loud };
  const { client } = setUp({ logger, logLevel: 'debug' });
  assert.deepEqual(await client.sessions.retrieve(S), { data: {} });
});

test('printing a client or an error does not print the key', async () => {
  const { client } = setUp({
    apiKey: 'sk-secret',
    defaultHeaders: { authorization: 'also-secret' },
    routes: {},
  });
  const error = await failureOf(client.sessions.retrieve('another'));
  for (const value of [client, error, client.sessions, client.tools]) {
    assert.doesNotMatch(inspect(value, { depth: 9, showHidden: true }), /secret/);
    assert.doesNotMatch(
      JSON.stringify(value, (key, part) => (key === 'logger' ? undefined : part)),
      /secret/,
    );
  }
});
