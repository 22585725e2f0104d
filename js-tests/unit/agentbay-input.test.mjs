// What callers of `taskwright/agentbay` get for parameters that cannot be used: an error by name, and nothing is sent.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AgentBay, InvalidParameterError, Session } from 'taskwright/agentbay';
import { failureOf } from '../helpers/outcome.mjs';

const KEY = 'akm-secret';

describe('bad input is refused by name before anything is sent, in every mode', () => {
  const INPUT = {
    'port 80': [({ session }) => session.getLink('https', 80), 'port'],
    'port 30200': [({ session }) => session.getLink('https', 30200), 'port'],
    'a port that is no number': [({ session }) => session.getLink('https', '30100'), 'port'],
    'no tool name': [({ session }) => session.callMcpTool('', {}), 'toolName'],
    'a tool name that is no text': [({ session }) => session.callMcpTool(5, {}), 'toolName'],
    'no arguments': [({ session }) => session.callMcpTool('t'), 'args'],
    'arguments in an array': [({ session }) => session.callMcpTool('t', []), 'args'],
    'an odd flag': [
      ({ session }) => session.callMcpTool('t', {}, { autoGenSession: 'yes' }),
      'autoGenSession',
    ],
    'an odd limit': [({ session }) => session.callMcpTool('t', {}, { readTimeoutMs: -5 }), 'readTimeoutMs'],
    'a limit that is no number': [
      ({ session }) => session.callMcpTool('t', {}, { readTimeoutMs: Number.NaN }),
      'readTimeoutMs',
    ],
    'a limit of text': [
      ({ session }) => session.callMcpTool('t', {}, { connectTimeoutMs: '5' }),
      'connectTimeoutMs',
    ],
    'no task': [({ session }) => session.agent.executeTask('', 5), 'task'],
    'a task that is no text': [({ session }) => session.agent.browser.executeTask({}), 'task'],
    'no maxTryTimes': [({ session }) => session.agent.executeTask('t'), 'maxTryTimes'],
    'a negative maxTryTimes': [({ session }) => session.agent.executeTask('t', -1), 'maxTryTimes'],
    'a timeout that is none': [({ session }) => session.agent.mobile.executeTaskAndWait('t', '9'), 'timeout'],
    'no task id': [({ session }) => session.agent.getTaskStatus(undefined), 'taskId'],
    'an empty task id': [({ session }) => session.agent.terminateTask(' '), 'taskId'],
    'a pause without end': [({ session }) => session.pause(Number.NaN), 'timeout'],
    'an odd pollInterval': [({ session }) => session.resume(1, '2'), 'pollInterval'],
    'labels of a list': [({ agentBay }) => agentBay.list([]), 'labels'],
    'an odd page': [({ agentBay }) => agentBay.list({}, 'x'), 'page'],
    'no session id': [({ agentBay }) => agentBay.get(''), 'sessionId'],
    'a session id that is no text': [({ agentBay }) => agentBay.get(Symbol('S')), 'sessionId'],
    'an odd image': [({ agentBay }) => agentBay.create({ imageId: 7 }), 'imageId'],
    'an odd idle time': [
      ({ agentBay }) => agentBay.create({ idleReleaseTimeout: 'x' }),
      'idleReleaseTimeout',
    ],
    'an odd policy': [({ agentBay }) => agentBay.create({ policyId: {} }), 'policyId'],
    'a circle': [({ session }) => session.callMcpTool('t', circle()), 'args'],
    'a circle among options': [
      ({ session }) => session.agent.browser.executeTask('t', { more: circle() }),
      'args',
    ],
    'a schema that is a circle': [
      ({ session }) => session.agent.browser.executeTask('t', { outputSchema: circle() }),
      'outputSchema',
    ],
    'a schema with a bigint': [
      ({ session }) => session.agent.browser.executeTaskAndWait('t', 1, { outputSchema: { a: 1n } }),
      'outputSchema',
    ],
    'a schema that is a function': [
      ({ session }) => session.agent.browser.executeTask('t', { outputSchema: () => 1 }),
      'outputSchema',
    ],
    'a policy that is a symbol': [
      ({ agentBay }) => agentBay.create({ contextSyncs: [{ policy: Symbol('p') }] }),
      'contextSyncs',
    ],
    'a policy that is a circle': [
      ({ agentBay }) => agentBay.create({ contextSyncs: [{ policy: circle() }] }),
      'contextSyncs',
    ],
    'a symbol for a number': [({ session }) => session.agent.executeTask('t', Symbol('5')), 'maxTryTimes'],
    'nothing for a number': [({ session }) => session.pause(Object.create(null)), 'timeout'],
    'a symbol': [({ agentBay }) => agentBay.create({ more: Symbol('m') }), 'more'],
    'a function': [({ agentBay }) => agentBay.create({ more: () => 1 }), 'more'],
    'a bigint': [({ agentBay }) => agentBay.create({ more: 5n }), 'more'],
    'a signal that is none': [
      ({ session }) => session.agent.browser.executeTask('t', { signal: {} }),
      'signal',
    ],
    'labels that are a circle': [({ agentBay }) => agentBay.create({ labels: circle() }), 'labels'],
    'contexts of text': [({ agentBay }) => agentBay.create({ contextSyncs: 'x' }), 'contextSyncs'],
    'contexts that are none': [({ agentBay }) => agentBay.create({ contextSyncs: [null] }), 'contextSyncs'],
    'a page of less than none': [({ agentBay }) => agentBay.list({}, 1, -1), 'limit'],
    'half a session a page': [({ agentBay }) => agentBay.list({}, 1, 0.5), 'limit'],
  };
  for (const [what, [call, field]] of Object.entries(INPUT)) {
    test(what, async () => {
      for (const failures of ['vendor', 'throw', 'result']) {
        const fetch = () => assert.fail('nothing may be sent');
        const agentBay = new AgentBay({ apiKey: KEY, endpoint: 'http://h', fetch, failures });
        const error = await failureOf(call({ agentBay, session: new Session(agentBay, 'S') }));
        assert.ok(error instanceof InvalidParameterError, `${error}`);
        assert.equal(error.field, field);
        assert.match(error.message, new RegExp(`"${field}"`));
      }
    });
  }

  function circle() {
    const circle = {};
    circle.self = circle;
    return circle;
  }
});

