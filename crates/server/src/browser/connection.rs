//! One CDP connection: commands go out, each answer finds its caller, each event finds its session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use super::relay::{Delivery, Inbox, Waiting};
use super::transport::Transport;

/// Why a command was not answered with a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CallError {
    /// The connection or the session ended; the text says why.
    Gone(String),
    /// Chromium answered with an error.
    Refused(String),
}

/// A CDP event of one session.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) method: String,
    pub(super) params: Value,
}

/// A connection to one Chromium. Clones share it; it hangs up when the last one is dropped.
#[derive(Debug, Clone)]
pub(super) struct Connection(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    table: Mutex<Table>,
    gone: watch::Sender<Option<String>>,
}

#[derive(Debug, Default)]
struct Table {
    /// `None` once the connection ended.
    outgoing: Option<mpsc::UnboundedSender<String>>,
    last_id: u64,
    pending: HashMap<u64, Pending>,
    sessions: HashMap<String, Listener>,
    /// The open contexts that the server made, by their ids.
    contexts: HashMap<String, Made>,
}

/// Who hears of a session's events.
#[derive(Debug, Clone)]
enum Listener {
    Page(mpsc::UnboundedSender<Event>),
    Relay(Inbox),
}

#[derive(Debug)]
struct Pending {
    session: Option<String>,
    reply: Reply,
}

/// Who waits for an answer.
#[derive(Debug)]
pub(super) enum Reply {
    Caller(oneshot::Sender<Result<Value, CallError>>),
    /// A relay, with the number by which it knows its command.
    Relay(Inbox, u64),
}

impl Reply {
    fn gone(self, reason: &str) {
        if let Self::Caller(reply) = self {
            let _ = reply.send(Err(CallError::Gone(reason.to_owned())));
        }
    }
}

/// What is remembered of a context.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// The target of its first page, which the server works in.
    pub(super) page: String,
    /// The parameters that its downloads were set up with.
    pub(super) downloads: Value,
    /// Relays into it.
    pub(super) relays: usize,
}

impl Connection {
    /// Starts to serve a transport.
    pub(super) fn new(transport: Transport) -> Self {
        let Transport { outgoing, mut incoming } = transport;
        let table = Table { outgoing: Some(outgoing), ..Table::default() };
        let inner = Arc::new(Inner { table: Mutex::new(table), gone: watch::Sender::new(None) });
        // Weak, so that this task does not keep a connection open that nobody uses.
        let weak: Weak<Inner> = Arc::downgrade(&inner);
        tokio::spawn(async move {
            while let Some(text) = incoming.recv().await {
                let Some(inner) = weak.upgrade() else { return };
                // Chromium sends nothing but JSON; what is not can have no addressee.
                if let Ok(message) = serde_json::from_str::<Value>(&text) {
                    inner.dispatch(message, text.len());
                }
            }
            if let Some(inner) = weak.upgrade() {
                inner.end("Chromium ended or the connection to it broke");
            }
        });
        Self(inner)
    }

    /// Sends a command, to the browser itself or to one session, and waits for its answer.
    pub(super) async fn call(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, CallError> {
        let (reply, answer) = oneshot::channel();
        let id = self.post(session, method, params, Reply::Caller(reply))?;
        // A caller that stops waiting (a timeout, a cancelled task) must not leave its entry behind.
        let _forget = Forget { inner: &self.0, id };
        answer.await.unwrap_or_else(|_| Err(CallError::Gone(self.0.reason())))
    }

    /// Sends a command whose answer goes to `reply`. Its number on this connection.
    pub(super) fn post(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
        reply: Reply,
    ) -> Result<u64, CallError> {
        let mut table = self.0.table();
        let gone = || CallError::Gone(self.0.reason());
        let outgoing = table.outgoing.clone().ok_or_else(gone)?;
        if session.is_some_and(|session| !table.sessions.contains_key(session)) {
            return Err(CallError::Gone("the page is closed or has crashed".into()));
        }
        table.last_id += 1;
        let id = table.last_id;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let (Some(session), Some(fields)) = (session, message.as_object_mut()) {
            fields.insert("sessionId".into(), session.into());
        }
        table.pending.insert(id, Pending { session: session.map(Into::into), reply });
        if outgoing.send(message.to_string()).is_err() {
            table.pending.remove(&id);
            return Err(gone());
        }
        Ok(id)
    }

    /// The events of a session from now on. They end when the session does.
    pub(super) fn listen(&self, session: &str) -> mpsc::UnboundedReceiver<Event> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.0.listen(session, Listener::Page(sender));
        receiver
    }

    /// Gives a session to a relay: its events, and every session that is attached through it.
    pub(super) fn entrust(&self, session: &str, inbox: Inbox) {
        self.0.listen(session, Listener::Relay(inbox));
    }

