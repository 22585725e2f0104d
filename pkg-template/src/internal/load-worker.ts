import * as glue from '../wasm/taskwright.js';
import wasm from '../wasm/taskwright_bg.wasm';
import type { RawModule } from './raw.js';

/** workerd forbids compiling from bytes; there a `.wasm` import is a compiled module. */
export async function load(): Promise<RawModule> {
  glue.initSync({ module: wasm });
  return glue;
}
