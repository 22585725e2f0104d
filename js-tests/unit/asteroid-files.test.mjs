// Files: what can be uploaded and how it arrives, and downloads that are whole or not there.
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  AsteroidClient,
  downloadExecutionFile,
  stageTempFiles,
  uploadExecutionFiles,
} from 'taskwright/asteroid';
import { inChild } from '../helpers/child.mjs';
import { failureOf, until } from '../helpers/outcome.mjs';

let folder;
let server;
let base;
const requests = [];
/** What the next request is answered with. */
let answer;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskwright files '));
  server = createServer(async (request, response) => {
    const chunks = [];
    const entry = { method: request.method, url: request.url, headers: request.headers, open: true };
    requests.push(entry);
    response.on('close', () => {
      entry.open = false;
    });
    for await (const chunk of request) chunks.push(chunk);
    entry.body = Buffer.concat(chunks);
    answer(response, entry);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const clientOf = (options) =>
  new AsteroidClient({ baseUrl: base, apiKey: 'secret-key', maxRetries: 0, ...options });
const says =
  (text, type = 'text/plain', status = 200) =>
  (response) => {
    response.writeHead(status, { 'content-type': type });
    response.end(text);
  };
const saysJson = (value) => says(JSON.stringify(value), 'application/json');

/** The parts of a multipart body: field, file name, type, bytes. */
async function partsOf({ headers, body }) {
  const form = await new Response(body, { headers: { 'content-type': headers['content-type'] } }).formData();
  return await Promise.all(
    [...form].map(async ([field, file]) => ({
      field,
      name: file.name,
      type: file.type,
      text: Buffer.from(await file.arrayBuffer()).toString(),
    })),
  );
}

async function uploaded(files, ...more) {
  requests.length = 0;
  answer = says('2 files uploaded');
  const value = await clientOf().uploadExecutionFiles('E', files, ...more);
  assert.deepEqual(value, { message: '2 files uploaded' });
  assert.equal(requests.length, 1);
  return await partsOf(requests[0]);
}

describe('uploads', () => {
  test('every form of a file arrives under its name, with its bytes and the type that its name says', async () => {
    const path = join(folder, 'grüße "1".csv');
    await writeFile(path, 'a;b\n');
    const bytes = new TextEncoder().encode('xbytesx').subarray(1, 6);
    const web = () => new Blob(['web']).stream();
    async function* generated() {
      yield new TextEncoder().encode('gene');
      yield new TextEncoder().encode('rated');
    }
    const parts = await uploaded([
      new File(['file'], 'report.PDF'),
      new File(['typed'], 'x.txt', { type: 'text/x-mine' }),
      new Blob(['blob']),
      new Blob(['typed blob'], { type: 'image/png' }),
      bytes,
      bytes.buffer.slice(1, 6),
      Buffer.from('buffer'),
      new DataView(bytes.buffer, 1, 5),
      path,
      ['n.json', '{"ü": 1}'],
      ['n.md', bytes],
      ['n.xyz', new Blob(['named'])],
      ['n.html', web()],
      web(),
      ['node.txt', createReadStream(path)],
      generated(),
      ['no-extension', ''],
    ]);
    const octets = 'application/octet-stream';
    assert.deepEqual(
      parts.map(({ name, type, text }) => [name, type, text]),
      [
        ['report.PDF', 'application/pdf', 'file'],
        ['x.txt', 'text/x-mine', 'typed'],
        ['file.txt', 'text/plain', 'blob'],
        ['file.txt', 'image/png', 'typed blob'],
        ['file.txt', 'text/plain', 'bytes'],
        ['file.txt', 'text/plain', 'bytes'],
        ['file.txt', 'text/plain', 'buffer'],
        ['file.txt', 'text/plain', 'bytes'],
        ['grüße "1".csv', 'text/csv', 'a;b\n'],
        ['n.json', 'application/json', '{"ü": 1}'],
        ['n.md', 'text/markdown', 'bytes'],
        ['n.xyz', octets, 'named'],
        ['n.html', 'text/html', 'web'],
        ['file.txt', 'text/plain', 'web'],
        ['node.txt', 'text/plain', 'a;b\n'],
        ['file.txt', 'text/plain', 'generated'],
        ['no-extension', octets, ''],
      ],
    );
    for (const { field } of parts) assert.equal(field, 'files');
  });

  test('the default name is the one that the caller gives', async () => {
    const [part] = await uploaded([new Blob(['x'])], 'data.csv');
    assert.deepEqual([part.name, part.type], ['data.csv', 'text/csv']);
  });

  test('an empty list is sent as it is', async () => {
    assert.deepEqual(await uploaded([]), []);
  });

  test('bytes arrive unchanged, megabytes of them', async () => {
    const big = new Uint8Array(5_000_000).map((_, index) => index * 31);
    requests.length = 0;
    answer = says('ok');
    await clientOf().uploadExecutionFiles('E', [['big.bin', big]]);
    assert.ok(requests[0].body.includes(Buffer.from(big)));
  });

  for (const [apiVersion, path, key, reply, value] of [
    ['v2', '/agents/v2/executions/E/context-files', 'x-api-key', says('done'), { message: 'done' }],
    [
      'v1',
      '/api/v1/execution/E/files',
      'x-asteroid-agents-api-key',
      saysJson({ message: 'done', file_ids: ['f1'] }),
      { message: 'done', fileIds: ['f1'] },
    ],
  ]) {
    test(`${apiVersion} uploads go to ${path} as multipart with the key`, async () => {
      requests.length = 0;
      answer = reply;
      assert.deepEqual(await clientOf({ apiVersion }).uploadExecutionFiles('E', [['a.txt', 'a']]), value);
      const [{ method, url, headers }] = requests;
      assert.deepEqual([method, url, headers[key]], ['POST', path, 'secret-key']);
      assert.match(headers['content-type'], /^multipart\/form-data; boundary=/);
    });
  }

  test('files are staged for an execution to come, as method and as function', async () => {
    const tempFiles = [{ id: 'T', name: 'a.txt' }];
    answer = saysJson({ tempFiles });
    requests.length = 0;
    const client = clientOf();
    assert.deepEqual(await client.stageTempFiles('O 1', [['a.txt', 'a']]), tempFiles);
    assert.deepEqual(await stageTempFiles(client, 'O 1', [new Blob(['b'])], 'b.txt'), tempFiles);
    answer = says('ok');
    assert.deepEqual(
      await uploadExecutionFiles(
        client,
        'E',
        ['x', 'y'].map((name) => [name, name]),
      ),
      { message: 'ok' },
    );
    assert.deepEqual(
      requests.map(({ url }) => url),
      ['/agents/v2/temp-files/O%201', '/agents/v2/temp-files/O%201', '/agents/v2/executions/E/context-files'],
    );
    assert.equal((await partsOf(requests[1]))[0].name, 'b.txt');
  });

  test('a path at which there is no file is an error that names it, not an upload of its text', async () => {
    requests.length = 0;
    for (const path of [join(folder, 'mistyped.csv'), folder, 'hello world', '']) {
      const error = await failureOf(clientOf().uploadExecutionFiles('E', [['ok.txt', 'ok'], path]));
      assert.equal(error.name, 'InvalidParameterError');
      assert.equal(error.field, 'files[1]');
      assert.ok(error.message.includes(JSON.stringify(path)), error.message);
    }
    assert.equal(requests.length, 0);
  });

  test('what is no file is refused by name before anything is sent', async () => {
    requests.length = 0;
    for (const [files, field] of [
      ['a.txt', 'files'],
      [undefined, 'files'],
      [[7], 'files[0]'],
      [[null], 'files[0]'],
      [[['a', 'b'], {}], 'files[1]'],
      [[['', 'b']], 'files[0][0]'],
      [[['a', 7]], 'files[0][1]'],
      [[['a']], 'files[0][1]'],
    ]) {
      const error = await failureOf(clientOf().uploadExecutionFiles('E', files));
      assert.equal(error.name, 'InvalidParameterError', field);
      assert.equal(error.field, field);
    }
    assert.equal(requests.length, 0);
  });

  test('an abort ends an upload with the reason', async () => {
    answer = () => {};
    requests.length = 0;
    const controller = new AbortController();
    const upload = clientOf().uploadExecutionFiles('E', [['a', 'b']], undefined, {
      signal: controller.signal,
    });
    until(() => requests.length === 1).then(() => controller.abort('enough'));
    assert.equal(await failureOf(upload), 'enough');
  });

  /** A source that gives nothing, as a stream or as an iterable, and knows whether it was let go of. */
  const silent = {
    'a web stream': (state) =>
      new ReadableStream({
        pull: () => new Promise(() => {}),
        cancel() {
          state.letGo = true;
        },
      }),
    'an iterable': (state) => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        async return() {
          state.letGo = true;
          return { done: true };
        },
      }),
    }),
  };
  for (const [what, make] of Object.entries(silent)) {
    test(`${what} that gives nothing holds no upload for ever: an abort and each limit end it`, async () => {
      requests.length = 0;
      const controller = new AbortController();
      for (const [options, check] of [
        [{ signal: AbortSignal.abort('before') }, (error) => assert.equal(error, 'before')],
        [{ signal: controller.signal }, (error) => assert.equal(error, 'enough')],
        [{ timeoutMs: 50 }, (error) => assert.equal(error.kind, 'timeout')],
        [{ totalTimeoutMs: 50 }, (error) => assert.match(error.message, /nothing came for 50 ms/)],
      ]) {
        const state = { letGo: false };
        setTimeout(() => controller.abort('enough'), 50);
        check(
          await failureOf(clientOf().uploadExecutionFiles('E', [['a.txt', make(state)]], undefined, options)),
        );
        assert.equal(state.letGo, options.signal?.reason !== 'before');
      }
      assert.equal(requests.length, 0);
    });
  }

  test('a stream that fails ends the upload with its own error', async () => {
    const broken = new ReadableStream({
      pull() {
        throw new RangeError('disk');
      },
    });
    assert.equal((await failureOf(clientOf().uploadExecutionFiles('E', [['a', broken]]))).name, 'RangeError');
  });
});

