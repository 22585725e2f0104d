// Starts and ends the local server, for the demo, the tests and the measurements.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './files.mjs';

const binary = join(
  process.env.CARGO_TARGET_DIR ?? join(root, 'target'),
  'release',
  process.platform === 'win32' ? 'taskwright-server.exe' : 'taskwright-server',
);

/** Whether the server has been built (`make server`). */
export const serverIsBuilt = () => existsSync(binary);

/**
 * Starts a server of its own on a free port; nothing is kept unless `args` name a data directory.
 * Resolves when it listens; rejects with its log when it ends before.
 */
export async function startServer({ args = ['--ephemeral'], env = {} } = {}) {
  if (!serverIsBuilt()) throw new Error('the local server is not built; run `make server`');
  const child = spawn(binary, ['--port', '0', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  // Whoever ends without calling stop() leaves no server behind.
  const atExit = () => child.kill('SIGKILL');
  process.once('exit', atExit);
  ended.then(() => process.removeListener('exit', atExit));

  const url = await new Promise((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      const found = /listening on (http:\/\/\S+)/.exec(output);
      if (found) resolve(found[1]);
    });
    child.once('error', reject);
    ended.then((code) => reject(new Error(`the server ended with ${code} before it listened:\n${log}`)));
  });

  /** Asks the server to end, and resolves with its exit code; after `patienceMs` it is killed. */
  async function stop(patienceMs = 20_000) {
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    child.kill('SIGTERM');
    const code = await ended;
    clearTimeout(timer);
    return code;
  }
  /** Kills the server as a power cut would. */
  function kill() {
    child.kill('SIGKILL');
    return ended;
  }
  return { url, pid: child.pid, stop, kill, log: () => log };
}
