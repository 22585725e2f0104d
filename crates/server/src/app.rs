//! The server as a `Router`: what `main` serves on a socket and the tests call without one.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_request};
use tokio::sync::Semaphore;

use crate::chromium::Chromium;
use crate::guard::{Policy, guard};
use crate::link::Links;
use crate::routes;
use crate::runner::Runner;
use crate::sessions::Sessions;
use crate::store::Store;

/// What the routes work with. Clones share it.
#[derive(Clone)]
pub struct AppState {
    /// Tasks and sessions on disk.
    pub store: Store,
    /// Carries tasks out.
    pub runner: Runner,
    /// Open sessions.
    pub sessions: Sessions,
    /// CDP addresses of sessions.
    pub links: Links,
    /// For screenshots and pages that are no task.
    pub chromium: Chromium,
    /// Contexts that those may open at once.
    pub tool_slots: Arc<Semaphore>,
    /// Bytes that the files sent to one execution may have together.
    pub upload_limit: u64,
    /// How long an AgentBay session may stay unused when its client does not say; zero for no limit.
    pub idle_release: Duration,
    /// Who may speak to the server.
    pub policy: Policy,
    /// How long answers are kept open.
    pub patience: Patience,
}

/// How a synchronous task keeps its connection alive.
///
/// Node's fetch gives up after 300 s without headers, and after 300 s without a byte of the body; no setting
/// of the vendor's client changes that. So a long task gets its headers early and then a blank now and then,
/// which JSON ignores.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// When status 200 and the headers are sent although the task still runs. Until then a failed task gets
    /// the status of its failure.
    pub headers_after: Duration,
    /// How often a blank is sent from then on.
    pub blank_every: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { headers_after: Duration::from_secs(230), blank_every: Duration::from_secs(30) }
    }
}

/// Every route behind the guard.
pub fn app(state: AppState) -> Router {
    let policy = state.policy.clone();
    let routes = routes::router().layer(from_fn_with_state(policy, guard)).with_state(state);
    // Around the router, because it decides by the path: one wire writes the same path in several ways.
    Router::new()
        .fallback_service(routes)
        .layer(map_request(async |request| routes::asteroid::address::rewrite(request)))
}
