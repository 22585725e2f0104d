//! Agents: the vendor's list, and the small set of routes that creates and changes them here.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::get;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{self, Answer};
use super::query::Pairs;
use crate::agents::read_spec;
use crate::app::AppState;
use crate::clock::rfc3339;
use crate::error::Failure;
use crate::fields::Fields;
use crate::routes::extract::{Id, JsonObject};
use crate::store::{AgentRow, Changed, LOCAL};

/// The user that everything belongs to: the server knows one.
const USER: &str = "local";

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/agents/v2/agents", get(list).post(create))
        .route("/agents/v2/agents/{id}", get(retrieve).patch(update).delete(delete))
        // The vendor's newer word for the same; a workflow has the id of its agent here.
        .route("/agents/v2/workflows", get(list))
}

/// What clients read for an agent that is not there.
pub(super) fn not_found() -> Failure {
    Failure::not_found("Agent not found")
}

async fn list(State(state): State<AppState>, query: Pairs) -> Answer {
    let (listing, page) = query.listing(&["name", "created_at"])?;
    let asked = query.text("organizationId").map(str::to_owned);
    let (agents, total) = state.store.agents(listing).await?;
    let item = |agent: &AgentRow| {
        json!({
            "id": agent.id,
            "name": agent.spec.name,
            "createdAt": rfc3339(agent.created_ms),
            // An agent of no organisation belongs to the one that asks.
            "organizationId": agent.spec.organization_id.as_ref().or(asked.as_ref()).map_or(LOCAL, String::as_str),
            "userId": USER,
        })
    };
    answer::json(StatusCode::OK, page.of(agents.iter().map(item).collect(), total))
}

async fn create(State(state): State<AppState>, JsonObject(body): JsonObject) -> Answer {
    let fields = Fields::new(&body);
    let spec = read_spec(&fields, None)?;
    let id = match fields.bounded("id", 1, 100)? {
        Some(id) => id.to_owned(),
        None => Uuid::new_v4().to_string(),
    };
    match state.store.add_agent(&id, spec).await? {
        Changed::Done(agent) => answer::json(StatusCode::CREATED, show(&agent)),
        Changed::Unknown => Err(conflict("An agent with this \"id\" exists already.").into()),
        Changed::NameTaken => Err(name_taken().into()),
    }
}

async fn retrieve(State(state): State<AppState>, Id(id): Id) -> Answer {
    let agent = state.store.agent(&id).await?.ok_or_else(not_found)?;
    answer::json(StatusCode::OK, show(&agent))
}

async fn update(State(state): State<AppState>, Id(id): Id, JsonObject(body): JsonObject) -> Answer {
    let agent = state.store.agent(&id).await?.ok_or_else(not_found)?;
    let spec = read_spec(&Fields::new(&body), Some(agent.spec))?;
    match state.store.change_agent(&id, spec).await? {
        Changed::Done(agent) => answer::json(StatusCode::OK, show(&agent)),
        Changed::Unknown => Err(not_found().into()),
        Changed::NameTaken => Err(name_taken().into()),
    }
}

async fn delete(State(state): State<AppState>, Id(id): Id) -> Answer {
    if state.store.delete_agent(&id).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Err(not_found().into())
}

fn conflict(text: &str) -> Failure {
    Failure::new(StatusCode::CONFLICT, text)
}

fn name_taken() -> Failure {
    conflict("Another agent has this \"name\".")
}

fn show(agent: &AgentRow) -> Value {
    json!({
        "id": agent.id,
        "name": agent.spec.name,
        "createdAt": rfc3339(agent.created_ms),
        "organizationId": agent.spec.organization_id.as_deref().unwrap_or(LOCAL),
        "userId": USER,
        "version": agent.version,
        "startUrl": agent.spec.start_url,
        "prompt": agent.spec.prompt,
        "outputSchema": agent.spec.output_schema,
        "maxSteps": agent.spec.max_steps,
    })
}
