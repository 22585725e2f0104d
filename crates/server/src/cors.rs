//! What browsers need to be told before a page of an allowed origin may speak to the server (Fetch standard,
//! and Private Network Access).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
/// What a page may send when its preflight does not say what it wants to send.
const HEADERS: HeaderValue = HeaderValue::from_static(
    "content-type, anchor-api-key, x-asteroid-agents-api-key, x-api-key, authorization, idempotency-key, x-request-id",
);
const EXPOSED: HeaderValue = HeaderValue::from_static("retry-after, x-request-id, x-should-retry");
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const ASKS_PRIVATE: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOWS_PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// The answer to a preflight; `None` when the request is not one.
pub(crate) fn preflight(method: &Method, headers: &HeaderMap) -> Option<Response> {
    if method != Method::OPTIONS || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    // Vendors' clients send a dozen headers of their own; what the page asks for is echoed, since whether the
    // page may speak at all was decided by its origin.
    let wanted = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned().unwrap_or(HEADERS);
    let answer = response.headers_mut();
    answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted);
    answer.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    answer.append(header::VARY, HeaderValue::from_static("access-control-request-headers"));
    if headers.get(ASKS_PRIVATE).is_some_and(|value| value == "true") {
        answer.insert(ALLOWS_PRIVATE, HeaderValue::from_static("true"));
    }
    Some(response)
}

/// Lets the page of an allowed origin read the answer. Without an origin nothing is allowed.
pub(crate) fn allow(mut response: Response, origin: Option<&HeaderValue>) -> Response {
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    vary(response)
}

/// Says that the answer depends on the origin, also when it allows none: a cache must not mix them up.
pub(crate) fn vary(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    response
}
