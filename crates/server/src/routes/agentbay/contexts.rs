//! Contexts: names that clients keep for files that sessions share. No file is ever transferred here, so that there is
//! nothing to wait for.

use taskwright_core::agentbay::wire::{Context, ContextInfo};
use taskwright_core::operation::InvalidInput;

use super::answer::{Answer, Refusal, Reply};
use super::find;
use super::form::Form;
use crate::app::AppState;
use crate::clock::rfc3339;
use crate::error::Failure;
use crate::store::ContextRow;

/// Characters that a name may have.
const MAX_NAME: usize = 255;
/// Rows of a page when the request does not say, and at most.
const PAGE: u32 = 10;
const MAX_PAGE: u32 = 100;

fn shown(row: ContextRow) -> Context {
    Context {
        id: row.id,
        name: row.name,
        state: "available".to_owned(),
        os_type: "linux".to_owned(),
        create_time: rfc3339(row.created_ms),
        last_used_time: rfc3339(row.used_ms),
    }
}

/// A context by id, or by name, which `AllowCreate` makes when there is none.
pub(super) async fn get(state: &AppState, form: &Form) -> Answer {
    let create = form.flag("AllowCreate")?.unwrap_or(false);
    let row = match form.text("ContextId") {
        Some(id) => state.store.context(id).await?,
        None => state.store.context_named(name(form)?, create).await?,
    };
    Reply::data(shown(row.ok_or_else(unknown)?))
}

pub(super) async fn list(state: &AppState, form: &Form) -> Answer {
    let size = form.whole("MaxResults", 1, MAX_PAGE)?.unwrap_or(PAGE);
    // One more than the page holds tells whether there is a next one.
    let (mut rows, total) = state.store.contexts(form.next_token()?, size.saturating_add(1)).await?;
    let more = rows.len() > usize::try_from(size).unwrap_or(usize::MAX);
    if more {
        rows.pop();
    }
    let next = rows.last().filter(|_| more).map(|row| row.seq);
    Ok(Reply::data(rows.into_iter().map(shown).collect::<Vec<_>>())?.page(next, size, total))
}

/// Gives a context another name.
pub(super) async fn modify(state: &AppState, form: &Form) -> Answer {
    match state.store.rename_context(form.filled("Id")?, name(form)?).await? {
        Some(true) => Reply::data(true),
        Some(false) => Err(form.refuse("Name", "is the name of another context").into()),
        None => Err(unknown()),
    }
}

/// There are no transfers to begin.
pub(super) async fn sync(state: &AppState, form: &Form) -> Answer {
    find::open(state, form).await?;
    Ok(Reply::done())
}

/// There are no transfers to wait for.
pub(super) async fn info(state: &AppState, form: &Form) -> Answer {
    find::open(state, form).await?;
    Reply::data(ContextInfo { context_status: String::new() })
}

fn name(form: &Form) -> Result<&str, InvalidInput> {
    let name = form.filled("Name")?;
    match name.chars().count() {
        1..=MAX_NAME => Ok(name),
        length => Err(form.refuse("Name", format!("takes 1 to {MAX_NAME} characters, got {length}"))),
    }
}

/// Worded so that no client takes it for a missing session.
fn unknown() -> Refusal {
    Failure::bad_request("There is no such context; \"AllowCreate\" makes one of a name.").into()
}
