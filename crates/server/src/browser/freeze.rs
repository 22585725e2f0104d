//! Stops the pages of a context and lets them go on: timers, workers, frames and requests of a frozen page rest
//! (<https://developer.chrome.com/docs/web-platform/page-lifecycle-api>).

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::connection::{CallError, Connection, text};
use super::{BrowserError, Page};

/// How long Chromium may take for one command.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a page that loads may take to answer.
const LOADING: Duration = Duration::from_secs(2);

/// How long a client that was told to leave may take to let go of the page, and how often that is looked at.
const AWAKE: Duration = Duration::from_secs(3);
const AGAIN: Duration = Duration::from_millis(50);

/// Stops the pages of one context. Clones do the same.
#[derive(Debug, Clone)]
pub struct Freezer {
    connection: Connection,
    context: String,
    page: Page,
}

impl Freezer {
    pub(super) fn new(connection: Connection, context: String, page: Page) -> Self {
        Self { connection, context, page }
    }

    /// The context's id on Chromium's side, the `browserContextId` of CDP.
    #[must_use]
    pub fn context_id(&self) -> &str {
        &self.context
    }

    /// Freezes every page. Scripts asked for from outside would still be answered, and a picture wakes a page for a
    /// moment, so nothing shall be asked of it meanwhile.
    ///
    /// Fails when a page stays awake, which another CDP client can cause by emulating focus.
    pub async fn freeze(&self) -> Result<(), BrowserError> {
        // Only a page that is hidden freezes, and our own emulation of focus keeps it visible.
        match timeout(LOADING, self.emulate_focus(false)).await {
            Ok(done) => done?,
            // A document that does not come holds the answer back, and to a frozen page it would not come anyway.
            Err(_) => {
                self.page.command("Page.stopLoading", json!({})).await?;
                self.emulate_focus(false).await?;
            }
        }
        let frozen = async {
            loop {
                self.set_state("frozen").await?;
                if self.page.evaluate("document.visibilityState").await? == "hidden" {
                    return Ok(());
                }
                sleep(AGAIN).await;
            }
        };
        timeout(AWAKE, frozen).await.unwrap_or_else(|_| {
            let why = "the page cannot be frozen while another client keeps it in front";
            Err(BrowserError::Script(why.into()))
        })
    }

    /// Lets every page go on.
    pub async fn thaw(&self) -> Result<(), BrowserError> {
        self.set_state("active").await?;
        self.emulate_focus(true).await
    }

    async fn emulate_focus(&self, on: bool) -> Result<(), BrowserError> {
        self.page.command("Emulation.setFocusEmulationEnabled", json!({ "enabled": on })).await.map(drop)
    }

    /// Also pages that are not ours: popups, and what a client opened over CDP.
    async fn set_state(&self, state: &str) -> Result<(), BrowserError> {
        let targets = self.ask(None, "Target.getTargets", json!({})).await?;
        let targets = targets.get("targetInfos").and_then(Value::as_array).cloned().unwrap_or_default();
        let ours = |target: &&Value| {
            text(target, "type") == "page" && text(target, "browserContextId") == self.context
        };
        for page in targets.iter().filter(ours) {
            match self.set_state_of(&text(page, "targetId"), state).await {
                // A refusal means that it was closed meanwhile.
                Ok(()) | Err(BrowserError::Script(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn set_state_of(&self, target: &str, state: &str) -> Result<(), BrowserError> {
        let target = json!({ "targetId": target, "flatten": true });
        let attached = self.ask(None, "Target.attachToTarget", target).await?;
        let session = text(&attached, "sessionId");
        // The connection takes commands for sessions that somebody listens to.
        let events = self.connection.listen(&session);
        let done = self.ask(Some(&session), "Page.setWebLifecycleState", json!({ "state": state })).await;
        drop(events);
        // The state outlives the session.
        let detached = self.ask(None, "Target.detachFromTarget", json!({ "sessionId": session })).await;
        self.connection.end_session(&session, "it was detached");
        done.and(detached).map(drop)
    }

    async fn ask(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value, BrowserError> {
        match timeout(PATIENCE, self.connection.call(session, method, params)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(CallError::Gone(why))) => Err(BrowserError::Gone(why)),
            Ok(Err(CallError::Refused(why))) => Err(BrowserError::Script(why)),
            Err(_) => Err(BrowserError::Timeout(format!(
                "Chromium did not answer within {} s ({method})",
                PATIENCE.as_secs()
            ))),
        }
    }
}
