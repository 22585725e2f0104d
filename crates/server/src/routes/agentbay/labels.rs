//! Labels of a session.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use taskwright_core::agentbay::wire::Labels;
use taskwright_core::operation::InvalidInput;

use super::answer::{Answer, Reply};
use super::find;
use super::form::Form;
use crate::app::AppState;

const FIELD: &str = "Labels";

/// Labels, whose names and values are texts with something in them.
pub(super) fn texts(labels: &Map<String, Value>) -> Result<BTreeMap<String, String>, InvalidInput> {
    let text = |(name, value): (&String, &Value)| match value.as_str() {
        Some(value) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((name.clone(), value.to_owned()))
        }
        _ => Err(InvalidInput::new(
            FIELD,
            "takes an object whose names and values are strings that are not empty",
        )),
    };
    labels.iter().map(text).collect()
}

/// The new labels take the place of all that there were.
pub(super) async fn set(state: &AppState, form: &Form) -> Answer {
    let session = find::open(state, form).await?;
    let labels = form.object(FIELD)?.ok_or_else(|| form.refuse(FIELD, "takes an object, got nothing"))?;
    if !state.store.set_labels(session.id(), texts(&labels)?).await? {
        return Err(find::missing(state, session.id()).await);
    }
    Ok(Reply::done())
}

pub(super) async fn get(state: &AppState, form: &Form) -> Answer {
    let session = find::open(state, form).await?;
    let Some(row) = state.store.session(session.id()).await? else {
        return Err(find::missing(state, session.id()).await);
    };
    Reply::data(Labels { labels: json!(row.labels).to_string() })
}
