// A small honest server of tasks on loopback, for tests in which many calls run at once and a list of
// answers would not do. What it is told to do wrong is told per request.
import { createServer } from 'node:http';

/**
 * `status(id, asked)` gives the answer to question number `asked` (from 1) about a task: an object for `data`,
 * or a function of the response. `start(count)` may give a function of the response that takes the place of
 * answer number `count`; the task is started before it unless `accepts` says no. A repeated
 * `Idempotency-Key` starts nothing.
 */
export async function taskServer({ status = done('ok'), start, accepts = () => true, delayMs = 0 } = {}) {
  const tasks = [];
  const byKey = new Map();
  const asked = new Map();
  const counts = { starts: 0, polls: 0, inFlight: 0, maxInFlight: 0 };
  const requests = [];
  const server = createServer(async (request, response) => {
    const entry = {
      at: performance.now(),
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: '',
    };
    requests.push(entry);
    for await (const chunk of request) entry.body += chunk;
    if (request.method === 'POST') {
      counts.starts += 1;
      const key = request.headers['idempotency-key'];
      let id = byKey.get(key);
      if (id === undefined && accepts(counts.starts)) {
        id = `task-${tasks.length + 1}`;
        tasks.push({ id, body: JSON.parse(entry.body) });
        if (key !== undefined) byKey.set(key, id);
      }
      const lie = start?.(counts.starts);
      if (lie) return lie(response);
      const isAsync = JSON.parse(entry.body).async === true;
      return send(response, isAsync ? { status: 'running', workflow_id: id } : { result: 'ok' });
    }
    counts.polls += 1;
    counts.inFlight += 1;
    counts.maxInFlight = Math.max(counts.maxInFlight, counts.inFlight);
    response.on('close', () => {
      counts.inFlight -= 1;
    });
    const id = decodeURIComponent(request.url.split('/')[4]);
    asked.set(id, (asked.get(id) ?? 0) + 1);
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const answer = status(id, asked.get(id));
    return typeof answer === 'function' ? answer(response) : send(response, answer);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** What was started, once each. */
    tasks,
    requests,
    counts,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Every task has succeeded with this result, whenever it is asked for. */
export const done = (result) => () => ({ status: 'COMPLETED', result });

/** One answer after the other; the last one stays. */
export const states =
  (...answers) =>
  (_id, asked) =>
    answers[Math.min(asked, answers.length) - 1];

export const RUNNING = { status: 'RUNNING' };
export const completed = (result) => ({ status: 'COMPLETED', result });
export const failed = (error) => ({ status: 'FAILED', error });

function send(response, data) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ data }));
}
