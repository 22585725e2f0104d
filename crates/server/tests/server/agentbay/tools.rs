//! Sessions, and tools that do one thing on their page, in a real Chromium.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::support::{bay, bay_with, call, refusal, send, site};
use crate::support::limits;

#[tokio::test]
async fn a_page_is_opened_read_typed_into_clicked_and_pictured() {
    let (bay, site) = (bay(), site().await);
    let session = bay.create(&[]).await;
    let ok = async |name: &str, arguments: Value| {
        let (failed, text) = bay.tool(&session, name, arguments).await;
        assert!(!failed, "{name}: {text}");
        text
    };
    assert_eq!(ok("browser_navigate", json!({"url": format!("{site}/")})).await, format!("{site}/"));
    assert!(ok("browser_get_text", json!({})).await.contains("12 EUR"));
    assert_eq!(ok("browser_get_text", json!({"selector": "h1, .price"})).await, "Welcome\n12 EUR");
    // What stands for a value in a task is text here.
    ok("browser_type", json!({"field": "City", "text": "{{x}} $5"})).await;
    ok("press_keys", json!({"keys": ["Enter"]})).await;
    assert!(ok("browser_get_text", json!({})).await.contains("city=%7B%7Bx%7D%7D+%245"));
    assert_eq!(ok("browser_navigate_back", json!({})).await, format!("{site}/"));
    ok("browser_type", json!({"selector": "input[name=city]", "text": "Genf"})).await;
    ok("input_text", json!({"text": "!"})).await;
    ok("browser_click", json!({"selector": "button"})).await;
    assert!(ok("browser_get_text", json!({})).await.contains("city=Genf%21"));
    ok("browser_navigate", json!({"url": format!("{site}/")})).await;
    ok("browser_click", json!({"target": "Counter"})).await;
    assert!(ok("browser_get_text", json!({"selector": "title"})).await.contains("Counter"));
    ok("click_mouse", json!({"x": 10, "y": 10, "button": "left"})).await;

    let picture = ok("browser_screenshot", json!({"full_page": true})).await;
    let png = STANDARD.decode(picture.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");

    for (name, arguments, part) in [
        ("browser_navigate", json!({}), "\"url\""),
        ("browser_navigate", json!({"url": "file:///etc/passwd"}), "\"url\""),
        ("browser_navigate", json!({"url": "http://127.0.0.1:1/"}), "127.0.0.1:1"),
        ("browser_screenshot", json!({"full_page": "yes"}), "\"full_page\""),
        ("browser_get_text", json!({"selector": "#none"}), "#none"),
        ("browser_click", json!({}), "\"target\""),
        ("browser_click", json!({"target": "Nowhere"}), "Nowhere"),
        ("browser_type", json!({"field": "Nowhere", "text": "x"}), "Nowhere"),
        ("click_mouse", json!({"x": -1, "y": 0}), "\"x\""),
        ("press_keys", json!({"keys": ["Hyper"]}), "Hyper"),
        ("press_keys", json!({"keys": []}), "\"keys\""),
        ("execute_task", json!({"task": "x", "max_steps": 0}), "\"max_steps\""),
        ("browser_use_execute_task", json!({"task": "x", "output_schema": "{"}), "\"output_schema\""),
        ("flux_execute_task", json!({"task": ""}), "\"task\""),
        ("flux_get_task_status", json!({"task_id": 5}), "\"task_id\""),
        ("shell", json!({"command": "ls"}), "shell"),
    ] {
        let (failed, text) = bay.tool(&session, name, arguments).await;
        assert!(failed && text.contains(part), "{name}: {text}");
    }
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn a_tool_looks_while_a_task_works_and_does_not_pull_the_page_away_from_under_it() {
    let (bay, site) = (bay(), site().await);
    let session = bay.create(&[]).await;
    let task = bay.start(&session, &format!("Open {site}/, wait 30 seconds, then extract the title")).await;
    bay.until_step(&session, &task, "wait").await;
    let (failed, text) = bay.tool(&session, "browser_get_text", json!({"selector": "h1"})).await;
    assert!(!failed && text == "Welcome", "{text}");
    let (failed, text) = bay.tool(&session, "browser_navigate", json!({"url": format!("{site}/sent")})).await;
    assert!(failed && text.contains("A task works on the page"), "{text}");
    bay.json(&session, "flux_terminate_task", json!({ "task_id": task })).await;
    let (failed, _) = bay.tool(&session, "browser_navigate", json!({"url": format!("{site}/sent")})).await;
    assert!(!failed);
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn sessions_have_labels_that_are_replaced_and_are_listed_by_them_page_by_page() {
    let bay = bay();
    let label = |value: &str| json!({"project": "ü", "number": value}).to_string();
    let mut sessions = Vec::new();
    for number in 0..3 {
        let image = if number == 0 { "linux_latest" } else { "browser_latest" };
        sessions.push(bay.create(&[("Labels", &label(&number.to_string())), ("ImageId", image)]).await);
    }
    assert!(sessions[0].starts_with("session-"));
    let labels = async |session: &str| {
        let data = bay.done("GetLabel", &[("SessionId", session)]).await;
        serde_json::from_str::<Value>(data["Labels"].as_str().unwrap()).unwrap()
    };
    assert_eq!(labels(&sessions[2]).await, json!({"project": "ü", "number": "2"}));
    let list = async |fields: &[(&str, &str)]| {
        let (status, envelope) = send(&bay.router, call("ListSession", fields)).await;
        assert_eq!(status, 200, "{envelope}");
        let rows = envelope["Data"].as_array().unwrap();
        let ids: Vec<_> = rows.iter().map(|row| row["SessionId"].as_str().unwrap().to_owned()).collect();
        (ids, envelope["NextToken"].as_str().unwrap().to_owned(), envelope)
    };
    let (page, next, envelope) = list(&[("Labels", "{\"project\":\"\\u00fc\"}"), ("MaxResults", "2")]).await;
    assert_eq!((page.as_slice(), &envelope["TotalCount"]), (&sessions[..2], &json!(3)));
    assert_eq!(envelope["Data"][0]["SessionStatus"], "RUNNING");
    // One that ends between two pages makes no gap.
    bay.done("ReleaseMcpSession", &[("SessionId", &sessions[0])]).await;
    let (page, next, _) = list(&[("Labels", "{}"), ("MaxResults", "2"), ("NextToken", &next)]).await;
    assert_eq!((page.as_slice(), next.as_str()), (&sessions[2..], ""));
    assert_eq!(list(&[("Labels", &label("1"))]).await.0, [sessions[1].as_str()]);
    assert_eq!(list(&[("ImageId", "browser_latest"), ("Status", "RUNNING")]).await.0, sessions[1..]);
    assert!(list(&[("ImageId", "linux_latest")]).await.0.is_empty(), "only live ones");
    assert!(list(&[("Status", "PAUSED")]).await.0.is_empty());

    bay.done("SetLabel", &[("SessionId", &sessions[1]), ("Labels", "{\"only\": \"this\"}")]).await;
    assert_eq!(labels(&sessions[1]).await, json!({"only": "this"}));
    assert!(list(&[("Labels", &label("1"))]).await.0.is_empty());
    let (status, _, message) =
        refusal(&bay.router, "SetLabel", &[("SessionId", &sessions[1]), ("Labels", "{\"a\": 1}")]).await;
    assert!(status == 400 && message.starts_with("\"Labels\""), "{message}");
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn a_session_tells_what_it_is_and_other_wires_do_not_see_it() {
    let bay = bay();
    let session = bay.create(&[("ImageId", "browser_latest"), ("LoginRegionId", "eu")]).await;
    let of = [("SessionId", session.as_str())];
    let data = bay.done("GetSession", &of).await;
    assert_eq!(
        (&data["SessionId"], &data["Status"], &data["contexts"]),
        (&json!(session), &json!("RUNNING"), &json!([]))
    );
    assert_eq!((&data["LinkUrl"], &data["Token"], &data["ToolList"]), (&json!(""), &json!(""), &json!("")));
    let data = bay.done("GetSessionDetail", &of).await;
    assert_eq!(
        (&data["Status"], &data["ImageId"], &data["RegionId"]),
        (&json!("RUNNING"), &json!("browser_latest"), &json!("eu"))
    );
    let data = bay.done("GetMcpResource", &of).await;
    assert_eq!(
        (&data["SessionId"], &data["DesktopInfo"]["ResourceType"]),
        (&json!(session), &json!("AIAgent"))
    );
    assert_eq!(bay.done("InitBrowser", &of).await["Port"], 8723);
    assert_eq!(bay.done("SyncContext", &of).await, Value::Null);
    assert_eq!(bay.done("GetContextInfo", &of).await, json!({"ContextStatus": ""}));
    let wrong = [("SessionId", session.as_str()), ("Port", "80")];
    let (status, _, message) = refusal(&bay.router, "GetLink", &wrong).await;
    assert!(status == 400 && message.starts_with("\"Port\""), "{message}");

    let anchor = async |method: &str, path: &str| {
        use tower::ServiceExt as _;
        let request = crate::support::request(method, path).body(axum::body::Body::empty()).unwrap();
        bay.router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(anchor("GET", &format!("/v1/sessions/{session}")).await, 404);
    assert_eq!(anchor("DELETE", &format!("/v1/sessions/{session}")).await, 404);
    assert_eq!(anchor("GET", &format!("/v1/sessions/{session}/screenshot")).await, 404);
    assert_eq!(anchor("DELETE", "/v1/sessions/all").await, 200);
    assert_eq!(bay.status(&session).await, "RUNNING");
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn a_task_that_waits_for_its_turn_is_use_of_its_session() {
    let (bay, site) = (bay_with(limits(1)), site().await);
    let (busy, waiting) = (bay.create(&[]).await, bay.create(&[("Timeout", "1")]).await);
    let long = bay.start(&busy, &format!("Open {site}/, wait 3 seconds")).await;
    bay.until_step(&busy, &long, "wait").await;
    let task = bay.start(&waiting, &format!("Open {site}/ and extract the title")).await;
    assert_eq!(bay.until_ended(&waiting, &task).await["product"], "Home");
    bay.until_gone(&waiting).await;
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn an_unused_session_is_released_and_keeping_it_alive_is_use() {
    let bay = bay();
    let session = bay.create(&[("Timeout", "1")]).await;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        bay.done("RefreshSessionIdleTime", &[("SessionId", &session)]).await;
    }
    let message = bay.until_gone(&session).await;
    assert!(message.contains("idle_timeout of 1s"), "{message}");
    let (status, code, _) = refusal(&bay.router, "RefreshSessionIdleTime", &[("SessionId", &session)]).await;
    assert_eq!((status, code.as_str()), (400, "InvalidMcpSession.NotFound"));
    bay.state.chromium.shutdown().await;
}
