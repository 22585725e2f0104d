//! Ends that nobody asked for, and that nothing stays behind, in a real Chromium.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{FORM, bay, refusal, site};
use crate::process::Process;

#[cfg(unix)]
#[tokio::test]
async fn sessions_of_a_dead_chromium_end_saying_so_and_new_ones_can_be_had() {
    let (bay, site) = (bay(), site().await);
    let session = bay.create(&[]).await;
    let paused = bay.create(&[]).await;
    bay.done("PauseSessionAsync", &[("SessionId", &paused)]).await;
    bay.until_status(&paused, "PAUSED").await;
    let task = bay.start(&session, &format!("Open {site}/, then wait for \"Nothing of the kind\"")).await;
    bay.until_step(&session, &task, "wait").await;
    let pid = bay.state.chromium.start().await.unwrap().process_id().unwrap();
    let started = Instant::now();
    assert!(std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    let waited = format!("{:?}", bay.state.runner.wait(&task).await.unwrap());
    assert!(waited.contains("Chromium"), "{waited}");
    for session in [&session, &paused] {
        let message = bay.until_gone(session).await;
        assert!(message.contains("not found") && message.contains("Chromium"), "{message}");
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let fields = [("SessionId", session.as_str()), ("Name", "flux_get_task_status"), ("Args", "{}")];
    let (status, code, message) = refusal(&bay.router, "CallMcpTool", &fields).await;
    assert_eq!((status, code.as_str()), (400, "InvalidMcpSession.NotFound"));
    assert!(message.contains("Chromium"), "{message}");

    let session = bay.create(&[]).await;
    let task = bay.start(&session, &format!("Open {site}/ and extract the title")).await;
    assert_eq!(bay.until_ended(&session, &task).await["product"], "Home");
    bay.state.chromium.shutdown().await;
}

#[tokio::test]
async fn a_session_whose_page_crashes_ends_with_its_task_saying_so() {
    let (bay, site) = (bay(), site().await);
    let session = bay.create(&[]).await;
    let task = bay.start(&session, &format!("Open {site}/, then wait for \"Nothing of the kind\"")).await;
    bay.until_step(&session, &task, "wait").await;
    // Nobody answers for a page that is gone.
    let open = bay.state.sessions.open(&session).unwrap();
    let page = open.look().page().clone();
    tokio::spawn(async move { page.crash().await });
    let message = bay.until_gone(&session).await;
    assert!(message.contains("not found") && message.contains("page crashed"), "{message}");
    let waited = format!("{:?}", bay.state.runner.wait(&task).await.unwrap());
    assert!(waited.contains("crashed"), "{waited}");
    bay.state.chromium.shutdown().await;
}

/// File handles of this process.
#[cfg(target_os = "linux")]
fn handles() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn thirty_sessions_made_used_and_deleted_leave_nothing_behind() {
    let (bay, site) = (bay(), site().await);
    let cycle = async |number: usize| {
        let session = bay.create(&[("Labels", "{\"a\":\"b\"}")]).await;
        let task = bay.start(&session, &format!("Open {site}/ and extract the title")).await;
        assert_eq!(bay.until_ended(&session, &task).await["product"], "Home");
        if number.is_multiple_of(5) {
            bay.done("PauseSessionAsync", &[("SessionId", &session)]).await;
            bay.until_status(&session, "PAUSED").await;
        }
        let action = if number.is_multiple_of(2) { "DeleteSessionAsync" } else { "ReleaseMcpSession" };
        bay.done(action, &[("SessionId", &session)]).await;
        bay.until_gone(&session).await;
    };
    cycle(0).await;
    let (pages, before) = (bay.open_pages().await, handles());
    for number in 0..30 {
        cycle(number).await;
    }
    assert_eq!((bay.open_pages().await, bay.state.sessions.count()), (pages, 0));
    // Sockets to the site close a moment later; tests beside this one have some, too.
    assert!(handles() <= before + 40, "{before} handles became {}", handles());
    let counts = bay.state.store.counts().await.unwrap();
    assert_eq!((counts.queued, counts.running), (0, 0));
    bay.state.chromium.shutdown().await;
}

impl Process {
    fn bay(&self, action: &str, form: &str) -> (u16, Value) {
        let (status, _, body) =
            self.send("POST", &format!("/?Action={action}&Format=json"), FORM, form.as_bytes());
        (status, serde_json::from_slice(&body).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_does_not_outlive_its_server_and_its_end_is_remembered() {
    let data = tempfile::tempdir().unwrap();
    let server = Process::start(data.path(), &[]);
    let (status, created) = server.bay("CreateMcpSession", "Labels=%7B%22a%22%3A%22b%22%7D");
    assert_eq!(status, 200, "{created}");
    let session = created["Data"]["SessionId"].as_str().unwrap().to_owned();
    let task = json!({"task": "Wait for \"Nothing of the kind\""}).to_string();
    let args: String = form_urlencoded::Serializer::new(String::new()).append_pair("Args", &task).finish();
    let (status, started) =
        server.bay("CallMcpTool", &format!("SessionId={session}&Name=flux_execute_task&{args}"));
    assert_eq!((status, &started["Data"]["isError"]), (200, &json!(false)), "{started}");
    server.kill();

    let server = Process::start(data.path(), &[]);
    let (status, gone) = server.bay("GetSession", &format!("SessionId={session}"));
    assert_eq!((status, &gone["Code"]), (400, &json!("InvalidMcpSession.NotFound")));
    assert!(gone["Message"].as_str().unwrap().contains("server stopped"), "{gone}");
    let (_, list) = server.bay("ListSession", "Labels=%7B%7D");
    assert_eq!(list["TotalCount"], 0);
}
