//! Work against a clock and a signal.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use taskwright_core::time::Millis;
use wasm_bindgen::JsValue;

use crate::abort::AbortWatch;
use crate::clock;

/// What came first.
pub(crate) enum Raced<T> {
    /// The work ended.
    Won(T),
    /// The moment came.
    Elapsed,
    /// The signal was aborted, with this reason.
    Aborted(JsValue),
}

/// Runs `work` until it ends, `until` comes or `abort` is aborted, and drops what has not ended.
pub(crate) async fn race<F: Future>(work: F, until: Option<Millis>, abort: &AbortWatch) -> Raced<F::Output> {
    let mut work = pin!(work);
    let mut alarm = pin!(async {
        match until {
            Some(until) => clock::sleep_until(until).await,
            None => std::future::pending().await,
        }
    });
    poll_fn(|context| {
        if let Poll::Ready(reason) = abort.poll(context) {
            return Poll::Ready(Raced::Aborted(reason));
        }
        if let Poll::Ready(output) = work.as_mut().poll(context) {
            return Poll::Ready(Raced::Won(output));
        }
        alarm.as_mut().poll(context).map(|()| Raced::Elapsed)
    })
    .await
}
