// Profiles: credentials leave the program encrypted, and everything else as it was given.
import assert from 'node:assert/strict';
import { constants, createPublicKey, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { describe, test } from 'node:test';
import { AsteroidClient, formatAgentProfile, formatAgentProfilesList } from 'taskwright/asteroid';
import { failureOf } from '../helpers/outcome.mjs';
import { recordingFetch } from '../helpers/recording-fetch.mjs';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = publicKey.export({ type: 'spki', format: 'pem' });
const PROFILE = { id: 'P', name: 'n', credentials: [{ id: 'c', name: 'PIN', data: '***' }], cookies: [] };
const [KEY_LINE, CREATE, UPDATE] = [
  'GET /api/v1/credentials/public_key',
  'POST /api/v1/agent-profiles',
  'PATCH /api/v1/agent-profiles/P',
];

const asText = (text) => () => new Response(text, { headers: { 'content-type': 'text/plain' } });
function clientOf(key = asText(PEM), options = {}) {
  const recorder = recordingFetch({
    [KEY_LINE]: key,
    [CREATE]: () => Response.json(PROFILE, { status: 201 }),
    [UPDATE]: PROFILE,
    'POST /agents/v2/profiles': () => Response.json(PROFILE, { status: 201 }),
    'PATCH /agents/v2/profiles/P': PROFILE,
  });
  const client = new AsteroidClient({
    apiKey: 'k',
    baseUrl: 'https://a.test',
    fetch: recorder.fetch,
    ...options,
  });
  return { client, ...recorder };
}

/** What is in a block. Taken apart by hand, because Node 20 may refuse to decrypt PKCS#1 v1.5. */
function opened(base64) {
  const block = privateDecrypt(
    { key: privateKey, padding: constants.RSA_NO_PADDING },
    Buffer.from(base64, 'base64'),
  );
  assert.deepEqual([block[0], block[1]], [0, 2]);
  return block.subarray(block.indexOf(0, 2) + 1).toString();
}

const lines = (requests) => requests.map(({ line }) => line);

describe('createAgentProfile and updateAgentProfile, version 1', () => {
  const request = () => ({
    name: 'n',
    description: 'd',
    organization_id: 'O',
    proxy_cc: 'us',
    proxy_type: 'residential',
    captcha_solver_active: false,
    sticky_ip: true,
    extra_stealth: true,
    tracing_snapshots: false,
    cookies: [
      {
        name: 'c',
        key: 'k',
        value: 'v',
        domain: 'd',
        secure: true,
        http_only: false,
        same_site: 'Lax',
        created_at: 't',
      },
    ],
    a_member_of_next_year: { x: null },
    credentials: [
      { name: 'USER', data: 'ännä 🔑', id: 'c1', created_at: '2026-01-01T00:00:00Z' },
      { name: 'PIN', data: '0042' },
    ],
  });

  test('the data of each credential is encrypted, every other field is sent as the caller set it', async () => {
    const { client, requests, unmatched } = clientOf();
    const given = request();
    assert.deepEqual(await client.createAgentProfile(given), PROFILE);
    assert.deepEqual(unmatched, []);
    assert.deepEqual(lines(requests), [KEY_LINE, CREATE]);
    const { credentials, ...others } = JSON.parse(requests[1].body);
    const { credentials: before, ...expected } = request();
    assert.deepEqual(others, expected);
    assert.deepEqual(
      credentials.map((credential) => ({ ...credential, data: opened(credential.data) })),
      before,
    );
    assert.ok(!requests[1].body.includes('0042'));
    assert.deepEqual(given, request(), 'what the caller passed is not changed');
  });

  test('an update encrypts what it adds and sends nothing that was not set', async () => {
    const { client, requests } = clientOf();
    const cookies_to_add = request().cookies;
    await client.updateAgentProfile('P', {
      credentials_to_add: [{ name: 'PIN', data: 'geheim' }],
      credentials_to_delete: ['c9'],
      cookies_to_add,
      cookies_to_delete: ['k9'],
    });
    assert.deepEqual(lines(requests), [KEY_LINE, UPDATE]);
    const { credentials_to_add: added, ...others } = JSON.parse(requests[1].body);
    assert.deepEqual(others, { credentials_to_delete: ['c9'], cookies_to_add, cookies_to_delete: ['k9'] });
    assert.equal(opened(added[0].data), 'geheim');
  });

  test('without credentials no key is asked for', async () => {
    const { client, requests } = clientOf();
    await client.createAgentProfile({ name: 'n' });
    await client.createAgentProfile({ name: 'n', credentials: [] });
    await client.updateAgentProfile('P', { name: 'm' });
    assert.deepEqual(lines(requests), [CREATE, CREATE, UPDATE]);
  });

  test('the key may come as a JSON string, as PKCS#1, or with Windows line ends', async () => {
    const pkcs1 = createPublicKey(PEM).export({ type: 'pkcs1', format: 'pem' });
    for (const key of [
      () => Response.json(PEM),
      asText(JSON.stringify(PEM)),
      asText(pkcs1),
      asText(PEM.replaceAll('\n', '\r\n')),
      asText(PEM.trim()),
    ]) {
      const { client, requests } = clientOf(key);
      await client.createAgentProfile({ name: 'n', credentials: [{ name: 'PIN', data: 'x' }] });
      assert.equal(opened(JSON.parse(requests[1].body).credentials[0].data), 'x');
    }
  });

  test('the longest data that fits is accepted, one byte more is refused, naming the credential and the limit', async () => {
    const { client, requests } = clientOf();
    const longest = 'a'.repeat(245);
    await client.createAgentProfile({ name: 'n', credentials: [{ name: 'FITS', data: longest }] });
    assert.equal(opened(JSON.parse(requests[1].body).credentials[0].data), longest);
    for (const data of [`${longest}b`, 'ä'.repeat(123)]) {
      const credentials = [
        { name: 'FITS', data: 'x' },
        { name: 'TOO_LONG', data },
      ];
      const error = await failureOf(client.createAgentProfile({ name: 'n', credentials }));
      assert.equal(error.name, 'InvalidParameterError');
      assert.equal(error.field, 'credentials');
      assert.match(error.message, /TOO_LONG/);
      assert.match(error.message, /245/);
      assert.ok(!error.message.includes(data));
    }
    assert.equal(requests.filter(({ line }) => line === CREATE).length, 1);
  });

  test('keys that are not RSA, too short, or no keys are refused, and nothing is created', async () => {
    const export_ = (kind, options) =>
      generateKeyPairSync(kind, options).publicKey.export({ type: 'spki', format: 'pem' });
    for (const key of [
      export_('ec', { namedCurve: 'P-256' }),
      export_('ed25519'),
      export_('rsa', { modulusLength: 512 }),
      'no key',
      '',
      PEM.slice(0, 200),
    ]) {
      const { client, requests } = clientOf(asText(key));
      const credentials = [{ name: 'PIN', data: '1234567' }];
      const error = await failureOf(client.createAgentProfile({ name: 'n', credentials }));
      assert.equal(error.name, 'InvalidParameterError', key);
      assert.equal(error.field, 'credentials');
      assert.ok(!error.message.includes('1234567'));
      assert.deepEqual(lines(requests), [KEY_LINE]);
    }
  });

  test('a service without a key is an error, and nothing is created', async () => {
    const { client, requests } = clientOf(() => new Response(null, { status: 404 }));
    const error = await failureOf(
      client.createAgentProfile({ name: 'n', credentials: [{ name: 'a', data: 'b' }] }),
    );
    assert.equal(error.status, 404);
    assert.deepEqual(lines(requests), [KEY_LINE]);
  });

  test('credentials that are none are refused by name before anything is sent', async () => {
    const { client, requests } = clientOf();
    for (const [credentials, field] of [
      ['text', 'credentials'],
      [null, 'credentials'],
      [[null], 'credentials[0].name'],
      [[{ name: '', data: 'd' }], 'credentials[0].name'],
      [[{ name: 'n', data: 'd' }, { name: 'n' }], 'credentials[1].data'],
      [[{ name: 'n', data: 7 }], 'credentials[0].data'],
    ]) {
      const error = await failureOf(client.createAgentProfile({ name: 'n', credentials }));
      assert.equal(error.name, 'InvalidParameterError');
      assert.equal(error.field, field);
    }
    for (const nothing of [null, 'text']) {
      assert.equal((await failureOf(client.createAgentProfile(nothing))).name, 'InvalidParameterError');
    }
    assert.equal(requests.length, 0);
  });

  test('credentials under a name of another version do not leave at all, in plain text least of all', async () => {
    const { client, requests } = clientOf();
    for (const member of ['credentialsToAdd', 'credentials_to_update', 'Credentials']) {
      const error = await failureOf(client.updateAgentProfile('P', { [member]: [{ name: 'n', data: 'd' }] }));
      assert.equal(error.field, member);
      assert.match(error.message, /credentials_to_add/);
    }
    assert.equal(requests.length, 0);
    await client.updateAgentProfile('P', { credentials_to_delete: ['c'] });
    assert.deepEqual(lines(requests), [UPDATE]);
  });
});

test('version 2 takes credentials as they are and asks for no key', async () => {
  const { client, requests } = clientOf(undefined, { apiVersion: 'v2' });
  const credentials = [{ name: 'PIN', data: '0042' }];
  await client.createAgentProfile({ name: 'n', credentials });
  await client.updateAgentProfile('P', { credentialsToAdd: credentials });
  assert.deepEqual(lines(requests), ['POST /agents/v2/profiles', 'PATCH /agents/v2/profiles/P']);
  assert.deepEqual(JSON.parse(requests[0].body), { name: 'n', credentials });
  assert.deepEqual(JSON.parse(requests[1].body), { credentialsToAdd: credentials });
});

test('getAgentProfiles of version 2 reads every page', async () => {
  const asked = [];
  const fetch = async (url) => {
    const { searchParams, pathname } = new URL(url);
    assert.equal(pathname, '/agents/v2/profiles');
    const page = Number(searchParams.get('page'));
    asked.push(page);
    const ids = Array.from({ length: 230 }, (_, index) => ({ id: `P${index}` }));
    return Response.json({ items: ids.slice((page - 1) * 100, page * 100), page, pageSize: 100, total: 230 });
  };
  const client = new AsteroidClient({ baseUrl: 'https://a.test', apiVersion: 'v2', fetch });
  const profiles = await client.getAgentProfiles('O');
  assert.equal(new Set(profiles.map(({ id }) => id)).size, 230);
  assert.deepEqual(asked, [1, 2, 3]);
});

describe('formatters', () => {
  const profile = {
    id: '12345678-aaaa-bbbb-cccc-1234567890ab',
    name: 'Shop',
    description: 'Orders things',
    organization_id: 'org-1',
    proxy_cc: 'us',
    proxy_type: 'residential',
    captcha_solver_active: true,
    sticky_ip: false,
    credentials: [{ id: 'cred-1', name: 'USER', data: '***' }],
    cookies: [],
    created_at: '2026-01-02T03:04:05Z',
    updated_at: '2026-02-03T04:05:06.789Z',
  };

  test('a profile becomes eleven lines, without a newline at the end', () => {
    const expected = [
      'Agent Profile:',
      '  ID: 12345678-aaaa-bbbb-cccc-1234567890ab',
      '  Name: Shop',
      '  Description: Orders things',
      '  Organization: org-1',
      '  Proxy: us (residential)',
      '  Captcha Solver: Enabled',
      '  Sticky IP: No',
      "  Credentials: [('USER', 'cred-1')]",
      '  Created: 2026-01-02 03:04:05',
      '  Updated: 2026-02-03 04:05:06',
    ].join('\n');
    assert.equal(formatAgentProfile(profile), expected);
    assert.equal(clientOf().client.formatAgentProfile(profile), expected);
  });

  test('a profile of version 2, which is written in camelCase, gives the same lines', () => {
    const newer = {
      id: profile.id,
      name: profile.name,
      description: profile.description,
      organizationId: 'org-1',
      proxyCC: 'us',
      proxyType: 'residential',
      captchaSolverActive: true,
      stickyIP: false,
      credentials: profile.credentials,
      createdAt: profile.created_at,
      updatedAt: profile.updated_at,
    };
    assert.equal(formatAgentProfile(newer), formatAgentProfile(profile));
  });

  test('several credentials are a list of pairs, none are said to be none', () => {
    const credentials = [
      { id: 'c1', name: 'USER' },
      { id: 'c2', name: "O'HARA" },
    ];
    const several = formatAgentProfile({
      ...profile,
      credentials,
      captcha_solver_active: false,
      sticky_ip: true,
    });
    assert.match(several, /^ {2}Credentials: \[\('USER', 'c1'\), \("O'HARA", 'c2'\)\]$/m);
    assert.match(several, /^ {2}Captcha Solver: Disabled$/m);
    assert.match(several, /^ {2}Sticky IP: Yes$/m);
    assert.match(formatAgentProfile({ ...profile, credentials: [] }), /^ {2}Credentials: No credentials$/m);
  });

  test('a list is numbered and counts credentials', () => {
    const { client } = clientOf();
    assert.equal(formatAgentProfilesList([]), 'No agent profiles found.');
    const expected = [
      'Found 2 agent profile(s):',
      '  1. Shop (ID: 12345678...) - 1 credentials',
      '  2. Bank (ID: abcdefgh...) - 0 credentials',
    ].join('\n');
    const list = [profile, { ...profile, name: 'Bank', id: 'abcdefghijk', credentials: [] }];
    assert.equal(formatAgentProfilesList(list), expected);
    assert.equal(client.formatAgentProfilesList(list), expected);
  });

  test('what is no profile is refused', () => {
    assert.throws(() => formatAgentProfile(null), { name: 'InvalidParameterError', field: 'profile' });
    assert.throws(() => formatAgentProfilesList({}), { name: 'InvalidParameterError', field: 'profiles' });
    assert.throws(() => formatAgentProfilesList([null]), { field: 'profiles[0]' });
  });
});
