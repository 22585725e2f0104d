// What each method of `taskwright/asteroid` sends, for both versions of the API, and what it makes of the answer.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AsteroidClient } from 'taskwright/asteroid';
import {
  clientOf,
  EXECUTION,
  gives,
  HOST,
  PAGE,
  PROFILE,
  says,
  V1,
  V2,
} from '../helpers/asteroid-client.mjs';
import { failureOf } from '../helpers/outcome.mjs';
import { recordingFetch } from '../helpers/recording-fetch.mjs';

const CHANGE = { executionId: 'E', status: 'paused' };
const nothing = () => new Response(null, { status: 204 });

/**
 * `[apiVersion, what, call, request line, body, answer, value]`. `body` `undefined`: no body and no content type.
 * The metadata that a start gets added is looked at apart.
 */
const both = (...row) => ['v1', 'v2', undefined].map((version) => [version, ...row]);
const current = (...row) => ['v2', undefined].map((version) => [version, ...row]);
const older = (...row) => [['v1', ...row]];
/** Profiles go through version 1 unless version 2 is asked for. */
const sealed = (...row) => ['v1', undefined].map((version) => [version, ...row]);
const newer = (...row) => [['v2', ...row]];

const CALLS = [
  ...current(
    'executeAgent(id, data, profile)',
    (client) => client.executeAgent('A 1', { order: 'ü' }, 'P'),
    `POST ${V2}/agents/A%201/execute`,
    { dynamicData: { order: 'ü' }, agentProfileId: 'P' },
    gives({ executionId: 'E' }, 202),
    'E',
  ),
  ...current(
    'executeAgent(id)',
    (client) => client.executeAgent('A'),
    `POST ${V2}/agents/A/execute`,
    {},
    gives({ executionId: 'E' }, 202),
    'E',
  ),
  ...current(
    'executeAgent with everything',
    (client) =>
      client.executeAgent('A', {}, undefined, {
        inputs: { a: null },
        metadata: { mine: 1 },
        tempFiles: [{ id: 'T', name: 't.txt' }],
        version: 7,
      }),
    `POST ${V2}/agents/A/execute`,
    {
      dynamicData: {},
      inputs: { a: null },
      metadata: { mine: 1 },
      tempFiles: [{ id: 'T', name: 't.txt' }],
      version: 7,
    },
    gives({ executionId: 'E' }, 202),
    'E',
  ),
  ...older(
    'executeAgent(id, data, profile)',
    (client) => client.executeAgent('A/1', { order: 1 }, 'P'),
    `POST ${V1}/agent/A%2F1/execute`,
    { dynamic_data: { order: 1 }, agent_profile_id: 'P' },
    gives({ execution_id: 'E' }, 202),
    'E',
  ),
  ...both(
    'executeAgentSync',
    (client) => client.executeAgentSync('A', { a: 1 }, undefined, { timeoutSeconds: 3 }),
    `POST ${V2}/agents/A/execute/sync`,
    { dynamicData: { a: 1 }, timeoutSeconds: 3 },
    gives({ executionId: 'E', status: 'running' }, 202),
    { executionId: 'E', status: 'running' },
  ),
  ...current(
    'getExecutionStatus',
    (client) => client.getExecutionStatus('E'),
    `GET ${V2}/executions/E`,
    undefined,
    EXECUTION,
    { executionId: 'E', status: 'completed', updatedAt: EXECUTION.terminalAt },
  ),
  ...older(
    'getExecutionStatus',
    (client) => client.getExecutionStatus('E'),
    `GET ${V1}/execution/E/status`,
    undefined,
    { execution_id: 'E', status: 'new_one', reason: 'why', updated_at: 't' },
    { executionId: 'E', status: 'new_one', reason: 'why', updatedAt: 't' },
  ),
  ...current(
    'getExecutionResult',
    (client) => client.getExecutionResult('E'),
    `GET ${V2}/executions/E`,
    undefined,
    EXECUTION,
    EXECUTION.executionResult,
  ),
  ...older(
    'getExecutionResult',
    (client) => client.getExecutionResult('E'),
    `GET ${V1}/execution/E/result`,
    undefined,
    { execution_id: 'E', status: 'completed', execution_result: { outcome: 'failure', reasoning: 'r' } },
    { outcome: 'failure', reasoning: 'r' },
  ),
  ...both(
    'getExecution',
    (client) => client.getExecution('E'),
    `GET ${V2}/executions/E`,
    undefined,
    EXECUTION,
    EXECUTION,
  ),
  ...both(
    'cancelExecution',
    (client) => client.cancelExecution('E'),
    `POST ${V2}/executions/E/cancel`,
    undefined,
    CHANGE,
    CHANGE,
  ),
  ...both(
    'pauseExecution',
    (client) => client.pauseExecution('E'),
    `POST ${V2}/executions/E/pause`,
    undefined,
    CHANGE,
    CHANGE,
  ),
  ...both(
    'resumeExecution',
    (client) => client.resumeExecution('E'),
    `POST ${V2}/executions/E/resume`,
    undefined,
    CHANGE,
    CHANGE,
  ),
  ...both(
    'rerunExecution',
    (client) => client.rerunExecution('E'),
    `POST ${V2}/executions/E/rerun`,
    {},
    gives({ executionId: 'F' }, 202),
    'F',
  ),
  ...both(
    'deleteExecution',
    (client) => client.deleteExecution('E'),
    `DELETE ${V2}/executions/E`,
    undefined,
    nothing,
    undefined,
  ),
  ...both(
    'getExecutionFiles',
    (client) => client.getExecutionFiles('E'),
    `GET ${V2}/executions/E/context-files`,
    undefined,
    [{ id: 'F' }],
    [{ id: 'F' }],
  ),
  ...current(
    'getBrowserSessionRecording',
    (client) => client.getBrowserSessionRecording('E'),
    `GET ${V2}/executions/E`,
    undefined,
    EXECUTION,
    'https://r/new',
  ),
  ...current(
    'getBrowserSessionRecording of an older service',
    (client) => client.getBrowserSessionRecording('E'),
    `GET ${V2}/executions/E`,
    undefined,
    { ...EXECUTION, recordingUrl: null },
    'https://r/old',
  ),
  ...older(
    'getBrowserSessionRecording',
    (client) => client.getBrowserSessionRecording('E'),
    `GET ${V1}/execution/E/browser_session/recording`,
    undefined,
    { recording_url: 'https://r' },
    'https://r',
  ),
  ...both(
    'getLastNExecutionActivities',
    (client) => client.getLastNExecutionActivities('E', 5),
    `GET ${V2}/executions/E/activities?order=desc&limit=5`,
    undefined,
    [{ id: '1', payload: { activityType: 'of_next_year' } }],
    [{ id: '1', payload: { activityType: 'of_next_year' } }],
  ),
  ...both(
    'addMessageToExecution, answered as text',
    (client) => client.addMessageToExecution('E', 'the code is 12'),
    `POST ${V2}/executions/E/user-messages`,
    { message: 'the code is 12' },
    () => says('Added', 201),
    undefined,
  ),
  ...both(
    'addMessageToExecution, answered as JSON',
    (client) => client.addMessageToExecution('E', 'm'),
    `POST ${V2}/executions/E/user-messages`,
    { message: 'm' },
    gives('Added', 201),
    undefined,
  ),
  ...both(
    'getAgents',
    (client) => client.getAgents('O 1'),
    `GET ${V2}/agents?page=1&pageSize=100&organizationId=O%201`,
    undefined,
    PAGE,
    PAGE.items,
  ),
  ...both(
    'getAgents, a page',
    (client) => client.getAgents('O', 3, 7),
    `GET ${V2}/agents?page=3&pageSize=7&organizationId=O`,
    undefined,
    PAGE,
    PAGE.items,
  ),
  ...sealed(
    'getAgentProfiles',
    (client) => client.getAgentProfiles('O'),
    `GET ${V1}/agent-profiles?organization_id=O`,
    undefined,
    [PROFILE],
    [PROFILE],
  ),
  ...sealed(
    'getAgentProfiles without an organization',
    (client) => client.getAgentProfiles(),
    `GET ${V1}/agent-profiles`,
    undefined,
    [PROFILE],
    [PROFILE],
  ),
  ...newer(
    'getAgentProfiles',
    (client) => client.getAgentProfiles('O'),
    `GET ${V2}/profiles?organizationId=O&page=1&pageSize=100`,
    undefined,
    PAGE,
    PAGE.items,
  ),
  ...newer(
    'getAgentProfiles without an organization',
    (client) => client.getAgentProfiles(),
    `GET ${V2}/profiles?page=1&pageSize=100`,
    undefined,
    PAGE,
    PAGE.items,
  ),
  ...sealed(
    'getAgentProfile',
    (client) => client.getAgentProfile('P'),
    `GET ${V1}/agent-profiles/P`,
    undefined,
    PROFILE,
    PROFILE,
  ),
  ...newer(
    'getAgentProfile',
    (client) => client.getAgentProfile('P'),
    `GET ${V2}/profiles/P`,
    undefined,
    PROFILE,
    PROFILE,
  ),
  ...sealed(
    'createAgentProfile without credentials',
    (client) =>
      client.createAgentProfile({ name: 'n', organization_id: 'O', credentials: [], sticky_ip: false }),
    `POST ${V1}/agent-profiles`,
    { name: 'n', organization_id: 'O', credentials: [], sticky_ip: false },
    gives(PROFILE, 201),
    PROFILE,
  ),
  ...newer(
    'createAgentProfile',
    (client) => client.createAgentProfile({ name: 'n', organizationId: 'O' }),
    `POST ${V2}/profiles`,
    { name: 'n', organizationId: 'O' },
    gives(PROFILE, 201),
    PROFILE,
  ),
  ...sealed(
    'updateAgentProfile sends what the caller set and nothing else',
    (client) => client.updateAgentProfile('P', { name: 'm' }),
    `PATCH ${V1}/agent-profiles/P`,
    { name: 'm' },
    PROFILE,
    PROFILE,
  ),
  ...newer(
    'updateAgentProfile',
    (client) => client.updateAgentProfile('P', { stickyIP: true }),
    `PATCH ${V2}/profiles/P`,
    { stickyIP: true },
    PROFILE,
    PROFILE,
  ),
  ...sealed(
    'deleteAgentProfile, 200',
    (client) => client.deleteAgentProfile('P'),
    `DELETE ${V1}/agent-profiles/P`,
    undefined,
    { message: 'gone' },
    'gone',
  ),
  ...newer(
    'deleteAgentProfile, 204',
    (client) => client.deleteAgentProfile('P'),
    `DELETE ${V2}/profiles/P`,
    undefined,
    nothing,
    '',
  ),
  ...both(
    'getCredentialsPublicKey as text',
    (client) => client.getCredentialsPublicKey(),
    `GET ${V1}/credentials/public_key`,
    undefined,
    () => says('-----BEGIN PUBLIC KEY-----\n'),
    '-----BEGIN PUBLIC KEY-----\n',
  ),
  ...both(
    'getCredentialsPublicKey as a JSON string',
    (client) => client.getCredentialsPublicKey(),
    `GET ${V1}/credentials/public_key`,
    undefined,
    gives('-----BEGIN PUBLIC KEY-----\n', 200),
    '-----BEGIN PUBLIC KEY-----\n',
  ),
];

