//! The one envelope of this wire, around successes and failures.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use taskwright_core::agentbay::wire::Envelope;

use crate::error::Failure;
use crate::routes::Wire;

/// The code of a session that is not there. Clients tell by it that one is deleted.
const NO_SESSION: &str = "InvalidMcpSession.NotFound";
/// How much of a client's own words is repeated.
const QUOTED: usize = 80;

/// What an action answers when it was done.
pub(super) struct Reply(Envelope<Value>);

impl Reply {
    /// Nothing but that it was done.
    pub(super) fn done() -> Self {
        Self(envelope(StatusCode::OK, "ok", String::new()))
    }

    /// Data.
    pub(super) fn data(data: impl Serialize) -> Result<Self, Refusal> {
        let data = serde_json::to_value(data).map_err(|error| {
            let text = format!("The answer could not be written: {error}.");
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, text)
        })?;
        let Self(envelope) = Self::done();
        Ok(Self(Envelope { data: Some(data), ..envelope }))
    }

    /// The same with a sentence for whoever reads the message.
    pub(super) fn noting(self, message: Option<String>) -> Self {
        Self(Envelope { message: message.unwrap_or_default(), ..self.0 })
    }

    /// The same as one page of a list.
    pub(super) fn page(self, next: Option<i64>, size: u32, total: u64) -> Self {
        Self(Envelope {
            next_token: Some(next.map(|next| next.to_string()).unwrap_or_default()),
            max_results: Some(size),
            total_count: Some(total),
            ..self.0
        })
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        unfinished(StatusCode::OK, self.0)
    }
}

/// Why an action was not done: what `?` turns every error into.
pub(super) struct Refusal {
    code: &'static str,
    failure: Failure,
}

impl<E: Into<Failure>> From<E> for Refusal {
    fn from(error: E) -> Self {
        let failure = error.into();
        Self { code: code(failure.status), failure }
    }
}

impl Refusal {
    /// There is no such session, for this reason.
    pub(super) fn no_session(id: &str, why: &str) -> Self {
        let id: String = id.chars().take(QUOTED).collect();
        let text = format!("Resource [McpSession] is not found: \"{id}\". {why}");
        Self { code: NO_SESSION, failure: Failure::bad_request(text) }
    }

    /// The session stands so that this cannot be done.
    pub(super) fn session_state(text: &str) -> Self {
        Self { code: "InvalidMcpSession.Status", failure: Failure::bad_request(text) }
    }

    /// Nobody knows this action.
    pub(super) fn unknown_action(action: &str) -> Self {
        let action: String = action.chars().take(QUOTED).collect();
        let text = format!("The action \"{action}\" is not known.");
        Self { code: "InvalidAction.NotFound", failure: Failure::bad_request(text) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Wire::AgentBay.render(&self.failure);
        if let Some(Unfinished(envelope)) = response.extensions_mut().get_mut() {
            self.code.clone_into(&mut envelope.code);
        }
        response
    }
}

/// What an action of this wire answers.
pub(super) type Answer = Result<Reply, Refusal>;

/// A failure with its status. Its code never holds `NotFound`, which stands for sessions here.
pub(crate) fn failure(failure: &Failure) -> Response {
    let Failure { status, message, .. } = failure;
    unfinished(*status, envelope(*status, code(*status), message.clone()))
}

fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => "InvalidParameter",
        StatusCode::UNAUTHORIZED => "InvalidApiKey",
        StatusCode::FORBIDDEN => "Forbidden",
        StatusCode::METHOD_NOT_ALLOWED => "UnsupportedHTTPMethod",
        StatusCode::PAYLOAD_TOO_LARGE => "RequestBodyTooLarge",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "UnsupportedContentType",
        StatusCode::TOO_MANY_REQUESTS => "Throttling",
        StatusCode::NOT_IMPLEMENTED => "UnsupportedOperation",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
        status if status.is_server_error() => "InternalError",
        _ => "InvalidRequest",
    }
}

fn envelope(status: StatusCode, code: &str, message: String) -> Envelope<Value> {
    Envelope {
        request_id: String::new(),
        http_status_code: status.as_u16(),
        code: code.to_owned(),
        message,
        success: status.is_success(),
        data: None,
        next_token: None,
        max_results: None,
        total_count: None,
    }
}

/// An answer that lacks the id of its request.
#[derive(Clone)]
struct Unfinished(Envelope<Value>);

fn unfinished(status: StatusCode, envelope: Envelope<Value>) -> Response {
    let mut response = status.into_response();
    response.extensions_mut().insert(Unfinished(envelope));
    response
}

/// Writes the envelope, with the id that the request has in the log.
pub(crate) fn finish(mut response: Response, request_id: &str) -> Response {
    let Some(Unfinished(envelope)) = response.extensions_mut().remove() else { return response };
    let (kind, body) =
        Json(Envelope { request_id: request_id.to_owned(), ..envelope }).into_response().into_parts();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(kind.headers);
    Response::from_parts(parts, body)
}
