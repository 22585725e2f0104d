//! The portable status words, which every vendor's own words are mapped to.

use serde::Serialize;

/// How a task stands, in words that all backends share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
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
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}