for (const [apiVersion, what, call, line, body, answer, value] of CALLS) {
  test(`apiVersion ${apiVersion ?? 'left out'}: ${what}`, async () => {
    const { client, requests, unmatched } = clientOf({ [line]: answer }, { apiVersion });
    assert.deepEqual(await call(client), value);
    assert.deepEqual(unmatched, []);
    assert.equal(requests.length, 1);
    const [{ headers, body: sent }] = requests;
    const [mine, other] = ['x-asteroid-agents-api-key', 'x-api-key'];
    const [carries, not] = line.includes(V1) ? [mine, other] : [other, mine];
    assert.equal(headers[carries], 'secret-key');
    assert.ok(!(not in headers), `no ${not}`);
    assert.ok(!('authorization' in headers));
    assert.match(headers.accept, /application\/json/);
    assert.equal(headers['content-type'], body === undefined ? undefined : 'application/json');
    if (body === undefined) return assert.ok(sent === undefined || sent === null, 'no body');
    const { metadata, ...rest } = JSON.parse(sent);
    const { metadata: given, ...expected } = body;
    assert.deepEqual(rest, expected);
    if (apiVersion !== 'v1' && line.startsWith(`POST ${V2}/agents/`)) {
      const { taskwright_start: id, ...others } = metadata;
      assert.match(id, /^[\w-]{20,}$/);
      assert.deepEqual(others, given ?? {});
    } else assert.equal(metadata, undefined);
  });
}

