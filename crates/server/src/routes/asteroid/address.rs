//! Which of the vendor's two APIs a path belongs to, whatever its client put before it.
//!
//! Clients of different years write `/api/v1/execution/...`, `/execution/...` and `//execution/...` for the same thing:
//! the base address that a user gives replaces the vendor's prefix in some of them, and some do not mind a slash at
//! its end. Everything behind this module sees one form, with its prefix.

use axum::extract::Request;
use axum::http::{HeaderMap, Uri, uri::PathAndQuery};

const V1: &str = "/api/v1";
const V2: &str = "/agents/v2";
/// Addresses of this server's own: they carry their permission in the query.
pub(super) const SIGNED: &str = "/asteroid";

/// The vendor's API that a request speaks, as far as errors differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// `/api/v1`: `{"error"}`.
    V1,
    /// `/agents/v2`: `{"code", "message"}`.
    V2,
    /// The file operations of `/agents/v2`: plain text.
    V2Text,
    /// An address with a signature, which a client gets in an answer and follows without a key.
    Signed,
}

/// First segments of v1 paths. None of them is one of v2.
const OF_V1: [&str; 5] = ["agent", "execution", "credentials", "health", "openapi.yaml"];
/// First segments of v2 paths.
const OF_V2: [&str; 14] = [
    "agents",
    "executions",
    "temp-files",
    "workflows",
    "profiles",
    "profile-groups",
    "agent-profile-pools",
    "secrets",
    "secret-templates",
    "secret-requests",
    "vault",
    "context",
    "docs",
    "schema",
];

/// The API of a path that went through [`canonical`]; `None` for paths of other wires.
pub(crate) fn api_of(path: &str) -> Option<Api> {
    if path.starts_with("/api/v1/") {
        return Some(Api::V1);
    }
    if path.starts_with("/asteroid/") {
        return Some(Api::Signed);
    }
    if path.starts_with("/users/v2/") {
        return Some(Api::V2);
    }
    let rest = path.strip_prefix("/agents/v2/")?;
    let mut segments = rest.split('/');
    let files = match (segments.next(), segments.next(), segments.next()) {
        (Some("temp-files"), ..) => true,
        (Some("executions"), _, Some(part)) => part == "files" || part.ends_with("-files"),
        _ => false,
    };
    Some(if files { Api::V2Text } else { Api::V2 })
}

/// Rewrites the address of a request to the form with a prefix; others stay as they are.
pub(crate) fn rewrite(mut request: Request) -> Request {
    if let Some(uri) = canonical(request.uri(), request.headers()) {
        *request.uri_mut() = uri;
    }
    request
}

fn canonical(uri: &Uri, headers: &HeaderMap) -> Option<Uri> {
    let path = uri.path().trim_start_matches('/');
    let prefixed = |prefix: &str| {
        let rest = path.strip_prefix(prefix.trim_start_matches('/'))?;
        rest.starts_with('/').then(|| rest.trim_start_matches('/'))
    };
    let (prefix, rest) = if let Some(rest) = prefixed(V1) {
        (V1, rest)
    } else if let Some(rest) = prefixed(V2) {
        (V2, rest)
    } else {
        let first = path.split('/').next().unwrap_or_default();
        if first == "agent-profiles" {
            (profiles_api(uri, headers), path)
        } else if OF_V1.contains(&first) {
            (V1, path)
        } else if OF_V2.contains(&first) {
            (V2, path)
        } else if path.starts_with("users/v2/") {
            ("", path)
        } else {
            return None;
        }
    };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{prefix}/{rest}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

/// Both APIs have `/agent-profiles`. Those that mean v2 page their lists, spell parameters in camelCase, and the newer
/// ones send another key header; what is left is v1, whose answers also have the members of v2.
fn profiles_api(uri: &Uri, headers: &HeaderMap) -> &'static str {
    let v2 = uri.query().is_some_and(|query| {
        query.split('&').any(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            matches!(
                name,
                "organizationId" | "page" | "pageSize" | "searchName" | "sortField" | "sortDirection"
            )
        })
    });
    if v2 || headers.contains_key(super::NEW_KEY_HEADER) { V2 } else { V1 }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn canonical_path(path: &str) -> String {
        let uri: Uri = path.parse().unwrap();
        canonical(&uri, &HeaderMap::new()).map_or_else(|| path.to_owned(), |uri| uri.to_string())
    }

    #[test]
    fn every_way_to_write_a_path_is_the_same_path() {
        for path in [
            "/api/v1/execution/a/status",
            "/execution/a/status",
            "//execution/a/status",
            "/api/v1//execution/a/status",
        ] {
            assert_eq!(canonical_path(path), "/api/v1/execution/a/status", "{path}");
        }
        for path in ["/agents/v2/agents/v2/execute", "//agents/v2//agents/v2/execute"] {
            assert_eq!(canonical_path(path), "/agents/v2/agents/v2/execute", "{path}");
        }
        assert_eq!(canonical_path("/agents?page=1&pageSize=2"), "/agents/v2/agents?page=1&pageSize=2");
        assert_eq!(canonical_path("/users/v2/whoami"), "/users/v2/whoami");
        // An id keeps its escapes.
        assert_eq!(canonical_path("/executions/a%2Fb"), "/agents/v2/executions/a%2Fb");
    }

    #[test]
    fn paths_of_other_wires_are_left_alone() {
        for path in [
            "/v1/tools/perform-web-task",
            "/v1/profiles",
            "/v2/tasks/a/run",
            "/healthz",
            "/",
            "/nothing",
            "/asteroid/files/a",
        ] {
            assert_eq!(canonical_path(path), path);
        }
        assert_eq!(api_of("/v1/profiles"), None);
    }

    #[test]
    fn profiles_without_a_prefix_are_told_apart_by_spelling_and_key() {
        assert_eq!(canonical_path("/agent-profiles"), "/api/v1/agent-profiles");
        assert_eq!(
            canonical_path("/agent-profiles?organization_id=o"),
            "/api/v1/agent-profiles?organization_id=o"
        );
        assert_eq!(
            canonical_path("/agent-profiles?organizationId=o"),
            "/agents/v2/agent-profiles?organizationId=o"
        );
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", HeaderValue::from_static("k"));
        let uri = canonical(&"/agent-profiles/p".parse().unwrap(), &headers).unwrap();
        assert_eq!(uri.path(), "/agents/v2/agent-profiles/p");
    }

    #[test]
    fn errors_of_files_are_plain_text_and_others_are_not() {
        assert_eq!(api_of("/agents/v2/temp-files/org"), Some(Api::V2Text));
        assert_eq!(api_of("/agents/v2/executions/e/context-files"), Some(Api::V2Text));
        assert_eq!(api_of("/agents/v2/executions/e"), Some(Api::V2));
        assert_eq!(api_of("/agents/v2/workflows/w/head/files"), Some(Api::V2));
        assert_eq!(api_of("/api/v1/execution/e/files"), Some(Api::V1));
    }
}
