//! Futures that run by themselves. Those that can go on stand in a queue, which one microtask works off. The usual crate
//! for it looks for the runtime's global object and keeps a promise; here the one function of [`host`] does for that, too.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use taskwright_core::slab::{Key, Slab};

use crate::host;

thread_local! {
    static TASKS: RefCell<Slab<Task>> = const { RefCell::new(Slab::new()) };
    static READY: RefCell<Vec<Key>> = const { RefCell::new(Vec::new()) };
}

struct Task {
    /// Taken out while it is polled.
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
    waker: Waker,
}

/// Wakes the task with this key.
struct Ticket(Key);

impl Wake for Ticket {
    fn wake(self: Arc<Self>) {
        queue(self.0);
    }
}

/// Runs `future` to its end, from the next microtask on.
pub(crate) fn spawn(future: impl Future<Output = ()> + 'static) {
    let key = TASKS.with_borrow_mut(|tasks| {
        let key = tasks.insert(Task { future: Some(Box::pin(future)), waker: Waker::noop().clone() });
        if let Some(task) = tasks.get_mut(key) {
            task.waker = Waker::from(Arc::new(Ticket(key)));
        }
        key
    });
    queue(key);
}

fn queue(key: Key) {
    let is_first = READY.with_borrow_mut(|ready| {
        ready.push(key);
        ready.len() == 1
    });
    if is_first {
        host::soon();
    }
}

/// Lets every task go on that can. One that is woken meanwhile has its turn in the next microtask.
pub(crate) fn run() {
    for key in READY.take() {
        let task = TASKS.with_borrow_mut(|tasks| {
            let task = tasks.get_mut(key)?;
            Some((task.future.take()?, task.waker.clone()))
        });
        // It may have ended, when it was woken twice.
        let Some((mut future, waker)) = task else { continue };
        let is_done = future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        let ended = TASKS.with_borrow_mut(|tasks| {
            if is_done {
                return tasks.remove(key);
            }
            if let Some(task) = tasks.get_mut(key) {
                task.future = Some(future);
            }
            None
        });
        // Not while the tasks are borrowed: what it drops may wake others.
        drop(ended);
    }
}
