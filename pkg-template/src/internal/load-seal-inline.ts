import * as glue from '../wasm/seal.js';
import { compilePacked } from './load-packed.js';
import type { RawSeal } from './raw.js';

/** The module for credentials in browsers and bundlers; as `load-inline.ts` for the main one. */
export async function load(): Promise<RawSeal> {
  const { default: packed } = await import('./wasm-seal-inline.js');
  glue.initSync({ module: await compilePacked(packed) });
  return glue;
}
