import { InternalError } from '../errors.js';
import type { RawEnd, RawModule } from './raw.js';

/**
 * Loads the WebAssembly module once, on the first call, and makes sure that a defect in it rejects what
 * is under way instead of leaving it pending for ever.
 */

let load: () => Promise<RawModule> = async () => (await import('./load-inline.js')).load();
let loading: Promise<RawModule> | undefined;
let generation = 0;
const underWay = new Set<End<never>>();

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
export function guarded<T>(begin: (end: RawEnd<T>) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => begin(new End(resolve, reject)));
}

/** One export under way. A class, because ten thousand waits have one each: closures would weigh more. */
class End<T> implements RawEnd<T> {
  readonly #resolve: (value: T) => void;
  readonly #reject: (failure: unknown) => void;

  constructor(resolve: (value: T) => void, reject: (failure: unknown) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
    underWay.add(this);
  }

  resolve(value: T): void {
    underWay.delete(this);
    this.#resolve(value);
  }

  reject(failure: unknown): void {
    underWay.delete(this);
    this.#reject(failure);
  }
}

function rejectAll(message: string): void {
  generation += 1;
  for (const end of [...underWay]) {
    end.reject(new InternalError(`Taskwright failed: ${message}`, { kind: 'internal' }));
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
