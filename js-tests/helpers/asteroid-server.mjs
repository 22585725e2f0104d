// A small honest Asteroid on loopback, both versions of it: it counts what was started and what was asked. What it is
// told to do wrong is told per request.
import { createServer } from 'node:http';

/**
 * `start(count)` may give a function of the response that takes the place of answer number `count` (from 1); the
 * execution is started before it unless `accepts(count)` says no, `list(count)` likewise for lists. `status(id, asked)`
 * gives the execution for question number `asked`, or a function of the response; `result(id, asked)` the answer of
 * version 1's result, `sync(id, asked, seconds)` that of the long poll (404 unless given) and `activities(id, asked)`
 * the activities, oldest first.
 */
export async function asteroidServer(how = {}) {
  const executions = [];
  const requests = [];
  const asked = new Map();
  const count = (what) => {
    asked.set(what, (asked.get(what) ?? 0) + 1);
    return asked.get(what);
  };
  const routes = [
    [/^POST \/agents\/v2\/agents\/([^/]+)\/execute(?:\/sync)?$/, start('executionId')],
    [/^POST \/api\/v1\/agent\/([^/]+)\/execute$/, start('execution_id')],
    [/^GET \/agents\/v2\/executions$/, list],
    [/^GET \/agents\/v2\/executions\/([^/]+)$/, answerOf('status')],
    [/^GET \/agents\/v2\/executions\/([^/]+)\/sync$/, answerOf('sync')],
    [/^GET \/agents\/v2\/executions\/([^/]+)\/activities$/, activities],
    [/^GET \/api\/v1\/execution\/([^/]+)\/status$/, answerOf('status')],
    [/^GET \/api\/v1\/execution\/([^/]+)\/result$/, answerOf('result')],
  ];

  function start(member) {
    return ({ id, body }) => {
      const number = count('starts');
      const execution = { id: `E${executions.length + 1}`, agentId: id, ...JSON.parse(body) };
      if (how.accepts?.(number) ?? true) executions.push(execution);
      return how.start?.(number) ?? { [member]: execution.id };
    };
  }
  function list({ query }) {
    const number = count('lists');
    const lie = how.list?.(number);
    if (lie) return lie;
    const [key, value] = [query.get('metadataKey'), query.get('metadataValue')];
    const items = executions.filter(({ metadata }) => metadata?.[key] === value);
    return { items, page: 1, pageSize: 10, total: items.length };
  }
  function answerOf(what) {
    return ({ id, query }) => {
      const number = count(`${what} ${id}`);
      return how[what]?.(id, number, Number(query.get('timeoutSeconds')));
    };
  }
  function activities({ id, query }) {
    const number = count(`activities ${id}`);
    const all = how.activities?.(id, number) ?? [];
    if (!Array.isArray(all)) return all;
    const ordered = query.get('order') === 'desc' ? all.toReversed() : all;
    return ordered.slice(0, Number(query.get('limit') ?? 100));
  }

  const server = createServer(async (request, response) => {
    const { method, headers, url } = request;
    const { pathname, searchParams } = new URL(url, 'http://h');
    const entry = { at: performance.now(), method, url, path: pathname, headers, body: '', open: true };
    requests.push(entry);
    response.on('close', () => {
      entry.open = false;
    });
    for await (const chunk of request) entry.body += chunk;
    const line = `${method} ${pathname}`;
    const [pattern, answer] = routes.find(([known]) => known.test(line)) ?? [];
    const id = pattern && decodeURIComponent(pattern.exec(line)[1] ?? '');
    const value = answer?.({ id, query: searchParams, body: entry.body });
    if (typeof value === 'function') return value(response);
    const status = value === undefined ? 404 : method === 'POST' ? 202 : 200;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value ?? { code: 404, message: 'not found' }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** What was started. */
    executions,
    requests,
    /** How many requests were made of these: `starts`, `lists`, `status E1`, `sync E1`, ... */
    count: (what) => asked.get(what) ?? 0,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

export const RUNNING = { status: 'running' };
export const SUCCESS = { outcome: 'success', reasoning: 'done', result: { total: 7 } };
export const COMPLETED = { status: 'completed', executionResult: SUCCESS };
