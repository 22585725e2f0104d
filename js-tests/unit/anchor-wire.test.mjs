// What goes over the wire, byte for byte beside the vendor's own client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Official from 'anchorbrowser';
import Anchorbrowser from 'taskwright/anchor';
import { bare, json, lyingServer } from '../helpers/lying-server.mjs';

const EVERYTHING = {
  url: 'https://example.com/a?b=c#d',
  prompt: 'Extract "the" main heading – größer',
  sessionId: 'S 1/2',
  async: true,
  agent: 'openai-cua',
  provider: 'groq',
  model: 'openai/gpt-oss-120b',
  detect_elements: true,
  human_intervention: false,
  max_steps: 7,
  secret_values: { password: 'hunter22' },
  highlight_elements: false,
  output_schema: { type: 'object', properties: { heading: { type: 'string' } } },
  directlyOpenUrl: true,
  a_field_of_next_year: [1, { two: null }],
};
const [prompt, url, S] = ['Extract the main heading', 'https://example.com', 'session-1'];

/** The name of a call, what it does, and options that the client gets beside key and address. */
const CALLS = [
  ['performWebTask', (client) => client.tools.performWebTask({ prompt, url })],
  ['performWebTask, async', (client) => client.tools.performWebTask({ prompt, url, async: true })],
  ['performWebTask, everything', (client) => client.tools.performWebTask(EVERYTHING)],
  ['getPerformWebTaskStatus', (client) => client.tools.getPerformWebTaskStatus('W-1')],
  ['an id to encode', (client) => client.tools.getPerformWebTaskStatus('a b/c?d#e:f@g%h~ü')],
  [
    'fetchWebpage',
    (client) => client.tools.fetchWebpage({ url, format: 'markdown', sessionId: S, wait: 1000 }),
  ],
  ['screenshotWebpage', (client) => client.tools.screenshotWebpage({ url, width: 1280, height: 720 })],
  ['sessions.create()', (client) => client.sessions.create()],
  ['sessions.create({})', (client) => client.sessions.create({})],
  ['sessions.create(null)', (client) => client.sessions.create(null)],
  [
    'sessions.create(body)',
    (client) => client.sessions.create({ session: { recording: { active: false } }, identities: [] }),
  ],
  ['sessions.retrieve', (client) => client.sessions.retrieve(S)],
  ['sessions.delete', (client) => client.sessions.delete(S)],
  ['sessions.all.status', (client) => client.sessions.all.status()],
  ['sessions.all.delete', (client) => client.sessions.all.delete()],
  ['sessions.goto', (client) => client.sessions.goto(S, { url })],
  ['sessions.retrieveScreenshot', (client) => client.sessions.retrieveScreenshot(S)],
  [
    'headers of a call',
    (client) => client.sessions.retrieve(S, { headers: { 'X-One': '1', Accept: null, 'x-two': undefined } }),
  ],
  ['headers as a list', (client) => client.sessions.retrieve(S, { headers: [['X-One', '1']] })],
  ['headers as Headers', (client) => client.sessions.retrieve(S, { headers: new Headers({ 'X-One': '1' }) })],
  ['the key removed', (client) => client.sessions.retrieve(S, { headers: { 'Anchor-Api-Key': null } })],
  [
    'a query',
    (client) =>
      client.sessions.all.status({ query: { tags: 'a b&c', page: 2, on: true, no: undefined, nil: null } }),
  ],
  [
    'default headers and query',
    (client) =>
      client.sessions.retrieve(S, { headers: { 'x-b': 'call', 'x-c': null }, query: { q: 'call' } }),
    {
      defaultHeaders: { 'X-A': 'client', 'X-B': 'client', 'X-C': 'client' },
      defaultQuery: { p: '1', q: 'client' },
    },
  ],
  [
    'a default query parameter removed',
    (client) => client.sessions.retrieve(S, { query: { p: undefined } }),
    { defaultQuery: { p: '1', q: '2' } },
  ],
  ['no key', (client) => client.sessions.retrieve(S), { apiKey: null }],
  ['an empty key', (client) => client.sessions.retrieve(S), { apiKey: '' }],
  ['get', (client) => client.get('/v1/profiles', { query: { page: 1 } })],
  ['get with a query in its path', (client) => client.get('/v1/profiles?a=b', { query: { page: 1 } })],
  ['post', (client) => client.post('/v1/profiles', { body: { name: 'a' } })],
  ['post without a body', (client) => client.post('/v1/sessions/S/copy')],
  [
    'post of text with a type',
    (client) => client.post('/v1/x', { body: 'plain', headers: { 'content-type': 'text/plain' } }),
  ],
  ['put', (client) => client.put('/v1/identities/1', { body: { name: 'a' } })],
  ['patch', (client) => client.patch('/v1/identities/1', { body: [1] })],
  ['delete', (client) => client.delete('/v1/profiles/a')],
  ['request', (client) => client.request({ method: 'post', path: '/v1/x', body: { a: 1 } })],
  ['options as a promise', (client) => client.get('/v1/x', Promise.resolve({ query: { a: 1 } }))],
];

