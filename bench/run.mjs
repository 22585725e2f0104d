// Runs the measurements one after the other, prints them, and writes bench/RESULTS.md after a full run.
//   node bench/run.mjs [--quick] [NAME...]      names: sizes import polls results boundary parallel memory
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const names = ['sizes', 'import', 'polls', 'results', 'boundary', 'parallel', 'memory'];
const args = process.argv.slice(2);
const quick = args.includes('--quick');
const wanted = args.filter((arg) => arg !== '--quick');
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length) {
  console.error(`bench: no measurement ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(2);
}

const systems = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };
const [major, minor] = process.versions.node.split('.');
const machine = `${cpus().length} cores, ${systems[process.platform] ?? process.platform}, Node ${major}.${minor}`;
const chapters = [
  [
    '# Results',
    '',
    `${new Date().toISOString().slice(0, 10)}; ${machine}; one run. Trust the ratios: what is compared took turns`,
    'within it. Milliseconds belong to that machine and that hour.',
    '',
    'Again: `make bench`, or `node bench/run.mjs` after `make build`. What is measured and how stands in',
    '[README.md](README.md); this file is written by a full run.',
  ].join('\n'),
];
console.log(`${machine}${quick ? '; quick, so the figures are rough' : ''}`);

const budgets = [];
for (const name of wanted.length ? names.filter((name) => wanted.includes(name)) : names) {
  const started = performance.now();
  const { title, measure } = await import(`./${name}.mjs`);
  const { text, tables, after, budgets: own = [] } = await measure({ quick });
  budgets.push(...own);
  const parts = [`## ${title}`, text.join('\n'), ...tables, after.join('\n')].filter(Boolean);
  chapters.push(parts.join('\n\n'));
  console.log(`\n${chapters.at(-1)}\n\n(${name}: ${Math.round((performance.now() - started) / 1000)} s)`);
}

if (budgets.length) {
  // Sizes and counts can be promised. Times belong to a machine and an hour: whether what is wanted was met is said,
  // and decides nothing.
  const lines = budgets.map(({ what, value, limit, show, isTime }) => {
    const [bound, yes, no] = isTime ? ['wanted', 'met', 'not met'] : ['at most', 'kept', '**exceeded**'];
    return `- ${what}: ${show(value)}, ${bound} ${show(limit)}: ${value <= limit ? yes : no}`;
  });
  chapters.push(`## Budgets\n\n${lines.join('\n')}`);
  console.log(`\n${chapters.at(-1)}`);
}
if (!quick && !wanted.length) {
  writeFileSync(new URL('RESULTS.md', import.meta.url), `${chapters.join('\n\n')}\n`);
  console.log('\nwritten to bench/RESULTS.md');
}
process.exitCode = budgets.some(({ value, limit, isTime }) => !isTime && value > limit) ? 1 : 0;
