// The module under the façade: loaded once and late, robust against a failed load and a defect, and no leak.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Taskwright } from 'taskwright';
import { inChild } from '../helpers/child.mjs';
import { completed, RUNNING, states, taskServer } from '../helpers/task-server.mjs';

let server;
before(async () => {
  server = await taskServer({ status: states(RUNNING, completed('ok')) });
});
after(() => server.close());
const env = () => ({ TASKWRIGHT_BASE_URL: server.url });

/** Counts in `compiled` how often our module is compiled; Node's own fetch compiles one, too. */
const COUNTING = `
  let compiled = 0;
  const { compile } = WebAssembly;
  WebAssembly.compile = async (...args) => {
    const module = await compile(...args);
    compiled += WebAssembly.Module.exports(module).some(({ name }) => name === 'setPanicHandler') ? 1 : 0;
    return module;
  };`;

test('many first calls at once load one module', async () => {
  const { stdout } = await inChild(
    `import { getPerformWebTaskStatus, Taskwright } from 'taskwright';
     ${COUNTING}
     await Promise.all(Array.from({ length: 50 }, (_, index) =>
       index % 2 ? getPerformWebTaskStatus('x') : new Taskwright().getPerformWebTaskStatus('y')));
     console.log(compiled);`,
    env(),
  );
  assert.equal(stdout, '1');
});

test('both entries of the package share one module and one error tree', async () => {
  const { stdout } = await inChild(
    `import { getPerformWebTaskStatus, TaskwrightError } from 'taskwright';
     import Anchorbrowser, { AnchorbrowserError } from 'taskwright/anchor';
     ${COUNTING}
     await getPerformWebTaskStatus('x');
     await new Anchorbrowser({ apiKey: 'k', baseURL: process.env.TASKWRIGHT_BASE_URL }).tools.getPerformWebTaskStatus('x');
     console.log(compiled, new AnchorbrowserError('x') instanceof TaskwrightError);`,
    env(),
  );
  assert.equal(stdout, '1 true');
});

test('a module that could not be loaded rejects what waits for it, and the next call tries again', async () => {
  const { stdout } = await inChild(
    `import { getPerformWebTaskStatus, isTaskwrightError } from 'taskwright';
     const compile = WebAssembly.compile;
     WebAssembly.compile = async () => { throw new WebAssembly.CompileError('no memory today'); };
     const outcomes = await Promise.allSettled([getPerformWebTaskStatus('a'), getPerformWebTaskStatus('b')]);
     for (const { reason } of outcomes) console.log(reason.name, isTaskwrightError(reason), reason.message, reason.cause.name);
     WebAssembly.compile = compile;
     console.log((await getPerformWebTaskStatus('a')).data.status);`,
    env(),
  );
  const line = 'InternalError true the WebAssembly module could not be loaded: no memory today CompileError';
  assert.deepEqual(stdout.split('\n'), [line, line, 'RUNNING']);
});

test('a load that fails shows the frames of each caller', async () => {
  const { stdout } = await inChild(
    `import { getPerformWebTaskStatus } from 'taskwright';
     WebAssembly.compile = async () => { throw new Error('no'); };
     async function callerOne() { await getPerformWebTaskStatus('a'); }
     async function callerTwo() { await getPerformWebTaskStatus('b'); }
     const [one, two] = await Promise.allSettled([callerOne(), callerTwo()]);
     console.log(one.reason.stack.includes('callerOne'), two.reason.stack.includes('callerTwo'));`,
    env(),
  );
  assert.equal(stdout, 'true true');
});

/**
 * A runtime that rings a timer while it is being set makes Rust borrow what is borrowed already, which is a
 * panic: there is no other way to one from outside.
 */
const PANIC = `
  const timer = globalThis.setTimeout;
  globalThis.setTimeout = (ring) => { globalThis.setTimeout = timer; ring(); return 0; };`;

