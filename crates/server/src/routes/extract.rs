//! What routes read from a request. Each refuses in the shape of the wire that the request speaks.

use std::collections::HashMap;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::{StatusCode, header, request::Parts};
use axum::response::Response;
use serde_json::{Map, Value};
use taskwright_core::view::View as _;

use super::Wire;
use crate::error::Failure;

/// Bytes that a body may have. The longest prompt with the longest schema is far below.
const MAX_BODY: usize = 1024 * 1024;

/// A JSON object. No body, an empty one and `{}` are the same: clients differ in what they send for nothing.
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

impl<S: Sync> FromRequest<S> for JsonObject {
    type Rejection = Response;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Response> {
        let wire = Wire::of(request.uri());
        read_object(request).await.map(Self).map_err(|failure| wire.render(&failure))
    }
}

async fn read_object(request: Request) -> Result<Map<String, Value>, Failure> {
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    let bytes = read_body(request.into_body()).await?;
    if bytes.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    let kind = kind.as_ref().map(|kind| kind.to_str().unwrap_or_default().to_ascii_lowercase());
    if let Some(kind) = kind.filter(|kind| !kind.contains("json")) {
        let text = format!("The body has to be JSON with content-type application/json, got \"{kind}\".");
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(Failure::bad_request(format!(
            "The body takes an object, got {}.",
            Some(&other).seen().noun()
        ))),
        Err(error) => Err(Failure::bad_request(format!("The body is not valid JSON: {error}."))),
    }
}

/// All of a body, chunked or not, up to the limit.
pub(crate) async fn read_body(body: Body) -> Result<Bytes, Failure> {
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|error| unread(&error))
}

fn unread(error: &axum::Error) -> Failure {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        // axum does not export the type of this error.
        if error.to_string().contains("length limit exceeded") {
            let text = format!("The body may have {MAX_BODY} bytes at most.");
            return Failure::new(StatusCode::PAYLOAD_TOO_LARGE, text);
        }
        cause = error.source();
    }
    Failure::bad_request("The body broke off.")
}

/// The parameters of the query. An empty one counts as absent: clients write `?sessionId=` for "none".
pub(crate) struct Params(HashMap<String, String>);

impl Params {
    /// One parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Response> {
        match Query::<HashMap<String, String>>::try_from_uri(&parts.uri) {
            Ok(Query(mut params)) => {
                params.retain(|_, value| !value.trim().is_empty());
                Ok(Self(params))
            }
            Err(_) => {
                Err(Wire::of(&parts.uri).render(&Failure::bad_request("The query is not well-formed.")))
            }
        }
    }
}

/// The one id in the path, decoded.
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Wire::of(&parts.uri).render(&Failure::bad_request("The path is not UTF-8."))),
        }
    }
}
