//! `GET /api/v1/health`: whether the server works, as the vendor says it. Needs no key.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::json;

use super::answer::{self, Answer};
use crate::app::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/api/v1/health", get(health))
}

async fn health(State(state): State<AppState>) -> Answer {
    state.store.counts().await?;
    let status = if state.chromium.health().await.connected { "ok" } else { "degraded" };
    answer::json(StatusCode::OK, json!({ "status": status }))
}
