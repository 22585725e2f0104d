//! The runtime's monotonic clock and its timers.

use std::task::{Context, Poll};

use taskwright_core::time::Millis;
use wasm_bindgen::prelude::*;

use crate::host::Timer;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

/// `setTimeout` counts in signed 32 bits and fires at once beyond them.
const MAX_TIMER_MS: u64 = 0x7fff_ffff;

/// The monotonic clock.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, and small")]
pub(crate) fn now() -> Millis {
    Millis(performance_now() as u64)
}

/// The wall clock, milliseconds since 1970; only for dates in headers.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, and small")]
pub(crate) fn date() -> u64 {
    date_now() as u64
}

/// The length of the next timer on the way to `until`.
pub(crate) fn timer_ms(now: Millis, until: Millis) -> u32 {
    u32::try_from(until.since(now).min(MAX_TIMER_MS)).unwrap_or(u32::MAX)
}

/// Rings at a moment that may be moved. One alarm serves a whole call, because most of its steps end at the
/// same moment and a timer costs more than they do. Dropping it clears its timer.
pub(crate) struct Alarm {
    until: Option<Millis>,
    timer: Option<Timer>,
}

impl Alarm {
    /// An alarm that never rings.
    pub(crate) fn new() -> Self {
        Self { until: None, timer: None }
    }

    /// Moves it; `None` for never.
    pub(crate) fn set(&mut self, until: Option<Millis>) {
        if self.until != until {
            self.until = until;
            self.timer = None;
        }
    }

    /// Ready once the moment has come.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(until) = self.until else { return Poll::Pending };
        loop {
            let timer = match &mut self.timer {
                Some(timer) => timer,
                none => {
                    let now = now();
                    if now >= until {
                        return Poll::Ready(());
                    }
                    none.insert(Timer::new(timer_ms(now, until)))
                }
            };
            if timer.poll(context).is_pending() {
                return Poll::Pending;
            }
            // Far moments take several timers, and timers may fire a little early.
            self.timer = None;
        }
    }
}
