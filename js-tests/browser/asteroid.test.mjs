// A page in a real Chromium uses the package across origins: it keeps credentials in a profile, with which the server's own
// Chromium signs in, and it answers an agent and gives and gets files.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { servePage } from '../../examples/browser/serve.mjs';
import { customer } from '../../examples/site/site.mjs';
import { startAsteroid } from '../helpers/asteroid.mjs';
import { bundled } from '../helpers/bundles.mjs';
import { launchChromium } from '../helpers/chromium.mjs';
import { installedProject } from '../helpers/package.mjs';

let page;
let asteroid;
let browser;
before(async () => {
  page = await servePage();
  [asteroid, browser] = await Promise.all([
    startAsteroid({ args: ['--allow-origin', page.url, '--api-key', 'page-key'] }),
    launchChromium(),
  ]);
});
after(async () => {
  await Promise.all([browser?.close(), asteroid?.stop()]);
  await page?.close();
});

/**
 * Runs `work` inside a page of another origin than the server's. The package is what the page's own server has, or `bundle`:
 * its files by name. Says, too, what the page sent to the server.
 */
async function inPage(work, argument, bundle = new Map()) {
  const context = await browser.newContext();
  const [complaints, sent] = [[], []];
  try {
    await context.route(`${page.url}/bundle/**`, (route) => {
      const body = bundle.get(new URL(route.request().url()).pathname.split('/').at(-1));
      return route.fulfill({ body, contentType: 'text/javascript' });
    });
    const tab = await context.newPage();
    tab.on('pageerror', (error) => complaints.push(String(error)));
    tab.on('request', (request) => {
      const { origin, pathname } = new URL(request.url());
      if (origin !== asteroid.url) return;
      sent.push({ method: request.method(), pathname, body: request.postData() ?? '' });
    });
    await tab.goto(page.url);
    const entry = bundle.size > 0 ? '/bundle/main.js' : '/taskwright/asteroid.js';
    const value = await tab.evaluate(
      async ([source, address, given]) => new Function(`return (${source})`)()(await import(address), given),
      [String(work), entry, { baseUrl: asteroid.url, site: asteroid.site, ...argument }],
    );
    assert.deepEqual(complaints, []);
    return { value, sent };
  } finally {
    await context.close();
  }
}

/** In the page: a profile with encrypted credentials, and an execution that signs in with them. */
async function signIn({ AsteroidClient }, { baseUrl, site, name, credentials }) {
  const client = new AsteroidClient({ baseUrl, apiKey: 'page-key' });
  const profile = await client.createAgentProfile({
    name,
    description: 'from a page',
    organization_id: 'org-page',
    proxy_cc: 'de',
    proxy_type: 'residential',
    captcha_solver_active: false,
    sticky_ip: false,
    credentials,
    cookies: [],
  });
  const executionId = await client.executeAgent('account', { site }, profile.id);
  const { result } = await client.waitForExecutionResult(executionId, 200, 60_000);
  const activities = await client.getLastNExecutionActivities(executionId, 100);
  await client.deleteAgentProfile(profile.id);
  return { profile, result, activities };
}

const credentials = [
  { name: 'user_name', data: customer.name },
  { name: 'password', data: customer.password },
];

test('credentials are encrypted in the page, and the server signs in with what it decrypts', async () => {
  const { value, sent } = await inPage(signIn, { name: 'Ada', credentials });
  assert.deepEqual(value.result, { main_heading: 'Welcome back, Ada', last_order: 'Sencha Asa' });

  const created = sent.find(
    ({ method, pathname }) => method === 'POST' && pathname.endsWith('/agent-profiles'),
  );
  const onTheWire = JSON.parse(created.body).credentials;
  assert.deepEqual(
    onTheWire.map(({ name }) => name),
    ['user_name', 'password'],
  );
  // One block each of the server's key, which has 2048 bits.
  for (const { data } of onTheWire) assert.equal(Buffer.from(data, 'base64').length, 256);
  assert.ok(sent.some(({ pathname }) => pathname.endsWith('/credentials/public_key')));
  const secret = new RegExp(`${customer.password}|${encodeURIComponent(customer.password)}`);
  for (const told of [JSON.stringify(sent), JSON.stringify(value), asteroid.server.log()]) {
    assert.doesNotMatch(told, secret);
  }
});

test('what is filled in is what the page gave: with another password nobody gets in', async () => {
  const wrong = [credentials[0], { name: 'password', data: 'Kaffee' }];
  const { value } = await inPage(signIn, { name: 'Not Ada', credentials: wrong });
  assert.deepEqual(value.result, { main_heading: 'Sign in' });
});

test('the packed package does the same out of a bundle', async () => {
  const project = await installedProject();
  try {
    const source = "export { AsteroidClient } from 'taskwright/asteroid';\n";
    const { files } = await bundled('esbuild', project.folder, source);
    const bundle = new Map(files.map(({ name, bytes }) => [name, bytes]));
    const { value } = await inPage(signIn, { name: 'Ada, bundled', credentials }, bundle);
    assert.deepEqual(value.result, { main_heading: 'Welcome back, Ada', last_order: 'Sencha Asa' });
  } finally {
    await project.remove();
  }
});

/** In the page: an agent that asks gets a file and an answer; the file comes back, and with it what the run tells. */
async function answer({ AsteroidClient }, { baseUrl, site }) {
  const client = new AsteroidClient({ baseUrl, apiKey: 'page-key' });
  const id = await client.executeAgent('invoice', { site });
  const types = [];
  const following = (async () => {
    for await (const { payload } of client.activities(id, { interval: 200 }))
      types.push(payload.activityType);
  })();
  const asked = await client.waitForAgentInteraction(id, 200, 60_000);
  await client.uploadExecutionFiles(id, [
    new File(['Two tins: 32.50'], 'invoice.txt', { type: 'text/plain' }),
  ]);
  await client.addMessageToExecution(id, '4711');
  const { result } = await client.waitForExecutionResult(id, 200, 60_000);
  await following;
  const [file] = await client.getExecutionFiles(id);
  const text = await new Response(await client.downloadExecutionFile(file)).text();
  const path = await client.uploadExecutionFiles(id, ['/etc/hostname']).catch((error) => error.name);
  return { question: asked.agentMessage, result, types, text, path };
}

test('a page answers an agent, gives it a file, follows the run and fetches the file again', async () => {
  const { value } = await inPage(answer, {});
  assert.match(value.question, /^Which order/);
  assert.equal(value.result.receipt, 'Order 4711, invoice.txt: Two tins: 32.50');
  assert.equal(value.text, 'Two tins: 32.50');
  assert.equal(value.path, 'InvalidParameterError', 'a page has no paths');
  assert.equal(value.types.at(-1), 'terminal');
  for (const type of ['file_added', 'user_message_received']) assert.ok(value.types.includes(type), type);
});
