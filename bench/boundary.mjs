// The ways in which a JSON body can become a value that Rust decides about and JavaScript gets.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bodyOf } from './lib/bodies.mjs';
import { median, number, ratio, rotated, table, times } from './lib/stats.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const made = join(root, 'target', 'boundary');

/** Body size → bytes, rounds, calls in each round. */
const shapes = { '1 kB': [1_000, 25, 400], '100 kB': [100_000, 25, 15], '1 MB': [1_000_000, 15, 3] };

export const title = 'The boundary';

export async function measure({ quick }) {
  build();
  const rust = createRequire(join(made, 'package', 'boundary.js'))('./boundary.js');
  const runs = Object.values(shapes).map(([bytes, rounds, calls]) => {
    const text = bodyOf(bytes);
    const ways = {
      'JSON.parse, the value stays in JavaScript': () => JSON.parse(text),
      'text copied into WebAssembly': () => rust.text_in(text),
      'text copied in and out': () => rust.text_in_and_out(text),
      'text in, serde_json': () => rust.parsed_in_rust(text),
      'text in, serde_json, serde-wasm-bindgen out': () => rust.parsed_in_rust_and_out(text),
      'JSON.parse, serde-wasm-bindgen in': () => rust.value_in(JSON.parse(text)),
    };
    return timed(ways, quick ? 3 : rounds, calls);
  });

  const heads = Object.keys(shapes);
  const names = Object.keys(runs[0]);
  const rows = names.map((name) => [
    name,
    ...runs.map((run) => times(ratio(run[name], run[names[0]]))),
    ...runs.map((run) => number(median(run[name]), 4)),
  ]);
  return {
    text: [
      'The same bodies without the network, in turns; ratios are to the first line, which is what Taskwright does.',
    ],
    tables: [table(['', ...heads, ...heads.map((label) => `${label}, ms`)], rows)],
    after: [
      'To look at `data.status` costs a handful of calls across the boundary when the value stays outside, whatever its size. A',
      'value that has been parsed inside must still be made a second time for the caller, key by key.',
    ],
  };
}

/** Compiles the crate beside this file; a second time takes moments. */
function build() {
  const tools = [join(root, '.tools', 'bin'), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: tools, CARGO_TARGET_DIR: made };
  const shape = '--mode no-install --target nodejs --release --no-pack --no-typescript'.split(' ');
  const place = ['--out-dir', join(made, 'package'), '--out-name', 'boundary'];
  const args = ['--quiet', 'build', ...shape, ...place, join(root, 'bench', 'boundary'), '--locked'];
  const { error, status, stderr } = spawnSync('wasm-pack', args, { env, encoding: 'utf8' });
  if (error || status !== 0) throw new Error(`wasm-pack failed: ${error?.message ?? stderr}`);
}

/** Milliseconds of one call of each function, round by round. */
function timed(ways, rounds, calls) {
  const names = Object.keys(ways);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -2; round < rounds; round += 1) {
    for (const name of rotated(names, Math.max(0, round))) {
      const start = performance.now();
      for (let call = 0; call < calls; call += 1) ways[name]();
      // The first two rounds only warm up.
      if (round >= 0) samples[name].push((performance.now() - start) / calls);
    }
  }
  return samples;
}
