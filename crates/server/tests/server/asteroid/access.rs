//! Paths, keys and the shapes of refusals.

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::json;

use crate::support::{Setup, request, server};

#[tokio::test]
async fn either_key_header_opens_every_way_to_write_a_path() {
    let server = server(Setup { key: Some("secret"), ..Setup::default() });
    for path in ["/agents/v2/agents", "/agents", "//agents", "/api/v1/agent-profiles", "//agent-profiles"] {
        for (header, value, status) in [
            ("X-Asteroid-Agents-Api-Key", "secret", 200),
            ("x-api-key", "secret", 200),
            ("authorization", "Bearer secret", 200),
            ("x-api-key", "wrong", 401),
            ("anchor-api-key", "secret", 401),
        ] {
            let request = request("GET", path).header(header, value).body(Body::empty()).unwrap();
            let answer = server.send(request).await;
            assert_eq!(answer.status.as_u16(), status, "{path} {header}: {}", answer.text);
        }
    }
    for path in ["/health", "/api/v1/health"] {
        assert_eq!(server.get(path).await.json()["status"], "degraded", "no Chromium, no key");
    }
    assert!(server.get("/openapi.yaml").await.text.starts_with("openapi: 3"));
}

#[tokio::test]
async fn a_refusal_has_the_shape_of_the_api_that_was_spoken() {
    let server = server(Setup { key: Some("secret"), ..Setup::default() });
    let v1 = server.get("/api/v1/execution/e/status").await;
    assert_eq!((v1.status.as_u16(), v1.json()), (401, json!({"error": "Invalid API key"})));
    let v2 = server.get("/agents/v2/executions/e").await;
    assert_eq!((v2.status.as_u16(), v2.json()), (401, json!({"code": 401, "message": "Invalid API key"})));
    let text = server.get("/agents/v2/executions/e/context-files").await;
    assert_eq!((text.status.as_u16(), text.text.as_str()), (401, "Invalid API key"));
    assert!(text.headers["content-type"].to_str().unwrap().starts_with("text/plain"));

    let open = crate::support::server(Setup::default());
    assert_eq!(
        open.get("/api/v1/agent-profiles/p").await.json(),
        json!({"error": "Agent profile not found"})
    );
    let v2 = open.get("/agents/v2/profiles/p").await;
    assert_eq!(v2.json(), json!({"code": 404, "message": "Agent profile not found"}));
    assert_eq!(open.get("/api/v1/nowhere").await.json()["error"], "There is nothing at /api/v1/nowhere.");
    let wrong = open.post("/agents/v2/agents", json!([])).await;
    assert_eq!((wrong.status.as_u16(), wrong.json()["code"].clone()), (400, json!(400)));
}

#[tokio::test]
async fn operations_that_are_not_performed_say_so() {
    let server = server(Setup::default());
    for (method, path) in [
        ("GET", "/agents/v2/secrets"),
        ("POST", "/secrets/s/rotate"),
        ("GET", "/users/v2/whoami"),
        ("POST", "/agents/v2/workflows"),
        ("GET", "/agents/v2/agents/available-tools"),
        ("POST", "/agents/v2/agents/a/workflows/w/execute"),
        ("DELETE", "/vault/items/i/fields/f"),
        ("GET", "/agents/v2/context"),
    ] {
        let answer = server.send(request(method, path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED, "{method} {path}: {}", answer.text);
        assert_eq!(answer.json()["code"], 501);
        assert_eq!(answer.headers["x-should-retry"], "false");
    }
}

#[tokio::test]
async fn a_web_page_is_refused_on_this_wire_too() {
    let server = server(Setup::default());
    let answer = request("GET", "/agents").header("origin", "https://evil.example").body(Body::empty());
    let answer = server.send(answer.unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), (403, json!(403)));
}
