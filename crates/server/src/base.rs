//! The address of this server as the client of one request sees it.

use std::convert::Infallible;

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, Uri, header};

use crate::listen::Arrival;

/// Where one client reaches this server; what addresses in answers begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    secure: bool,
    host: String,
}

impl Base {
    /// As the client of a request sees it.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        Self::seen(request.headers(), request.uri(), request.extensions())
    }

    fn seen(headers: &HeaderMap, uri: &Uri, extensions: &Extensions) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        // The guard let nothing through without a host.
        let host = text(header::HOST).or(uri.authority().map(|authority| authority.as_str()));
        // A proxy with TLS in front says so.
        let proto = text(HeaderName::from_static("x-forwarded-proto"));
        let secure = proto == Some("https") || is_secure(extensions);
        Self { secure, host: without_scheme(host.unwrap_or_default()).to_owned() }
    }

    /// For example `http://127.0.0.1:8723`; `https` over TLS, or behind a proxy that says so.
    #[must_use]
    pub fn http(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.host)
    }

    /// The same for WebSockets: `ws` or `wss`.
    #[must_use]
    pub fn websocket(&self) -> String {
        format!("{}://{}", if self.secure { "wss" } else { "ws" }, self.host)
    }
}

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::seen(&parts.headers, &parts.uri, &parts.extensions))
    }
}

/// Whether a request came over this server's own TLS.
fn is_secure(extensions: &Extensions) -> bool {
    extensions.get::<ConnectInfo<Arrival>>().is_some_and(|ConnectInfo(arrival)| arrival.secure)
}

/// The host of a `Host` header. One vendor's Python client puts the whole base address there, scheme included.
pub(crate) fn without_scheme(host: &str) -> &str {
    host.strip_prefix("http://").or_else(|| host.strip_prefix("https://")).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn base(request: axum::http::request::Builder) -> Base {
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let Ok(base) = Base::from_request_parts(&mut parts, &()).await;
        base
    }

    #[tokio::test]
    async fn an_address_has_the_host_and_the_scheme_that_the_client_used() {
        let plain = base(Request::get("/").header("host", "localhost:1")).await;
        assert_eq!(
            (plain.http(), plain.websocket()),
            ("http://localhost:1".into(), "ws://localhost:1".into())
        );
        let odd = base(Request::get("/").header("host", "http://127.0.0.1:1")).await;
        assert_eq!(odd.http(), "http://127.0.0.1:1");
        let tls =
            Request::get("/").header("host", "https://h").extension(ConnectInfo(Arrival { secure: true }));
        assert_eq!(base(tls).await.websocket(), "wss://h");
        let proxied = Request::get("/").header("host", "h").header("x-forwarded-proto", "https");
        assert_eq!(base(proxied).await.http(), "https://h");
    }
}
