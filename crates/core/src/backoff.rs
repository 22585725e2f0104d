//! How long to pause between attempts when the server does not say.

use crate::rng::Rng;

/// Doubling pauses with a cap, of which jitter takes up to a quarter away. The figures are those that the
/// vendors' own clients use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause, milliseconds.
    pub first_ms: u64,
    /// No pause is longer, milliseconds.
    pub cap_ms: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first_ms: 500, cap_ms: 8_000 }
    }
}

impl Backoff {
    /// The pause before retry number `retry` (counted from 1), milliseconds.
    #[must_use]
    pub fn pause(self, retry: u32, rng: &mut Rng) -> u64 {
        let doublings = retry.saturating_sub(1).min(32);
        let full = self.first_ms.saturating_mul(1u64 << doublings).min(self.cap_ms);
        rng.between(full.saturating_sub(full >> 2), full)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    proptest! {
        #[test]
        fn a_pause_is_at_most_a_quarter_shorter_than_its_doubled_step(retry in 1u32..200, seed: u64) {
            let pause = Backoff::default().pause(retry, &mut Rng::new(seed));
            let full = (500u64 << (retry - 1).min(20)).min(8_000);
            prop_assert!(pause <= full && pause >= full * 3 / 4, "{pause} of {full}");
        }

        #[test]
        fn no_figure_overflows(first_ms: u64, cap_ms: u64, retry: u32, seed: u64) {
            let pause = Backoff { first_ms, cap_ms }.pause(retry, &mut Rng::new(seed));
            prop_assert!(pause <= cap_ms);
        }
    }
}
