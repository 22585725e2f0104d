// Tasks and sessions that are waited for, and what happens when the network does not do its part.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { afterEach, describe, test } from 'node:test';
import {
  AgentBay,
  AgentError,
  AmbiguousStartError,
  APIError,
  Session,
  TimeoutError,
} from 'taskwright/agentbay';
import { agentbayServer, gone, raw, refused, said } from '../helpers/agentbay-server.mjs';
import { bare, claimsJson, cut, late, reset, stall, stallInBody } from '../helpers/lying-server.mjs';
import { failureOf, until } from '../helpers/outcome.mjs';

const STARTED = { InitBrowser: {}, CallMcpTool: () => said({ task_id: 'T' }) };
const START = 'CallMcpTool flux_execute_task';
const STATUS = 'CallMcpTool flux_get_task_status';
const END = 'CallMcpTool flux_terminate_task';
const task = (status, more) => said({ task_id: 'T', status, action: 'a', product: '', ...more });

let open = [];
afterEach(async () => {
  await Promise.all(open.map((server) => server.close()));
  open = [];
});

async function serve(how, options) {
  const server = await agentbayServer(how);
  open.push(server);
  const agentBay = new AgentBay({ apiKey: 'k', endpoint: server.url, ...options });
  return { server, agentBay, session: new Session(agentBay, 'S') };
}

