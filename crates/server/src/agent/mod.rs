//! What carries a task out. An agent gets a task and an open page, does one step after the other, and
//! ends with a JSON value or with a sentence that says why not.

mod host;
mod rules;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::browser::Page;

pub use host::{Found, Host, Progress, Report};
pub use rules::{Rules, hand};

/// What the sentence of a task begins with that asks for something no agent here understands. Some wires have a word
/// of their own for it.
pub const NOT_UNDERSTOOD: &str = "this agent does not understand";

/// One way of carrying out tasks. `rules` needs no model; a model-driven agent stands behind this same trait.
pub trait Agent: Send + Sync + 'static {
    /// The name that a request picks this agent by.
    fn name(&self) -> &'static str;

    /// Carries out `task` on `page`, which already shows `task.url` when one was given.
    ///
    /// Tells `host` of each step as it begins and ends, and lets it hold the task before each. Stops with [`AgentError::StepLimit`] before the step after
    /// `task.max_steps`. Dropping the future stops the work.
    fn run<'a>(
        &'a self,
        task: &'a AgentTask,
        page: &'a Page,
        host: &'a Host,
    ) -> futures_util::future::BoxFuture<'a, Result<Value, AgentError>>;
}

/// What is to be done.
#[derive(Debug, Clone)]
pub struct AgentTask {
    /// The instruction in plain words.
    pub prompt: String,
    /// Steps that may be taken at most; at least 1.
    pub max_steps: u32,
    /// Values for `{{name}}`, `<secret>name</secret>` and `$name` placeholders of the prompt; never logged.
    pub secrets: Secrets,
    /// Values for the same placeholders that are no secrets.
    pub inputs: BTreeMap<String, String>,
    /// A JSON Schema that the result shall have.
    pub output_schema: Option<Value>,
}

/// Secret values by name. `Debug` shows the names only.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Takes the values over.
    #[must_use]
    pub fn new(values: BTreeMap<String, String>) -> Self {
        Self(values)
    }

    /// The value of one name.
    #[must_use]
    pub fn reveal(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// `text` with every secret value replaced by its name in angle brackets; longer values first, because one may
    /// contain another.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut values: Vec<_> = self.0.iter().filter(|(_, value)| !value.is_empty()).collect();
        values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        values
            .into_iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(value.as_str(), &format!("<{name}>")))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// One thing that an agent did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Counted from 1.
    pub number: u32,
    /// A word for the kind: `open`, `click`, `fill`, `extract`, ...
    pub action: String,
    /// What exactly, without secrets.
    pub detail: String,
    /// Milliseconds that it took.
    pub duration_ms: u64,
    /// Why it failed; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Why a task ended without a result. `Display` is the sentence that the user reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentError {
    /// The prompt asks for something that this agent does not understand.
    NotUnderstood(String),
    /// The page does not have what the prompt asks for.
    NotFound(String),
    /// `max_steps` were taken and the task is not done.
    StepLimit(u32),
    /// The page or the browser failed.
    Page(String),
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUnderstood(text) | Self::NotFound(text) | Self::Page(text) => f.write_str(text),
            Self::StepLimit(limit) => write!(f, "Maximum number of steps exceeded ({limit})"),
        }
    }
}

impl std::error::Error for AgentError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_contains_another_is_hidden_whole() {
        let pairs =
            [("a", "abcd"), ("b", "abcdefgh")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let secrets = Secrets::new(BTreeMap::from(pairs));
        assert_eq!(secrets.redact("t=abcdefgh&u=abcd"), "t=<b>&u=<a>");
        assert_eq!(format!("{secrets:?}"), r#"{"a", "b"}"#);
    }
}
