// What each method of `taskwright/agentbay` sends, and what it makes of the answer.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { AgentBay, Session, SessionInfo } from 'taskwright/agentbay';
import { agentbayServer, raw, said } from '../helpers/agentbay-server.mjs';
import { failureOf } from '../helpers/outcome.mjs';

const KEY = 'akm-a very secret key';
const SESSION = { SessionId: 'S', ResourceUrl: 'https://look', Success: true };
const TASK = { task_id: 'T' };
const TOOLS = [{ name: 'shell', description: 'd', inputSchema: { type: 'object' }, server: 's', tool: 't' }];
const LISTED = [{ SessionId: 'S', SessionStatus: 'RUNNING', ImageId: 'i' }];

/** `[what, call, action, what goes into the form, data of the answer, what the result has]` */
const CALLS = [
  [
    'create(params)',
    ({ agentBay }) =>
      agentBay.create({
        imageId: 'browser_latest',
        labels: { 'a b': 'ü&=' },
        policyId: 'p',
        contextSyncs: [{ contextId: 'c', path: '/x', policy: { up: 1 } }],
        enableBrowserReplay: false,
        idleReleaseTimeout: 60,
        networkId: 'n',
        empty: '',
        missing: undefined,
        none: null,
      }),
    'CreateMcpSession',
    {
      ImageId: 'browser_latest',
      Labels: '{"a b":"ü&="}',
      McpPolicyId: 'p',
      PersistenceDataList: '[{"ContextId":"c","Path":"/x","Policy":"{\\"up\\":1}"}]',
      EnableRecord: 'false',
      Timeout: '60',
      NetworkId: 'n',
      Empty: '',
    },
    SESSION,
    {},
  ],
  ['create()', ({ agentBay }) => agentBay.create(), 'CreateMcpSession', {}, SESSION, {}],
  ['get(id)', ({ agentBay }) => agentBay.get('S'), 'GetSession', { SessionId: 'S' }, SESSION, {}],
  [
    'list(labels)',
    ({ agentBay }) => agentBay.list({ a: '1' }),
    'ListSession',
    { Labels: '{"a":"1"}', MaxResults: '10' },
    LISTED,
    {
      sessionIds: ['S'],
      sessions: [{ sessionId: 'S', sessionStatus: 'RUNNING', imageId: 'i' }],
      totalCount: 1,
    },
  ],
  [
    'session.delete(false, { wait: false })',
    ({ session }) => session.delete(false, { wait: false }),
    'ReleaseMcpSession',
    { SessionId: 'S' },
    null,
    {},
  ],
  [
    'setLabels(labels)',
    ({ session }) => session.setLabels({ a: 'é' }),
    'SetLabel',
    { SessionId: 'S', Labels: '{"a":"é"}' },
    null,
    { data: null },
  ],
  [
    'getLabels()',
    ({ session }) => session.getLabels(),
    'GetLabel',
    { SessionId: 'S' },
    { Labels: '{"a":"1"}' },
    { data: { a: '1' } },
  ],
  [
    'getLabels() without any',
    ({ session }) => session.getLabels(),
    'GetLabel',
    { SessionId: 'S' },
    {},
    { data: {} },
  ],
  [
    'info()',
    ({ session }) => session.info(),
    'GetMcpResource',
    { SessionId: 'S' },
    {
      SessionId: 'S',
      ResourceUrl: 'u',
      DesktopInfo: { AppId: 'a', Ticket: 't', ConnectionProperties: '{}' },
    },
    { data: new SessionInfo('S', 'u', 'a', '', '{}', '', '', 't') },
  ],
  [
    'getLink()',
    ({ session }) => session.getLink(),
    'GetLink',
    { SessionId: 'S' },
    { Url: 'wss://u' },
    { data: 'wss://u' },
  ],
  [
    'getLink(protocol, port, options), the answer as JSON text',
    ({ session }) => session.getLink('https', 30100, 'o'),
    'GetLink',
    { SessionId: 'S', ProtocolType: 'https', Port: '30100', Option: 'o' },
    '{"Url":"https://u"}',
    { data: 'https://u' },
  ],
  [
    'listMcpTools()',
    ({ session }) => session.listMcpTools(),
    'ListMcpTools',
    { ImageId: 'linux_latest' },
    JSON.stringify(TOOLS),
    { tools: TOOLS },
  ],
  [
    'listMcpTools(image)',
    ({ session }) => session.listMcpTools('code_latest'),
    'ListMcpTools',
    { ImageId: 'code_latest' },
    '[]',
    { tools: [] },
  ],
  [
    'callMcpTool(name, args)',
    ({ session }) => session.callMcpTool('shell', { command: 'ls "ü"', n: null }),
    'CallMcpTool',
    { SessionId: 'S', Name: 'shell', Args: '{"command":"ls \\"ü\\"","n":null}', AutoGenSession: 'false' },
    said('files'),
    { data: 'files' },
  ],
  [
    'callMcpTool with autoGenSession, the answer as JSON text',
    ({ session }) => session.callMcpTool('shell', {}, { autoGenSession: true }),
    'CallMcpTool',
    { SessionId: 'S', Name: 'shell', Args: '{}', AutoGenSession: 'true' },
    JSON.stringify(said('')),
    { data: '' },
  ],
  [
    'callMcpTool of press_keys',
    ({ session }) =>
      session.callMcpTool('press_keys', { keys: ['CTRL', 'C', 'enter', 'f5', 'Odd', 'pagedown'] }),
    'CallMcpTool',
    {
      SessionId: 'S',
      Name: 'press_keys',
      Args: '{"keys":["Ctrl","c","Enter","F5","Odd","PageDown"]}',
      AutoGenSession: 'false',
    },
    said('ok'),
    { data: 'ok' },
  ],
  [
    'pauseAsync()',
    ({ session }) => session.pauseAsync(),
    'PauseSessionAsync',
    { SessionId: 'S' },
    null,
    { status: 'PAUSING' },
  ],
  [
    'resumeAsync()',
    ({ session }) => session.resumeAsync(),
    'ResumeSessionAsync',
    { SessionId: 'S' },
    null,
    { status: 'RESUMING' },
  ],
  [
    'getStatus()',
    ({ session }) => session.getStatus(),
    'GetSessionDetail',
    {},
    { Status: 'PAUSED' },
    { status: 'PAUSED' },
    '&SessionId=S',
  ],
  [
    'keepAlive()',
    ({ session }) => session.keepAlive(),
    'RefreshSessionIdleTime',
    { SessionId: 'S' },
    null,
    { data: null },
  ],
  ...[
    ['agent', 'asyncExecuteTask', 'flux_', {}],
    ['agent.computer', 'executeTask', 'flux_', {}],
    ['agent.browser', 'executeTask', 'browser_use_', {}],
    ['agent.mobile', 'executeTask', '', { max_steps: 50 }],
  ].map(([place, method, prefix, more]) => [
    `${place}.${method}(task)`,
    ({ session }) => at(session, place)[method]('do'),
    'CallMcpTool',
    tool(`${prefix}execute_task`, { task: 'do', ...more }),
    said(TASK),
    { taskId: 'T', taskStatus: 'running', taskResult: '' },
  ]),
  [
    'agent.browser.executeTask with its options',
    ({ session }) =>
      session.agent.browser.executeTask('do', {
        useVision: true,
        outputSchema: { type: 'object' },
        fullPageScreenshot: false,
      }),
    'CallMcpTool',
    tool('browser_use_execute_task', {
      task: 'do',
      use_vision: true,
      output_schema: '{"type":"object"}',
      full_page_screenshot: false,
    }),
    said({ taskId: 'T' }),
    { taskId: 'T' },
  ],
  [
    'agent.getTaskStatus(id)',
    ({ session }) => session.agent.getTaskStatus('T'),
    'CallMcpTool',
    tool('flux_get_task_status', TASK),
    said({ ...TASK, status: 'running', action: 'clicks', product: { a: 1 } }),
    { taskId: 'T', taskStatus: 'running', taskAction: 'clicks', taskProduct: '{"a":1}' },
  ],
  [
    'agent.mobile.getTaskStatus(id)',
    ({ session }) => session.agent.mobile.getTaskStatus('T'),
    'CallMcpTool',
    tool('get_task_status', TASK),
    said({ taskId: 'T', result: 'r', stream: [1] }),
    { taskId: 'T', taskStatus: 'completed', taskProduct: 'r', stream: [1] },
  ],
  [
    'agent.terminateTask(id)',
    ({ session }) => session.agent.terminateTask('T'),
    'CallMcpTool',
    tool('flux_terminate_task', TASK),
    said(TASK),
    { taskId: 'T', taskStatus: 'finished' },
  ],
];

