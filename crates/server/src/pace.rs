//! How one task is held and let go on. Its agent asks between two steps and while it only waits, and gives its slot back
//! while it rests.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout};

/// The pace of one task, shared by its agent and by those who hold it.
pub struct Pace {
    paused: watch::Sender<bool>,
    cancelled: watch::Sender<bool>,
    stage: watch::Sender<Stage>,
    /// The step that it takes, or took last.
    step: Mutex<String>,
    messages: Mutex<VecDeque<String>>,
    arrived: Notify,
    slots: Arc<Semaphore>,
    /// Rights to keep a page open without a slot.
    places: Arc<Semaphore>,
    /// The right to work. Tasks that wait for a person have none, so that others can work.
    slot: Mutex<Option<OwnedSemaphorePermit>>,
}

/// What a task does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It works.
    Working,
    /// It stands between two steps, or in one that waits, until it is told to go on.
    Paused,
    /// It waits for an answer.
    Asking,
    /// It may go on and waits for a slot.
    Returning,
}

impl Pace {
    /// Of a task that has a slot. As long as there is no place for it, a task that rests keeps its slot.
    #[must_use]
    pub fn new(
        slots: Arc<Semaphore>,
        slot: OwnedSemaphorePermit,
        places: Arc<Semaphore>,
        messages: Vec<String>,
    ) -> Self {
        Self {
            slot: Mutex::new(Some(slot)),
            messages: Mutex::new(messages.into()),
            ..Self::with(slots, places)
        }
    }

    /// Of a task that nothing but its own agent knows of.
    #[must_use]
    pub fn free() -> Self {
        Self::with(Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(0)))
    }

    fn with(slots: Arc<Semaphore>, places: Arc<Semaphore>) -> Self {
        Self {
            paused: watch::Sender::new(false),
            cancelled: watch::Sender::new(false),
            stage: watch::Sender::new(Stage::Working),
            step: Mutex::default(),
            messages: Mutex::default(),
            arrived: Notify::new(),
            slots,
            places,
            slot: Mutex::new(None),
        }
    }

    /// Has the task stand still at its next [`Pace::checkpoint`], or in its [`Pace::wait`].
    pub fn pause(&self) {
        self.paused.send_replace(true);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.paused.send_replace(false);
    }

    /// Ends its work.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Gives it a message: the answer to its question, or to its next one.
    pub fn say(&self, text: String) {
        lock(&self.messages).push_back(text);
        self.arrived.notify_one();
    }

    /// Notes the step that it takes now.
    pub fn take_step(&self, step: String) {
        *lock(&self.step) = step;
    }

    /// The step that it takes, or took last; nothing before the first.
    #[must_use]
    pub fn step(&self) -> String {
        lock(&self.step).clone()
    }

    /// Resolves when its work is to end.
    pub async fn cancelled(&self) {
        // The sender lives as long as `self`.
        let _ = self.cancelled.subscribe().wait_for(|cancelled| *cancelled).await;
    }

    /// What it does, to be followed.
    pub fn stage(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    /// Gives the slot up for good: the task ended.
    pub fn end(&self) {
        drop(lock(&self.slot).take());
    }

    /// Between two steps: returns at once, or when a paused task may go on.
    pub async fn checkpoint(&self) {
        let mut paused = self.paused.subscribe();
        while *paused.borrow_and_update() {
            let resumed = async {
                // The sender lives as long as `self`.
                let _ = paused.wait_for(|paused| !*paused).await;
            };
            self.rest(Stage::Paused, resumed).await;
        }
    }

    /// Lets time pass in the middle of a step that only waits. A pause takes effect at once, and its time does not count.
    pub async fn wait(&self, time: Duration) {
        let mut paused = self.paused.subscribe();
        let mut left = time;
        loop {
            let since = Instant::now();
            // The sender lives as long as `self`.
            if timeout(left, paused.wait_for(|paused| *paused)).await.is_err() {
                return;
            }
            left = left.saturating_sub(since.elapsed());
            self.checkpoint().await;
        }
    }

    /// A message that is there already.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        lock(&self.messages).pop_front()
    }

    /// Waits for a message.
    pub async fn next_message(&self) -> String {
        let message = async {
            loop {
                let arrived = self.arrived.notified();
                if let Some(text) = self.message() {
                    return text;
                }
                arrived.await;
            }
        };
        self.rest(Stage::Asking, message).await
    }

    /// Does nothing until then: without a slot as soon as there is a place, and with one again afterwards.
    async fn rest<T>(&self, stage: Stage, until: impl Future<Output = T>) -> T {
        self.stage.send_replace(stage);
        let mut until = pin!(until);
        let place = tokio::select! {
            biased;
            it = &mut until => {
                self.stage.send_replace(Stage::Working);
                return it;
            }
            place = Arc::clone(&self.places).acquire_owned() => place,
        };
        drop(lock(&self.slot).take());
        let it = until.await;
        // First the place, so that one that asks without a place can give its slot to this.
        drop(place);
        self.stage.send_replace(Stage::Returning);
        // The semaphore is never closed, and it serves in the order of arrival.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        *lock(&self.slot) = slot;
        self.stage.send_replace(Stage::Working);
        it
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test]
    async fn the_time_of_a_step_that_waits_stands_still_with_it() {
        let (short, long) = (Duration::from_millis(20), Duration::from_millis(200));
        let pace = Pace::free();
        let mut wait = pin!(pace.wait(short));
        for _ in 0..2 {
            pace.pause();
            tokio::select! {
                () = &mut wait => panic!("it went on"),
                () = sleep(long) => assert_eq!(*pace.stage().borrow(), Stage::Paused),
            }
            pace.resume();
        }
        wait.await;
    }
}
