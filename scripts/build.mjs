// Builds the npm package into pkg/: Rust to WebAssembly, TypeScript to JavaScript, and the files
// that go along. Run it as `make build`, which sees to the tools. Steps whose inputs have not changed
// are left out.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { filesUnder, root, whenChanged } from './lib/files.mjs';
import { namedByLikeness } from './lib/function-order.mjs';
import { leanGlue } from './lib/lean-glue.mjs';
import { shortenNames } from './lib/short-names.mjs';
import { remappedPaths, withoutStandardPaths } from './lib/source-paths.mjs';

const require = createRequire(join(root, 'js-tests/'));
const gzip = promisify(require('@gfx/zopfli').gzip);
const esbuild = require('esbuild');
const say = (text) => console.log(`build: ${text}`);
const read = (path) => readFileSync(join(root, path));
const write = (path, text) => writeFileSync(join(root, path), text);
const remove = (path) => rmSync(join(root, path), { recursive: true, force: true });
const tools = ['.tools/bin', 'js-tests/node_modules/.bin'].map((folder) => join(root, folder));
const env = { ...process.env, PATH: [...tools, process.env.PATH].join(delimiter) };
function run(command, args, more = {}) {
  const { error, status } = spawnSync(command, args, {
    cwd: root,
    env: { ...env, ...more },
    stdio: 'inherit',
  });
  if (error) say(`${command} did not start (${error.message}); scripts/tools.sh installs it`);
  else if (status !== 0) say(`${command} failed`);
  if (status !== 0) process.exit(status ?? 1);
}

mkdirSync(join(root, 'pkg/dist/wasm'), { recursive: true });

