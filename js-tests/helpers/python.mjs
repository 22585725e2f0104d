// The official Python SDKs that scripts/python.sh installs, each release with an interpreter of its own.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/lib/files.mjs';

/** The releases of an SDK that are installed, in the order of `sdks.txt`. */
export async function releasesOf(sdk) {
  const lines = (await readFile(join(root, 'js-tests/python/sdks.txt'), 'utf8')).trim().split('\n');
  return lines.flatMap((line) => {
    const [name, release] = line.split(' ');
    return name === sdk ? [release] : [];
  });
}

/** Runs a program of `js-tests/python` with a release of an SDK; resolves with what it printed. */
export async function runPython(sdk, release, script, args, more = {}) {
  const program = join(root, '.tools/python', `${sdk}-${release}`, 'bin/python');
  const env = {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUTF8: '1',
    NO_PROXY: '127.0.0.1',
    ...more.env,
  };
  const words = [join(root, 'js-tests/python', script), ...args];
  return await promisify(execFile)(program, words, { timeout: 180_000, ...more, env });
}
