import { readFile } from 'node:fs/promises';
import type { RawSeal } from './raw.js';

/** The module for credentials in Node, Deno and Bun; as `load-node.ts` for the main one. */
export async function load(): Promise<RawSeal> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await readFile(new URL('../wasm/seal_bg.wasm', import.meta.url)));
  } catch {
    return (await import('./load-seal-inline.js')).load();
  }
  const [glue, module] = await Promise.all([import('../wasm/seal.js'), WebAssembly.compile(bytes)]);
  glue.initSync({ module });
  return glue;
}
