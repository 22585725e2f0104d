#![doc = include_str!("README.md")]

use axum::Router;
use axum::middleware::from_fn;

use crate::app::AppState;

pub(crate) mod address;
mod agents;
pub(crate) mod answer;
mod control;
mod download;
mod executions;
mod files;
mod health;
mod operations;
mod profiles;
mod query;
mod recording;
mod shape;
mod signed;
mod start;
mod unperformed;
mod upload;

pub use address::Api;
pub(crate) use health::OPEN_PATHS;

/// The header that carries the key of older clients.
pub(crate) const KEY_HEADER: &str = "x-asteroid-agents-api-key";
/// The header of newer ones, which know the status `queued`.
pub(crate) const NEW_KEY_HEADER: &str = "x-api-key";

/// The performed operations, and every other one of the vendor's.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .merge(agents::router())
        .merge(profiles::router())
        .merge(start::router())
        .merge(executions::router())
        .merge(control::router())
        .merge(files::router())
        .merge(recording::router())
        .merge(download::router())
        .merge(health::router())
        .merge(unperformed::router())
        .layer(from_fn(answer::render))
}
