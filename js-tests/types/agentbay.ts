// What users of `taskwright/agentbay` write, checked by the compiler only.
import AgentBayDefault, {
  type Agent,
  AgentBay,
  AgentBayError,
  type AsyncAgent,
  AsyncAgentBay,
  AsyncSession,
  type ExecutionResult,
  type McpTool,
  type OperationResult,
  type QueryResult,
  Session,
  SessionInfo,
  type SessionPauseResult,
  type SessionResumeResult,
  type SessionSummary,
  type TaskAgent,
} from 'taskwright/agentbay';

const agentBay = new AgentBay({
  apiKey: 'k',
  endpoint: 'http://127.0.0.1:8723',
  regionId: undefined,
  timeoutMs: 1_000,
  maxRetries: 1,
  fetch,
  failures: 'vendor',
  silentSuccess: false,
});
const alias: AgentBay = new AsyncAgentBay({ apiKey: null });
const byDefault: AgentBay = new AgentBayDefault();

// The samples of the vendor's AsyncAgent document.
export async function asyncExecuteTask(): Promise<void> {
  const { session } = await agentBay.create();
  if (!session) return;
  const result = await session.agent.asyncExecuteTask('Open Chrome browser');
  console.log(`Task ID: ${result.taskId}, Status: ${result.taskStatus}`);
  const status = await session.agent.getTaskStatus(result.taskId);
  console.log(`Task status: ${status.taskStatus}`);
  await session.delete();
}

export async function executeTask(): Promise<void> {
  const { session } = await agentBay.create();
  if (!session) return;
  const result = await session.agent.executeTask('Open Chrome browser', 20);
  console.log(`Task result: ${result.taskResult}`);
  await session.delete();
}

export async function getTaskStatus(): Promise<void> {
  const { session } = await agentBay.create();
  if (!session) return;
  const result = await session.agent.asyncExecuteTask('Open Chrome browser');
  const status = await session.agent.getTaskStatus(result.taskId);
  console.log(`Status: ${status.taskStatus}, Action: ${status.taskAction}`);
  await session.delete();
}

export async function terminateTask(): Promise<void> {
  const { session } = await agentBay.create();
  if (!session) return;
  const result = await session.agent.asyncExecuteTask('Open Chrome browser');
  const terminateResult = await session.agent.terminateTask(result.taskId);
  console.log(`Terminated: ${terminateResult.success}`);
  await session.delete();
}

// The methods of the vendor's AsyncSession document, with its defaults and with everything.
export async function session(signal: AbortSignal): Promise<void> {
  const session: Session = new AsyncSession(alias, 'session-1');
  const { success, errorMessage, requestId } = await session.delete(true);
  const flags: [boolean, string, string] = [success, errorMessage, requestId];
  await session.delete(false, { wait: false, signal, timeoutMs: 5 });
  const set: OperationResult<null> = await session.setLabels({ project: 'demo' });
  const labels: Record<string, string> = (await session.getLabels({ signal })).data;
  const info: SessionInfo = (await session.info()).data;
  const link: string = (await session.getLink('https', 30100, 'o', { signal })).data;
  await session.getLink();
  await session.getLink(null, null, null);
  const tools: readonly McpTool[] = (await session.listMcpTools('linux_latest')).tools;
  const text: string = (
    await session.callMcpTool(
      'shell',
      { command: 'ls' },
      { readTimeoutMs: 1, connectTimeoutMs: 2, autoGenSession: false, signal },
    )
  ).data;
  const paused: SessionPauseResult = await session.pause(600, 2);
  const resumed: SessionResumeResult = await session.resume();
  const words: string[] = [(await session.pauseAsync()).status, (await session.resumeAsync()).status];
  await session.keepAlive();
  console.log(flags, set, labels, info.ticket, link, tools, text, paused, resumed, words);
  console.log((await session.getStatus()).status, session.imageId, session.resourceUrl, session.sessionId);
  console.log(new SessionInfo('s', 'u', 'a', 'c', '{}', 'r', 't', 'k').resourceType);
}

export async function families(session: Session): Promise<void> {
  const agent: Agent = session.agent;
  const same: AsyncAgent = agent;
  const browser: TaskAgent = same.browser;
  const started: ExecutionResult = await browser.executeTask('t', {
    useVision: true,
    outputSchema: { type: 'object' },
  });
  const ended = await agent.mobile.executeTaskAndWait('t', 60, { maxSteps: 5, terminateOnTimeout: true });
  const status: QueryResult = await agent.computer.getTaskStatus(started.taskId);
  console.log(ended.taskResult, status.stream, status.taskProduct);
}

export async function sessions(): Promise<void> {
  const created = await byDefault.create({
    imageId: 'browser_latest',
    labels: { a: '1' },
    contextSyncs: [{ contextId: 'c', path: '/p' }],
    idleReleaseTimeout: 60,
    networkId: 'n',
  });
  if (created.success) console.log(created.session.sessionId);
  else console.log(created.error?.code, created.error instanceof AgentBayError);
  const found = await byDefault.get('S');
  if (found.success) await byDefault.delete(found.session, true);
  const { sessionIds, nextToken } = await byDefault.list({ a: '1' }, 2, 5);
  const all: SessionSummary[] = [];
  for await (const summary of byDefault.sessions({ a: '1' })) all.push(summary);
  console.log(sessionIds, nextToken, all);
}

export async function disposed(): Promise<void> {
  await using session = new Session(agentBay, 'S');
  await session.keepAlive();
}

export function mistakes(session: Session): void {
  // @ts-expect-error there is no such way to fail
  new AgentBay({ failures: 'never' });
  // @ts-expect-error maxTryTimes is needed
  void session.agent.executeTask('t');
  // @ts-expect-error a port is a number
  void session.getLink('https', '30100');
  // @ts-expect-error arguments are an object
  void session.callMcpTool('t', 'args');
  // @ts-expect-error labels are texts
  void session.setLabels({ a: 1 });
  // @ts-expect-error what the parts of a client say to each other is nobody else's
  session.toolCall('t', {});
  // @ts-expect-error errors are made of what the core tells
  new AgentBayError('x');
}
