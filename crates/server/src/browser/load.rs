//! What is known of the documents that a page loads, from the events of its session.

use std::collections::VecDeque;

use serde_json::Value;

use super::connection::{Event, text};

/// Documents that are remembered: enough for any chain of client-side redirects.
const REMEMBERED: usize = 16;

/// The loading of the main frame.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Load {
    /// The document that is shown, by its loader id, and those before it.
    documents: VecDeque<String>,
    /// Whether the load event of the shown document was seen.
    pub(super) loaded: bool,
    /// Whether the frame is fetching or parsing.
    pub(super) busy: bool,
    /// Counts everything that is the start of a navigation.
    pub(super) starts: u64,
    /// The address that could not be opened, when an error page of Chromium is shown.
    pub(super) unreachable: Option<String>,
}

impl Load {
    /// Takes an event in; tells whether it changed anything.
    pub(super) fn observe(&mut self, main_frame: &str, event: &Event) -> bool {
        let before = self.clone();
        let frame = event.params.get("frame").unwrap_or(&event.params);
        let id = text(frame, if event.method == "Page.frameNavigated" { "id" } else { "frameId" });
        if id == main_frame {
            self.take(&event.method, frame, &event.params);
        }
        *self != before
    }

    fn take(&mut self, method: &str, frame: &Value, params: &Value) {
        match method {
            "Page.frameStartedLoading" => {
                self.busy = true;
                self.starts += 1;
            }
            "Page.frameRequestedNavigation" | "Page.frameStartedNavigating" => self.starts += 1,
            "Page.frameStoppedLoading" => self.busy = false,
            "Page.frameNavigated" => {
                self.show(text(frame, "loaderId"));
                self.unreachable = frame.get("unreachableUrl").and_then(Value::as_str).map(Into::into);
                // It comes back as it was left, without another load event.
                if text(params, "type") == "BackForwardCacheRestore" {
                    self.loaded = true;
                }
            }
            "Page.lifecycleEvent" => {
                let name = text(params, "name");
                if matches!(name.as_str(), "init" | "load") {
                    self.show(text(params, "loaderId"));
                }
                if name == "load" {
                    self.loaded = true;
                }
            }
            _ => {}
        }
    }

    fn show(&mut self, loader: String) {
        if self.documents.back() == Some(&loader) {
            return;
        }
        self.documents.push_back(loader);
        self.loaded = false;
        if self.documents.len() > REMEMBERED {
            self.documents.pop_front();
        }
    }

    /// Whether this document, or one that it led to, is loaded.
    pub(super) fn has_loaded(&self, loader: &str) -> bool {
        self.loaded && self.documents.iter().any(|document| document == loader)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lifecycle(name: &str, frame: &str, loader: &str) -> Event {
        let params = json!({ "name": name, "frameId": frame, "loaderId": loader });
        Event { method: "Page.lifecycleEvent".into(), params }
    }

    #[test]
    fn a_document_is_loaded_by_its_own_load_event_in_the_main_frame() {
        let mut load = Load::default();
        load.observe("main", &lifecycle("init", "main", "L1"));
        assert!(!load.observe("main", &lifecycle("load", "frame", "L9")));
        assert!(!load.has_loaded("L1"));
        assert!(load.observe("main", &lifecycle("load", "main", "L1")));
        assert!(load.has_loaded("L1"));
    }

    #[test]
    fn a_client_side_redirect_counts_once_its_destination_is_loaded() {
        let mut load = Load::default();
        load.observe("main", &lifecycle("init", "main", "L1"));
        load.observe("main", &lifecycle("init", "main", "L2"));
        assert!(!load.has_loaded("L1"));
        load.observe("main", &lifecycle("load", "main", "L2"));
        assert!(load.has_loaded("L1"));
    }

    #[test]
    fn an_error_page_is_known_by_the_address_that_it_stands_for() {
        let mut load = Load::default();
        let frame = json!({ "id": "main", "loaderId": "L1", "unreachableUrl": "http://nowhere.invalid/" });
        load.observe(
            "main",
            &Event { method: "Page.frameNavigated".into(), params: json!({ "frame": frame }) },
        );
        assert_eq!(load.unreachable.as_deref(), Some("http://nowhere.invalid/"));
    }
}
