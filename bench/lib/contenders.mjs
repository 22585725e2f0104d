// The clients that are compared, behind the same two functions.
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
