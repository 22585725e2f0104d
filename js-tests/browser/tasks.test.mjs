// A page in a real Chromium runs tasks through the package against the local server across origins, and
// the server's own Chromium performs them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { servePage } from '../../examples/browser/serve.mjs';
import { serveSite } from '../../examples/site/serve.mjs';
import { startServer } from '../../scripts/lib/server.mjs';
import { launchChromium } from '../helpers/chromium.mjs';

let site;
let page;
let open;
let closed;
let browser;
before(async () => {
  [site, page] = await Promise.all([serveSite(), servePage()]);
  [open, closed, browser] = await Promise.all([
    startServer({ args: ['--ephemeral', '--allow-origin', page.url] }),
    startServer(),
    launchChromium(),
  ]);
});
after(async () => {
  await Promise.all([browser?.close(), open?.stop(), closed?.stop()]);
  await Promise.all([site?.close(), page?.close()]);
});

/** Runs `work` inside a page of the other origin; it gets the package's two entries and `argument`. */
async function inPage(work, argument) {
  const tab = await browser.newPage();
  const complaints = [];
  tab.on('pageerror', (error) => complaints.push(String(error)));
  try {
    await tab.goto(page.url);
    const value = await tab.evaluate(
      async ([source, given]) => {
        const taskwright = await import('/taskwright/index.js');
        const anchor = await import('/taskwright/anchor.js');
        return new Function(`return (${source})`)()({ ...taskwright, ...anchor }, given);
      },
      [String(work), argument],
    );
    assert.deepEqual(complaints, []);
    return value;
  } finally {
    await tab.close();
  }
}

test('a task runs and its result arrives in the page', async () => {
  const result = await inPage(
    ({ Taskwright }, { server, url }) =>
      new Taskwright({ baseUrl: server }).runWebTask(
        { prompt: 'Extract the main heading', url },
        { timeoutMs: 30_000 },
      ),
    { server: open.url, url: `${site.url}/shipping` },
  );
  assert.match(JSON.stringify(result), /Shipping/);
});

test('ten tasks run at the same time from one page', async () => {
  const results = await inPage(
    ({ Taskwright }, { server, url }) => {
      const client = new Taskwright({ baseUrl: server });
      const task = { prompt: 'Get the first paragraph', url };
      return Promise.all(Array.from({ length: 10 }, () => client.runWebTask(task, { timeoutMs: 60_000 })));
    },
    { server: open.url, url: `${site.url}/` },
  );
  assert.equal(results.length, 10);
  for (const result of results) assert.match(JSON.stringify(result), /straight from its growers since 1987/);
});

test('the Anchor client works in a page', async () => {
  const status = await inPage(
    async ({ Anchorbrowser }, { server, url }) => {
      const client = new Anchorbrowser({ apiKey: 'any', baseURL: server });
      const { data } = await client.tools.performWebTask({
        prompt: 'Extract the main heading',
        url,
        async: true,
      });
      for (;;) {
        const answer = await client.tools.getPerformWebTaskStatus(data.workflow_id);
        if (answer.data.status !== 'RUNNING') return answer.data.status;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    { server: open.url, url: `${site.url}/` },
  );
  assert.equal(status, 'COMPLETED');
});

test('a failing task rejects in the page with an error that says why', async () => {
  const caught = await inPage(
    ({ Taskwright }, { server, url }) =>
      new Taskwright({ baseUrl: server })
        .runWebTask({ prompt: 'Compose a symphony', url }, { timeoutMs: 30_000 })
        .catch((error) => ({ isError: error instanceof Error, name: error.name, message: error.message })),
    { server: open.url, url: `${site.url}/` },
  );
  assert.equal(caught.isError, true);
  assert.ok(caught.message.length > 20, caught.message);
});

test('aborting a wait rejects with the reason of the signal', async () => {
  const reason = await inPage(
    async ({ Taskwright }, { server, url }) => {
      const client = new Taskwright({ baseUrl: server });
      const aborter = new AbortController();
      const waiting = client.runWebTask(
        { prompt: 'Wait 5 seconds, then extract the main heading', url },
        { signal: aborter.signal },
      );
      setTimeout(() => aborter.abort('enough'), 300);
      return waiting.catch((error) => error);
    },
    { server: open.url, url: `${site.url}/` },
  );
  assert.equal(reason, 'enough');
});

test('a server that was not told about the page refuses it', async () => {
  const caught = await inPage(
    ({ Taskwright }, { server, url }) =>
      new Taskwright({ baseUrl: server, maxRetries: 0 })
        .performWebTask({ prompt: 'Extract the main heading', url, async: true })
        .then(
          () => 'accepted',
          (error) => error.name,
        ),
    { server: closed.url, url: `${site.url}/` },
  );
  assert.notEqual(caught, 'accepted');
});