    /// Sends a command for a relay, into a session that was entrusted to it. Its answer has `number`.
    pub(super) fn post_for(
        &self,
        relay: &Arc<Waiting>,
        session: &str,
        method: &str,
        params: Value,
        number: u64,
    ) -> Result<(), CallError> {
        let inbox = match self.0.table().sessions.get(session) {
            Some(Listener::Relay(inbox)) if inbox.leads_to(relay) => inbox.clone(),
            _ => return Err(CallError::Gone("the session is closed".into())),
        };
        self.post(Some(session), method, params, Reply::Relay(inbox, number)).map(drop)
    }

    /// Forgets the sessions and commands of a relay.
    pub(super) fn release(&self, relay: &Arc<Waiting>) {
        let mut table = self.0.table();
        table.sessions.retain(|_, owner| !matches!(owner, Listener::Relay(inbox) if inbox.leads_to(relay)));
        table.pending.retain(|_, pending| match &pending.reply {
            Reply::Relay(inbox, _) => !inbox.leads_to(relay),
            Reply::Caller(_) => true,
        });
    }

    /// Remembers a context that was made.
    pub(super) fn remember(&self, context: &str, made: Made) {
        self.0.table().contexts.insert(context.to_owned(), made);
    }

    /// Counts a relay into a context that was made; `None` when it is closed.
    pub(super) fn share(&self, context: &str) -> Option<Made> {
        let mut table = self.0.table();
        let made = table.contexts.get_mut(context)?;
        made.relays += 1;
        Some(made.clone())
    }

    /// Counts a relay out.
    pub(super) fn unshare(&self, context: &str) {
        if let Some(made) = self.0.table().contexts.get_mut(context) {
            made.relays = made.relays.saturating_sub(1);
        }
    }

    /// Whether a context is open.
    pub(super) fn has(&self, context: &str) -> bool {
        self.0.table().contexts.contains_key(context)
    }

    /// Whether a client works in the same page as the server.
    pub(super) fn is_shared(&self, page: &str) -> bool {
        self.0.table().contexts.values().any(|made| made.page == page && made.relays > 0)
    }

    /// Forgets a context that is being closed.
    pub(super) fn forget(&self, context: &str) {
        self.0.table().contexts.remove(context);
    }

    /// Ends one session: its pending commands fail with `reason`, and so does every later one.
    pub(super) fn end_session(&self, session: &str, reason: &str) {
        self.0.end_session(session, reason);
    }

    /// Hangs up, for the given reason.
    pub(super) fn close(&self, reason: &str) {
        self.0.end(reason);
    }

    /// Whether commands can be sent.
    pub(super) fn is_open(&self) -> bool {
        self.0.table().outgoing.is_some()
    }

    /// Ends with the reason once the connection has ended.
    pub(super) async fn gone(&self) -> String {
        let mut gone = self.0.gone.subscribe();
        match gone.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => String::new(),
        }
    }
}

struct Forget<'a> {
    inner: &'a Inner,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.inner.table().pending.remove(&self.id);
    }
}

impl Inner {
    fn table(&self) -> MutexGuard<'_, Table> {
        // No code panics while it holds the lock, so a poisoned table would still be whole.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reason(&self) -> String {
        self.gone.borrow().clone().unwrap_or_else(|| "the connection to Chromium is closed".into())
    }

    /// Gives one message, which had so many bytes, to whom it concerns.
    fn dispatch(&self, mut message: Value, bytes: usize) {
        if let Some(id) = message.get("id").and_then(Value::as_u64) {
            let Some(pending) = self.table().pending.remove(&id) else { return };
            match pending.reply {
                Reply::Caller(reply) => {
                    let result = match message.get("error") {
                        Some(error) => Err(CallError::Refused(text(error, "message"))),
                        None => Ok(message.get_mut("result").map(Value::take).unwrap_or_default()),
                    };
                    let _ = reply.send(result);
                }
                Reply::Relay(inbox, number) => inbox.push(Delivery::Answer { number, message }, bytes),
            }
            return;
        }
        let Some(message) = self.relay(message, bytes) else { return };
        self.notify(message);
    }

    /// Hands an event of a relay's session over; `None` unless it is somebody else's.
    fn relay(&self, mut message: Value, bytes: usize) -> Option<Value> {
        let session = text(&message, "sessionId");
        let inbox = match self.table().sessions.get(&session) {
            Some(Listener::Relay(inbox)) => inbox.clone(),
            _ => return Some(message),
        };
        let method = text(&message, "method");
        let params = message.get_mut("params").map(Value::take).unwrap_or_default();
        // Before the next message is looked at, which may be one of the new session.
        match method.as_str() {
            "Target.attachedToTarget" => {
                self.listen(&text(&params, "sessionId"), Listener::Relay(inbox.clone()));
            }
            "Target.detachedFromTarget" => {
                self.end_session(&text(&params, "sessionId"), "the session was detached");
            }
            _ => {}
        }
        inbox.push(Delivery::Event { session, method, params }, bytes);
        None
    }

    fn notify(&self, mut message: Value) {
        let method = text(&message, "method");
        let params = message.get_mut("params").map(Value::take).unwrap_or_default();
        if method == "Target.detachedFromTarget" {
            self.end_session(&text(&params, "sessionId"), "the page was closed");
            return;
        }
        let session = text(&message, "sessionId");
        if method == "Inspector.targetCrashed" {
            self.end_session(&session, "the page crashed");
            return;
        }
        if let Some(Listener::Page(listener)) = self.table().sessions.get(&session) {
            let _ = listener.send(Event { method, params });
        }
    }

    fn listen(&self, session: &str, listener: Listener) {
        let mut table = self.table();
        if table.outgoing.is_some() {
            table.sessions.insert(session.to_owned(), listener);
        }
    }

    fn end_session(&self, session: &str, reason: &str) {
        let mut table = self.table();
        table.sessions.remove(session);
        let orphans = table.pending.extract_if(|_, pending| pending.session.as_deref() == Some(session));
        for (_, pending) in orphans {
            pending.reply.gone(reason);
        }
    }

    fn end(&self, reason: &str) {
        let mut table = self.table();
        table.outgoing = None;
        table.sessions.clear();
        table.contexts.clear();
        // The first reason is the true one; what follows is its consequence.
        self.gone.send_if_modified(|gone| {
            let first = gone.is_none();
            if first {
                *gone = Some(reason.to_owned());
            }
            first
        });
        for (_, pending) in table.pending.drain() {
            pending.reply.gone(reason);
        }
    }
}

