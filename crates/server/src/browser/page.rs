//! An open page: scripts, and what the other page modules need.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use super::BrowserError;
use super::connection::{CallError, Connection, Event, Reply, text};
use super::load::Load;
use super::taps::Taps;

/// How long a command or a script may take. A page that computes for longer than that does not come back.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a dialog is left to a client that works in the same page, for its user to answer it.
const FOR_OTHERS: Duration = Duration::from_secs(3);
/// The message for a script whose page was left, after which it can be asked of the next page.
const LEFT: &str = "the page was left while the script ran";

/// An open page. Clones drive the same page.
#[derive(Debug, Clone)]
pub struct Page {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) session: Session,
    pub(super) load: watch::Receiver<Load>,
    pub(super) viewport: (u32, u32),
    pub(super) navigation_timeout: Duration,
    /// Held while a picture is taken, for which the viewport changes.
    pub(super) camera: Mutex<()>,
    pub(super) taps: Arc<Taps>,
}

/// The CDP session of a page.
#[derive(Debug, Clone)]
pub(super) struct Session {
    connection: Connection,
    id: String,
}

impl Session {
    pub(super) fn new(connection: Connection, id: String) -> Self {
        Self { connection, id }
    }

    pub(super) async fn call(&self, method: &str, params: Value) -> Result<Value, CallError> {
        self.connection.call(Some(&self.id), method, params).await
    }

    /// Sends a command at once, before any that follows, and does not wait for its answer.
    pub(super) fn tell(&self, method: &str) {
        let (reply, _) = oneshot::channel();
        let _ = self.connection.post(Some(&self.id), method, json!({}), Reply::Caller(reply));
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.session.connection.end_session(&self.session.id, "the page was closed");
    }
}

impl Page {
    pub(super) fn new(
        session: Session,
        main_frame: String,
        viewport: (u32, u32),
        navigation_timeout: Duration,
    ) -> Self {
        let events = session.connection.listen(&session.id);
        let (observed, load) = watch::channel(Load::default());
        let taps = Arc::new(Taps::default());
        tokio::spawn(observe(session.clone(), main_frame, events, observed, Arc::clone(&taps)));
        let camera = Mutex::new(());
        Self { inner: Arc::new(Inner { session, load, viewport, navigation_timeout, camera, taps }) }
    }

    /// Switches on what the page needs before its first navigation; `script` runs first in every document.
    pub(super) async fn prepare(&self, script: &str) -> Result<(), BrowserError> {
        futures_util::try_join!(
            self.command("Page.enable", json!({})),
            self.command("Page.setLifecycleEventsEnabled", json!({ "enabled": true })),
            self.command("Inspector.enable", json!({})),
            self.command("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })),
            // Every page believes to be the one in front, else only one at a time would take input.
            self.command("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })),
            self.set_viewport(self.inner.viewport),
        )?;
        Ok(())
    }

    /// The current address.
    pub async fn url(&self) -> Result<String, BrowserError> {
        let tree = self.command("Page.getFrameTree", json!({})).await?;
        let frame = tree.pointer("/frameTree/frame").unwrap_or(&Value::Null);
        Ok(text(frame, "url") + &text(frame, "urlFragment"))
    }

    /// The document as HTML.
    pub async fn html(&self) -> Result<String, BrowserError> {
        let script = "(document.doctype ? new XMLSerializer().serializeToString(document.doctype) + '\\n' : '') \
                      + (document.documentElement ? document.documentElement.outerHTML : '')";
        Ok(self.evaluate(script).await?.as_str().unwrap_or_default().to_owned())
    }

    /// The value of a JavaScript expression (awaited when it is a promise), as JSON. Fails after 60 s.
    pub async fn evaluate(&self, expression: &str) -> Result<Value, BrowserError> {
        let params = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
            "userGesture": true,
        });
        let answer = self.command("Runtime.evaluate", params).await?;
        if let Some(details) = answer.get("exceptionDetails") {
            let thrown = details.pointer("/exception/description").or(details.pointer("/exception/value"));
            let thrown = match thrown {
                Some(Value::String(text)) => text.lines().next().unwrap_or_default().to_owned(),
                Some(other) => other.to_string(),
                None => text(details, "text"),
            };
            return Err(BrowserError::Script(thrown));
        }
        let result = answer.get("result").unwrap_or(&Value::Null);
        match result.get("value") {
            Some(value) => Ok(value.clone()),
            None if text(result, "type") == "undefined" => Ok(Value::Null),
            None => {
                let what = ["unserializableValue", "description", "type"].map(|field| text(result, field));
                let what = what.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
                Err(BrowserError::Script(format!("the value of the script is not JSON: {what}")))
            }
        }
    }

