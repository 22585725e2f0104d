//! Carries stored tasks out: a bounded number at once, in the order of arrival.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, info};

use crate::agent::{Host, Secrets};
use crate::endings::Endings;
use crate::pace::{Pace, Stage};
use crate::recorder::Recorder;
use crate::store::{Acceptance, CancelReason, Claimed, NewTask, Store, StoreError, TaskState};

mod control;

pub use control::ControlError;

/// Said of a task that did not end within the grace period of a stop.
const STOPPED: &str =
    "The server was stopped while this task was running. It may have acted on the page before.";
/// How long to leave a database alone that failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What does the work of one task.
pub trait Perform: Send + Sync + 'static {
    /// Does it, telling `host` of its steps; ends with a JSON value. Dropping the future stops the work.
    fn perform<'a>(&'a self, task: &'a Claimed, host: Host) -> BoxFuture<'a, Result<Value, Undone>>;
}

/// Why a task ended without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// A sentence.
    pub sentence: String,
    /// The limit that it reached, if that is why.
    pub limit: Option<CancelReason>,
}

impl From<String> for Undone {
    fn from(sentence: String) -> Self {
        Self { sentence, limit: None }
    }
}

/// Limits of a runner.
#[derive(Debug, Clone, Copy)]
pub struct RunnerConfig {
    /// Tasks that run at once.
    pub concurrency: usize,
    /// Tasks that may wait.
    pub queue: u64,
    /// How long one task may run, time on hold aside.
    pub task_timeout: Duration,
    /// Tasks on hold that keep their page without counting as running.
    pub held: usize,
    /// How long a task may wait for an answer.
    pub pause_timeout: Duration,
}

/// The running runner. Clones share it.
#[derive(Clone)]
pub struct Runner {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    performer: Arc<dyn Perform>,
    config: RunnerConfig,
    endings: Endings,
    /// Something may be claimable: a task came, or one ended.
    wake: Notify,
    slots: Arc<Semaphore>,
    /// One for each task that may be on hold without a slot.
    places: Arc<Semaphore>,
    live: Mutex<HashMap<String, Arc<Live>>>,
    /// How many of them there are.
    living: watch::Sender<usize>,
    phase: watch::Sender<Phase>,
}

/// A task that was claimed and has not ended.
struct Live {
    pace: Arc<Pace>,
    /// Held by whoever changes how it stands, so that store and pace do not part.
    turn: tokio::sync::Mutex<()>,
}

/// How far a stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// Nothing is begun any more.
    Draining,
    /// What still runs is ended.
    Aborting,
    /// Nothing runs.
    Stopped,
}

/// What waiting for a task came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Waited {
    /// It ended.
    Ended(TaskState),
    /// There is no such task.
    Unknown,
    /// The server stops and the task has not begun; it is kept.
    Postponed,
}

impl Runner {
    /// Starts to work on what the store holds.
    #[must_use]
    pub fn start(store: Store, performer: Arc<dyn Perform>, endings: Endings, config: RunnerConfig) -> Self {
        let runner = Self {
            inner: Arc::new(Inner {
                store,
                performer,
                config,
                endings,
                wake: Notify::new(),
                slots: Arc::new(Semaphore::new(config.concurrency)),
                places: Arc::new(Semaphore::new(config.held)),
                live: Mutex::default(),
                living: watch::Sender::new(0),
                phase: watch::Sender::new(Phase::Running),
            }),
        };
        tokio::spawn(runner.clone().work());
        runner
    }

    /// Stores a task and sees to it that it runs. `None` when the server is stopping.
    pub async fn submit(&self, task: NewTask) -> Result<Option<Acceptance>, StoreError> {
        if self.phase() != Phase::Running {
            return Ok(None);
        }
        let acceptance = self.inner.store.accept(task, self.inner.config.queue).await?;
        if acceptance == Acceptance::New {
            self.inner.wake.notify_one();
        }
        Ok(Some(acceptance))
    }

    /// Whether a task that is accepted now would run at once.
    pub async fn is_free(&self) -> Result<bool, StoreError> {
        Ok(self.inner.slots.available_permits() > 0 && self.inner.store.counts().await?.queued == 0)
    }

