// A fetch that answers from a list of routes and remembers what it was asked.

/**
 * `routes` maps `METHOD path?query` to an answer: a `Response`, anything else as JSON, or a function of the
 * request that gives either. A request without a route is answered 501, so that it cannot pass for a fault
 * of the network, and kept in `unmatched`, which a test asserts to be empty.
 */
export function recordingFetch(routes = {}) {
  const requests = [];
  const unmatched = [];
  const fetch = async (url, init = {}) => {
    const { pathname, search } = new URL(url);
    const request = {
      line: `${init.method ?? 'GET'} ${pathname}${search}`,
      url: String(url),
      headers: Object.fromEntries(new Headers(init.headers)),
      body: init.body,
      init,
    };
    requests.push(request);
    if (!(request.line in routes)) {
      unmatched.push(request.line);
      return Response.json(
        { error: { code: 501, message: `no route for ${request.line}` } },
        { status: 501 },
      );
    }
    const route = routes[request.line];
    const answer = typeof route === 'function' ? await route(request) : route;
    return answer instanceof Response ? answer.clone() : Response.json(answer);
  };
  return { fetch, requests, unmatched };
}
