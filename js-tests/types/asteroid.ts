// What the types of `taskwright/asteroid` promise. Nothing here runs; that it compiles is the test.
import type { TaskwrightError } from 'taskwright';
import DefaultClient, {
  type Agent,
  type AgentInteractionResult,
  type AgentProfile,
  AmbiguousStartError,
  AsteroidAPIError,
  AsteroidClient,
  addMessageToExecution,
  createAgentProfile,
  deleteAgentProfile,
  downloadExecutionFile,
  type Execution,
  type ExecutionActivity,
  ExecutionError,
  type ExecutionFile,
  type ExecutionResult,
  executeAgent,
  type formatAgentProfile,
  formatAgentProfilesList,
  getAgentProfile,
  getAgentProfiles,
  getAgents,
  getBrowserSessionRecording,
  getCredentialsPublicKey,
  getExecutionFiles,
  getExecutionResult,
  getExecutionStatus,
  getExecutions,
  getLastNExecutionActivities,
  InvalidParameterError,
  type Page,
  stageTempFiles,
  type TempFile,
  TimeoutError,
  updateAgentProfile,
  uploadExecutionFiles,
  waitForAgentInteraction,
  waitForExecutionResult,
} from 'taskwright/asteroid';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const sure = <_Holds extends true>(): void => undefined;

const client = new AsteroidClient({
  apiKey: 'key',
  baseUrl: 'http://127.0.0.1:8723',
  timeoutMs: 60_000,
  maxRetries: 2,
  fetch: globalThis.fetch,
  headers: { 'X-Mine': '1' },
  apiVersion: 'v2',
});
new AsteroidClient();
new DefaultClient({ apiKey: process.env.ASTEROID_API_KEY });
// @ts-expect-error there is no such version
new AsteroidClient({ apiVersion: 'v3' });

// The methods of the seed, with its arguments in its order.
const executionId = await client.executeAgent('agent', { order: '4711' }, 'profile');
sure<Equal<typeof executionId, string>>();
const result = await client.waitForExecutionResult(executionId, 1_000, 3_600_000);
sure<Equal<typeof result, ExecutionResult>>();
// What the agent's schema says is not known here.
sure<Equal<typeof result.result, unknown>>();
const interaction = await client.waitForAgentInteraction(executionId, 2_000, 3_600_000);
sure<Equal<typeof interaction, AgentInteractionResult>>();
sure<Equal<typeof interaction.agentMessage, string | null>>();
const { status } = await client.getExecutionStatus(executionId);
if (status === 'completed' || status === 'a_status_of_next_year')
  await client.getExecutionResult(executionId);
sure<Equal<Awaited<ReturnType<typeof client.getBrowserSessionRecording>>, string>>();
await client.uploadExecutionFiles(executionId, ['report.pdf', ['notes.txt', 'text']], 'file.txt');
const activities = await client.getLastNExecutionActivities(executionId, 10);
sure<Equal<typeof activities, ExecutionActivity[]>>();
await client.addMessageToExecution(executionId, 'the code is 12');
sure<Equal<Awaited<ReturnType<typeof client.getAgents>>, Agent[]>>();
await client.getAgents('organization', 1, 100);
const profiles = await client.getAgentProfiles('organization');
sure<Equal<typeof profiles, AgentProfile[]>>();
const profile = await client.createAgentProfile({
  name: 'Shop',
  description: 'Orders things',
  organization_id: 'organization',
  proxy_cc: 'us',
  proxy_type: 'residential',
  captcha_solver_active: true,
  sticky_ip: true,
  credentials: [{ name: 'USER', data: 'user@example.com' }],
  cookies: [],
});
await client.updateAgentProfile(profile.id, { credentials_to_delete: ['id'] });
await client.getAgentProfile(profile.id);
const gone: string = await client.deleteAgentProfile(profile.id);
const pem: string = await client.getCredentialsPublicKey();
const lines: string = client.formatAgentProfile(profile) + client.formatAgentProfilesList(profiles);
sure<Equal<ReturnType<typeof formatAgentProfile>, string>>();
formatAgentProfilesList(profiles);
// @ts-expect-error a profile has a name
await client.createAgentProfile({ description: 'd' });
// @ts-expect-error an id is a string
await client.getExecution(7);

