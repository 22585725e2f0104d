//! Starting executions: of an agent, of a workflow (which is the agent here), and once more.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Map, Value, json};
use taskwright_core::operation::InvalidInput;
use uuid::Uuid;

use super::answer::{self, Answer};
use super::executions::{self, show_sync};
use super::shape::Client;
use super::{agents, profiles};
use crate::app::AppState;
use crate::browser::CookieSpec;
use crate::clock::parse_rfc3339;
use crate::error::Failure;
use crate::fields::Fields;
use crate::routes::accept::{COME_BACK, idempotency_key, submit};
use crate::routes::extract::{Id, JsonObject};
use crate::store::{AgentRow, LOCAL, NewExecution, NewTask, ProfileRow, TaskRequest};

/// Seconds that a synchronous start waits at most: the vendor's bounds and default.
pub(super) const MAX_WAIT_S: u32 = 25;

pub(super) fn router() -> Router<AppState> {
    let mut router = Router::new()
        .route("/api/v1/agent/{id}", post(execute_plain_v1))
        .route("/api/v1/agent/{id}/execute", post(execute_v1))
        .route("/agents/v2/executions/{id}/rerun", post(rerun));
    for name in ["agents", "workflows"] {
        router = router
            .route(&format!("/agents/v2/{name}/{{id}}/execute"), post(execute))
            .route(&format!("/agents/v2/{name}/{{id}}/execute/sync"), post(execute_sync));
    }
    router
}

/// What a request wants to have started.
struct Start {
    agent_id: String,
    inputs: Map<String, Value>,
    profile_id: Option<String>,
    metadata: Map<String, Value>,
    files: Vec<String>,
    version: Option<u32>,
    parent_id: Option<String>,
    /// Refused rather than made to wait.
    only_at_once: bool,
}

impl Start {
    fn of(agent_id: String) -> Self {
        Self {
            agent_id,
            inputs: Map::new(),
            profile_id: None,
            metadata: Map::new(),
            files: Vec::new(),
            version: None,
            parent_id: None,
            only_at_once: false,
        }
    }

    fn read(agent_id: String, body: &Map<String, Value>) -> Result<Self, InvalidInput> {
        let fields = Fields::new(body);
        let old_or_new = |old: &'static str, new: &'static str| if fields.has(new) { new } else { old };
        let profile = fields.text(old_or_new("agentProfileId", "profileId"))?.filter(|id| !id.is_empty());
        for name in ["profileGroupId", "agentProfilePoolId"] {
            if fields.text(name)?.is_some_and(|id| !id.is_empty()) {
                return Err(
                    fields.refuse(name, "names a group of profiles, which the local server does not have")
                );
            }
        }
        if fields
            .object("executionOptions")?
            .is_some_and(|options| options.values().any(|value| !value.is_null()))
        {
            return Err(
                fields.refuse("executionOptions", "is not honoured by the local server; leave it out")
            );
        }
        let version = fields.whole("version", 1, u32::MAX)?;
        if version.is_some() && fields.flag("head")? == Some(true) {
            return Err(fields.refuse("head", "and \"version\" exclude each other"));
        }
        let files = fields.objects("tempFiles")?;
        let files = files.iter().map(|file| Ok(file.filled("id")?.to_owned()));
        Ok(Self {
            inputs: fields.object(old_or_new("dynamicData", "inputs"))?.cloned().unwrap_or_default(),
            profile_id: profile.map(str::to_owned),
            metadata: fields.object("metadata")?.cloned().unwrap_or_default(),
            files: files.collect::<Result<_, InvalidInput>>()?,
            version,
            only_at_once: fields.one_of("onCapacityLimit", &["reject", "queue"])? == Some("reject"),
            ..Self::of(agent_id)
        })
    }
}

async fn execute_v1(
    State(state): State<AppState>,
    headers: HeaderMap,
    Id(id): Id,
    JsonObject(body): JsonObject,
) -> Answer {
    let fields = Fields::new(&body);
    let profile = fields.text("agent_profile_id")?.filter(|id| !id.is_empty());
    let start = Start {
        inputs: fields.object("dynamic_data")?.cloned().unwrap_or_default(),
        profile_id: profile.map(str::to_owned),
        ..Start::of(id)
    };
    let id = begin(&state, &headers, start, body).await?;
    answer::json(StatusCode::ACCEPTED, json!({ "execution_id": id }))
}

/// The oldest form: the body is the inputs.
async fn execute_plain_v1(
    State(state): State<AppState>,
    headers: HeaderMap,
    Id(id): Id,
    JsonObject(body): JsonObject,
) -> Answer {
    let start = Start { inputs: body.clone(), ..Start::of(id) };
    let id = begin(&state, &headers, start, body).await?;
    answer::json(StatusCode::ACCEPTED, json!({ "execution_id": id }))
}

async fn execute(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Id(id): Id,
    JsonObject(body): JsonObject,
) -> Answer {
    let start = Start::read(id, &body)?;
    let id = begin(&state, &headers, start, body).await?;
    let stands = state.store.task_state(&id).await?.ok_or_else(executions::not_found)?;
    answer::json(StatusCode::ACCEPTED, json!({ "executionId": id, "status": client.status(&stands) }))
}

