// What a waiting task weighs: many of them, none of which ends, looked at after garbage collections.
import { startResponder, worker } from './lib/processes.mjs';
import { kilobytes, median, megabytes, number, rotated, table, times } from './lib/stats.mjs';

const names = ['taskwright', 'taskwright/anchor', 'anchorbrowser'];
const labels = {
  taskwright: 'taskwright, `runWebTask`',
  'taskwright/anchor': "taskwright/anchor, the guide's loop",
  anchorbrowser: "anchorbrowser, the guide's loop",
};

/** What 10,000 waiting tasks may add to a process, bytes. */
const BUDGET = 100_000_000;

export const title = 'Memory of waiting tasks';

export async function measure({ quick }) {
  const tasks = quick ? 2_000 : 10_000;
  const rounds = quick ? 1 : 3;
  const responder = await startResponder();
  const runs = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of rotated(names, round)) {
      runs[name].push(
        await worker('workers/memory.mjs', { url: responder.url, name, tasks }, ['--expose-gc']),
      );
    }
  }
  responder.stop();

  const of = (name, figure) => median(runs[name].map(figure));
  const rss = (name) => of(name, (run) => run.after.rss);
  const rows = names.map((name) => [
    labels[name],
    times(rss(name) / rss('anchorbrowser')),
    megabytes(rss(name)),
    kilobytes(rss(name) / tasks),
    megabytes(of(name, (run) => run.after.heap)),
    megabytes(of(name, (run) => run.after.wasm)),
    megabytes(of(name, (run) => run.peak)),
    number(of(name, (run) => run.idle.rss) / 1e6, 1),
    number(of(name, (run) => run.failed)),
  ]);
  const head = [
    `${number(tasks)} waiting`,
    'ratio',
    'RSS',
    'per task',
    'heap',
    'wasm',
    'peak RSS',
    'idle RSS, MB',
    'failed',
  ];
  return {
    text: [
      `${number(tasks)} tasks are started and never end; when all wait and have been asked about at least once, memory`,
      `is read after garbage collections, five times in five seconds. Above an idle client that has made one call;`,
      `medians of ${rounds} runs in turns. Heap is V8's own and what it holds outside; wasm is the module's linear`,
      'memory; RSS, with both in it, is what the system sees.',
    ],
    tables: [table(head, rows)],
    after: [],
    budgets: [
      {
        what: `RSS of ${number(tasks)} waiting tasks above idle`,
        value: rss('taskwright'),
        limit: BUDGET,
        show: megabytes,
      },
    ],
  };
}
