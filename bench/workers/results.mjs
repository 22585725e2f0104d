// One process, one size of body; all contenders take turns.
import { bodyOf } from '../lib/bodies.mjs';
import { contender } from '../lib/contenders.mjs';
import { given, report } from '../lib/processes.mjs';
import { rotated } from '../lib/stats.mjs';

const { url, names, bytes, rounds, calls } = given();
const id = `body-${bytes}`;

const clients = {};
for (const name of names) {
  const client = await contender(name, url);
  clients[name] = () => client.poll(id);
}

const text = bodyOf(bytes);
const encoded = new TextEncoder().encode(text);
const memory = new WebAssembly.Memory({ initial: Math.ceil((text.length * 3) / 65_536) });
const inside = new Uint8Array(memory.buffer);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const alone = {
  'JSON.parse': () => JSON.parse(text),
  'response.json()': () => new Response(encoded).json(),
  'response.text(), JSON.parse': async () => JSON.parse(await new Response(encoded).text()),
  'copy into WebAssembly': () => encoder.encodeInto(text, inside).written,
  'copy in and out': () => decoder.decode(inside.subarray(0, encoder.encodeInto(text, inside).written)),
};

report({ calls: await timed(clients), alone: await timed(alone) });

/** Milliseconds of one call of each function, round by round. */
async function timed(functions) {
  const names = Object.keys(functions);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of names) await repeated(functions[name], 3 * calls);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of rotated(names, round)) samples[name].push(await repeated(functions[name], calls));
  }
  return samples;
}

async function repeated(work, count) {
  const start = performance.now();
  for (let call = 0; call < count; call += 1) await work();
  return (performance.now() - start) / count;
}
