// One client, many tasks that never end. Needs --expose-gc.
import { sleep } from '../lib/clock.mjs';
import { contender } from '../lib/contenders.mjs';
import { given, report } from '../lib/processes.mjs';

const { url, name, tasks } = given();

// The module's memory is reached where it is made, for the package rightly does not show it.
let wasm;
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, args) {
    const instance = Reflect.construct(target, args);
    wasm = instance.exports.memory ?? wasm;
    return instance;
  },
});

const client = await contender(name, url);
await client.poll('warm');
await settle();
const idle = read();

let failed = 0;
let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss() - idle.rss);
}, 50);
for (let task = 0; task < tasks; task += 1) {
  client.run({ prompt: 'Extract the main heading', url: 'https://example.com' }).catch(() => {
    failed += 1;
  });
}

// Twelve seconds to start all and to ask about each of them; then five looks.
await sleep(12_000);
const looks = [];
for (let look = 0; look < 5; look += 1) {
  await sleep(1_000);
  await settle();
  looks.push(read());
}
clearInterval(watch);
const middle = (key) => looks.map((look) => look[key]).sort((a, b) => a - b)[2] - idle[key];
report({ idle, after: { rss: middle('rss'), heap: middle('heap'), wasm: middle('wasm') }, peak, failed });

function read() {
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external, wasm: wasm?.buffer.byteLength ?? 0 };
}

/** Collects what is garbage, and what only then becomes garbage. */
async function settle() {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc();
    await sleep(20);
  }
}
