// What is in the tarball, and that it works where a user installs it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { installedProject } from '../helpers/package.mjs';

const megabyte = 1_000_000;
const entries = ['taskwright', 'taskwright/anchor', 'taskwright/asteroid', 'taskwright/agentbay'];
let project;

before(async () => {
  project = await installedProject();
});
after(() => project?.remove());

test('the tarball unpacks to 1 MB at most', () => {
  const { unpackedSize, size } = project.pack;
  console.log(`unpacked ${(unpackedSize / 1000).toFixed(0)} kB, tarball ${(size / 1000).toFixed(0)} kB`);
  assert.ok(unpackedSize <= megabyte, `${unpackedSize} bytes`);
});

test('the tarball holds the README, the changelog, both licences and nothing that only the build needs', () => {
  const files = project.pack.files.map(({ path }) => path);
  for (const wanted of ['README.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'package.json']) {
    assert.ok(files.includes(wanted), `${wanted} is missing`);
  }
  const strange = files.filter(
    (file) => !/^(dist\/.*\.(js|d\.ts|d\.wasm\.ts|wasm)|[A-Z-]+(\.md)?|package\.json)$/.test(file),
  );
  assert.deepEqual(strange, []);
});

test('the package depends on nothing and runs no script when it is installed', async () => {
  const manifest = JSON.parse(await project.read('node_modules/taskwright/package.json'));
  for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies', 'scripts', 'bin']) {
    assert.equal(manifest[field], undefined, field);
  }
});

test('the version is the one of Cargo.toml', async () => {
  const { root } = await import('../../scripts/lib/files.mjs');
  const { readFile } = await import('node:fs/promises');
  const cargo = await readFile(`${root}Cargo.toml`, 'utf8');
  const manifest = JSON.parse(await project.read('node_modules/taskwright/package.json'));
  assert.ok(cargo.includes(`version = "${manifest.version}"`), manifest.version);
});

test('import works', async () => {
  const output = await project.node(
    'import.mjs',
    `import { Taskwright, performWebTask, runWebTask } from 'taskwright';
     import Anchorbrowser, { Anchorbrowser as named } from 'taskwright/anchor';
     import AgentBay, { AsyncAgentBay } from 'taskwright/agentbay';
     console.log(typeof Taskwright, typeof performWebTask, typeof runWebTask, typeof Anchorbrowser, Anchorbrowser === named);
     console.log(typeof AgentBay, AgentBay === AsyncAgentBay);`,
  );
  assert.equal(output, 'function function function function true\nfunction true');
});

test('require works, and require of an entry with a default export gives the class itself', async () => {
  const output = await project.node(
    'require.cjs',
    `const { Taskwright, runWebTask } = require('taskwright');
     const Anchorbrowser = require('taskwright/anchor');
     const { AgentBay, Session } = require('taskwright/agentbay');
     console.log(typeof Taskwright, typeof runWebTask, typeof Anchorbrowser, typeof new Anchorbrowser({ apiKey: 'k' }).tools.performWebTask);
     console.log(new Session(new AgentBay({ apiKey: 'k' }), 's').sessionId);`,
  );
  assert.equal(output, 'function function function function\ns');
});

test('importing the package and making clients neither reads nor compiles the WebAssembly module', async () => {
  const output = await project.node(
    'lazy.mjs',
    `let compiled = 0;
     for (const name of ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']) {
       const original = WebAssembly[name];
       WebAssembly[name] = (...args) => { compiled += 1; return original(...args); };
     }
     WebAssembly.Module = new Proxy(WebAssembly.Module, { construct() { compiled += 1; throw new Error('compiled'); } });
     const { Taskwright } = await import('taskwright');
     const { default: Anchorbrowser } = await import('taskwright/anchor');
     const { AgentBay, Session } = await import('taskwright/agentbay');
     new Taskwright();
     new Anchorbrowser({ apiKey: 'k' });
     new Session(new AgentBay({ apiKey: 'k' }), 's');
     console.log(compiled);`,
  );
  assert.equal(output, '0');
});

test('nothing of the generated glue is part of the public interface', async () => {
  for (const entry of entries) {
    const output = await project.node(
      'names.mjs',
      `console.log(Object.keys(await import('${entry}')).join())`,
    );
    assert.doesNotMatch(output, /\b(init|initSync|Raw\w*|__wbg\w*)\b/, entry);
  }
});

test('a call works after installation: the module loads and talks to a server', async () => {
  const output = await project.node(
    'call.mjs',
    `import { createServer } from 'node:http';
     import { Taskwright } from 'taskwright';
     const server = createServer((request, response) => {
       response.setHeader('content-type', 'application/json');
       response.end(JSON.stringify({ data: { status: 'COMPLETED', result: request.url } }));
     });
     await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
     const client = new Taskwright({ baseUrl: 'http://127.0.0.1:' + server.address().port });
     const { data } = await client.getPerformWebTaskStatus('w-1');
     console.log(data.status, data.result);
     server.close();
     server.closeAllConnections();`,
  );
  assert.match(output, /^COMPLETED \/.*w-1/);
});

test('AgentBay’s client works after installation, reads no file and no variable when it is imported', async () => {
  const output = await project.node(
    'agentbay.mjs',
    `import { createServer } from 'node:http';
     const read = [];
     process.env = new Proxy(process.env, { get: (all, name) => { read.push(name); return all[name]; } });
     const { AgentBay, Session } = await import('taskwright/agentbay');
     console.log(read.filter((name) => String(name).startsWith('AGENTBAY')).length);
     const server = createServer((request, response) => {
       response.end(JSON.stringify({ RequestId: 'r', Success: true, Data: { Labels: '{"a":"1"}' } }));
     });
     await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
     const agentBay = new AgentBay({ apiKey: 'k', endpoint: 'http://127.0.0.1:' + server.address().port });
     const { data, requestId } = await new Session(agentBay, 's').getLabels();
     console.log(JSON.stringify(data), requestId);
     server.close();
     server.closeAllConnections();`,
  );
  assert.equal(output, '0\n{"a":"1"} r');
});
