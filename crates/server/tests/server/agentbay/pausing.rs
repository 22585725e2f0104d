//! Sessions that stand still and go on, in a real Chromium.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use taskwright_server::runner::RunnerConfig;

use super::support::{Bay, bay, bay_with, refusal, site};
use crate::support::limits;

/// Longer than any timer of the counting page waits.
const A_WHILE: Duration = Duration::from_millis(400);

impl Bay {
    /// How far a page has counted, and how far its worker has, without the tools, which a paused session refuses.
    async fn counted(&self, session: &str) -> (u64, u64) {
        let session = self.state.sessions.open(session).unwrap();
        let script = "['n', 'w'].map((id) => Number(document.getElementById(id).textContent))";
        let counted = session.look().page().evaluate(script).await.unwrap();
        (counted[0].as_u64().unwrap(), counted[1].as_u64().unwrap())
    }

    async fn pause(&self, session: &str) {
        self.done("PauseSessionAsync", &[("SessionId", session)]).await;
        let status = self.status(session).await;
        assert!(status == "PAUSING" || status == "PAUSED", "{status}");
    }

    async fn resume(&self, session: &str) {
        self.done("ResumeSessionAsync", &[("SessionId", session)]).await;
        let status = self.status(session).await;
        assert!(status == "RESUMING" || status == "RUNNING", "{status}");
    }
}

#[tokio::test]
async fn the_page_of_a_paused_session_counts_no_further_and_goes_on_when_it_is_resumed() {
    let (bay, site) = (bay(), site().await);
    let session = bay.create(&[]).await;
    let (failed, text) =
        bay.tool(&session, "browser_navigate", json!({"url": format!("{site}/counter")})).await;
    assert!(!failed, "{text}");
    tokio::time::sleep(A_WHILE).await;
    let before = bay.counted(&session).await;
    assert!(before.0 > 0 && before.1 > 0, "{before:?}");

    for _ in 0..2 {
        bay.pause(&session).await;
        bay.pause(&session).await;
        bay.until_status(&session, "PAUSED").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let stopped = bay.counted(&session).await;
        tokio::time::sleep(A_WHILE).await;
        assert_eq!(bay.counted(&session).await, stopped);
        for (tool, arguments) in [
            ("browser_get_text", json!({})),
            ("browser_navigate", json!({"url": site})),
            ("flux_execute_task", json!({"task": "Extract the title"})),
        ] {
            let (failed, text) = bay.tool(&session, tool, arguments).await;
            assert!(failed && text.contains("paused"), "{tool}: {text}");
        }
        let (status, code, _) = refusal(&bay.router, "GetLink", &[("SessionId", &session)]).await;
        assert_eq!((status, code.as_str()), (400, "InvalidMcpSession.Status"));
        bay.resume(&session).await;
        bay.resume(&session).await;
        bay.until_status(&session, "RUNNING").await;
        tokio::time::sleep(A_WHILE).await;
        let after = bay.counted(&session).await;
        assert!(after.0 > stopped.0 && after.1 > stopped.1, "{stopped:?} {after:?}");
        let (failed, text) = bay.tool(&session, "browser_screenshot", json!({})).await;
        assert!(!failed, "{text}");
    }
    let task = bay.start(&session, &format!("Open {site}/ and extract the title")).await;
    assert_eq!(bay.until_ended(&session, &task).await["product"], "Home");
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn the_tasks_of_a_paused_session_take_no_step_and_none_begins() {
    let (bay, site) = (bay_with(limits(1)), site().await);
    let (session, other) = (bay.create(&[]).await, bay.create(&[]).await);
    let steps = format!("Open {site}/, wait 700 ms, wait 1 ms, click \"Counter\", extract the title");
    let task = bay.start(&session, &steps).await;
    let queued = bay.start(&session, "Extract the title").await;
    bay.until_step(&session, &task, "wait 700").await;
    bay.pause(&session).await;
    bay.until_status(&session, "PAUSED").await;
    let at = bay.task(&session, &task).await;
    assert_eq!(
        (&at["status"], &at["action"]),
        (&json!("running"), &json!("wait 700 ms")),
        "the step stands still, no other has begun"
    );
    // The paused task does not keep others from running.
    let free = bay.start(&other, &format!("Open {site}/ and extract the title")).await;
    assert_eq!(bay.until_ended(&other, &free).await["product"], "Home");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bay.task(&session, &task).await, at);
    assert_eq!(bay.task(&session, &queued).await["action"], "");
    bay.resume(&session).await;
    assert_eq!(bay.until_ended(&session, &task).await["product"], "Counter");
    assert_eq!(bay.until_ended(&session, &queued).await["product"], "Counter");
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn a_step_that_waits_does_not_hold_a_pause_up_and_its_time_stands_still_too() {
    let (bay, site) = (bay(), site().await);
    for step in ["wait 300 seconds", "wait for \"12 EUR and more\""] {
        let session = bay.create(&[]).await;
        let task = bay.start(&session, &format!("Open {site}/, {step}, extract the title")).await;
        bay.until_step(&session, &task, "wait").await;
        bay.pause(&session).await;
        bay.until_status(&session, "PAUSED").await;
        assert_eq!(bay.task(&session, &task).await["status"], "running");
        // What is waited for comes while everything stands still, and is seen afterwards.
        let page = bay.state.sessions.open(&session).unwrap();
        page.look().page().evaluate("document.body.append('12 EUR and more')").await.unwrap();
        bay.resume(&session).await;
        if step.ends_with('"') {
            assert_eq!(bay.until_ended(&session, &task).await["product"], "Home");
        }
    }
    bay.state.chromium.shutdown().await;
}

/// An address that takes connections and never answers, as long as what it stands with is kept.
fn silence() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    (listener, address)
}

