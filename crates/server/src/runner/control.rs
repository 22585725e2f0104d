//! What a person can do to a task that has not ended: cancel it, pause it, let it go on, answer it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::{Live, Runner};
use crate::pace::Stage;
use crate::store::{CancelReason, Deleted, StoreError, TaskState};

/// Said of a task that somebody cancelled.
const CANCELLED: &str = "The task was cancelled.";
/// How often a task is looked for that was claimed a moment ago, and how long each time is.
const LOOKS: u32 = 200;
const LOOK: Duration = Duration::from_millis(5);

impl Runner {
    /// Ends a task before its time, waiting or running, and drops its work. How it stands then; `None` when there is
    /// no such task. Cancelling again changes nothing.
    pub async fn cancel(&self, id: &str) -> Result<Option<TaskState>, ControlError> {
        let changed = self.inner.store.cancel_task(id, CancelReason::UserRequested, CANCELLED).await?;
        if changed {
            let live = self.living().get(id).cloned();
            if let Some(live) = live {
                live.pace.cancel();
            }
            self.inner.endings.announce(id);
        }
        self.expect(id, |state| matches!(state, TaskState::Cancelled(_))).await
    }

    /// Has a running task stand still before its next step, or in one that only waits. How it stands then; `None` when there
    /// is no such task.
    pub async fn pause(&self, id: &str) -> Result<Option<TaskState>, ControlError> {
        if let Some(live) = self.running(id).await? {
            let _turn = live.turn.lock().await;
            // One that is on hold already has its place.
            let working = self.inner.store.task_state(id).await? == Some(TaskState::Running);
            if working {
                self.expect_place()?;
            }
            if self.inner.store.pause_task(id).await? {
                live.pace.pause();
            }
        }
        self.expect(id, |state| *state == TaskState::Paused).await
    }

    /// Lets a paused task go on. One that asks goes on asking, one that runs goes on running. How it stands then;
    /// `None` when there is no such task.
    pub async fn resume(&self, id: &str) -> Result<Option<TaskState>, ControlError> {
        if let Some(live) = self.running(id).await? {
            let _turn = live.turn.lock().await;
            if self.inner.store.resume_task(id).await? {
                live.pace.resume();
            }
        }
        self.expect(id, |state| matches!(state, TaskState::Running | TaskState::Asking(_))).await
    }

    /// Has the tasks of a session stand still: none begins, and one that runs does not begin another step. Returns
    /// when the step that was under way is done, or rests because it only waits. Dropping this leaves the wish to stand.
    pub async fn hold_session(&self, session: &str) -> Result<(), ControlError> {
        for id in self.inner.store.hold_session(session, true).await? {
            let Some(live) = self.running(&id).await? else { continue };
            let turn = live.turn.lock().await;
            // Without a place it keeps its slot; half a session that stands still would be worse.
            if self.inner.store.pause_task(&id).await? {
                live.pace.pause();
            }
            drop(turn);
            self.until_still(&id).await;
        }
        Ok(())
    }

