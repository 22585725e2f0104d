//! Operations that the vendor has and this server does not perform: a plain no, never a made-up success.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::on;

use super::operations::UNPERFORMED;
use crate::app::AppState;
use crate::error::Failure;
use crate::routes::Wire;

pub(super) fn router() -> Router<AppState> {
    UNPERFORMED.iter().fold(Router::new(), |router, (method, path)| router.route(path, on(*method, refuse)))
}

async fn refuse(request: Request) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    let text = format!("The local server does not perform {method} {path}.");
    Wire::of(request.uri()).render(&Failure::new(StatusCode::NOT_IMPLEMENTED, text).never_again())
}
