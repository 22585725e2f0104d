// Every example of the repository, run as its first lines say, against the local server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { servePage } from '../../examples/browser/serve.mjs';
import { serveSite } from '../../examples/site/serve.mjs';
import { root } from '../../scripts/lib/files.mjs';
import { startServer } from '../../scripts/lib/server.mjs';
import { inChild } from '../helpers/child.mjs';
import { launchChromium } from '../helpers/chromium.mjs';
import { standIn } from '../helpers/stand-in.mjs';

let site;
let server;
let internet;
before(async () => {
  site = await serveSite();
  const agents = join(root, 'examples/asteroid/agents.json');
  server = await startServer({ args: ['--ephemeral', '--allow-origin', 'loopback', '--agents', agents] });
  internet = await standIn(server.url, {
    'https://docs.anchorbrowser.io': `${site.url}/`,
    'https://example.com': `${site.url}/shipping`,
  });
});
after(async () => {
  await server?.stop();
  await internet?.close();
  await site?.close();
});

/** Runs a program of the repository; resolves with what it printed. */
async function run(file, env = {}) {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, file)], {
    env: { ...process.env, SITE_URL: site.url, TASKWRIGHT_BASE_URL: server.url, ...env },
    timeout: 60_000,
  });
  return stdout;
}

function assertSeedOutput(output) {
  assert.match(output, /^Started 2 tasks$/m);
  assert.match(output, /^All tasks completed: \[/m);
  assert.match(output, /Tea from gardens we have walked through/);
  assert.match(output, /We ship on every working day/);
}

test('node.mjs prints the typed result of one task', async () => {
  assert.match(await run('examples/node.mjs'), /^Misty Ridge Oolong from Taiwan, 14\.50 a tin$/m);
});

test('parallel.mjs runs two tasks through the Anchor client', async () => {
  assertSeedOutput(await run('examples/parallel.mjs', { ANCHORBROWSER_BASE_URL: server.url }));
});

test("anchor-seed.mjs is the documentation's complete example, with only the import changed, and it runs", async () => {
  const env = { ANCHORBROWSER_BASE_URL: internet.url, ANCHORBROWSER_API_KEY: 'any' };
  assertSeedOutput(await run('examples/anchor-seed.mjs', env));
});

test('the official anchorbrowser client completes the same example against the local server', async () => {
  const source = await readFile(join(root, 'examples/anchor-seed.mjs'), 'utf8');
  // Beside the official client, so that its import finds it.
  const file = 'js-tests/node_modules/.taskwright/official.mjs';
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), source.replace("'taskwright/anchor'", "'anchorbrowser'"));
  const env = { ANCHORBROWSER_BASE_URL: internet.url, ANCHORBROWSER_API_KEY: 'any' };
  assertSeedOutput(await run(file, env));
  await rm(join(root, file));
});

test('asteroid/interaction.mjs answers what the agent asks, and prints the result', async () => {
  const output = await run('examples/asteroid/interaction.mjs', { ASTEROID_BASE_URL: server.url });
  assert.match(output, /^the agent asks: Which order is the invoice for\?/m);
  assert.match(output, /^success: Order 4711, invoice\.txt: Two tins of Sencha Asa: 32\.50$/m);
  assert.match(output, /^- click Send invoice$/m);
  const [, url] = /^watch it: (\S+)$/m.exec(output);
  assert.equal((await fetch(url)).status, 200);
});

for (const entry of ['taskwright/asteroid', 'taskwright/agentbay']) {
  test(`the README's example of ${entry} prints what stands below it`, async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```\n\n```\n([\s\S]*?)^```$/gm)];
    const [, source, printed] = blocks.find(([, code]) => code.includes(`'${entry}'`)) ?? [];
    assert.ok(source, 'the example is not in the README');
    const addressed = source
      .replace('http://127.0.0.1:8723', server.url)
      .replace('http://127.0.0.1:8800', site.url);
    const { stdout } = await inChild(addressed);
    assert.equal(stdout, printed.trim());
  });
}

test('the plain browser page runs a task, without a bundler and across origins', async () => {
  const [page, browser] = await Promise.all([servePage(), launchChromium()]);
  try {
    const tab = await browser.newPage();
    await tab.goto(`${page.url}/?${new URLSearchParams({ server: server.url, site: `${site.url}/` })}`);
    await tab.getByRole('button', { name: 'Run' }).click();
    await tab.waitForFunction(() => document.title !== 'Taskwright in a page', null, { timeout: 30_000 });
    const shown = await tab.locator('pre').textContent();
    assert.equal(await tab.title(), 'Done', shown);
    assert.match(shown, /Tea from gardens we have walked through/);
  } finally {
    await browser.close();
    await page.close();
  }
});

test('agentbay/session.mjs runs three tasks in one session, takes a picture and leaves nothing open', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'taskwright-example-'));
  try {
    const picture = join(folder, 'session.png');
    const output = await run('examples/agentbay/session.mjs', {
      AGENTBAY_ENDPOINT: server.url,
      PICTURE: picture,
    });
    assert.match(output, /^- Misty Ridge Oolong$/m);
    assert.match(output, /^- All teas$/m);
    assert.match(output, /^- \[.*"Genmaicha"/m);
    assert.match(output, /^deleted \S+$/m);
    const bytes = await readFile(picture);
    assert.deepEqual([...bytes.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
    const { sessions } = await (await fetch(`${server.url}/healthz`)).json();
    assert.equal(sessions, 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
