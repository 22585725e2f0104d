//! Asks the page, through scripts that run in it.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use super::super::AgentError;
use crate::browser::{BrowserError, Page};

/// How long something may take to appear that a page makes only after it is loaded.
const PATIENCE: Duration = Duration::from_secs(4);
const PAUSE: Duration = Duration::from_millis(150);

/// One after the other they are one script; each builds on those before it.
const LIBRARY: &str = concat!(
    include_str!("page/dom.js"),
    include_str!("page/act.js"),
    include_str!("page/read.js"),
    include_str!("page/fill_schema.js"),
);

/// What a page script answers.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    /// What was looked for; absent when it is not there.
    #[serde(default, deserialize_with = "present")]
    pub(super) found: Option<Value>,
    /// What is known of why it is not there.
    #[serde(default)]
    missing: String,
    /// What the page has instead.
    #[serde(default)]
    has: Vec<String>,
}

/// Tells a `null` that was found from a field that is absent.
fn present<'de, D: serde::Deserializer<'de>>(field: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(field).map(Some)
}

impl Answer {
    /// A sentence that begins with what is missing.
    pub(super) fn explain(&self, what: &str) -> String {
        let mut sentence = what.to_owned();
        if !self.missing.is_empty() {
            sentence.push_str(": ");
            sentence.push_str(&self.missing);
        }
        if !self.has.is_empty() {
            let has: Vec<String> = self.has.iter().map(|name| format!("\"{name}\"")).collect();
            sentence.push_str("; the page has: ");
            sentence.push_str(&has.join(", "));
        }
        sentence
    }
}

/// Runs one function of the page scripts.
pub(super) async fn ask(page: &Page, function: &str, argument: &Value) -> Result<Answer, AgentError> {
    let expression = call(function, argument);
    let mut tries = 0;
    let answer = loop {
        match page.evaluate(&expression).await {
            // The next document is asked instead.
            Err(error) if error.is_left_page() && tries < 5 => {
                tries += 1;
                page.settle().await.map_err(failed)?;
            }
            answer => break answer.map_err(failed)?,
        }
    };
    serde_json::from_value(answer)
        .map_err(|error| AgentError::Page(format!("the page answered what no script of ours does: {error}")))
}

/// The expression that calls one function of the page scripts.
pub(super) fn call(function: &str, argument: &Value) -> String {
    format!("(() => {{ {LIBRARY}\nreturn acts.{function}({argument}); }})()")
}

/// Like [`ask`], again and again until something is found or it is clear that nothing will be.
pub(super) async fn ask_patiently(
    page: &Page,
    function: &str,
    argument: &Value,
) -> Result<Answer, AgentError> {
    ask_for(page, function, argument, PATIENCE, tokio::time::sleep).await
}

/// Asks for as long as `patience`; `rest` lets the time between two looks pass, and no more than that counts of it.
pub(super) async fn ask_for<F: Future<Output = ()>>(
    page: &Page,
    function: &str,
    argument: &Value,
    patience: Duration,
    rest: impl Fn(Duration) -> F,
) -> Result<Answer, AgentError> {
    let mut left = patience;
    loop {
        let since = Instant::now();
        let answer = ask(page, function, argument).await?;
        if answer.found.is_some() || left.is_zero() {
            return Ok(answer);
        }
        left = left.saturating_sub(since.elapsed().saturating_add(PAUSE));
        rest(PAUSE).await;
    }
}

pub(super) fn failed(error: BrowserError) -> AgentError {
    AgentError::Page(error.to_string())
}
