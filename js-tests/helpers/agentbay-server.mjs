// A small honest AgentBay on loopback. It counts what arrives; what it is told to do wrong is told per action.
import { createServer } from 'node:http';

/**
 * `how` maps an action, or `CallMcpTool` with a tool's name behind it, to the data of its answer, or to a function of
 * the fields and of how often it was asked (from 1), which gives the data or, as the answers below do, a function of
 * the response. An action that
 * is not there is unknown to the server.
 */
export async function agentbayServer(how = {}) {
  const requests = [];
  const counts = new Map();
  const server = createServer(async (request, response) => {
    const { method, headers, url } = request;
    const { pathname, searchParams } = new URL(url, 'http://h');
    const entry = {
      at: performance.now(),
      method,
      url,
      path: pathname,
      query: searchParams,
      headers,
      body: '',
    };
    entry.open = true;
    requests.push(entry);
    response.on('close', () => {
      entry.open = false;
    });
    try {
      for await (const chunk of request) entry.body += chunk;
    } catch {
      return;
    }
    const fields = Object.fromEntries([...searchParams, ...new URLSearchParams(entry.body)]);
    const action = searchParams.get('Action') ?? pathname;
    const what = fields.Name ? `${action} ${fields.Name}` : action;
    Object.assign(entry, { fields, what });
    counts.set(what, (counts.get(what) ?? 0) + 1);
    const row = how[what] ?? how[action];
    const unknown = refused('InvalidAction.NotFound', `${what} is not found`);
    const value =
      row === undefined ? unknown : typeof row === 'function' ? row(fields, counts.get(what)) : row;
    if (typeof value === 'function') return value(response, request);
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.end(JSON.stringify({ ...envelope(`req-${requests.length}`), Data: value }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    /** How often it was asked for `CreateMcpSession`, `CallMcpTool flux_execute_task`, ... */
    count: (what) => counts.get(what) ?? 0,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

const envelope = (id) => ({
  RequestId: id,
  HttpStatusCode: 200,
  Code: 'ok',
  Message: 'success',
  Success: true,
});

/** A body of the caller's own. */
export const raw =
  (status, body, headers = { 'content-type': 'application/json' }) =>
  (response) => {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** A refusal under an error status. */
export const refused = (Code, Message, status = 400) =>
  raw(status, { RequestId: 'req-refused', HttpStatusCode: status, Code, Message, Success: false });

/** A refusal under status 200. */
export const softly = (Code, Message) =>
  raw(200, { RequestId: 'req-soft', HttpStatusCode: 403, Code, Message, Success: false });

/** The session does not exist. */
export const gone = () => refused('InvalidMcpSession.NotFound', 'Resource [McpSession] is not found.');

/** What a tool says. */
export const said = (value, isError = false) => ({
  content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }],
  isError,
});
