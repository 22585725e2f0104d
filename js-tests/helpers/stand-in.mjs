// A machine without the internet cannot open the addresses that a documentation's sample names. This stands
// between client and server and changes those addresses, and nothing else, in what the client sends.
import { createServer } from 'node:http';

/** Forwards everything to `target`, with each address of `addresses` replaced by what it maps to. */
export async function standIn(target, addresses) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    let body = Buffer.concat(chunks).toString();
    for (const [from, to] of Object.entries(addresses))
      body = body.replaceAll(JSON.stringify(from), JSON.stringify(to));
    const { host, connection, 'content-length': length, ...headers } = request.headers;
    const answer = await fetch(new URL(request.url, target), {
      method: request.method,
      headers,
      body: body || undefined,
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}
