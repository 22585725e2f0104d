// `make demo`: the documentation's example on two pages, then twenty tasks at once, then the same twenty
// one after the other. Everything runs on this machine: package, server, Chromium and the pages.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Taskwright } from 'taskwright';
import { startServer } from '../../scripts/lib/server.mjs';
import { serveSite } from '../site/serve.mjs';
import { teas } from '../site/site.mjs';

// What a page across a network takes to answer, and how many tasks the server then works on at once: while one
// waits for its page, others have the processor.
const pageDelayMs = 250;
const concurrency = 8;
const bold = (text) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text);
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
const heading = (text) => console.log(`\n${bold(text)}`);

async function timed(work) {
  const start = performance.now();
  const value = await work();
  return { value, ms: performance.now() - start };
}

/** Twenty tasks: name, price and origin of ten teas, then the main heading of the same pages. */
function tasks(siteUrl) {
  const properties = { name: { type: 'string' }, price: { type: 'number' }, origin: { type: 'string' } };
  const output_schema = { type: 'object', properties, required: Object.keys(properties) };
  const url = (tea) => `${siteUrl}/teas/${tea.slug}`;
  return [
    ...teas.map((tea) => ({
      prompt: 'Extract the name, the price and the origin',
      url: url(tea),
      output_schema,
    })),
    ...teas.map((tea) => ({
      prompt: 'Extract the main heading and first paragraph from the page',
      url: url(tea),
    })),
  ];
}

function runExample(file, env) {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url))], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${file} ended with ${code}`))));
  });
}

const site = await serveSite({ delayMs: pageDelayMs });
const server = await startServer({ args: ['--ephemeral', '--concurrency', String(concurrency)] });
try {
  console.log(
    `site    ${site.url} (examples/site; pages answer after ${pageDelayMs} ms, as across a network)`,
  );
  console.log(
    `server  ${server.url} (a real Chromium, ${concurrency} tasks at once, ${availableParallelism()} processor cores)`,
  );

  heading("1. The documentation's example: two tasks in parallel (examples/parallel.mjs)");
  const two = await timed(() =>
    runExample('../parallel.mjs', { ANCHORBROWSER_BASE_URL: server.url, SITE_URL: site.url }),
  );
  console.log(`both in ${seconds(two.ms)}, Node's start and Chromium's included`);

  const client = new Taskwright({ baseUrl: server.url });
  const all = tasks(site.url);
  // One request that answers when its task has ended: the times below are the tasks', not those of asking.
  const run = (task) => timed(async () => (await client.performWebTask(task)).data.result);

  heading(`2. ${all.length} tasks in parallel`);
  const parallel = await timed(() => Promise.all(all.map(run)));
  for (const [index, { value, ms }] of parallel.value.entries()) {
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    console.log(
      `${String(index + 1).padStart(4)}  ${seconds(ms).padStart(7)}  ${shown.length > 96 ? `${shown.slice(0, 95)}…` : shown}`,
    );
  }
  console.log(`all ${all.length} in ${bold(seconds(parallel.ms))}`);

  heading(`3. The same ${all.length} tasks one after the other`);
  const sequential = await timed(async () => {
    const results = [];
    for (const task of all) results.push(await run(task));
    return results;
  });
  const each = sequential.value.map(({ ms }) => ms).sort((a, b) => a - b);
  console.log(
    `all ${all.length} in ${bold(seconds(sequential.ms))}; one task takes ${seconds(each[Math.floor(each.length / 2)])} (median)`,
  );

  const same = parallel.value.every(
    ({ value }, index) => JSON.stringify(value) === JSON.stringify(sequential.value[index].value),
  );
  if (!same) throw new Error('the parallel results differ from the sequential ones');
  heading(`In parallel ${(sequential.ms / parallel.ms).toFixed(1)} times as fast, with the same results.`);
} finally {
  await server.stop();
  await site.close();
}
