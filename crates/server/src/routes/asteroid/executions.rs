//! Executions: one, many, waited for, forgotten; and the three calls of v1.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::get;
use serde_json::{Value, json};
use taskwright_core::operation::InvalidInput;

use super::answer::{self, Answer};
use super::query::Pairs;
use super::shape::{self, Client, states_of};
use super::signed::Signer;
use super::start::MAX_WAIT_S;
use crate::app::AppState;
use crate::clock::{millis, now_ms, rfc3339};
use crate::error::Failure;
use crate::routes::extract::Id;
use crate::store::{ExecutionFilter, ExecutionView, StateKind};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/agents/v2/executions", get(list))
        .route("/agents/v2/executions/{id}", get(retrieve).delete(delete))
        .route("/agents/v2/executions/{id}/sync", get(wait))
        .route("/api/v1/execution/{id}/status", get(status_v1))
        .route("/api/v1/execution/{id}/result", get(result_v1))
}

/// What clients read for an execution that is not there.
pub(super) fn not_found() -> Failure {
    Failure::not_found("Execution not found")
}

pub(super) async fn find(state: &AppState, id: &str) -> Result<ExecutionView, Failure> {
    state.store.execution(id).await?.ok_or_else(not_found)
}

async fn retrieve(State(state): State<AppState>, signer: Signer, client: Client, Id(id): Id) -> Answer {
    let view = find(&state, &id).await?;
    answer::json(StatusCode::OK, shape::execution(&state, &signer, client, &view).await?)
}

async fn delete(State(state): State<AppState>, Id(id): Id) -> Answer {
    if state.runner.delete(&id).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Err(not_found().into())
}

/// The long poll: answers when the execution ends, or when the time is over.
async fn wait(State(state): State<AppState>, client: Client, Id(id): Id, query: Pairs) -> Answer {
    let most = u64::from(MAX_WAIT_S);
    let seconds = query.whole("timeoutSeconds", 1, most)?.unwrap_or(most);
    show_sync(&state, client, &id, Duration::from_secs(seconds)).await
}

/// Waits and answers: 200 for an end, 202 for none yet.
pub(super) async fn show_sync(state: &AppState, client: Client, id: &str, patience: Duration) -> Answer {
    // Also of a task of another wire there is no execution.
    find(state, id).await?;
    state.runner.wait_for(id, patience).await?;
    let view = find(state, id).await?;
    let mut body = json!({ "executionId": id, "status": client.status(&view.state) });
    if let (Some(members), Some(result)) = (body.as_object_mut(), shape::result(&view)) {
        members.insert("executionResult".to_owned(), result);
    }
    let status = if view.state.is_terminal() { StatusCode::OK } else { StatusCode::ACCEPTED };
    answer::json(status, body)
}

async fn status_v1(State(state): State<AppState>, client: Client, Id(id): Id) -> Answer {
    let view = find(&state, &id).await?;
    let mut body = json!({
        "execution_id": id,
        "status": client.status(&view.state),
        "updated_at": rfc3339(view.updated_ms),
    });
    if let (Some(members), Some(reason)) = (body.as_object_mut(), shape::reason(&view.state)) {
        members.insert("reason".to_owned(), Value::from(reason));
    }
    answer::json(StatusCode::OK, body)
}

/// The result of a failed or cancelled execution comes as one, too, and not as `error`: that would make clients throw
/// it away.
async fn result_v1(State(state): State<AppState>, client: Client, Id(id): Id) -> Answer {
    let view = find(&state, &id).await?;
    let mut body = json!({ "execution_id": id, "status": client.status(&view.state) });
    if let (Some(members), Some(result)) = (body.as_object_mut(), shape::result_v1(&view)) {
        members.insert("execution_result".to_owned(), result);
    }
    answer::json(StatusCode::OK, body)
}

async fn list(State(state): State<AppState>, signer: Signer, client: Client, query: Pairs) -> Answer {
    let page = query.page()?;
    let (views, total) = match filter(&query)? {
        Some(filter) => state.store.executions(filter).await?,
        None => (Vec::new(), 0),
    };
    let mut items = Vec::with_capacity(views.len());
    for view in &views {
        items.push(shape::execution(&state, &signer, client, view).await?);
    }
    answer::json(StatusCode::OK, page.of(items, total))
}

