// A Node process of its own: for what a test cannot do to the process that it runs in.
import { execFile } from 'node:child_process';

const folder = new URL('../', import.meta.url);

/**
 * Runs `source` as a module in js-tests, so that `taskwright` is the built package. Rejects when it fails or
 * does not end by itself in time.
 */
export function inChild(source, env = {}, timeoutMs = 30_000) {
  const { TASKWRIGHT_BASE_URL, TASKWRIGHT_API_KEY, ...rest } = process.env;
  return new Promise((resolve, reject) => {
    const args = ['--input-type=module', '--expose-gc', '--eval', source];
    const options = { cwd: folder, env: { ...rest, ...env }, timeout: timeoutMs };
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`the child failed: ${error.message}\n${stdout}${stderr}`));
      else resolve({ stdout: stdout.trim(), stderr });
    });
  });
}
