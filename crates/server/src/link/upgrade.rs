//! The request that becomes a WebSocket (RFC 6455, section 4.2).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::socket;
use crate::app::AppState;
use crate::browser::BrowserError;
use crate::error::Failure;
use crate::routes::Wire;

/// A message of a client; Playwright sends the bodies of requests that it fulfils as one.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Makes a WebSocket of a request to a link. What is wrong is an HTTP answer, which clients show.
pub(super) async fn enter(
    State(state): State<AppState>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    match accept(&state, &token, request).await {
        Ok(response) => response,
        Err(failure) => {
            let mut response = Wire::Own.render(&failure);
            if failure.status == StatusCode::UPGRADE_REQUIRED {
                response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            }
            response
        }
    }
}

async fn accept(state: &AppState, token: &str, mut request: Request) -> Result<Response, Failure> {
    let unknown = || Failure::not_found("There is no such link, or its session has ended.");
    let link = state.links.find(token).ok_or_else(unknown)?;
    let key = websocket_key(request.method(), request.headers()).ok_or_else(|| {
        Failure::new(StatusCode::UPGRADE_REQUIRED, "A link is a WebSocket that speaks CDP.")
    })?;
    let upgrade = request
        .extensions_mut()
        .remove::<OnUpgrade>()
        .ok_or_else(|| Failure::new(StatusCode::UPGRADE_REQUIRED, "This connection cannot be upgraded."))?;
    let place = Arc::clone(&link.clients).try_acquire_owned().map_err(|_| {
        Failure::new(StatusCode::TOO_MANY_REQUESTS, "Too many clients use this link already.").again_after(1)
    })?;
    let relay = state.chromium.relay(&link.context).await.map_err(|error| match error {
        BrowserError::Gone(why) => {
            Failure::new(StatusCode::GONE, format!("The session cannot be reached: {why}."))
        }
        other => Failure::from(other),
    })?;
    tokio::spawn(async move {
        // Fails when the client left before it was answered.
        let Ok(upgraded) = upgrade.await else { return };
        let config =
            WebSocketConfig::default().max_message_size(Some(MOST_BYTES)).max_frame_size(Some(MOST_BYTES));
        let stream = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        socket::serve(socket, relay, link.revoked.subscribe()).await;
        drop(place);
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
    Ok(response)
}

/// The answer to the client's key; `None` when the request is none for a WebSocket.
fn websocket_key(method: &Method, headers: &HeaderMap) -> Option<HeaderValue> {
    let names = |name: HeaderName, word: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
    };
    let wanted = method == Method::GET
        && names(header::CONNECTION, "upgrade")
        && names(header::UPGRADE, "websocket")
        && names(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| wanted)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_a_request_for_a_websocket_is_answered_as_one() {
        let good = headers(&[
            (header::CONNECTION, "keep-alive, Upgrade"),
            (header::UPGRADE, "WebSocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
            (header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="),
        ]);
        // The example of RFC 6455, section 1.3.
        assert_eq!(websocket_key(&Method::GET, &good).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(websocket_key(&Method::HEAD, &good).is_none());
        for name in good.keys() {
            let mut lacking = good.clone();
            lacking.remove(name);
            assert!(websocket_key(&Method::GET, &lacking).is_none(), "{name}");
        }
    }
}
