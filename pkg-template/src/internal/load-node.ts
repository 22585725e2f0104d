import { readFile } from 'node:fs/promises';
import * as glue from '../wasm/taskwright.js';
import type { RawModule } from './raw.js';

/** Node, Deno and Bun: the module is a file of the package. A bundle has left the file behind and brings the text. */
export async function load(): Promise<RawModule> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await readFile(new URL('../wasm/taskwright_bg.wasm', import.meta.url)));
  } catch {
    return (await import('./load-inline.js')).load();
  }
  glue.initSync({ module: await WebAssembly.compile(bytes) });
  return glue;
}
