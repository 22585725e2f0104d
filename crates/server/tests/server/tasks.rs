//! `perform-web-task` without a socket.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use taskwright_server::app::Patience;
use tower::ServiceExt as _;

use crate::support::{Server, Setup, limits, post, request, server};

const TASKS: &str = "/v1/tools/perform-web-task";

async fn status(server: &Server, id: &str) -> Value {
    server.get(&format!("{TASKS}/{id}/status")).await.json()["data"].clone()
}

async fn until_ended(server: &Server, id: &str) -> Value {
    loop {
        let data = status(server, id).await;
        if data["status"] != "RUNNING" {
            return data;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_asynchronous_task_is_running_then_completed_or_failed() {
    let server = server(Setup { limits: limits(1), ..Setup::default() });
    let answer = server.post(TASKS, json!({"prompt": "gate", "async": true})).await;
    assert_eq!(answer.status, StatusCode::OK);
    let data = &answer.json()["data"];
    assert_eq!(data["status"], "running");
    let id = data["workflow_id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("perform-web-task-execution-"), "{id}");
    let queued = server.start("ok").await;
    server.puppet.until_running(1).await;
    assert_eq!(status(&server, &id).await, json!({"status": "RUNNING"}));
    assert_eq!(status(&server, &queued).await, json!({"status": "RUNNING"}), "queued reads as running");
    server.puppet.open();
    assert_eq!(until_ended(&server, &id).await, json!({"status": "COMPLETED", "result": {"did": "gate"}}));
    let failed = server.start("fail").await;
    assert_eq!(until_ended(&server, &failed).await, json!({"status": "FAILED", "error": "no way with "}));
    assert_eq!(server.get(&format!("{TASKS}/no/status")).await.error(), "Workflow not found");
}

#[tokio::test]
async fn a_synchronous_task_answers_its_result_or_its_failure() {
    let server = server(Setup::default());
    let answer = server.post(TASKS, json!({"prompt": "ok"})).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"data": {"result": {"did": "ok"}}})));
    let body = json!({"prompt": "fail", "secret_values": {"pin": "4711"}});
    let answer = server.post(TASKS, body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.error(), "no way with <pin>");
    assert_eq!(answer.headers["x-should-retry"], "false");
}

#[tokio::test]
async fn a_long_synchronous_task_sends_its_headers_early_and_blanks_until_the_outcome() {
    let patience =
        Patience { headers_after: Duration::from_millis(20), blank_every: Duration::from_millis(20) };
    let server = server(Setup { patience, ..Setup::default() });
    for (prompt, expected) in
        [("gate", json!({"data": {"result": {"did": "gate"}}})), ("hang", json!({"error": {"code": 503}}))]
    {
        let response = server.router.clone().oneshot(post(TASKS, &json!({"prompt": prompt}))).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json");
        server.puppet.until_running(1).await;
        let mut body = response.into_body().into_data_stream();
        for _ in 0..3 {
            assert_eq!(body.next().await.unwrap().unwrap(), " ");
        }
        server.puppet.open();
        if prompt == "hang" {
            // Stopped while it runs, it fails, and the failure can only be told in the body.
            server.state.runner.stop(Duration::ZERO).await;
        }
        let mut rest = Vec::new();
        while let Some(chunk) = body.next().await {
            rest.extend_from_slice(&chunk.unwrap());
        }
        let json: Value = serde_json::from_slice(&rest).unwrap();
        if prompt == "gate" {
            assert_eq!(json, expected);
        } else {
            assert_eq!(json["error"]["code"], 422);
            assert!(json["error"]["message"].as_str().unwrap().contains("server was stopped"));
        }
    }
}

