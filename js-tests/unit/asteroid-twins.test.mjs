// The functions of `taskwright/asteroid` that take a client do what its methods of the same names do.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as asteroid from 'taskwright/asteroid';
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

describe('function twins', () => {
  const routes = {
    [`POST ${V2}/agents/A/execute`]: gives({ executionId: 'E' }, 202),
    [`GET ${V2}/executions/E`]: EXECUTION,
    [`GET ${V2}/executions/E/sync?timeoutSeconds=25`]: { ...EXECUTION, executionId: 'E' },
    [`GET ${V2}/executions?page=2&pageSize=5&organizationId=O&metadataKey=k&metadataValue=v`]: PAGE,
    [`GET ${V2}/executions?page=2&pageSize=5&metadataKey=k&metadataValue=v&organizationId=O`]: PAGE,
    [`GET ${V2}/executions/E/context-files`]: [],
    [`GET ${V2}/executions/E/activities?order=desc&limit=2`]: [],
    [`POST ${V2}/executions/E/user-messages`]: () => says('ok', 201),
    [`GET ${V2}/agents?page=1&pageSize=100&organizationId=O`]: PAGE,
    [`GET ${V1}/agent-profiles`]: [PROFILE],
    [`GET ${V1}/agent-profiles/P`]: PROFILE,
    [`POST ${V1}/agent-profiles`]: gives(PROFILE, 201),
    [`PATCH ${V1}/agent-profiles/P`]: PROFILE,
    [`DELETE ${V1}/agent-profiles/P`]: { message: 'gone' },
    [`GET ${V1}/credentials/public_key`]: () => says('PEM'),
  };

  test('each does what the method of its name does', async () => {
    const { client, unmatched, requests } = clientOf(routes);
    assert.equal(
      await asteroid.executeAgent(client, 'A', { dynamicData: { a: 1 }, agentProfileId: 'P', version: 2 }),
      'E',
    );
    const { metadata, ...body } = JSON.parse(requests[0].body);
    assert.deepEqual(body, { dynamicData: { a: 1 }, agentProfileId: 'P', version: 2 });
    assert.equal(Object.keys(metadata).join(), 'taskwright_start');
    assert.equal((await asteroid.waitForExecutionResult(client, 'E')).outcome, 'success');
    assert.equal((await asteroid.waitForAgentInteraction(client, 'E', 10, 1_000)).isTerminal, true);
    assert.equal((await asteroid.getExecutionStatus(client, 'E')).status, 'completed');
    assert.equal((await asteroid.getExecutionResult(client, 'E')).outcome, 'success');
    const filters = { metadataKey: 'k', metadataValue: 'v' };
    assert.deepEqual(await asteroid.getExecutions(client, 'O', 2, 5, filters), PAGE);
    assert.deepEqual(await asteroid.getBrowserSessionRecording(client, 'E'), {
      recording_url: 'https://r/new',
    });
    assert.deepEqual(await asteroid.getExecutionFiles(client, 'E'), []);
    assert.deepEqual(await asteroid.getLastNExecutionActivities(client, 'E', 2), []);
    assert.equal(await asteroid.addMessageToExecution(client, 'E', 'm'), undefined);
    assert.deepEqual(await asteroid.getAgents(client, 'O'), PAGE.items);
    assert.deepEqual(await asteroid.getAgentProfiles(client), [PROFILE]);
    assert.deepEqual(await asteroid.getAgentProfile(client, 'P'), PROFILE);
    assert.deepEqual(await asteroid.createAgentProfile(client, { name: 'n' }), PROFILE);
    assert.deepEqual(await asteroid.updateAgentProfile(client, 'P', { name: 'n' }), PROFILE);
    assert.deepEqual(await asteroid.deleteAgentProfile(client, 'P'), { message: 'gone' });
    assert.equal(await asteroid.getCredentialsPublicKey(client), 'PEM');
    assert.deepEqual(unmatched, []);
  });
});

test('every function twin takes the options of a call', async () => {
  const { client, requests } = clientOf({});
  const signal = AbortSignal.abort('no');
  const file = { id: 'F', fileName: 'f', fileSize: 1, signedUrl: `${HOST}/f` };
  for (const call of [
    () => asteroid.executeAgent(client, 'A', null, { signal }),
    () => asteroid.getExecutions(client, 'O', 1, 2, {}, { signal }),
    () => asteroid.getBrowserSessionRecording(client, 'E', { signal }),
    () => asteroid.deleteAgentProfile(client, 'P', { signal }),
    () => asteroid.downloadExecutionFile(client, file, 'f', true, 30, { signal }),
  ]) {
    assert.equal(await failureOf(call()), 'no');
  }
  assert.deepEqual(requests, []);
});
