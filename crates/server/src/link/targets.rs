//! The targets of one browser context, and which of them a client asked for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::message::text;

/// The types that a client may know of: pages and what they contain. Chromium counts parts of its own user interface
/// among the targets of a context (`browser_ui`), whose scripts have a power over the whole browser.
const TYPES: [&str; 6] = ["page", "tab", "iframe", "worker", "service_worker", "shared_worker"];

/// The targets of one context, by id.
#[derive(Debug)]
pub(super) struct Targets {
    context: String,
    known: BTreeMap<String, Value>,
    /// One that the client does not see any more although it is there.
    hidden: Option<String>,
}

impl Targets {
    pub(super) fn of(context: &str) -> Self {
        Self { context: context.to_owned(), known: BTreeMap::new(), hidden: None }
    }

    /// Whether a target is one of this context that a client may know of.
    pub(super) fn is_ours(&self, info: &Value) -> bool {
        text(info, "browserContextId") == self.context
            && TYPES.contains(&text(info, "type"))
            && self.hidden.as_deref() != Some(text(info, "targetId"))
    }

    /// Takes one out of the client's sight for good.
    pub(super) fn hide(&mut self, id: &str) -> Option<Value> {
        self.hidden = Some(id.to_owned());
        self.known.remove(id)
    }

    /// Takes note of what an event says of a target; `false` when it is none of ours.
    pub(super) fn note(&mut self, info: &Value) -> bool {
        let ours = self.is_ours(info);
        if ours {
            self.known.insert(text(info, "targetId").to_owned(), info.clone());
        }
        ours
    }

    /// Forgets one that is gone; `false` when it was none of this context.
    pub(super) fn forget(&mut self, id: &str) -> bool {
        self.known.remove(id).is_some()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.known.contains_key(id)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Value> {
        self.known.get(id)
    }

    /// Those that pass a filter.
    pub(super) fn matching(&self, filter: &Filter) -> impl Iterator<Item = (&String, &Value)> {
        self.known.iter().filter(|(_, info)| filter.takes(info))
    }
}

/// Which types of targets a client wants: CDP's `TargetFilter`, whose first entry that fits decides.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter(Vec<Value>);

impl Filter {
    /// The filter of a command, or CDP's default.
    pub(super) fn of(params: &Value) -> Self {
        match params.get("filter").and_then(Value::as_array) {
            Some(entries) => Self(entries.clone()),
            None => Self(vec![
                json!({ "type": "browser", "exclude": true }),
                json!({ "type": "tab", "exclude": true }),
                json!({}),
            ]),
        }
    }

    pub(super) fn takes(&self, info: &Value) -> bool {
        let kind = text(info, "type");
        let entry = self.0.iter().find(|entry| ["", kind].contains(&text(entry, "type")));
        entry.is_some_and(|entry| entry.get("exclude").and_then(Value::as_bool) != Some(true))
    }
}

/// Whether a client that attaches to everything is attached to this at the top. What a page contains (frames, its
/// workers) is attached through the page.
pub(super) fn stands_alone(info: &Value) -> bool {
    matches!(text(info, "type"), "page" | "tab" | "service_worker")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(id: &str, kind: &str, context: &str) -> Value {
        json!({ "targetId": id, "type": kind, "browserContextId": context })
    }

    #[test]
    fn only_targets_of_the_context_are_known() {
        let mut targets = Targets::of("A");
        assert!(targets.note(&target("1", "page", "A")));
        assert!(!targets.note(&target("2", "page", "B")));
        assert!(!targets.note(&json!({ "targetId": "3", "type": "browser" })));
        assert!(!targets.note(&target("4", "browser_ui", "A")));
        assert!(
            targets.contains("1")
                && !targets.contains("2")
                && !targets.contains("3")
                && !targets.contains("4")
        );
        assert!(targets.forget("1") && !targets.forget("2"));
        assert!(targets.note(&target("1", "page", "A")) && targets.hide("1").is_some());
        assert!(!targets.note(&target("1", "page", "A")) && !targets.contains("1"));
    }

    #[test]
    fn the_first_entry_that_fits_decides() {
        let takes = |params: &Value, kind: &str| Filter::of(params).takes(&target("1", kind, "A"));
        assert!(takes(&json!({}), "page") && takes(&json!({}), "worker") && !takes(&json!({}), "tab"));
        let tabs = json!({ "filter": [{ "type": "page", "exclude": true }, {}] });
        assert!(takes(&tabs, "tab") && !takes(&tabs, "page"));
        assert!(!takes(&json!({ "filter": [{ "type": "page" }] }), "iframe"));
        assert!(!takes(&json!({ "filter": [] }), "page"));
    }
}