function tool(name, args) {
  return { SessionId: 'S', Name: name, Args: JSON.stringify(args), AutoGenSession: 'false' };
}

function at(session, place) {
  return place.split('.').reduce((value, name) => value[name], session);
}

describe('every method', () => {
  for (const [what, call, action, form, data, expected, query = ''] of CALLS) {
    test(what, async () => {
      const server = await agentbayServer({ InitBrowser: {}, [action]: () => data });
      try {
        const agentBay = new AgentBay({ apiKey: KEY, endpoint: server.url });
        const session = new Session(agentBay, 'S');
        const result = await call({ agentBay, session });
        // Its own test is in agentbay-waits.
        const asksForBrowser = what.startsWith('agent.browser.executeTask');
        assert.equal(server.count('InitBrowser'), asksForBrowser ? 1 : 0);
        const [request, ...others] = server.requests.filter(({ what }) => what !== 'InitBrowser');
        assert.deepEqual(others, []);
        assert.equal(request.method, 'POST');
        const stamp = /&Timestamp=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ&SignatureNonce=[0-9a-f]{32}$/;
        assert.match(request.url, stamp);
        assert.equal(
          request.url.replace(stamp, ''),
          `/?Action=${action}&Format=json&Version=2025-05-06${query}`,
        );
        const sent = Object.fromEntries(new URLSearchParams(request.body));
        assert.deepEqual(sent, { ...form, Authorization: `Bearer ${KEY}` });
        assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded');
        assert.equal(request.headers['x-acs-action'], action);
        assert.equal(request.headers['x-acs-version'], '2025-05-06');
        assert.equal(request.headers.authorization, undefined);
        const {
          requestId,
          success,
          errorMessage,
          code,
          message,
          httpStatusCode,
          session: made,
          ...more
        } = result;
        assert.deepEqual(
          [requestId, success, errorMessage, code, message, httpStatusCode],
          [`req-${server.requests.length}`, true, '', 'ok', 'success', 200],
        );
        for (const [name, value] of Object.entries(expected)) assert.deepEqual(more[name], value, name);
        if (made) {
          assert.ok(made instanceof Session);
          assert.deepEqual([made.sessionId, made.resourceUrl], ['S', 'https://look']);
        }
      } finally {
        await server.close();
      }
    });
  }
});