    /// Waits until a task ends.
    pub async fn wait(&self, id: &str) -> Result<Waited, StoreError> {
        let ended = self.inner.endings.subscribe(id);
        let state = |state: Option<TaskState>| match state {
            None => Some(Waited::Unknown),
            Some(state) if state.is_terminal() => Some(Waited::Ended(state)),
            Some(_) => None,
        };
        if let Some(waited) = state(self.inner.store.task_state(id).await?) {
            return Ok(waited);
        }
        tokio::select! {
            _ = ended => {}
            () = self.reached(Phase::Stopped) => {}
        }
        Ok(state(self.inner.store.task_state(id).await?).unwrap_or(Waited::Postponed))
    }

    /// Waits until a task ends, for a while at most, and says how it stands then; `None` when there is none.
    pub async fn wait_for(&self, id: &str, patience: Duration) -> Result<Option<TaskState>, StoreError> {
        match timeout(patience, self.wait(id)).await {
            Ok(waited) => match waited? {
                Waited::Ended(state) => Ok(Some(state)),
                Waited::Unknown => Ok(None),
                Waited::Postponed => self.inner.store.task_state(id).await,
            },
            Err(_elapsed) => self.inner.store.task_state(id).await,
        }
    }

    /// Begins nothing more, gives what runs `grace` to end, ends the rest as failed. Tasks that wait are kept.
    pub async fn stop(&self, grace: Duration) {
        self.inner.phase.send_replace(Phase::Draining);
        if timeout(grace, self.idle()).await.is_err() {
            self.inner.phase.send_replace(Phase::Aborting);
            self.idle().await;
        }
        self.inner.phase.send_replace(Phase::Stopped);
    }

    async fn work(self) {
        loop {
            let slots = Arc::clone(&self.inner.slots);
            let slot = tokio::select! {
                () = self.reached(Phase::Draining) => return,
                slot = slots.acquire_owned() => slot,
            };
            // The semaphore is never closed.
            let Ok(slot) = slot else { return };
            if self.phase() != Phase::Running {
                return;
            }
            match self.inner.store.claim().await {
                Ok(Some(task)) => {
                    let live = self.enlist(&task, slot);
                    tokio::spawn(self.clone().run(task, live));
                }
                Ok(None) => {
                    // A task that comes back from a hold takes the slot meanwhile.
                    drop(slot);
                    tokio::select! {
                        () = self.inner.wake.notified() => {}
                        () = self.reached(Phase::Draining) => return,
                    }
                }
                Err(StoreError::Closed) => return,
                Err(error) => {
                    error!(%error, "no task could be taken from the store");
                    sleep(STORE_PAUSE).await;
                }
            }
        }
    }

    fn enlist(&self, task: &Claimed, slot: OwnedSemaphorePermit) -> Arc<Live> {
        let messages = task.execution.as_ref().map(|execution| execution.messages.clone());
        let (slots, places) = (Arc::clone(&self.inner.slots), Arc::clone(&self.inner.places));
        let pace = Arc::new(Pace::new(slots, slot, places, messages.unwrap_or_default()));
        let live = Arc::new(Live { pace, turn: tokio::sync::Mutex::new(()) });
        self.living().insert(task.id.clone(), Arc::clone(&live));
        self.inner.living.send_modify(|living| *living += 1);
        live
    }

    async fn run(self, task: Claimed, live: Arc<Live>) {
        let secrets = Secrets::new(task.secrets.clone());
        let started = Instant::now();
        info!(task = %task.id, session = task.session.as_deref(), "task started");
        let (host, reports) = Host::new(Arc::clone(&live.pace), task.execution.is_some());
        let recorder =
            Recorder { store: self.inner.store.clone(), task: task.id.clone(), secrets: secrets.clone() };
        let recorder = tokio::spawn(recorder.run(reports));
        let end = self.carry_out(&task, &live.pace, host).await;
        // An error may quote what the agent typed or read.
        let end = end.map_err(|undone| Undone { sentence: secrets.redact(&undone.sentence), ..undone });
        // The work's end of the channel is gone by now, so this comes to an end.
        let _ = recorder.await;
        let milliseconds = started.elapsed().as_millis();
        match &end {
            Ok(_) => info!(task = %task.id, milliseconds, "task succeeded"),
            // The reason may quote the prompt or an address with its query; who may ask for the task reads it.
            Err(_) => info!(task = %task.id, milliseconds, "task failed"),
        }
        let store = &self.inner.store;
        let stored = match end {
            Ok(value) => store.end_task(&task.id, Ok(value)).await,
            // Only executions know of being cancelled.
            Err(Undone { sentence, limit: Some(limit) }) if task.execution.is_some() => {
                store.cancel_task(&task.id, limit, &sentence).await
            }
            Err(Undone { sentence, .. }) => store.end_task(&task.id, Err(sentence)).await,
        };
        if let Err(error) = stored {
            error!(task = %task.id, %error, "the end of a task could not be stored");
        }
        self.living().remove(&task.id);
        live.pace.end();
        self.inner.endings.announce(&task.id);
        self.inner.living.send_modify(|living| *living -= 1);
        // Another task of the same session may run now, and a slot is free.
        self.inner.wake.notify_one();
    }

