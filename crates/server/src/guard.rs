//! Who may speak to the server: which `Host`, which `Origin`, which key.
//!
//! A server on loopback is reachable from every web page that the user opens. A page must not drive the
//! user's browser, so requests with an `Origin` that was not allowed are refused, and so are those with a foreign `Host`:
//! with DNS rebinding, a page's own name points to 127.0.0.1 and its requests look same-origin.
//!
//! The server's own origin is no exception. None of its pages calls it (a recording only shows pictures, whose addresses are
//! signed), but every session can open one, and whoever runs script there is not therefore a client.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::base::{Base, without_scheme};
use crate::cors;
use crate::error::Failure;
use crate::link;
use crate::routes::Wire;

/// The header that names one request in the logs of both sides.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The rules of one server.
#[derive(Clone)]
pub struct Policy {
    inner: Arc<Rules>,
}

struct Rules {
    bound: SocketAddr,
    hosts: Vec<String>,
    origins: Vec<AllowedOrigin>,
    /// SHA-256 of the key: equal lengths, so that comparing does not tell the length.
    key: Option<[u8; 32]>,
}

/// Where web pages may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// Any `http` or `https` page of this machine, whatever the port.
    Loopback,
    /// This one.
    Exactly(String),
}

impl std::str::FromStr for AllowedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "loopback" {
            return Ok(Self::Loopback);
        }
        let wrong =
            || format!("takes \"loopback\" or an origin such as https://app.example.com, got \"{text}\"");
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong());
        };
        let bare = uri.path() == "/" && uri.query().is_none() && !text.ends_with('/');
        if !bare || !matches!(scheme, "http" | "https") || authority.as_str().contains('@') {
            return Err(wrong());
        }
        Ok(Self::Exactly(text.to_ascii_lowercase()))
    }
}

impl Policy {
    /// The rules for a server bound to `bound`, with further host names, origins and perhaps a key.
    #[must_use]
    pub fn new(bound: SocketAddr, hosts: &[String], origins: Vec<AllowedOrigin>, key: Option<&str>) -> Self {
        let hosts = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        let key = key.map(|key| Sha256::digest(key).into());
        Self { inner: Arc::new(Rules { bound, hosts, origins, key }) }
    }

    /// The port of the server.
    pub(crate) fn port(&self) -> u16 {
        self.inner.bound.port()
    }

    fn host_allowed(&self, host: &str) -> bool {
        let host = name_of(host).to_ascii_lowercase();
        if self.inner.hosts.contains(&host) || is_loopback(&host) {
            return true;
        }
        let bound = self.inner.bound.ip();
        // Bound to every address, any address may be meant. Rebinding needs a name, and those stay refused.
        host.parse::<IpAddr>().is_ok_and(|address| address == bound || bound.is_unspecified())
    }

    /// Whether pages of `origin` may ask.
    fn origin_allowed(&self, origin: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        self.inner.origins.iter().any(|allowed| match allowed {
            AllowedOrigin::Loopback => matches!(scheme, "http" | "https") && is_loopback(name_of(authority)),
            AllowedOrigin::Exactly(allowed) => *allowed == origin,
        })
    }

    fn key_fits(&self, headers: &HeaderMap, wire: Wire) -> bool {
        let Some(key) = &self.inner.key else { return true };
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| {
            let (scheme, key) = value.as_bytes().split_at_checked("Bearer ".len())?;
            scheme.eq_ignore_ascii_case(b"Bearer ").then_some(key)
        });
        let own = wire.key_headers().iter().filter_map(|name| headers.get(*name)).map(HeaderValue::as_bytes);
        own.chain(bearer).any(|given| fits(given, key))
    }

    /// Whether a key that came otherwise than in a header opens; any does, and none, where no key is needed.
    pub(crate) fn opens(&self, given: Option<&str>) -> bool {
        let Some(key) = &self.inner.key else { return true };
        given.is_some_and(|given| fits(given.as_bytes(), key))
    }
}

/// In constant time.
fn fits(given: &[u8], key: &[u8; 32]) -> bool {
    Sha256::digest(given).as_slice().ct_eq(key.as_slice()).into()
}

