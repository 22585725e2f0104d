//! Random numbers: `Math.random` to spread pauses, `crypto.getRandomValues` for keys.

use std::fmt::Write as _;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill(bytes: &mut [u8]);
}

/// A seed for jitter.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "random() is below 1")]
pub(crate) fn seed() -> u64 {
    (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64
}

/// 128 random bits as hexadecimal digits. `crypto.randomUUID` would be shorter, but is missing on pages
/// that are not served securely.
pub(crate) fn key() -> String {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
