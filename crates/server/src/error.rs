//! A request that is not answered as asked: status, sentence and what to do about it. How it looks on the
//! wire is the business of the wire that was spoken: see [`Wire`](crate::routes::Wire).

use axum::http::StatusCode;
use taskwright_core::operation::InvalidInput;

use crate::browser::BrowserError;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status.
    pub status: StatusCode,
    /// A sentence for people.
    pub message: String,
    /// Whether to send the request again.
    pub retry: Retry,
}

/// What the answer says about sending the request again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// What the status says.
    Unsaid,
    /// It would end in the same way, or happen twice.
    Never,
    /// After so many seconds.
    After(u64),
}

impl Failure {
    /// A failure whose status says whether to try again.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry: Retry::Unsaid }
    }

    /// A request that is wrong in itself.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// Something that is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// A request that was understood and could not be done; sending it again would not help.
    pub fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message).never_again()
    }

    /// The same, saying that it shall not be sent again.
    #[must_use]
    pub fn never_again(self) -> Self {
        Self { retry: Retry::Never, ..self }
    }

    /// The same, saying when it may be sent again.
    #[must_use]
    pub fn again_after(self, seconds: u64) -> Self {
        Self { retry: Retry::After(seconds), ..self }
    }
}

impl From<InvalidInput> for Failure {
    fn from(invalid: InvalidInput) -> Self {
        Self::bad_request(invalid.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        // The details are for the log of the person who runs the server, not for every client.
        tracing::error!(%error, "the store failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The server could not read or write its database.")
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        tracing::error!(%error, "the vault failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, format!("The server cannot use its keys: {error}."))
    }
}

impl From<BrowserError> for Failure {
    fn from(error: BrowserError) -> Self {
        let message = error.to_string();
        match error {
            BrowserError::Missing(_) | BrowserError::Gone(_) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
            }
            BrowserError::Navigation(_) | BrowserError::Timeout(_) | BrowserError::Script(_) => {
                Self::unprocessable(message)
            }
        }
    }
}
