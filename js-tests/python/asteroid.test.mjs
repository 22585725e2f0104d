// The official Python SDK, four of its releases, unmodified, against the local server with a real Chromium.
// asteroid/run.py makes the calls of the high-level clients and prints what it got; asteroid/generated.py is a suite of its own for the
// client of today, which is generated and has no such calls.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { formatAgentProfile, formatAgentProfilesList } from 'taskwright/asteroid';
import { files } from '../../examples/site/site.mjs';
import { framesOf, isJpeg, startAsteroid } from '../helpers/asteroid.mjs';
import { releasesOf, runPython } from '../helpers/python.mjs';

const sdk = 'asteroid-odyssey';
const releases = await releasesOf(sdk);
const isHighLevel = (release) => release.startsWith('1.3.');

let asteroid;
let folder;
before(async () => {
  asteroid = await startAsteroid();
  folder = await mkdtemp(join(tmpdir(), 'taskwright-python-'));
});
after(async () => {
  await asteroid?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** Runs a program of this folder with the SDK's `release`; resolves with what it printed. */
async function python(release, script, ...more) {
  return await runPython(sdk, release, `asteroid/${script}`, [asteroid.url, asteroid.site, ...more]);
}

const types = (activities) => activities.map(({ type }) => type);

for (const release of releases.filter(isHighLevel)) {
  describe(`asteroid-odyssey ${release}`, () => {
    let facts;
    before(async () => {
      facts = JSON.parse((await python(release, 'run.py', folder)).stdout);
    });

    test('is the release that was asked for', () => {
      assert.equal(facts.version, release);
    });

    test('executes an agent, waits, and has its result', () => {
      const { id, result, status, again, execution } = facts.executions;
      assert.equal(result.outcome, 'success');
      assert.deepEqual(result.result, { name: 'Misty Ridge Oolong', origin: 'Taiwan', price: 14.5 });
      if (execution) {
        assert.deepEqual([execution.id, execution.agent_id, execution.status], [id, 'tea', 'completed']);
        assert.deepEqual(execution.execution_result, result);
      } else {
        assert.deepEqual([status.execution_id, status.status], [id, 'completed']);
        assert.deepEqual(again, result);
      }
    });

    test('reads every activity, newest first', () => {
      const { activities, newest } = facts.executions;
      assert.equal(newest, 2);
      assert.equal(activities[0].type, 'terminal');
      assert.equal(activities.at(-1).type, 'status_changed');
      for (const type of ['step_started', 'action_started', 'action_completed', 'step_completed']) {
        assert.ok(types(activities).includes(type), type);
      }
    });

    test('finds a recording that plays real pictures', async () => {
      const { page, frames } = await framesOf(facts.executions.recording);
      assert.match(page, /<button[^>]*>Play<\/button>/);
      assert.ok(frames.length >= 1);
      for (const frame of frames) assert.ok(isJpeg(frame));
    });

    test('raises ExecutionError for an execution that failed', () => {
      assert.equal(facts.executions.failed.isExecutionError, true);
      assert.match(facts.executions.failed.message, /failed/);
    });

    test('sees the agent ask, sends a file and an answer, and the agent goes on with both', () => {
      const { asked, uploaded, ended, activities } = facts.interaction;
      assert.deepEqual(asked, { status: 'paused_by_agent', isTerminal: false });
      if (typeof uploaded === 'string') assert.equal(uploaded, '1 file was uploaded.');
      else assert.equal(uploaded.file_ids.length, 1);
      assert.deepEqual([ended.status, ended.isTerminal], ['completed', true]);
      assert.equal(ended.result.result.receipt, 'Order 4711 für Ada, invoice.txt: Two tins: 32.50');
      const told = activities.find(({ type }) => type === 'user_message_received');
      assert.equal(told.message, '4711 für Ada');
    });

    test('creates, reads, lists, changes and deletes a profile', () => {
      const { created, updated, read, listed, deleted, gone } = facts.profiles;
      assert.equal(created.name, `Ada with ${release}`);
      assert.deepEqual([created.proxy_cc, created.sticky_ip, created.credentials], ['us', true, []]);
      assert.equal(updated.description, 'later');
      assert.deepEqual(read, updated);
      assert.deepEqual(listed, [created.id]);
      assert.equal(typeof deleted.message, 'string');
      assert.equal(gone.isApiError, true);
      assert.match(gone.message, /404/);
    });

    test('encrypts credentials that the server decrypts for a run and shows to nobody', () => {
      const { key, updated, used } = facts.profiles;
      assert.match(key, /^-----BEGIN PUBLIC KEY-----/);
      assert.deepEqual(
        updated.credentials.map(({ name }) => name),
        ['USER_NAME', 'PASSWORD'],
      );
      assert.doesNotMatch(JSON.stringify(facts), /grüner Tee, 1987/);
      assert.deepEqual(used.result, { main_heading: 'Welcome back, Ada', last_order: 'Sencha Asa' });
    });

    test('adds a cookie, which the pages of a run get', () => {
      const { withCookie, visited } = facts.profiles;
      assert.deepEqual(
        withCookie.cookies.map(({ name, key, value }) => [name, key, value]),
        [['Visit', 'visited', release]],
      );
      assert.match(JSON.stringify(visited.result), new RegExp(`You were here before: ${release}`));
    });

    test('formats a profile as this package does', {
      skip: release !== '1.3.1' && 'not in this release',
    }, () => {
      const { updated, formatted, formattedList } = facts.profiles;
      assert.equal(formatAgentProfile(updated), formatted);
      assert.equal(formatAgentProfilesList([updated]), formattedList);
    });

    test('stages files, filters executions, lists agents, downloads files', {
      skip: release === '1.3.1' && 'not in this release',
    }, () => {
      const { staged, found, agents, files: kept, downloaded } = facts.newer;
      assert.match(JSON.stringify(staged.result), /invoice\.txt: One tin: 16\.25/);
      assert.deepEqual(found, { total: 1, ids: [found.id], id: found.id });
      assert.ok(agents.includes('tea') && agents.includes('invoice'), String(agents));
      assert.deepEqual(kept, ['prices.csv']);
      assert.equal(downloaded, files['/prices.csv'].text);
    });
  });
}

for (const release of releases.filter((release) => !isHighLevel(release))) {
  test(`asteroid-odyssey ${release} makes every call of today's API that the server performs`, async () => {
    const { stderr } = await python(release, 'generated.py');
    assert.match(stderr, /^Ran \d+ tests in /m);
    assert.match(stderr, /^OK$/m);
  });
}