describe('downloads', () => {
  const file = (more) => ({
    id: 'F',
    executionId: 'E',
    fileName: 'report.txt',
    fileSize: 5,
    mimeType: 'text/plain',
    signedUrl: `${base}/signed?token=t`,
    createdAt: 't',
    ...more,
  });
  let count = 0;
  /** A folder of its own for one test. */
  const place = async () => {
    count += 1;
    const own = join(folder, `d${count}`);
    await mkdir(own);
    return own;
  };
  const listing = async (path) => (await readdir(path)).sort();

  test('a file is written where it is told, and no key goes to the signed address', async () => {
    requests.length = 0;
    answer = says('hello');
    const path = join(await place(), 'mine.txt');
    const client = clientOf({ headers: { 'x-mine': 'secret' } });
    assert.equal(await client.downloadExecutionFile(file(), path), path);
    assert.equal(await readFile(path, 'utf8'), 'hello');
    const [{ method, url, headers }] = requests;
    assert.deepEqual([method, url], ['GET', '/signed?token=t']);
    assert.ok(!JSON.stringify(headers).includes('secret'));
    for (const name of ['x-api-key', 'x-asteroid-agents-api-key', 'authorization'])
      assert.ok(!(name in headers));
  });

  test('a folder, there or not, gets the file under its own name', async () => {
    answer = says('hello');
    const own = await place();
    assert.equal(await clientOf().downloadExecutionFile(file(), own), join(own, 'report.txt'));
    const deep = join(own, 'not', 'there');
    assert.equal(await clientOf().downloadExecutionFile(file(), `${deep}/`), join(deep, 'report.txt'));
    assert.equal(
      await downloadExecutionFile(clientOf(), file(), join(deep, 'x', 'y.txt')),
      join(deep, 'x', 'y.txt'),
    );
    assert.equal(await readFile(join(deep, 'x', 'y.txt'), 'utf8'), 'hello');
  });

  test('createDirs: false makes no folder', async () => {
    answer = says('hello');
    const own = await place();
    const path = join(own, 'no', 'x.txt');
    const error = await failureOf(clientOf().downloadExecutionFile(file(), path, { createDirs: false }));
    assert.equal(error.name, 'AsteroidAPIError');
    assert.match(error.message, /ENOENT/);
    assert.deepEqual(await listing(own), []);
  });

  test('a name that leads out of the folder is refused and nothing is fetched', async () => {
    const own = await place();
    requests.length = 0;
    for (const fileName of ['../x.txt', 'a/../../x', '..', '.', '', '/..', `../${basename(own)}x/y`]) {
      const error = await failureOf(clientOf().downloadExecutionFile(file({ fileName }), own));
      assert.equal(error.name, 'InvalidParameterError', fileName);
      assert.equal(error.field, 'file');
    }
    assert.equal(requests.length, 0);
    assert.deepEqual(await listing(own), []);
  });

  test('a name that begins at the root stays in the folder', async () => {
    answer = says('hello');
    const own = await place();
    const path = await clientOf().downloadExecutionFile(file({ fileName: '/etc/x' }), own);
    assert.equal(path, join(own, 'etc', 'x'));
  });

  const broken = {
    'too few bytes': says('hell'),
    'too many bytes': says('hello!'),
    'an error status': says('no such key', 'text/plain', 403),
    'a cut body': (response) => {
      response.writeHead(200, { 'content-length': 5 });
      response.write('he', () => response.socket.destroy());
    },
    'a body that stalls': (response) => {
      response.writeHead(200, { 'content-length': 5 });
      response.write('he');
    },
    'no answer': () => {},
  };
  for (const [what, lie] of Object.entries(broken)) {
    test(`${what}: the file that was there stays as it was, and nothing else is left`, async () => {
      answer = lie;
      const own = await place();
      const path = join(own, 'report.txt');
      await writeFile(path, 'from before');
      const error = await failureOf(clientOf().downloadExecutionFile(file(), path, { timeoutMs: 200 }));
      assert.equal(error.name, 'AsteroidAPIError');
      assert.match(error.message, /^the file F could not be downloaded: /);
      assert.ok(!error.message.includes('token='));
      assert.equal(await readFile(path, 'utf8'), 'from before');
      assert.deepEqual(await listing(own), ['report.txt']);
      if (what === 'an error status') assert.equal(error.status, 403);
    });

    test(`${what}: a stream fails instead of ending`, async () => {
      answer = lie;
      const read = async () => {
        const stream = await clientOf().downloadExecutionFile(file(), undefined, { timeoutMs: 200 });
        return await new Response(stream).text();
      };
      const error = await failureOf(read());
      assert.equal(error.name, 'AsteroidAPIError');
    });
  }

  test('without a path it is a stream, byte for byte, also of a compressed transfer and an empty file', async () => {
    answer = says('hello');
    const stream = await clientOf().downloadExecutionFile(file());
    assert.ok(stream instanceof ReadableStream);
    assert.equal(await new Response(stream).text(), 'hello');
    const { gzipSync } = await import('node:zlib');
    answer = (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync('hello'));
    };
    assert.equal(await new Response(await clientOf().downloadExecutionFile(file())).text(), 'hello');
    answer = says('');
    const empty = await clientOf().downloadExecutionFile(file({ fileSize: 0 }));
    assert.equal(await new Response(empty).text(), '');
  });

  test('a reader that takes its time is no stall, and nothing is read ahead of it', async () => {
    answer = says('hello');
    const stream = await clientOf().downloadExecutionFile(file(), undefined, { timeoutMs: 100 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(await new Response(stream).text(), 'hello');
  });

  test('an abort before, during and in the stream rejects with the reason', async () => {
    const reason = new Error('enough');
    requests.length = 0;
    const before = AbortSignal.abort(reason);
    assert.equal(
      await failureOf(clientOf().downloadExecutionFile(file(), undefined, { signal: before })),
      reason,
    );
    assert.equal(requests.length, 0);
    answer = broken['a body that stalls'];
    const own = await place();
    const controller = new AbortController();
    const { signal } = controller;
    const writing = clientOf().downloadExecutionFile(file(), join(own, 'x'), { signal });
    until(() => requests.length === 1).then(() => setTimeout(() => controller.abort(reason), 50));
    assert.equal(await failureOf(writing), reason);
    assert.deepEqual(await listing(own), []);
    await until(() => !requests[0].open);
    const second = new AbortController();
    const stream = await clientOf().downloadExecutionFile(file(), undefined, { signal: second.signal });
    setTimeout(() => second.abort(reason), 50);
    assert.equal(await failureOf(new Response(stream).text()), reason);
  });

  test('a signal that lives on is not listened to after a download, however it ended', async () => {
    const { signal } = new AbortController();
    let listening = 0;
    const add = signal.addEventListener.bind(signal);
    signal.addEventListener = (type, listener, options) => {
      listening += 1;
      options.signal.addEventListener('abort', () => {
        listening -= 1;
      });
      add(type, listener, options);
    };
    for (const lie of [says('hello'), says('hell'), broken['an error status']]) {
      answer = lie;
      const download = clientOf().downloadExecutionFile(file(), join(await place(), 'x'), { signal });
      await download.catch(() => {});
      assert.equal(listening, 0);
    }
    answer = says('hello');
    const stream = await clientOf().downloadExecutionFile(file(), undefined, { signal });
    assert.equal(listening, 1);
    await stream.cancel();
    assert.equal(listening, 0);
  });

  test('a stream that is cancelled hangs up', async () => {
    answer = broken['a body that stalls'];
    requests.length = 0;
    const stream = await clientOf().downloadExecutionFile(file());
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    await until(() => !requests[0].open);
  });

  test('a download without end is given up at the first byte too many', async () => {
    let chunks = 0;
    const endless = async () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            chunks += 1;
            controller.enqueue(new Uint8Array(4));
          },
        }),
      );
    const client = clientOf({ fetch: endless });
    const error = await failureOf(client.downloadExecutionFile(file(), await place()));
    assert.match(error.message, /8 bytes came, 5 were said/);
    assert.ok(chunks < 10, `${chunks} chunks were read`);
  });

  test('what is no file, and a limit that is none, are refused', async () => {
    assert.equal((await failureOf(clientOf().downloadExecutionFile(file(), ''))).field, 'path');
    for (const nothing of [undefined, null, {}, { id: 'F' }]) {
      assert.equal((await failureOf(clientOf().downloadExecutionFile(nothing))).field, 'file');
    }
    for (const timeoutMs of [0, -1, NaN, '5']) {
      const error = await failureOf(clientOf().downloadExecutionFile(file(), undefined, { timeoutMs }));
      assert.equal(error.field, 'timeoutMs');
    }
  });

  test('the fetch of the client is used', async () => {
    const fetch = async (url, init) => {
      assert.deepEqual(Object.keys(init), ['signal']);
      return new Response(`hello`.slice(0, url.length));
    };
    const stream = await clientOf({ fetch }).downloadExecutionFile(file());
    assert.equal(await new Response(stream).text(), 'hello');
  });

  test('a process ends by itself after a download that was cancelled or failed: no timer is left', async () => {
    answer = says('hell');
    const began = performance.now();
    await inChild(
      `import { AsteroidClient } from 'taskwright/asteroid';
       const client = new AsteroidClient({ baseUrl: '${base}' });
       const file = { id: 'F', fileName: 'x', fileSize: 5, signedUrl: '${base}/signed' };
       const { signal } = new AbortController();
       await new Response(await client.downloadExecutionFile(file, undefined, { signal })).text().catch(() => {});
       const stream = await client.downloadExecutionFile(file);
       await stream.cancel();`,
    );
    assert.ok(performance.now() - began < 10_000);
  });
});

test('where there are no files a path is refused, and streams go on working', async () => {
  // The entry for browsers, in a process that has not loaded the one for Node.
  const { stdout } = await inChild(
    `import { AsteroidClient } from '../pkg/dist/asteroid.js';
     const client = new AsteroidClient({ baseUrl: '${base}', fetch: async () => new Response('hello') });
     const file = { id: 'F', fileName: 'x', fileSize: 5, signedUrl: '${base}/signed' };
     await client.uploadExecutionFiles('E', ['a.txt']).catch(({ field }) => console.log(field));
     await client.downloadExecutionFile(file, 'x').catch(({ field }) => console.log(field));
     console.log(await new Response(await client.downloadExecutionFile(file)).text());`,
  );
  assert.equal(stdout, 'files[0]\npath\nhello');
});
