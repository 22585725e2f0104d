//! A server without a Chromium, whose tasks do what their prompt says, and requests to it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use taskwright_server::agent::{Host, Step};
use taskwright_server::app::{AppState, Patience, app};
use taskwright_server::browser::BrowserConfig;
use taskwright_server::chromium::Chromium;
use taskwright_server::endings::Endings;
use taskwright_server::guard::{AllowedOrigin, Policy};
use taskwright_server::link::Links;
use taskwright_server::runner::{Perform, Runner, RunnerConfig, Undone};
use taskwright_server::sessions::Sessions;
use taskwright_server::store::{CancelReason, Claimed, NewExecution, NewTask, Store, TaskRequest};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

/// Holds tasks back.
struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

/// Does what the prompt says: `ok`, `fail`, `panic`, `hang`, `gate` (until [`Puppet::open`]), `steps`, `walk` (three
/// steps, each until [`Puppet::open`]), `ask`, `wonder` (`gate`, then `ask`), `far` (as many steps as it may).
#[derive(Default)]
pub(crate) struct Puppet {
    /// Prompts in the order in which their tasks began.
    pub(crate) began: Mutex<Vec<String>>,
    running: AtomicUsize,
    /// The most that ran at once.
    pub(crate) peak: AtomicUsize,
    gate: Gate,
}

impl Puppet {
    /// Lets one task through the gate.
    pub(crate) fn open(&self) {
        self.gate.0.add_permits(1);
    }

    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    pub(crate) async fn until_began(&self, wanted: usize) {
        while self.began.lock().unwrap().len() < wanted {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(crate) async fn until_running(&self, wanted: usize) {
        while self.running() != wanted {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

struct Running<'a>(&'a Puppet);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Perform for Puppet {
    fn perform<'a>(&'a self, task: &'a Claimed, host: Host) -> BoxFuture<'a, Result<Value, Undone>> {
        async move {
            let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            let _running = Running(self);
            self.peak.fetch_max(now, Ordering::SeqCst);
            let prompt = task.request.prompt.clone();
            self.began.lock().unwrap().push(prompt.clone());
            match prompt.split(' ').next().unwrap() {
                "fail" => {
                    let secret = task.secrets.values().next().map_or("", |s| s);
                    return Err(format!("no way with {secret}").into());
                }
                "panic" => panic!("a fault of the agent"),
                "hang" => std::future::pending().await,
                "gate" => self.gate.0.acquire().await.unwrap().forget(),
                "steps" => {
                    for number in 1..=3 {
                        let detail = task.secrets.values().next().cloned().unwrap_or_default();
                        let action = "fill".to_owned();
                        host.ended(Step { number, action, detail, duration_ms: 1, error: None });
                    }
                }
                "walk" => {
                    for number in 1..=3 {
                        host.checkpoint().await;
                        host.began(number, "click", "on");
                        self.gate.0.acquire().await.unwrap().forget();
                        let (action, detail) = ("click".to_owned(), "on".to_owned());
                        host.ended(Step { number, action, detail, duration_ms: 1, error: None });
                    }
                }
                kind @ ("ask" | "wonder") => {
                    if kind == "wonder" {
                        self.gate.0.acquire().await.unwrap().forget();
                    }
                    let city = host.ask("Which city?").await;
                    return Ok(json!({ "city": city }));
                }
                "far" => {
                    let sentence = "too many steps".to_owned();
                    return Err(Undone { sentence, limit: Some(CancelReason::MaxSteps) });
                }
                _ => {}
            }
            Ok(json!({ "did": prompt }))
        }
        .boxed()
    }
}

/// A server to send requests to.
pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) state: AppState,
    pub(crate) puppet: Arc<Puppet>,
    _directory: TempDir,
}

/// What a test may choose.
pub(crate) struct Setup {
    pub(crate) limits: RunnerConfig,
    pub(crate) origins: Vec<AllowedOrigin>,
    pub(crate) key: Option<&'static str>,
    pub(crate) patience: Patience,
}

impl Default for Setup {
    fn default() -> Self {
        Self { limits: limits(4), origins: Vec::new(), key: None, patience: Patience::default() }
    }
}

pub(crate) fn limits(concurrency: usize) -> RunnerConfig {
    RunnerConfig {
        concurrency,
        queue: 1000,
        task_timeout: Duration::from_secs(20),
        held: 10,
        pause_timeout: Duration::from_secs(20),
    }
}

pub(crate) fn unused_chromium() -> Chromium {
    let navigation_timeout = Duration::from_secs(20);
    Chromium::new(BrowserConfig { executable: None, cdp: None, navigation_timeout })
}

pub(crate) fn server(setup: Setup) -> Server {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let puppet = Arc::new(Puppet::default());
    let (endings, chromium) = (Endings::default(), unused_chromium());
    let links = Links::default();
    let sessions = Sessions::new(store.clone(), chromium.clone(), endings.clone(), links.clone(), 5);
    let runner = Runner::start(store.clone(), Arc::clone(&puppet) as Arc<dyn Perform>, endings, setup.limits);
    let policy = Policy::new("127.0.0.1:8723".parse().unwrap(), &[], setup.origins, setup.key);
    let tool_slots = Arc::new(Semaphore::new(2));
    let state = AppState {
        store,
        runner,
        sessions,
        links,
        chromium,
        tool_slots,
        upload_limit: 1_000_000,
        idle_release: Duration::from_secs(600),
        policy,
        patience: setup.patience,
    };
    Server { router: app(state.clone()), state, puppet, _directory: directory }
}

/// A request as one of this machine's programs sends it.
pub(crate) fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header("host", "127.0.0.1:8723")
}

pub(crate) fn post(path: &str, body: &Value) -> Request<Body> {
    request("POST", path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json", "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    /// The message of the envelope, whose code has to be the status.
    pub(crate) fn error(&self) -> String {
        let json = self.json();
        assert_eq!(json["error"]["code"], self.status.as_u16(), "{}", self.text);
        json["error"]["message"].as_str().unwrap().to_owned()
    }
}

impl Server {
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(post(path, &body)).await
    }

    /// Starts a task and answers its id.
    pub(crate) async fn start(&self, prompt: &str) -> String {
        let answer =
            self.post("/v1/tools/perform-web-task", json!({ "prompt": prompt, "async": true })).await;
        answer.json()["data"]["workflow_id"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn new_task(id: &str) -> NewTask {
    NewTask {
        id: id.to_owned(),
        request: TaskRequest {
            prompt: id.to_owned(),
            url: None,
            max_steps: 5,
            output_schema: None,
            agent: None,
        },
        secrets: BTreeMap::new(),
        session: None,
        key: None,
        execution: None,
    }
}

pub(crate) fn new_execution(id: &str) -> NewTask {
    let execution = NewExecution {
        agent_id: "agent".to_owned(),
        agent_name: "An agent".to_owned(),
        agent_version: 1,
        organization_id: "org".to_owned(),
        ..NewExecution::default()
    };
    NewTask { execution: Some(execution), ..new_task(id) }
}
