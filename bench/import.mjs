// What it costs to have the package: from `import` to its end, and from `import` to the first answer.
import { fresh, startResponder } from './lib/processes.mjs';
import { recorded, recordedNote } from './lib/recorded.mjs';
import { median, megabytes, number, ratio, rotated, table, times } from './lib/stats.mjs';

const entries = ['taskwright', 'taskwright/anchor', 'taskwright/asteroid', 'taskwright/agentbay'];
const imports = [...entries, 'anchorbrowser'].flatMap((name) => [
  { name, how: 'import' },
  { name, how: 'require' },
]);

const official = (url) =>
  `(new Anchorbrowser({ baseURL: '${url}', apiKey: 'k' })).tools.getPerformWebTaskStatus('w')`;
/** By wire: what is run in a fresh process. The first of each is what the others are measured by. */
const firsts = {
  "Anchor's wire": {
    fetch: (url) => `await (await fetch('${url}/v1/tools/perform-web-task/w/status')).json();`,
    taskwright: (url) =>
      `const { Taskwright } = await import('taskwright');
       await new Taskwright({ baseUrl: '${url}' }).getPerformWebTaskStatus('w');`,
    'taskwright/anchor': (url) =>
      `const { Anchorbrowser } = await import('taskwright/anchor'); await ${official(url)};`,
    anchorbrowser: (url) =>
      `const { Anchorbrowser } = await import('anchorbrowser'); await ${official(url)};`,
  },
  "Asteroid's wire": {
    fetch: (url) => `await (await fetch('${url}/agents/v2/executions/w')).json();`,
    'taskwright/asteroid': (url) =>
      `const { AsteroidClient } = await import('taskwright/asteroid');
       await new AsteroidClient({ baseUrl: '${url}', apiKey: 'k' }).getExecution('w');`,
  },
  "AgentBay's wire": {
    fetch: (url) =>
      `const body = new URLSearchParams({ Authorization: 'Bearer k', SessionId: 's',
         Name: 'flux_get_task_status', Args: '{"task_id":"w"}', AutoGenSession: 'false' });
       const url = '${url}/?Action=CallMcpTool&Format=json&Version=2025-05-06';
       const { Data } = await (await fetch(url, { method: 'POST', body })).json();
       JSON.parse(Data.content[0].text);`,
    'taskwright/agentbay': (url) =>
      `const { AgentBay, Session } = await import('taskwright/agentbay');
       const agentBay = new AgentBay({ endpoint: '${url}', apiKey: 'k', failures: 'throw' });
       await new Session(agentBay, 's').agent.getTaskStatus('w');`,
  },
};

export const title = 'Import';

export async function measure({ quick }) {
  const rounds = quick ? 3 : 15;
  const responder = await startResponder();
  const imported = imports.map(() => ({ ms: [], rss: [] }));
  const asked = Object.entries(firsts).flatMap(([wire, makers]) =>
    Object.entries(makers).map(([name, source]) => ({ wire, name, source, ms: [] })),
  );
  for (let round = 0; round < rounds; round += 1) {
    for (const index of rotated([...imports.keys()], round)) {
      const { how, name } = imports[index];
      const statement = how === 'import' ? `await import('${name}')` : `require('${name}')`;
      const { ms, rss } = await fresh(timed(`${statement};`), how === 'import');
      imported[index].ms.push(ms);
      imported[index].rss.push(rss);
    }
    for (const { source, ms } of rotated(asked, round)) {
      ms.push((await fresh(timed(source(responder.url)), true)).ms);
    }
  }
  responder.stop();

  const base = imported[0].ms;
  const rows = imports.map(({ name, how }, index) => {
    const { ms, rss } = imported[index];
    return [
      name,
      how,
      times(ratio(ms, base)),
      number(median(ms), 1),
      number(Math.min(...ms), 1),
      megabytes(median(rss)),
    ];
  });
  for (const [name, { importMs, requireMs }] of Object.entries(recorded)) {
    rows.push([`${name}, recorded`, 'import', '-', number(importMs), '-', '-']);
    rows.push([`${name}, recorded`, 'require', '-', number(requireMs), '-', '-']);
  }
  const first = Object.keys(firsts).map((wire) => {
    const speaking = asked.filter((each) => each.wire === wire);
    return table(
      [`import and first status poll, ${wire}`, 'time', 'median ms', 'best ms'],
      speaking.map(({ name, ms }) => [
        name,
        times(ratio(ms, speaking[0].ms)),
        number(median(ms), 1),
        number(Math.min(...ms), 1),
      ]),
    );
  });
  return {
    text: [`${rounds} fresh processes of each, in turns; ratios are to the first line of each table.`],
    tables: [table(['', 'how', 'time', 'median ms', 'best ms', 'RSS added'], rows), ...first],
    after: [
      'The WebAssembly module is compiled at the first call, not at import: the tables of first polls have it in them. A',
      'line `fetch` is a process that imports nothing and asks once.',
      '',
      ...recordedNote,
    ],
    budgets: entries.map((name) => ({
      what: `importing \`${name}\`, median`,
      value: median(imported[imports.findIndex((each) => each.name === name)].ms),
      limit: 10,
      show: (ms) => `${number(ms, 1)} ms`,
      isTime: true,
    })),
  };
}

const timed = (statements) => `
  const rss = process.memoryUsage.rss(), start = performance.now();
  ${statements}
  console.log(JSON.stringify({ ms: performance.now() - start, rss: process.memoryUsage.rss() - rss }));
  process.exit();`;
