// How calls of `taskwright/agentbay` fail: both channels of the service and three ways to be told.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { TaskwrightError } from 'taskwright';
import * as agentbay from 'taskwright/agentbay';
import { agentbayServer, gone, raw, refused, said, softly } from '../helpers/agentbay-server.mjs';
import { failureOf } from '../helpers/outcome.mjs';

const { AgentBay, AgentBayError, AgentError, Session, SessionError, SessionInfo } = agentbay;
const KEY = 'akm-secret';

/** `[call, whether the vendor's rejects, what stands before the service's words, what a silent success brings]` */
const METHODS = {
  create: [({ agentBay }) => agentBay.create(), false, 'Failed to create session: '],
  get: [({ agentBay }) => agentBay.get('S'), false, 'Failed to get session S: '],
  list: [({ agentBay }) => agentBay.list(), false, 'Failed to list sessions: '],
  'agentBay.delete': [
    ({ agentBay, session }) => agentBay.delete(session),
    false,
    'Failed to delete session S: ',
  ],
  delete: [({ session }) => session.delete(), false, 'Failed to delete session S: '],
  'delete without a wait': [
    ({ session }) => session.delete(false, { wait: false }),
    false,
    'Failed to delete session S: ',
  ],
  setLabels: [
    ({ session }) => session.setLabels({ a: '1' }),
    true,
    'Failed to set labels for session S: ',
    { data: null },
  ],
  getLabels: [
    ({ session }) => session.getLabels(),
    true,
    'Failed to get labels for session S: ',
    { data: {} },
  ],
  info: [
    ({ session }) => session.info(),
    true,
    'Failed to get session info for session S: ',
    { data: new SessionInfo() },
  ],
  getLink: [({ session }) => session.getLink(), true, 'Failed to get link: ', { data: '' }],
  listMcpTools: [({ session }) => session.listMcpTools(), true, 'Failed to list MCP tools: ', { tools: [] }],
  callMcpTool: [({ session }) => session.callMcpTool('t', {}), false, 'API request failed: '],
  pause: [({ session }) => session.pause(), false, 'Unexpected error pausing session: '],
  pauseAsync: [({ session }) => session.pauseAsync(), false, 'Unexpected error pausing session: '],
  resume: [({ session }) => session.resume(), false, 'Unexpected error resuming session: '],
  resumeAsync: [({ session }) => session.resumeAsync(), false, 'Unexpected error resuming session: '],
  getStatus: [({ session }) => session.getStatus(), false, 'Failed to get session status: '],
  keepAlive: [({ session }) => session.keepAlive(), false, 'Failed to keep the session alive: '],
  asyncExecuteTask: [({ session }) => session.agent.asyncExecuteTask('t'), false, 'Failed to execute: '],
  executeTask: [({ session }) => session.agent.executeTask('t', 2), false, 'Failed to execute: '],
  getTaskStatus: [({ session }) => session.agent.getTaskStatus('T'), false, 'API request failed: '],
  terminateTask: [({ session }) => session.agent.terminateTask('T'), false, 'API request failed: '],
  'browser.executeTaskAndWait': [
    ({ session }) => session.agent.browser.executeTaskAndWait('t', 9),
    false,
    'Failed to execute: ',
  ],
};

/** Everything is answered with one lie. */
const answered = (lie) => new Proxy({}, { get: () => () => lie });

async function with_(lie, options, work) {
  const server = await agentbayServer(answered(lie));
  try {
    const agentBay = new AgentBay({ apiKey: KEY, endpoint: server.url, ...options });
    return await work({ agentBay, session: new Session(agentBay, 'S'), server });
  } finally {
    await server.close();
  }
}