    /// Does the work of a task, within its limits and as long as nobody stops it.
    async fn carry_out(&self, task: &Claimed, pace: &Pace, host: Host) -> Result<Value, Undone> {
        // It may have been cancelled before it could be told.
        match self.inner.store.task_state(&task.id).await {
            Ok(Some(state)) if !state.is_terminal() => {}
            Ok(_) => return Err(Undone::from("The task ended before it began.".to_owned())),
            Err(error) => return Err(Undone::from(error.to_string())),
        }
        let work = async {
            let end = self.inner.performer.perform(task, host).await;
            if end.is_ok() {
                // Paused during its last step, it ends when it may go on.
                pace.checkpoint().await;
            }
            end
        };
        tokio::select! {
            biased;
            () = self.reached(Phase::Aborting) => Err(STOPPED.to_owned().into()),
            () = self.stopped_on_hold(pace) => Err(STOPPED.to_owned().into()),
            () = pace.cancelled() => Err("The task was cancelled.".to_owned().into()),
            undone = self.overdue(pace) => Err(undone),
            end = AssertUnwindSafe(work).catch_unwind() => match end {
                Ok(end) => end,
                Err(_panic) => {
                    Err("The agent failed in an unforeseen way; the server's log says more.".to_owned().into())
                }
            },
        }
    }

    /// Resolves when the server stops and the task is on hold: nobody will let it go on.
    async fn stopped_on_hold(&self, pace: &Pace) {
        self.reached(Phase::Draining).await;
        let _ = pace.stage().wait_for(|stage| *stage != Stage::Working).await;
    }

    /// Resolves when a task worked for too long, or waited for an answer for too long.
    async fn overdue(&self, pace: &Pace) -> Undone {
        let RunnerConfig { task_timeout, pause_timeout, .. } = self.inner.config;
        let mut stage = pace.stage();
        let mut left = task_timeout;
        loop {
            let now = *stage.borrow_and_update();
            let since = Instant::now();
            let limit = match now {
                Stage::Working => left,
                Stage::Asking => pause_timeout,
                Stage::Paused | Stage::Returning => Duration::MAX,
            };
            let over = tokio::select! {
                // The sender lives as long as the pace.
                _ = stage.changed() => false,
                () = sleep(limit) => true,
            };
            match (over, now) {
                (true, Stage::Asking) => {
                    let limit = humantime::format_duration(pause_timeout);
                    return Undone::from(format!(
                        "Nobody answered the question of this task within {limit}."
                    ));
                }
                (true, _) => {
                    let limit = humantime::format_duration(task_timeout);
                    let sentence = format!("The task took longer than the limit of {limit}.");
                    return Undone { sentence, limit: Some(CancelReason::Timeout) };
                }
                (false, Stage::Working) => left = left.saturating_sub(since.elapsed()),
                (false, _) => {}
            }
        }
    }

    fn living(&self) -> MutexGuard<'_, HashMap<String, Arc<Live>>> {
        self.inner.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn phase(&self) -> Phase {
        *self.inner.phase.borrow()
    }

    async fn reached(&self, phase: Phase) {
        // The sender lives as long as the runner.
        let _ = self.inner.phase.subscribe().wait_for(|now| *now >= phase).await;
    }

    /// Resolves when nothing runs; call it only when nothing is begun any more.
    async fn idle(&self) {
        // Whoever claims a task has a slot meanwhile.
        let all = u32::try_from(self.inner.config.concurrency).unwrap_or(u32::MAX);
        drop(self.inner.slots.acquire_many(all).await);
        let _ = self.inner.living.subscribe().wait_for(|living| *living == 0).await;
    }
}
