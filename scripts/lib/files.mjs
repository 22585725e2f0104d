// What the build steps share: walking folders, and telling whether anything changed since the last run.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, with a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every file under `path` (or `path` itself), relative to the root, in a stable order. */
export function filesUnder(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [path];
  return readdirSync(full)
    .filter((name) => name !== 'node_modules')
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}

/** One hash over the names and contents of all files under `paths`, and over `extra`. */
export function fingerprint(paths, extra = '') {
  const hash = createHash('sha256').update(extra);
  for (const file of paths.flatMap(filesUnder)) {
    hash.update(`\0${file.split(sep).join('/')}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/**
 * Runs `build` unless its inputs are those of the last successful run and `outputs` still exist.
 * Returns whether it ran. The memory of a step is one small file beside what it made.
 */
export async function whenChanged(stamp, inputs, outputs, build) {
  const stampFile = join(root, stamp);
  const wanted = fingerprint(inputs, process.version);
  const known = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
  if (known === wanted && outputs.every((path) => existsSync(join(root, path)))) return false;
  await build();
  writeFileSync(stampFile, wanted);
  return true;
}