describe('labels that cannot be set', () => {
  const please = 'Please provide a valid labels object.';
  for (const [what, labels, text] of [
    ['null', null, `Labels cannot be null, undefined, or invalid type. ${please}`],
    ['nothing', undefined, `Labels cannot be null, undefined, or invalid type. ${please}`],
    ['a text', 'x', `Labels cannot be null, undefined, or invalid type. ${please}`],
    ['a list', [], `Labels cannot be an array. ${please}`],
    ['a date', new Date(), 'Labels must be a plain object. Built-in object types are not allowed.'],
    ['a map', new Map(), 'Labels must be a plain object. Built-in object types are not allowed.'],
    ['none', {}, 'Labels cannot be empty. Please provide at least one label.'],
    ['a blank key', { ' ': 'x' }, 'Label keys cannot be empty Please provide valid keys.'],
    ['a blank value', { a: ' ' }, 'Label values cannot be empty Please provide valid values.'],
    ['a value that is no text', { a: 1 }, 'Label values cannot be empty Please provide valid values.'],
  ]) {
    test(`${what}: a failed result in the vendor’s words, and nothing is sent`, async () => {
      const fetch = () => assert.fail('nothing may be sent');
      const agentBay = new AgentBay({ apiKey: KEY, endpoint: 'http://h', fetch });
      const result = await new Session(agentBay, 'S').setLabels(labels);
      assert.deepEqual([result.success, result.errorMessage, result.data], [false, text, null]);
      assert.equal(result.error.field, 'labels');
      const strict = new AgentBay({ apiKey: KEY, endpoint: 'http://h', fetch, failures: 'throw' });
      assert.equal((await failureOf(new Session(strict, 'S').setLabels(labels))).message, text);
    });
  }
});
