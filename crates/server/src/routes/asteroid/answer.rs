//! What the routes of this wire answer, and how a failure looks in each of the vendor's APIs.

use axum::Json;
use axum::extract::Request;
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::address::Api;
use crate::error::Failure;
use crate::routes::Wire;

/// A failure with its status, in the shape of one API.
pub(crate) fn failure(api: Api, failure: &Failure) -> Response {
    let Failure { status, message, .. } = failure;
    match api {
        Api::V1 => (*status, Json(json!({ "error": message }))).into_response(),
        Api::V2 | Api::Signed => {
            (*status, Json(json!({ "code": status.as_u16(), "message": message }))).into_response()
        }
        Api::V2Text => (*status, message.clone()).into_response(),
    }
}

/// A failed request of this wire: what `?` in its routes turns every error into. [`render`] gives it its shape.
#[derive(Clone)]
pub(super) struct AsteroidError(Failure);

impl<E: Into<Failure>> From<E> for AsteroidError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for AsteroidError {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What a route of this wire answers.
pub(super) type Answer = Result<Response, AsteroidError>;

/// Gives failures of the routes the shape of the API that was spoken: one operation serves several.
pub(super) async fn render(uri: Uri, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<AsteroidError>() {
        Some(error) => Wire::of(&uri).render(&error.0),
        None => response,
    }
}

/// JSON with a status.
pub(super) fn json(status: StatusCode, body: Value) -> Answer {
    Ok((status, Json(body)).into_response())
}
