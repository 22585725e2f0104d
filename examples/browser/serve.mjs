// Serves the page beside this file, and the built package under /taskwright/, on loopback.
//
//   taskwright-server --allow-origin http://127.0.0.1:8801 &   # lets this page use the server
//   node examples/site/serve.mjs 8800 &                        # a page to read; any other will do
//   node examples/browser/serve.mjs 8801                       # then open http://127.0.0.1:8801/
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('.', import.meta.url));
const packageFolder = fileURLToPath(new URL('../../pkg/dist/', import.meta.url));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** Starts the server. Returns its address and what ends it. */
export async function servePage({ port = 0 } = {}) {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, 'http://page').pathname);
    const file = path.startsWith('/taskwright/')
      ? join(packageFolder, path.slice('/taskwright/'.length))
      : join(page, path === '/' ? 'index.html' : path);
    try {
      const bytes = await readFile(file);
      response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
      response.end(bytes);
    } catch {
      response.writeHead(404, { 'content-type': 'text/plain' });
      response.end('not found\n');
    }
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await servePage({ port: Number(argv[2] ?? 8801) });
  console.log(`page on ${url}`);
}
