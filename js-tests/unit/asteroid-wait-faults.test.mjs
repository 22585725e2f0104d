// No fault of one question ends a wait. For each: how many questions there were, and how the wait ended, in both
// versions of the API and by both ways of asking.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { AsteroidClient } from 'taskwright/asteroid';
import { asteroidServer, COMPLETED, SUCCESS } from '../helpers/asteroid-server.mjs';
import { bare, claimsJson, cut, json, reset, stall, stallInBody } from '../helpers/lying-server.mjs';

const open = [];
const rows = [];
after(async () => {
  await Promise.all(open.map((server) => server.close()));
  console.log(
    ['fault'.padEnd(28), 'asked'.padEnd(9), 'questions', 'outcome'.padEnd(18), 'official'].join('  '),
  );
  for (const row of rows.sort()) console.log(row);
});

/** A fault of the first question. What will not pass ends the wait with `error`. */
const FAULTS = {
  'a 500': { lie: bare(500) },
  'a 502': { lie: bare(502) },
  'a 503': { lie: bare(503) },
  'a 503 with Retry-After': { lie: bare(503, { 'retry-after': '1' }), restsMs: 900 },
  'a 429 with Retry-After': { lie: bare(429, { 'retry-after': '1' }), restsMs: 900 },
  'a 408': { lie: bare(408) },
  'a reset': { lie: reset },
  'no answer': { lie: stall },
  'a body that stalls': { lie: stallInBody() },
  'a body that is cut': { lie: cut() },
  'JSON that breaks off': { lie: claimsJson('{"status": "comp') },
  'JSON of something else': { lie: json({ ok: true }) },
  'a 401': { lie: bare(401), error: /^401/ },
  'a 404': { lie: bare(404), error: /^404/ },
};
/** The vendor's TypeScript client 1.3.10, by what is recorded of it: one failed poll ends its wait, and no poll has a limit. */
const official = (what) =>
  /no answer|stalls/.test(what) ? 'waits on' : /JSON/.test(what) ? 'not recorded' : 'Error';

const WAYS = {
  v2: { how: (lie) => ({ status: lie }), options: { onStatus: () => {} } },
  'v2, held': { how: (lie) => ({ sync: lie, status: () => COMPLETED }), options: {} },
  v1: {
    how: (lie) => ({ status: lie, result: () => ({ status: 'completed', execution_result: SUCCESS }) }),
    options: {},
    apiVersion: 'v1',
  },
};

for (const [way, { how, options, apiVersion }] of Object.entries(WAYS)) {
  describe(`faults of a question, ${way}`, { concurrency: 8 }, () => {
    for (const [what, { lie, error, restsMs = 0 }] of Object.entries(FAULTS)) {
      test(`${what} ${error ? 'ends the wait only where it will not pass' : 'does not end the wait'}`, async () => {
        const times = [];
        const server = await asteroidServer(
          how((_id, number) => {
            times.push(performance.now());
            return number === 1 ? lie : COMPLETED;
          }),
        );
        open.push(server);
        const client = new AsteroidClient({ baseUrl: server.url, apiKey: 'k', timeoutMs: 5_000, apiVersion });
        const ended = await client
          .waitForExecutionResult('E', 20, 60_000, {
            ...options,
            timeoutMs: way === 'v2, held' ? 5_000 : 400,
          })
          .catch((thrown) => thrown);
        const outcome = ended instanceof Error ? ended.name : 'result';
        const questions = server.requests.length;
        rows.push(
          [
            what.padEnd(28),
            way.padEnd(9),
            String(questions).padStart(9),
            outcome.padEnd(18),
            official(what),
          ].join('  '),
        );
        // Where a long poll is not to be had, the plain question decides.
        if (error !== undefined && way !== 'v2, held') {
          assert.match(ended.message, error);
          assert.equal(times.length, 1);
          return;
        }
        assert.deepEqual(ended, SUCCESS);
        // The pause that the service asked for is kept; by how much it is exceeded is nobody's business here.
        if (times.length > 1) assert.ok(times[1] - times[0] >= restsMs);
      });
    }
  });
}
