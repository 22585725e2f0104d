// What is downloaded, installed and shipped. Nothing here depends on the machine.
import { execFile } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { modules } from './lib/processes.mjs';
import { recorded, recordedNote } from './lib/recorded.mjs';
import { kilobytes, megabytes, number, table } from './lib/stats.mjs';

const run = promisify(execFile);
const pkg = join(modules, '..', 'pkg');

/** Budgets of the package, bytes. */
const UNPACKED = 1_000_000;
const DOWNLOAD = 90_000;
const CREDENTIALS = 40_000;

const bundles = {
  taskwright: "export * from 'taskwright';",
  'taskwright/anchor': "export * from 'taskwright/anchor';",
  'taskwright/asteroid': "export * from 'taskwright/asteroid';",
  'taskwright/agentbay': "export * from 'taskwright/agentbay';",
  everything:
    "export * from 'taskwright'; export * as anchor from 'taskwright/anchor'; export * as asteroid from 'taskwright/asteroid'; export * as agentbay from 'taskwright/agentbay';",
  // On top of taskwright/asteroid, where credentials are encrypted.
  credentials: "export * from '../pkg/dist/seal.js';",
};

export const title = 'Sizes';

export async function measure() {
  const [ours] = JSON.parse((await run('npm', ['pack', '--dry-run', '--json'], { cwd: pkg })).stdout);
  const { dependencies = {} } = JSON.parse(readFileSync(join(pkg, 'package.json'), 'utf8'));
  const official = installed('anchorbrowser', modules);
  const all = [...official.values()];
  const sum = (key) => all.reduce((total, part) => total + part[key], 0);
  const own = official.get('anchorbrowser');
  const rest = Object.entries(recorded);
  const line = (what, mine, theirs, key, show) => [
    what,
    show(mine),
    show(theirs),
    share(mine, theirs),
    ...rest.map(([, figures]) => (figures[key] ? show(figures[key]) : '-')),
  ];
  const install = table(
    ['', 'taskwright', 'anchorbrowser', 'ratio', ...rest.map(([name]) => `${name}, recorded`)],
    [
      line('packages installed', 1 + Object.keys(dependencies).length, all.length, 'packages', number),
      line('bytes installed', ours.unpackedSize, sum('bytes'), 'installed', megabytes),
      line('of these its own', ours.unpackedSize, own.bytes, 'own', megabytes),
      line('files installed', ours.entryCount, sum('files'), 'files', number),
    ],
  );

  const rows = [];
  const gzips = {};
  for (const [name, source] of Object.entries(bundles)) {
    // The module for credentials is downloaded when the first ones are encrypted; it has a line of its own.
    const isSeal = ({ path }) => path.includes('seal');
    const files = (await bundle(source)).filter((file) => name === 'credentials' || !isSeal(file));
    const chunk = files.find(({ text }) => text.includes('H4sI'));
    const gzip = files.reduce((total, file) => total + file.gzip, 0);
    gzips[name] = gzip;
    const minified = files.reduce((total, file) => total + file.bytes, 0);
    rows.push([
      name,
      kilobytes(minified),
      kilobytes(gzip),
      kilobytes(gzip - chunk.gzip),
      kilobytes(chunk.gzip),
    ]);
  }
  const whole = await officialBundle([]);
  rows.push(['anchorbrowser', whole.minified, whole.gzip, '-', '-']);
  const external = await officialBundle(['playwright', 'ws']);
  rows.push(['anchorbrowser without its dependencies', external.minified, external.gzip, external.gzip, '-']);
  for (const [name, { browser, bundle }] of rest) {
    const [minified, gzip] = [bundle.minified, bundle.gzip].map(kilobytes);
    rows.push([`${name}, recorded`, browser, '-', '-', '-']);
    rows.push([`${name} ${bundle.what}, recorded`, minified, gzip, gzip, '-']);
  }
  return {
    text: [
      `The tarball is ${kilobytes(ours.size)}. Bundles are made by esbuild: minified, for browsers, ES modules.`,
    ],
    tables: [install, table(['browser bundle', 'minified', 'gzip', 'of which JS', 'of which wasm'], rows)],
    after: [
      'Each entry is alone in its bundle but in the line `everything`. The wasm chunk is loaded at the first call, that',
      'of `credentials` at the first encryption. `anchorbrowser` does not bundle for browsers, because playwright needs',
      'modules of Node; the line below it leaves its imports of playwright and ws open, so that bundle does not run as it',
      'is.',
      '',
      ...recordedNote,
      'Of the bytes of `asteroid-odyssey` 30.5 MB are the TypeScript compiler and what else npm installs as peers.',
    ],
    budgets: [
      { what: 'npm dependencies', value: Object.keys(dependencies).length, limit: 0, show: number },
      { what: 'package unpacked', value: ours.unpackedSize, limit: UNPACKED, show: megabytes },
      {
        what: 'browser download of everything, gzip',
        value: gzips.everything,
        limit: DOWNLOAD,
        show: (bytes) => `${number(bytes)} bytes`,
      },
      {
        what: 'module for credentials, gzip, on first use only',
        value: gzips.credentials,
        limit: CREDENTIALS,
        show: kilobytes,
      },
    ],
  };
}

const share = (part, whole) => `1 : ${number(whole / part, whole / part < 10 ? 1 : 0)}`;

/** A package and everything it depends on, as it lies on disk: name → bytes and files. */
function installed(name, from, found = new Map()) {
  const folder = folderOf(name, from);
  if (!folder || found.has(name)) return found;
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  found.set(name, weigh(folder));
  for (const needed of Object.keys({ ...dependencies, ...optionalDependencies }))
    installed(needed, folder, found);
  return found;
}

/** Where Node would find a package from `from`; optional ones may be missing. */
function folderOf(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

function weigh(folder) {
  const total = { bytes: 0, files: 0 };
  for (const entry of readdirSync(folder)) {
    if (entry === 'node_modules') continue;
    const stats = lstatSync(join(folder, entry));
    const part = stats.isDirectory() ? weigh(join(folder, entry)) : { bytes: stats.size, files: 1 };
    total.bytes += part.bytes;
    total.files += part.files;
  }
  return total;
}

async function bundle(contents, external = []) {
  const { build } = createRequire(join(modules, 'package.json'))('esbuild');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: modules },
    outdir: join(modules, 'out'),
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
    external,
  });
  return outputFiles.map(({ contents: bytes, path, text }) => ({
    path,
    text,
    bytes: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
  }));
}

/** The official client's bundle, or how its bundling fails. */
async function officialBundle(external) {
  try {
    const files = await bundle("export * from 'anchorbrowser';", external);
    const sum = (key) => kilobytes(files.reduce((total, file) => total + file[key], 0));
    return { minified: sum('bytes'), gzip: sum('gzip') };
  } catch (error) {
    return { minified: `fails, ${error.errors.length} errors`, gzip: '-' };
  }
}