for (const [name, [call, rejects, prefix, silent]] of Object.entries(METHODS)) {
  describe(name, () => {
    test('an error status is told with the service’s words, code and request id', async () => {
      const lie = refused('Quota.Exceeded', `no more for ${KEY}`, 403);
      const words = '403 [Quota.Exceeded] no more for [redacted]';
      await with_(lie, {}, async (all) => {
        if (rejects) {
          const error = await failureOf(call(all));
          assert.ok(error instanceof SessionError && error instanceof AgentBayError);
          assert.ok(error instanceof TaskwrightError && error.cause instanceof agentbay.AuthenticationError);
          assert.equal(error.message, prefix + words);
          assert.deepEqual(
            [error.requestId, error.code, error.status],
            ['req-refused', 'Quota.Exceeded', 403],
          );
          return;
        }
        const result = await call(all);
        assert.equal(result.errorMessage, prefix + words);
        assert.deepEqual(
          [result.success, result.requestId, result.code, result.httpStatusCode],
          [false, 'req-refused', 'Quota.Exceeded', 403],
        );
        assert.ok(result.error instanceof agentbay.AuthenticationError);
        assert.ok(!JSON.stringify(result).includes(KEY));
      });
    });

    test('a refusal under status 200 is no success', async () => {
      await with_(softly('Busy', 'come back'), {}, async (all) => {
        if (rejects) {
          const error = await failureOf(call(all));
          assert.equal(error.message, `${prefix}[Busy] come back`);
          assert.deepEqual([error.requestId, error.code], ['req-soft', 'Busy']);
          return;
        }
        const { success, errorMessage, requestId, code, message, httpStatusCode } = await call(all);
        assert.deepEqual(
          [success, errorMessage, requestId, code, message, httpStatusCode],
          [false, '[Busy] come back', 'req-soft', 'Busy', 'come back', 403],
        );
      });
    });

    test('silentSuccess brings back the silent successes of the vendor, and no others', async () => {
      await with_(softly('Busy', 'come back'), { silentSuccess: true }, async (all) => {
        const result = await call(all);
        assert.equal(result.success, silent !== undefined);
        assert.equal(result.requestId, 'req-soft');
        for (const [member, value] of Object.entries(silent ?? {})) assert.deepEqual(result[member], value);
      });
      if (!rejects) return;
      await with_(refused('Busy', 'm'), { silentSuccess: true }, async (all) => {
        assert.ok((await failureOf(call(all))) instanceof SessionError);
      });
    });

    test('failures can all be thrown, or all be results', async () => {
      const lie = refused('Some.Code', 'words', 400);
      await with_(lie, { failures: 'throw' }, async (all) => {
        const error = await failureOf(call(all));
        assert.ok(error instanceof AgentBayError);
        assert.deepEqual([error.requestId, error.code], ['req-refused', 'Some.Code']);
      });
      await with_(lie, { failures: 'result' }, async (all) => {
        const { success, error, errorMessage } = await call(all);
        assert.deepEqual([success, error instanceof AgentBayError], [false, true]);
        assert.equal(errorMessage, `${prefix}400 [Some.Code] words`);
      });
    });

    test('an answer that is none is a failure, with the request id when it has one', async () => {
      const options = { failures: 'result', maxRetries: 0, timeoutMs: 1_000 };
      for (const lie of [raw(200, '<html>'), raw(200, ''), raw(200, {}), raw(200, '[1]'), raw(200, 'null')]) {
        await with_(lie, options, async (all) => {
          const { success, error } = await call(all);
          assert.equal(success, false);
          assert.ok(['decode', 'ambiguous_start'].includes(error.kind), error.kind);
        });
      }
    });

    test('an aborted call rejects with the reason in every mode', async () => {
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      const fetch = () => assert.fail('nothing may be sent');
      for (const failures of ['vendor', 'throw', 'result']) {
        const agentBay = new AgentBay({ apiKey: KEY, endpoint: 'http://h', fetch, failures });
        const session = new Session(agentBay, 'S');
        const error = await failureOf(withSignal(name, { agentBay, session }, { signal }));
        assert.equal(error, reason, failures);
      }
    });
  });
}

/** The same calls with options at their ends. */
function withSignal(name, { agentBay, session }, options) {
  const { agent } = session;
  const calls = {
    create: () => agentBay.create({}, options),
    get: () => agentBay.get('S', options),
    list: () => agentBay.list({}, 1, 10, options),
    'agentBay.delete': () => agentBay.delete(session, true, options),
    delete: () => session.delete(true, options),
    'delete without a wait': () => session.delete(false, { wait: false, ...options }),
    setLabels: () => session.setLabels({ a: '1' }, options),
    getLabels: () => session.getLabels(options),
    info: () => session.info(options),
    getLink: () => session.getLink(undefined, undefined, undefined, options),
    listMcpTools: () => session.listMcpTools(undefined, options),
    callMcpTool: () => session.callMcpTool('t', {}, options),
    pause: () => session.pause(600, 2, options),
    pauseAsync: () => session.pauseAsync(options),
    resume: () => session.resume(600, 2, options),
    resumeAsync: () => session.resumeAsync(options),
    getStatus: () => session.getStatus(options),
    keepAlive: () => session.keepAlive(options),
    asyncExecuteTask: () => agent.asyncExecuteTask('t', options),
    executeTask: () => agent.executeTask('t', 2, options),
    getTaskStatus: () => agent.getTaskStatus('T', options),
    terminateTask: () => agent.terminateTask('T', options),
    'browser.executeTaskAndWait': () => agent.browser.executeTaskAndWait('t', 9, options),
  };
  return calls[name]();
}

