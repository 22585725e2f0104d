import * as glue from '../wasm/seal.js';
import wasm from '../wasm/seal_bg.wasm';
import type { RawSeal } from './raw.js';

/** The module for credentials in workerd; as `load-worker.ts` for the main one. */
export async function load(): Promise<RawSeal> {
  glue.initSync({ module: wasm });
  return glue;
}