test('every filter of getExecutions is sent, lists as repeated parameters, times as RFC 3339', async () => {
  const recorder = recordingFetch();
  const client = new AsteroidClient({
    baseUrl: HOST,
    fetch: async (url, init) => {
      await recorder.fetch(url, init);
      return Response.json({ items: [], page: 1, pageSize: 20, total: 0 });
    },
  });
  const page = await client.getExecutions({
    organizationId: 'O',
    executionId: 'part',
    agentId: 'A',
    workflowId: 'W',
    agentProfileIds: ['p', 'q'],
    profileIds: ['r'],
    status: ['running', 'paused_by_agent'],
    phase: 'active',
    agentVersion: 3,
    createdAfter: new Date('2026-01-02T03:04:05.678Z'),
    createdBefore: '2026-02-01T00:00:00+02:00',
    humanLabels: ['l', 'm'],
    outcomeLabel: 'succ ess',
    metadataKey: 'k&',
    metadataValue: 'ü',
    sortField: 'created_at',
    sortDirection: 'asc',
    a_filter_of_next_year: true,
    left_out: undefined,
  });
  assert.deepEqual(page, { items: [], page: 1, pageSize: 20, total: 0 });
  const { searchParams, pathname } = new URL(recorder.requests[0].url);
  assert.equal(pathname, '/agents/v2/executions');
  assert.deepEqual(
    [...searchParams].sort().map(([name, value]) => `${name}=${value}`),
    [
      'a_filter_of_next_year=true',
      'agentId=A',
      'agentProfileIds=p',
      'agentProfileIds=q',
      'agentVersion=3',
      'createdAfter=2026-01-02T03:04:05.678Z',
      'createdBefore=2026-02-01T00:00:00+02:00',
      'executionId=part',
      'humanLabels=l',
      'humanLabels=m',
      'metadataKey=k&',
      'metadataValue=ü',
      'organizationId=O',
      'outcomeLabel=succ ess',
      'page=1',
      'pageSize=20',
      'phase=active',
      'profileIds=r',
      'sortDirection=asc',
      'sortField=created_at',
      'status=paused_by_agent',
      'status=running',
      'workflowId=W',
    ],
  );
});

