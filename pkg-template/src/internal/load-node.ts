import { readFile } from 'node:fs/promises';
import type { RawModule } from './raw.js';

/** Node, Deno and Bun: the module is a file of the package. A bundle has left the file behind and brings the text. */
export async function load(): Promise<RawModule> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await readFile(new URL('../wasm/taskwright_bg.wasm', import.meta.url)));
  } catch {
    return (await import('./load-inline.js')).load();
  }
  // Imported here and not above: who only imports the package does not pay for it.
  const [glue, module] = await Promise.all([import('../wasm/taskwright.js'), WebAssembly.compile(bytes)]);
  glue.initSync({ module });
  return glue;
}
