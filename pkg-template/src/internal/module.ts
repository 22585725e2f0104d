import { InternalError } from '../errors.js';
import type { RawEnd, RawModule } from './raw.js';

/**
 * Loads the WebAssembly module once, on the first call, and makes sure that a defect in it rejects what
 * is under way instead of leaving it pending for ever.
 */

let load: () => Promise<RawModule> = async () => (await import('./load-inline.js')).load();
let loading: Promise<RawModule> | undefined;
let generation = 0;
const inFlight = new Set<(failure: unknown) => void>();

/** Chooses how this runtime comes by the module; called by the entries before anything else. */
export function setLoader(loader: () => Promise<RawModule>): void {
  load = loader;
}

/** The module. A failed load is not remembered: the next call tries again. */
export async function rawModule(): Promise<RawModule> {
  loading ??= load().then((module) => {
    module.setPanicHandler(rejectAll);
    return module;
  });
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    // One error for each caller, with that caller's frames.
    throw new InternalError(`the WebAssembly module could not be loaded: ${reason(error)}`, {
      kind: 'internal',
      cause: error,
    });
  }
}

/** Grows with each panic; what was made before is not used again. */
export function moduleGeneration(): number {
  return generation;
}

/** A promise of how an export ends, rejected when the module panics before that. */
export function guarded<T>(begin: (...end: RawEnd<T>) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    inFlight.add(reject);
    begin(
      (value) => {
        inFlight.delete(reject);
        resolve(value);
      },
      (failure) => {
        inFlight.delete(reject);
        reject(failure);
      },
    );
  });
}

function rejectAll(message: string): void {
  generation += 1;
  const waiting = [...inFlight];
  inFlight.clear();
  for (const reject of waiting) {
    reject(new InternalError(`Taskwright failed: ${message}`, { kind: 'internal' }));
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