#[tokio::test]
async fn a_task_goes_on_when_its_client_leaves() {
    let server = server(Setup::default());
    let sent = tokio::spawn(server.router.clone().oneshot(post(TASKS, &json!({"prompt": "gate"}))));
    server.puppet.until_running(1).await;
    sent.abort();
    assert!(sent.await.unwrap_err().is_cancelled());
    assert_eq!(server.state.store.counts().await.unwrap().running, 1);
    server.puppet.open();
    while server.state.store.counts().await.unwrap().running == 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.puppet.began.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn one_key_starts_one_task_however_often_it_is_sent() {
    let server = server(Setup::default());
    let send = |body: Value, key: &'static str| {
        let builder = request("POST", TASKS).header("content-type", "application/json");
        let request = builder.header("idempotency-key", key).body(Body::from(body.to_string())).unwrap();
        server.send(request)
    };
    let body = json!({"prompt": "gate", "url": "http://a.example/", "async": true});
    let same = json!({"async": true, "url": "http://a.example/", "prompt": "gate"});
    let answers = futures_util::future::join_all((0..20).map(|_| send(body.clone(), "k"))).await;
    let id = answers[0].json()["data"]["workflow_id"].clone();
    assert!(answers.iter().all(|answer| answer.json()["data"]["workflow_id"] == id));
    assert_eq!(send(same, "\"k\"").await.json()["data"]["workflow_id"], id, "order and quotes do not matter");
    server.puppet.until_running(1).await;
    server.puppet.open();
    until_ended(&server, id.as_str().unwrap()).await;
    assert_eq!(send(body.clone(), "k").await.json()["data"]["workflow_id"], id);
    assert_eq!(server.puppet.began.lock().unwrap().len(), 1);
    assert_eq!(server.puppet.peak.load(Ordering::SeqCst), 1);

    let other = send(json!({"prompt": "other", "async": true}), "k").await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(other.error().contains("Idempotency-Key"), "{}", other.text);
    assert_eq!(other.headers["x-should-retry"], "false");
    let empty = send(body, "").await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    assert!(empty.error().contains("Idempotency-Key"));
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let mut setup = Setup { limits: limits(1), ..Setup::default() };
    setup.limits.queue = 1;
    let server = server(setup);
    server.start("gate").await;
    server.puppet.until_running(1).await;
    server.start("ok").await;
    let answer = server.post(TASKS, json!({"prompt": "ok", "async": true})).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers.contains_key("retry-after"));
    answer.error();
}

#[tokio::test]
async fn a_wrong_body_is_refused_by_the_name_of_the_field() {
    let server = server(Setup::default());
    for (body, named) in [
        (json!({}), "prompt"),
        (json!({"prompt": 5}), "prompt"),
        (json!({"prompt": "p", "url": "ftp://a"}), "url"),
        (json!({"prompt": "p", "url": "javascript:alert(1)"}), "url"),
        (json!({"prompt": "p", "max_steps": 0}), "max_steps"),
        (json!({"prompt": "p", "secret_values": {"pin": 1}}), "secret_values.pin"),
        (json!({"prompt": "p", "output_schema": "x"}), "output_schema"),
        (json!({"prompt": "p", "async": "true"}), "async"),
        (json!({"prompt": "p", "sessionId": 5}), "sessionId"),
    ] {
        let answer = server.post(TASKS, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        assert!(answer.error().starts_with(&format!("\"{named}\"")), "{}", answer.text);
    }
    assert_eq!(server.state.store.counts().await.unwrap().queued, 0);
}

#[tokio::test]
async fn the_session_is_read_from_the_query_or_the_body_and_empty_means_none() {
    let server = server(Setup::default());
    assert_eq!(server.post(&format!("{TASKS}?sessionId="), json!({"prompt": "ok"})).await.status, 200);
    assert_eq!(server.post(TASKS, json!({"prompt": "ok", "sessionId": ""})).await.status, 200);
    for answer in [
        server.post(&format!("{TASKS}?sessionId=no"), json!({"prompt": "ok"})).await,
        server.post(TASKS, json!({"prompt": "ok", "sessionId": "no"})).await,
    ] {
        assert_eq!((answer.status, answer.error().as_str()), (StatusCode::NOT_FOUND, "Session not found"));
    }
}
