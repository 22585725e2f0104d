//! `perform-web-task`: start a task or see it through, and ask how it stands.

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router, response::IntoResponse as _};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, stream};
use serde_json::Value;
use taskwright_core::anchor::operations::PERFORM_WEB_TASK;
use taskwright_core::anchor::wire::{Data, TaskResult, TaskStarted, TaskState as WireState};
use taskwright_core::operation::check;
use tokio::time::timeout;
use uuid::Uuid;

use super::envelope::{self, Answer};
use super::sessions;
use crate::app::{AppState, Patience};
use crate::error::Failure;
use crate::routes::Wire;
use crate::routes::accept::{idempotency_key, submit};
use crate::routes::extract::{Id, JsonObject, Params};
use crate::runner::Waited;
use crate::store::{IdempotencyKey, NewTask, StoreError, TaskRequest, TaskState};

/// Steps that a task may take when the request does not say: the vendor's default.
const DEFAULT_MAX_STEPS: u32 = 200;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/tools/perform-web-task", post(perform))
        .route("/v1/tools/perform-web-task/{id}/status", get(status))
}

async fn perform(
    State(state): State<AppState>,
    params: Params,
    headers: HeaderMap,
    JsonObject(mut body): JsonObject,
) -> Answer {
    // The vendor reads the session from the query; some integrators send it in the body.
    if body.get("sessionId").and_then(Value::as_str).is_some_and(|id| id.trim().is_empty()) {
        body.remove("sessionId");
    }
    if let Some(session) = params.text("sessionId") {
        body.insert("sessionId".to_owned(), Value::from(session));
    }
    let body = Value::Object(body);
    let key = idempotency_key(state.store.vault(), &headers, &body)?;
    check(&PERFORM_WEB_TASK, &Some(&body))?;
    let task = new_task(&body, key);
    if let Some(session) = &task.session {
        sessions::expect_ours(&state, session)?;
    }
    let id = submit(&state, task).await?;
    if body.get("async").and_then(Value::as_bool) == Some(true) {
        return Ok(envelope::data(TaskStarted { status: "running".to_owned(), workflow_id: id }));
    }
    Ok(see_through(&state, id).await)
}

async fn status(State(state): State<AppState>, Id(id): Id) -> Answer {
    let Some(task) = state.store.task_state(&id).await? else {
        return Err(Failure::not_found("Workflow not found").into());
    };
    Ok(envelope::data(match task {
        TaskState::Queued | TaskState::Running | TaskState::Paused | TaskState::Asking(_) => {
            WireState::Running
        }
        TaskState::Succeeded(result) => WireState::Completed { result },
        TaskState::Failed(error) => WireState::Failed { error },
        // This wire has no word for it.
        TaskState::Cancelled(cancelled) => WireState::Failed { error: cancelled.sentence },
    }))
}

/// The task of a body that was checked. `provider`, `model`, `detect_elements`, `human_intervention`,
/// `highlight_elements` and `directlyOpenUrl` speak to the vendor's agents and have no effect here.
fn new_task(body: &Value, key: Option<IdempotencyKey>) -> NewTask {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let steps = body.get("max_steps").and_then(Value::as_f64);
    let secrets = body.get("secret_values").and_then(Value::as_object).map(|values| {
        let pair = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        values.iter().filter_map(pair).collect::<BTreeMap<_, _>>()
    });
    NewTask {
        id: format!("perform-web-task-execution-{}-{}", Uuid::new_v4(), Uuid::new_v4()),
        request: TaskRequest {
            prompt: text("prompt").unwrap_or_default(),
            url: text("url"),
            // Checked to be whole and in range; 3.0 is as good as 3.
            max_steps: steps.map_or(DEFAULT_MAX_STEPS, |steps| steps as u32),
            output_schema: body.get("output_schema").cloned(),
            agent: text("agent"),
        },
        secrets: secrets.unwrap_or_default(),
        session: text("sessionId"),
        key,
        execution: None,
    }
}

/// Waits for the end of a task and answers it; early headers and blanks keep a long wait alive.
///
/// When the client leaves, only the waiting ends: the task goes on and can be asked for.
async fn see_through(state: &AppState, id: String) -> Response {
    let runner = state.runner.clone();
    let mut end = async move { ended(runner.wait(&id).await) }.boxed();
    match timeout(state.patience.headers_after, &mut end).await {
        Ok(Ok(result)) => envelope::data(TaskResult { result }),
        Ok(Err(failure)) => Wire::Anchor.render(&failure),
        Err(_elapsed) => drip(end, state.patience),
    }
}

type End = Result<Value, Failure>;

fn ended(waited: Result<Waited, StoreError>) -> End {
    match waited? {
        Waited::Ended(TaskState::Succeeded(result)) => Ok(result),
        Waited::Ended(TaskState::Failed(error)) => Err(Failure::unprocessable(error)),
        Waited::Ended(TaskState::Cancelled(cancelled)) => Err(Failure::unprocessable(cancelled.sentence)),
        Waited::Ended(TaskState::Queued | TaskState::Running | TaskState::Paused | TaskState::Asking(_))
        | Waited::Postponed => Err(Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The server is stopping. The task was accepted and runs when the server starts again.",
        )
        // Sent again it would be a second task.
        .never_again()),
        Waited::Unknown => Err(Failure::not_found("Workflow not found")),
    }
}

/// Status 200 at once, a blank now and then, and the outcome at the end. The status is out by then, so a
/// failure can only be told in the body.
fn drip(end: BoxFuture<'static, End>, patience: Patience) -> Response {
    let chunks = stream::unfold((Some(end), true), move |(end, first)| async move {
        let mut end = end?;
        // The first blank goes out at once and takes the headers along.
        if first {
            return Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), (Some(end), false)));
        }
        let Ok(end) = timeout(patience.blank_every, &mut end).await else {
            return Some((Ok(Bytes::from_static(b" ")), (Some(end), false)));
        };
        let json = match end {
            Ok(result) => Json(Data { data: TaskResult { result } }).into_response(),
            Err(failure) => Json(envelope::error(&failure)).into_response(),
        };
        let bytes = axum::body::to_bytes(json.into_body(), usize::MAX).await.unwrap_or_default();
        Some((Ok(bytes), (None, false)))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
