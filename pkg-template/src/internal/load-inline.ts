// By name: of a module that is handed on as a whole, bundlers drop nothing.
import { initSync, RawClient, setPanicHandler } from '../wasm/taskwright.js';
import { compilePacked } from './load-packed.js';
import type { RawModule } from './raw.js';

/**
 * Browsers and bundlers: the module travels as text inside a chunk of its own, so that nothing has to be
 * configured, fetched by address or copied.
 */
export async function load(): Promise<RawModule> {
  const { default: packed } = await import('./wasm-inline.js');
  initSync({ module: await compilePacked(packed) });
  return { RawClient, setPanicHandler };
}
