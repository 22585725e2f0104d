//! How a task stands, and the portable status words, which every vendor's own words are mapped to.

/// How a task stands, in words that all backends share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TaskStatus {
    Queued,
    Running,
    Paused,
    AwaitingInput,
    Succeeded,
    Failed,
    Cancelled,
}

impl TaskStatus {
    /// The word itself.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::AwaitingInput => "awaiting_input",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// How a task stands, read from an answer of its vendor.
#[derive(Debug, Clone)]
pub struct Standing<V> {
    /// The vendor's word.
    pub word: String,
    /// The same in ours.
    pub status: TaskStatus,
    /// The result, as it is; absent when there is none.
    pub result: V,
    /// Why it failed.
    pub why: Option<String>,
    /// Whether the agent has stopped to ask something.
    pub asks: bool,
    /// Whether it has ended and its result is not there yet; it counts as running until then.
    pub late: bool,
}
