//! Carries stored tasks out: a bounded number at once, in the order of arrival.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;
use tracing::{error, info};

use crate::agent::{Secrets, Step, StepSink};
use crate::endings::Endings;
use crate::store::{Acceptance, Claimed, NewTask, Store, StoreError, TaskState};

/// Said of a task that did not end within the grace period of a stop.
const STOPPED: &str =
    "The server was stopped while this task was running. It may have acted on the page before.";
/// How long to leave a database alone that failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What does the work of one task.
pub trait Perform: Send + Sync + 'static {
    /// Does it, reporting its steps; ends with a JSON value or a sentence. Dropping the future stops the work.
    fn perform<'a>(&'a self, task: &'a Claimed, steps: StepSink) -> BoxFuture<'a, Result<Value, String>>;
}

/// Limits of a runner.
#[derive(Debug, Clone, Copy)]
pub struct RunnerConfig {
    /// Tasks that run at once.
    pub concurrency: usize,
    /// Tasks that may wait.
    pub queue: u64,
    /// How long one task may run.
    pub task_timeout: Duration,
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
    phase: watch::Sender<Phase>,
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
        let slots = Arc::new(Semaphore::new(config.concurrency));
        let phase = watch::Sender::new(Phase::Running);
        let runner = Self {
            inner: Arc::new(Inner { store, performer, config, endings, wake: Notify::new(), slots, phase }),
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
            let Some(task) = self.next().await else { return };
            tokio::spawn(self.clone().run(task, slot));
        }
    }

    /// The next task, waiting for one; `None` when the server is stopping.
    async fn next(&self) -> Option<Claimed> {
        loop {
            if self.phase() != Phase::Running {
                return None;
            }
            match self.inner.store.claim().await {
                Ok(Some(task)) => return Some(task),
                Ok(None) => tokio::select! {
                    () = self.inner.wake.notified() => {}
                    () = self.reached(Phase::Draining) => return None,
                },
                Err(StoreError::Closed) => return None,
                Err(error) => {
                    error!(%error, "no task could be taken from the store");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
            }
        }
    }

    async fn run(self, task: Claimed, slot: OwnedSemaphorePermit) {
        let secrets = Secrets::new(task.secrets.clone());
        let started = tokio::time::Instant::now();
        info!(task = %task.id, session = task.session.as_deref(), "task started");
        let (sink, steps) = mpsc::unbounded_channel();
        let recorder =
            tokio::spawn(record(self.inner.store.clone(), task.id.clone(), secrets.clone(), steps));
        let limit = self.inner.config.task_timeout;
        let end = tokio::select! {
            biased;
            () = self.reached(Phase::Aborting) => Err(STOPPED.to_owned()),
            end = timeout(limit, AssertUnwindSafe(self.inner.performer.perform(&task, sink)).catch_unwind()) => match end {
                Ok(Ok(end)) => end,
                Ok(Err(_panic)) => Err("The agent failed in an unforeseen way; the server's log says more.".to_owned()),
                Err(_elapsed) => {
                    Err(format!("The task took longer than the limit of {}.", humantime::format_duration(limit)))
                }
            },
        };
        // An error may quote what the agent typed or read.
        let end = end.map_err(|error| secrets.redact(&error));
        // The work's end of the channel is gone by now, so this comes to an end.
        let _ = recorder.await;
        let milliseconds = started.elapsed().as_millis();
        match &end {
            Ok(_) => info!(task = %task.id, milliseconds, "task succeeded"),
            // The reason may quote the prompt or an address with its query; who may ask for the task reads it.
            Err(_) => info!(task = %task.id, milliseconds, "task failed"),
        }
        if let Err(error) = self.inner.store.end_task(&task.id, end).await {
            error!(task = %task.id, %error, "the end of a task could not be stored");
        }
        self.inner.endings.announce(&task.id);
        drop(slot);
        // Another task of the same session may run now, and a slot is free.
        self.inner.wake.notify_one();
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
        let all = u32::try_from(self.inner.config.concurrency).unwrap_or(u32::MAX);
        let _ = self.inner.slots.acquire_many(all).await;
    }
}

/// Stores the steps of one task as they come, several at a time when they come fast.
async fn record(store: Store, id: String, secrets: Secrets, mut steps: mpsc::UnboundedReceiver<Step>) {
    let mut batch = Vec::new();
    while steps.recv_many(&mut batch, 64).await > 0 {
        for step in &mut batch {
            step.detail = secrets.redact(&step.detail);
            step.error = step.error.take().map(|error| secrets.redact(&error));
        }
        if let Err(error) = store.add_steps(&id, std::mem::take(&mut batch)).await {
            error!(task = %id, %error, "steps could not be stored");
        }
    }
}
