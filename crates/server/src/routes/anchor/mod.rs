#![doc = include_str!("README.md")]

use axum::Router;

use crate::app::AppState;

pub(crate) mod envelope;
mod operations;
mod session_options;
mod sessions;
mod tasks;
mod tools;
mod unperformed;

/// The performed operations, and every other one of the vendor's.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .merge(tasks::router())
        .merge(sessions::router())
        .merge(tools::router())
        .merge(unperformed::router())
}