// 1. What goes along. The version stands in one place, Cargo.toml, and is stamped here. First of all because
//    tsc reads in package.json that the generated files are ES modules.
const version = /^\[workspace\.package\][^[]*?^version = "(.+?)"/ms.exec(read('Cargo.toml').toString())[1];
const { name, ...manifest } = JSON.parse(read('pkg-template/package.json'));
write('pkg/package.json', `${JSON.stringify({ name, version, ...manifest }, null, 2)}\n`);
for (const file of ['pkg-template/README.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE']) {
  if (existsSync(join(root, file))) copyFileSync(join(root, file), join(root, 'pkg', file.split('/').at(-1)));
}

// 2. The WebAssembly modules and their glue, for one target: `web`. Loaders of our own, in pkg-template/src/internal,
//    hand the glue its module, in every runtime. `seal` is loaded by who encrypts credentials only.
const modules = [
  {
    name: 'taskwright',
    cargoName: 'taskwright',
    crate: '.',
    sources: ['src', 'crates/core/Cargo.toml', 'crates/core/src'],
    scripts: ['src/host.js'],
    chunk: 'wasm-inline',
  },
  {
    name: 'seal',
    cargoName: 'taskwright-seal',
    crate: 'crates/seal',
    sources: ['crates/seal/Cargo.toml', 'crates/seal/src'],
    scripts: [],
    chunk: 'wasm-seal-inline',
  },
];
// The features of WebAssembly that wasm-opt may use, in the words of Cargo.toml.
const features = read('Cargo.toml')
  .toString()
  .match(/--enable-[\w-]+/g);
// Once more in the new order. With a limit to inlining wasm-opt leaves that order alone; without one it would not.
const lastPasses = ['-Oz', '--converge', '--one-caller-inline-max-function-size=20'];
const inWasm = (file) => `pkg/dist/wasm/${file}`;
for (const { name, cargoName, crate, sources, scripts } of modules) {
  const [wasm, glue, types] = [`${name}_bg.wasm`, `${name}.js`, `${name}.d.ts`].map(inWasm);
  const own = scripts.map((script) => [script, inWasm(script.split('/').at(-1))]);
  const inputs = ['Cargo.toml', 'Cargo.lock', ...sources, 'scripts/build.mjs', 'scripts/lib'];
  const outputs = [wasm, glue, types, ...own.map(([, to]) => to)];
  const built = await whenChanged(`pkg/.stamp-${name}`, inputs, outputs, () => {
    const shape = '--mode no-install --target web --profile wasm --no-pack --no-gitignore'.split(' ');
    // A folder for each, because wasm-pack optimises every module that lies where it writes.
    const made = `target/wasm-pack/${name}`;
    remove(made);
    const place = ['--out-dir', join(root, made), '--out-name', name];
    run('cargo', ['fetch', '--locked', '--target', 'wasm32-unknown-unknown']);
    const build = ['build', ...shape, ...place, crate, '--locked', '--package', cargoName];
    run('wasm-pack', build, remappedPaths());
    const short = shortenNames(read(`${made}/${name}_bg.wasm`), read(`${made}/${name}.js`).toString());
    write(wasm, namedByLikeness(withoutStandardPaths(short.wasm)));
    for (const passes of [['--reorder-functions-by-name', '--strip-debug'], lastPasses]) {
      run('wasm-opt', [wasm, ...passes, ...features, '--output', wasm]);
    }
    write(glue, leanGlue(short.glue, short.wasm));
    copyFileSync(join(root, made, `${name}.d.ts`), join(root, types));
    for (const [from, to] of own) copyFileSync(join(root, from), join(root, to));
    // What TypeScript takes `import wasm from './NAME_bg.wasm'` for; the generated typings are of another idea.
    write(inWasm(`${name}_bg.d.wasm.ts`), 'declare const wasm: WebAssembly.Module;\nexport default wasm;\n');
  });
  if (built) say(`WebAssembly module ${name} and its glue in pkg/dist/wasm`);
}

// 3. The same modules inside JavaScript, for browsers and bundlers: chunks that are loaded on first use
//    and need no configuration anywhere. Compressed before they are encoded, because a transfer's own
//    compression gains little on base64; by zopfli, whose gzip is 6 % smaller than zlib's.
for (const { name, chunk } of modules) {
  const wasm = inWasm(`${name}_bg.wasm`);
  const inline = [`${chunk}.js`, `${chunk}.d.ts`].map((file) => `pkg/dist/internal/${file}`);
  await whenChanged(`pkg/.stamp-${chunk}`, [wasm], inline, async () => {
    const encoded = Buffer.from(
      await gzip(read(wasm), { numiterations: 300, blocksplittingmax: 0 }),
    ).toString('base64');
    mkdirSync(join(root, 'pkg/dist/internal'), { recursive: true });
    write(inline[0], `export default "${encoded}";\n`);
    write(inline[1], 'declare const encoded: string;\nexport default encoded;\n');
  });
}

// 4. The façade, then its modules joined into a few files: Node takes 0.4 ms for each file that it imports. Files that
//    no source makes any more go first, so that none is published by accident.
const sources = [
  'pkg-template/src',
  'pkg-template/tsconfig.json',
  'js-tests/package-lock.json',
  ...modules.map(({ name }) => inWasm(`${name}.d.ts`)),
];
const facade = ['pkg/dist/index.js', 'pkg/dist/index.d.ts'];
const builtTypes = await whenChanged(
  'pkg/.stamp-typescript',
  [...sources, 'scripts/build.mjs'],
  facade,
  async () => {
    const generated = /^pkg.dist.(wasm.|internal.wasm-)/;
    const source = (file) => file.replace(/^pkg.dist/, 'pkg-template/src').replace(/(\.d)?\.[jt]s$/, '.ts');
    for (const file of filesUnder('pkg/dist')) {
      if (!generated.test(file) && !existsSync(join(root, source(file)))) remove(file);
    }
    run('tsc', ['--project', 'pkg-template/tsconfig.json']);
    await joinModules(Object.values(manifest.exports).flatMap(Object.values));
  },
);
if (builtTypes) say('façade in pkg/dist');

// 5. `import 'taskwright'` in examples/, js-tests/ and bench/ means the package built here.
const link = join(root, 'node_modules/taskwright');
if (!lstatSync(link, { throwIfNoEntry: false })) {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  symlinkSync('../pkg', link, 'junction');
}

/** Joins what the entries import, except for the loaders, which stay where their relative addresses are right. */
async function joinModules(exported) {
  const entry = (path) => ({ in: join('pkg', path), out: path.replace(/^.*\/|\.js$/g, '') });
  // No exported entry imports the last one yet. It lies beside the others, where its addresses are right, too.
  const entries = [...exported, 'dist/internal/seal.js'].filter((path) => path.endsWith('.js')).map(entry);
  const loaders = join('pkg', 'dist', 'internal', 'load-');
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: 'pkg/dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    external: [`./${loaders}*`],
    write: false,
  });
  const joined = filesUnder('pkg/dist').filter((file) =>
    /^pkg.dist.(?!wasm.|internal.(load|wasm)-)/.test(file),
  );
  for (const file of joined) if (file.endsWith('.js')) remove(file);
  for (const { path, text } of outputFiles) writeFileSync(path, tidy(text));
}

/**
 * A class that speaks of itself comes out of esbuild as `X = class _X`, and stacks and consoles would show that name. And
 * an entry imports chunks for nothing but their order, which users' bundlers warn of.
 */
function tidy(text) {
  const names = [...text.matchAll(/\bvar (\w+) = class _\1\b/g)].map(([, name]) => name);
  const named = names.reduce((all, name) => all.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name), text);
  return named.replaceAll(/^import "\.\/chunk-\w+\.js";\n/gm, '');
}

const kilobytes = (bytes) => `${(bytes.length / 1000).toFixed(1)} kB`;
const sizes = modules.map(({ name }) => {
  const wasm = read(inWasm(`${name}_bg.wasm`));
  return `${name}.wasm ${kilobytes(wasm)}, gzipped ${kilobytes(gzipSync(wasm, { level: 9 }))}`;
});
say(`taskwright ${version} in pkg/; ${sizes.join('; ')}`);
