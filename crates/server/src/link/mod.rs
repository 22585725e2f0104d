//! Links: a CDP WebSocket to ONE browser context, for Playwright and its like beside the server's own work.
//!
//! `GET /link/{token}` speaks browser-level CDP as `chromium.connectOverCDP('ws://…/link/TOKEN')` expects it. The
//! browser that the client sees has this one context as its default one; other contexts, other clients and the
//! server's own sessions are out of sight and out of reach (`rules.rs` says what is refused).
//!
//! The token is the permission: 192 random bits, no key is asked for. It is good for as long as the session lives.
//! `Host` and `Origin` are held to the same rules as everywhere, so a web page cannot use a link even when it has got to know
//! the token. Whatever a client holds on to is bounded; one that reads too slowly is closed.

mod message;
mod proxy;
mod rules;
mod socket;
mod targets;
mod upgrade;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore as _;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, watch};

use crate::app::AppState;
use crate::base::Base;

/// What every path of a link begins with.
pub(crate) const PATH: &str = "/link/";
/// Clients that may use one link at once.
const MOST_CLIENTS: usize = 16;
const TOKEN_BYTES: usize = 24;

/// The links of all sessions. Clones share them.
#[derive(Clone, Default)]
pub struct Links(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    sessions: HashMap<String, (String, Arc<Link>)>,
    /// By the fingerprint of the token: looking one up tells nothing about the others by the time that it takes.
    tokens: HashMap<[u8; 32], Arc<Link>>,
}

/// The link of one session.
struct Link {
    context: String,
    clients: Arc<Semaphore>,
    /// Why it is revoked.
    revoked: watch::Sender<Option<String>>,
}

impl Links {
    /// The token of a session's link into a browser context: the same one until it is revoked.
    #[must_use]
    pub fn issue(&self, session_id: &str, context_id: &str) -> String {
        let mut table = self.lock();
        if let Some((token, link)) = table.sessions.get(session_id)
            && link.context == context_id
        {
            return token.clone();
        }
        table.take(session_id, "The session has another browser context now.");
        let mut bytes = [0; TOKEN_BYTES];
        OsRng.fill_bytes(&mut bytes);
        let token = URL_SAFE_NO_PAD.encode(bytes);
        let link = Arc::new(Link {
            context: context_id.to_owned(),
            clients: Arc::new(Semaphore::new(MOST_CLIENTS)),
            revoked: watch::Sender::new(None),
        });
        table.tokens.insert(fingerprint(&token), Arc::clone(&link));
        table.sessions.insert(session_id.to_owned(), (token.clone(), link));
        token
    }

    /// The address of a session's link, for example `ws://127.0.0.1:8723/link/…`, as the client that `base` is of
    /// reaches it. Issues the token if there is none.
    #[must_use]
    pub fn address(&self, session_id: &str, context_id: &str, base: &Base) -> String {
        format!("{}{PATH}{}", base.websocket(), self.issue(session_id, context_id))
    }

    /// Ends the link of a session that ended: its sockets are closed with a frame that says so.
    pub fn revoke(&self, session_id: &str) {
        self.revoke_for(session_id, "The session ended.");
    }

    /// The same for another reason, of at most 123 bytes.
    pub fn revoke_for(&self, session_id: &str, reason: &str) {
        self.lock().take(session_id, reason);
    }

    /// Ends every link.
    pub fn revoke_all(&self, reason: &str) {
        let mut table = self.lock();
        let sessions: Vec<String> = table.sessions.keys().cloned().collect();
        sessions.iter().for_each(|session| table.take(session, reason));
    }

    /// Whether somebody is connected over the link of a session.
    #[must_use]
    pub fn in_use(&self, session_id: &str) -> bool {
        let table = self.lock();
        table
            .sessions
            .get(session_id)
            .is_some_and(|(_, link)| link.clients.available_permits() < MOST_CLIENTS)
    }

    /// The route of links.
    pub fn router() -> Router<AppState> {
        Router::new().route("/link/{token}", get(upgrade::enter))
    }

    fn find(&self, token: &str) -> Option<Arc<Link>> {
        self.lock().tokens.get(&fingerprint(token)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // No code panics while it holds the lock, so a poisoned table would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn take(&mut self, session: &str, reason: &str) {
        if let Some((token, link)) = self.sessions.remove(session) {
            self.tokens.remove(&fingerprint(&token));
            link.revoked.send_replace(Some(reason.to_owned()));
        }
    }
}

fn fingerprint(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_one_token_for_as_long_as_it_lives() {
        let links = Links::default();
        let token = links.issue("s", "A");
        assert_eq!(token.len(), 32);
        assert_eq!(links.issue("s", "A"), token);
        assert_ne!(links.issue("t", "B"), token);
        assert_eq!(links.find(&token).unwrap().context, "A");
        assert!(links.find("").is_none() && links.find(&token[1..]).is_none());

        let link = links.find(&token).unwrap();
        links.revoke("s");
        assert_eq!(link.revoked.borrow().as_deref(), Some("The session ended."));
        assert!(links.find(&token).is_none() && links.find(&links.issue("t", "B")).is_some());
        assert_ne!(links.issue("s", "A"), token);
        links.revoke("nobody");
    }

    #[test]
    fn another_context_is_another_link() {
        let links = Links::default();
        let first = links.issue("s", "A");
        let second = links.issue("s", "B");
        assert!(links.find(&first).is_none());
        assert_eq!(links.find(&second).unwrap().context, "B");
        links.revoke_all("The server stopped.");
        assert!(links.find(&second).is_none());
    }
}
