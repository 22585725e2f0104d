#![doc = include_str!("README.md")]

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

use crate::app::AppState;
use crate::base::Base;
use crate::error::Failure;

pub(crate) mod answer;
mod contexts;
mod control;
mod create;
mod find;
mod form;
mod labels;
mod link;
mod operations;
mod sessions;
mod tools;

use answer::{Answer, Refusal};
use form::Form;
use operations::UNPERFORMED;

/// The one path of this wire; what is asked for is in its parameters.
pub(crate) const PATH: &str = "/";
/// Its sessions are not seen by other wires, nor theirs by it.
const REALM: &str = "agentbay";
/// The version of the vendor's API that is spoken here.
const VERSION: &str = "2025-05-06";

pub(super) fn router() -> Router<AppState> {
    Router::new().route(PATH, post(act))
}

async fn act(State(state): State<AppState>, base: Base, request: Request) -> Response {
    perform(&state, &base, request).await.into_response()
}

async fn perform(state: &AppState, base: &Base, request: Request) -> Answer {
    let form = Form::read(request).await?;
    if !state.policy.opens(form.key()) {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "Invalid API key").into());
    }
    if let Some(version) = form.text("Version").filter(|version| *version != VERSION) {
        return Err(form.refuse("Version", format!("takes {VERSION}, got \"{version}\"")).into());
    }
    let action = form.filled("Action")?;
    // The path, which the guard logs, is the same for all.
    tracing::debug!(action, "asked for");
    match action {
        "CreateMcpSession" => create::create(state, &form).await,
        "GetSession" => sessions::get(state, &form).await,
        "GetSessionDetail" => sessions::detail(state, &form).await,
        "ListSession" => sessions::list(state, &form).await,
        "GetMcpResource" => sessions::resource(state, &form).await,
        "ReleaseMcpSession" => sessions::release(state, &form).await,
        "DeleteSessionAsync" => sessions::delete(state, &form).await,
        "RefreshSessionIdleTime" => sessions::refresh(state, &form).await,
        "InitBrowser" => sessions::init_browser(state, &form).await,
        "PauseSessionAsync" => control::pause(state, &form).await,
        "ResumeSessionAsync" => control::resume(state, &form).await,
        "SetLabel" => labels::set(state, &form).await,
        "GetLabel" => labels::get(state, &form).await,
        "GetLink" => link::get(state, &form, base).await,
        "GetCdpLink" => link::get_cdp(state, &form, base).await,
        "ListMcpTools" => tools::list(),
        "CallMcpTool" => tools::call(state, &form).await,
        "SyncContext" => contexts::sync(state, &form).await,
        "GetContextInfo" => contexts::info(state, &form).await,
        "GetContext" => contexts::get(state, &form).await,
        "ListContexts" => contexts::list(state, &form).await,
        "ModifyContext" => contexts::modify(state, &form).await,
        action if UNPERFORMED.contains(&action) => {
            let text = format!("The local server does not perform {action}.");
            Err(Failure::new(StatusCode::NOT_IMPLEMENTED, text).never_again().into())
        }
        action => Err(Refusal::unknown_action(action)),
    }
}