    /// Puts files of this machine into the file field that a JavaScript expression gives.
    pub async fn set_files(&self, expression: &str, files: &[PathBuf]) -> Result<(), BrowserError> {
        let params = json!({ "expression": expression, "returnByValue": false });
        let answer = self.command("Runtime.evaluate", params).await?;
        let object = answer.pointer("/result/objectId").and_then(Value::as_str);
        let object = object.ok_or_else(|| BrowserError::Script("the file field is gone".into()))?;
        self.command("DOM.setFileInputFiles", json!({ "files": files, "objectId": object })).await?;
        self.command("Runtime.releaseObject", json!({ "objectId": object })).await.map(drop)
    }

    /// Ends once nothing can be asked of the page any more: it crashed, was closed, or its Chromium is gone.
    pub async fn gone(&self) {
        let mut load = self.inner.load.clone();
        // What follows its events is dropped when they end.
        while load.changed().await.is_ok() {}
    }

    /// Crashes the renderer of the page, to see what becomes of its tasks.
    #[doc(hidden)]
    pub async fn crash(&self) -> Result<(), BrowserError> {
        self.command("Page.crash", json!({})).await.map(drop)
    }

    /// Sends a command to this page.
    pub(super) async fn command(&self, method: &str, params: Value) -> Result<Value, BrowserError> {
        match timeout(PATIENCE, self.inner.session.call(method, params)).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(CallError::Gone(why))) => Err(BrowserError::Gone(why)),
            Ok(Err(CallError::Refused(why))) => {
                let left = ["context was destroyed", "navigated or closed", "Cannot find default execution"];
                let why = if left.iter().any(|part| why.contains(part)) { LEFT.to_owned() } else { why };
                Err(BrowserError::Script(why))
            }
            Err(_) => Err(BrowserError::Timeout(format!(
                "the page did not answer within {} s ({method})",
                PATIENCE.as_secs()
            ))),
        }
    }

    pub(super) async fn set_viewport(&self, (width, height): (u32, u32)) -> Result<Value, BrowserError> {
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", params).await
    }
}

impl BrowserError {
    /// Whether a script failed only because the page was left meanwhile.
    pub(crate) fn is_left_page(&self) -> bool {
        matches!(self, Self::Script(why) if why == LEFT)
    }
}

/// Follows the events of a page for as long as its session lives.
async fn observe(
    session: Session,
    main_frame: String,
    mut events: mpsc::UnboundedReceiver<Event>,
    load: watch::Sender<Load>,
    taps: Arc<Taps>,
) {
    while let Some(event) = events.recv().await {
        if event.method == "Page.javascriptDialogOpening" {
            let session = session.clone();
            let accept = accepts(&text(&event.params, "type"));
            let shared = session.connection.is_shared(&main_frame);
            tokio::spawn(async move {
                if shared {
                    sleep(FOR_OTHERS).await;
                }
                // Fails when the dialog is gone already, which is what is wanted.
                let _ = session.call("Page.handleJavaScriptDialog", json!({ "accept": accept })).await;
            });
        }
        load.send_if_modified(|load| load.observe(&main_frame, &event));
        taps.hand_on(event);
    }
}

/// A notice is taken note of and a page may be left; nothing is agreed to that the task did not ask for.
fn accepts(dialog: &str) -> bool {
    matches!(dialog, "alert" | "beforeunload")
}
