// The package inside web applications: bundled with no configuration, then run in a real Chromium.
import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bundled, bundlers } from '../helpers/bundles.mjs';
import { launchChromium } from '../helpers/chromium.mjs';
import { installedProject } from '../helpers/package.mjs';

// What a browser downloads: JavaScript and WebAssembly, gzip, bytes. Both for one client, and for everything that
// all entries export, without the module for credentials.
const downloadBudget = 90_000;
// For AgentBay's client alone.
const agentbayBudget = 80_000;
// What comes on top where credentials are encrypted, at the first of them.
const credentialBudget = 40_000;

const source = `
  import { Taskwright } from 'taskwright';
  const client = new Taskwright({ baseUrl: location.origin });
  client.getPerformWebTaskStatus('w-1').then(
    ({ data }) => { document.title = data.status; },
    (error) => { document.title = 'failed: ' + error; },
  );`;
// A module starts with these bytes; the inlined one with gzip's, in base64.
const wasmMagic = Buffer.from([0, 0x61, 0x73, 0x6d]);
const inlinedMagic = 'H4sI';
const contentSecurityPolicy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

const everything = `
  import * as taskwright from 'taskwright';
  import * as anchor from 'taskwright/anchor';
  import * as asteroid from 'taskwright/asteroid';
  import * as agentbay from 'taskwright/agentbay';
  globalThis.everything = [taskwright, anchor, asteroid, agentbay];`;

let project;
let browser;
before(async () => {
  [project, browser] = await Promise.all([installedProject(), launchChromium()]);
});
after(async () => {
  await browser?.close();
  await project?.remove();
});

test(`everything that all entries export is ${downloadBudget / 1000} kB at most, WebAssembly included`, async () => {
  const bundle = await bundled('esbuild', project.folder, everything, 'everything.js');
  const atOnce = bundle.files.filter(({ name }) => !name.includes('seal'));
  const gzip = atOnce.reduce((sum, file) => sum + file.gzip, 0);
  assert.notEqual(atOnce.length, bundle.files.length, 'the module for credentials is a chunk of its own');
  console.log(
    `everything: ${atOnce.map((file) => `${file.name} ${file.gzip}`).join(', ')}; ${gzip} bytes gzip`,
  );
  assert.ok(gzip <= downloadBudget, `${gzip} bytes`);
});

test(`AgentBay alone is ${agentbayBudget / 1000} kB at most and brings no other vendor`, async () => {
  const only =
    "import { AgentBay } from 'taskwright/agentbay'; globalThis.client = new AgentBay({ apiKey: 'k' });";
  const bundle = await bundled('esbuild', project.folder, only, 'agentbay.js');
  console.log(`agentbay: ${bundle.gzip} bytes gzip`);
  assert.ok(bundle.gzip <= agentbayBudget, `${bundle.gzip} bytes`);
  for (const { name, bytes } of bundle.files.filter(({ name }) => !name.startsWith('wasm'))) {
    assert.ok(!/AsteroidAPIError|AnchorbrowserError/.test(bytes.toString()), name);
  }
});

for (const bundler of Object.keys(bundlers)) {
  describe(bundler, () => {
    let bundle;
    before(async () => {
      bundle = await bundled(bundler, project.folder, source);
      console.log(
        `${bundler}: ${bundle.files.map(({ name, gzip }) => `${name} ${gzip}`).join(', ')}; ${bundle.gzip} bytes gzip`,
      );
    });

    test(`the bundle is ${downloadBudget / 1000} kB at most, WebAssembly included`, () => {
      assert.ok(bundle.gzip <= downloadBudget, `${bundle.gzip} bytes`);
    });

    test('the bundle holds the module exactly once, in a chunk of its own', () => {
      const copies = bundle.files.filter(
        ({ bytes }) => bytes.includes(inlinedMagic) || bytes.subarray(0, 4).equals(wasmMagic),
      );
      assert.equal(copies.length, 1, copies.map(({ name }) => name).join());
      assert.notEqual(copies[0].name, 'main.js');
    });

    test('the bundle runs in Chromium under a strict content security policy', async () => {
      const site = await serve(bundle.outdir);
      const page = await browser.newPage();
      try {
        await page.goto(site.url);
        await page.waitForFunction(() => document.title !== '', null, { timeout: 20_000 });
        assert.equal(await page.title(), 'COMPLETED');
      } finally {
        await page.close();
        site.server.closeAllConnections();
        site.server.close();
      }
    });
  });
}

