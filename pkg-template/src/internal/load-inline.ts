import * as glue from '../wasm/taskwright.js';
import type { RawModule } from './raw.js';

/**
 * Browsers and bundlers: the module travels as text inside a chunk of its own, so that nothing has to be
 * configured, fetched by address or copied. It is gzip inside base64: a quarter smaller on the wire than
 * base64 alone.
 */
export async function load(): Promise<RawModule> {
  const { default: packed } = await import('./wasm-inline.js');
  const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
  const unpacked = new Response(bytes).body?.pipeThrough(new DecompressionStream('gzip'));
  const module = await WebAssembly.compile(await new Response(unpacked).arrayBuffer());
  glue.initSync({ module });
  return glue;
}
