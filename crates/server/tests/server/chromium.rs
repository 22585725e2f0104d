//! Tasks, sessions and tools in a real Chromium, still without a socket.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Html;
use axum::routing::get;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use taskwright_server::agent::{Agent, AgentError, AgentTask, Host, Step};
use taskwright_server::app::{AppState, Patience, app};
use taskwright_server::browser::Page;
use taskwright_server::chromium::Chromium;
use taskwright_server::endings::Endings;
use taskwright_server::guard::Policy;
use taskwright_server::link::Links;
use taskwright_server::perform::Performer;
use taskwright_server::runner::Runner;
use taskwright_server::sessions::{SessionOptions, Sessions};
use taskwright_server::store::Store;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::support::{limits, post, request, unused_chromium};

/// Takes the prompt for a JavaScript expression and answers its value.
struct Evaluates;

impl Agent for Evaluates {
    fn name(&self) -> &'static str {
        "evaluates"
    }

    fn run<'a>(
        &'a self,
        task: &'a AgentTask,
        page: &'a Page,
        host: &'a Host,
    ) -> BoxFuture<'a, Result<Value, AgentError>> {
        async move {
            let (action, detail) = ("evaluate".to_owned(), "the page is there".to_owned());
            host.ended(Step { number: 1, action, detail, duration_ms: 0, error: None });
            page.evaluate(&task.prompt).await.map_err(|error| AgentError::Page(error.to_string()))
        }
        .boxed()
    }
}

struct Real {
    router: Router,
    state: AppState,
    site: String,
    _directory: tempfile::TempDir,
}

/// A site with a cookie, so that contexts can be told apart.
async fn site() -> String {
    let page = async |headers: HeaderMap| {
        let cookie = headers.get("cookie").and_then(|value| value.to_str().ok()).unwrap_or("none").to_owned();
        Html(format!(
            "<title>{cookie}</title><h1>Home</h1><p>One <b>two</b></p><script>document.cookie = 'seen=1'</script>"
        ))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/{*path}", get(page)).route("/", get(page))).await
    });
    site
}

async fn real() -> Real {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let (endings, chromium): (_, Chromium) = (Endings::default(), unused_chromium());
    let links = Links::default();
    let sessions = Sessions::new(store.clone(), chromium.clone(), endings.clone(), links.clone(), 3);
    let agent = Arc::new(Evaluates);
    let performer =
        Performer { store: store.clone(), chromium: chromium.clone(), sessions: sessions.clone(), agent };
    let runner = Runner::start(store.clone(), Arc::new(performer), endings, limits(2));
    let state = AppState {
        store,
        runner,
        sessions,
        links,
        chromium,
        tool_slots: Arc::new(Semaphore::new(2)),
        upload_limit: 1_000_000,
        idle_release: Duration::from_secs(600),
        policy: Policy::new("127.0.0.1:8723".parse().unwrap(), &[], Vec::new(), None),
        patience: Patience::default(),
    };
    Real { router: app(state.clone()), state, site: site().await, _directory: directory }
}