test('half of a metadata filter is refused before anything is sent', async () => {
  const { client, requests } = clientOf({});
  for (const [filters, field] of [
    [{ metadataKey: 'k' }, 'metadataValue'],
    [{ metadataValue: 'v' }, 'metadataKey'],
  ]) {
    const error = await failureOf(client.getExecutions(filters));
    assert.equal(error.name, 'InvalidParameterError');
    assert.equal(error.field, field);
  }
  assert.equal(requests.length, 0);
});

/** A list of `total` executions in pages, as a service would serve it. */
function listing(total) {
  const asked = [];
  const fetch = async (url) => {
    const { searchParams } = new URL(url);
    const [page, pageSize] = [Number(searchParams.get('page')), Number(searchParams.get('pageSize'))];
    asked.push([page, pageSize, searchParams.getAll('status')]);
    const ids = Array.from({ length: total }, (_, index) => ({ id: `E${index + 1}` }));
    return Response.json({ items: ids.slice((page - 1) * pageSize, page * pageSize), page, pageSize, total });
  };
  return { asked, client: new AsteroidClient({ baseUrl: HOST, fetch }) };
}

test('executions() goes through all pages, in order, and asks for no page more than there are', async () => {
  for (const [total, pages] of [
    [0, 1],
    [1, 1],
    [4, 1],
    [9, 3],
    [8, 2],
  ]) {
    const { asked, client } = listing(total);
    const ids = [];
    for await (const { id } of client.executions({ pageSize: 4, status: ['a', 'b'] })) ids.push(id);
    assert.deepEqual(
      ids,
      Array.from({ length: total }, (_, index) => `E${index + 1}`),
    );
    assert.deepEqual(
      asked,
      Array.from({ length: pages }, (_, index) => [index + 1, 4, ['a', 'b']]),
    );
  }
});

