// A human in the loop: the agent asks for what it was not given, gets a file and an answer, and goes on.
//
//   cargo run --release -p taskwright-server -- --agents examples/asteroid/agents.json &
//   node examples/site/serve.mjs 8800 &
//   node examples/asteroid/interaction.mjs
import { AsteroidClient } from 'taskwright/asteroid';

const site = process.env.SITE_URL ?? 'http://127.0.0.1:8800';
const client = new AsteroidClient({ baseUrl: process.env.ASTEROID_BASE_URL ?? 'http://127.0.0.1:8723' });

const executionId = await client.executeAgent('invoice', { site });

const asked = await client.waitForAgentInteraction(executionId, 500, 60_000);
if (asked.isTerminal) throw new Error(`the agent asked nothing and ended as ${asked.status}`);
console.log('the agent asks:', asked.agentMessage);

await client.uploadExecutionFiles(executionId, [['invoice.txt', 'Two tins of Sencha Asa: 32.50\n']]);
await client.addMessageToExecution(executionId, '4711');

const { outcome, result } = await client.waitForExecutionResult(executionId, 500, 60_000);
console.log(`${outcome}:`, result.receipt);

for await (const { payload } of client.activities(executionId)) {
  if (payload.activityType === 'action_completed') console.log('-', payload.message);
}
console.log('watch it:', await client.getBrowserSessionRecording(executionId));
