// Serves the tea shop on loopback: `node examples/site/serve.mjs [PORT]`, or `serveSite()` from a test.
import { createServer } from 'node:http';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { files, page } from './site.mjs';

/**
 * Starts the site. Every page answers after `delayMs`, as a page across a network would.
 * Returns its address and what ends it.
 */
export async function serveSite({ port = 0, delayMs = 0 } = {}) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://site');
    let sent = '';
    for await (const chunk of request) sent += chunk;
    const file = files[pathname];
    const html = page(pathname, new URLSearchParams(sent));
    setTimeout(() => {
      if (file) {
        const disposition = `attachment; filename="${file.name}"`;
        response.writeHead(200, { 'content-type': file.type, 'content-disposition': disposition });
        response.end(file.text);
        return;
      }
      response.writeHead(html ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
      response.end(html ?? '<!doctype html><title>Not found</title><h1>Not found</h1>');
    }, delayMs);
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serveSite({ port: Number(argv[2] ?? 8800) });
  console.log(`site on ${url}`);
}