test('each attempt has a time and bits of its own', async () => {
  const server = await agentbayServer({
    GetLabel: (_fields, count) => (count === 1 ? raw(503, '', { 'retry-after-ms': '1' }) : {}),
  });
  try {
    const agentBay = new AgentBay({ apiKey: KEY, endpoint: server.url });
    await new Session(agentBay, 'S').getLabels();
    const bits = server.requests.map(({ query }) => query.get('SignatureNonce'));
    assert.equal(new Set(bits).size, 2);
  } finally {
    await server.close();
  }
});

test('where there is no Node, a request has only headers that need no leave of the other origin', async () => {
  const { versions } = process;
  const sent = [];
  const fetch = async (url, init) => {
    sent.push([url, init]);
    return Response.json({ RequestId: 'r', Success: true, Data: {} });
  };
  const agentBay = new AgentBay({ apiKey: KEY, endpoint: 'http://h', fetch });
  Object.defineProperty(process, 'versions', { value: {}, configurable: true });
  try {
    await new Session(agentBay, 'S').getLabels();
  } finally {
    Object.defineProperty(process, 'versions', { value: versions, configurable: true });
  }
  const [[url, { headers, method, body }]] = sent;
  assert.deepEqual(Object.keys(headers).sort(), ['accept', 'content-type']);
  assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(method, 'POST');
  assert.ok(!url.includes('secret'));
  assert.ok(body.includes('Authorization=Bearer+akm-a+very+secret+key'));
});

