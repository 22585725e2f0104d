//! Carries the CDP sessions of a client over the server's own connection, because a Chromium that is driven through
//! pipes takes no second one.
//!
//! A relay has a session with the browser itself and every session that is attached through it. What the client may
//! do with them is not decided here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::BrowserError;
use super::connection::{CallError, Connection, Made, text};

/// How long Chromium may take to open the session, and to end it.
const PATIENCE: Duration = Duration::from_secs(30);
/// What may wait for a client that reads slowly: two large screenshots in full, and much of anything else.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// What a message takes beside its text, about.
const OVERHEAD: usize = 512;

/// What Chromium sent for a relay.
#[derive(Debug, PartialEq)]
pub enum Delivery {
    /// The answer to a command: a message with `result` or `error`.
    Answer {
        /// The number that [`Relay::send`] was given.
        number: u64,
        /// The whole message; its `id` and `sessionId` are those of the server's connection.
        message: Value,
    },
    /// An event.
    Event {
        /// The session that it is about.
        session: String,
        /// For example `Target.targetCreated`.
        method: String,
        /// Its parameters.
        params: Value,
    },
}

/// The way to a relay. Clones lead to the same one.
#[derive(Debug, Clone)]
pub(super) struct Inbox {
    sender: mpsc::UnboundedSender<(Delivery, usize)>,
    waiting: Arc<Waiting>,
}

/// What waits for a relay; also what tells one relay from another.
#[derive(Debug)]
pub(super) struct Waiting {
    bytes: AtomicUsize,
    flooded: watch::Sender<bool>,
}

impl Inbox {
    fn new() -> (Self, mpsc::UnboundedReceiver<(Delivery, usize)>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let waiting = Arc::new(Waiting { bytes: AtomicUsize::new(0), flooded: watch::Sender::new(false) });
        (Self { sender, waiting }, receiver)
    }

    /// Whether it leads to this relay.
    pub(super) fn leads_to(&self, relay: &Arc<Waiting>) -> bool {
        Arc::ptr_eq(&self.waiting, relay)
    }

    /// Hands over what had so many bytes. A relay with too much waiting gets nothing any more: it is to be ended.
    pub(super) fn push(&self, delivery: Delivery, bytes: usize) {
        let cost = bytes.saturating_add(OVERHEAD);
        let before = self.waiting.bytes.fetch_add(cost, Ordering::Relaxed);
        if before.saturating_add(cost) > MOST_BYTES || *self.waiting.flooded.borrow() {
            self.waiting.bytes.fetch_sub(cost, Ordering::Relaxed);
            self.waiting.flooded.send_replace(true);
            return;
        }
        // Fails when the relay was dropped a moment ago.
        let _ = self.sender.send((delivery, cost));
    }
}

/// The sessions of one client in one context. Dropping it detaches all of them.
#[derive(Debug)]
pub struct Relay {
    connection: Connection,
    root: String,
    share: Share,
    made: Made,
    /// Without the way to itself, which would keep its queue open when the connection has ended.
    queue: mpsc::UnboundedReceiver<(Delivery, usize)>,
    waiting: Arc<Waiting>,
}

impl Relay {
    pub(super) async fn open(connection: Connection, context: &str) -> Result<Self, BrowserError> {
        let closed = || BrowserError::Gone("the browser context is closed".into());
        let made = connection.share(context).ok_or_else(closed)?;
        // From here on every way out counts it out.
        let share = Share { connection: connection.clone(), context: context.to_owned() };
        let attach = connection.call(None, "Target.attachToBrowserTarget", json!({}));
        let attached = match timeout(PATIENCE, attach).await {
            Ok(Ok(attached)) => attached,
            Ok(Err(CallError::Gone(why) | CallError::Refused(why))) => return Err(BrowserError::Gone(why)),
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                return Err(BrowserError::Timeout(format!("Chromium opened no session within {seconds} s")));
            }
        };
        let (inbox, queue) = Inbox::new();
        let (root, waiting) = (text(&attached, "sessionId"), Arc::clone(&inbox.waiting));
        connection.entrust(&root, inbox);
        Ok(Self { connection, root, share, made, queue, waiting })
    }

    /// Its session with the browser itself.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The id of its context.
    #[must_use]
    pub fn context(&self) -> &str {
        &self.share.context
    }

    /// The target of the page that the server works in.
    #[must_use]
    pub fn page(&self) -> &str {
        &self.made.page
    }

    /// Sends a command; its answer is delivered under `number`. Fails when the session is gone.
    pub fn send(&self, session: &str, method: &str, params: Value, number: u64) -> Result<(), BrowserError> {
        let posted = self.connection.post_for(&self.waiting, session, method, params, number);
        posted.map_err(|error| match error {
            CallError::Gone(why) | CallError::Refused(why) => BrowserError::Gone(why),
        })
    }

    /// The next thing that Chromium sent; `None` once it is gone. Nothing is lost when this is dropped.
    pub async fn next(&mut self) -> Option<Delivery> {
        let (delivery, cost) = self.queue.recv().await?;
        self.waiting.bytes.fetch_sub(cost, Ordering::Relaxed);
        Some(delivery)
    }

    /// Becomes `true` when more waits than may: the client reads too slowly, and something was lost.
    #[must_use]
    pub fn flood(&self) -> watch::Receiver<bool> {
        self.waiting.flooded.subscribe()
    }

    /// Resolves with the reason once Chromium is gone.
    pub async fn gone(&self) -> String {
        self.connection.gone().await
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.connection.release(&self.waiting);
        let (connection, root) = (self.connection.clone(), std::mem::take(&mut self.root));
        let (context, downloads) = (self.share.context.clone(), self.made.downloads.take());
        // Without a runtime the process is ending, and Chromium ends with it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            // Detaches every session that was attached through it. Fails when Chromium is gone.
            let detach = connection.call(None, "Target.detachFromTarget", json!({ "sessionId": root }));
            let _ = timeout(PATIENCE, detach).await;
            // Chromium resets what the session had set for downloads, which would allow them.
            if connection.has(&context) {
                let restore = connection.call(None, "Browser.setDownloadBehavior", downloads);
                let _ = timeout(PATIENCE, restore).await;
            }
        });
    }
}

