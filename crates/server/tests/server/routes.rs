//! Paths, methods and bodies, whatever they are for.

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::json;

use crate::support::{Setup, request, server};

#[tokio::test]
async fn operations_that_are_not_performed_say_so_and_are_not_worth_a_retry() {
    let server = server(Setup::default());
    for (method, path) in [
        ("GET", "/v1/sessions/history"),
        ("GET", "/v1/sessions/pending-interventions"),
        ("POST", "/v1/sessions/async"),
        ("POST", "/v1/sessions/some/mouse/click"),
        ("GET", "/v1/profiles/mine"),
        ("DELETE", "/v1/task/a/b"),
        ("GET", "/v1/task/a/versions"),
        ("POST", "/v2/tasks/a/run"),
        ("POST", "/v1/tools/fetch/webpage"),
        ("GET", "/v1/billing"),
    ] {
        let answer = server.send(request(method, path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED, "{method} {path}: {}", answer.text);
        assert!(answer.error().contains(&format!("{method} {path}")), "{}", answer.text);
        assert_eq!(answer.headers["x-should-retry"], "false");
    }
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_answer_in_the_envelope() {
    let server = server(Setup::default());
    for path in ["/v1", "/v1/nowhere", "/v1/sessions/a/b/c/d", "/v9/x"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        answer.error();
    }
    let answer = server.get("/v1/tools/perform-web-task").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers["allow"], "POST");
    answer.error();
}

#[tokio::test]
async fn bodies_are_json_objects_of_bounded_size() {
    let server = server(Setup::default());
    let send = |kind: &'static str, body: Vec<u8>| {
        let builder = request("POST", "/v1/tools/perform-web-task").header("content-type", kind);
        server.send(builder.body(Body::from(body)).unwrap())
    };
    for (kind, body, status) in [
        ("application/json", b"{\"prompt\":".to_vec(), 400),
        ("application/json", b"[]".to_vec(), 400),
        ("application/json", b"\xff\xfe".to_vec(), 400),
        ("application/json", vec![b'['; 100_000], 400),
        ("application/json", vec![b' '; 1024 * 1024 + 1], 413),
        ("application/x-www-form-urlencoded", b"prompt=x".to_vec(), 415),
    ] {
        let answer = send(kind, body).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        answer.error();
    }
    assert_eq!(send("application/json; charset=utf-8", b"{\"prompt\":\"ok\"}".to_vec()).await.status, 200);
}

#[tokio::test]
async fn a_session_body_may_be_absent_and_wrong_options_are_named() {
    let server = server(Setup::default());
    let answer = server.post("/v1/sessions", json!({"session": {"proxy": {"active": true}}})).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.error().contains("session.proxy.active"));
    for (path, named) in [
        ("/v1/sessions?limit=11", "limit"),
        ("/v1/sessions?page=0", "page"),
        ("/v1/sessions?page=x", "page"),
        ("/v1/sessions?sort_order=up", "sort_order"),
        ("/v1/sessions?created_from=yesterday", "created_from"),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(answer.error().starts_with(&format!("\"{named}\"")), "{}", answer.text);
    }
    let empty = json!({"data": {"sessions": [], "total": 0, "page": 1, "total_pages": 0}});
    assert_eq!(server.get("/v1/sessions").await.json(), empty);
    assert_eq!(
        server.get("/v1/sessions/all/status").await.json(),
        json!({"data": {"count": 0, "items": []}})
    );
    assert_eq!(server.get("/v1/sessions/no").await.error(), "Session not found");
    assert_eq!(server.post("/v1/sessions/no/goto", json!({"url": "http://a.example"})).await.status, 404);
    let flat = server.get("/v1/sessions/no/screenshot").await;
    assert_eq!((flat.status.as_u16(), flat.json()), (404, json!({"error": "Session not found"})));
    let delete = |path: &str| request("DELETE", path).body(Body::empty()).unwrap();
    assert_eq!(server.send(delete("/v1/sessions/no")).await.status, 404);
    assert_eq!(server.send(delete("/v1/sessions/all")).await.json(), json!({"data": {"status": "success"}}));
}

#[tokio::test]
async fn tools_refuse_what_they_cannot_do_by_name() {
    let server = server(Setup::default());
    for (path, body, named) in [
        ("/v1/tools/screenshot", json!({}), "url"),
        ("/v1/tools/screenshot", json!({"url": "file:///etc/passwd"}), "url"),
        ("/v1/tools/screenshot", json!({"url": "http://a.example", "width": 100_000}), "width"),
        (
            "/v1/tools/screenshot",
            json!({"url": "http://a.example", "s3_target_address": "https://s3.example"}),
            "s3_target_address",
        ),
        ("/v1/tools/fetch-webpage", json!({}), "url"),
        ("/v1/tools/fetch-webpage", json!({"url": "http://a.example", "format": "pdf"}), "format"),
        ("/v1/tools/fetch-webpage", json!({"url": "http://a.example", "wait": 3_600_000}), "wait"),
        ("/v1/tools/fetch-webpage", json!({"url": "http://a.example", "page_index": 2}), "page_index"),
        ("/v1/tools/fetch-webpage?sessionId=s", json!({"new_page": true}), "new_page"),
    ] {
        let answer = server.post(path, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        assert!(answer.error().starts_with(&format!("\"{named}\"")), "{}", answer.text);
    }
}

#[tokio::test]
async fn health_tells_what_runs_and_every_answer_has_an_id() {
    let server = server(Setup::default());
    server.start("gate").await;
    server.puppet.until_running(1).await;
    let answer = server.get("/healthz").await;
    let json = answer.json();
    assert_eq!((&json["running"], &json["queued"]), (&json!(1), &json!(0)));
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert!(!answer.headers["x-request-id"].is_empty());
    let own = request("GET", "/healthz").header("x-request-id", "mine-1").body(Body::empty()).unwrap();
    assert_eq!(server.send(own).await.headers["x-request-id"], "mine-1");
}
