//! Files that a page makes Chromium download.

use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::connection::{Connection, Event, text};

/// Bytes that one context may download in all; what goes beyond is cancelled.
const MOST_BYTES: u64 = 500 * 1024 * 1024;
/// Files that one context may download.
const MOST_FILES: usize = 1000;

/// The downloads of one context.
#[derive(Debug)]
pub struct Downloads {
    connection: Connection,
    context: Option<String>,
    events: mpsc::UnboundedReceiver<Event>,
    folder: PathBuf,
    /// Names by id, with the bytes so far.
    running: HashMap<String, (String, u64)>,
    files: usize,
    /// Bytes of the complete ones.
    bytes: u64,
}

/// A file that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// Where it lies.
    pub path: PathBuf,
    /// What the page calls it: not to be used as a path.
    pub name: String,
}

impl Downloads {
    pub(super) fn new(
        connection: Connection,
        context: Option<String>,
        events: mpsc::UnboundedReceiver<Event>,
        folder: PathBuf,
    ) -> Self {
        Self { connection, context, events, folder, running: HashMap::new(), files: 0, bytes: 0 }
    }

    /// Whether one is under way that is known of.
    #[must_use]
    pub fn under_way(&self) -> bool {
        !self.running.is_empty()
    }

    /// The next one that is complete; `None` when the page is gone. Nothing is lost when this is dropped.
    pub async fn next(&mut self) -> Option<Download> {
        loop {
            let event = self.events.recv().await?;
            if let Some(download) = self.observe(&event) {
                return Some(download);
            }
        }
    }

    fn observe(&mut self, event: &Event) -> Option<Download> {
        let id = text(&event.params, "guid");
        if event.method == "Page.downloadWillBegin" {
            self.files += 1;
            if self.files > MOST_FILES {
                self.cancel(&id);
            } else {
                self.running.insert(id, (text(&event.params, "suggestedFilename"), 0));
            }
            return None;
        }
        match text(&event.params, "state").as_str() {
            "completed" => {
                let (name, bytes) = self.running.remove(&id)?;
                self.bytes = self.bytes.saturating_add(bytes);
                // Chromium made up the id; anything else would be no name.
                let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                plain.then(|| Download { path: self.folder.join(&id), name })
            }
            "canceled" => {
                self.running.remove(&id);
                None
            }
            _ => {
                let received = event.params.get("receivedBytes").and_then(Value::as_f64).unwrap_or_default();
                if let Some((_, bytes)) = self.running.get_mut(&id) {
                    *bytes = received as u64;
                }
                let running = self.running.values().map(|(_, bytes)| bytes).sum::<u64>();
                if self.bytes.saturating_add(running) > MOST_BYTES {
                    self.cancel(&id);
                }
                None
            }
        }
    }

    fn cancel(&mut self, id: &str) {
        self.running.remove(id);
        let (connection, params) =
            (self.connection.clone(), json!({ "guid": id, "browserContextId": self.context }));
        tokio::spawn(async move {
            // Fails when it ended by itself meanwhile.
            let _ = connection.call(None, "Browser.cancelDownload", params).await;
        });
    }
}