test('executions() fetches nothing before it is asked and no page that is not needed', async () => {
  const { asked, client } = listing(1_000);
  const all = client.executions();
  assert.equal(asked.length, 0);
  for await (const { id } of all) if (id === 'E150') break;
  assert.deepEqual(asked, [
    [1, 100, []],
    [2, 100, []],
  ]);
});

test('executions() ends when the list becomes shorter than its total while it is read', async () => {
  const fetch = async (url) => {
    const page = Number(new URL(url).searchParams.get('page'));
    return Response.json({ items: page === 1 ? [{ id: 'E1' }] : [], page, pageSize: 100, total: 500 });
  };
  const ids = [];
  for await (const { id } of new AsteroidClient({ baseUrl: HOST, fetch }).executions()) ids.push(id);
  assert.deepEqual(ids, ['E1']);
});

test('executions() gives each once, also when new ones appear in front while it is read', async () => {
  let all = Array.from({ length: 6 }, (_, index) => ({ id: `E${6 - index}` }));
  const fetch = async (url) => {
    const query = new URL(url).searchParams;
    const [page, pageSize] = [Number(query.get('page')), Number(query.get('pageSize'))];
    const items = all.slice((page - 1) * pageSize, page * pageSize);
    const answer = Response.json({ items, page, pageSize, total: all.length });
    all = [{ id: `N${page}` }, ...all];
    return answer;
  };
  const ids = [];
  const client = new AsteroidClient({ baseUrl: HOST, fetch });
  for await (const { id } of client.executions({ pageSize: 3 })) ids.push(id);
  assert.deepEqual(ids, ['E6', 'E5', 'E4', 'E3', 'E2', 'E1']);
});

