// Panic messages carry the paths of source files. This keeps the builder's folders, and the names of the
// places that crates come from, out of the published module, and makes it the same on every machine.
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root } from './files.mjs';

/** Environment for a cargo build of crates that have been fetched. */
export function remappedPaths() {
  const cargoHome = process.env.CARGO_HOME || join(homedir(), '.cargo');
  const registries = join(cargoHome, 'registry', 'src');
  const sources = existsSync(registries) ? readdirSync(registries).map((name) => join(registries, name)) : [];
  const flags = [...sources.map((path) => `${path}=crates`), `${root.replace(/\/$/, '')}=.`];
  return { CARGO_ENCODED_RUSTFLAGS: flags.map((flag) => `--remap-path-prefix=${flag}`).join('\x1f') };
}

/** Where the standard library's own files lay when it was built; its panics name them. */
const STANDARD = /\/rustc\/[0-9a-f]{40}\/library\/[\w./-]+?\.rs/g;

/**
 * The module without the names of the standard library's files. The panics of it that a user can meet name the file that
 * called it, which stays.
 */
export function withoutStandardPaths(wasm) {
  const blank = (path) => ' '.repeat(path.length);
  return Buffer.from(wasm.toString('latin1').replaceAll(STANDARD, blank), 'latin1');
}
