//! Anchor's shapes around every answer: `{"data": ...}` and `{"error": {"code", "message"}}`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use taskwright_core::anchor::wire::{Data, ErrorDetail, ErrorEnvelope};

use crate::error::Failure;
use crate::routes::Wire;

/// `{"data": ...}` with status 200.
pub(super) fn data<T: Serialize>(data: T) -> Response {
    Json(Data { data }).into_response()
}

/// `{"error": {"code", "message"}}` as a value.
pub(super) fn error(failure: &Failure) -> ErrorEnvelope {
    ErrorEnvelope { error: ErrorDetail { code: failure.status.as_u16(), message: failure.message.clone() } }
}

/// `{"error": {"code", "message"}}` with its status.
pub(crate) fn failure(failure: &Failure) -> Response {
    (failure.status, Json(error(failure))).into_response()
}

/// A failed request of this wire: what `?` in its routes turns every error into.
pub(super) struct AnchorError(Failure);

impl<E: Into<Failure>> From<E> for AnchorError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl AnchorError {
    /// `{"error": "<text>"}`, as a few operations of the vendor answer.
    pub(super) fn into_flat_response(self) -> Response {
        let flat = Json(serde_json::json!({ "error": self.0.message })).into_response();
        let (mut parts, _) = self.into_response().into_parts();
        // As long as the other body was.
        parts.headers.remove(axum::http::header::CONTENT_LENGTH);
        Response::from_parts(parts, flat.into_body())
    }
}

impl IntoResponse for AnchorError {
    fn into_response(self) -> Response {
        Wire::Anchor.render(&self.0)
    }
}

/// What a route of this wire answers.
pub(super) type Answer = Result<Response, AnchorError>;