describe('executeTask', () => {
  test('asks until the task has ended and gives its product, under the id of the submitting request', async () => {
    const { server, session } = await serve({
      ...STARTED,
      [STATUS]: (_fields, count) => (count < 3 ? task('running') : task('finished', { product: 'done' })),
    });
    const result = await session.agent.executeTask('do', 20);
    assert.deepEqual(
      [
        result.success,
        result.taskId,
        result.taskStatus,
        result.taskResult,
        result.errorMessage,
        result.requestId,
      ],
      [true, 'T', 'finished', 'done', '', 'req-1'],
    );
    assert.equal(server.count(STATUS), 3);
    const { fields } = server.requests.at(-1);
    assert.deepEqual(
      [fields.SessionId, fields.Args, fields.AutoGenSession, fields.Authorization],
      ['S', '{"task_id":"T"}', 'false', 'Bearer k'],
    );
  });

  for (const [word, errorMessage] of [
    ['failed', 'Failed to execute task. the reason'],
    ['unsupported', 'Unsuppported task. the reason'],
  ]) {
    test(`${word}: the vendor’s words, and behind them the reason`, async () => {
      const { session } = await serve({ ...STARTED, [STATUS]: task(word, { product: 'the reason' }) });
      const result = await session.agent.executeTask('do', 20);
      assert.deepEqual(
        [result.success, result.taskId, result.taskStatus, result.taskResult, result.errorMessage],
        [false, 'T', word, '', errorMessage],
      );
      assert.ok(result.error instanceof AgentError);
      assert.deepEqual([result.error.cause, result.error.taskId], ['the reason', 'T']);
      assert.equal(result.requestId, 'req-1');
    });
  }

  test('the time of a request is that of each question, too', async () => {
    const { server, session } = await serve(
      { ...STARTED, [STATUS]: (_f, count) => (count < 3 ? stall : task('finished', { product: 'p' })) },
      { timeoutMs: 100 },
    );
    assert.equal((await session.agent.executeTask('do', 20)).taskResult, 'p');
    assert.equal(server.count(STATUS), 3);
  });

  test('words that nobody knows keep waiting, and so do answers that nobody can read', async () => {
    const answers = [
      task('of next year'),
      said('<html>'),
      raw(200, ''),
      task('finished', { product: { a: 1 } }),
    ];
    const { session } = await serve({ ...STARTED, [STATUS]: (_fields, count) => answers[count - 1] });
    const { taskResult } = await session.agent.executeTask('do', 20);
    assert.equal(taskResult, '{"a":1}');
  });

  test('a tool’s error ends it in the tool’s own words', async () => {
    const { session } = await serve({
      ...STARTED,
      [STATUS]: said('Task not found or already finished: T', true),
    });
    const { success, taskStatus, errorMessage } = await session.agent.executeTask('do', 20);
    assert.deepEqual(
      [success, taskStatus, errorMessage],
      [false, 'failed', 'Task not found or already finished: T'],
    );
  });

  test('the text of a tool is found wherever it stands, and so is its error', async () => {
    const told = JSON.stringify({ status: 'finished', product: 'p' });
    const items = [told, { text: told }, { text: '', blob: told }, { text: 5, blob: null, data: told }];
    for (const item of items) {
      for (const isError of [false, 'False', '', null]) {
        const { session } = await serve({ ...STARTED, [STATUS]: { content: [item], isError } });
        const { taskResult, errorMessage } = await session.agent.executeTask('do', 1);
        assert.deepEqual([taskResult, errorMessage], ['p', ''], JSON.stringify([item, isError]));
        const { taskStatus, taskProduct } = await session.agent.getTaskStatus('T');
        assert.deepEqual([taskStatus, taskProduct], ['finished', 'p']);
      }
    }
    const content = ['no', { text: 'such' }, { blob: 'task' }, { data: '!' }, null];
    for (const isError of [true, 'true', 'True', 1, '1']) {
      const { session } = await serve({ ...STARTED, [STATUS]: { content, isError } });
      for (const result of [
        await session.agent.executeTask('do', 1),
        await session.agent.getTaskStatus('T'),
      ]) {
        assert.deepEqual([result.success, result.errorMessage], [false, 'no; such; task; !; ']);
        assert.equal(result.taskStatus, 'failed');
        assert.ok(result.error instanceof AgentError);
      }
    }
  });

  test('a failed question does not end it, a session that is gone does at once', async () => {
    const answers = [reset, bare(500), refused('Busy', 'later', 503), task('running'), gone()];
    const { server, session } = await serve({ ...STARTED, [STATUS]: (_fields, count) => answers[count - 1] });
    const result = await session.agent.executeTask('do', 20);
    assert.equal(server.count(STATUS), 5);
    assert.deepEqual(
      [result.success, result.taskId, result.taskStatus, result.requestId],
      [false, 'T', 'failed', 'req-refused'],
    );
    assert.equal(result.error.notFound, true);
    assert.match(result.errorMessage, /^Failed to execute: .*InvalidMcpSession\.NotFound/);
  });

  test('when the time is up the task is left running, with the vendor’s words', async () => {
    const { server, session } = await serve({ ...STARTED, [STATUS]: task('running') });
    const result = await session.agent.executeTask('do', 0.1);
    assert.deepEqual(
      [result.success, result.taskId, result.taskStatus, result.errorMessage, result.taskResult],
      [false, 'T', 'failed', 'Task timeout.', 'Task timeout.'],
    );
    assert.ok(result.error instanceof TimeoutError);
    assert.equal(result.requestId, 'req-1');
    assert.equal(server.count(END), 0);
  });

  test('no tries at all start it and do not wait', async () => {
    const { server, session } = await serve({ ...STARTED, [STATUS]: task('running') });
    assert.equal((await session.agent.executeTask('do', 0)).errorMessage, 'Task timeout.');
    assert.equal(server.count(START), 1);
  });

  test('when the time is up the task can be ended, and failing to do so changes nothing', async () => {
    for (const end of [said({ status: 'finished' }), gone()]) {
      const { server, session } = await serve({ ...STARTED, [STATUS]: task('running'), [END]: () => end });
      const result = await session.agent.executeTask('do', 0.1, { terminateOnTimeout: true });
      assert.equal(result.errorMessage, 'Task timeout.');
      assert.deepEqual([server.count(END), server.requests.at(-1).fields.Args], [1, '{"task_id":"T"}']);
    }
  });

  test('an abort rejects with the reason, leaves the task and asks no more', async () => {
    const { server, session } = await serve({ ...STARTED, [STATUS]: task('running') });
    const controller = new AbortController();
    const { signal } = controller;
    const result = session.agent.executeTask('do', 20, { signal, terminateOnTimeout: true });
    await until(() => server.count(STATUS) > 0);
    const reason = new Error('enough');
    controller.abort(reason);
    assert.equal(await failureOf(result), reason);
    const asked = server.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.deepEqual([server.requests.length, server.count(END)], [asked, 0]);
  });

  test('with failures thrown, a failed task rejects', async () => {
    const { session } = await serve({ ...STARTED, [STATUS]: task('failed') }, { failures: 'throw' });
    const error = await failureOf(session.agent.executeTask('do', 20));
    assert.ok(error instanceof AgentError);
    assert.match(error.stack, /agentbay-waits\.test/);
  });

  test('many tasks of many sessions are waited for together', async () => {
    const { server, agentBay } = await serve({
      CallMcpTool: ({ SessionId }) => said({ task_id: `T${SessionId}` }),
      [STATUS]: ({ SessionId }) => task('finished', { product: SessionId }),
    });
    const ids = Array.from({ length: 60 }, (_, number) => `${number}`);
    const results = await Promise.all(ids.map((id) => new Session(agentBay, id).agent.executeTask('do', 20)));
    assert.deepEqual(
      results.map(({ taskResult }) => taskResult),
      ids,
    );
    assert.equal(server.requests.length, 120);
  });
});

