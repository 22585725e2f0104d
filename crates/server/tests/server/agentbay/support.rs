//! Requests of this wire, and a server with a real Chromium that knows it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use taskwright_server::agent::Rules;
use taskwright_server::app::{AppState, Patience, app};
use taskwright_server::endings::Endings;
use taskwright_server::guard::Policy;
use taskwright_server::link::Links;
use taskwright_server::perform::Performer;
use taskwright_server::runner::{Runner, RunnerConfig};
use taskwright_server::sessions::Sessions;
use taskwright_server::store::Store;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::support::{limits, request, unused_chromium};

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// A request as the vendor's Python client sends it.
pub(super) fn call(action: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let query = "Format=json&Version=2025-05-06&Timestamp=2026-01-02T03%3A04%3A05Z&SignatureNonce=0af1";
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Authorization", "Bearer akm-1").extend_pairs(fields);
    request("POST", &format!("/?Action={action}&{query}"))
        .header("content-type", FORM)
        .header("x-acs-version", "2025-05-06")
        .header("x-acs-action", action)
        .body(Body::from(form.finish()))
        .unwrap()
}

/// Sends a request and answers the status and the envelope, whose parts have to fit together.
pub(super) async fn send(router: &Router, request: Request<Body>) -> (u16, Value) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(response.headers()["content-type"], "application/json");
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let envelope: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(envelope["RequestId"], id, "{envelope}");
    assert_eq!(envelope["HttpStatusCode"], status, "{envelope}");
    assert_eq!(envelope["Success"], status == 200, "{envelope}");
    assert!(!envelope["Code"].as_str().unwrap().is_empty(), "{envelope}");
    assert!(status == 200 || !envelope["Message"].as_str().unwrap().is_empty(), "{envelope}");
    (status, envelope)
}

/// The code of a refusal.
pub(super) async fn refusal(router: &Router, action: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
    let (status, envelope) = send(router, call(action, fields)).await;
    assert_ne!(status, 200, "{envelope}");
    let text = |name: &str| envelope[name].as_str().unwrap().to_owned();
    (status, text("Code"), text("Message"))
}

pub(super) struct Bay {
    pub(super) router: Router,
    pub(super) state: AppState,
    _directory: tempfile::TempDir,
}

/// A server with a Chromium and the agent `rules`.
pub(super) fn bay() -> Bay {
    bay_with(limits(4))
}

pub(super) fn bay_with(limits: RunnerConfig) -> Bay {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let (endings, chromium) = (Endings::default(), unused_chromium());
    let links = Links::default();
    let sessions = Sessions::new(store.clone(), chromium.clone(), endings.clone(), links.clone(), 5);
    let agent = Arc::new(Rules);
    let performer =
        Performer { store: store.clone(), chromium: chromium.clone(), sessions: sessions.clone(), agent };
    let runner = Runner::start(store.clone(), Arc::new(performer), endings, limits);
    let state = AppState {
        store,
        runner,
        sessions,
        chromium,
        tool_slots: Arc::new(Semaphore::new(2)),
        upload_limit: 1_000_000,
        links,
        idle_release: Duration::from_secs(600),
        policy: Policy::new("127.0.0.1:8723".parse().unwrap(), &[], Vec::new(), None),
        patience: Patience::default(),
    };
    Bay { router: app(state.clone()), state, _directory: directory }
}

impl Bay {
    /// The data of an action that is done.
    pub(super) async fn done(&self, action: &str, fields: &[(&str, &str)]) -> Value {
        let (status, envelope) = send(&self.router, call(action, fields)).await;
        assert_eq!((status, &envelope["Code"]), (200, &json!("ok")), "{action}: {envelope}");
        envelope["Data"].clone()
    }

    pub(super) async fn create(&self, fields: &[(&str, &str)]) -> String {
        let data = self.done("CreateMcpSession", fields).await;
        assert_eq!(data["Success"], true);
        data["SessionId"].as_str().unwrap().to_owned()
    }

