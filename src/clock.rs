//! The runtime's monotonic clock and its timers.

use gloo_timers::callback::Timeout;
use taskwright_core::time::Millis;
use wasm_bindgen::prelude::*;

use crate::handover::Handover;

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

/// Ends at `until`, however far away. Dropping it clears its timer.
pub(crate) async fn sleep_until(until: Millis) {
    loop {
        let now = now();
        if now >= until {
            return;
        }
        let rang = Handover::new();
        let bell = rang.clone();
        let _timer = Timeout::new(timer_ms(now, until), move || bell.put(()));
        rang.await;
    }
}