describe('a session that does not exist', () => {
  test('info says so without an error, unless all failures are thrown', async () => {
    await with_(gone(), {}, async ({ session }) => {
      const { success, errorMessage, data, requestId, error } = await session.info();
      assert.deepEqual(
        [success, errorMessage, data, requestId],
        [false, 'Session S not found', null, 'req-refused'],
      );
      assert.equal(error.notFound, true);
    });
    await with_(gone(), { failures: 'throw' }, async ({ session }) => {
      assert.equal((await failureOf(session.info())).notFound, true);
    });
  });

  test('its other calls say it in the service’s words', async () => {
    await with_(gone(), {}, async ({ session }) => {
      const { error, errorMessage } = await session.callMcpTool('t', {});
      assert.equal(error.notFound, true);
      assert.match(errorMessage, /InvalidMcpSession\.NotFound/);
      assert.equal((await failureOf(session.getLabels())).notFound, true);
    });
  });
});

test('a tool’s own error is never lost', async () => {
  const error = { content: [{ text: 'no such' }, { text: 'file' }], isError: true };
  await with_(error, {}, async ({ session }) => {
    const calls = [
      session.callMcpTool('t', {}),
      session.agent.asyncExecuteTask('t'),
      session.agent.executeTask('t', 1),
      session.agent.getTaskStatus('T'),
      session.agent.terminateTask('T'),
    ];
    for (const result of await Promise.all(calls)) {
      assert.deepEqual([result.success, result.errorMessage], [false, 'no such; file']);
      assert.ok(result.error instanceof AgentError);
      assert.match(result.requestId, /^req-\d$/);
    }
    const [, , task] = await Promise.all(calls);
    assert.deepEqual([task.taskStatus, task.taskResult], ['failed', 'Task Failed']);
  });
});

test('a tool that fails without a word is said to', async () => {
  await with_({ content: [], isError: true }, {}, async ({ session }) => {
    const { success, errorMessage } = await session.callMcpTool('t', {});
    assert.deepEqual([success, errorMessage], [false, 'the tool says no more']);
  });
});

test('a tool that repeats the key does not bring it into results and errors', async () => {
  const told = `denied for Bearer ${KEY}, "${KEY}"`;
  await with_({ content: [{ text: told }], isError: true }, {}, async ({ session }) => {
    for (const call of [session.callMcpTool('t', {}), session.agent.getTaskStatus('T')]) {
      const { errorMessage, error } = await call;
      assert.equal(errorMessage, 'denied for Bearer [redacted], "[redacted]"');
      assert.match(JSON.stringify(error.body), /denied for Bearer \[redacted\]/);
      assert.ok(!`${inspect(error)} ${JSON.stringify(error)}`.includes(KEY));
    }
  });
});

test('a key that is an ordinary word does no harm', async () => {
  for (const apiKey of ['true', 'null', 'none', 'test', '1234', 'text', 'k', '']) {
    for (const failures of ['vendor', 'throw', 'result']) {
      const told = { content: [{ text: 'no such file' }], isError: true, code: 1234, more: null };
      await with_(told, { apiKey, failures }, async ({ session }) => {
        const error = await session.callMcpTool('t', {}).then(
          ({ error }) => error,
          (error) => error,
        );
        assert.ok(error instanceof AgentError, `${apiKey}: ${error}`);
        assert.equal(error.message, 'no such file');
        assert.equal(error.body.Data.code, 1234);
      });
    }
  }
});

test('a task that repeats the key fails without it, in words, stack, cause and body', async () => {
  const told = { task_id: 'T', status: 'failed', error: { why: `denied for ${KEY}` } };
  await with_(said(told), { failures: 'throw' }, async ({ session }) => {
    const error = await failureOf(session.agent.executeTask('t', 1));
    assert.ok(error instanceof AgentError);
    assert.deepEqual(error.cause, { why: 'denied for [redacted]' });
    for (const part of ['message', 'stack', 'cause', 'body']) {
      assert.ok(!inspect(error[part], { depth: 9 }).includes(KEY), part);
    }
  });
  await with_({ said: KEY }, {}, async ({ agentBay }) => {
    const error = await failureOf(agentBay.sessions().next());
    assert.deepEqual([error.kind, error.body.Data], ['decode', { said: '[redacted]' }]);
  });
});

