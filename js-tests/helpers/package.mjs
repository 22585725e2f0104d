// The package as a user gets it: packed, then installed into an empty project.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/lib/files.mjs';

const run = promisify(execFile);
export const packageFolder = join(root, 'pkg');

/** An empty project with the tarball installed. `pack` is npm's description of the tarball. */
export async function installedProject() {
  const folder = await mkdtemp(join(tmpdir(), 'taskwright project '));
  const packed = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: packageFolder });
  const [pack] = JSON.parse(packed.stdout);
  const tarball = join(folder, pack.filename);
  await writeFile(join(folder, 'package.json'), '{ "name": "empty", "private": true }\n');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: folder });
  return {
    folder,
    pack,
    tarball,
    /** Runs a file of the project with Node; resolves with what it printed. */
    async node(file, source) {
      await writeFile(join(folder, file), source);
      const { stdout } = await run(process.execPath, [file], { cwd: folder });
      return stdout.trim();
    },
    write: (file, text) => writeFile(join(folder, file), text),
    read: (file) => readFile(join(folder, file), 'utf8'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