async fn execute_sync(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Id(id): Id,
    JsonObject(body): JsonObject,
) -> Answer {
    let start = Start::read(id, &body)?;
    let seconds = Fields::new(&body).whole("timeoutSeconds", 1, MAX_WAIT_S)?.unwrap_or(MAX_WAIT_S);
    let id = begin(&state, &headers, start, body).await?;
    show_sync(&state, client, &id, Duration::from_secs(seconds.into())).await
}

async fn rerun(
    State(state): State<AppState>,
    headers: HeaderMap,
    Id(id): Id,
    JsonObject(body): JsonObject,
) -> Answer {
    let before = state.store.execution(&id).await?.ok_or_else(executions::not_found)?;
    let fields = Fields::new(&body);
    let profile = match fields.text("profileId")? {
        None => fields.text("agentProfileId")?,
        new => new,
    };
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let start = Start {
        inputs: fields.object("inputs")?.cloned().unwrap_or_else(|| object(&before.inputs)),
        profile_id: profile.map(str::to_owned).or(before.profile_id),
        metadata: object(&before.metadata),
        files: state.store.stage_uploads_of(&id).await?.unwrap_or_default(),
        parent_id: Some(id),
        ..Start::of(before.agent_id)
    };
    let id = begin(&state, &headers, start, body).await?;
    answer::json(StatusCode::ACCEPTED, json!({ "executionId": id }))
}

/// Has an execution accepted and answers its id.
async fn begin(
    state: &AppState,
    headers: &HeaderMap,
    start: Start,
    body: Map<String, Value>,
) -> Result<String, Failure> {
    let request = json!({ "agent": start.agent_id, "repeats": start.parent_id, "body": body });
    let key = idempotency_key(state.store.vault(), headers, &request)?;
    let agent = state.store.agent(&start.agent_id).await?.ok_or_else(agents::not_found)?;
    if let Some(version) = start.version.filter(|version| *version != agent.version) {
        let problem = format!("takes {}, the one version that is kept, got {version}", agent.version);
        return Err(InvalidInput::new("version", problem).into());
    }
    let profile = match &start.profile_id {
        Some(id) => Some(state.store.profile(id).await?.ok_or_else(profiles::not_found)?),
        None => None,
    };
    if start.only_at_once && !state.runner.is_free().await? {
        let text = "Every place is taken, and \"onCapacityLimit\" is \"reject\".";
        return Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, text).again_after(COME_BACK));
    }
    let (secrets, cookies) = match &profile {
        Some(profile) => (profiles::secret_values(state.store.vault(), profile)?, cookies(state, profile)?),
        None => (BTreeMap::new(), Vec::new()),
    };
    let task = NewTask {
        id: Uuid::new_v4().to_string(),
        request: TaskRequest {
            prompt: agent.spec.prompt.clone(),
            url: agent.spec.start_url.clone(),
            max_steps: agent.spec.max_steps,
            output_schema: agent.spec.output_schema.clone(),
            agent: None,
        },
        secrets,
        session: None,
        key,
        execution: Some(execution(agent, start, profile.as_ref(), cookies)),
    };
    submit(state, task).await
}

fn execution(
    agent: AgentRow,
    start: Start,
    profile: Option<&ProfileRow>,
    cookies: Vec<CookieSpec>,
) -> NewExecution {
    let organization = agent.spec.organization_id.or_else(|| profile?.organization_id.clone());
    NewExecution {
        agent_id: agent.id,
        agent_name: agent.spec.name,
        agent_version: agent.version,
        organization_id: organization.unwrap_or_else(|| LOCAL.to_owned()),
        profile_id: start.profile_id,
        inputs: Value::Object(start.inputs),
        metadata: Value::Object(start.metadata),
        cookies,
        files: start.files,
        parent_id: start.parent_id,
    }
}

/// The cookies of a profile as the browser takes them; those that expired are left out.
fn cookies(state: &AppState, profile: &ProfileRow) -> Result<Vec<CookieSpec>, Failure> {
    let now = crate::clock::now_ms();
    let spec = |cookie: Map<String, Value>| {
        let text = |name: &str| cookie.get(name).and_then(Value::as_str).map(str::to_owned);
        let flag = |name: &str| cookie.get(name).and_then(Value::as_bool).unwrap_or(false);
        let expires = text("expiry").and_then(|expiry| parse_rfc3339(&expiry));
        if expires.is_some_and(|expires| expires <= now) {
            return None;
        }
        Some(CookieSpec {
            name: text("key")?,
            value: text("value")?,
            domain: text("domain")?,
            path: "/".to_owned(),
            secure: flag("secure"),
            http_only: flag("httpOnly"),
            same_site: text("sameSite"),
            expires: expires.map(|expires| expires as f64 / 1000.0),
        })
    };
    Ok(profiles::open_cookies(state.store.vault(), profile)?.into_iter().filter_map(spec).collect())
}
