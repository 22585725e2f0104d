// The tea shop and a local server that knows the agents of the example, and a few that only tests need.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveSite } from '../../examples/site/serve.mjs';
import { root } from '../../scripts/lib/files.mjs';
import { startServer } from '../../scripts/lib/server.mjs';

export const agentsOfExample = join(root, 'examples/asteroid/agents.json');

const ours = [
  {
    id: 'prices',
    name: 'Keep the price list',
    startUrl: '{{site}}/growers',
    prompt: 'Click the link "Price list", then extract the main heading',
  },
  {
    id: 'slow',
    name: 'Take some time',
    startUrl: '{{site}}/',
    prompt: 'Wait 1 second, wait 1 second, wait 1 second, then extract the main heading',
  },
  {
    id: 'visitor',
    name: 'Read the greeting',
    startUrl: '{{site}}/login',
    prompt: 'Extract `#greeting`',
  },
  { id: 'lost', name: 'Fail', startUrl: '{{site}}/', prompt: 'Compose a symphony' },
  {
    id: 'staged',
    name: 'Send a file that was there before',
    startUrl: '{{site}}/growers',
    prompt:
      'Upload "invoice.txt" into "Invoice", click "Send invoice", wait for "Order", extract the receipt',
  },
];

/** Starts both. `site` and `url` are their addresses. */
export async function startAsteroid({ args = [] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'taskwright-agents-'));
  const site = await serveSite();
  let server;
  async function stop() {
    await server?.stop();
    await Promise.all([site.close(), rm(folder, { recursive: true, force: true })]);
  }
  try {
    const agents = join(folder, 'agents.json');
    const example = JSON.parse(await readFile(agentsOfExample, 'utf8'));
    await writeFile(agents, JSON.stringify([...example, ...ours]));
    server = await startServer({ args: ['--ephemeral', '--agents', agents, ...args] });
  } catch (error) {
    await stop();
    throw error;
  }
  return { site: site.url, url: server.url, server, stop };
}

/** The pictures that the page of a recording plays, and the page itself. */
export async function framesOf(recordingUrl) {
  const answer = await fetch(recordingUrl);
  const page = await answer.text();
  const found = /const \{ id, query, times \} = (\{.*?\});/s.exec(page);
  if (!answer.ok || found === null)
    throw new Error(`no recording at ${recordingUrl}: ${answer.status} ${page}`);
  const { id, query, times } = JSON.parse(found[1]);
  const frames = times.map(async (time) => {
    const frame = await fetch(new URL(`/asteroid/recordings/${id}/${time}.jpg?${query}`, recordingUrl));
    return new Uint8Array(await frame.arrayBuffer());
  });
  return { page, frames: await Promise.all(frames) };
}

/** Whether bytes are a whole JPEG picture. */
export function isJpeg(bytes) {
  const { length } = bytes;
  return (
    length > 1000 &&
    bytes[0] === 0xff &&
    bytes[1] === 0xd8 &&
    bytes[length - 2] === 0xff &&
    bytes[length - 1] === 0xd9
  );
}
