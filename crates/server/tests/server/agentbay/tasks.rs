//! Tasks on the page of a session, in a real Chromium.

use serde_json::{Value, json};

use super::support::{bay, site};

#[tokio::test]
async fn tasks_follow_each_other_on_the_page_of_the_session_and_every_family_of_tools_tells_them_in_its_words()
 {
    let (bay, site) = (bay(), site().await);
    let session = bay.create(&[("ImageId", "browser_latest")]).await;
    let first = bay.start(&session, &format!("Open {site}/ and extract the main heading")).await;
    let ended = bay.until_ended(&session, &first).await;
    assert_eq!((&ended["status"], &ended["product"]), (&json!("finished"), &json!("Welcome")), "{ended}");
    assert_eq!(ended["action"], "extract main heading");
    assert!(ended.get("error").is_none());

    // The page is where the first task left it.
    let second =
        bay.start(&session, "Fill \"Bern\" into City, click \"Send\", extract the title and the text").await;
    let ended = bay.until_ended(&session, &second).await;
    let product: Value = serde_json::from_str(ended["product"].as_str().unwrap()).unwrap();
    assert!(product.to_string().contains("city=Bern"), "{ended}");

    let schema =
        json!({"type": "object", "properties": {"price": {"type": "string"}}, "required": ["price"]});
    let task = json!({
        "task": format!("Open {site}/"), "use_vision": false, "output_schema": schema.to_string(), "full_page_screenshot": true,
    });
    let third = bay.json(&session, "browser_use_execute_task", task).await;
    let third = third["task_id"].as_str().unwrap();
    bay.until_ended(&session, third).await;
    let ended = bay.json(&session, "browser_use_get_task_status", json!({ "task_id": third })).await;
    assert_eq!(ended["status"], "finished");
    assert_eq!(ended["product"], json!({"price": "12 EUR"}).to_string());
    let ended = bay.json(&session, "get_task_status", json!({ "task_id": third })).await;
    assert_eq!(ended["status"], "completed", "the word of the tools for phones");

    let failed = bay.start(&session, "Click \"No such button\"").await;
    let ended = bay.until_ended(&session, &failed).await;
    assert_eq!(ended["status"], "failed");
    assert!(ended["product"].as_str().unwrap().contains("No such button"), "{ended}");
    assert_eq!(ended["error"], ended["product"]);
    let strange = bay.start(&session, "Sing a song about the sea").await;
    let ended = bay.until_ended(&session, &strange).await;
    assert_eq!(ended["status"], "unsupported");
    assert!(ended["product"].as_str().unwrap().contains("it understands"), "{ended}");
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn a_terminated_task_stops_and_is_gone_and_so_is_one_that_never_was_or_has_ended() {
    let (bay, site) = (bay(), site().await);
    let session = bay.create(&[]).await;
    let other = bay.create(&[]).await;
    let long = bay.start(&session, &format!("Open {site}/, then wait for \"Nothing of the kind\"")).await;
    let queued = bay.start(&session, "Extract the title").await;
    bay.until_step(&session, &long, "wait").await;
    assert_eq!(
        bay.task(&session, &queued).await,
        json!({"task_id": queued, "status": "running", "action": "", "product": ""})
    );

    let gone = async |session: &str, tool: &str, id: &str| {
        let (failed, text) = bay.tool(session, tool, json!({ "task_id": id })).await;
        assert!(failed && text.starts_with("Task not found or already finished"), "{text}");
    };
    gone(&other, "flux_get_task_status", &long).await;
    gone(&other, "flux_terminate_task", &long).await;
    let ended = bay.json(&session, "flux_terminate_task", json!({ "task_id": long })).await;
    assert_eq!(ended, json!({"task_id": long, "status": "finished"}));
    for tool in
        ["flux_get_task_status", "flux_terminate_task", "browser_use_get_task_status", "get_task_status"]
    {
        gone(&session, tool, &long).await;
        gone(&session, tool, "task-none").await;
    }
    // The page is free again at once.
    assert_eq!(bay.until_ended(&session, &queued).await["product"], "Home");
    gone(&session, "flux_terminate_task", &queued).await;
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn a_session_deleted_under_a_running_task_ends_it_at_once_and_says_so() {
    let (bay, site) = (bay(), site().await);
    for action in ["DeleteSessionAsync", "ReleaseMcpSession"] {
        let session = bay.create(&[]).await;
        let task = bay.start(&session, &format!("Open {site}/, then wait for \"Nothing of the kind\"")).await;
        let queued = bay.start(&session, "Extract the title").await;
        bay.until_step(&session, &task, "wait").await;
        let started = std::time::Instant::now();
        bay.done(action, &[("SessionId", &session)]).await;
        let message = bay.until_gone(&session).await;
        assert!(message.contains("not found") && message.contains("It was deleted."), "{message}");
        for (id, when) in [(&task, "while this task was running"), (&queued, "before this task ran")] {
            let waited = bay.state.runner.wait(id).await.unwrap();
            assert!(format!("{waited:?}").contains(when), "{waited:?}");
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
        let fields = [("SessionId", session.as_str()), ("Name", "flux_get_task_status"), ("Args", "{}")];
        let (status, code, message) = super::support::refusal(&bay.router, "CallMcpTool", &fields).await;
        assert_eq!((status, code.as_str()), (400, "InvalidMcpSession.NotFound"));
        assert!(message.contains("It was deleted."), "{message}");
    }
    assert_eq!((bay.state.sessions.count(), bay.open_pages().await), (0, 1), "Chromium's own blank page");
    bay.state.chromium.shutdown().await;
}