test('the cause of a lost connection is what the runtime threw, whatever that is', async () => {
  const circle = {};
  circle.self = circle;
  for (const cause of [new TypeError('no way'), runInNewContext('new Error("far")'), { a: 1 }, circle, 5n]) {
    const options = { apiKey: KEY, endpoint: 'http://h', maxRetries: 0 };
    const agentBay = new AgentBay({ ...options, fetch: () => Promise.reject(cause) });
    const listed = await agentBay.list();
    assert.deepEqual([listed.error.kind, listed.error.cause], ['connection', cause]);
    assert.equal(listed.error.cause, cause);
    const { error } = await agentBay.create();
    assert.deepEqual([error.kind, error.cause], ['ambiguous_start', cause]);
  }
});

test('a key that is a word of JSON breaks no refusal', async () => {
  const body = {
    RequestId: 'r',
    Code: 'InvalidMcpSession.NotFound',
    Message: 'gone',
    Success: false,
    Data: null,
  };
  for (const apiKey of ['null', 'false', '400', '1234', 'gone', 'r']) {
    for (const status of [200, 400]) {
      const answer = raw(status, { ...body, HttpStatusCode: 400, more: 1234 });
      await with_(answer, { apiKey }, async ({ session }) => {
        const { success, error, requestId } = await session.getStatus();
        assert.deepEqual(
          [success, error.notFound, error.code, requestId.length > 0],
          [false, true, body.Code, true],
          `${apiKey}, ${status}`,
        );
        await session[Symbol.asyncDispose]();
        assert.equal((await session.info()).errorMessage, 'Session S not found');
      });
    }
  }
});

test('what a task or a session says why it failed need not be text', async () => {
  for (const why of [{ message: 'x' }, 5, true, ['a']]) {
    const text = JSON.stringify(why);
    await with_(said({ error: why }), {}, async ({ session }) => {
      const { errorMessage, error } = await session.agent.asyncExecuteTask('t');
      assert.deepEqual([errorMessage, error.kind], [text, 'task_failed']);
    });
    await with_(said({ task_id: 'T', status: 'failed', error: why }), {}, async ({ session }) => {
      const { errorMessage, error } = await session.agent.executeTask('t', 1);
      assert.deepEqual([errorMessage, error.cause], [`Failed to execute task. ${text}`, why]);
    });
    await with_({ Success: 'False', ErrMsg: why }, {}, async ({ agentBay }) => {
      const { errorMessage, error } = await agentBay.create();
      assert.deepEqual([errorMessage, error.kind], [text, 'api']);
    });
  }
});

test('a tool’s error under an id that repeats the key has none of it', async () => {
  const Data = { content: [{ text: 'no' }], isError: true };
  await with_(raw(200, { RequestId: `r-${KEY}`, Success: true, Data }), {}, async ({ session }) => {
    const { requestId, error } = await session.callMcpTool('t', {});
    assert.deepEqual([requestId, error.requestId], ['r-[redacted]', 'r-[redacted]']);
  });
});

test('secrets that contain each other, and names of members, are taken out as well', async () => {
  const data = {
    content: [{ text: `denied ${KEY}-tail` }],
    isError: true,
    [`${KEY}-tail`]: 1,
    Token: `${KEY}-tail`,
  };
  await with_(data, {}, async ({ session }) => {
    const { errorMessage, error } = await session.callMcpTool('t', {});
    assert.equal(errorMessage, 'denied [redacted]');
    assert.ok(!inspect(error, { depth: 9 }).includes(KEY));
    assert.equal(error.body.Data['[redacted]'], 1);
  });
});

test('a list that is none is a failed result', async () => {
  for (const data of [[null], {}, 'no JSON', ['S']]) {
    await with_(data, {}, async ({ agentBay }) => {
      const { success, error, sessionIds } = await agentBay.list();
      assert.deepEqual([success, error.kind, sessionIds], [false, 'decode', []], JSON.stringify(data));
    });
  }
  await with_('[{"SessionId":"S"}]', {}, async ({ agentBay }) => {
    assert.deepEqual((await agentBay.list()).sessionIds, ['S']);
  });
});

