// Every measurement has processes of its own, so that none inherits another's heap, sockets or warm code.
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const file = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const run = promisify(execFile);

/** Where `taskwright` and the official client can both be imported by name. */
export const modules = fileURLToPath(new URL('../../js-tests', import.meta.url));

/** Starts the responder; its tasks last between `fromMs` and `toMs`. */
export async function startResponder(fromMs = Infinity, toMs = Infinity) {
  const child = fork(file('lib/responder.mjs'), [fromMs, toMs].map(String));
  const [{ url }] = await once(child, 'message');
  return {
    url,
    /** What arrived since the last time: requests, connections, and the most that were open at once. */
    async counts() {
      child.send('counts');
      return (await once(child, 'message'))[0];
    },
    stop: () => child.disconnect(),
  };
}

/** Runs a worker of this folder to its end; resolves with what it reported. */
export async function worker(name, args, execArgv = []) {
  const child = fork(file(name), [JSON.stringify(args)], { execArgv });
  let report;
  child.on('message', (message) => {
    report = message;
  });
  const [code, signal] = await once(child, 'exit');
  if (!report) throw new Error(`${name} ended with ${signal ?? `code ${code}`} and reported nothing`);
  return report;
}

/** In a worker: what it was given. */
export const given = () => JSON.parse(process.argv[2]);

/** In a worker: reports and ends the process, whatever is still open. */
export const report = (message) => process.send(message, () => process.exit());

/** Runs a line of JavaScript in a fresh process; resolves with the JSON that it prints. */
export async function fresh(source, isModule) {
  const args = isModule ? ['--input-type=module', '-e', source] : ['-e', source];
  const { stdout } = await run(process.execPath, args, { cwd: modules });
  return JSON.parse(stdout);
}
