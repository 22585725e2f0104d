//! The WebSocket of one client: feeds the proxy and does what it says, until somebody leaves.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::proxy::{Action, Proxy};
use crate::browser::Relay;

/// How often a silent client is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(30);
/// When one that gives none counts as gone.
const SILENCE: Duration = Duration::from_secs(100);
/// How long a client may take to part.
const PARTING: Duration = Duration::from_secs(3);
/// The reason in a close frame has at most this many bytes (RFC 6455, section 5.5).
const REASON_BYTES: usize = 123;

/// Why a connection is closed.
struct Parting {
    code: CloseCode,
    reason: String,
}

impl Parting {
    fn new(code: CloseCode, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        let mut end = REASON_BYTES.min(reason.len());
        while !reason.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        reason.truncate(end);
        Self { code, reason }
    }
}

/// Serves one client until it leaves, its link is revoked, Chromium is gone, or it reads too slowly.
pub(super) async fn serve<S>(
    mut socket: WebSocketStream<S>,
    relay: Relay,
    revoked: watch::Receiver<Option<String>>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let flood = relay.flood();
    let proxy = Proxy::new(relay.context(), relay.page(), relay.root());
    let parting = tokio::select! {
        reason = set(revoked) => Parting::new(CloseCode::Policy, reason),
        () = flooded(flood) => Parting::new(CloseCode::Policy, "the client reads too slowly"),
        left = exchange(&mut socket, relay, proxy) => match left {
            Some(parting) => parting,
            None => return,
        },
    };
    tracing::debug!(reason = parting.reason, "a link was closed");
    let frame = CloseFrame { code: parting.code, reason: parting.reason.into() };
    let parted = async {
        if socket.close(Some(frame)).await.is_ok() {
            // Until the client has read it: a connection that is dropped before may lose it.
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    // A client that does not part is dropped.
    let _ = timeout(PARTING, parted).await;
}

/// Carries messages both ways. `None` when the client is gone.
async fn exchange<S>(socket: &mut WebSocketStream<S>, mut relay: Relay, mut proxy: Proxy) -> Option<Parting>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut beat = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    let mut actions = proxy.begin();
    loop {
        for action in std::mem::take(&mut actions) {
            match action {
                Action::Tell(message) => socket.send(Message::text(message.to_string())).await.ok()?,
                Action::Send { session, method, params, number } => {
                    if relay.send(&session, &method, params, number).is_err() {
                        actions.extend(proxy.unsent(number));
                    }
                }
                Action::Leave(None) => return Some(Parting::new(CloseCode::Normal, "")),
                Action::Leave(Some(why)) => return Some(Parting::new(CloseCode::Policy, why)),
            }
        }
        if !actions.is_empty() {
            continue;
        }
        tokio::select! {
            delivery = relay.next() => match delivery {
                Some(delivery) => actions = proxy.hear_chromium(delivery),
                None => {
                    let reason = timeout(PARTING, relay.gone()).await;
                    let reason = reason.unwrap_or_else(|_| "the session with the browser was closed".into());
                    return Some(Parting::new(CloseCode::Error, reason));
                }
            },
            message = socket.next(), if proxy.is_ready() => {
                heard = Instant::now();
                match message?.ok()? {
                    Message::Text(text) => actions = proxy.hear_client(&text),
                    Message::Binary(_) => {
                        return Some(Parting::new(CloseCode::Unsupported, "CDP messages are text"));
                    }
                    Message::Close(_) => return None,
                    Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                }
            }
            _ = beat.tick() => {
                if heard.elapsed() > SILENCE {
                    return None;
                }
                socket.send(Message::Ping(Vec::new().into())).await.ok()?;
            }
        }
    }
}

/// Resolves with the reason when there is one.
async fn set(mut reason: watch::Receiver<Option<String>>) -> String {
    match reason.wait_for(Option::is_some).await {
        Ok(reason) => reason.clone().unwrap_or_default(),
        Err(_) => "the link is gone".to_owned(),
    }
}

async fn flooded(mut flood: watch::Receiver<bool>) {
    if flood.wait_for(|flooded| *flooded).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_into_a_close_frame() {
        assert_eq!(Parting::new(CloseCode::Error, "short").reason, "short");
        let long = Parting::new(CloseCode::Error, "ä".repeat(100)).reason;
        assert_eq!(long, "ä".repeat(61));
    }
}
