//! `GET /healthz`: whether the server works, for people, scripts and load balancers. Needs no key.

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router, response::IntoResponse as _};
use serde_json::json;

use super::Wire;
use crate::app::AppState;
use crate::error::Failure;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(health))
}

async fn health(State(state): State<AppState>) -> Response {
    let counts = match state.store.counts().await {
        Ok(counts) => counts,
        Err(error) => return Wire::Own.render(&Failure::from(error)),
    };
    let chromium = state.chromium.health().await;
    Json(json!({
        "status": if chromium.connected { "ok" } else { "degraded" },
        "version": env!("CARGO_PKG_VERSION"),
        "chromium": chromium.product,
        "chromium_connected": chromium.connected,
        "chromium_restarts": chromium.restarts,
        "running": counts.running,
        "queued": counts.queued,
        "sessions": state.sessions.count(),
    }))
    .into_response()
}
