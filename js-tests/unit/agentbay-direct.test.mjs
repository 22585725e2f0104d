// Tools and tasks of a session whose service has named a direct route to it.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { AgentBay } from 'taskwright/agentbay';
import { agentbayServer, gone, raw, refused, said } from '../helpers/agentbay-server.mjs';
import { failureOf } from '../helpers/outcome.mjs';

const KEY = 'akm-secret';
const ID = /^link-\d+-\d{9}$/;

describe('a session with a direct route', () => {
  let server;
  let agentBay;
  let session;
  let answer;
  let direct;
  let detour;
  let data;
  beforeEach(async () => {
    data = {};
    answer = { data: { result: said('direct') } };
    direct = () => answer;
    detour = said('by the detour');
    server = await agentbayServer({
      '/link/callTool': () => {
        const told = direct() ?? 'no JSON';
        return typeof told === 'function' ? told : raw(200, told);
      },
      InitBrowser: () => refused('NoBrowser', 'the image has none'),
      CallMcpTool: () => detour,
      ListMcpTools: () => detour,
      GetMcpResource: () => detour,
      CreateMcpSession: () =>
        typeof data === 'string'
          ? data
          : {
              SessionId: 'S',
              LinkUrl: `${server.url}/link/`,
              Token: 'a session token',
              ToolList: JSON.stringify([
                { name: 'shell', server: 'srv' },
                { Name: 'odd', serverName: 'other' },
                { name: 'browser_use_execute_task', server: 'browser' },
                ...['execute_task', 'get_task_status', 'terminate_task'].flatMap((name) => [
                  { name: `flux_${name}`, server: 'computer' },
                  { name, server: 'mobile' },
                ]),
              ]),
              ...data,
            },
    });
    agentBay = new AgentBay({ apiKey: KEY, endpoint: server.url });
    ({ session } = await agentBay.create());
  });
  afterEach(() => server.close());

  test('calls a tool there with the session’s token and never with the key', async () => {
    const { data, requestId } = await session.callMcpTool('shell', { a: 1 });
    assert.equal(data, 'direct');
    const { path, headers, body } = server.requests.at(-1);
    assert.equal(path, '/link/callTool');
    assert.equal(headers['x-access-token'], 'a session token');
    assert.equal(headers['content-type'], 'application/json');
    assert.match(requestId, ID);
    assert.deepEqual(JSON.parse(body), {
      args: { a: 1 },
      server: 'srv',
      requestId,
      tool: 'shell',
      token: 'a session token',
    });
    assert.ok(!`${JSON.stringify(headers)}${body}`.includes(KEY));
  });

  test('reads an answer that stands as JSON text, and a tool’s own error', async () => {
    answer = { data: JSON.stringify({ result: said('text') }) };
    assert.equal((await session.callMcpTool('odd', {})).data, 'text');
    answer = { data: { result: said('no such file', true) } };
    const { success, errorMessage, data } = await session.callMcpTool('shell', {});
    assert.deepEqual([success, errorMessage, data], [false, 'no such file', '']);
    answer = { data: { result: said('denied for a session token', true) } };
    assert.equal((await session.callMcpTool('shell', {})).errorMessage, 'denied for [redacted]');
  });

  test('a failure there keeps the id that the client made for the request, in the error as well', async () => {
    for (const odd of [undefined, {}, { data: {} }, { data: null }, { data: { result: {} } }]) {
      answer = odd;
      for (const call of [session.callMcpTool('shell', {}), session.agent.asyncExecuteTask('do')]) {
        const { success, requestId, error } = await call;
        assert.deepEqual([success, error.kind], [false, 'ambiguous_start'], JSON.stringify(odd));
        assert.match(requestId, ID);
        assert.equal(error.requestId, requestId);
      }
      const { error } = await session.agent.getTaskStatus('T');
      assert.equal(error.kind, 'decode');
      assert.match(error.requestId, ID);
    }
  });

  test('a refusal there is told in its own words', async () => {
    answer = { data: null, success: false, code: 'Busy', message: 'later' };
    const { success, errorMessage, httpStatusCode, error } = await session.callMcpTool('shell', {});
    assert.deepEqual([success, errorMessage, httpStatusCode], [false, '[Busy] later', 200]);
    assert.equal(error.kind, 'api');
  });

  test('what failed before anything was sent there has no id of it', async () => {
    const { success, requestId, error } = await session.agent.browser.executeTask('do');
    assert.deepEqual([success, requestId, error.operation], [false, 'req-refused', 'InitBrowser']);
  });

  test('a call that wants a new session in place of a lost one goes by the service, which alone can make it', async () => {
    const { data } = await session.callMcpTool('shell', {}, { autoGenSession: true });
    assert.equal(data, 'by the detour');
    assert.equal(server.requests.at(-1).fields.AutoGenSession, 'true');
  });

  test('bad input is refused as on the detour, and nothing is sent', async () => {
    const circle = {};
    circle.self = circle;
    const sent = server.requests.length;
    for (const [args, options, field] of [
      [undefined, {}, 'args'],
      [[], {}, 'args'],
      ['text', {}, 'args'],
      [circle, {}, 'args'],
      [{ a: 1n }, {}, 'args'],
      [{}, { autoGenSession: 'yes' }, 'autoGenSession'],
      [{}, { autoGenSession: null }, 'autoGenSession'],
    ]) {
      const error = await failureOf(session.callMcpTool('shell', args, options));
      assert.deepEqual([error.name, error.field], ['InvalidParameterError', field]);
    }
    assert.equal(server.requests.length, sent);
  });

  test('a route that cannot be taken is none', async () => {
    for (const odd of [
      { ToolList: '[null]' },
      { ToolList: '[5]' },
      { ToolList: { shell: 'srv' } },
      { ToolList: '[{"name":"shell"}]' },
      { LinkUrl: 'ftp://h/' },
      { LinkUrl: 'h/link' },
      { LinkUrl: 'http://user@h/' },
      { LinkUrl: 'http://h/?a=b' },
      { LinkUrl: 'http://h h/' },
      { LinkUrl: 'http://h:x/' },
      { LinkUrl: 'http://h:/' },
      { LinkUrl: 'http://:80/' },
      { LinkUrl: 'http:///x' },
      { LinkUrl: 'http://[::1' },
      { LinkUrl: 'http://h\\x' },
      { LinkUrl: { a: 1 } },
      { LinkUrl: null },
      { Token: 5 },
      { Token: '' },
      { Token: 'two\nlines' },
      { Token: undefined },
    ]) {
      data = odd;
      const { session } = await agentBay.create();
      const { success, data: text } = await session.callMcpTool('shell', {});
      assert.deepEqual([success, text], [true, 'by the detour'], JSON.stringify(odd));
    }
  });

  test('the token stays out of what tools say by the detour, too, and out of a session that was not made', async () => {
    const told = 'denied for a session token';
    detour = said(told, true);
    const { errorMessage, error } = await session.callMcpTool('unknown', {});
    assert.equal(errorMessage, 'denied for [redacted]');
    assert.ok(!inspect(error).includes('a session token'));
    data = { Success: false, ErrMsg: told };
    const made = await agentBay.create();
    assert.equal(made.errorMessage, 'denied for [redacted]');
    assert.ok(!inspect(made.error).includes('a session token'));
    data = JSON.stringify({ Token: 'a session token' });
    const none = await agentBay.create();
    assert.equal(none.error.kind, 'ambiguous_start');
    assert.ok(!inspect(none.error).includes('a session token'));
  });

  test('the token stays out of what the service says of other calls, cut short or not', async () => {
    const far = '-'.repeat(62);
    for (const answer of [
      raw(200, `no JSON ${far}a session token`),
      raw(400, `no JSON ${far}a session token`),
      refused('Odd', 'seen: a session token'),
      raw(400, { RequestId: 'a session token', Code: 'a session token', Message: 'm' }),
      said('a session token'),
    ]) {
      detour = answer;
      for (const call of [
        session.callMcpTool('unknown', {}),
        session.listMcpTools(),
        session.info(),
        session.agent.browser.getTaskStatus('T'),
      ]) {
        const { error = new Error('none'), ...result } = await call.catch((error) => ({ error }));
        for (let at = error; at; at = at.cause) {
          const { message, stack, body, code, requestId, headers } = at;
          const all = inspect([message, stack, body, code, requestId, [...(headers ?? [])], result], {
            depth: 9,
          });
          if (result.success !== true) assert.ok(!all.includes('a session'), all);
        }
      }
    }
  });

  test('a refused parameter has no id of a request', async () => {
    const { requestId } = await failureOf(session.callMcpTool('shell', []));
    assert.equal(requestId || undefined, undefined);
  });

  test('tasks of agents go there as well: started, waited for and ended', async () => {
    const told = [{ task_id: 'T' }, { status: 'running' }, { status: 'finished', product: 'p' }];
    let asked = 0;
    direct = () => ({ data: { result: said(told[asked++]) } });
    const { success, taskResult, requestId } = await session.agent.executeTask('do', 20);
    assert.deepEqual([success, taskResult], [true, 'p']);
    assert.match(requestId, /^link-/);
    direct = () => ({ data: JSON.stringify({ result: said({ status: 'completed', result: 'm' }) }) });
    assert.equal((await session.agent.mobile.getTaskStatus('T')).taskProduct, 'm');
    direct = () => ({ data: { result: said({ status: 'cancelling' }) } });
    assert.equal((await session.agent.terminateTask('T')).taskStatus, 'cancelling');
    const there = server.requests.filter(({ path }) => path === '/link/callTool');
    assert.deepEqual(
      there.map(({ body }) => JSON.parse(body)).map(({ tool, server }) => [server, tool]),
      [
        ['computer', 'flux_execute_task'],
        ['computer', 'flux_get_task_status'],
        ['computer', 'flux_get_task_status'],
        ['mobile', 'get_task_status'],
        ['computer', 'flux_terminate_task'],
      ],
    );
    const ids = there.map(({ body }) => JSON.parse(body).requestId);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(ids[0], requestId);
    assert.ok(!there.some(({ headers, body }) => `${JSON.stringify(headers)}${body}`.includes(KEY)));
    assert.ok(!server.requests.some(({ query }) => query.get('Action') === 'CallMcpTool'));
  });

  test('where it fails a wait goes on by the service, which knows whether the session is still there', async () => {
    for (const [answers, end] of [
      [said({ status: 'finished', product: 'p' }), ['finished', 'p', /^$/]],
      [gone(), ['failed', '', /^Failed to execute: 400 \[InvalidMcpSession.NotFound\]/]],
    ]) {
      const sent = server.requests.length;
      const told = [{ data: { result: said({ task_id: 'T' }) } }];
      direct = () => told.shift();
      detour = answers;
      const result = await session.agent.executeTask('do', 20);
      const [taskStatus, taskResult, message] = end;
      assert.deepEqual([result.taskStatus, result.taskResult], [taskStatus, taskResult]);
      assert.match(result.errorMessage, message);
      assert.deepEqual(
        server.requests.slice(sent).map(({ path, fields }) => [path, fields.Name, fields.Args]),
        [
          ['/link/callTool', undefined, undefined],
          ['/link/callTool', undefined, undefined],
          ['/', 'flux_get_task_status', '{"task_id":"T"}'],
        ],
      );
    }
  });

  test('a task is ended by the service when its time is up, because the direct route may be what hangs', async () => {
    const told = [{ data: { result: said({ task_id: 'T' }) } }];
    direct = () => told.shift();
    detour = said({ task_id: 'T', status: 'running' });
    const { errorMessage } = await session.agent.computer.executeTaskAndWait('do', 0.1, {
      terminateOnTimeout: true,
    });
    assert.equal(errorMessage, 'Task execution timed out after 0.1 seconds. Task ID: T.');
    assert.equal(server.count('CallMcpTool flux_terminate_task'), 1);
  });

  test('the client’s key, which nobody sends there, is not shown if it is known there', async () => {
    for (const body of ['{}', `no JSON, ${KEY}`]) {
      direct = () => (response) => {
        response.writeHead(body === '{}' ? 500 : 200, { 'content-type': 'application/json', 'x-seen': KEY });
        response.end(body);
      };
      const { error } = await session.callMcpTool('shell', {});
      assert.equal(error.kind, 'ambiguous_start');
      assert.ok(!inspect([error, error.cause, [...error.headers]], { depth: 9 }).includes(KEY));
    }
  });

  test('a wait by the direct route keeps its limit, and goes nowhere else when that is up', async () => {
    direct = () => ({ data: { result: said({ task_id: 'T', status: 'running' }) } });
    const { errorMessage, taskStatus } = await session.agent.computer.executeTaskAndWait('do', 0.1);
    assert.equal(errorMessage, 'Task execution timed out after 0.1 seconds. Task ID: T.');
    assert.equal(taskStatus, 'failed');
    assert.equal(server.count('CallMcpTool flux_get_task_status'), 0);
  });

  test('a task whose tools nobody there has goes by the service', async () => {
    data = { ToolList: '[{"name":"shell","server":"srv"}]' };
    const { session } = await agentBay.create();
    const { errorMessage } = await session.agent.asyncExecuteTask('do');
    assert.equal(errorMessage, 'Failed to execute: Task ID not found in response');
    assert.equal(server.requests.at(-1).fields.Name, 'flux_execute_task');
  });

  test('goes by the service when nobody knows who has the tool', async () => {
    assert.equal((await session.callMcpTool('unknown', {})).data, 'by the detour');
    assert.equal(server.requests.at(-1).query.get('Action'), 'CallMcpTool');
  });
});
