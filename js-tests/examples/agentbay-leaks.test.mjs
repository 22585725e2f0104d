// Two hundred sessions, each created, used and deleted, leave nothing in the server: no process, no context, no file handle,
// no memory worth the name. Read from /proc, so on Linux only. What is left in Chromium itself is asked of a Chromium of the test's.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { AgentBay } from 'taskwright/agentbay';
import { serveSite } from '../../examples/site/serve.mjs';
import { startServer } from '../../scripts/lib/server.mjs';
import { chromiumOnPort } from '../helpers/chromium.mjs';

const CYCLES = 200;
const AT_ONCE = 10;

let site;
let server;
before(async () => {
  [site, server] = await Promise.all([serveSite(), startServer()]);
});
after(async () => {
  await Promise.all([site?.close(), server?.stop()]);
});

/** Creates, uses and deletes `count` sessions of the server at `endpoint`. */
async function cycles(endpoint, count) {
  const agentBay = new AgentBay({ apiKey: 'any key', endpoint });
  const prompt = `Open ${site.url}/teas/genmai and extract the main heading`;
  let left = count;
  const each = async () => {
    while (left-- > 0) {
      const { session, errorMessage } = await agentBay.create();
      assert.ok(session, errorMessage);
      const { taskResult } = await session.agent.executeTask(prompt, 20);
      assert.equal(taskResult, 'Genmaicha');
      assert.equal((await session.delete()).success, true);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, each));
}

/** The processes under `pid`, itself not counted, with the words that they were started with. */
async function under(pid) {
  const parents = new Map();
  for (const entry of await readdir('/proc')) {
    const stat = /^\d+$/.test(entry) && (await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => ''));
    if (stat) parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const found = [];
  for (let level = [pid]; level.length > 0; ) {
    level = [...parents].filter(([, parent]) => level.includes(parent)).map(([child]) => child);
    found.push(...level);
  }
  return found;
}

async function standing() {
  const [{ sessions, running, queued }, handles, status, processes] = await Promise.all([
    fetch(`${server.url}/healthz`).then((answer) => answer.json()),
    readdir(`/proc/${server.pid}/fd`),
    readFile(`/proc/${server.pid}/status`, 'utf8'),
    under(server.pid),
  ]);
  const memory = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]) / 1000;
  return { sessions, running, queued, handles: handles.length, memory, processes: processes.length };
}

/** How it stands once it has come to rest: renderers end a moment after their pages. */
async function atRest(fits) {
  let now = await standing();
  for (let tries = 0; tries < 100 && !fits(now); tries += 1) {
    await setTimeout(200);
    now = await standing();
  }
  return now;
}

test(`${CYCLES} sessions leave the server as it was`, {
  skip: process.platform !== 'linux' && 'needs /proc',
  timeout: 240_000,
}, async () => {
  // First some, so that what is made once is there: spare renderers, connections, pages of the allocator.
  await cycles(server.url, 20);
  const before = await atRest(({ sessions, running }) => sessions === 0 && running === 0);
  await cycles(server.url, CYCLES);
  const after = await atRest(
    ({ sessions, handles, processes }) =>
      sessions === 0 && handles <= before.handles && processes <= before.processes,
  );
  console.log(`before: ${JSON.stringify(before)}; after ${CYCLES} sessions: ${JSON.stringify(after)}`);
  assert.deepEqual([after.sessions, after.running, after.queued], [0, 0, 0]);
  assert.ok(after.processes <= before.processes, `${after.processes} processes`);
  assert.ok(after.handles <= before.handles, `${after.handles} file handles`);
  assert.ok(after.memory <= before.memory + 5, `${after.memory} MB`);
});

/** How many contexts and targets a Chromium has. */
async function count({ url }) {
  const browser = await chromium.connectOverCDP(url);
  const cdp = await browser.newBrowserCDPSession();
  const { browserContextIds } = await cdp.send('Target.getBrowserContexts');
  const { targetInfos } = await cdp.send('Target.getTargets');
  await browser.close();
  return { contexts: browserContextIds.length, targets: targetInfos.length };
}

test(`${CYCLES} sessions leave no context and no page in Chromium`, { timeout: 240_000 }, async () => {
  const browser = await chromiumOnPort();
  let attached;
  try {
    attached = await startServer({ args: ['--ephemeral', '--cdp', browser.url] });
    const before = await count(browser);
    const held = (await new AgentBay({ apiKey: 'any key', endpoint: attached.url }).create()).session;
    const during = await count(browser);
    assert.equal(during.contexts, before.contexts + 1, 'a session is a context');
    await held.delete();
    await cycles(attached.url, CYCLES);
    const after = await count(browser);
    console.log(
      `in Chromium, before: ${JSON.stringify(before)}; after ${CYCLES} more: ${JSON.stringify(after)}`,
    );
    assert.deepEqual(after, before);
  } finally {
    await attached?.stop();
    await browser.close();
  }
});
