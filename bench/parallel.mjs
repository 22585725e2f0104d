// Many tasks at once: start each, wait for its end, and see how late the end is noticed.
import { startResponder, worker } from './lib/processes.mjs';
import { median, megabytes, number, quantile, rotated, table, times } from './lib/stats.mjs';

const FROM_MS = 1_000;
const TO_MS = 5_000;
const names = ['taskwright', 'taskwright, cloud pace', 'taskwright/anchor', 'anchorbrowser'];
const labels = {
  taskwright: 'taskwright, `runWebTask`',
  'taskwright, cloud pace': 'taskwright, cloud pace',
  'taskwright/anchor': "taskwright/anchor, the guide's loop",
  anchorbrowser: "anchorbrowser, the guide's loop",
};

export const title = 'Many tasks in parallel';

export async function measure({ quick }) {
  const rounds = quick ? 1 : 3;
  const tables = [];
  for (const tasks of quick ? [1_000] : [1_000, 10_000]) tables.push(await compared(tasks, rounds));
  return {
    text: [
      `Tasks of ${FROM_MS / 1000} to ${TO_MS / 1000} s, evenly spread, all started at once. Late is the time from a`,
      "task's end to the moment its result is in hand. Medians of",
      `${rounds} runs in turns, each client in a fresh process. The first two columns are ratios to the official client.`,
    ],
    tables,
    after: [
      'Requests are starts and status polls; failed are tasks whose result never came, for the reason below the',
      "table. The guide starts polling when all tasks have started; here each task's loop begins at once, in",
      "the official client's favour. `taskwright` waits within a request budget of 2,000 a second and 32 at once, its",
      "default for a local server; the cloud pace is its default for Anchor's cloud, 300 a second and 32 at once, which",
      'is meant to be polite to a service and not to be quick with thousands of tasks.',
    ],
  };
}

async function compared(tasks, rounds) {
  // 10,000 tasks at 100 requests a second say nothing but that.
  const taking = names.filter((name) => tasks <= 1_000 || name !== 'taskwright, cloud pace');
  const responder = await startResponder(FROM_MS, TO_MS);
  const runs = Object.fromEntries(taking.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of rotated(taking, round)) {
      await responder.counts();
      const run = await worker('workers/parallel.mjs', { url: responder.url, name, tasks });
      runs[name].push({ ...run, ...(await responder.counts()) });
    }
  }
  responder.stop();

  const of = (name, figure) => median(runs[name].map(figure));
  const lateness = ({ late }) =>
    late.length ? late.reduce((sum, ms) => sum + ms, 0) / late.length : Number.NaN;
  const figures = {
    late: lateness,
    late95: ({ late }) => quantile(late, 0.95) ?? Number.NaN,
    requests: ({ requests }) => requests,
    wall: ({ wallMs }) => wallMs / 1000,
    cpu: ({ cpuMs }) => cpuMs / 1000,
    rss: ({ maxRss }) => maxRss,
    sockets: ({ mostOpen }) => mostOpen,
    failed: ({ failed }) => failed,
  };
  const rows = taking.map((name) => [
    labels[name],
    times(of(name, figures.late) / of('anchorbrowser', figures.late)),
    times(of(name, figures.requests) / of('anchorbrowser', figures.requests)),
    number(of(name, figures.late)),
    number(of(name, figures.late95)),
    number(of(name, figures.requests)),
    number(of(name, figures.sockets)),
    number(of(name, figures.wall), 1),
    number(of(name, figures.cpu), 1),
    megabytes(of(name, figures.rss)),
    number(of(name, figures.failed)),
  ]);
  const head = [
    `${number(tasks)} tasks`,
    'late',
    'requests',
    'mean late ms',
    'p95 late ms',
    'requests',
    'sockets',
  ];
  const reasons = taking.flatMap((name) => reasonsOf(labels[name], runs[name]));
  return [table([...head, 'wall s', 'CPU s', 'max RSS', 'failed'], rows), ...reasons].join('\n\n');
}

/** One line for each reason for which tasks of a contender failed. */
function reasonsOf(label, runs) {
  const counts = new Map();
  for (const [reason, count] of runs.flatMap(({ reasons }) => Object.entries(reasons))) {
    counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  return [...counts].map(
    ([reason, count]) => `${label}: ${number(count)} tasks failed in ${runs.length} runs: ${reason}`,
  );
}