describe('executeTaskAndWait', () => {
  test('knows the tool and the last words of each family', async () => {
    const { server, session } = await serve({
      ...STARTED,
      'CallMcpTool browser_use_get_task_status': task('finished', { product: 'b' }),
      'CallMcpTool get_task_status': (_fields, count) =>
        count === 1 ? task('finished') : said({ taskId: 'T', status: 'completed', result: 'm' }),
    });
    const [browser, mobile] = await Promise.all([
      session.agent.browser.executeTaskAndWait('do', 20),
      session.agent.mobile.executeTaskAndWait('do', 20),
    ]);
    assert.deepEqual([browser.taskStatus, browser.taskResult], ['finished', 'b']);
    assert.deepEqual([mobile.taskStatus, mobile.taskResult], ['completed', 'm']);
    assert.equal(server.count('CallMcpTool get_task_status'), 2);
  });

  test('gets the browser ready before its first task, once', async () => {
    const { server, session } = await serve({
      ...STARTED,
      InitBrowser: (_f, count) => (count === 1 ? reset : {}),
    });
    const tasks = [];
    for (let n = 0; n < 2; n += 1) tasks.push(await session.agent.browser.executeTask('do'));
    assert.deepEqual(
      tasks.map(({ taskStatus }) => taskStatus),
      ['running', 'running'],
    );
    const asked = server.requests.map(({ what }) => what);
    const start = 'CallMcpTool browser_use_execute_task';
    assert.deepEqual(asked, ['InitBrowser', 'InitBrowser', start, start]);
    const { SessionId, PersistentPath } = server.requests[1].fields;
    assert.deepEqual([SessionId, PersistentPath], ['S', '/tmp/agentbay_browser']);
  });

  test('tasks that begin together get it ready once', async () => {
    let answer;
    const { server, session } = await serve({
      ...STARTED,
      InitBrowser: () => (response) => {
        answer = () => raw(200, { RequestId: 'r', Success: true })(response);
      },
    });
    const { browser } = session.agent;
    const controller = new AbortController();
    const { signal } = controller;
    const tasks = ['one', 'two'].map((task) => browser.executeTask(task));
    const stopped = failureOf(browser.executeTask('three', { signal }));
    const other = browser.executeTask('four', { signal: new AbortController().signal });
    await until(() => server.requests.length === 1);
    controller.abort('enough');
    assert.equal(await stopped, 'enough');
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    answer();
    for (const { taskId } of await Promise.all([...tasks, other])) assert.equal(taskId, 'T');
    assert.equal(await failureOf(browser.executeTask('five', { signal })), 'enough');
    assert.deepEqual(
      [server.count('InitBrowser'), server.count('CallMcpTool browser_use_execute_task')],
      [1, 3],
    );
  });

  test('whoever asks does so within limits of its own; should it fail or stop, the others ask themselves', async () => {
    const { server, session } = await serve({
      ...STARTED,
      InitBrowser: (_f, count) => (count === 1 ? () => {} : {}),
    });
    const { browser } = session.agent;
    const controller = new AbortController();
    const first = failureOf(browser.executeTask('one', { signal: controller.signal }));
    const others = ['two', 'three'].map((task) => browser.executeTask(task));
    await until(() => server.requests.length === 1);
    controller.abort('enough');
    assert.equal(await first, 'enough');
    await until(() => !server.requests[0].open);
    for (const { taskId } of await Promise.all(others)) assert.equal(taskId, 'T');
    const last = await browser.executeTask('four');
    assert.deepEqual([last.taskId, server.count('InitBrowser')], ['T', 3]);

    const failing = await serve({ ...STARTED, InitBrowser: () => refused('NoBrowser', 'none') });
    const results = await Promise.all(
      ['one', 'two'].map((task) => failing.session.agent.browser.executeTask(task)),
    );
    assert.notEqual(results[0].error, results[1].error);
    for (const { error } of results) assert.equal(error.operation, 'InitBrowser');
    assert.equal(failing.server.requests.length, 2);
  });

  test('a browser that takes too long to be ready is a timeout, and one that is not wanted any more is not asked for', async () => {
    const { server, session } = await serve({ ...STARTED, InitBrowser: () => () => {} }, { maxRetries: 0 });
    const signal = AbortSignal.abort('no');
    assert.equal(await failureOf(session.agent.browser.executeTask('do', { signal })), 'no');
    assert.equal(server.requests.length, 0);
    const { error, errorMessage } = await session.agent.browser.executeTask('do', { timeoutMs: 50 });
    assert.deepEqual([error.kind, error.operation], ['timeout', 'InitBrowser']);
    assert.match(errorMessage, /^Failed to execute: request timed out/);
    assert.equal(server.requests.length, 1);
  });

  test('a browser that cannot be made ready starts no task', async () => {
    const { server, session } = await serve({
      ...STARTED,
      InitBrowser: () => refused('NoBrowser', 'the image has none'),
    });
    const { success, errorMessage, taskStatus } = await session.agent.browser.executeTask('do');
    assert.deepEqual(
      [success, errorMessage, taskStatus],
      [false, 'Failed to execute: 400 [NoBrowser] the image has none', 'failed'],
    );
    assert.equal(server.requests.length, 1);
  });

  test('a cancelled task of a mobile has ended, and one that takes too long is said to', async () => {
    const { session } = await serve({ ...STARTED, 'CallMcpTool get_task_status': task('cancelled') });
    assert.equal((await session.agent.mobile.executeTaskAndWait('do', 20)).taskStatus, 'cancelled');
    const slow = await serve({ ...STARTED, [STATUS]: task('running') });
    assert.equal(
      (await slow.session.agent.computer.executeTaskAndWait('do', 0.2)).errorMessage,
      'Task execution timed out after 0.2 seconds. Task ID: T.',
    );
  });
});

