import { InternalError, InvalidInputError } from '../errors.js';
import type { RawSeal, RawSealFailure } from './raw.js';

/**
 * Encrypts credentials with a service's public key. Most programs never do, so the code for it is a WebAssembly module
 * of its own, loaded on first use. Only entries of vendors that take such credentials import this file.
 */

let load: () => Promise<RawSeal> = async () => (await import('./load-seal-inline.js')).load();
let loading: Promise<RawSeal> | undefined;

/** Chooses how this runtime comes by the module; called by the entries before anything else. */
export function setSealLoader(loader: () => Promise<RawSeal>): void {
  load = loader;
}

/**
 * The `data` of each item, encrypted (RSA, PKCS#1 v1.5, over UTF-8) and in base64, in the order of the items.
 *
 * @param publicKeyPem PEM: `PUBLIC KEY` or `RSA PUBLIC KEY`.
 * @throws {InvalidInputError} with `field` `credentials`, when the key cannot be used or data does not fit.
 * @throws {InternalError} when the module could not be loaded, or failed.
 */
export async function sealCredentials(
  publicKeyPem: string,
  items: ReadonlyArray<{ readonly name: string; readonly data: string }>,
): Promise<string[]> {
  const module = await sealModule();
  let sealed: string[] | undefined;
  let failure: RawSealFailure | undefined;
  try {
    module.seal(publicKeyPem, items, {
      resolve(value) {
        sealed = value;
      },
      reject(kind, message) {
        failure = { kind, message };
      },
    });
  } catch (error) {
    // A defect: a panic ends in a trap, which is thrown here.
    throw internal('the credentials could not be encrypted', error);
  }
  if (sealed !== undefined) return sealed;
  const { kind = 'internal', message = 'no answer' } = failure ?? {};
  const Class = kind === 'invalid_input' ? InvalidInputError : InternalError;
  throw new Class(message, { kind, field: 'credentials' });
}

/** The module. A failed load is not remembered: the next call tries again. */
async function sealModule(): Promise<RawSeal> {
  loading ??= load();
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    // One error for each caller, with that caller's frames.
    throw internal('the WebAssembly module for credentials could not be loaded', error);
  }
}

function internal(what: string, cause: unknown): InternalError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new InternalError(`${what}: ${why}`, { kind: 'internal', cause });
}
