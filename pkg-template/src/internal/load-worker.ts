// By name: of a module that is handed on as a whole, bundlers drop nothing.
import { initSync, RawClient, setPanicHandler } from '../wasm/taskwright.js';
import wasm from '../wasm/taskwright_bg.wasm';
import type { RawModule } from './raw.js';

/** workerd forbids compiling from bytes; there a `.wasm` import is a compiled module. */
export async function load(): Promise<RawModule> {
  initSync({ module: wasm });
  return { RawClient, setPanicHandler };
}
