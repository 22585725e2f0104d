// A real server on loopback that misbehaves as it is told, and counts what reaches it.
import { createServer } from 'node:http';

/**
 * Starts a server that answers its first request with the first lie, the second with the second and so on;
 * the last one stands for all that follow. `tell` starts over with other lies.
 */
export async function lyingServer(...lies) {
  let script = lies;
  const requests = [];
  const server = createServer(async (request, response) => {
    const lie = script[Math.min(requests.length, script.length - 1)] ?? json({});
    const entry = {
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: '',
      open: true,
    };
    requests.push(entry);
    response.on('close', () => {
      entry.open = false;
    });
    try {
      for await (const chunk of request) entry.body += chunk;
    } catch {
      return; // The client went away in the middle of its request.
    }
    lie(response, request);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** What arrived; `open` until it is answered in full or the client hangs up. */
    requests,
    tell(...others) {
      script = others;
      requests.length = 0;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** The truth: a value as JSON. */
export const json = (value, status = 200, headers = {}) =>
  text(JSON.stringify(value), status, { ...JSON_TYPE, ...headers });

/** Some text with exactly these headers. */
export const text =
  (body, status = 200, headers = {}) =>
  (response) => {
    response.writeHead(status, headers);
    response.end(body);
  };

/** Anchor's error envelope. */
export const refusal = (status, message = `told to say ${status}`, headers = {}) =>
  json({ error: { code: status, message } }, status, headers);

/** Nothing but a status. */
export const bare =
  (status, headers = {}) =>
  (response) => {
    response.writeHead(status, headers);
    response.end();
  };

/** Says that it sends JSON, and sends `body`. */
export const claimsJson = (body) => text(body, 200, JSON_TYPE);

/** Breaks the connection before it answers. */
export const reset = (response) => response.socket.resetAndDestroy();

/** Never answers. */
export const stall = () => {};

/** Sends its headers and the first bytes of a body, and no more. */
export const stallInBody =
  (status = 200) =>
  (response) => {
    response.writeHead(status, { ...JSON_TYPE, 'content-length': 1000 });
    response.write('{"data":');
  };

/** Sends a part of its body and breaks the connection. */
export const cut =
  (status = 200) =>
  (response) => {
    response.writeHead(status, { ...JSON_TYPE, 'content-length': 1000 });
    response.write('{"data":', () => response.socket.destroy());
  };

/** Sends the caller somewhere else. */
export const redirect = (status, location) => bare(status, { location });

/** Waits, then answers. */
export const late = (ms, lie) => (response, request) =>
  void setTimeout(() => !response.destroyed && lie(response, request), ms).unref();

/** An address at which nobody listens. */
export async function refusedAddress() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  await new Promise((resolve) => server.close(resolve));
  return url;
}
