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
import { remappedPaths } from './lib/remap.mjs';
import { shortenImports } from './lib/short-names.mjs';

const require = createRequire(join(root, 'js-tests/'));
const gzip = promisify(require('@gfx/zopfli').gzip);
const esbuild = require('esbuild');
const say = (text) => console.log(`build: ${text}`);
const read = (path) => readFileSync(join(root, path));
const write = (path, text) => writeFileSync(join(root, path), text);
const remove = (path) => rmSync(join(root, path), { force: true });
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

// 2. The WebAssembly module and its glue, for one target: `web`. Loaders of our own, in
//    pkg-template/src/internal, hand the glue its module, in every runtime.
const rust = [
  'Cargo.toml',
  'Cargo.lock',
  'src',
  'crates/core/Cargo.toml',
  'crates/core/src',
  'scripts/build.mjs',
  'scripts/lib',
];
const wasm = ['taskwright_bg.wasm', 'taskwright.js', 'taskwright.d.ts', 'host.js'].map(
  (name) => `pkg/dist/wasm/${name}`,
);
const builtWasm = await whenChanged('pkg/.stamp-wasm', rust, wasm, () => {
  const shape = '--mode no-install --target web --profile wasm --no-pack --no-gitignore'.split(' ');
  const place = ['--out-dir', 'pkg/dist/wasm', '--out-name', 'taskwright'];
  run('cargo', ['fetch', '--locked', '--target', 'wasm32-unknown-unknown']);
  const build = ['build', ...shape, ...place, '.', '--locked', '--package', 'taskwright'];
  run('wasm-pack', build, remappedPaths());
  const short = shortenImports(read(wasm[0]), read(wasm[1]).toString());
  write(wasm[0], short.wasm);
  write(wasm[1], short.glue);
  copyFileSync(join(root, 'src/host.js'), join(root, 'pkg/dist/wasm/host.js'));
  rmSync(join(root, 'pkg/dist/wasm/snippets'), { recursive: true, force: true });
  // What TypeScript takes `import wasm from './taskwright_bg.wasm'` for; the generated typings are of another idea.
  remove('pkg/dist/wasm/taskwright_bg.wasm.d.ts');
  write(
    'pkg/dist/wasm/taskwright_bg.d.wasm.ts',
    'declare const wasm: WebAssembly.Module;\nexport default wasm;\n',
  );
});
if (builtWasm) say('WebAssembly module and glue in pkg/dist/wasm');

// 3. The same module inside JavaScript, for browsers and bundlers: a chunk that is loaded on first use
//    and needs no configuration anywhere. Compressed before it is encoded, because a transfer's own
//    compression gains little on base64; by zopfli, whose gzip is 6 % smaller than zlib's.
const inline = ['wasm-inline.js', 'wasm-inline.d.ts'].map((name) => `pkg/dist/internal/${name}`);
await whenChanged('pkg/.stamp-inline', [wasm[0]], inline, async () => {
  const encoded = Buffer.from(await gzip(read(wasm[0]), { numiterations: 15 })).toString('base64');
  mkdirSync(join(root, 'pkg/dist/internal'), { recursive: true });
  write(inline[0], `export default "${encoded}";\n`);
  write(inline[1], 'declare const encoded: string;\nexport default encoded;\n');
});

// 4. The façade, then its modules joined into a few files: Node takes 0.4 ms for each file that it imports. Files that
//    no source makes any more go first, so that none is published by accident.
const sources = ['pkg-template/src', 'pkg-template/tsconfig.json', 'js-tests/package-lock.json', wasm[2]];
const facade = ['pkg/dist/index.js', 'pkg/dist/index.d.ts'];
const builtTypes = await whenChanged(
  'pkg/.stamp-typescript',
  [...sources, 'scripts/build.mjs'],
  facade,
  async () => {
    const generated = /^pkg.dist.(wasm.|internal.wasm-inline\.)/;
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
  const entries = exported.filter((path) => path.endsWith('.js')).map((path) => join('pkg', path));
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
  for (const { path, text } of outputFiles) writeFileSync(path, withClassNames(text));
}

/** A class that speaks of itself comes out of esbuild as `X = class _X`, and stacks and consoles would show that name. */
function withClassNames(text) {
  const names = [...text.matchAll(/\bvar (\w+) = class _\1\b/g)].map(([, name]) => name);
  return names.reduce((all, name) => all.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name), text);
}

const kilobytes = (bytes) => `${(bytes.length / 1000).toFixed(1)} kB`;
const sizes = [read(wasm[0]), gzipSync(read(wasm[0]), { level: 9 })].map(kilobytes);
say(`taskwright ${version} in pkg/; wasm ${sizes[0]}, gzipped ${sizes[1]}`);