/// A relay's share in a context, while it lasts.
#[derive(Debug)]
struct Share {
    connection: Connection,
    context: String,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.connection.unshare(&self.context);
    }
}

#[cfg(test)]
mod tests {
    use super::super::transport::Transport;
    use super::*;

    fn event(text: &str) -> Delivery {
        Delivery::Event { session: text.into(), method: String::new(), params: Value::Null }
    }

    #[tokio::test]
    async fn what_waits_is_bounded_and_what_was_read_does_not_wait() {
        let (inbox, mut queue) = Inbox::new();
        for _ in 0..3 {
            inbox.push(event("large"), MOST_BYTES / 2);
            assert!(!*inbox.waiting.flooded.borrow());
            let (_, cost) = queue.recv().await.unwrap();
            inbox.waiting.bytes.fetch_sub(cost, Ordering::Relaxed);
        }
        inbox.push(event("large"), MOST_BYTES - OVERHEAD);
        inbox.push(event("one too many"), 0);
        inbox.push(event("never after a gap"), 0);
        assert!(*inbox.waiting.flooded.borrow());
        assert_eq!(queue.recv().await.unwrap().0, event("large"));
        assert!(queue.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_relay_has_what_is_attached_through_it_and_lets_go_of_it_in_the_end() {
        let (outgoing, mut sent) = mpsc::unbounded_channel::<String>();
        let (answers, incoming) = mpsc::unbounded_channel();
        let connection = Connection::new(Transport { outgoing, incoming });
        let mut command = async || serde_json::from_str::<Value>(&sent.recv().await.unwrap()).unwrap();
        let say = |message: Value| answers.send(message.to_string()).unwrap();

        let none = Relay::open(connection.clone(), "A").await.unwrap_err();
        assert_eq!(none, BrowserError::Gone("the browser context is closed".into()));
        let made = Made { page: "P".into(), downloads: json!({ "behavior": "deny" }), relays: 0 };
        connection.remember("A", made);
        let mut others = connection.listen("OURS");
        let opening = Relay::open(connection.clone(), "A");
        let serve = async {
            let attach = command().await;
            assert_eq!(attach["method"], "Target.attachToBrowserTarget");
            say(json!({ "id": attach["id"], "result": { "sessionId": "B" } }));
        };
        let (relay, ()) = tokio::join!(opening, serve);
        let mut relay = relay.unwrap();
        assert_eq!((relay.root(), relay.context(), relay.page()), ("B", "A", "P"));
        assert!(connection.is_shared("P") && !connection.is_shared("Q"));

        let attached = json!({ "sessionId": "S" });
        say(json!({ "sessionId": "B", "method": "Target.attachedToTarget", "params": attached }));
        say(json!({ "sessionId": "S", "method": "Page.x", "params": {} }));
        say(json!({ "sessionId": "OURS", "method": "Page.y", "params": {} }));
        let event = |session: &str, method: &str, params: Value| Delivery::Event {
            session: session.into(),
            method: method.into(),
            params,
        };
        assert_eq!(relay.next().await, Some(event("B", "Target.attachedToTarget", attached)));
        assert_eq!(relay.next().await, Some(event("S", "Page.x", json!({}))));
        assert_eq!(others.recv().await.unwrap().method, "Page.y");
        assert!(relay.send("OURS", "Page.z", json!({}), 1).is_err(), "a session of somebody else");
        relay.send("S", "Page.z", json!({}), 7).unwrap();
        let page = command().await;
        let answer = json!({ "id": page["id"], "sessionId": "S", "result": {} });
        say(answer.clone());
        assert_eq!(relay.next().await, Some(Delivery::Answer { number: 7, message: answer }));
        say(
            json!({ "sessionId": "B", "method": "Target.detachedFromTarget", "params": { "sessionId": "S" } }),
        );
        relay.next().await.unwrap();
        assert!(relay.send("S", "Page.z", json!({}), 8).is_err());

        drop(relay);
        let detach = command().await;
        assert_eq!(
            (&detach["method"], &detach["params"]["sessionId"]),
            (&json!("Target.detachFromTarget"), &json!("B"))
        );
        say(json!({ "id": detach["id"], "result": {} }));
        let restored = command().await;
        assert_eq!(
            (&restored["method"], &restored["params"]),
            (&json!("Browser.setDownloadBehavior"), &json!({ "behavior": "deny" }))
        );
        assert!(!connection.is_shared("P"));
    }
}
