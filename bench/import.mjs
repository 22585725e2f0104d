// What it costs to have the package: from `import` to its end, and from `import` to the first answer.
import { fresh, startResponder } from './lib/processes.mjs';
import { median, megabytes, number, ratio, rotated, table, times } from './lib/stats.mjs';

const imports = [
  { label: 'taskwright', how: 'import', name: 'taskwright' },
  { label: 'taskwright', how: 'require', name: 'taskwright' },
  { label: 'taskwright/anchor', how: 'import', name: 'taskwright/anchor' },
  { label: 'taskwright/anchor', how: 'require', name: 'taskwright/anchor' },
  { label: 'anchorbrowser', how: 'import', name: 'anchorbrowser' },
  { label: 'anchorbrowser', how: 'require', name: 'anchorbrowser' },
];

const official = (url) =>
  `(new Anchorbrowser({ baseURL: '${url}', apiKey: 'k' })).tools.getPerformWebTaskStatus('w')`;
const firsts = {
  fetch: (url) => `await (await fetch('${url}/v1/tools/perform-web-task/w/status')).json();`,
  taskwright: (url) =>
    `const { Taskwright } = await import('taskwright');
     await new Taskwright({ baseUrl: '${url}' }).getPerformWebTaskStatus('w');`,
  'taskwright/anchor': (url) =>
    `const { Anchorbrowser } = await import('taskwright/anchor'); await ${official(url)};`,
  anchorbrowser: (url) => `const { Anchorbrowser } = await import('anchorbrowser'); await ${official(url)};`,
};

export const title = 'Import';

export async function measure({ quick }) {
  const rounds = quick ? 3 : 15;
  const responder = await startResponder();
  const imported = imports.map(() => ({ ms: [], rss: [] }));
  const answered = Object.fromEntries(Object.keys(firsts).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const index of rotated([...imports.keys()], round)) {
      const { how, name } = imports[index];
      const statement = how === 'import' ? `await import('${name}')` : `require('${name}')`;
      const { ms, rss } = await fresh(timed(`${statement};`), how === 'import');
      imported[index].ms.push(ms);
      imported[index].rss.push(rss);
    }
    for (const name of rotated(Object.keys(firsts), round)) {
      answered[name].push((await fresh(timed(firsts[name](responder.url)), true)).ms);
    }
  }
  responder.stop();

  const base = imported[0].ms;
  const rows = imports.map(({ label, how }, index) => {
    const { ms, rss } = imported[index];
    return [
      label,
      how,
      times(ratio(ms, base)),
      number(median(ms), 1),
      number(Math.min(...ms), 1),
      megabytes(median(rss)),
    ];
  });
  const first = Object.entries(answered).map(([name, ms]) => [
    name,
    times(ratio(ms, answered.fetch)),
    number(median(ms), 1),
    number(Math.min(...ms), 1),
  ]);
  return {
    text: [`${rounds} fresh processes of each, in turns; ratios are to the first line of each table.`],
    tables: [
      table(['', 'how', 'time', 'median ms', 'best ms', 'RSS added'], rows),
      table(['import and first status poll', 'time', 'median ms', 'best ms'], first),
    ],
    after: [
      'The WebAssembly module is compiled at the first call, not at import: the second table has it in it. The line',
      '`fetch` is a process that imports nothing and asks once.',
    ],
    budgets: imports.flatMap(({ label, how }, index) =>
      how === 'import' && label !== 'anchorbrowser'
        ? [
            {
              what: `importing \`${label}\`, median`,
              value: median(imported[index].ms),
              limit: 10,
              show: (ms) => `${number(ms, 1)} ms`,
              isTime: true,
            },
          ]
        : [],
    ),
  };
}

const timed = (statements) => `
  const rss = process.memoryUsage.rss(), start = performance.now();
  ${statements}
  console.log(JSON.stringify({ ms: performance.now() - start, rss: process.memoryUsage.rss() - rss }));
  process.exit();`;
