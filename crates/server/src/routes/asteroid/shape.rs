//! How an execution stands, in the vendor's words and members.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde_json::{Map, Value, json};

use super::NEW_KEY_HEADER;
use super::signed::{Signer, Thing};
use crate::app::AppState;
use crate::clock::rfc3339;
use crate::error::Failure;
use crate::store::{Cancelled, ExecutionView, StateKind, TaskState};

/// What the client of a request knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client {
    /// Whether it reads the status `queued`; older ones refuse the whole answer.
    knows_queued: bool,
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // The status came a little before the header.
        Ok(Self { knows_queued: parts.headers.contains_key(NEW_KEY_HEADER) })
    }
}

impl Client {
    /// The status of an execution for this client.
    pub(super) fn status(self, state: &TaskState) -> &'static str {
        match state {
            TaskState::Queued if self.knows_queued => "queued",
            TaskState::Queued => "starting",
            TaskState::Running => "running",
            TaskState::Paused => "paused",
            TaskState::Asking(_) => "paused_by_agent",
            TaskState::Succeeded(_) => "completed",
            TaskState::Failed(_) => "failed",
            TaskState::Cancelled(_) => "cancelled",
        }
    }
}

/// The states that a status of a filter means. `None` for a word that is no status.
pub(super) fn states_of(status: &str) -> Option<&'static [StateKind]> {
    Some(match status {
        "queued" | "starting" => &[StateKind::Queued],
        "running" => &[StateKind::Running],
        "paused" => &[StateKind::Paused],
        "paused_by_agent" => &[StateKind::Asking],
        "completed" => &[StateKind::Succeeded],
        "failed" => &[StateKind::Failed],
        "cancelled" => &[StateKind::Cancelled],
        // Nothing is ever confirmed here.
        "awaiting_confirmation" => &[],
        _ => return None,
    })
}

/// Why an execution stands as it does, in a sentence or a word.
pub(super) fn reason(state: &TaskState) -> Option<String> {
    match state {
        TaskState::Asking(question) => Some(question.clone()),
        TaskState::Failed(error) => Some(error.clone()),
        TaskState::Cancelled(Cancelled { reason, .. }) => Some(reason.as_str().to_owned()),
        _ => None,
    }
}

/// The result of v2; `None` as long as there is none.
pub(super) fn result(view: &ExecutionView) -> Option<Value> {
    let (outcome, result) = outcome(&view.state)?;
    Some(json!({
        "id": format!("{}-result", view.id),
        "executionId": view.id,
        "createdAt": rfc3339(view.ended_ms.unwrap_or(view.updated_ms)),
        "outcome": outcome,
        "reasoning": view.reasoning(),
        "result": result,
    }))
}

/// The result of v1, whose clients read objects only.
pub(super) fn result_v1(view: &ExecutionView) -> Option<Value> {
    let (outcome, result) = outcome(&view.state)?;
    let mut answer = json!({ "outcome": outcome, "reasoning": view.reasoning() });
    let object = match result {
        Value::Null => return Some(answer),
        Value::Object(object) => object,
        other => Map::from_iter([("result".to_owned(), other)]),
    };
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("result".to_owned(), Value::Object(object));
    }
    Some(answer)
}

fn outcome(state: &TaskState) -> Option<(&'static str, Value)> {
    match state {
        TaskState::Succeeded(value) => Some(("success", value.clone())),
        TaskState::Failed(_) | TaskState::Cancelled(_) => Some(("failure", Value::Null)),
        _ => None,
    }
}

/// An execution with every member that a client of any year demands.
pub(super) async fn execution(
    state: &AppState,
    signer: &Signer,
    client: Client,
    view: &ExecutionView,
) -> Result<Value, Failure> {
    let mut answer = json!({
        "id": view.id,
        "agentId": view.agent_id,
        "agentName": view.agent_name,
        "agentVersion": view.agent_version,
        "agentVersionDirty": false,
        "organizationId": view.organization_id,
        "workflowId": view.agent_id,
        "workflowName": view.agent_name,
        "workflowVersionId": format!("{}-v{}", view.agent_id, view.agent_version),
        "workflowVersion": view.agent_version,
        "workflowVersionPublished": true,
        "status": client.status(&view.state),
        "createdAt": rfc3339(view.created_ms),
        "comments": [],
        "humanLabels": [],
        "hasBeenRerun": view.repeated,
        "inputs": view.inputs,
        "metadata": view.metadata,
    });
    let Some(members) = answer.as_object_mut() else { return Ok(answer) };
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    if let Some(started) = view.started_ms {
        put("startedAt", Value::from(rfc3339(started)));
    }
    if let Some(ended) = view.ended_ms {
        put("terminalAt", Value::from(rfc3339(ended)));
        let began = view.started_ms.unwrap_or(ended);
        // Milliseconds of a run fit a float with room to spare.
        put("duration", Value::from(ended.saturating_sub(began) as f64 / 1000.0));
    }
    if let Some(result) = result(view) {
        put("executionResult", result);
    }
    if let Some(parent) = &view.parent_id {
        put("parentExecutionId", Value::from(parent.as_str()));
    }
    if let Some(id) = &view.profile_id {
        let profile = state.store.profile(id).await?;
        for (id_member, name_member) in [("profileId", "profileName"), ("agentProfileId", "agentProfileName")]
        {
            put(id_member, Value::from(id.as_str()));
            if let Some(profile) = &profile {
                put(name_member, Value::from(profile.name.as_str()));
            }
        }
    }
    if view.has_recording {
        let url = signer.url(state.store.vault(), Thing::Recording, &view.id);
        put("recordingUrl", Value::from(url.as_str()));
        put("browserRecordingUrl", Value::from(url));
    }
    Ok(answer)
}
