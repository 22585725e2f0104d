//! What the server answers: one folder per wire, each with its own shapes for answers and errors.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;

use crate::app::AppState;
use crate::error::{Failure, Retry};
use crate::link::Links;

mod accept;
pub mod agentbay;
pub mod anchor;
pub mod asteroid;
mod extract;
mod health;

/// Every route.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .merge(health::router())
        .merge(anchor::router())
        .merge(asteroid::router())
        .merge(agentbay::router())
        .merge(Links::router())
        .fallback(async |request: Request| {
            let path = request.uri().path();
            Wire::of(request.uri()).render(&Failure::not_found(format!("There is nothing at {path}.")))
        })
        .method_not_allowed_fallback(async |request: Request| {
            let (method, path) = (request.method(), request.uri().path());
            let text = format!("{method} is not a method of {path}.");
            Wire::of(request.uri()).render(&Failure::new(StatusCode::METHOD_NOT_ALLOWED, text))
        })
}

/// The wire that a request speaks. Whatever refuses a request before its route is reached (host, origin, key,
/// unknown path) has to answer in the shape that the client of this wire reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Anchor Browser: `/v1/...`, `/v2/...`.
    Anchor,
    /// Asteroid: `/api/v1/...`, `/agents/v2/...`, and addresses with a signature.
    Asteroid(asteroid::Api),
    /// AgentBay: `/`, whatever the action.
    AgentBay,
    /// The server's own: `/healthz`, and paths that no wire has.
    Own,
}

impl Wire {
    /// Tells the wire by the path.
    #[must_use]
    pub fn of(uri: &Uri) -> Self {
        if let Some(api) = asteroid::address::api_of(uri.path()) {
            Self::Asteroid(api)
        } else if uri.path().starts_with("/v1/") || uri.path().starts_with("/v2/") {
            Self::Anchor
        } else if uri.path() == agentbay::PATH {
            Self::AgentBay
        } else {
            Self::Own
        }
    }

    /// The headers, beside `Authorization: Bearer`, that carry the key on this wire.
    pub(crate) fn key_headers(self) -> &'static [&'static str] {
        match self {
            Self::Anchor | Self::Own => &["anchor-api-key"],
            Self::Asteroid(_) => &[asteroid::KEY_HEADER, asteroid::NEW_KEY_HEADER],
            Self::AgentBay => &[],
        }
    }

    /// Whether requests for `path` need the key when there is one. The health tells nothing worth a key; an address
    /// with a signature is its own permission; and one wire has its key among the parameters, where its route looks.
    pub(crate) fn needs_key(self, path: &str) -> bool {
        match self {
            Self::Anchor => true,
            Self::Own | Self::AgentBay => false,
            Self::Asteroid(_) => !self.is_signed() && !asteroid::OPEN_PATHS.contains(&path),
        }
    }

    /// Whether the address itself carries the permission.
    pub(crate) fn is_signed(self) -> bool {
        self == Self::Asteroid(asteroid::Api::Signed)
    }

    /// A failure in the shape of this wire.
    pub(crate) fn render(self, failure: &Failure) -> Response {
        let mut response = match self {
            Self::Anchor | Self::Own => anchor::envelope::failure(failure),
            Self::Asteroid(api) => asteroid::answer::failure(api, failure),
            Self::AgentBay => agentbay::answer::failure(failure),
        };
        let headers = response.headers_mut();
        match failure.retry {
            Retry::Unsaid => {}
            Retry::Never => {
                headers.insert("x-should-retry", HeaderValue::from_static("false"));
            }
            Retry::After(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
        }
        response
    }

    /// An answer as it leaves: one wire repeats the id of the request in the body.
    pub(crate) fn finish(self, response: Response, request_id: &str) -> Response {
        match self {
            Self::AgentBay => agentbay::answer::finish(response, request_id),
            Self::Anchor | Self::Asteroid(_) | Self::Own => response,
        }
    }
}
