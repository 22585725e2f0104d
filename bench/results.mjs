// Large results: what it costs to have Rust decide about an answer whose body stays in JavaScript.
import { startResponder, worker } from './lib/processes.mjs';
import { median, number, ratio, table, times } from './lib/stats.mjs';

/** Body size → bytes, rounds, calls in each round. */
const shapes = { '1 kB': [1_000, 25, 80], '100 kB': [100_000, 25, 20], '1 MB': [1_000_000, 15, 8] };
const names = ['fetch', 'taskwright', 'taskwright/anchor', 'anchorbrowser'];

export const title = 'Large results';

export async function measure({ quick }) {
  const responder = await startResponder();
  const runs = [];
  for (const [bytes, rounds, calls] of Object.values(shapes)) {
    const shape = quick ? { rounds: 3, calls: 4 } : { rounds, calls };
    runs.push(await worker('workers/results.mjs', { url: responder.url, names, bytes, ...shape }));
  }
  responder.stop();

  const heads = Object.keys(shapes);
  const figures = (part, way, base) => [
    ...runs.map((run) => times(ratio(run[part][way], run[part][base]))),
    ...runs.map((run) => number(median(run[part][way]), 3)),
  ];
  const calls = names.map((name) => [name, ...figures('calls', name, 'fetch')]);
  const ways = Object.keys(runs[0].alone).map((way) => [way, ...figures('alone', way, 'JSON.parse')]);
  const milliseconds = heads.map((label) => `${label}, ms`);
  return {
    text: [
      'A status poll whose answer holds a result of that size, one after the other, in turns. Ratios are to bare',
      '`fetch` and `response.json()`, those of the second table to `JSON.parse` of a string.',
    ],
    tables: [
      table(['', ...heads, ...milliseconds], calls),
      table(['the body alone', ...heads, ...milliseconds], ways),
    ],
    after: [
      'Taskwright reads the body as a JavaScript string and has `JSON.parse` make the value: the text never enters',
      'WebAssembly, which looks at single members of the value. The last two lines are what the other way would cost',
      "before anything is parsed there: copying the text into a module's memory, and copying it out again.",
    ],
  };
}
