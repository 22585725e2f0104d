// Every method of `taskwright/agentbay` against the local server with real pages.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { AgentBay, SessionError } from 'taskwright/agentbay';
import { serveSite } from '../../examples/site/serve.mjs';
import { startServer } from '../../scripts/lib/server.mjs';

let site;
let server;
let agentBay;
before(async () => {
  site = await serveSite();
  server = await startServer({ args: ['--ephemeral'] });
  agentBay = new AgentBay({ apiKey: 'any key', endpoint: server.url });
});
after(async () => {
  await server?.stop();
  await site?.close();
});

/** A new session; `use` gets it, and it is deleted afterwards. */
async function withSession(use, params = {}) {
  const created = await agentBay.create(params);
  assert.equal(created.success, true, created.errorMessage);
  try {
    return await use(created.session, created);
  } finally {
    await created.session.delete();
  }
}

const misty = () => `Open ${site.url}/teas/misty-ridge and extract the main heading`;

describe('the agent', () => {
  test('carries a task out, and the result comes with the request id of its start', async () => {
    await withSession(async ({ agent }) => {
      const done = await agent.executeTask(misty(), 20);
      assert.deepEqual(
        [done.success, done.taskStatus, done.taskResult, done.errorMessage],
        [true, 'finished', 'Misty Ridge Oolong', ''],
      );
      assert.ok(done.requestId && done.taskId);
    });
  });

  test('starts a task, says how it stands, and ends it', async () => {
    await withSession(async ({ agent }) => {
      const started = await agent.asyncExecuteTask(
        `Open ${site.url}/, wait 20 seconds, then extract the main heading`,
      );
      assert.deepEqual([started.success, started.taskStatus], [true, 'running']);
      const asked = await agent.getTaskStatus(started.taskId);
      assert.deepEqual([asked.success, asked.taskStatus], [true, 'running']);
      const ended = await agent.terminateTask(started.taskId);
      assert.equal(ended.success, true, ended.errorMessage);
      // The page is free again at once.
      assert.equal((await agent.executeTask(misty(), 20)).taskResult, 'Misty Ridge Oolong');
    });
  });

  test('says why it failed, and what it does not know', async () => {
    await withSession(async ({ agent }) => {
      const foreign = await agent.executeTask('Compose a symphony', 20);
      assert.deepEqual([foreign.success, foreign.taskStatus], [false, 'unsupported']);
      const failed = await agent.executeTask(`Open ${site.url}/ and click the link "Nowhere"`, 20);
      assert.deepEqual([failed.success, failed.taskStatus], [false, 'failed']);
      assert.match(failed.errorMessage, /Nowhere/);
      const unknown = await agent.getTaskStatus('no-such-task');
      assert.equal(unknown.success, false);
      assert.match(unknown.errorMessage, /^Task not found or already finished/);
      const gone = await agent.terminateTask('no-such-task');
      assert.equal(gone.success, false);
      assert.match(gone.errorMessage, /^Task not found or already finished/);
    });
  });

  test('has the names of today: computer, browser, mobile', async () => {
    await withSession(async ({ agent }) => {
      for (const [name, word] of [
        ['computer', 'finished'],
        ['browser', 'finished'],
        ['mobile', 'completed'],
      ]) {
        const started = await agent[name].executeTask(misty());
        assert.equal(started.success, true, `${name}: ${started.errorMessage}`);
        const done = await agent[name].executeTaskAndWait(misty(), 60);
        assert.deepEqual([name, done.taskStatus, done.taskResult], [name, word, 'Misty Ridge Oolong']);
      }
    });
  });

  test('stops waiting when its time is up, and leaves the task running unless told otherwise', async () => {
    await withSession(async ({ agent }) => {
      const slow = `Open ${site.url}/, wait 20 seconds, then extract the main heading`;
      const late = await agent.executeTask(slow, 1);
      assert.deepEqual([late.success, late.errorMessage], [false, 'Task timeout.']);
      assert.equal((await agent.getTaskStatus(late.taskId)).taskStatus, 'running');
      await agent.terminateTask(late.taskId);
      const ended = await agent.executeTask(slow, 1, { terminateOnTimeout: true });
      assert.equal(ended.success, false);
      const { taskStatus } = await agent.getTaskStatus(ended.taskId);
      assert.notEqual(taskStatus, 'running');
    });
  });
});

