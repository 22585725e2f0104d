// One status poll: latency, processor time, and calls a second with 32 in flight.
import { startResponder, worker } from './lib/processes.mjs';
import { median, number, quantile, ratio, table, times } from './lib/stats.mjs';

const names = ['fetch', 'fetch with a timeout', 'taskwright', 'taskwright/anchor', 'anchorbrowser'];

export const title = 'One status poll';

export async function measure({ quick }) {
  const responder = await startResponder();
  const shape = quick ? { rounds: 5, calls: 100 } : { rounds: 25, calls: 200 };
  const samples = await worker('workers/polls.mjs', { url: responder.url, names, ...shape });
  responder.stop();

  const base = samples.fetch;
  const p50 = (name) => samples[name].latencies.map(median);
  const rows = names.map((name) => {
    const { latencies, cpu, perSecond } = samples[name];
    const all = latencies.flat();
    return [
      name,
      times(ratio(p50(name), p50('fetch'))),
      times(ratio(cpu, base.cpu)),
      times(ratio(perSecond, base.perSecond)),
      number(quantile(all, 0.5), 3),
      number(quantile(all, 0.99), 3),
      number(median(cpu), 3),
      number(median(perSecond)),
    ];
  });
  const head = ['', 'p50', 'CPU', 'rate', 'p50 ms', 'p99 ms', 'CPU ms', 'calls/s, 32 in flight'];
  const official = ratio(p50('taskwright'), p50('anchorbrowser'));
  return {
    text: [
      `${number(shape.rounds * shape.calls)} calls of each, one after the other, in ${shape.rounds} rounds of`,
      `${shape.calls} that take turns; then the same with 32 in flight. The first three columns are ratios to`,
      'bare `fetch` and `response.json()`, the median of the ratios within one round. CPU is all threads of the process.',
    ],
    tables: [table(head, rows)],
    after: [`A \`taskwright\` poll takes ${times(official)} the time of the official client's.`],
    budgets: ['taskwright', 'taskwright/anchor'].map((name) => ({
      what: `status poll of \`${name}\`, p50 to bare \`fetch\``,
      value: ratio(p50(name), p50('fetch')),
      limit: 1.3,
      show: times,
      isTime: true,
    })),
  };
}
