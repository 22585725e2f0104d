// The functions of `taskwright/asteroid`, and what a person does with a recording, against the local server.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as asteroidEntry from 'taskwright/asteroid';
import { startAsteroid } from '../helpers/asteroid.mjs';
import { launchChromium } from '../helpers/chromium.mjs';

const { AsteroidClient } = asteroidEntry;
/** Interval and timeout of the waits, milliseconds. */
const PATIENCE = [200, 60_000];

let asteroid;
let folder;
before(async () => {
  asteroid = await startAsteroid();
  folder = await mkdtemp(join(tmpdir(), 'taskwright-asteroid-'));
});
after(async () => {
  await asteroid?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test('a recording plays in a browser', async () => {
  const client = new AsteroidClient({ baseUrl: asteroid.url });
  const id = await client.executeAgent('slow', { site: asteroid.site });
  await client.waitForExecutionResult(id, ...PATIENCE);
  const browser = await launchChromium();
  try {
    const tab = await browser.newPage();
    await tab.goto(await client.getBrowserSessionRecording(id));
    const picture = tab.getByRole('img', { name: 'What the browser showed' });
    await tab.waitForFunction(() => document.images[0]?.naturalWidth > 100, null, { timeout: 10_000 });
    assert.ok(await picture.isVisible());
    const place = tab.getByRole('slider');
    const begun = Number(await place.inputValue());
    await tab.waitForFunction((at) => Number(document.querySelector('input').value) > at, begun, {
      timeout: 10_000,
    });
  } finally {
    await browser.close();
  }
});

test('the functions do what the methods do', async () => {
  const client = new AsteroidClient({ baseUrl: asteroid.url });
  const { site } = asteroid;
  const called = new Set();
  const f = new Proxy(asteroidEntry, {
    get(target, name) {
      called.add(name);
      return target[name];
    },
  });
  const id = await f.executeAgent(client, 'invoice', { dynamicData: { site }, metadata: { by: 'function' } });
  const asked = await f.waitForAgentInteraction(client, id, ...PATIENCE);
  assert.match(asked.agentMessage, /Which order/);
  await f.uploadExecutionFiles(client, id, [['invoice.txt', 'three']]);
  await f.addMessageToExecution(client, id, '1');
  const { result } = await f.waitForExecutionResult(client, id, ...PATIENCE);
  assert.equal(result.receipt, 'Order 1, invoice.txt: three');
  assert.equal((await f.getExecutionStatus(client, id)).status, 'completed');
  assert.equal((await f.getExecutionResult(client, id)).outcome, 'success');
  assert.equal((await f.getLastNExecutionActivities(client, id, 2)).length, 2);
  const { recording_url: url } = await f.getBrowserSessionRecording(client, id);
  assert.equal((await fetch(url)).status, 200);
  const { total } = await f.getExecutions(client, undefined, 1, 5, {
    metadataKey: 'by',
    metadataValue: 'function',
  });
  assert.equal(total, 1);
  const [file] = await f.getExecutionFiles(client, id);
  const path = await f.downloadExecutionFile(client, file, join(folder, 'by-function.txt'));
  assert.equal(await readFile(path, 'utf8'), 'three');
  assert.equal((await f.stageTempFiles(client, 'o', [['a.txt', 'a']])).length, 1);
  assert.ok((await f.getAgents(client, 'o', 1, 100)).length > 0);
  const profile = await f.createAgentProfile(client, {
    name: 'By function',
    organization_id: 'org-function',
    description: '',
    proxy_cc: 'us',
    proxy_type: 'residential',
    captcha_solver_active: false,
    sticky_ip: false,
    credentials: [{ name: 'a', data: 'b' }],
    cookies: [],
  });
  assert.equal((await f.updateAgentProfile(client, profile.id, { name: 'Renamed' })).name, 'Renamed');
  assert.equal((await f.getAgentProfile(client, profile.id)).name, 'Renamed');
  assert.equal((await f.getAgentProfiles(client, 'org-function')).length, 1);
  assert.match(f.formatAgentProfile(profile), /Name: By function/);
  assert.match(f.formatAgentProfilesList([profile]), /By function/);
  assert.match(await f.getCredentialsPublicKey(client), /BEGIN PUBLIC KEY/);
  assert.match((await f.deleteAgentProfile(client, profile.id)).message, /deleted/);
  const functions = Object.entries(asteroidEntry).filter(
    ([name, value]) => typeof value === 'function' && /^[a-z]/.test(name) && name !== 'default',
  );
  assert.deepEqual(
    functions.map(([name]) => name).filter((name) => !called.has(name)),
    [],
  );
});
