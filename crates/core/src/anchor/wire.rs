//! Anchor Browser's JSON as a server writes it. The client converts nothing: it looks at the few members
//! that it decides on ([`super::status`]) and hands the rest on. Shapes follow the vendor's OpenAPI document (copy of 2026-08)
//! and its guide to asynchronous perform-web-task.

use serde::{Deserialize, Serialize};

/// Most answers are wrapped once: `{"data": ...}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data<T> {
    /// The answer itself.
    pub data: T,
}

/// What starting a task asynchronously answers: `{"status": "running", "workflow_id": "..."}`.
///
/// The status word is lower-case here and upper-case in [`TaskState`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskStarted {
    /// Always `running`.
    pub status: String,
    /// The id that the status is asked for with; opaque.
    pub workflow_id: String,
}

/// What a synchronous task answers: `{"result": ...}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskResult<V> {
    /// Any JSON value.
    pub result: V,
}

/// One answer of the status operation, tagged by its upper-case `status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "UPPERCASE")]
pub enum TaskState<V> {
    /// Accepted and not ended; queued tasks read `RUNNING` too.
    Running,
    /// The workflow ended by itself.
    Completed {
        /// Any JSON value.
        result: V,
    },
    /// The workflow ended with an error.
    Failed {
        /// Why, in a sentence.
        error: String,
    },
}

/// `{"error": {"code": 400, "message": "..."}}`, the envelope of nearly every error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorEnvelope {
    /// Code and message.
    pub error: ErrorDetail,
}

/// The inside of [`ErrorEnvelope`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// Equals the HTTP status.
    pub code: u16,
    /// A sentence for people.
    pub message: String,
}

/// What creating a session answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCreated {
    /// The session's id.
    pub id: String,
    /// Where a CDP client connects; empty when the server offers none.
    pub cdp_url: String,
    /// Where a person watches; empty when the server offers none.
    pub live_view_url: String,
}

/// One row of `GET /v1/sessions/all/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStatus {
    /// The session's id.
    pub session_id: String,
    /// `running` while it is open.
    pub status: String,
    /// Labels given at creation.
    #[serde(default)]
    pub tags: Vec<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// `GET /v1/sessions/all/status`: how many, and which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionList {
    /// The length of `items`.
    pub count: usize,
    /// The open sessions.
    pub items: Vec<SessionStatus>,
}

/// The answer of operations that only succeed: `{"status": "success"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// A word such as `success`.
    pub status: String,
}
