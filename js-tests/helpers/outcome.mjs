// Small words that many tests use.
import assert from 'node:assert/strict';

/** What a promise rejects with. */
export async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('the call should have been rejected');
}

/** Waits until `holds()` is true, at most ten seconds. */
export async function until(holds) {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 2000, 'what was waited for did not happen');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
