// One status poll: latency, processor time, and calls a second with 32 in flight.
import { startResponder, worker } from './lib/processes.mjs';
import { recorded } from './lib/recorded.mjs';
import { median, number, quantile, ratio, table, times } from './lib/stats.mjs';

/** Who speaks which wire; the first of each is what the others are measured by. */
const wires = {
  "Anchor's wire": ['fetch', 'fetch with a timeout', 'taskwright', 'taskwright/anchor', 'anchorbrowser'],
  "Asteroid's wire": ["fetch, Asteroid's wire", 'taskwright/asteroid'],
  "AgentBay's wire": ["fetch, AgentBay's wire", 'taskwright/agentbay'],
};

export const title = 'One status poll';

export async function measure({ quick }) {
  const responder = await startResponder();
  const shape = quick ? { rounds: 5, calls: 100 } : { rounds: 25, calls: 200 };
  const ratios = {};
  let official;
  const tables = [];
  for (const [wire, names] of Object.entries(wires)) {
    const samples = await worker('workers/polls.mjs', { url: responder.url, names, ...shape });
    for (const name of names) ratios[name] = p50(samples, name, names[0]);
    if (names.includes('anchorbrowser')) official = p50(samples, 'taskwright', 'anchorbrowser');
    const head = [wire, 'p50', 'CPU', 'rate', 'p50 ms', 'p99 ms', 'CPU ms', 'calls/s, 32 in flight'];
    const rows = names.map((name) => row(samples, name, names[0]));
    tables.push(table(head, rows));
  }
  responder.stop();
  const { callMs } = recorded['wuying-agentbay-sdk 0.19.0'];
  return {
    text: [
      `${number(shape.rounds * shape.calls)} calls of each, one after the other, in ${shape.rounds} rounds of`,
      `${shape.calls} that take turns; then the same with 32 in flight. The first three columns are ratios to`,
      'bare `fetch` and `response.json()` of the same wire, the median of the ratios within one round. CPU is all threads',
      'of the process. The wires are `perform-web-task/ID/status`, `getExecution` of version 2, and `getTaskStatus`, a tool',
      'call whose answer is JSON in JSON.',
    ],
    tables,
    after: [
      `A \`taskwright\` poll takes ${times(official)} the time of Anchor's official client's. The official TypeScript clients of`,
      `Asteroid and AgentBay are not on npm, so they have no line; one call of AgentBay's took ${number(callMs, 1)} ms when it was`,
      'recorded, over TLS.',
    ],
    budgets: ['taskwright', 'taskwright/anchor', 'taskwright/asteroid', 'taskwright/agentbay'].map(
      (name) => ({
        what: `status poll of \`${name}\`, p50 to bare \`fetch\``,
        value: ratios[name],
        limit: 1.2,
        show: times,
        isTime: true,
      }),
    ),
  };
}

function p50(samples, name, base) {
  const medians = (which) => samples[which].latencies.map(median);
  return ratio(medians(name), medians(base));
}

function row(samples, name, base) {
  const { latencies, cpu, perSecond } = samples[name];
  const all = latencies.flat();
  return [
    name.replace(/, .*/, ''),
    times(p50(samples, name, base)),
    times(ratio(cpu, samples[base].cpu)),
    times(ratio(perSecond, samples[base].perSecond)),
    number(quantile(all, 0.5), 3),
    number(quantile(all, 0.99), 3),
    number(median(cpu), 3),
    number(median(perSecond)),
  ];
}
