// One session, three tasks in its one page, a picture of where they ended, and a clean end.
//
//   cargo run --release -p taskwright-server &
//   node examples/site/serve.mjs 8800 &
//   node examples/agentbay/session.mjs
import { writeFile } from 'node:fs/promises';
import { AgentBay } from 'taskwright/agentbay';

const site = process.env.SITE_URL ?? 'http://127.0.0.1:8800';
const agentBay = new AgentBay({
  apiKey: process.env.AGENTBAY_API_KEY ?? 'the local server asks for none',
  endpoint: process.env.AGENTBAY_ENDPOINT ?? 'http://127.0.0.1:8723',
});

const created = await agentBay.create({ labels: { example: 'three tasks' } });
if (!created.success) throw new Error(created.errorMessage);

// Deletes the session however the block ends; where the runtime has it, `await using` says the same in one word.
const { session } = created;
try {
  for (const task of [
    `Open ${site}/teas/misty-ridge and extract the main heading`,
    'Click the link "Teas", then extract the main heading',
    'Get all links',
  ]) {
    const { success, taskResult, errorMessage } = await session.agent.executeTask(task, 20);
    console.log(success ? '-' : 'failed:', success ? taskResult : errorMessage);
  }

  const picture = await session.callMcpTool('browser_screenshot', {});
  const file = process.env.PICTURE ?? 'session.png';
  // A data: address, which fetch reads as well.
  await writeFile(file, new Uint8Array(await (await fetch(picture.data)).arrayBuffer()));
  console.log('where it ended:', file);
} finally {
  const { success, requestId } = await session.delete();
  console.log(success ? 'deleted' : 'not deleted', requestId);
}
