//! Who waits for the end of which task.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// Waiters by task id. Clones share them.
#[derive(Clone, Default)]
pub struct Endings {
    waiting: Arc<Mutex<HashMap<String, Vec<oneshot::Sender<()>>>>>,
}

impl Endings {
    /// Resolves when the task ends after this call. Ask for the state of the task after subscribing, or an
    /// end in between is missed.
    pub fn subscribe(&self, id: &str) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waiters = waiting.entry(id.to_owned()).or_default();
        // Those who gave up leave with the next who comes, so that polling clients do not pile up.
        waiters.retain(|waiter| !waiter.is_closed());
        waiters.push(sender);
        receiver
    }

    /// Tells everybody who waits for this task.
    pub fn announce(&self, id: &str) {
        let waiters = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        for waiter in waiters.into_iter().flatten() {
            // A waiter that left needs no telling.
            let _ = waiter.send(());
        }
    }
}
