//! Random numbers: `Math.random` to spread pauses, `crypto.getRandomValues` for keys.

pub(crate) use crate::host::key;

/// A seed for jitter.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "random() is below 1")]
pub(crate) fn seed() -> u64 {
    (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64
}
