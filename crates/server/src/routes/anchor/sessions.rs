//! Browser sessions: open one, list them, look at one, end them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router, response::IntoResponse as _};
use serde_json::{Value, json};
use taskwright_core::anchor::operations::SESSION_GOTO;
use taskwright_core::anchor::wire::{SessionCreated, SessionList, SessionStatus, Success};
use taskwright_core::operation::{InvalidInput, check};

use super::envelope::{self, Answer};
use super::{session_options, tools};
use crate::app::AppState;
use crate::clock::{now_ms, parse_rfc3339, rfc3339};
use crate::error::Failure;
use crate::routes::extract::{Id, JsonObject, Params};
use crate::sessions::{CreateError, Session};
use crate::store::{SessionFilter, SessionRow};

const DELETED: &str = "It was deleted.";
/// Sessions of other wires are not seen here. They were the first, so theirs is the unnamed one.
pub(super) const REALM: &str = "";

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/sessions", get(list).post(create))
        .route("/v1/sessions/all", axum::routing::delete(delete_all))
        .route("/v1/sessions/all/status", get(open_ones))
        .route("/v1/sessions/{id}", get(retrieve).delete(delete))
        .route("/v1/sessions/{id}/goto", post(goto))
        .route("/v1/sessions/{id}/screenshot", get(tools::session_screenshot))
}

/// What clients read for a session that is not there.
pub(super) fn not_found() -> Failure {
    Failure::not_found("Session not found")
}

/// An open session.
pub(super) fn open(state: &AppState, id: &str) -> Result<Arc<Session>, Failure> {
    state.sessions.open(id).filter(|session| session.realm() == REALM).ok_or_else(not_found)
}

/// Refuses sessions of other wires. Whether one is open is asked when the task is accepted, after its key.
pub(super) fn expect_ours(state: &AppState, id: &str) -> Result<(), Failure> {
    let foreign = state.sessions.find(id).is_some_and(|session| session.realm() != REALM);
    if foreign { Err(not_found()) } else { Ok(()) }
}

/// A session that is open or was.
async fn find(state: &AppState, id: &str) -> Result<SessionRow, Failure> {
    let session = state.store.session(id).await?;
    session.filter(|session| session.realm == REALM).ok_or_else(not_found)
}

async fn create(State(state): State<AppState>, JsonObject(body): JsonObject) -> Answer {
    let options = session_options::read(&body)?;
    match state.sessions.create(options, Value::Object(body)).await {
        // No CDP endpoint and no live view are offered: empty, as the wire's types know no absence.
        Ok(id) => {
            let (cdp_url, live_view_url) = (String::new(), String::new());
            Ok(envelope::data(SessionCreated { id, cdp_url, live_view_url }))
        }
        Err(CreateError::Full(limit)) => {
            let text = format!("{limit} sessions are open, which is the limit (--sessions); end one first.");
            Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, text).again_after(30).into())
        }
        Err(CreateError::Browser(error)) => Err(error.into()),
        Err(CreateError::Store(error)) => Err(error.into()),
    }
}

async fn retrieve(State(state): State<AppState>, Id(id): Id) -> Answer {
    let session = find(&state, &id).await?;
    Ok(envelope::data(json!({
        "session_id": session.id,
        "team_id": "local",
        "duration": duration(&session),
        "status": word(&session),
        "credits_used": 0,
        "configuration": session.configuration,
        "playground": false,
        "proxy_bytes": 0,
        "tokens": {},
        "steps": session.steps,
        "tags": session.tags,
        "created_at": rfc3339(session.created_ms),
    })))
}

async fn delete(State(state): State<AppState>, Id(id): Id) -> Answer {
    // Ending an ended session changes nothing and is no error: DELETE may be sent twice.
    find(&state, &id).await?;
    state.sessions.end(&id, DELETED).await;
    Ok(envelope::data(success()))
}

async fn delete_all(State(state): State<AppState>) -> Answer {
    state.sessions.end_all_of(REALM, DELETED).await;
    Ok(envelope::data(success()))
}

async fn open_ones(State(state): State<AppState>, params: Params) -> Answer {
    let Some(filter) = filter(&params)? else {
        return Ok(envelope::data(SessionList { count: 0, items: Vec::new() }));
    };
    let filter = SessionFilter { open: Some(true), ..filter };
    let status = |session: SessionRow| SessionStatus {
        status: word(&session).to_owned(),
        session_id: session.id,
        tags: session.tags,
        created_at: rfc3339(session.created_ms),
    };
    let items: Vec<_> = state.store.sessions(filter).await?.into_iter().map(status).collect();
    Ok(envelope::data(SessionList { count: items.len(), items }))
}