#[tokio::test]
async fn a_document_that_does_not_come_keeps_no_session_from_being_paused() {
    let (bay, site, (_silent, nowhere)) = (bay(), site().await, silence());
    let session = bay.create(&[]).await;
    let task = bay.start(&session, &format!("Open {nowhere}, extract the title")).await;
    bay.until_step(&session, &task, "open").await;
    // Until the request is on its way.
    tokio::time::sleep(A_WHILE).await;
    bay.json(&session, "flux_terminate_task", json!({ "task_id": task })).await;
    for own in [false, true] {
        if own {
            let page = bay.state.sessions.open(&session).unwrap();
            page.look().page().evaluate(&format!("location.href = '{nowhere}'")).await.unwrap();
            tokio::time::sleep(A_WHILE).await;
        }
        bay.pause(&session).await;
        bay.until_status(&session, "PAUSED").await;
        bay.resume(&session).await;
        bay.until_status(&session, "RUNNING").await;
        let next = bay.start(&session, &format!("Open {site}/ and extract the title")).await;
        assert_eq!(bay.until_ended(&session, &next).await["product"], "Home");
    }
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn who_resumes_before_the_pause_is_reached_has_a_running_session() {
    let (bay, site) = (bay(), site().await);
    let session = bay.create(&[]).await;
    let task = bay.start(&session, &format!("Open {site}/, click \"Nothing\", extract the title")).await;
    // It is looked for for some seconds.
    bay.until_step(&session, &task, "click").await;
    bay.pause(&session).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(bay.status(&session).await, "PAUSING", "the step is not cut off");
    bay.resume(&session).await;
    bay.until_status(&session, "RUNNING").await;
    assert_eq!(bay.task(&session, &task).await["status"], "running");
    // Terminated while the session is paused, it ends at once and is not waited for.
    bay.pause(&session).await;
    bay.json(&session, "flux_terminate_task", json!({ "task_id": task })).await;
    bay.until_status(&session, "PAUSED").await;
    bay.resume(&session).await;
    bay.until_status(&session, "RUNNING").await;
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn a_paused_session_does_not_become_idle_and_can_be_deleted() {
    let (bay, site) = (bay(), site().await);
    let session = bay.create(&[("Timeout", "1")]).await;
    let task = bay.start(&session, &format!("Open {site}/, wait 200 ms, wait 10 seconds")).await;
    bay.until_step(&session, &task, "wait").await;
    bay.pause(&session).await;
    bay.until_status(&session, "PAUSED").await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(bay.status(&session).await, "PAUSED");
    bay.done("DeleteSessionAsync", &[("SessionId", &session)]).await;
    assert!(bay.until_gone(&session).await.contains("It was deleted."));
    let waited = format!("{:?}", bay.state.runner.wait(&task).await.unwrap());
    assert!(waited.contains("ended while this task was running"), "{waited}");
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn a_task_that_was_paused_in_its_last_step_ends_with_its_session() {
    let (bay, site) = (bay(), site().await);
    let session = bay.create(&[]).await;
    let task = bay.start(&session, &format!("Open {site}/, wait 1 second")).await;
    bay.until_step(&session, &task, "wait").await;
    bay.pause(&session).await;
    bay.until_status(&session, "PAUSED").await;
    bay.done("DeleteSessionAsync", &[("SessionId", &session)]).await;
    let waited = tokio::time::timeout(Duration::from_secs(10), bay.state.runner.wait(&task)).await;
    let waited = format!("{:?}", waited.unwrap().unwrap());
    assert!(waited.contains("ended while this task was running"), "{waited}");
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn more_sessions_than_may_be_held_are_not_paused() {
    let (bay, site) = (bay_with(RunnerConfig { held: 0, ..limits(2) }), site().await);
    let session = bay.create(&[]).await;
    let task = bay.start(&session, &format!("Open {site}/, wait 30 seconds")).await;
    bay.until_step(&session, &task, "wait").await;
    let (status, code, message) = refusal(&bay.router, "PauseSessionAsync", &[("SessionId", &session)]).await;
    assert_eq!((status, code.as_str()), (429, "Throttling"), "{message}");
    assert!(message.contains("--held"), "{message}");
    assert_eq!(bay.status(&session).await, "RUNNING");
    let _: Value = bay.json(&session, "flux_terminate_task", json!({ "task_id": task })).await;
    bay.state.chromium.shutdown().await;
}