describe('options of the client', () => {
  test('a base URL may end with either version of the path, or with a slash', async () => {
    for (const end of ['', '/', '/api/v1', '/api/v1/', '/agents/v2', '/agents/v2/']) {
      const { client, requests, unmatched } = clientOf(
        { [`GET ${V2}/executions/E`]: EXECUTION, [`GET ${V1}/agent-profiles/P`]: PROFILE },
        { baseUrl: HOST + end },
      );
      await client.getExecution('E');
      await client.getAgentProfile('P');
      assert.deepEqual(unmatched, [], end);
      assert.deepEqual(
        requests.map(({ url }) => url),
        [`${HOST}${V2}/executions/E`, `${HOST}${V1}/agent-profiles/P`],
      );
    }
  });

  test('a base URL keeps the path before it', async () => {
    const { client, requests } = clientOf({}, { baseUrl: `${HOST}/proxy/agents/v2/`, maxRetries: 0 });
    await failureOf(client.getExecution('E'));
    assert.equal(requests[0].url, `${HOST}/proxy${V2}/executions/E`);
  });

  test('without a base URL it is the vendor\u2019s', async () => {
    const { client, requests } = clientOf({}, { baseUrl: undefined, maxRetries: 0 });
    await failureOf(client.getExecution('E'));
    assert.equal(requests[0].url, `https://odyssey.asteroid.ai${V2}/executions/E`);
  });

  test('headers of the client and of the call are sent, those of the call win whatever their case', async () => {
    const { client, requests } = clientOf(
      { [`GET ${V2}/executions/E`]: EXECUTION },
      { headers: { 'X-One': 'client', 'X-Two': 'client' } },
    );
    await client.getExecution('E', { headers: { 'x-one': 'call' } });
    const { 'x-one': one, 'x-two': two } = requests[0].headers;
    assert.deepEqual([one, two], ['call', 'client']);
  });

  test('two clients in one process share nothing', async () => {
    const routes = {
      [`GET ${V2}/executions/E`]: EXECUTION,
      [`GET ${V1}/execution/E/status`]: { status: 'x' },
    };
    const one = clientOf(routes, { apiKey: 'key-one', headers: { 'x-who': '1' } });
    const two = clientOf(routes, {
      apiKey: 'key-two',
      baseUrl: 'https://two.test',
      apiVersion: 'v1',
      headers: { 'x-who': '2' },
    });
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? one : two).client.getExecutionStatus('E')),
    );
    assert.deepEqual([one.requests.length, two.requests.length], [10, 10]);
    for (const { url, headers } of one.requests) {
      assert.equal(url, `${HOST}${V2}/executions/E`);
      assert.deepEqual([headers['x-api-key'], headers['x-who']], ['key-one', '1']);
    }
    for (const { url, headers } of two.requests) {
      assert.equal(url, `https://two.test${V1}/execution/E/status`);
      assert.deepEqual([headers['x-asteroid-agents-api-key'], headers['x-who']], ['key-two', '2']);
    }
  });

  test('an options object that is changed later does not change the client', async () => {
    const options = { apiKey: 'before', baseUrl: HOST, headers: { 'x-a': '1' } };
    const recorder = recordingFetch({ [`GET ${V2}/executions/E`]: EXECUTION });
    const client = new AsteroidClient(Object.assign(options, { fetch: recorder.fetch }));
    options.apiKey = 'after';
    options.apiVersion = 'v1';
    await client.getExecution('E');
    assert.equal(recorder.requests[0].headers['x-api-key'], 'before');
  });

  test('an apiVersion that does not exist is refused', () => {
    assert.throws(() => new AsteroidClient({ apiVersion: 'v3' }), {
      name: 'InvalidParameterError',
      field: 'apiVersion',
      message: '"apiVersion" takes "v1" or "v2", got "v3"',
    });
    for (const options of [null, 'key', 7])
      assert.throws(() => new AsteroidClient(options), { field: 'options' });
  });

  test('ids that would address something else are refused by name before anything is sent', async () => {
    const { client, requests } = clientOf({});
    const calls = [
      ['executionId', (id) => client.getExecution(id)],
      ['executionId', (id) => client.getExecutionStatus(id)],
      ['executionId', (id) => client.cancelExecution(id)],
      ['executionId', (id) => client.activities(id).next()],
      ['agentId', (id) => client.executeAgent(id)],
      ['profileId', (id) => client.deleteAgentProfile(id)],
    ];
    for (const [field, call] of calls) {
      for (const id of ['', '.', '..', undefined, null, {}]) {
        const error = await failureOf(call(id));
        assert.equal(error.name, 'InvalidParameterError');
        assert.equal(error.field, field);
      }
    }
    assert.equal(requests.length, 0);
  });

  test('what version 1 cannot say is refused instead of left out', async () => {
    const { client, requests } = clientOf({}, { apiVersion: 'v1' });
    for (const [option, value] of Object.entries({ metadata: {}, inputs: {}, tempFiles: [], version: 1 })) {
      const error = await failureOf(client.executeAgent('A', {}, undefined, { [option]: value }));
      assert.equal(error.field, option);
    }
    assert.equal(requests.length, 0);
  });

  test('parameters of the wrong kind are refused by name before anything is sent', async () => {
    const { client, requests } = clientOf({});
    const calls = {
      dynamicData: () => client.executeAgent('A', 'text'),
      agentProfileId: () => client.executeAgent('A', {}, 7),
      metadata: () => client.executeAgent('A', {}, undefined, { metadata: 'mine' }),
      version: () => client.executeAgent('A', {}, undefined, { version: 1.5 }),
      timeoutSeconds: () => client.executeAgentSync('A', {}, undefined, { timeoutSeconds: 26 }),
      limit: () => client.getLastNExecutionActivities('E', 0),
      message: () => client.addMessageToExecution('E', undefined),
      page: () => client.getAgents('O', 0),
    };
    for (const [field, call] of Object.entries(calls)) {
      const error = await failureOf(call());
      assert.equal(error.name, 'InvalidParameterError', field);
      assert.equal(error.field, field);
    }
    assert.equal(requests.length, 0);
  });
});

