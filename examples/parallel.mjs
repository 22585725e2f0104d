// The example of Anchor's documentation (anchor-seed.mjs) on two pages of your choice: two tasks start
// together, and the slower one decides how long both take.
//
//   ANCHORBROWSER_BASE_URL=http://127.0.0.1:8723 SITE_URL=http://127.0.0.1:8800 node examples/parallel.mjs
import Anchorbrowser from 'taskwright/anchor';

const site = process.env.SITE_URL ?? 'http://127.0.0.1:8800';
const client = new Anchorbrowser({ apiKey: process.env.ANCHORBROWSER_API_KEY ?? 'local' });

const responses = await Promise.all([
  client.tools.performWebTask({ prompt: 'Extract the main heading', url: `${site}/`, async: true }),
  client.tools.performWebTask({ prompt: 'Get the first paragraph', url: `${site}/shipping`, async: true }),
]);
const workflowIds = responses.map((response) => response.data.workflow_id);
console.log('Started', workflowIds.length, 'tasks');

const results = await Promise.all(
  workflowIds.map(async (workflowId) => {
    for (;;) {
      const { data } = await client.tools.getPerformWebTaskStatus(workflowId);
      if (data.status === 'COMPLETED') return data.result;
      if (data.status === 'FAILED') throw new Error(data.error);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }),
);
console.log('All tasks completed:', results);
