// What a call returns before its answer is there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import Anchorbrowser, { APIPromise } from 'taskwright/anchor';
import { failureOf } from '../helpers/outcome.mjs';
import { recordingFetch } from '../helpers/recording-fetch.mjs';

const SESSION = { data: { session_id: 'S' } };
const routes = {
  'GET /v1/sessions/S': SESSION,
  'GET /v1/sessions/gone': () => Response.json({ message: 'no such session' }, { status: 404 }),
  'GET /v1/sessions/empty': () => new Response(null, { status: 204 }),
  'GET /v1/sessions/text': () => new Response('plain', { headers: { 'content-type': 'text/plain' } }),
};

function setUp() {
  const { fetch, requests, unmatched } = recordingFetch(routes);
  const client = new Anchorbrowser({ apiKey: 'k', baseURL: 'http://test', fetch, maxRetries: 0 });
  return { sessions: client.sessions, client, requests, unmatched };
}

test('a call returns a native promise with two more methods', async () => {
  const { sessions } = setUp();
  const promise = sessions.retrieve('S');
  assert.ok(promise instanceof APIPromise);
  assert.ok(promise instanceof Promise);
  assert.equal(Promise.resolve(promise), promise);
  for (const derived of [promise.then(() => 1), promise.catch(() => 1), promise.finally(() => {})]) {
    assert.equal(Object.getPrototypeOf(derived), Promise.prototype);
    await derived;
  }
  assert.deepEqual(await promise, SESSION);
  assert.deepEqual(await Promise.all([promise, sessions.retrieve('S')]), [SESSION, SESSION]);
});

test('the request is sent without anybody awaiting it, and once', async () => {
  const { sessions, requests } = setUp();
  const promise = sessions.retrieve('S');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(requests.length, 1);
  await Promise.all([promise, promise.withResponse(), promise.asResponse(), promise.then(() => {})]);
  assert.equal(requests.length, 1);
});

test('the parameters are those of the moment of the call', async () => {
  const { client, requests } = setUp();
  const params = { prompt: 'first' };
  const calls = [client.tools.performWebTask(params)];
  params.prompt = 'second';
  calls.push(client.tools.performWebTask(params));
  await Promise.allSettled(calls);
  assert.deepEqual(requests.map(({ body }) => body).sort(), ['{"prompt":"first"}', '{"prompt":"second"}']);
});

test('withResponse gives the answer and its response', async () => {
  const { sessions } = setUp();
  const { data, response } = await sessions.retrieve('S').withResponse();
  assert.deepEqual(data, SESSION);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.equal((await sessions.retrieve('empty').withResponse()).data, null);
});

test('asResponse, called at once, gives the response with its body unread', async () => {
  const { sessions } = setUp();
  const response = await sessions.retrieve('S').asResponse();
  assert.equal(response.bodyUsed, false);
  assert.deepEqual(await response.json(), SESSION);
});

test('asResponse, called later, gives a response that can still be read', async () => {
  const { sessions } = setUp();
  for (const [id, read, expected] of [
    ['S', (response) => response.json(), SESSION],
    ['text', (response) => response.text(), 'plain'],
    ['empty', (response) => response.text(), ''],
  ]) {
    const promise = sessions.retrieve(id);
    await promise;
    const response = await promise.asResponse();
    assert.deepEqual(await read(response), expected);
  }
});

test('after asResponse the promise itself says where the body went', async () => {
  const { sessions } = setUp();
  const promise = sessions.retrieve('S');
  const response = promise.asResponse();
  const error = await failureOf(promise);
  assert.ok(error instanceof Anchorbrowser.AnchorbrowserError);
  assert.match(error.message, /withResponse/);
  assert.equal((await response).status, 200);
  assert.equal((await promise.asResponse()).status, 200);
});

test('a failure rejects the promise and what was made from it, with one error', async () => {
  const { sessions } = setUp();
  const promise = sessions.retrieve('gone');
  const errors = await Promise.all([
    failureOf(promise),
    failureOf(promise.withResponse()),
    failureOf(promise.then(() => 1)),
  ]);
  for (const error of errors) assert.equal(error, errors[0]);
  assert.ok(errors[0] instanceof Anchorbrowser.NotFoundError);
  assert.ok((await failureOf(sessions.retrieve('gone').asResponse())) instanceof Anchorbrowser.NotFoundError);
});

test('a promise that no call made has no response', async () => {
  const promise = APIPromise.resolve(1);
  assert.match((await failureOf(promise.asResponse())).message, /no response/);
});

test('a rejection that is handled anywhere makes no noise, and one that is not makes the usual one', async () => {
  const program = `
    import Anchorbrowser from 'taskwright/anchor';
    const fetch = async () => Response.json({ message: 'm' }, { status: 404 });
    const { sessions } = new Anchorbrowser({ apiKey: 'k', baseURL: 'http://test', fetch });
    const noise = new Promise((resolve) => {
      process.on('unhandledRejection', (error) => resolve(console.log('unhandled', error.name)));
    });
    const quiet = () => {};
    sessions.retrieve('S').catch(quiet);
    sessions.retrieve('S').asResponse().catch(quiet);
    sessions.retrieve('S').withResponse().catch(quiet);
    sessions.retrieve('S').then(quiet, quiet);
    const late = sessions.retrieve('S');
    late.asResponse().catch(quiet);
    const ok = new Anchorbrowser({ apiKey: 'k', baseURL: 'http://test', fetch: async () => Response.json({}) });
    await ok.sessions.retrieve('S').asResponse();
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log('now');
    sessions.retrieve('S');
    await noise;
  `;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { cwd: import.meta.dirname },
  );
  assert.equal(stdout.trim(), 'now\nunhandled NotFoundError');
  assert.equal(stderr, '');
});

test('the stack of an error leads to the code that awaits it', async () => {
  const { sessions, client } = setUp();
  async function awaitsTheCall() {
    await sessions.retrieve('gone');
  }
  async function awaitsTheResponse() {
    await sessions.retrieve('gone').asResponse();
  }
  async function awaitsBoth() {
    await sessions.retrieve('gone').withResponse();
  }
  async function awaitsAll() {
    await Promise.all([sessions.retrieve('S'), sessions.retrieve('gone')]);
  }
  async function awaitsARawRequest() {
    await client.get('/v1/sessions/gone');
  }
  async function passesNonsense() {
    await client.tools.performWebTask({});
  }
  for (const work of [
    awaitsTheCall,
    awaitsTheResponse,
    awaitsBoth,
    awaitsAll,
    awaitsARawRequest,
    passesNonsense,
  ]) {
    assert.match((await failureOf(work())).stack, new RegExp(`at async ${work.name} `));
  }
});
