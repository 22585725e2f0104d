//! Single acts on a page, for callers that name what they mean: no prompt, no placeholders.

use std::sync::Arc;

use serde_json::Value;

use super::instruction::{Instruction, Kind, Pick, Target, What, Wish};
use super::perform::perform;
use super::placeholder::Values;
use crate::agent::{AgentError, Host};
use crate::browser::Page;
use crate::pace::Pace;

/// Clicks what a person knows by this name: a button, a link, or whatever shows this text.
pub async fn click(page: &Page, name: &str) -> Result<(), AgentError> {
    act(page, Instruction::Click(Target { name: name.to_owned(), kind: Kind::Any })).await.map(drop)
}

/// Clicks the first visible element of a CSS selector.
pub async fn click_selector(page: &Page, selector: &str) -> Result<(), AgentError> {
    act(page, Instruction::Click(Target { name: selector.to_owned(), kind: Kind::Css })).await.map(drop)
}

/// Types into a field in place of what it holds: one of this name, or `css=` and a selector, or what has the focus.
pub async fn fill(page: &Page, field: Option<&str>, value: &str) -> Result<(), AgentError> {
    let (value, field) = (value.to_owned(), field.map(str::to_owned));
    act(page, Instruction::Fill { value, field }).await.map(drop)
}

/// The text of the page, or of all elements of a CSS selector, one after the other.
pub async fn text(page: &Page, selector: Option<&str>) -> Result<String, AgentError> {
    let what = match selector {
        Some(selector) => What::Css { selector: selector.to_owned(), pick: Pick::All },
        None => What::Text,
    };
    let wish = Wish { phrase: "text".to_owned(), what };
    Ok(match act(page, Instruction::Extract(wish)).await? {
        Some(Value::String(text)) => text,
        Some(Value::Array(texts)) if texts.is_empty() => {
            let selector = selector.unwrap_or_default();
            return Err(AgentError::NotFound(format!("nothing on the page matches `{selector}`")));
        }
        Some(Value::Array(texts)) => {
            let texts =
                texts.iter().map(|text| text.as_str().map_or_else(|| text.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join("\n")
        }
        Some(other) => other.to_string(),
        None => String::new(),
    })
}

async fn act(page: &Page, instruction: Instruction) -> Result<Option<Value>, AgentError> {
    let (host, _nobody) = Host::new(Arc::new(Pace::free()), false);
    perform(page, &instruction, &Values::literal(), &host).await
}