describe('the module for credentials', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const data = 'pässwört 🔑';
  // The page and a worker of it each encrypt.
  const sealing = `
    import { sealCredentials } from './node_modules/taskwright/dist/seal.js';
    const key = ${JSON.stringify(publicKey.export({ type: 'spki', format: 'pem' }))};
    const sealed = sealCredentials(key, [{ name: 'PASSWORD', data: '${data}' }]);
    if (typeof document === 'undefined') {
      sealed.then(([text]) => postMessage(text), (error) => postMessage(String(error)));
    } else {
      const workers = new Promise((resolve) => {
        new Worker('/sealing.js', { type: 'module' }).onmessage = (event) => resolve(event.data);
      });
      Promise.all([sealed, workers]).then(
        ([[own], other]) => { document.title = own + ' ' + other; },
        (error) => { document.title = 'failed: ' + error; },
      );
    }`;
  let bundle;
  before(async () => {
    bundle = await bundled('esbuild', project.folder, sealing, 'sealing.js');
    console.log(
      `credentials: ${bundle.files.map(({ name, gzip }) => `${name} ${gzip}`).join(', ')}; ${bundle.gzip} bytes gzip`,
    );
  });

  test(`it is ${credentialBudget / 1000} kB at most, its JavaScript included, and not in other bundles`, async () => {
    assert.ok(bundle.gzip <= credentialBudget, `${bundle.gzip} bytes`);
    const packed = /"(H4sI[^"]+)"/.exec(
      await project.read('node_modules/taskwright/dist/internal/wasm-seal-inline.js'),
    )[1];
    const without = "export * from 'taskwright'; export * as anchor from 'taskwright/anchor';";
    const others = await bundled('esbuild', project.folder, without, 'without.js');
    for (const { name, bytes } of others.files) assert.ok(!bytes.includes(packed), name);
    assert.ok(bundle.files.some(({ bytes }) => bytes.includes(packed)));
  });

  test('it encrypts in a page and in a worker under a strict content security policy', async () => {
    const site = await serve(bundle.outdir, '/sealing.js');
    const page = await browser.newPage();
    try {
      await page.goto(site.url);
      await page.waitForFunction(() => document.title !== '', null, { timeout: 20_000 });
      const texts = (await page.title()).split(' ');
      assert.equal(texts.length, 2, texts.join(' '));
      assert.notEqual(texts[0], texts[1]);
      for (const text of texts) {
        const padding = constants.RSA_NO_PADDING;
        const block = privateDecrypt({ key: privateKey, padding }, Buffer.from(text, 'base64'));
        assert.equal(block.subarray(block.indexOf(0, 2) + 1).toString(), data);
      }
    } finally {
      await page.close();
      site.server.closeAllConnections();
      site.server.close();
    }
  });
});

/** Serves a bundle, a page that loads it, and the answer to its one call. */
async function serve(folder, script = '/main.js') {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://site');
    response.setHeader('content-security-policy', contentSecurityPolicy);
    if (pathname === '/') {
      response.setHeader('content-type', 'text/html');
      return response.end(`<!doctype html><title></title><script type="module" src="${script}"></script>`);
    }
    if (pathname.endsWith('.js')) {
      response.setHeader('content-type', 'text/javascript');
      return response.end(await readFile(join(folder, pathname)));
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: { status: 'COMPLETED', result: 'done' } }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}
