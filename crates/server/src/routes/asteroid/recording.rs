//! The recording of a run: a page that plays the pictures that were taken, in their own time.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _};
use axum::routing::get;
use serde_json::json;

use super::answer::{self, Answer};
use super::executions::find;
use super::files::see_other;
use super::query::Pairs;
use super::signed::{self, Signer, Thing};
use crate::app::AppState;
use crate::error::Failure;
use crate::routes::extract::Id;

/// The page, with a place for what it plays.
const PLAYER: &str = include_str!("player.html");
/// Everything stands in the page, and nothing but its pictures is fetched.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'",
);

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/v1/execution/{id}/browser_session/recording", get(address))
        .route("/agents/v2/executions/{id}/recording", get(redirect))
}

fn none_yet() -> Failure {
    Failure::not_found("There is no recording of this execution.")
}

async fn url(state: &AppState, signer: &Signer, id: &str) -> Result<String, Failure> {
    let view = find(state, id).await?;
    // A folder without a picture is no recording.
    if !view.has_recording || state.store.recording(id).await?.is_none() {
        return Err(none_yet());
    }
    Ok(signer.url(state.store.vault(), Thing::Recording, id))
}

async fn address(State(state): State<AppState>, signer: Signer, Id(id): Id) -> Answer {
    answer::json(StatusCode::OK, json!({ "recording_url": url(&state, &signer, &id).await? }))
}

async fn redirect(State(state): State<AppState>, signer: Signer, Id(id): Id) -> Answer {
    Ok(see_other(StatusCode::TEMPORARY_REDIRECT, &url(&state, &signer, &id).await?))
}

/// The page itself.
pub(super) async fn page(State(state): State<AppState>, Id(id): Id, query: Pairs) -> Answer {
    let permission = signed::check(state.store.vault(), Thing::Recording, &id, &query)?;
    let recording = state.store.recording(&id).await?.ok_or_else(none_yet)?;
    let times: Vec<i64> = recording.frames.iter().map(|frame| frame.at_ms).collect();
    // Numbers, an id and hexadecimal digits: nothing in it can end the script. The id was signed, so it is one of ours.
    let data = json!({ "id": id, "query": permission, "times": times }).to_string();
    let mut response = Html(PLAYER.replace("\"{{data}}\"", &data)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}
