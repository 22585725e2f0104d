// A page in a real Chromium uses AgentBay's API across origins, as the vendor's cloud would be: the browser asks nobody
// for permission first (no preflight), and the key is in no address.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { servePage } from '../../examples/browser/serve.mjs';
import { serveSite } from '../../examples/site/serve.mjs';
import { startServer } from '../../scripts/lib/server.mjs';
import { launchChromium } from '../helpers/chromium.mjs';

const key = 'akm-of-a-page';
let page;
let site;
let server;
let browser;
before(async () => {
  [page, site] = await Promise.all([servePage(), serveSite()]);
  const args = ['--ephemeral', '--allow-origin', page.url, '--api-key', key, '--log', 'debug'];
  [server, browser] = await Promise.all([startServer({ args }), launchChromium()]);
});
after(async () => {
  await Promise.all([browser?.close(), server?.stop()]);
  await Promise.all([page?.close(), site?.close()]);
});

/** In the page: a session from its creation to its end, with a task in it. */
async function oneSession([entry, options, prompt]) {
  const { AgentBay } = await import(entry);
  const agentBay = new AgentBay(options);
  const { session, success, errorMessage } = await agentBay.create({ labels: { from: 'a page' } });
  if (!success) throw new Error(errorMessage);
  const { taskResult } = await session.agent.executeTask(prompt, 20);
  const { data: labels } = await session.getLabels();
  const { data: text } = await session.callMcpTool('browser_get_text', {});
  const paused = await session.pause(30, 0.2);
  const resumed = await session.resume(30, 0.2);
  const deleted = await session.delete();
  return { taskResult, labels, text, states: [paused.status, resumed.status], deleted: deleted.success };
}

test('a page runs a task in a session, without a preflight and without the key in an address', async () => {
  const tab = await browser.newPage();
  const sent = [];
  tab.on('request', (request) => {
    if (request.url().startsWith(server.url)) sent.push(request);
  });
  await tab.goto(page.url);
  const value = await tab.evaluate(oneSession, [
    '/taskwright/agentbay.js',
    { apiKey: key, endpoint: server.url },
    `Open ${site.url}/teas/misty-ridge and extract the main heading`,
  ]);
  assert.deepEqual(
    { ...value, text: value.text.includes('floral, buttery cup') },
    {
      taskResult: 'Misty Ridge Oolong',
      labels: { from: 'a page' },
      text: true,
      states: ['PAUSED', 'RUNNING'],
      deleted: true,
    },
  );
  assert.ok(sent.length >= 8);
  for (const request of sent) {
    assert.equal(request.method(), 'POST');
    assert.doesNotMatch(request.url(), new RegExp(key));
    assert.deepEqual(
      Object.keys(request.headers()).filter((name) => name.startsWith('x-')),
      [],
    );
  }
  assert.match(server.log(), /answered method=POST/);
  assert.doesNotMatch(server.log(), /method=OPTIONS/);
  assert.doesNotMatch(server.log(), new RegExp(key));
  await tab.close();
});

test('in a page, too, no part of an error has a key that a tool repeats', async () => {
  const tab = await browser.newPage();
  await tab.goto(page.url);
  const parts = await tab.evaluate(
    async ([entry, apiKey]) => {
      const { AgentBay, Session } = await import(entry);
      const why = `denied for ${apiKey}`;
      const answers = [
        { content: [{ text: why }], isError: true },
        { content: [{ text: '{"task_id":"T"}' }] },
        { content: [{ text: JSON.stringify({ status: 'failed', error: why }) }] },
      ];
      const fetch = async () => Response.json({ RequestId: 'r', Success: true, Data: answers.shift() });
      const session = new Session(new AgentBay({ apiKey, endpoint: 'http://h', fetch }), 'S');
      const { error } = await session.callMcpTool('t', {});
      const { error: failed } = await session.agent.executeTask('t', 1);
      const parts = ({ message, stack }) => [message, stack];
      return [...parts(error), ...parts(failed), `${error}`, JSON.stringify(error), failed.cause];
    },
    ['/taskwright/agentbay.js', key],
  );
  for (const part of parts) {
    assert.match(part, /denied for \[redacted\]/);
    assert.doesNotMatch(part, new RegExp(key));
  }
  await tab.close();
});

test('a page that was not allowed gets nothing', async () => {
  const tab = await browser.newPage();
  await tab.goto(site.url);
  const answer = await tab.evaluate(
    async (address) =>
      await fetch(`${address}/?Action=ListSession`, {
        method: 'POST',
        body: new URLSearchParams({ a: 'b' }),
      }).then(
        () => 'readable',
        () => 'refused',
      ),
    server.url,
  );
  assert.equal(answer, 'refused');
  await tab.close();
});