/// The filter of a query; `None` when it asks for executions that this server never has.
fn filter(query: &Pairs) -> Result<Option<ExecutionFilter>, InvalidInput> {
    let labels = ["humanLabels", "batchId"].iter().any(|name| query.text(name).is_some());
    let sources = query.all("triggerSource");
    let foreign = !sources.is_empty() && !sources.iter().any(|source| source == "api");
    let failures = query.one_of(&["hasScriptFailures"], &["true", "false"])? == Some("true");
    let Some(states) = states(query)? else { return Ok(None) };
    if labels || foreign || failures {
        return Ok(None);
    }
    let page = query.page()?;
    let whole = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok());
    let version = whole(query.whole("agentVersion", 0, u64::from(u32::MAX))?);
    let newer = whole(query.whole("workflowVersion", 0, u64::from(u32::MAX))?);
    let text = |name: &str| query.text(name).map(str::to_owned);
    let (by_state, descending) = order(query)?;
    let mut profiles = query.all("agentProfileIds");
    profiles.extend(query.all("profileIds"));
    Ok(Some(ExecutionFilter {
        organization: text("organizationId"),
        id_part: text("executionId"),
        // A workflow has the id of its agent here.
        agent: text("agentId").or_else(|| text("workflowId")),
        profiles,
        states,
        version: version.or(newer),
        created_from: created_from(query)?,
        created_to: query.time("createdBefore")?,
        outcome_part: text("outcomeLabel"),
        metadata: members(query, "metadataKey", "metadataValue", "metadata")?,
        inputs: members(query, "inputsKey", "inputsValue", "")?,
        by_state,
        ascending: !descending,
        page: whole(Some(page.number())).unwrap_or(u32::MAX),
        page_size: whole(Some(page.size)).unwrap_or(u32::MAX),
    }))
}

/// The states that statuses and phases ask for; `None` when nothing can stand so, empty when they do not say.
fn states(query: &Pairs) -> Result<Option<Vec<StateKind>>, InvalidInput> {
    let (statuses, phases) = (query.all("status"), query.all("phase"));
    let mut wanted: Option<Vec<StateKind>> = None;
    for status in &statuses {
        let states = states_of(status)
            .ok_or_else(|| InvalidInput::new("status", format!("takes a status, got \"{status}\"")))?;
        wanted.get_or_insert_default().extend(states);
    }
    let mut phased: Option<Vec<StateKind>> = None;
    for phase in &phases {
        let states: &[StateKind] = match phase.as_str() {
            "pending" => &[StateKind::Queued],
            "active" => &[StateKind::Running, StateKind::Paused, StateKind::Asking],
            "terminal" => &[StateKind::Succeeded, StateKind::Failed, StateKind::Cancelled],
            _ => {
                let problem = format!("takes one of pending, active, terminal, got \"{phase}\"");
                return Err(InvalidInput::new("phase", problem));
            }
        };
        phased.get_or_insert_default().extend(states);
    }
    let states = match (wanted, phased) {
        (None, None) => return Ok(Some(Vec::new())),
        (Some(states), None) | (None, Some(states)) => states,
        (Some(states), Some(phased)) => states.into_iter().filter(|state| phased.contains(state)).collect(),
    };
    Ok(if states.is_empty() { None } else { Some(states) })
}

/// Whether the order is that of states, and whether it is descending. `sort` is the newer way to say both: a minus
/// sign stands for descending.
fn order(query: &Pairs) -> Result<(bool, bool), InvalidInput> {
    let fields = ["created_at", "status", "started_at"];
    let field = query.one_of(&["sortField", "sort_field"], &fields)?;
    let descending = query.descending()?;
    if let (None, Some(sort)) = (field, query.text("sort")) {
        let bare = sort.trim_start_matches('-');
        if !fields.contains(&bare) {
            let problem =
                format!("takes one of {}, with or without a minus sign, got \"{sort}\"", fields.join(", "));
            return Err(InvalidInput::new("sort", problem));
        }
        return Ok((bare == "status", sort.starts_with('-')));
    }
    Ok((field == Some("status"), descending.unwrap_or(true)))
}

/// `createdAfter`, or the beginning of `createdWithin` such as `24h`.
fn created_from(query: &Pairs) -> Result<Option<i64>, InvalidInput> {
    let Some(text) = query.text("createdWithin") else { return query.time("createdAfter") };
    let within = humantime::parse_duration(text).map_err(|_| {
        InvalidInput::new("createdWithin", format!("takes a duration such as 30m, 24h or 7d, got \"{text}\""))
    })?;
    let from = now_ms().saturating_sub(millis(within));
    Ok(Some(query.time("createdAfter")?.map_or(from, |after| after.max(from))))
}

/// A key and a value that go together, and pairs as `key:value` or `key=value`.
fn members(
    query: &Pairs,
    key: &str,
    value: &str,
    pairs: &str,
) -> Result<Vec<(String, String)>, InvalidInput> {
    let mut found = Vec::new();
    match (query.text(key), query.text(value)) {
        (Some(key), Some(value)) => found.push((key.to_owned(), value.to_owned())),
        (None, None) => {}
        (Some(_), None) => return Err(InvalidInput::new(value, format!("has to be there beside \"{key}\""))),
        (None, Some(_)) => return Err(InvalidInput::new(key, format!("has to be there beside \"{value}\""))),
    }
    for pair in query.all(pairs) {
        let Some((key, value)) = pair.split_once([':', '=']) else {
            return Err(InvalidInput::new(pairs, format!("takes key:value, got \"{pair}\"")));
        };
        found.push((key.to_owned(), value.to_owned()));
    }
    Ok(found)
}