// What the service has today.
const staged: TempFile[] = await client.stageTempFiles('organization', [
  new Blob(['x']),
  new Uint8Array(3),
  new ArrayBuffer(3),
  new Blob(['y']).stream(),
  ['named.bin', new Uint8Array(3)],
]);
await client.executeAgent('agent', undefined, undefined, {
  inputs: { a: 1 },
  metadata: { mine: true },
  tempFiles: staged,
  version: 3,
  signal: AbortSignal.timeout(1_000),
  timeoutMs: 1_000,
  maxRetries: 0,
});
const { executionResult } = await client.executeAgentSync('agent', {}, undefined, { timeoutSeconds: 25 });
sure<Equal<typeof executionResult, ExecutionResult | null | undefined>>();
const page = await client.getExecutions({
  organizationId: 'organization',
  status: ['running', 'paused_by_agent'],
  createdAfter: new Date(),
  metadataKey: 'k',
  metadataValue: 'v',
});
sure<Equal<typeof page, Page<Execution>>>();
for await (const execution of client.executions({ agentId: 'agent' }))
  sure<Equal<typeof execution, Execution>>();
for await (const { payload } of client.activities(executionId, { interval: 500 })) {
  sure<Equal<typeof payload.activityType, string>>();
  // @ts-expect-error what is in a payload is not known before it is looked at
  payload.message.length;
}
for (const change of [
  await client.cancelExecution(executionId),
  await client.pauseExecution(executionId),
  await client.resumeExecution(executionId),
]) {
  sure<Equal<typeof change.executionId, string>>();
}
const again: string = await client.rerunExecution(executionId);
await client.deleteExecution(again);
const [file] = await client.getExecutionFiles(executionId);
if (file) {
  sure<Equal<typeof file, ExecutionFile>>();
  const stream: ReadableStream<Uint8Array> = await client.downloadExecutionFile(file);
  const path: string = await client.downloadExecutionFile(file, './downloads/', {
    createDirs: true,
    timeoutMs: 30_000,
  });
  const same: string = await downloadExecutionFile(client, file, './downloads/', true, 30);
  await stream.cancel(path + same);
}
await client.waitForExecutionResult(executionId, undefined, undefined, {
  signal: AbortSignal.timeout(1_000),
  onStatus: ({ id, status: portable, rawStatus }) => id + portable + rawStatus,
});

// The function twins.
const started: string = await executeAgent(client, 'agent', {
  agentProfileId: 'profile',
  dynamicData: { a: 1 },
  metadata: {},
  tempFiles: staged,
  version: 1,
});
sure<Equal<Awaited<ReturnType<typeof waitForExecutionResult>>, ExecutionResult>>();
await waitForExecutionResult(client, started, 1_000, 3_600_000);
await waitForAgentInteraction(client, started);
await getExecutionStatus(client, started);
await getExecutionResult(client, started);
await getExecutions(client, 'organization', 1, 20, { status: 'running' });
await uploadExecutionFiles(client, started, [new Blob(['x'])]);
await stageTempFiles(client, 'organization', [new Blob(['x'])]);
const { recording_url: url } = await getBrowserSessionRecording(client, started);
await getExecutionFiles(client, started);
await getLastNExecutionActivities(client, started, 5);
await addMessageToExecution(client, started, 'm');
await getAgents(client, 'organization', 1, 100);
await getAgentProfiles(client);
await getAgentProfile(client, 'profile');
await createAgentProfile(client, { name: 'n' });
await updateAgentProfile(client, 'profile', { name: 'n' });
const { message } = await deleteAgentProfile(client, 'profile');
await getCredentialsPublicKey(client);
sure<Equal<typeof url | typeof message, string>>();

// The errors are one tree.
try {
  await client.waitForExecutionResult(executionId);
} catch (error) {
  if (error instanceof ExecutionError)
    sure<Equal<typeof error.executionResult, ExecutionResult | undefined>>();
  else if (error instanceof TimeoutError) error.observed.map(({ count }) => count);
  else if (error instanceof AmbiguousStartError) sure<Equal<typeof error.retryable, boolean>>();
  else if (error instanceof InvalidParameterError) sure<Equal<typeof error.field, string>>();
  else if (error instanceof AsteroidAPIError) {
    sure<Equal<typeof error.status, number | undefined>>();
    sure<Equal<typeof error.headers, Headers | undefined>>();
    const base: TaskwrightError = error;
    throw base;
  }
}

export const used = [gone, pem, lines];