describe('pause and resume', () => {
  for (const [method, action, passing, goal, begun] of [
    ['pause', 'PauseSessionAsync', 'PAUSING', 'PAUSED', 'PAUSING'],
    ['resume', 'ResumeSessionAsync', 'RESUMING', 'RUNNING', 'RESUMING'],
  ]) {
    const how = (...statuses) => ({
      [action]: null,
      GetSession: (_fields, count) => {
        const status = statuses[Math.min(count, statuses.length) - 1];
        return typeof status === 'function' ? status : { Status: status };
      },
    });

    test(`${method} waits for ${goal}`, async () => {
      const { server, session } = await serve(how(passing, 'of next year', reset, goal));
      const { success, status, requestId } = await session[method](600, 0.05);
      assert.deepEqual([success, status, requestId], [true, goal, 'req-1']);
      assert.equal(server.count('GetSession'), 4);
      assert.equal(server.requests.at(-1).fields.SessionId, 'S');
    });

    test(`${method} ends early when the session fails or is gone`, async () => {
      const { session } = await serve(how(passing, 'ERROR'));
      const failed = await session[method](600, 0.05);
      assert.deepEqual(
        [failed.success, failed.status, failed.errorMessage, failed.requestId],
        [false, 'ERROR', 'Session entered error state: ERROR', 'req-1'],
      );
      const lost = await (await serve(how(passing, gone()))).session[method](600, 0.05);
      assert.deepEqual([lost.success, lost.error.notFound], [false, true]);
    });

    test(`${method} ends when the session is back where it was`, async () => {
      const back = method === 'pause' ? 'RUNNING' : 'PAUSED';
      const { session } = await serve(how(passing, back));
      const { success, status, error } = await session[method](600, 0.05);
      assert.deepEqual([success, status, error.kind], [false, back, 'task_failed']);
    });

    test(`${method} gives the reason when the service has one`, async () => {
      const why = {
        RequestId: 'r',
        Success: true,
        Message: 'its pages do not stand still',
        Data: { Status: 'ERROR' },
      };
      const { session } = await serve(how(passing, raw(200, why)));
      const { errorMessage } = await session[method](600, 0.05);
      assert.equal(errorMessage, 'Session entered error state: ERROR: its pages do not stand still');
    });

    test(`${method} says when its time was up`, async () => {
      const { session } = await serve(how(passing));
      const { success, status, errorMessage, error } = await session[method](0.2, 0.05);
      assert.deepEqual(
        [success, status, errorMessage],
        [false, begun, `Timed out after 0.2 seconds waiting for session to ${method}`],
      );
      assert.ok(error instanceof TimeoutError);
    });
  }
});