    pub(super) async fn status(&self, session: &str) -> String {
        let data = self.done("GetSession", &[("SessionId", session)]).await;
        data["Status"].as_str().unwrap().to_owned()
    }

    pub(super) async fn until_status(&self, session: &str, wanted: &str) {
        let reached = async {
            while self.status(session).await != wanted {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap();
    }

    /// Waits until a session is closed; the message says why.
    pub(super) async fn until_gone(&self, session: &str) -> String {
        let gone = async {
            loop {
                let (status, envelope) =
                    send(&self.router, call("GetSessionDetail", &[("SessionId", session)])).await;
                if status == 200 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
                assert_eq!(envelope["Code"], "InvalidMcpSession.NotFound", "{envelope}");
                return envelope["Message"].as_str().unwrap().to_owned();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap()
    }

    /// Calls a tool: whether it failed, and its text.
    pub(super) async fn tool(&self, session: &str, name: &str, arguments: Value) -> (bool, String) {
        let arguments = arguments.to_string();
        let fields =
            [("SessionId", session), ("Name", name), ("Args", &arguments), ("AutoGenSession", "False")];
        let data = self.done("CallMcpTool", &fields).await;
        assert_eq!(
            (data["content"].as_array().unwrap().len(), &data["content"][0]["type"]),
            (1, &json!("text"))
        );
        (data["isError"].as_bool().unwrap(), data["content"][0]["text"].as_str().unwrap().to_owned())
    }

    /// Calls a tool that has to succeed with JSON.
    pub(super) async fn json(&self, session: &str, name: &str, arguments: Value) -> Value {
        let (failed, text) = self.tool(session, name, arguments).await;
        assert!(!failed, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(super) async fn start(&self, session: &str, task: &str) -> String {
        let started = self.json(session, "flux_execute_task", json!({ "task": task })).await;
        assert_eq!(started["status"], "running");
        started["task_id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn task(&self, session: &str, id: &str) -> Value {
        self.json(session, "flux_get_task_status", json!({ "task_id": id })).await
    }

    pub(super) async fn until_ended(&self, session: &str, id: &str) -> Value {
        let ended = async {
            loop {
                let task = self.task(session, id).await;
                assert_eq!(task["task_id"], *id);
                if task["status"] != "running" {
                    return task;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap()
    }

    pub(super) async fn until_step(&self, session: &str, id: &str, action: &str) {
        let reached = async {
            while !self.task(session, id).await["action"].as_str().unwrap().starts_with(action) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap();
    }

    pub(super) async fn open_pages(&self) -> usize {
        self.state.chromium.start().await.unwrap().open_pages().await.unwrap()
    }
}

/// A site for tasks and tools: a heading, a form that says what it was sent, and a page that counts by itself.
pub(super) async fn site() -> String {
    use axum::response::Html;
    use axum::routing::get;

    let home = Html(
        "<title>Home</title><h1>Welcome</h1><p class=price>12 EUR</p>
         <form action=/sent><label>City <input name=city></label><button>Send</button></form>
         <a href=/counter>Counter</a>",
    );
    let sent = async |uri: axum::http::Uri| {
        Html(format!("<title>Sent</title><h1>Sent</h1><p>{}</p>", uri.query().unwrap_or_default()))
    };
    let counter = Html(
        "<title>Counter</title><p id=n>0</p><p id=w>0</p><script>
         let n = 0; setInterval(() => { document.getElementById('n').textContent = ++n; }, 10);
         const source = 'let w = 0; setInterval(() => postMessage(++w), 10)';
         const worker = new Worker(URL.createObjectURL(new Blob([source])));
         worker.onmessage = (event) => { document.getElementById('w').textContent = event.data; };
         </script>",
    );
    let router = Router::new()
        .route("/", get(async move || home))
        .route("/sent", get(sent))
        .route("/counter", get(async move || counter));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    site
}