/// Lets a request through, answers a preflight, or refuses in the shape of the wire that was spoken.
pub(crate) async fn guard(State(policy): State<Policy>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let started = std::time::Instant::now();
    let method = request.method().clone();
    // The query may carry ids of sessions and, on some wires, keys: it is not logged. Nor is the token of a link.
    let path = request.uri().path();
    let path = if path.starts_with(link::PATH) { link::PATH.to_owned() } else { path.to_owned() };
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    let wire = Wire::of(request.uri());
    let response = admit(&policy, request, next).instrument(span.clone()).await;
    let mut response = wire.finish(response, id.to_str().unwrap_or_default());
    let status = response.status();
    let milliseconds = started.elapsed().as_millis();
    let _entered = span.enter();
    if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED {
        tracing::warn!(%method, path, status = status.as_u16(), milliseconds, "answered");
    } else {
        tracing::debug!(%method, path, status = status.as_u16(), milliseconds, "answered");
    }
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

async fn admit(policy: &Policy, request: Request, next: Next) -> Response {
    let wire = Wire::of(request.uri());
    let origin = match caller(policy, &request, wire) {
        Ok(origin) => origin,
        Err(refusal) => return cors::vary(wire.render(&refusal)),
    };
    let response = if let Some(preflight) = cors::preflight(request.method(), request.headers()) {
        preflight
    } else if wire.needs_key(request.uri().path()) && !policy.key_fits(request.headers(), wire) {
        wire.render(&Failure::new(StatusCode::UNAUTHORIZED, "Invalid API key"))
    } else {
        next.run(request).await
    };
    cors::allow(response, origin.as_ref())
}

/// The origin of the page that asks, none when no page does; or why it may not.
fn caller(policy: &Policy, request: &Request, wire: Wire) -> Result<Option<HeaderValue>, Failure> {
    let text = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host =
        text(header::HOST).or_else(|| request.uri().authority().map(axum::http::uri::Authority::as_str));
    host.map(without_scheme).filter(|host| policy.host_allowed(host)).ok_or_else(foreign_host)?;
    if let Some(origin) = request.headers().get(header::ORIGIN) {
        let allowed = origin.to_str().is_ok_and(|origin| policy.origin_allowed(origin));
        return if allowed { Ok(Some(origin.clone())) } else { Err(foreign_page()) };
    }
    // A page that embeds or links an address of ours sends no Origin, nor does one of our own origin that only reads, but
    // modern browsers say so. Navigations are no exception: a page reads the windows and frames of its origin. An address
    // that somebody types in has "none", and programs do not send this header.
    let allowed = match text(SEC_FETCH_SITE) {
        // Nobody can guess an address with a signature: who links one was given it.
        _ if wire.is_signed() => true,
        Some("same-origin") => policy.origin_allowed(&Base::of(request).http()),
        Some("cross-site" | "same-site") => false,
        _ => true,
    };
    if allowed { Ok(None) } else { Err(foreign_page()) }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

fn foreign_host() -> Failure {
    Failure::new(
        StatusCode::FORBIDDEN,
        "This Host is not allowed: use 127.0.0.1 or localhost, or start the server with --allow-host <name>.",
    )
}

fn foreign_page() -> Failure {
    Failure::new(
        StatusCode::FORBIDDEN,
        "Web pages of this origin are not allowed: start the server with --allow-origin <origin>.",
    )
}

/// The client's id for the request when it is a harmless one, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let harmless = |value: &&HeaderValue| {
        (1..=128).contains(&value.len())
            && value.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
    };
    headers.get(REQUEST_ID).filter(harmless).cloned().unwrap_or_else(|| {
        HeaderValue::from_str(&Uuid::new_v4().to_string()).unwrap_or(HeaderValue::from_static("unknown"))
    })
}

/// The host of `host` or `host:port`, without the brackets of an IPv6 address; nothing when it is neither.
fn name_of(authority: &str) -> &str {
    let (name, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or_default(),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    if is_port { name } else { "" }
}

/// Whether a host name or address without port means this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(bound: &str, origins: Vec<AllowedOrigin>) -> Policy {
        Policy::new(bound.parse().unwrap(), &["Build.Example".to_owned()], origins, None)
    }

    #[test]
    fn names_of_this_machine_are_hosts_and_others_are_not() {
        let policy = policy("127.0.0.1:8723", Vec::new());
        for host in
            ["127.0.0.1", "127.9.9.9:1", "localhost:8723", "LOCALHOST", "[::1]:8723", "build.example:80"]
        {
            assert!(policy.host_allowed(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "127.0.0.1.evil.example",
            "[::1].evil.example",
            "[::1]:8723.evil.example",
            "127.0.0.1:80@evil.example",
            "10.0.0.1",
            "localhost.evil.example",
            "[::2]",
            "0x7f.1",
        ] {
            assert!(!policy.host_allowed(host), "{host}");
        }
    }

    #[test]
    fn a_server_on_every_address_takes_addresses_but_no_names() {
        let policy = policy("0.0.0.0:8723", Vec::new());
        assert!(policy.host_allowed("10.0.0.1:8723"));
        assert!(!policy.host_allowed("evil.example"));
    }

    #[test]
    fn origins_are_foreign_unless_they_were_named_and_the_server_itself_is_no_exception() {
        let plain = policy("127.0.0.1:8723", Vec::new());
        for origin in [
            "http://127.0.0.1:8723",
            "null",
            "http://127.0.0.1:3000",
            "https://127.0.0.1:8723",
            "https://evil.example",
            "",
        ] {
            assert!(!plain.origin_allowed(origin), "{origin}");
        }
        let named =
            policy("127.0.0.1:8723", vec![AllowedOrigin::Loopback, "https://App.example".parse().unwrap()]);
        for origin in [
            "http://127.0.0.1:8723",
            "http://localhost:3000",
            "https://[::1]",
            "http://127.0.0.1:5173",
            "https://app.example",
        ] {
            assert!(named.origin_allowed(origin), "{origin}");
        }
        for origin in
            ["http://app.example", "https://app.example:444", "http://localhost.evil.example", "file://"]
        {
            assert!(!named.origin_allowed(origin), "{origin}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host_and_nothing_else() {
        for wrong in [
            "",
            "*",
            "null",
            "example.com",
            "https://example.com/",
            "https://example.com/a",
            "ftp://a.b",
            "https://a@b",
        ] {
            assert!(wrong.parse::<AllowedOrigin>().is_err(), "{wrong}");
        }
    }
}
