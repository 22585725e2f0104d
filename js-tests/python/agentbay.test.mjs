// The official Python SDK of AgentBay, two of its releases, unmodified, against the local server with a real Chromium.
// agentbay/run.py makes the calls and prints what it got.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { serveSite } from '../../examples/site/serve.mjs';
import { startServer } from '../../scripts/lib/server.mjs';
import { releasesOf, runPython } from '../helpers/python.mjs';

const sdk = 'wuying-agentbay-sdk';
const releases = await releasesOf(sdk);

let site;
let server;
let folder;
before(async () => {
  // The SDK writes a log into the folder that it runs in.
  folder = await mkdtemp(join(tmpdir(), 'taskwright-python-'));
  site = await serveSite();
  server = await startServer({ args: ['--ephemeral'] });
});
after(async () => {
  await server?.stop();
  await site?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

for (const release of releases) {
  describe(`${sdk} ${release}`, () => {
    let facts;
    before(async () => {
      const { stdout } = await runPython(sdk, release, 'agentbay/run.py', [server.url, site.url], {
        cwd: folder,
      });
      facts = JSON.parse(stdout.trim().split('\n').at(-1));
    });

    test('is the release that was asked for', () => {
      assert.equal(facts.version, release);
    });

    test('creates a session, finds it by its labels and by its id', () => {
      const { sessionId, requestId, listed, got } = facts;
      assert.ok(requestId);
      assert.deepEqual([listed.total, got], [1, sessionId]);
      const ids = listed.ids.map((each) => each.sessionId ?? each);
      assert.deepEqual(ids, [sessionId]);
    });

    test('reads labels and replaces them', () => {
      assert.equal(facts.labels.data.kind, 'grüner Tee');
      assert.equal(facts.relabelled.success, true);
      assert.deepEqual(facts.labelsThen.data, { ...facts.labels.data, kind: 'Oolong' });
    });

    test('reads what the session is, and gets a link to it', () => {
      assert.equal(facts.info.session_id, facts.sessionId);
      assert.equal(facts.link.success, true);
      assert.match(facts.link.data, /^ws:\/\/127\.0\.0\.1:\d+\//);
    });

    test('runs tasks: to the end, step by step, terminated, impossible, unknown', () => {
      const { waited, started, asked, terminated, impossible, unknown } = facts.tasks;
      assert.deepEqual(
        [waited.success, waited.task_status, waited.task_result],
        [true, 'finished', 'Misty Ridge Oolong'],
      );
      assert.deepEqual([started.success, started.task_status], [true, 'running']);
      assert.deepEqual([asked.task_status, asked.task_product], ['finished', 'Misty Ridge Oolong']);
      assert.equal(terminated.success, true);
      assert.deepEqual([impossible.success, impossible.task_status], [false, 'unsupported']);
      assert.equal(unknown.success, false);
      assert.match(unknown.error_message, /Task not found or already finished/);
    });

    test('runs tasks of a browser, and of a mobile where the release has it', () => {
      const { browser, browserEnded, mobile } = facts.families;
      assert.deepEqual([browser.success, browser.task_status], [true, 'running']);
      assert.equal(browserEnded.task_status, 'finished');
      assert.match(browserEnded.task_product, /Genmaicha/);
      if (mobile) assert.deepEqual([mobile.success, mobile.task_status], [true, 'completed']);
    });

    test('lists tools and calls them', () => {
      const { names, navigated, text, unknown } = facts.tools;
      assert.ok(names.includes('flux_execute_task') && names.includes('browser_navigate'), String(names));
      assert.equal(navigated.success, true);
      assert.match(text.data, /floral, buttery cup/);
      assert.equal(unknown.success, false);
    });

    test('pauses and resumes, and the session works afterwards', () => {
      assert.deepEqual([facts.hold.paused.success, facts.hold.paused.status], [true, 'PAUSED']);
      assert.deepEqual([facts.hold.resumed.success, facts.hold.resumed.status], [true, 'RUNNING']);
      assert.equal(facts.afterwards.task_result, 'Misty Ridge Oolong');
    });

    test('keeps a session alive and asks how it stands', {
      skip: release.startsWith('0.13.') && 'not in this release',
    }, () => {
      assert.equal(facts.kept.success, true);
      assert.equal(facts.status.status, 'RUNNING');
    });

    test('deletes the session, which nothing finds afterwards', () => {
      assert.equal(facts.deleted.success, true);
      assert.equal(facts['info gone'].error_message, `Session ${facts.sessionId} not found`);
      assert.match(facts['labels gone'], /not found/);
      assert.equal(facts['deleted again'].success, false);
      assert.equal(facts['tool gone'].success, false);
    });
  });
}