test('a defect in Rust rejects everything that is under way, and later calls work', async () => {
  const { stdout } = await inChild(
    `import { Taskwright } from 'taskwright';
     const slow = new Taskwright({ fetch: () => new Promise(() => {}) });
     const under = [slow.getPerformWebTaskStatus('a'), slow.performWebTask({ prompt: 'p' }), slow.waitForWebTask('b')];
     await new Promise((resolve) => setTimeout(resolve, 200));
     ${PANIC}
     under.push(new Taskwright().waitForWebTask('c'));
     process.on('uncaughtException', () => {}); // The trap itself surfaces in whatever ran Rust.
     for (const { status, reason } of await Promise.allSettled(under)) console.log(status, reason?.name);
     console.log((await new Taskwright().waitForWebTask('d')).result);
     process.exit();`,
    env(),
  );
  assert.deepEqual(stdout.split('\n'), [...Array(4).fill('rejected InternalError'), 'ok']);
});

test('2,000 calls at once all get their own answer', async () => {
  const own = await taskServer({ status: (id) => completed(id) });
  const client = new Taskwright({ baseUrl: own.url });
  const outcomes = await Promise.all(
    Array.from({ length: 2_000 }, (_, index) => client.getPerformWebTaskStatus(`W${index}`)),
  );
  for (const [index, { data }] of outcomes.entries()) assert.equal(data.result, `W${index}`);
  await own.close();
});

test('2,000 runs at once start 2,000 tasks and get their results', async () => {
  const own = await taskServer({ status: (id) => completed(id) });
  const client = new Taskwright({ baseUrl: own.url, pollsPerSecond: 10_000 });
  const results = await Promise.all(Array.from({ length: 2_000 }, () => client.runWebTask({ prompt: 'p' })));
  assert.equal(new Set(results).size, 2_000);
  assert.equal(own.counts.starts, 2_000);
  await own.close();
});

const LEAKS = {
  'calls that succeed': `client.getPerformWebTaskStatus('x')`,
  'calls that fail': `client.getPerformWebTaskStatus('x', { headers: { fail: '1' } }).catch(() => {})`,
  'runs that are waited for': `client.runWebTask({ prompt: 'p' })`,
  'waits that are aborted': `client.waitForWebTask('x', { signal: AbortSignal.timeout(5) }).catch(() => {})`,
  'waits that time out': `client.waitForWebTask('x', { timeoutMs: 5 }).catch(() => {})`,
  'bad input': `client.performWebTask({ prompt: '' }).catch(() => {})`,
  'calls of clients made for one call': `new Taskwright({ fetch }).getPerformWebTaskStatus('x')`,
};

describe('no leak', { concurrency: 2 }, () => {
  for (const [what, call] of Object.entries(LEAKS)) {
    test(`thousands of ${what} leave no memory behind`, async () => {
      const { stdout } = await inChild(
        `import { Taskwright } from 'taskwright';
       let memory;
       const { Instance } = WebAssembly;
       WebAssembly.Instance = function (...args) {
         const instance = new Instance(...args);
         memory = instance.exports.memory;
         return instance;
       };
       const answers = { POST: '{"data":{"workflow_id":"W"}}', GET: '{"data":{"status":"COMPLETED","result":1}}' };
       const fetch = async (url, { method, headers }) => new Response(answers[method], {
         status: headers.fail ? 404 : 200,
         headers: { 'content-type': 'application/json' },
       });
       const client = new Taskwright({ fetch, pollsInFlight: 1_000, pollsPerSecond: 100_000 });
       const round = () => Promise.all(Array.from({ length: 1_000 }, () => ${call}));
       const used = async () => {
         for (let i = 0; i < 5; i += 1) { await new Promise((resolve) => setTimeout(resolve, 10)); gc(); }
         return process.memoryUsage().heapUsed + memory.buffer.byteLength;
       };
       // The first rounds fill the pools of the engine and the memory of the module.
       for (let i = 0; i < 8; i += 1) await round();
       const before = await used();
       for (let i = 0; i < 6; i += 1) await round();
       console.log((await used()) - before);
       console.log(process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length);`,
        {},
        120_000,
      );
      const [grown, timers] = stdout.split('\n').map(Number);
      // 6,000 calls: a leak of 200 bytes each would show.
      assert.ok(grown < 1_200_000, `${grown} bytes more`);
      assert.equal(timers, 0);
    });
  }
});
