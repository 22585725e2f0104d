//! How a session stands still and goes on: its tasks between two steps, then its pages.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{RwLockReadGuard, RwLockWriteGuard};
use tokio::time::timeout;
use tracing::{info, warn};

use super::{Session, Usage};
use crate::browser::Page;
use crate::runner::Runner;

/// How long a call waits for a page that a task works on.
const TURN: Duration = Duration::from_secs(10);

/// Said to those who drive the page from outside.
const PAUSED: &str = "The session is paused; ask for another link when it is resumed.";

/// How a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// It can be used.
    Running,
    /// It shall stand still, and a step or a call is brought to its end first.
    Pausing,
    /// Nothing moves in it.
    Paused,
    /// It is about to go on.
    Resuming,
    /// It is being closed.
    Ending,
}

impl Session {
    /// How it stands.
    #[must_use]
    pub fn activity(&self) -> Activity {
        if self.is_ending() { Activity::Ending } else { *self.activity.borrow() }
    }

    /// Why the last attempt to have it stand still failed, until it stands still or goes on.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        self.faults().clone()
    }

    /// Has it stand still, and does not wait for it. Tasks end the step that they are in, unless it only waits, then its
    /// pages freeze. Does nothing when it does or will already.
    pub fn pause(self: Arc<Self>, runner: Runner) {
        if !self.turn_to(Activity::Pausing, &[Activity::Running, Activity::Resuming]) {
            return;
        }
        *self.faults() = None;
        tokio::spawn(async move {
            let _turn = self.turn.lock().await;
            let resting = tokio::select! {
                // Whoever wants something else meanwhile undoes what was done.
                () = self.until_not(Activity::Pausing) => return,
                _ = self.ended() => return,
                resting = self.come_to_rest(&runner) => resting,
            };
            let frozen = match resting {
                Ok(_calls) => {
                    // Who drives the page from outside would keep it awake.
                    self.links.revoke_for(&self.id, PAUSED);
                    self.freezer.freeze().await.map_err(|error| error.to_string())
                }
                Err(error) => Err(error),
            };
            let Err(error) = frozen else {
                info!(session = %self.id, "session paused");
                self.turn_to(Activity::Paused, &[Activity::Pausing]);
                return;
            };
            warn!(session = %self.id, error, "a session could not be paused");
            *self.faults() = Some(error);
            self.go_on(&runner).await;
            self.turn_to(Activity::Running, &[Activity::Pausing]);
        });
    }

    /// Lets it go on, and does not wait for it. Does nothing when it does or will already.
    pub fn resume(self: Arc<Self>, runner: Runner) {
        if !self.turn_to(Activity::Resuming, &[Activity::Paused, Activity::Pausing]) {
            return;
        }
        *self.faults() = None;
        tokio::spawn(async move {
            let _turn = self.turn.lock().await;
            if self.activity() == Activity::Resuming {
                self.go_on(&runner).await;
                self.touch();
                self.turn_to(Activity::Running, &[Activity::Resuming]);
                info!(session = %self.id, "session resumed");
            }
        });
    }

    /// Returns when no task takes a step any more and no call uses the page, and keeps calls out as long as what it
    /// returns is kept.
    async fn come_to_rest(&self, runner: &Runner) -> Result<RwLockWriteGuard<'_, ()>, String> {
        runner.hold_session(&self.id).await.map_err(|error| error.to_string())?;
        Ok(self.calls.write().await)
    }

    async fn go_on(&self, runner: &Runner) {
        // Where one of these fails, the other is still to be done; a session whose Chromium is gone ends by itself.
        if let Err(error) = self.freezer.thaw().await {
            warn!(session = %self.id, %error, "the pages of a session could not be woken");
        }
        if let Err(error) = runner.release_session(&self.id).await {
            warn!(session = %self.id, %error, "the tasks of a session could not be let go on");
        }
    }

    /// Uses the page for one call, alone when it changes something. Refused while the session stands still, and when
    /// a task works on the page for longer than a call can wait.
    pub async fn call(&self, changes: bool) -> Result<Calling<'_>, NotNow> {
        let usage = self.look();
        let turn = match changes {
            true => Some(timeout(TURN, self.driver.lock()).await.map_err(|_| self.why_not())?),
            false => None,
        };
        let calls = self.calls.read().await;
        match self.activity() {
            Activity::Running => Ok(Calling { _calls: calls, _turn: turn, usage }),
            activity => Err(NotNow::Still(activity)),
        }
    }

    fn why_not(&self) -> NotNow {
        match self.activity() {
            Activity::Running => NotNow::Busy,
            activity => NotNow::Still(activity),
        }
    }

    /// `false` when it does not stand as one of `from`.
    fn turn_to(&self, to: Activity, from: &[Activity]) -> bool {
        self.activity.send_if_modified(|activity| {
            let may = from.contains(activity);
            if may {
                *activity = to;
            }
            may
        })
    }

    async fn until_not(&self, activity: Activity) {
        // The sender lives as long as `self`.
        let _ = self.activity.subscribe().wait_for(|now| *now != activity).await;
    }

    fn faults(&self) -> MutexGuard<'_, Option<String>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a call may not use the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// The session stands like this.
    Still(Activity),
    /// A task works on it.
    Busy,
}

/// The page in use by a call.
pub struct Calling<'a> {
    _calls: RwLockReadGuard<'a, ()>,
    _turn: Option<tokio::sync::MutexGuard<'a, ()>>,
    usage: Usage<'a>,
}

impl Calling<'_> {
    /// The page.
    #[must_use]
    pub fn page(&self) -> &Page {
        self.usage.page()
    }
}
