//! From a configuration to a running server, and back to nothing.

use std::fmt;
use std::future::IntoFuture as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{error, info, warn};

use crate::agent::Agent;
use crate::agents::{self, SeedError};
use crate::app::{AppState, Patience, app};
use crate::browser::{BrowserConfig, BrowserError};
use crate::chromium::Chromium;
use crate::clock::{millis, now_ms};
use crate::config::Config;
use crate::endings::Endings;
use crate::guard::Policy;
use crate::link::Links;
use crate::listen::{Arrival, Port};
use crate::perform::Performer;
use crate::runner::{Runner, RunnerConfig};
use crate::sessions::Sessions;
use crate::shutdown::asked_to_stop;
use crate::store::{Store, StoreError};
use crate::tls::{self, TlsError};
use crate::vault::Vault;

/// How often ended tasks and sessions beyond the limits are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// How long open requests may take to end once no task runs any more.
const REQUESTS_GRACE: Duration = Duration::from_secs(5);

/// Serves until a signal says stop.
pub async fn serve(config: Config, agent: Arc<dyn Agent>) -> Result<(), StartError> {
    let key = config.key();
    if !config.host.is_loopback() && key.is_none() {
        return Err(StartError::Open(config.host.to_string()));
    }
    let tls = match (&config.tls_cert, &config.tls_key) {
        (Some(certificate), Some(key)) => Some(tls::acceptor(certificate, key).map_err(StartError::Tls)?),
        _ => None,
    };
    let secure = tls.is_some();
    let listener = TcpListener::bind(config.address())
        .await
        .map_err(|error| StartError::Bind(config.address().to_string(), error))?;
    let bound =
        listener.local_addr().map_err(|error| StartError::Bind(config.address().to_string(), error))?;
    // Lives until the end, so that an ephemeral directory does.
    let (directory, _ephemeral) = data_directory(&config)?;
    let vault = if config.ephemeral { Some(Vault::in_memory()) } else { None };
    let store = Store::open_with(&directory, vault).map_err(StartError::Store)?;
    if let Some(path) = &config.agents {
        let count = agents::load(&store, path).await.map_err(StartError::Agents)?;
        info!(count, "agents read");
    }
    let chromium = Chromium::new(BrowserConfig {
        executable: config.chromium.clone(),
        cdp: config.cdp.clone(),
        navigation_timeout: config.navigation_timeout,
    });
    // Now rather than at the first task: who starts the server reads what is missing.
    chromium.start().await.map_err(StartError::Browser)?;

    let endings = Endings::default();
    let links = Links::default();
    let sessions =
        Sessions::new(store.clone(), chromium.clone(), endings.clone(), links.clone(), config.sessions);
    let performer =
        Performer { store: store.clone(), chromium: chromium.clone(), sessions: sessions.clone(), agent };
    let concurrency = config.concurrency();
    let limits = RunnerConfig {
        concurrency,
        queue: config.queue,
        task_timeout: config.task_timeout,
        held: config.held,
        pause_timeout: config.pause_timeout,
    };
    let runner = Runner::start(store.clone(), Arc::new(performer), endings, limits);
    tokio::spawn(prune(store.clone(), config.retain_for, config.retain));

    let state = AppState {
        store,
        runner: runner.clone(),
        sessions: sessions.clone(),
        links: links.clone(),
        chromium: chromium.clone(),
        tool_slots: Arc::new(Semaphore::new(concurrency)),
        upload_limit: config.upload_limit,
        idle_release: config.idle_release,
        policy: Policy::new(bound, &config.allow_host, config.allow_origin.clone(), key),
        patience: Patience::default(),
    };
    let (stop, stopping) = watch::channel(false);
    let mut stopped = stopping.clone();
    let service = app(state).into_make_service_with_connect_info::<Arrival>();
    let server = axum::serve(Port::new(listener, tls), service)
        .with_graceful_shutdown(async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        })
        .into_future();
    let server = tokio::spawn(server);
    announce(&bound.to_string(), secure);
    info!(%bound, directory = %directory.display(), concurrency, key = key.is_some(), tls = secure, "ready");

    asked_to_stop().await;
    stop.send_replace(true);
    runner.stop(config.grace).await;
    if timeout(REQUESTS_GRACE, server).await.is_err() {
        warn!("some requests were cut off");
    }
    links.revoke_all("The server stopped.");
    sessions.end_all("The server stopped.").await;
    chromium.shutdown().await;
    info!("stopped");
    Ok(())
}

/// The line that scripts wait for. Nothing else goes to standard output.
#[allow(clippy::let_underscore_must_use, reason = "a closed standard output does not stop a server")]
fn announce(address: &str, secure: bool) {
    let mut out = std::io::stdout().lock();
    let tls = if secure { format!(" and https://{address}") } else { String::new() };
    let _ = writeln!(out, "taskwright-server listening on http://{address}{tls}");
    let _ = out.flush();
}

fn data_directory(config: &Config) -> Result<(PathBuf, Option<TempDir>), StartError> {
    if config.ephemeral {
        let directory = TempDir::with_prefix("taskwright-").map_err(StartError::Temporary)?;
        return Ok((directory.path().to_owned(), Some(directory)));
    }
    let directory = config.data_dir.clone().or_else(|| Some(dirs::data_dir()?.join("taskwright")));
    Ok((directory.ok_or(StartError::NoDirectory)?, None))
}

/// Forgets what is beyond the limits, now and every minute.
async fn prune(store: Store, retain_for: Duration, retain: u64) {
    let mut ticks = interval(PRUNE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let before = now_ms().saturating_sub(millis(retain_for));
        let pruned = async {
            let tasks = store.prune_tasks(before, retain).await?;
            store.prune_files().await?;
            store.prune_contexts(before, retain).await?;
            Ok((tasks, store.prune_sessions(before, retain).await?))
        };
        match pruned.await {
            Ok((0, 0)) => {}
            Ok((tasks, sessions)) => {
                info!(tasks, sessions, "forgot what is beyond --retain and --retain-for")
            }
            Err(StoreError::Closed) => return,
            Err(error) => error!(%error, "old tasks could not be forgotten"),
        }
    }
}

/// Why the server did not start.
#[derive(Debug)]
pub enum StartError {
    /// Beyond loopback without a key.
    Open(String),
    /// HTTPS cannot be served as asked.
    Tls(TlsError),
    /// The address cannot be had.
    Bind(String, std::io::Error),
    /// No directory for the database is known.
    NoDirectory,
    /// No temporary directory can be had.
    Temporary(std::io::Error),
    /// The database does not open.
    Store(StoreError),
    /// The file of agents cannot be used.
    Agents(SeedError),
    /// No Chromium.
    Browser(BrowserError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(host) => write!(
                f,
                "--host {host} lets other machines drive the browser of this one, so a key is needed: set \
                 TASKWRIGHT_API_KEY, or listen on 127.0.0.1"
            ),
            Self::Tls(error) => error.fmt(f),
            Self::Bind(address, error) => {
                write!(f, "cannot listen on {address}: {error}; choose another port with --port, or --port 0")
            }
            Self::NoDirectory => {
                f.write_str("the user has no data directory; name one with --data-dir, or use --ephemeral")
            }
            Self::Temporary(error) => write!(f, "no temporary directory: {error}; name one with --data-dir"),
            Self::Store(error) => error.fmt(f),
            Self::Agents(error) => error.fmt(f),
            Self::Browser(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bind(_, error) | Self::Temporary(error) => Some(error),
            Self::Tls(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Agents(error) => Some(error),
            Self::Browser(error) => Some(error),
            Self::Open(_) | Self::NoDirectory => None,
        }
    }
}
