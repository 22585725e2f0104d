//! Work against a clock and a signal.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use wasm_bindgen::JsValue;

use crate::abort::AbortWatch;
use crate::clock::Alarm;

/// What came first.
pub(crate) enum Raced<T> {
    /// The work ended.
    Won(T),
    /// The moment came.
    Elapsed,
    /// The signal was aborted, with this reason.
    Aborted(JsValue),
}

/// Runs `work` until it ends, `alarm` rings or `abort` is aborted, and drops what has not ended.
pub(crate) async fn race<F: Future>(work: F, alarm: &mut Alarm, abort: &AbortWatch) -> Raced<F::Output> {
    let mut work = pin!(work);
    poll_fn(|context| {
        if let Poll::Ready(reason) = abort.poll(context) {
            return Poll::Ready(Raced::Aborted(reason));
        }
        if let Poll::Ready(output) = work.as_mut().poll(context) {
            return Poll::Ready(Raced::Won(output));
        }
        alarm.poll(context).map(|()| Raced::Elapsed)
    })
    .await
}