impl Real {
    async fn bytes(&self, method: &str, path: &str, body: Value) -> (u16, String, Vec<u8>) {
        let request = match method {
            "POST" => post(path, &body),
            method => request(method, path).body(axum::body::Body::empty()).unwrap(),
        };
        let response = self.router.clone().oneshot(request).await.unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, kind, bytes.to_vec())
    }

    async fn json(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let (status, kind, bytes) = self.bytes(method, path, body).await;
        assert_eq!(kind, "application/json");
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn task(&self, session: &str, body: Value) -> (u16, Value) {
        self.json("POST", &format!("/v1/tools/perform-web-task?sessionId={session}"), body).await
    }

    async fn start(&self, session: &str, prompt: &str) -> String {
        let (_, answer) = self.task(session, json!({"prompt": prompt, "async": true})).await;
        answer["data"]["workflow_id"].as_str().unwrap().to_owned()
    }

    /// Waits until a task has its page and works on it.
    async fn until_at_work(&self, id: &str) {
        while self.state.store.task(id).await.unwrap().unwrap().steps.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn until_failed(&self, id: &str) -> String {
        loop {
            let path = format!("/v1/tools/perform-web-task/{id}/status");
            let (_, answer) = self.json("GET", &path, Value::Null).await;
            match answer["data"]["status"].as_str().unwrap() {
                "RUNNING" => tokio::time::sleep(Duration::from_millis(10)).await,
                "FAILED" => return answer["data"]["error"].as_str().unwrap().to_owned(),
                other => panic!("{other}"),
            }
        }
    }
}

const FOREVER: &str = "new Promise(() => {})";

fn png_size(png: &[u8]) -> (u32, u32) {
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (side(16), side(20))
}

#[tokio::test]
async fn tasks_have_contexts_of_their_own_and_those_of_a_session_share_its_page() {
    let real = real().await;
    let url = format!("{}/", real.site);
    for _ in 0..2 {
        let (status, answer) = real.task("", json!({"prompt": "document.title", "url": url})).await;
        assert_eq!((status, answer), (200, json!({"data": {"result": "none"}})), "no cookie of another task");
    }
    let options = json!({"session": {"initial_url": url, "tags": ["t"]}, "browser": {"viewport": {"width": 640, "height": 480}}});
    let (status, answer) = real.json("POST", "/v1/sessions", options.clone()).await;
    assert_eq!((status, &answer["data"]["cdp_url"]), (200, &json!("")));
    let id = answer["data"]["id"].as_str().unwrap().to_owned();
    let (_, answer) = real.task(&id, json!({"prompt": "[document.title, innerWidth]"})).await;
    assert_eq!(answer, json!({"data": {"result": ["none", 640]}}));
    let goto = format!("/v1/sessions/{id}/goto");
    let (status, answer) = real.json("POST", &goto, json!({"url": format!("{}/again", real.site)})).await;
    assert_eq!((status, answer), (200, json!({"status": "success"})));
    let (_, answer) = real.task(&id, json!({"prompt": "[document.title, location.pathname]"})).await;
    assert_eq!(answer, json!({"data": {"result": ["seen=1", "/again"]}}));
    let (status, kind, png) = real.bytes("GET", &format!("/v1/sessions/{id}/screenshot"), Value::Null).await;
    assert_eq!((status, kind.as_str(), png_size(&png)), (200, "image/png", (640, 480)));

    let (_, answer) = real.json("GET", "/v1/sessions/all/status", Value::Null).await;
    assert_eq!(
        (&answer["data"]["count"], &answer["data"]["items"][0]["status"]),
        (&json!(1), &json!("running"))
    );
    let (_, answer) = real.json("GET", "/v1/sessions", Value::Null).await;
    assert_eq!(answer["data"]["sessions"][0]["task_executions_count"], 2);

    let (status, answer) = real.json("DELETE", &format!("/v1/sessions/{id}"), Value::Null).await;
    assert_eq!((status, answer), (200, json!({"data": {"status": "success"}})));
    let (_, answer) = real.json("GET", &format!("/v1/sessions/{id}"), Value::Null).await;
    assert_eq!(
        (&answer["data"]["status"], &answer["data"]["configuration"]),
        (&json!("completed"), &options)
    );
    let (status, answer) = real.task(&id, json!({"prompt": "1"})).await;
    assert_eq!((status, &answer["error"]["message"]), (404, &json!("Session not found")));
    assert_eq!(real.json("DELETE", &format!("/v1/sessions/{id}"), Value::Null).await.0, 200);
    real.state.chromium.shutdown().await;
}

#[tokio::test]
async fn a_session_that_ends_takes_its_tasks_along_and_ends_by_itself_when_idle_or_old() {
    let real = real().await;
    let options = |max: Option<u64>, idle: Option<u64>| SessionOptions {
        max_duration: max.map(Duration::from_millis),
        idle_timeout: idle.map(Duration::from_millis),
        ..SessionOptions::default()
    };
    let create = async |options| real.state.sessions.create(options, json!({})).await.unwrap();
    let id = create(options(None, None)).await;
    let (running, queued) = (real.start(&id, FOREVER).await, real.start(&id, "1").await);
    real.until_at_work(&running).await;
    assert!(real.state.sessions.end(&id, "It was deleted.").await);
    let error = real.until_failed(&running).await;
    assert!(error.contains("ended while this task was running: It was deleted."), "{error}");
    let error = real.until_failed(&queued).await;
    assert!(error.contains("ended before this task ran"), "{error}");

    let idle = create(options(None, Some(1_500))).await;
    // Work is not idleness.
    let (_, answer) =
        real.task(&idle, json!({"prompt": "new Promise((r) => setTimeout(r, 2000, 'done'))"})).await;
    assert_eq!(answer["data"]["result"], "done");
    let old = create(options(Some(1_500), None)).await;
    let running = real.start(&old, FOREVER).await;
    let error = real.until_failed(&running).await;
    assert!(error.contains("max_duration of 1s 500ms"), "{error}");
    // However long a busy machine takes.
    let all_gone = async {
        while real.state.sessions.count() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all_gone).await.expect("the idle one is gone too");

    for _ in 0..3 {
        create(options(None, None)).await;
    }
    let (status, answer) = real.json("POST", "/v1/sessions", json!({})).await;
    assert_eq!((status, &answer["error"]["code"]), (429, &json!(429)));
    assert_eq!(real.json("DELETE", "/v1/sessions/all", Value::Null).await.0, 200);
    assert_eq!(real.state.sessions.count(), 0);
    real.state.chromium.shutdown().await;
}

#[tokio::test]
async fn tools_show_pages_and_pages_that_do_not_load_are_errors() {
    let real = real().await;
    let url = format!("{}/", real.site);
    let body = json!({"url": url, "width": 300, "height": 200});
    let (status, kind, png) = real.bytes("POST", "/v1/tools/screenshot", body).await;
    assert_eq!((status, kind.as_str(), png_size(&png)), (200, "image/png", (300, 200)));
    let body = json!({"url": url, "format": "markdown"});
    let (status, kind, text) = real.bytes("POST", "/v1/tools/fetch-webpage", body).await;
    assert_eq!((status, kind.as_str()), (200, "text/plain; charset=utf-8"));
    assert_eq!(String::from_utf8(text).unwrap(), "# Home\n\nOne **two**");
    let (_, _, html) = real.bytes("POST", "/v1/tools/fetch-webpage", json!({"url": url})).await;
    assert!(String::from_utf8(html).unwrap().contains("<h1>Home</h1>"));

    // A port where nobody listens any more.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    for path in ["/v1/tools/screenshot", "/v1/tools/fetch-webpage", "/v1/tools/perform-web-task"] {
        let (status, answer) = real.json("POST", path, json!({"url": nowhere, "prompt": "1"})).await;
        assert_eq!(status, 422, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(&nowhere), "{answer}");
    }
    real.state.chromium.shutdown().await;
}

#[cfg(unix)]
#[tokio::test]
async fn when_chromium_dies_its_tasks_and_sessions_fail_and_the_next_task_runs_in_a_new_one() {
    let real = real().await;
    let (_, answer) = real.json("POST", "/v1/sessions", json!({})).await;
    let session = answer["data"]["id"].as_str().unwrap().to_owned();
    let isolated = real.start("", FOREVER).await;
    let in_session = real.start(&session, FOREVER).await;
    real.until_at_work(&isolated).await;
    real.until_at_work(&in_session).await;
    let pid = real.state.chromium.start().await.unwrap().process_id().unwrap();
    assert!(std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    for task in [isolated, in_session] {
        let error = real.until_failed(&task).await;
        assert!(error.contains("Chromium"), "{error}");
    }
    let (status, answer) = real.task("", json!({"prompt": "6 * 7"})).await;
    assert_eq!((status, answer), (200, json!({"data": {"result": 42}})));
    let (_, answer) = real.json("GET", &format!("/v1/sessions/{session}"), Value::Null).await;
    assert_eq!(answer["data"]["status"], "failed");
    real.state.chromium.shutdown().await;
}
