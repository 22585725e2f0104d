// The clients that are compared, behind the same two functions: `poll` of all, `run` of those that take part in more.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { sleep } from './clock.mjs';
import { modules } from './processes.mjs';

const apiKey = 'sk-bench';

/** The vendor's guide asks every task for its status this often. */
const GUIDE_MS = 2_000;

const makers = {
  /** What everyone would write without a client. */
  fetch: (url) => ({
    async poll(id) {
      const response = await fetch(`${url}/v1/tools/perform-web-task/${id}/status`, { headers: headers() });
      return response.json();
    },
  }),
  /** The same with what a client must have besides: a time limit over the whole call. */
  'fetch with a timeout': (url) => ({
    async poll(id) {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), 60_000);
      try {
        const response = await fetch(`${url}/v1/tools/perform-web-task/${id}/status`, {
          headers: headers(),
          signal: controller.signal,
        });
        return await response.json();
      } finally {
        clearTimeout(timer);
      }
    },
  }),
  async taskwright(url) {
    const { Taskwright } = await import('taskwright');
    const client = new Taskwright({ baseUrl: url, apiKey });
    return { poll: (id) => client.getPerformWebTaskStatus(id), run: (task) => client.runWebTask(task) };
  },
  /** With the pace that is the default for Anchor's cloud instead of the one for a local server. */
  async 'taskwright, cloud pace'(url) {
    const { Taskwright } = await import('taskwright');
    const client = new Taskwright({ backend: 'anchor', baseUrl: url, apiKey });
    return { poll: (id) => client.getPerformWebTaskStatus(id), run: (task) => client.runWebTask(task) };
  },
  async 'taskwright/anchor'(url) {
    const { default: Anchorbrowser } = await import('taskwright/anchor');
    return likeOfficial(new Anchorbrowser({ baseURL: url, apiKey }));
  },
  async anchorbrowser(url) {
    const { default: Anchorbrowser } = createRequire(join(modules, 'package.json'))('anchorbrowser');
    return likeOfficial(new Anchorbrowser({ baseURL: url, apiKey }));
  },
  "fetch, Asteroid's wire": (url) => ({
    async poll(id) {
      const headers = { accept: 'application/json', 'x-api-key': apiKey };
      const response = await fetch(`${url}/agents/v2/executions/${id}`, { headers });
      return response.json();
    },
  }),
  async 'taskwright/asteroid'(url) {
    const { AsteroidClient } = await import('taskwright/asteroid');
    const client = new AsteroidClient({ baseUrl: url, apiKey });
    return { poll: (id) => client.getExecution(id) };
  },
  /** A form, a time and a number used once, and an answer whose text is JSON again. */
  "fetch, AgentBay's wire": (url) => ({
    async poll(id) {
      const query = new URLSearchParams({
        Action: 'CallMcpTool',
        Format: 'json',
        Version: '2025-05-06',
        Timestamp: new Date().toISOString().replace(/\.\d+/, ''),
        SignatureNonce: crypto.randomUUID().replaceAll('-', ''),
      });
      const body = new URLSearchParams({
        Authorization: `Bearer ${apiKey}`,
        SessionId: 'session-bench',
        Name: 'flux_get_task_status',
        Args: JSON.stringify({ task_id: id }),
        AutoGenSession: 'false',
      });
      const response = await fetch(`${url}/?${query}`, { method: 'POST', body });
      const { Data } = await response.json();
      return JSON.parse(Data.content[0].text);
    },
  }),
  async 'taskwright/agentbay'(url) {
    const { AgentBay, Session } = await import('taskwright/agentbay');
    const session = new Session(new AgentBay({ endpoint: url, apiKey, failures: 'throw' }), 'session-bench');
    return { poll: (id) => session.agent.getTaskStatus(id) };
  },
};

const headers = () => ({ accept: 'application/json', 'anchor-api-key': apiKey });

/** A client with the official interface, and the loop of the vendor's guide around it. */
function likeOfficial(client) {
  return {
    poll: (id) => client.tools.getPerformWebTaskStatus(id),
    async run(task) {
      const started = await client.tools.performWebTask({ ...task, async: true });
      for (;;) {
        await sleep(GUIDE_MS);
        const { data } = await client.tools.getPerformWebTaskStatus(started.data.workflow_id);
        if (data.status === 'COMPLETED') return data.result;
        if (data.status !== 'RUNNING') throw new Error(data.error);
      }
    },
  };
}

/** The contender of that name, speaking to `url`. */
export const contender = (name, url) => makers[name](url);