describe('delete', () => {
  const DELETE = { DeleteSessionAsync: null };

  for (const [what, last] of [
    ['not found', gone()],
    ['FINISH', { Status: 'FINISH' }],
    ['DELETED', { Status: 'DELETED' }],
  ]) {
    test(`waits until the session is ${what}`, async () => {
      const answers = [{ Status: 'DELETING' }, reset, last];
      const { server, session } = await serve({
        ...DELETE,
        GetSessionDetail: (_fields, count) => answers[count - 1],
      });
      const { success, requestId } = await session.delete();
      assert.deepEqual([success, requestId, server.count('GetSessionDetail')], [true, 'req-1', 3]);
      assert.equal(server.requests.at(-1).query.get('SessionId'), 'S');
    });
  }

  test('an action that the server does not know is no session that is gone', async () => {
    const { session } = await serve(DELETE);
    const { success, error } = await session.delete();
    assert.deepEqual([success, error.code], [false, 'InvalidAction.NotFound']);
  });

  test('contexts are saved first, and that they cannot be does not keep the session', async () => {
    const transfers = (status) => ({
      ContextStatus: JSON.stringify([
        { type: 'data', data: JSON.stringify([{ taskType: 'upload', status }]) },
      ]),
    });
    const { server, session } = await serve({
      ...DELETE,
      SyncContext: null,
      GetContextInfo: (_fields, count) => transfers(count < 3 ? 'Running' : 'Failed'),
      GetSessionDetail: () => gone(),
    });
    assert.equal((await session.delete(true)).success, true);
    assert.deepEqual(
      server.requests.map(({ query }) => query.get('Action')),
      [
        'SyncContext',
        'GetContextInfo',
        'GetContextInfo',
        'GetContextInfo',
        'DeleteSessionAsync',
        'GetSessionDetail',
      ],
    );
    for (const { url, fields } of server.requests) {
      assert.ok(!url.includes('Authorization'));
      assert.equal(fields.Authorization, 'Bearer k');
    }
    const odd = await serve({ ...DELETE, GetSessionDetail: () => gone() }, { failures: 'throw' });
    assert.equal((await odd.session.delete(true)).success, true);
  });

  test('await using deletes the session, and a session that is gone already is fine', async () => {
    const { server, session } = await serve({ ...DELETE, GetSessionDetail: () => gone() });
    await session[Symbol.asyncDispose]();
    assert.equal(server.count('DeleteSessionAsync'), 1);
    const lost = await serve({ DeleteSessionAsync: () => gone() });
    await lost.session[Symbol.asyncDispose]();
    const kept = await serve({ DeleteSessionAsync: () => refused('No', 'no') });
    assert.ok((await failureOf(kept.session[Symbol.asyncDispose]())) instanceof APIError);
  });
});