describe('a session', () => {
  test('has labels, by which it is found', async () => {
    const labels = { project: 'Grüner Tee', run: String(Date.now()) };
    await withSession(
      async (session) => {
        assert.deepEqual((await session.getLabels()).data, labels);
        assert.equal((await session.setLabels({ ...labels, step: '2' })).success, true);
        assert.deepEqual((await session.getLabels()).data, { ...labels, step: '2' });
        const listed = await agentBay.list({ run: labels.run });
        assert.deepEqual(
          listed.sessionIds.map((each) => each.sessionId ?? each),
          [session.sessionId],
        );
        const found = [];
        for await (const each of agentBay.sessions({ run: labels.run })) found.push(each.sessionId ?? each);
        assert.deepEqual(found, [session.sessionId]);
        const got = await agentBay.get(session.sessionId);
        assert.equal(got.session.sessionId, session.sessionId);
      },
      { labels },
    );
  });

  test('tells what it is, how it stands, and stays alive', async () => {
    await withSession(async (session) => {
      const { data } = await session.info();
      assert.equal(data.sessionId, session.sessionId);
      assert.equal((await session.getStatus()).status, 'RUNNING');
      assert.equal((await session.keepAlive()).success, true);
    });
  });

  test('lists its tools with what they take, and performs them', async () => {
    await withSession(async (session) => {
      const { tools } = await session.listMcpTools();
      const navigate = tools.find(({ name }) => name === 'browser_navigate');
      assert.equal(navigate.inputSchema.properties.url.type, 'string');
      const opened = await session.callMcpTool('browser_navigate', { url: `${site.url}/teas/genmai` });
      assert.equal(opened.success, true, opened.errorMessage);
      const read = await session.callMcpTool('browser_get_text', {});
      assert.match(read.data, /Green tea with roasted rice/);
      const wrong = await session.callMcpTool('browser_navigate', {});
      assert.equal(wrong.success, false);
      assert.match(wrong.errorMessage, /url/);
      const unknown = await session.callMcpTool('no_such_tool', {});
      assert.equal(unknown.success, false);
      assert.match(unknown.errorMessage, /no_such_tool/);
    });
  });

  test('is paused and goes on, with the task that it had', async () => {
    await withSession(async (session) => {
      const { taskId } = await session.agent.asyncExecuteTask(
        `Open ${site.url}/, wait 1 second, wait 1 second, then extract the main heading`,
      );
      const paused = await session.pause(30, 0.2);
      assert.deepEqual([paused.success, paused.status], [true, 'PAUSED']);
      await setTimeout(3_000);
      assert.equal((await session.getStatus()).status, 'PAUSED');
      const resumed = await session.resume(30, 0.2);
      assert.deepEqual([resumed.success, resumed.status], [true, 'RUNNING']);
      let asked;
      do {
        asked = await session.agent.getTaskStatus(taskId);
        await setTimeout(100);
      } while (asked.taskStatus === 'running');
      assert.deepEqual(
        [asked.taskStatus, asked.taskProduct],
        ['finished', 'Tea from gardens we have walked through'],
      );
      assert.equal((await session.pauseAsync()).success, true);
      assert.match((await session.getStatus()).status, /^PAUS/);
      assert.equal((await session.resumeAsync()).success, true);
    });
  });

  test('is gone once it is deleted, and nothing makes a new one by accident', async () => {
    const { session } = await agentBay.create();
    const { total } = { total: (await (await fetch(`${server.url}/healthz`)).json()).sessions };
    assert.equal((await session.delete(true)).success, true);
    assert.equal((await session.info()).errorMessage, `Session ${session.sessionId} not found`);
    await assert.rejects(session.getLabels(), SessionError);
    const { success, errorMessage } = await session.callMcpTool('browser_get_text', {});
    assert.equal(success, false);
    assert.match(errorMessage, /not found/i);
    assert.equal((await agentBay.get(session.sessionId)).success, false);
    assert.equal((await session.delete()).success, false);
    assert.equal((await (await fetch(`${server.url}/healthz`)).json()).sessions, total - 1);
  });

  test('deletes itself at the end of its block', async () => {
    const { session } = await agentBay.create();
    await session[Symbol.asyncDispose]();
    assert.equal((await session.info()).success, false);
  });

  test('killed under a running task, ends what waits for it with a clear error', async () => {
    const { session } = await agentBay.create();
    const waits = session.agent.executeTask(
      `Open ${site.url}/, wait 20 seconds, then extract the main heading`,
      20,
    );
    await setTimeout(1_000);
    assert.equal((await session.delete()).success, true);
    const began = performance.now();
    const { success, errorMessage } = await waits;
    assert.equal(success, false);
    assert.match(errorMessage, /session/i);
    assert.ok(performance.now() - began < 5_000);
  });
});

test('Playwright connects to the link of a session and drives the page that the task used', async () => {
  await withSession(async (session) => {
    await session.agent.executeTask(misty(), 20);
    const { data } = await session.getLink();
    const browser = await chromium.connectOverCDP(data);
    try {
      const [context] = browser.contexts();
      const [page] = context.pages();
      assert.equal(await page.locator('h1').textContent(), 'Misty Ridge Oolong');
      await page.goto(`${site.url}/order`);
      assert.equal((await session.agent.executeTask('Extract the main heading', 20)).taskResult, 'Order');
    } finally {
      await browser.close();
    }
    // Its own connection is closed, not the session's browser.
    assert.equal((await session.agent.executeTask('Extract the main heading', 20)).taskResult, 'Order');
  });
});
