// Credentials are encrypted by the module for it, and decrypted by Node's own cryptography.
import assert from 'node:assert/strict';
import { constants, createPublicKey, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { test } from 'node:test';
import { sealCredentials, setSealLoader } from '../../pkg/dist/seal.js';
import { inChild } from '../helpers/child.mjs';

setSealLoader(async () => (await import('../../pkg/dist/internal/load-seal-node.js')).load());

const pairs = new Map();
/** A key pair of this size, made once. */
function pair(bits = 2048) {
  if (!pairs.has(bits)) pairs.set(bits, generateKeyPairSync('rsa', { modulusLength: bits }));
  return pairs.get(bits);
}
const pem = ({ publicKey }, type = 'spki') => publicKey.export({ type, format: 'pem' });
const sealed = async (data, bits) => (await sealCredentials(pem(pair(bits)), [{ name: 'PIN', data }]))[0];

/** The padded block. Taken apart by hand, because Node 20 may refuse to decrypt PKCS#1 v1.5. */
function block(text, bits) {
  const { privateKey } = pair(bits);
  const plain = privateDecrypt(
    { key: privateKey, padding: constants.RSA_NO_PADDING },
    Buffer.from(text, 'base64'),
  );
  const end = plain.indexOf(0, 2);
  assert.deepEqual([...plain.subarray(0, 2)], [0, 2]);
  assert.ok(end >= 10, `${end - 2} bytes of padding`);
  return { padding: plain.subarray(2, end), data: plain.subarray(end + 1).toString() };
}
const refused = (message) => ({
  name: 'InvalidInputError',
  kind: 'invalid_input',
  field: 'credentials',
  message,
});

test('keys of every usual size encrypt up to their limit, in base64 without line breaks', async () => {
  for (const [bits, limit] of [
    [1024, 117],
    [2048, 245],
    [3072, 373],
    [4096, 501],
  ]) {
    for (const data of ['', 'hunter2', 'a'.repeat(limit)]) {
      const text = await sealed(data, bits);
      assert.match(text, /^[A-Za-z0-9+/]+={0,2}$/);
      assert.equal(text.length, Math.ceil(bits / 8 / 3) * 4);
      assert.equal(block(text, bits).data, data);
    }
  }
});

test('both kinds of PEM are read, and Windows line ends', async () => {
  for (const text of [pem(pair()), pem(pair(), 'pkcs1'), pem(pair()).replaceAll('\n', '\r\n')]) {
    const [one] = await sealCredentials(text, [{ name: 'PIN', data: '1234' }]);
    assert.equal(block(one).data, '1234');
  }
});

test('umlauts, emoji and NUL are UTF-8', async () => {
  for (const data of ['pässwörter', 'ключ', '密码', '🔑👩‍👩‍👧', 'a\0b', '\ufeffx']) {
    assert.equal(block(await sealed(data)).data, data);
  }
});

test('the results are in the order of the credentials, each with its own padding', async () => {
  const items = Array.from({ length: 20 }, (_, index) => ({ name: `N${index}`, data: `${index % 2}` }));
  const texts = await sealCredentials(pem(pair()), items);
  const blocks = texts.map((text) => block(text));
  assert.deepEqual(
    blocks.map(({ data }) => data),
    items.map(({ data }) => data),
  );
  assert.equal(new Set(blocks.map(({ padding }) => padding.toString('hex'))).size, 20);
});

test('no credentials give an empty list, but the key is checked', async () => {
  assert.deepEqual(await sealCredentials(pem(pair()), []), []);
  await assert.rejects(sealCredentials('', []), refused(/is not PEM/));
});

test('data over the limit is refused with the name of the credential, its bytes and the limit', async () => {
  const items = [
    { name: 'USER', data: 'x' },
    { name: 'TOKEN', data: 'ä'.repeat(123) },
  ];
  await assert.rejects(
    sealCredentials(pem(pair()), items),
    refused('the data of credential "TOKEN" has 246 bytes; a key of 2048 bits takes 245 at most'),
  );
});

test('data that is not text is refused, and no message holds any of it', async () => {
  const half = 'secret\ud83d';
  await assert.rejects(sealed(half), (error) => {
    assert.match(error.message, /"PIN" is not valid Unicode/);
    assert.doesNotMatch(error.message, /secret/);
    return error.field === 'credentials';
  });
  for (const data of [1234, null, undefined, { secret: 1 }]) {
    await assert.rejects(sealed(data), refused('the data of credential "PIN" is not a string'));
  }
  await assert.rejects(sealCredentials(pem(pair()), [{ data: 'x' }]), refused('credential 1 has no name'));
  await assert.rejects(sealCredentials(pem(pair()), [null]), refused('credential 1 has no name'));
  await assert.rejects(sealCredentials(pem(pair()), null), refused('the credentials are not a list'));
});

test('keys that are not RSA, too short or damaged are refused with the reason', async () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  const short = generateKeyPairSync('rsa', { modulusLength: 768 });
  const cases = [
    [pem(ec), /not for RSA encryption/],
    [pem(pss), /not for RSA encryption/],
    [pem(short), /has 768 bits, which is not safe; 1024 are the least/],
    [pem(pair()).slice(0, 200), /damaged, or not complete/],
    [pair().privateKey.export({ type: 'pkcs8', format: 'pem' }), /says PRIVATE KEY/],
    [createPublicKey(pem(pair())).export({ type: 'spki', format: 'der' }).toString('base64'), /is not PEM/],
    [undefined, /is not text/],
  ];
  for (const [key, message] of cases) {
    await assert.rejects(sealCredentials(key, [{ name: 'PIN', data: '1234' }]), refused(message));
  }
});