describe('faults', () => {
  const come = refused('Throttling', 'slow down', 429);
  const starts = {
    create: ['CreateMcpSession', ({ agentBay }) => agentBay.create(), { SessionId: 'S' }],
    'a task': [START, ({ session }) => session.agent.asyncExecuteTask('do'), said({ task_id: 'T' })],
    'a tool': ['CallMcpTool t', ({ session }) => session.callMcpTool('t', {}), said('ok')],
  };
  for (const [what, [action, call, truth]] of Object.entries(starts)) {
    for (const [fault, lie] of Object.entries({
      'a reset before it answers': reset,
      'no answer': stall,
      'a body that does not come': stallInBody(),
      'a body that breaks off': cut(),
      'a 500': bare(500),
      'a 502': refused('Bad', 'gateway', 502),
      'a 503 that does not say when': bare(503),
      'something that is no JSON': claimsJson('{"RequestId":'),
      'JSON of something else': claimsJson('{"hello":1}'),
    })) {
      test(`${what}: ${fault} is sent once, and nobody claims to know`, async () => {
        const { server, agentBay, session } = await serve({ [action]: () => lie }, { timeoutMs: 300 });
        const { success, error } = await call({ agentBay, session });
        assert.equal(success, false);
        assert.ok(error instanceof AmbiguousStartError, `${error}`);
        assert.equal(server.count(action), 1);
        assert.match(error.message, /may or may not have been carried out/);
      });
    }

    for (const [fault, lie] of Object.entries({
      'a 503 that says when': bare(503, { 'retry-after-ms': '5' }),
      'a 429': (response) => {
        response.setHeader('retry-after-ms', '5');
        come(response);
      },
    })) {
      test(`${what}: ${fault} is sent again, and started once`, async () => {
        const { server, agentBay, session } = await serve({
          [action]: (_fields, count) => (count === 1 ? lie : truth),
        });
        assert.equal((await call({ agentBay, session })).success, true);
        assert.equal(server.count(action), 2);
      });
    }

    test(`${what}: an abort on the way rejects with the reason`, async () => {
      const { server, agentBay } = await serve({ [action]: () => stall });
      const reason = new Error('enough');
      const controller = new AbortController();
      const { signal } = controller;
      const session = new Session(agentBay, 'S');
      const calls = {
        create: () => agentBay.create({}, { signal }),
        'a task': () => session.agent.asyncExecuteTask('do', { signal }),
        'a tool': () => session.callMcpTool('t', {}, { signal }),
      };
      const result = calls[what]();
      await until(() => server.count(action) === 1);
      controller.abort(reason);
      assert.equal(await failureOf(result), reason);
      await until(() => server.requests.every(({ open }) => !open));
    });
  }

  const repeated = {
    getLabels: ['GetLabel', ({ session }) => session.getLabels()],
    setLabels: ['SetLabel', ({ session }) => session.setLabels({ a: '1' })],
    getTaskStatus: [STATUS, ({ session }) => session.agent.getTaskStatus('T'), task('running')],
    terminateTask: [END, ({ session }) => session.agent.terminateTask('T'), task('finished')],
    pauseAsync: ['PauseSessionAsync', ({ session }) => session.pauseAsync()],
    release: ['ReleaseMcpSession', ({ session }) => session.delete(false, { wait: false })],
    keepAlive: ['RefreshSessionIdleTime', ({ session }) => session.keepAlive()],
    get: ['GetSession', ({ agentBay }) => agentBay.get('S'), { SessionId: 'S' }],
  };
  for (const [what, [action, call, truth = {}]] of Object.entries(repeated)) {
    test(`${what} is sent again after a fault`, async () => {
      const lies = [
        reset,
        bare(503, { 'retry-after-ms': '1' }),
        late(1, raw(200, { Success: true, Data: truth })),
      ];
      const { server, ...all } = await serve({ [action]: (_fields, count) => lies[count - 1] });
      assert.equal((await call(all)).success, true);
      assert.equal(server.count(action), 3);
    });
  }

  test('an aborted call leaves no listener at its signal', async () => {
    const { session } = await serve({ ...STARTED, [STATUS]: task('finished') });
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args) => {
      listeners += 1;
      return addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args) => {
      listeners -= 1;
      return removeEventListener.apply(signal, args);
    };
    await session.agent.executeTask('do', 20, { signal });
    assert.equal(listeners, 0);
  });
});