async fn list(State(state): State<AppState>, params: Params) -> Answer {
    let page = whole(&params, "page")?.unwrap_or(1);
    let limit = whole(&params, "limit")?.unwrap_or(10);
    if page == 0 {
        return Err(InvalidInput::new("page", "takes a whole number from 1, got 0").into());
    }
    if ![10, 20, 50].contains(&limit) {
        return Err(InvalidInput::new("limit", format!("takes 10, 20 or 50, got {limit}")).into());
    }
    if let Some(field) = params.text("sort_by").filter(|field| *field != "created_at") {
        return Err(
            InvalidInput::new("sort_by", format!("takes \"created_at\" here, got \"{field}\"")).into()
        );
    }
    let newest_first = match params.text("sort_order") {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(other) => {
            let problem = format!("takes \"asc\" or \"desc\", got \"{other}\"");
            return Err(InvalidInput::new("sort_order", problem).into());
        }
    };
    let mut sessions = match filter(&params)? {
        Some(filter) => state.store.sessions(filter).await?,
        None => Vec::new(),
    };
    if newest_first {
        sessions.reverse();
    }
    let total = sessions.len();
    let items: Vec<_> =
        sessions.iter().skip((page - 1).saturating_mul(limit)).take(limit).map(history_item).collect();
    Ok(envelope::data(json!({
        "sessions": items,
        "total": total,
        "page": page,
        "total_pages": total.div_ceil(limit),
    })))
}

async fn goto(State(state): State<AppState>, Id(id): Id, JsonObject(body): JsonObject) -> Answer {
    let body = Value::Object(body);
    check(&SESSION_GOTO, &Some(&body))?;
    let session = open(&state, &id)?;
    let url = body.get("url").and_then(Value::as_str).unwrap_or_default();
    let driving = session.drive().await;
    tokio::select! {
        opened = driving.page().goto(url) => opened?,
        _ = session.ended() => return Err(not_found().into()),
    }
    Ok(Json(success()).into_response())
}

fn success() -> Success {
    Success { status: "success".to_owned() }
}

fn word(session: &SessionRow) -> &'static str {
    match session.ended_ms {
        None => "running",
        Some(_) if session.failed => "failed",
        Some(_) => "completed",
    }
}

/// Whole seconds that a session lives or lived.
fn duration(session: &SessionRow) -> i64 {
    session.ended_ms.unwrap_or_else(now_ms).saturating_sub(session.created_ms) / 1000
}

fn history_item(session: &SessionRow) -> Value {
    json!({
        "id": session.id,
        "status": word(session),
        "tags": session.tags,
        "headless": true,
        "recording": false,
        "used_credits": "N/A",
        "proxy_bytes": null,
        "proxy_type": null,
        "steps": session.steps,
        "duration": duration(session),
        "created_at": rfc3339(session.created_ms),
        "user_configuration": session.configuration,
        "task_initiated": false,
        "task_executions_count": session.tasks,
        "api_key_name": "local",
        "browser_ip": null,
        "domains": null,
    })
}

/// The filter of a query; `None` when it asks for sessions that this server never has.
fn filter(params: &Params) -> Result<Option<SessionFilter>, InvalidInput> {
    if params.text("domains").is_some() {
        return Err(InvalidInput::new("domains", "is not recorded by the local server"));
    }
    let never = ["task_initiated", "playground", "proxy", "extra_stealth"];
    let asked = never.iter().any(|name| params.text(name) == Some("true"));
    if asked || params.text("batch_id").is_some() || params.text("profile_name").is_some() {
        return Ok(None);
    }
    let (open, failed) = match params.text("status") {
        None => (None, None),
        Some("running") => (Some(true), None),
        Some("completed") => (Some(false), Some(false)),
        Some("failed") => (Some(false), Some(true)),
        Some(_) => return Ok(None),
    };
    Ok(Some(SessionFilter {
        realm: Some(REALM),
        labels: BTreeMap::new(),
        open,
        failed,
        tags: params
            .text("tags")
            .map(|tags| tags.split(',').map(str::to_owned).collect())
            .unwrap_or_default(),
        search: params.text("search").map(str::to_owned),
        created_from: time(params, "created_from")?,
        created_to: time(params, "created_to")?,
    }))
}

fn time(params: &Params, name: &str) -> Result<Option<i64>, InvalidInput> {
    params
        .text(name)
        .map(|text| {
            let problem =
                || format!("takes a time such as \"2026-01-31T12:00:00Z\" (RFC 3339), got \"{text}\"");
            parse_rfc3339(text).ok_or_else(|| InvalidInput::new(name, problem()))
        })
        .transpose()
}

fn whole(params: &Params, name: &str) -> Result<Option<usize>, InvalidInput> {
    params
        .text(name)
        .map(|text| {
            text.parse()
                .map_err(|_| InvalidInput::new(name, format!("takes a whole number from 1, got \"{text}\"")))
        })
        .transpose()
}