/** The start of a child: how it loads the module is up to it. */
const CHILD = `
  import { sealCredentials, setSealLoader } from '../pkg/dist/seal.js';
  const key = ${JSON.stringify(pem(pair()))};
  const node = async () => (await import('../pkg/dist/internal/load-seal-node.js')).load();
  const one = () => sealCredentials(key, [{ name: 'PIN', data: '1234' }]);`;

test('without a loader the module comes out of its JavaScript chunk, as in browsers and bundles', async () => {
  const { stdout } = await inChild(`${CHILD} console.log((await one())[0]);`);
  assert.equal(block(stdout).data, '1234');
});

test('many first calls at once load one module, and importing loads none', async () => {
  const { stdout } = await inChild(`${CHILD}
    let loads = 0;
    setSealLoader(() => { loads += 1; return node(); });
    const before = loads;
    await Promise.all(Array.from({ length: 20 }, one));
    console.log(before, loads);`);
  assert.equal(stdout, '0 1');
});

test('a load that fails rejects each caller with its own frames, and the next call tries again', async () => {
  const { stdout } = await inChild(`${CHILD}
    setSealLoader(async () => { throw new TypeError('offline'); });
    async function callerOne() { await one(); }
    async function callerTwo() { await one(); }
    const [a, b] = await Promise.allSettled([callerOne(), callerTwo()]);
    console.log(a.reason.name, a.reason.kind, a.reason.message, a.reason.cause.name);
    console.log(a.reason.stack.includes('callerOne'), b.reason.stack.includes('callerTwo'));
    setSealLoader(node);
    console.log((await one())[0].length);`);
  assert.deepEqual(stdout.split('\n'), [
    'InternalError internal the WebAssembly module for credentials could not be loaded: offline TypeError',
    'true true',
    '344',
  ]);
});

test('a runtime without randomness, or with a broken one, encrypts nothing', async () => {
  const broken = ['() => { throw new Error("no entropy"); }', '(bytes) => bytes.fill(0)'];
  for (const getRandomValues of broken) {
    const { stdout } = await inChild(`${CHILD}
      setSealLoader(node);
      Object.defineProperty(globalThis, 'crypto', { value: { getRandomValues: ${getRandomValues} } });
      console.log(await one().catch(({ name, message }) => name + ': ' + message));`);
    assert.equal(stdout, 'InternalError: the runtime gave no random bytes');
  }
});

test('a trap in the module rejects the call instead of leaving it pending', async () => {
  const { stdout } = await inChild(`${CHILD}
    setSealLoader(async () => ({ seal() { throw new WebAssembly.RuntimeError('unreachable'); } }));
    console.log(await one().catch(({ name, message }) => name + ': ' + message));`);
  assert.equal(stdout, 'InternalError: the credentials could not be encrypted: unreachable');
});

test('nothing that was encrypted stays in the memory of the module', async () => {
  const { stdout } = await inChild(`${CHILD}
    let memory;
    const { Instance } = WebAssembly;
    WebAssembly.Instance = function (...args) {
      const instance = new Instance(...args);
      memory = instance.exports.memory;
      return instance;
    };
    setSealLoader(node);
    const data = 'päss-' + '🔑word'.repeat(20);
    await sealCredentials(key, [{ name: 'PIN', data }]);
    await sealCredentials(key, [{ name: 'PIN', data: data.repeat(20) }]).catch(() => {});
    const bytes = Buffer.from(memory.buffer);
    // Also as the number that it was: the last byte first.
    const parts = ['word🔑', 'päss'].flatMap((text) => [Buffer.from(text), Buffer.from(text).reverse()]);
    const control = 'the public key is damaged';
    console.log(bytes.includes(control), parts.map((part) => bytes.includes(part)).join());`);
  assert.equal(stdout, 'true false,false,false,false');
});