/** Differs with every release and machine, or belongs to the vendor's own telemetry. */
const isVolatile = (name) => name === 'user-agent' || name.startsWith('x-stainless-');

let server;
before(async () => {
  server = await lyingServer(json({ data: {} }));
});
after(() => server.close());

for (const [name, call, options] of CALLS) {
  test(`sends what the vendor's client sends: ${name}`, async () => {
    const sent = [];
    for (const Client of [Official, Anchorbrowser]) {
      server.tell(json({ data: {} }));
      const client = new Client({ apiKey: 'key-of-the-test', baseURL: `${server.url}/prefix/`, ...options });
      const answer = await call(client);
      await answer?.body?.cancel?.();
      assert.equal(server.requests.length, 1);
      const [{ headers, method, url: target, body }] = server.requests;
      const stable = Object.entries(headers).filter(([header]) => !isVolatile(header));
      sent.push({ method, target, body, headers: Object.fromEntries(stable) });
    }
    const [official, ours] = sent;
    assert.deepEqual(ours, official);
  });
}

test('does not pretend to be the vendor’s client', async () => {
  server.tell(json({ data: {} }));
  await new Anchorbrowser({ apiKey: 'k', baseURL: server.url }).sessions.retrieve(S);
  const [{ headers }] = server.requests;
  assert.deepEqual(
    Object.keys(headers).filter((name) => name.startsWith('x-stainless')),
    [],
  );
  assert.doesNotMatch(headers['user-agent'], /anchor/i);
});

const ANSWERS = [
  ['JSON', json({ data: { a: [1, null] } })],
  [
    'JSON of another type',
    (response) => json({ a: 1 }, 200, { 'content-type': 'application/problem+json' })(response),
  ],
  ['204', bare(204)],
  ['JSON of length 0', bare(200, { 'content-type': 'application/json', 'content-length': '0' })],
  ['201', json({ data: {} }, 201)],
  ['text', (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('{"a":1}')],
  ['text/json', (response) => response.writeHead(200, { 'content-type': 'text/json' }).end('{"a":1}')],
  ['no type', (response) => response.writeHead(200).end('{"a":1}')],
];

for (const [name, lie] of ANSWERS) {
  test(`reads what the vendor's client reads: ${name}`, async () => {
    server.tell(lie);
    const [official, ours] = await Promise.all(
      [Official, Anchorbrowser].map((Client) => {
        return new Client({ apiKey: 'k', baseURL: server.url }).sessions.retrieve(S);
      }),
    );
    assert.deepEqual(ours, official);
  });
}

test('pictures come as a Response with its body unread', async () => {
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 255]);
  server.tell((response) => response.writeHead(200, { 'content-type': 'image/png' }).end(png));
  const client = new Anchorbrowser({ apiKey: 'k', baseURL: server.url });
  for (const picture of [
    await client.tools.screenshotWebpage({ url }),
    await client.sessions.retrieveScreenshot(S),
  ]) {
    assert.ok(picture instanceof Response);
    assert.equal(picture.bodyUsed, false);
    assert.deepEqual(Buffer.from(await picture.arrayBuffer()), png);
  }
});
