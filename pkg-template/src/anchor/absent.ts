import { AnchorbrowserError } from './errors.js';

/**
 * @internal Names of the vendor's client that this one does not have. They are not in the types; code
 * without types gets a sentence instead of "cannot read properties of undefined".
 */
export function refuse(prototype: object, place: string, names: readonly string[]): void {
  for (const name of names) {
    const message =
      `${place}.${name} is not part of taskwright/anchor; ` +
      'any endpoint can be called with get, post, put, patch, delete and request of the client';
    Object.defineProperty(prototype, name, {
      configurable: true,
      get(): never {
        throw new AnchorbrowserError(message, { kind: 'invalid_input', field: name });
      },
      // A test or a plugin may put something of its own there.
      set(value: unknown) {
        Object.defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true });
      },
    });
  }
}
