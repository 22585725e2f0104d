// A client of `taskwright/asteroid` whose requests are recorded and answered by a table, and what tables answer.
import { AsteroidClient } from 'taskwright/asteroid';
import { recordingFetch } from './recording-fetch.mjs';

export const HOST = 'https://asteroid.test';
export const V1 = '/api/v1';
export const V2 = '/agents/v2';
export const EXECUTION = {
  id: 'E',
  status: 'completed',
  terminalAt: '2026-01-02T03:04:05Z',
  executionResult: { outcome: 'success', reasoning: 'r', result: { a: 1 } },
  recordingUrl: 'https://r/new',
  browserRecordingUrl: 'https://r/old',
};
export const PAGE = { items: [{ id: 'A' }], page: 1, pageSize: 100, total: 1 };
export const PROFILE = { id: 'P', name: 'n', organization_id: 'O', credentials: [] };

/** The client, and what `recordingFetch` tells of its requests. */
export function clientOf(routes, options) {
  const recorder = recordingFetch(routes);
  return {
    client: new AsteroidClient({ apiKey: 'secret-key', baseUrl: HOST, fetch: recorder.fetch, ...options }),
    ...recorder,
  };
}

export const gives = (value, status) => () => Response.json(value, { status });
export const says = (text, status = 200) =>
  new Response(text, { status, headers: { 'content-type': 'text/plain' } });
