//! Time as the core knows it: milliseconds on a clock that somebody else reads.

/// Milliseconds for a message about a limit that has passed; nobody waits for the 49 days that are the most. Numbers of
/// this width are shown elsewhere, too, and showing wider ones would weigh 0.1 kB.
#[must_use]
pub fn shown(ms: u64) -> u32 {
    u32::try_from(ms).unwrap_or(u32::MAX)
}

/// A point on the driver's monotonic clock, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Millis(pub u64);

impl Millis {
    /// `ms` later; stops at the end of time.
    #[must_use]
    pub fn after(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// How long after `earlier` this is; 0 when it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
