//! What the vendor tells everybody: whether the server works, and what the first API has. Neither needs a key.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::routing::get;
use serde_json::json;

use super::answer::{self, Answer};
use crate::app::AppState;

/// The paths of this module.
pub(crate) const OPEN_PATHS: [&str; 2] = ["/api/v1/health", "/api/v1/openapi.yaml"];

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/api/v1/health", get(health)).route("/api/v1/openapi.yaml", get(description))
}

async fn health(State(state): State<AppState>) -> Answer {
    state.store.counts().await?;
    let status = if state.chromium.health().await.connected { "ok" } else { "degraded" };
    answer::json(StatusCode::OK, json!({ "status": status }))
}

async fn description() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], include_str!("openapi.yaml"))
}