    /// Lets them go on.
    pub async fn release_session(&self, session: &str) -> Result<(), ControlError> {
        for id in self.inner.store.hold_session(session, false).await? {
            match self.resume(&id).await {
                Ok(_) | Err(ControlError::NotPossible(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.inner.wake.notify_one();
        Ok(())
    }

    /// Whether one more task can be put on hold without keeping others from running.
    pub fn expect_place(&self) -> Result<(), ControlError> {
        match self.inner.places.available_permits() {
            0 => Err(ControlError::TooManyHeld(self.inner.config.held)),
            _ => Ok(()),
        }
    }

    /// The step that a running task takes, or took last; `None` when it does not run or has not begun one.
    #[must_use]
    pub fn step_of(&self, id: &str) -> Option<String> {
        let live = self.living().get(id).cloned()?;
        Some(live.pace.step()).filter(|step| !step.is_empty())
    }

    /// Returns when a task that was told to stand still does, or has ended.
    async fn until_still(&self, id: &str) {
        loop {
            let live = self.living().get(id).cloned();
            match live {
                Some(live) if *live.pace.stage().borrow() == Stage::Working => sleep(LOOK).await,
                _ => return,
            }
        }
    }

    /// Gives a task a message: the answer to its question, or to the next one that it asks. How it stands then;
    /// `None` when there is no such task.
    pub async fn answer(&self, id: &str, text: &str) -> Result<Option<TaskState>, ControlError> {
        // A task that is claimed at this moment finds the message in the store; a live one is told.
        let live = self.running(id).await?;
        let before = match &live {
            Some(live) => {
                let _turn = live.turn.lock().await;
                let before = self.inner.store.add_message(id, text).await?;
                if before.as_ref().is_some_and(|state| !state.is_terminal()) {
                    live.pace.say(text.to_owned());
                }
                before
            }
            None => {
                let before = self.inner.store.add_message(id, text).await?;
                let claimed = before.as_ref().is_some_and(|state| *state != TaskState::Queued);
                if claimed && let Some(live) = self.running(id).await? {
                    live.pace.say(text.to_owned());
                }
                before
            }
        };
        match before {
            None => Ok(None),
            Some(state) if state.is_terminal() => Err(ControlError::NotPossible(state)),
            Some(_) => Ok(self.inner.store.task_state(id).await?),
        }
    }

    /// Forgets an execution with its activities, files and pictures, after cancelling it if it has not ended. `false`
    /// when there is none of that id.
    pub async fn delete(&self, id: &str) -> Result<bool, ControlError> {
        if self.inner.store.execution(id).await?.is_none() {
            return Ok(false);
        }
        match self.cancel(id).await {
            Ok(_) | Err(ControlError::NotPossible(_)) => {}
            Err(error) => return Err(error),
        }
        // Its work may still be writing.
        while self.living().contains_key(id) {
            sleep(LOOK).await;
        }
        Ok(self.inner.store.delete_execution(id).await? == Deleted::Gone)
    }

    /// A task that was claimed and has not ended.
    async fn running(&self, id: &str) -> Result<Option<Arc<Live>>, StoreError> {
        for _ in 0..LOOKS {
            let live = self.living().get(id).cloned();
            if live.is_some() {
                return Ok(live);
            }
            // Between the claim and its entry a task is running and not to be found.
            match self.inner.store.task_state(id).await? {
                Some(TaskState::Running | TaskState::Paused | TaskState::Asking(_)) => sleep(LOOK).await,
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    async fn expect(
        &self,
        id: &str,
        wanted: impl Fn(&TaskState) -> bool,
    ) -> Result<Option<TaskState>, ControlError> {
        match self.inner.store.task_state(id).await? {
            None => Ok(None),
            Some(state) if wanted(&state) => Ok(Some(state)),
            Some(state) => Err(ControlError::NotPossible(state)),
        }
    }
}

/// Why a task was not changed.
#[derive(Debug)]
pub enum ControlError {
    /// It stands so that this cannot be done.
    NotPossible(TaskState),
    /// So many tasks are on hold already.
    TooManyHeld(usize),
    /// The store failed.
    Store(StoreError),
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPossible(state) => {
                let state = match state {
                    TaskState::Queued => "has not begun",
                    TaskState::Running => "is running",
                    TaskState::Paused => "is paused",
                    TaskState::Asking(_) => "waits for an answer",
                    TaskState::Succeeded(_) => "has succeeded",
                    TaskState::Failed(_) => "has failed",
                    TaskState::Cancelled(_) => "was cancelled",
                };
                write!(f, "this cannot be done to a task that {state}")
            }
            Self::TooManyHeld(limit) => {
                write!(f, "{limit} tasks are on hold already (--held); let one of them go on, or cancel one")
            }
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ControlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::NotPossible(_) | Self::TooManyHeld(_) => None,
        }
    }
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
