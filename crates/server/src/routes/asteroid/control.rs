//! What a person does to an execution: cancel it, pause it, let it go on, tell it something; and what happened in it.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::executions::{find, not_found};
use super::query::Pairs;
use super::signed::{Signer, Thing};
use crate::app::AppState;
use crate::clock::rfc3339;
use crate::error::Failure;
use crate::fields::Fields;
use crate::routes::extract::{Id, JsonObject};
use crate::runner::ControlError;
use crate::store::{Activity, TaskState};

/// Characters that a message may have.
const MAX_MESSAGE: usize = 100_000;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/agents/v2/executions/{id}/cancel", post(cancel))
        .route("/agents/v2/executions/{id}/pause", post(pause))
        .route("/agents/v2/executions/{id}/resume", post(resume))
        .route("/agents/v2/executions/{id}/status", post(set_status))
        .route("/agents/v2/executions/{id}/user-messages", post(tell))
        .route("/agents/v2/executions/{id}/activities", get(activities))
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Store(error) => error.into(),
            ControlError::TooManyHeld(_) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, sentence(&error.to_string()))
            }
            ControlError::NotPossible(_) => Self::bad_request(sentence(&error.to_string())),
        }
    }
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

/// What a client can make of an execution.
#[derive(Clone, Copy)]
enum Wish {
    Cancelled,
    Paused,
    Running,
}

impl Wish {
    fn word(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Paused => "paused",
            Self::Running => "running",
        }
    }

    async fn grant(self, state: &AppState, id: &str) -> Result<TaskState, Failure> {
        // Also tasks of other wires have ids.
        find(state, id).await?;
        let after = match self {
            Self::Cancelled => state.runner.cancel(id).await?,
            Self::Paused => state.runner.pause(id).await?,
            Self::Running => state.runner.resume(id).await?,
        };
        after.ok_or_else(not_found)
    }
}

async fn cancel(State(state): State<AppState>, Id(id): Id) -> Answer {
    change(&state, &id, Wish::Cancelled).await
}

async fn pause(State(state): State<AppState>, Id(id): Id) -> Answer {
    change(&state, &id, Wish::Paused).await
}

async fn resume(State(state): State<AppState>, Id(id): Id) -> Answer {
    change(&state, &id, Wish::Running).await
}

/// Clients know three words here; one that asks goes on asking when it is let go on, and is running for them.
async fn change(state: &AppState, id: &str, wish: Wish) -> Answer {
    wish.grant(state, id).await?;
    answer::json(StatusCode::OK, json!({ "executionId": id, "status": wish.word() }))
}

async fn set_status(State(state): State<AppState>, Id(id): Id, JsonObject(body): JsonObject) -> Answer {
    let fields = Fields::new(&body);
    let wish = match fields.one_of("status", &["running", "paused", "cancelled"])? {
        Some("running") => Wish::Running,
        Some("paused") => Wish::Paused,
        Some(_) => Wish::Cancelled,
        None => return Err(fields.refuse("status", "has to be there").into()),
    };
    wish.grant(&state, &id).await?;
    Ok((StatusCode::OK, format!("The execution is {}.", wish.word())).into_response())
}

async fn tell(State(state): State<AppState>, Id(id): Id, JsonObject(body): JsonObject) -> Answer {
    let fields = Fields::new(&body);
    fields.bounded("message", 0, MAX_MESSAGE)?;
    let message = fields.filled("message")?;
    find(&state, &id).await?;
    state.runner.answer(&id, message).await?.ok_or_else(not_found)?;
    Ok((StatusCode::CREATED, "The message was added.").into_response())
}

async fn activities(State(state): State<AppState>, signer: Signer, Id(id): Id, query: Pairs) -> Answer {
    let newest_first = query.one_of(&["order"], &["asc", "desc"])? == Some("desc");
    let limit = query.whole("limit", 1, u64::from(u32::MAX))?.and_then(|limit| u32::try_from(limit).ok());
    let found = state.store.activities(&id, newest_first, limit).await?.ok_or_else(not_found)?;
    let show = |activity: &Activity| show(&state, &signer, &id, activity);
    answer::json(StatusCode::OK, found.iter().map(show).collect())
}

/// An activity whose members stand both beside its type and under `data`: clients of different years look in one of
/// the two places.
fn show(state: &AppState, signer: &Signer, id: &str, activity: &Activity) -> Value {
    let mut members = activity.body.as_object().cloned().unwrap_or_default();
    if let Some(file) = members.get("fileId").and_then(Value::as_str) {
        let url = signer.url(state.store.vault(), Thing::File, file);
        members.insert("presignedUrl".to_owned(), Value::from(url));
    }
    let mut payload = members.clone();
    payload.insert("activityType".to_owned(), Value::from(activity.kind.as_str()));
    payload.insert("data".to_owned(), Value::Object(members));
    json!({
        "id": activity.id,
        "executionId": id,
        "timestamp": rfc3339(activity.at_ms),
        "payload": payload,
    })
}
