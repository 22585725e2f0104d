//! Keeps one Chromium running: starts it, notices its end, starts it again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::connection::Connection;
use super::launch::{self, Process};
use super::relay::Relay;
use super::{BrowserConfig, BrowserError, BrowserHealth, Context, ContextOptions, attach, find, profile};

/// How long [`Browser::open`] waits for a restart that is under way.
const RESTART: Duration = Duration::from_secs(30);
/// A Chromium that lived this long did not die of its start.
const HEALTHY: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A supervised Chromium. Clones share it; it ends when the last one is dropped.
#[derive(Debug, Clone)]
pub struct Browser {
    shared: Arc<Shared>,
    // Only the clones hold it: the supervisor sees its end when they are all gone.
    stop: Arc<watch::Sender<bool>>,
}

#[derive(Debug)]
struct Shared {
    config: BrowserConfig,
    state: watch::Sender<State>,
    restarts: AtomicU64,
}

#[derive(Debug, Clone)]
enum State {
    Up(Live),
    /// Being started again; why the last attempt failed, if one did.
    Down(String),
    Stopped,
}

#[derive(Debug, Clone)]
struct Live {
    connection: Connection,
    product: String,
    process: Option<u32>,
}

/// Where Chromium comes from; decided once, so that a restart gives the same one.
#[derive(Debug)]
enum Source {
    Start(PathBuf),
    Attach(String),
}

impl Source {
    async fn bring_up(&self) -> Result<(Live, Option<Process>), BrowserError> {
        match self {
            Self::Start(executable) => {
                let (process, connection, product) = launch::start(executable).await?;
                Ok((Live { connection, product, process: process.id() }, Some(process)))
            }
            Self::Attach(endpoint) => {
                let (connection, product) = attach::attach(endpoint).await?;
                Ok((Live { connection, product, process: None }, None))
            }
        }
    }
}

impl Browser {
    /// Starts or attaches; fails with what was looked for and how to help.
    pub async fn start(config: BrowserConfig) -> Result<Self, BrowserError> {
        let source = match &config.cdp {
            Some(endpoint) => Source::Attach(endpoint.clone()),
            None => {
                // Removing somebody's large profile takes a while and nobody waits for it.
                tokio::task::spawn_blocking(profile::sweep);
                Source::Start(find::chromium(config.executable.as_deref())?)
            }
        };
        let (live, process) = source.bring_up().await?;
        let state = watch::Sender::new(State::Up(live.clone()));
        let shared = Arc::new(Shared { config, state, restarts: AtomicU64::new(0) });
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(supervise(Arc::clone(&shared), source, live, process, stopped));
        Ok(Self { shared, stop: Arc::new(stop) })
    }

    /// Opens an isolated context with one page. Waits up to 30 s for a restart that is under way.
    pub async fn open(&self, options: ContextOptions) -> Result<Context, BrowserError> {
        // A Chromium that dies while the context is made is one more restart to wait for, once.
        match Context::open(self.connection().await?, &self.shared.config, &options).await {
            Err(BrowserError::Gone(_)) => {
                Context::open(self.connection().await?, &self.shared.config, &options).await
            }
            opened => opened,
        }
    }

    /// Opens CDP sessions of a client's own beside the server's, for the context of an id ([`Context::id`]).
    pub async fn relay(&self, context: &str) -> Result<Relay, BrowserError> {
        Relay::open(self.connection().await?, context).await
    }

    /// Whether a Chromium is connected right now, its product string, and how often it was started again.
    pub async fn health(&self) -> BrowserHealth {
        let restarts = self.shared.restarts.load(Ordering::Relaxed);
        match &*self.shared.state.borrow() {
            State::Up(live) => {
                let connected = live.connection.is_open();
                BrowserHealth { connected, product: live.product.clone(), restarts }
            }
            State::Down(_) | State::Stopped => {
                BrowserHealth { connected: false, product: String::new(), restarts }
            }
        }
    }

    /// The process id of a Chromium that we started, while it runs.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        match &*self.shared.state.borrow() {
            State::Up(live) => live.process,
            State::Down(_) | State::Stopped => None,
        }
    }

    /// How many pages Chromium has open, in all contexts.
    pub async fn open_pages(&self) -> Result<usize, BrowserError> {
        let targets = self.connection().await?.call(None, "Target.getTargets", json!({})).await;
        let targets = targets.map_err(|error| BrowserError::Gone(format!("{error:?}")))?;
        let targets = targets.get("targetInfos").and_then(Value::as_array);
        let is_page = |target: &&Value| target.get("type").and_then(Value::as_str) == Some("page");
        Ok(targets.map_or(0, |targets| targets.iter().filter(is_page).count()))
    }

    /// Ends a Chromium that we started, with every process of it; detaches from one that we did not.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        let mut state = self.shared.state.subscribe();
        // Fails only when the supervisor is gone, and then there is nothing left to wait for.
        let _ = state.wait_for(|state| matches!(state, State::Stopped)).await;
    }

    async fn connection(&self) -> Result<Connection, BrowserError> {
        let mut state = self.shared.state.subscribe();
        let settled = state.wait_for(|state| match state {
            State::Up(live) => live.connection.is_open(),
            State::Down(_) => false,
            State::Stopped => true,
        });
        match timeout(RESTART, settled).await {
            Ok(Ok(state)) => match &*state {
                State::Up(live) => return Ok(live.connection.clone()),
                State::Down(_) | State::Stopped => {}
            },
            Ok(Err(_)) => {}
            Err(_) => {
                let why = match &*self.shared.state.borrow() {
                    State::Down(why) => why.clone(),
                    State::Up(_) | State::Stopped => String::new(),
                };
                return Err(BrowserError::Gone(format!(
                    "Chromium is down and did not come back within {} s: {why}",
                    RESTART.as_secs()
                )));
            }
        }
        Err(BrowserError::Gone("the browser was shut down".into()))
    }
}

async fn supervise(
    shared: Arc<Shared>,
    source: Source,
    mut live: Live,
    mut process: Option<Process>,
    mut stop: watch::Receiver<bool>,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        let reason = tokio::select! {
            reason = live.connection.gone() => reason,
            () = stopped(&mut stop) => {
                if let Some(process) = process.take() {
                    process.end(&live.connection).await;
                }
                live.connection.close("the browser was shut down");
                break;
            }
        };
        shared.state.send_replace(State::Down(reason));
        if let Some(process) = process.take() {
            process.kill().await;
        }
        if started.elapsed() >= HEALTHY {
            pause = FIRST_PAUSE;
        }
        let revived = tokio::select! {
            revived = revive(&shared, &source, &mut pause) => revived,
            () = stopped(&mut stop) => break,
        };
        (live, process) = revived;
        shared.restarts.fetch_add(1, Ordering::Relaxed);
        shared.state.send_replace(State::Up(live.clone()));
    }
    shared.state.send_replace(State::Stopped);
}

/// Tries until it succeeds, with a pause before each attempt that doubles.
async fn revive(shared: &Shared, source: &Source, pause: &mut Duration) -> (Live, Option<Process>) {
    loop {
        sleep(*pause).await;
        *pause = (*pause * 2).min(LONGEST_PAUSE);
        match source.bring_up().await {
            Ok(up) => return up,
            Err(error) => {
                shared.state.send_replace(State::Down(error.to_string()));
            }
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that every `Browser` was dropped: the same wish.
    let _ = stop.wait_for(|stop| *stop).await;
}