describe('pages of sessions', () => {
  const pages = { '': ['a', 'two'], two: ['b', 'three'], three: ['c', ''] };
  const listing = ({ NextToken = '' }) => {
    const [SessionId, next] = pages[NextToken];
    return raw(200, {
      RequestId: `req-${SessionId}`,
      Success: true,
      Data: [{ SessionId, SessionStatus: 'RUNNING' }],
      NextToken: next,
      MaxResults: 1,
      TotalCount: 3,
    });
  };
  let server;
  let agentBay;
  beforeEach(async () => {
    server = await agentbayServer({ ListSession: listing });
    agentBay = new AgentBay({ apiKey: KEY, endpoint: server.url });
  });
  afterEach(() => server.close());

  test('a page is reached over the ones before it', async () => {
    const { sessionIds, nextToken, maxResults, totalCount, requestId } = await agentBay.list({}, 2, 1);
    assert.deepEqual([sessionIds, nextToken, maxResults, totalCount], [['b'], 'three', 1, 3]);
    assert.equal(requestId, 'req-b');
    assert.equal(server.requests.length, 2);
  });

  test('a page behind the last one is a failure', async () => {
    const { success, errorMessage, requestId } = await agentBay.list({}, 4, 1);
    assert.deepEqual(
      [success, errorMessage, requestId],
      [false, 'Cannot reach page 4: No more pages available', 'req-c'],
    );
  });

  test('the iterator goes through all of them', async () => {
    const ids = [];
    for await (const { sessionId } of agentBay.sessions()) ids.push(sessionId);
    assert.deepEqual(ids, ['a', 'b', 'c']);
  });
});

describe('the endpoint', () => {
  const NAMES = ['API_KEY', 'ENDPOINT', 'REGION_ID', 'TIMEOUT_MS'].map((name) => `AGENTBAY_${name}`);
  let urls;
  const fetch = async (url, { body }) => {
    urls.push([new URL(url).origin, Object.fromEntries(new URLSearchParams(body))]);
    return Response.json({ RequestId: 'r', Success: true, Data: SESSION });
  };
  beforeEach(() => {
    urls = [];
  });
  afterEach(() => {
    for (const name of NAMES) delete process.env[name];
  });

  for (const [what, options, environment, origin, region] of [
    ['nothing', {}, {}, 'https://agentbay.cn-hangzhou.aliyuncs.com', 'cn-hangzhou'],
    ['a bare host', { endpoint: 'h:8' }, {}, 'https://h:8', undefined],
    ['an address', { endpoint: 'http://h:8' }, {}, 'http://h:8', undefined],
    ['a region', { regionId: 'us-east-1' }, {}, 'https://agentbay.us-east-1.aliyuncs.com', 'us-east-1'],
    [
      'a region and a host',
      { regionId: 'us-east-1', endpoint: 'h' },
      {},
      'https://agentbay.us-east-1.aliyuncs.com',
      'us-east-1',
    ],
    ['the environment', {}, { ENDPOINT: 'e' }, 'https://e', undefined],
    [
      'the environment with a region',
      {},
      { ENDPOINT: 'e', REGION_ID: 'r' },
      'https://agentbay.r.aliyuncs.com',
      'r',
    ],
    [
      'code, which wins over all of the environment',
      { timeoutMs: 5 },
      { ENDPOINT: 'e', REGION_ID: 'r' },
      'https://agentbay.cn-hangzhou.aliyuncs.com',
      'cn-hangzhou',
    ],
  ]) {
    test(`from ${what}`, async () => {
      process.env.AGENTBAY_API_KEY = 'from-environment';
      for (const [name, value] of Object.entries(environment)) process.env[`AGENTBAY_${name}`] = value;
      await new AgentBay({ fetch, ...options }).create();
      const [[seen, form]] = urls;
      assert.equal(seen, origin);
      assert.equal(form.LoginRegionId, region);
      assert.equal(form.Authorization, 'Bearer from-environment');
    });
  }

  test('the environment may limit the time of a request', async () => {
    process.env.AGENTBAY_TIMEOUT_MS = '20';
    const never = () => new Promise(() => {});
    const { error } = await new AgentBay({ apiKey: 'k', fetch: never }).get('S');
    assert.equal(error.kind, 'timeout');
  });

  test('no key is an error of the constructor that names it, and null sends none', async () => {
    assert.throws(() => new AgentBay(), { name: 'InvalidParameterError', field: 'apiKey' });
    await new AgentBay({ apiKey: null, fetch }).create();
    assert.ok(!('Authorization' in urls[0][1]));
  });

  for (const [field, options] of [
    ['regionId', { regionId: 'evil.example/' }],
    ['endpoint', { endpoint: 5 }],
    ['failures', { failures: 'never' }],
  ]) {
    test(`a bad ${field} is refused by name`, () => {
      assert.throws(() => new AgentBay({ apiKey: 'k', ...options }), {
        name: 'InvalidParameterError',
        field,
      });
    });
  }

  test('an address that cannot be used rejects the first call', async () => {
    const error = await failureOf(new AgentBay({ apiKey: 'k', endpoint: 'http://h?x=1', fetch }).create());
    assert.deepEqual([error.name, error.field], ['InvalidParameterError', 'endpoint']);
  });
});