/// A string field, or the empty string.
pub(super) fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Far {
        sent: mpsc::UnboundedReceiver<String>,
        answers: mpsc::UnboundedSender<String>,
    }

    fn connected() -> (Connection, Far) {
        let (outgoing, sent) = mpsc::unbounded_channel();
        let (answers, incoming) = mpsc::unbounded_channel();
        (Connection::new(Transport { outgoing, incoming }), Far { sent, answers })
    }

    #[tokio::test]
    async fn answers_find_their_callers_in_any_order() {
        let (connection, mut far) = connected();
        let first = connection.call(None, "A.one", json!({}));
        let second = connection.call(None, "A.two", json!({}));
        let serve = async {
            let one: Value = serde_json::from_str(&far.sent.recv().await.unwrap()).unwrap();
            let two: Value = serde_json::from_str(&far.sent.recv().await.unwrap()).unwrap();
            for (message, result) in [(two, 2), (one, 1)] {
                let answer = json!({ "id": message["id"], "result": { "n": result } });
                far.answers.send(answer.to_string()).unwrap();
            }
        };
        let (first, second, ()) = tokio::join!(first, second, serve);
        assert_eq!(first.unwrap()["n"], 1);
        assert_eq!(second.unwrap()["n"], 2);
    }

    #[tokio::test]
    async fn a_crashed_page_fails_its_calls_and_no_others() {
        let (connection, mut far) = connected();
        let mut events = connection.listen("S1");
        let _other = connection.listen("S2");
        let doomed = connection.call(Some("S1"), "Runtime.evaluate", json!({}));
        let healthy = connection.call(Some("S2"), "Runtime.evaluate", json!({}));
        let serve = async {
            let _ = far.sent.recv().await;
            let other: Value = serde_json::from_str(&far.sent.recv().await.unwrap()).unwrap();
            far.answers
                .send(json!({ "method": "Inspector.targetCrashed", "sessionId": "S1" }).to_string())
                .unwrap();
            far.answers.send(json!({ "id": other["id"], "result": {} }).to_string()).unwrap();
        };
        let (doomed, healthy, ()) = tokio::join!(doomed, healthy, serve);
        assert_eq!(doomed, Err(CallError::Gone("the page crashed".into())));
        assert!(healthy.is_ok());
        assert!(events.recv().await.is_none());
        assert!(matches!(connection.call(Some("S1"), "X.y", json!({})).await, Err(CallError::Gone(_))));
    }

    #[tokio::test]
    async fn a_broken_connection_fails_what_is_pending_and_says_so() {
        let (connection, far) = connected();
        let call = connection.call(None, "Browser.getVersion", json!({}));
        let (result, ()) = tokio::join!(call, async { drop(far) });
        assert!(matches!(result, Err(CallError::Gone(_))));
        assert!(connection.gone().await.contains("Chromium ended"));
        assert!(!connection.is_open());
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_leaves_nothing_behind() {
        let (connection, _far) = connected();
        let call = connection.call(None, "Browser.getVersion", json!({}));
        assert!(tokio::time::timeout(std::time::Duration::from_millis(5), call).await.is_err());
        assert!(connection.0.table().pending.is_empty());
    }
}