test('a session without an id is nobody’s session, and a hollow one says why', async () => {
  await with_({}, {}, async ({ agentBay }) => {
    assert.equal((await agentBay.get('S')).error.kind, 'decode');
    const { success, errorMessage, error, session } = await agentBay.create();
    assert.deepEqual([success, session, error.kind], [false, undefined, 'ambiguous_start']);
    assert.equal(errorMessage, 'SessionId not found in response');
  });
  await with_({ Success: false, ErrMsg: 'no quota' }, {}, async ({ agentBay }) => {
    const { success, errorMessage, requestId } = await agentBay.create();
    assert.deepEqual([success, errorMessage, requestId], [false, 'no quota', 'req-1']);
  });
});

test('a task without an id may have been started, and nobody knows', async () => {
  const odd = [{}, null, 'garbage', { content: null }, []];
  for (const answer of [...[{ status: 'running' }, 'not JSON', null].map((told) => said(told)), ...odd]) {
    await with_(answer, {}, async ({ session }) => {
      const { success, error, requestId } = await session.agent.asyncExecuteTask('t');
      assert.deepEqual([success, error.name], [false, 'AmbiguousStartError'], JSON.stringify(answer));
      assert.equal(requestId, 'req-1');
    });
  }
  for (const answer of odd) {
    await with_(answer, {}, async ({ session }) => {
      assert.equal((await session.callMcpTool('t', {})).error.kind, 'ambiguous_start');
      assert.equal((await session.agent.terminateTask('T')).error.kind, 'decode');
    });
  }
  await with_(said({ error: 'odd' }), {}, async ({ session }) => {
    const { success, error, errorMessage } = await session.agent.asyncExecuteTask('t');
    assert.deepEqual([success, error.kind, errorMessage], [false, 'task_failed', 'odd']);
  });
  await with_(said('not JSON'), {}, async ({ session }) => {
    assert.equal((await session.agent.getTaskStatus('T')).error.kind, 'decode');
  });
});

test('an id that is a number is an id', async () => {
  await with_(said({ task_id: 7 }), {}, async ({ session }) => {
    assert.equal((await session.agent.asyncExecuteTask('t')).taskId, '7');
    assert.equal((await session.agent.getTaskStatus('T')).taskId, '7');
    assert.equal((await session.agent.terminateTask('T')).taskId, '7');
  });
  await with_(said({ taskId: 7, status: 3 }), {}, async ({ session }) => {
    for (const { taskId, taskStatus } of [
      await session.agent.getTaskStatus('T'),
      await session.agent.terminateTask('T'),
    ]) {
      assert.deepEqual([taskId, taskStatus], ['7', '3']);
    }
  });
});

test('a session that is gone is disposed of, in every mode', async () => {
  const gone = raw(
    400,
    '{"RequestId":"r","Code":"InvalidMcpSession.NotFound","Message":"Resource is not found."}',
  );
  for (const failures of ['vendor', 'throw', 'result']) {
    await with_(gone, { failures }, async ({ session }) => await session[Symbol.asyncDispose]());
  }
});

test('a success without what was asked for is none', async () => {
  for (const [data, call] of [
    [null, (session) => session.info()],
    [{ Url: '' }, (session) => session.getLink()],
    [{ Labels: 'not json' }, (session) => session.getLabels()],
  ]) {
    const answer = { RequestId: 'r', HttpStatusCode: 200, Code: 'ok', Success: true, Data: data };
    await with_(raw(200, JSON.stringify(answer)), { failures: 'result' }, async ({ session }) => {
      assert.equal((await call(session)).success, false, JSON.stringify(data));
    });
  }
});

test('printing a client or a session shows no key', async () => {
  const { inspect } = await import('node:util');
  const agentBay = new AgentBay({ apiKey: KEY, endpoint: 'http://h' });
  const session = new Session(agentBay, 'S');
  assert.ok(!inspect(session, { depth: 9, showHidden: true }).includes(KEY));
  assert.ok(!JSON.stringify(agentBay).includes(KEY));
});

test('the aliases of the seed are the classes themselves', () => {
  assert.equal(agentbay.AsyncAgentBay, AgentBay);
  assert.equal(agentbay.AsyncSession, Session);
  assert.equal(agentbay.AsyncAgent, agentbay.Agent);
  assert.equal(agentbay.default, AgentBay);
  assert.deepEqual(Object.values(new SessionInfo('1', '2', '3', '4', '5', '6', '7', '8')), [...'12345678']);
});
