//! Finding the session that a request names.

use std::sync::Arc;

use super::REALM;
use super::answer::Refusal;
use super::form::Form;
use crate::app::AppState;
use crate::sessions::{Activity, Session};

/// The open session that a request names. One that ended is not found, and the answer says why it ended: nothing here
/// ever makes a new one in its place.
pub(super) async fn open(state: &AppState, form: &Form) -> Result<Arc<Session>, Refusal> {
    let id = form.filled("SessionId")?;
    match state.sessions.open(id).filter(|session| session.realm() == REALM) {
        Some(session) => Ok(session),
        None => Err(missing(state, id).await),
    }
}

/// The same, also while it is being closed.
pub(super) async fn not_closed(state: &AppState, form: &Form) -> Result<Arc<Session>, Refusal> {
    let id = form.filled("SessionId")?;
    match state.sessions.find(id).filter(|session| session.realm() == REALM) {
        Some(session) => Ok(session),
        None => Err(missing(state, id).await),
    }
}

/// Says of a session that it is not there, and why.
pub(super) async fn missing(state: &AppState, id: &str) -> Refusal {
    let row = match state.store.session(id).await {
        Ok(row) => row.filter(|row| row.realm == REALM),
        Err(error) => return error.into(),
    };
    let why = match row {
        Some(row) => format!("It ended: {}", row.end_reason.as_deref().unwrap_or("it is being closed.")),
        None => "This server has none of that id.".to_owned(),
    };
    Refusal::no_session(id, &why)
}

/// How a session stands, in the vendor's word.
pub(super) fn word(activity: Activity) -> &'static str {
    match activity {
        Activity::Running => "RUNNING",
        Activity::Pausing => "PAUSING",
        Activity::Paused => "PAUSED",
        Activity::Resuming => "RESUMING",
        Activity::Ending => "DELETING",
    }
}
