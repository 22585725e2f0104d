// Every method of `taskwright/asteroid` against the local server with real pages, in every version of the API.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  AsteroidAPIError,
  AsteroidClient,
  ExecutionError,
  InvalidParameterError,
  TimeoutError,
} from 'taskwright/asteroid';
import { customer, files as siteFiles } from '../../examples/site/site.mjs';
import { framesOf, isJpeg, startAsteroid } from '../helpers/asteroid.mjs';

const PRICES = siteFiles['/prices.csv'].text;
const TEA = { name: 'Misty Ridge Oolong', origin: 'Taiwan', price: 14.5 };
/** Interval and timeout of the waits, milliseconds. */
const PATIENCE = [200, 60_000];

let asteroid;
let folder;
before(async () => {
  asteroid = await startAsteroid({ args: ['--api-key', 'any key', '--concurrency', '8'] });
  folder = await mkdtemp(join(tmpdir(), 'taskwright-asteroid-'));
});
after(async () => {
  await asteroid?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** A client that notes which of its methods were called. */
function noting(options, called) {
  const client = new AsteroidClient({ baseUrl: asteroid.url, apiKey: 'any key', ...options });
  return new Proxy(client, {
    get(target, name) {
      const value = target[name];
      if (typeof value !== 'function') return value;
      called.add(name);
      return value.bind(target);
    },
  });
}

const payloads = (activities) => activities.map(({ payload }) => payload);

/** The tests of one version of the API. */
function everyMethod(apiVersion) {
  const called = new Set();
  let client;
  let site;
  let own;
  before(async () => {
    client = noting({ apiVersion }, called);
    site = asteroid.site;
    own = join(folder, String(apiVersion));
    await mkdir(own);
  });

  /** Starts the agent that takes some time, and waits until it has begun. */
  async function going() {
    const id = await client.executeAgent('slow', { site });
    while ((await client.getExecutionStatus(id)).status !== 'running') await setTimeout(50);
    return id;
  }

  /** Starts the agent that asks, and waits until it does. */
  async function asking() {
    const id = await client.executeAgent('invoice', { site });
    const asked = await client.waitForAgentInteraction(id, ...PATIENCE);
    return { id, asked };
  }

  test('an execution is started, waited for and read', async () => {
    const id = await client.executeAgent('tea', { site, tea: 'misty-ridge' });
    const result = await client.waitForExecutionResult(id, ...PATIENCE);
    assert.equal(result.outcome, 'success');
    assert.deepEqual(result.result, TEA);
    assert.equal(typeof result.reasoning, 'string');

    const status = await client.getExecutionStatus(id);
    assert.deepEqual([status.executionId, status.status], [id, 'completed']);
    assert.deepEqual((await client.getExecutionResult(id)).result, TEA);

    const execution = await client.getExecution(id);
    assert.deepEqual([execution.id, execution.agentId, execution.status], [id, 'tea', 'completed']);
    assert.deepEqual(execution.inputs, { site, tea: 'misty-ridge' });
  });

  test('the agent asks; a file and an answer let it go on', async () => {
    const { id, asked } = await asking();
    assert.deepEqual(
      [asked.isTerminal, asked.status, asked.executionResult],
      [false, 'paused_by_agent', null],
    );
    assert.equal(asked.agentMessage, 'Which order is the invoice for? Please upload invoice.txt, too.');
    assert.equal((await client.getExecutionStatus(id)).status, 'paused_by_agent');
    await assert.rejects(client.getExecutionResult(id), /not available yet/);

    const path = join(own, 'invoice.txt');
    await writeFile(path, 'Two tins: 32.50\n');
    const uploaded = await client.uploadExecutionFiles(id, [path]);
    assert.match(uploaded.message, /1 file/);
    assert.equal(uploaded.fileIds?.length, apiVersion === 'v1' ? 1 : undefined);
    assert.equal(await client.addMessageToExecution(id, '4711 für Ada'), undefined);

    const ended = await client.waitForAgentInteraction(id, ...PATIENCE);
    assert.deepEqual([ended.isTerminal, ended.status, ended.agentMessage], [true, 'completed', null]);
    assert.deepEqual(ended.executionResult.result, {
      receipt: 'Order 4711 für Ada, invoice.txt: Two tins: 32.50',
    });

    const newest = await client.getLastNExecutionActivities(id, 3);
    assert.equal(newest.length, 3);
    assert.equal(newest[0].payload.activityType, 'terminal');
    const all = payloads(await client.getLastNExecutionActivities(id, 1000));
    const told = all.find(({ activityType }) => activityType === 'user_message_received');
    assert.equal(told.message, '4711 für Ada');
    assert.ok(all.some(({ activityType }) => activityType === 'file_added'));
  });

  test('every form of a file arrives with its bytes', async () => {
    const { id } = await asking();
    const path = join(own, 'from-disk.md');
    await writeFile(path, 'from disk');
    const bytes = new TextEncoder().encode('bytes');
    await client.uploadExecutionFiles(
      id,
      [
        path,
        ['text.txt', 'text'],
        ['bytes.bin', bytes],
        new File(['file'], 'file.csv', { type: 'text/csv' }),
        new Blob(['blob']),
        ['stream.txt', new Blob(['web stream']).stream()],
        ['node.txt', Readable.from([Buffer.from('node '), Buffer.from('stream')])],
      ],
      'nameless.txt',
    );
    const files = await client.getExecutionFiles(id);
    const found = await Promise.all(
      files.map(async (file) => [file.fileName, await text(await client.downloadExecutionFile(file))]),
    );
    assert.deepEqual(Object.fromEntries(found), {
      'from-disk.md': 'from disk',
      'text.txt': 'text',
      'bytes.bin': 'bytes',
      'file.csv': 'file',
      'nameless.txt': 'blob',
      'stream.txt': 'web stream',
      'node.txt': 'node stream',
    });
    assert.equal(files.find(({ fileName }) => fileName === 'from-disk.md').mimeType, 'text/markdown');
    await assert.rejects(client.uploadExecutionFiles(id, [join(own, 'none.txt')]), InvalidParameterError);
    await client.cancelExecution(id);
  });

  test('what a page downloads is kept, and fetched whole', async () => {
    const id = await client.executeAgent('prices', { site });
    await client.waitForExecutionResult(id, ...PATIENCE);
    const [file, ...others] = await client.getExecutionFiles(id);
    assert.deepEqual(others, []);
    assert.deepEqual([file.fileName, file.fileSize], ['prices.csv', Buffer.byteLength(PRICES)]);

    const into = `${join(own, 'new')}/`;
    const path = await client.downloadExecutionFile(file, into);
    assert.equal(basename(path), 'prices.csv');
    assert.equal(await readFile(path, 'utf8'), PRICES);
    assert.equal(await text(await client.downloadExecutionFile(file)), PRICES);

    const escaping = { ...file, fileName: '../../prices.csv' };
    await assert.rejects(client.downloadExecutionFile(escaping, into), InvalidParameterError);
    const shorter = { ...file, fileSize: file.fileSize + 1 };
    await assert.rejects(client.downloadExecutionFile(shorter, join(own, 'cut.csv')), /bytes came/);
    await assert.rejects(readFile(join(own, 'cut.csv')), { code: 'ENOENT' });
  });

  test('a run is followed from its beginning to its end, each activity once', async () => {
    const id = await client.executeAgent('slow', { site });
    const seen = [];
    for await (const activity of client.activities(id, { interval: 200 })) seen.push(activity);
    const all = await client.getLastNExecutionActivities(id, 1000);
    assert.deepEqual(
      seen.map((activity) => activity.id),
      all.map((activity) => activity.id).reverse(),
    );
    assert.equal(payloads(seen).at(-1).activityType, 'terminal');
  });

  test('the recording is a page that plays real pictures of the run', async () => {
    const id = await client.executeAgent('tea', { site, tea: 'sencha-asa' });
    await client.waitForExecutionResult(id, ...PATIENCE);
    const { frames } = await framesOf(await client.getBrowserSessionRecording(id));
    assert.ok(frames.length > 0);
    for (const frame of frames) assert.ok(isJpeg(frame));
  });

  test('an execution is paused, goes on, and is cancelled', async () => {
    const id = await going();
    assert.deepEqual(await client.pauseExecution(id), { executionId: id, status: 'paused' });
    await assert.rejects(client.waitForExecutionResult(id, 100, 2_500), (error) => {
      assert.ok(error instanceof TimeoutError);
      assert.equal(error.executionId, id);
      return true;
    });
    assert.equal((await client.getExecutionStatus(id)).status, 'paused');
    assert.deepEqual(await client.resumeExecution(id), { executionId: id, status: 'running' });
    assert.deepEqual(await client.cancelExecution(id), { executionId: id, status: 'cancelled' });
    await assert.rejects(client.waitForExecutionResult(id, ...PATIENCE), (error) => {
      assert.ok(error instanceof ExecutionError);
      assert.deepEqual([error.executionStatus, error.executionResult.outcome], ['cancelled', 'failure']);
      return true;
    });
    const ended = await client.waitForAgentInteraction(id, ...PATIENCE);
    assert.deepEqual([ended.isTerminal, ended.status], [true, 'cancelled']);
  });

  test('a paused execution that goes on comes to its result', async () => {
    const id = await going();
    await client.pauseExecution(id);
    await client.resumeExecution(id);
    const { result } = await client.waitForExecutionResult(id, ...PATIENCE);
    assert.match(JSON.stringify(result), /Tea from gardens/);
  });

  test('a failed execution rejects the wait with the reason and the result', async () => {
    const id = await client.executeAgent('lost', { site });
    await assert.rejects(client.waitForExecutionResult(id, ...PATIENCE), (error) => {
      assert.ok(error instanceof ExecutionError);
      assert.equal(error.executionStatus, 'failed');
      assert.equal(error.executionResult.outcome, 'failure');
      assert.match(error.executionResult.reasoning, /symphony/);
      return true;
    });
  });

  test('an execution is done again, and deleted', async () => {
    const id = await client.executeAgent('tea', { site, tea: 'white-peony' });
    await client.waitForExecutionResult(id, ...PATIENCE);
    const repeated = await client.rerunExecution(id);
    assert.notEqual(repeated, id);
    const { result } = await client.waitForExecutionResult(repeated, ...PATIENCE);
    assert.equal(result.name, 'White Peony');
    assert.equal((await client.getExecution(repeated)).parentExecutionId, id);
    await client.deleteExecution(id);
    await assert.rejects(client.getExecutionStatus(id), (error) => {
      assert.ok(error instanceof AsteroidAPIError);
      assert.equal(error.status, 404);
      assert.match(error.message, /Execution not found/);
      return true;
    });
  });

  test('a synchronous start answers with the result, or with what runs', async () => {
    const done = await client.executeAgentSync('tea', { site, tea: 'misty-ridge' });
    assert.deepEqual([done.status, done.executionResult.result], ['completed', TEA]);
    const unfinished = await client.executeAgentSync('slow', { site }, undefined, { timeoutSeconds: 1 });
    assert.ok(['queued', 'running'].includes(unfinished.status), unfinished.status);
    assert.equal(unfinished.executionResult, undefined);
    await client.cancelExecution(unfinished.executionId);
  });

  test('agents are listed', async () => {
    const agents = await client.getAgents('org-js');
    const names = new Map(agents.map(({ id, name }) => [id, name]));
    assert.equal(names.get('invoice'), 'Send an invoice');
    const [first, ...others] = await client.getAgents('org-js', 2, 1);
    assert.deepEqual(others, []);
    assert.ok(names.has(first.id));
  });

  test('profiles are created, read, listed, changed, used, formatted and deleted', async () => {
    const organization = `org-${apiVersion}`;
    const isV2 = apiVersion === 'v2';
    const credentials = [
      { name: 'user_name', data: customer.name },
      { name: 'password', data: 'not yet right' },
    ];
    const right = { name: 'password', data: customer.password };
    const request = isV2
      ? { name: 'Ada', description: 'd', organizationId: organization, stickyIP: true, credentials }
      : {
          name: `Ada ${apiVersion}`,
          description: 'd',
          organization_id: organization,
          proxy_cc: 'jp',
          proxy_type: 'mobile',
          captcha_solver_active: true,
          sticky_ip: true,
          credentials,
          cookies: [],
        };
    const created = await client.createAgentProfile(request);
    assert.equal(created.name, request.name);
    assert.equal(isV2 ? created.stickyIP : created.sticky_ip, true);
    assert.deepEqual(
      created.credentials.map(({ name, data }) => [name, data.includes('right')]),
      [
        ['USER_NAME', false],
        ['PASSWORD', false],
      ],
    );
    assert.deepEqual(await client.getAgentProfile(created.id), created);
    const listed = await client.getAgentProfiles(organization);
    assert.deepEqual(
      listed.map(({ id }) => id),
      [created.id],
    );

    const [, password] = created.credentials;
    const change = isV2
      ? { description: 'new', credentialsToDelete: [password.id], credentialsToAdd: [right] }
      : { description: 'new', credentials_to_delete: [password.id], credentials_to_add: [right] };
    const changed = await client.updateAgentProfile(created.id, change);
    assert.equal(changed.description, 'new');
    assert.equal(isV2 ? changed.stickyIP : changed.sticky_ip, true, 'what is not named stays');

    if (!isV2) {
      const lines = client.formatAgentProfile(changed).split('\n');
      assert.equal(lines.length, 11);
      assert.ok(lines.includes('  Proxy: jp (mobile)'), lines.join('\n'));
    }
    assert.match(client.formatAgentProfilesList([changed]), /^Found 1 agent profile\(s\):\n {2}1\. Ada/);
    assert.match(client.formatAgentProfile(changed), /\('PASSWORD', '/);

    const id = await client.executeAgent('account', { site }, created.id);
    const { result } = await client.waitForExecutionResult(id, ...PATIENCE);
    assert.deepEqual(result, { main_heading: 'Welcome back, Ada', last_order: 'Sencha Asa' });
    const activities = JSON.stringify(await client.getLastNExecutionActivities(id, 1000));
    assert.doesNotMatch(activities, new RegExp(customer.password));

    assert.match(await client.deleteAgentProfile(created.id), isV2 ? /^$/ : /deleted/);
    await assert.rejects(client.getAgentProfile(created.id), { status: 404 });
  });

  test('the public key is one of 2048 bits', async () => {
    const { createPublicKey } = await import('node:crypto');
    const key = createPublicKey(await client.getCredentialsPublicKey());
    assert.deepEqual([key.asymmetricKeyType, key.asymmetricKeyDetails.modulusLength], ['rsa', 2048]);
  });

  if (apiVersion !== 'v1') {
    test('files are staged for a start, and executions found by every filter', async () => {
      const organization = `org-files-${apiVersion}`;
      const tempFiles = await client.stageTempFiles(organization, [['invoice.txt', 'One tin: 16.25']]);
      assert.deepEqual(
        tempFiles.map(({ name }) => name),
        ['invoice.txt'],
      );
      const metadata = { batch: `b-${apiVersion}` };
      const earlier = new Date(Date.now() - 1000);
      const id = await client.executeAgent('staged', { site }, undefined, {
        tempFiles,
        metadata,
        version: 1,
      });
      const { result } = await client.waitForExecutionResult(id, ...PATIENCE);
      assert.match(JSON.stringify(result), /invoice\.txt: One tin: 16\.25/);
      // The same files once more.
      const again = await client.rerunExecution(id);
      assert.deepEqual((await client.waitForExecutionResult(again, ...PATIENCE)).result, result);
      await client.deleteExecution(again);

      const here = { metadataKey: 'batch', metadataValue: metadata.batch };
      const found = await client.getExecutions(here);
      assert.deepEqual([found.total, found.page, found.items[0].id], [1, 1, id]);
      assert.equal(found.items[0].metadata.batch, metadata.batch);
      const count = async (filters) => (await client.getExecutions({ ...here, ...filters })).total;
      for (const through of [
        { executionId: id.slice(3, 12).toUpperCase() },
        { agentId: 'staged' },
        { workflowId: 'staged' },
        { status: 'completed' },
        { status: ['failed', 'completed'] },
        { phase: ['terminal'] },
        { agentVersion: 1 },
        { createdAfter: earlier, createdBefore: new Date(Date.now() + 1000) },
        { outcomeLabel: 'SUCC' },
        { organizationId: found.items[0].organizationId },
        { sortField: 'status', sortDirection: 'asc' },
      ]) {
        assert.equal(await count(through), 1, JSON.stringify(through));
      }
      for (const away of [
        { executionId: 'zzz' },
        { agentId: 'tea' },
        { status: 'failed' },
        { phase: 'pending' },
        { agentVersion: 7 },
        { createdBefore: earlier },
        { createdAfter: new Date(Date.now() + 60_000) },
        { outcomeLabel: 'failure' },
        { profileIds: ['none'] },
        { humanLabels: ['none'] },
      ]) {
        assert.equal(await count(away), 0, JSON.stringify(away));
      }
    });

    test('the iterator gives every execution once, over all pages', async () => {
      const metadata = { run: `many-${apiVersion}` };
      const start = () =>
        client.executeAgent('tea', { site, tea: 'genmai' }, undefined, { inputs: undefined, metadata });
      const ids = await Promise.all(Array.from({ length: 5 }, start));
      const seen = [];
      const filters = { metadataKey: 'run', metadataValue: metadata.run, pageSize: 2 };
      for await (const { id } of client.executions(filters)) seen.push(id);
      assert.deepEqual(seen.toSorted(), ids.toSorted());
      await Promise.all(ids.map((id) => client.waitForExecutionResult(id, ...PATIENCE)));
    });
  }

  test('no method was left out', () => {
    const all = Object.getOwnPropertyNames(AsteroidClient.prototype).filter((name) => name !== 'constructor');
    // What version 1 has not, the others have shown.
    const foreign = apiVersion === 'v1' ? ['stageTempFiles', 'getExecutions', 'executions'] : [];
    const missing = all.filter((name) => !called.has(name) && !foreign.includes(name));
    assert.deepEqual(missing, []);
    assert.ok(all.length >= 30, String(all.length));
  });
}

// The versions side by side, because they wait more than they work.
const inOrder = { concurrency: 1 };
describe('every method', { concurrency: 3 }, () => {
  describe('without apiVersion', inOrder, () => everyMethod(undefined));
  describe('apiVersion v1', inOrder, () => everyMethod('v1'));
  describe('apiVersion v2', inOrder, () => everyMethod('v2'));
});