test('a result that is not there yet is an error that says so and may be tried again', async () => {
  for (const [apiVersion, line, answer] of [
    ['v2', `GET ${V2}/executions/E`, { id: 'E', status: 'running', executionResult: null }],
    ['v1', `GET ${V1}/execution/E/result`, { status: 'running' }],
    ['v1', `GET ${V1}/execution/E/result`, { status: 'running', execution_result: { outcome: '' } }],
  ]) {
    const { client } = clientOf({ [line]: answer }, { apiVersion });
    const error = await failureOf(client.getExecutionResult('E'));
    assert.equal(error.name, 'AsteroidAPIError');
    assert.equal(error.message, 'the result of execution E is not available yet (its status is running)');
    assert.equal(error.retryable, true);
    assert.equal(error.executionId, 'E');
  }
  const { client } = clientOf(
    { [`GET ${V1}/execution/E/result`]: { status: 'failed', error: 'it broke' } },
    { apiVersion: 'v1' },
  );
  assert.match((await failureOf(client.getExecutionResult('E'))).message, /it broke/);
});

test('the result of an execution that failed or was cancelled is an error, for good, and brings what there is', async () => {
  const failure = { outcome: 'failure', reasoning: 'sold out' };
  for (const [apiVersion, line, answer, result] of [
    ['v2', `GET ${V2}/executions/E`, { id: 'E', status: 'failed', executionResult: failure }, failure],
    ['v2', `GET ${V2}/executions/E`, { id: 'E', status: 'cancelled', executionResult: null }],
    ['v1', `GET ${V1}/execution/E/result`, { status: 'failed', execution_result: failure }, failure],
    ['v1', `GET ${V1}/execution/E/result`, { status: 'cancelled' }],
  ]) {
    const { client } = clientOf({ [line]: answer }, { apiVersion });
    const error = await failureOf(client.getExecutionResult('E'));
    assert.equal(error.name, 'ExecutionError');
    assert.equal(error.message, `execution E ended with status: ${answer.status}`);
    assert.equal(error.retryable, false);
    assert.equal(error.executionStatus, answer.status);
    assert.deepEqual(error.executionResult, result);
  }
});

test('a recording that is not there yet is an error that may be tried again', async () => {
  const { client } = clientOf({ [`GET ${V2}/executions/E`]: { id: 'E', status: 'running' } });
  const error = await failureOf(client.getBrowserSessionRecording('E'));
  assert.equal(error.message, 'execution E has no recording, or not yet');
  assert.equal(error.retryable, true);
});

test('a rerun whose answer names no execution is an error, not an undefined id', async () => {
  const { client } = clientOf({ [`POST ${V2}/executions/E/rerun`]: gives({}, 202) });
  const error = await failureOf(client.rerunExecution('E'));
  assert.equal(error.name, 'AmbiguousStartError');
  assert.match(error.message, /has no id/);
});
