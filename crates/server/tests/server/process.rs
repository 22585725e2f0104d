//! The real binary: started, killed, started again, stopped.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use serde_json::{Value, json};

/// A running server; killed when a test fails.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: String,
    /// The line that it wrote when it was ready.
    pub(crate) announced: String,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taskwright-server"));
    command.args(arguments).env_remove("TASKWRIGHT_API_KEY").env_remove("TASKWRIGHT_PORT");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn output(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

impl Process {
    pub(crate) fn start(data: &Path, arguments: &[&str]) -> Self {
        let data = data.to_str().unwrap();
        let mut child = command(&["--port", "0", "--data-dir", data, "--log", "warn"])
            .args(arguments)
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let announced = line.trim().to_owned();
        let address = announced.strip_prefix("taskwright-server listening on http://").unwrap();
        let address = address.split(' ').next().unwrap().to_owned();
        Self { child, address, announced }
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let (status, _head, body) = self.send(method, path, "application/json", body.as_bytes());
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// A request with any body, and its answer: status, head, body.
    pub(crate) fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let (address, length) = (&self.address, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head, answer.split_off(end + 4))
    }

    /// Ends it as a loss of power would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn start_task(&self, url: &str) -> String {
        let body = json!({"prompt": "Extract the main heading", "url": url, "async": true});
        let (status, answer) = self.call("POST", "/v1/tools/perform-web-task", &body);
        assert_eq!(status, 200, "{answer}");
        answer["data"]["workflow_id"].as_str().unwrap().to_owned()
    }

    fn status(&self, id: &str) -> Value {
        let path = format!("/v1/tools/perform-web-task/{id}/status");
        self.call("GET", &path, &Value::Null).1["data"].clone()
    }

    fn until_ended(&self, id: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let data = self.status(id);
            if data["status"] != "RUNNING" {
                return data;
            }
            assert!(Instant::now() < deadline, "task {id} does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

type Hits = Arc<Mutex<HashMap<String, usize>>>;

/// A site whose pages take a moment and are counted.
async fn counting_site() -> (String, Hits) {
    let hits = Hits::default();
    let page = async |State(hits): State<Hits>, path: axum::extract::Path<String>| {
        *hits.lock().unwrap().entry(path.0.clone()).or_default() += 1;
        tokio::time::sleep(Duration::from_millis(150)).await;
        Html(format!("<title>Page {0}</title><h1>Page {0}</h1>", path.0))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/page/{name}", get(page)).with_state(Arc::clone(&hits));
    tokio::spawn(async { axum::serve(listener, router).await });
    (site, hits)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_tasks_in_flight_none_is_lost_and_none_runs_twice_when_the_server_is_killed() {
    let (site, hits) = counting_site().await;
    let data = tempfile::tempdir().unwrap();
    let mut first = Process::start(data.path(), &["--concurrency", "4"]);
    let ids: Vec<_> = (0..50).map(|number| first.start_task(&format!("{site}/page/{number}"))).collect();
    while hits.lock().unwrap().len() < 12 {
        std::thread::sleep(Duration::from_millis(5));
    }
    // SIGKILL.
    first.child.kill().unwrap();
    first.child.wait().unwrap();

    let second = Process::start(data.path(), &["--concurrency", "4"]);
    let mut interrupted = 0;
    for (number, id) in ids.iter().enumerate() {
        let data = second.until_ended(id);
        let hits = hits.lock().unwrap().get(&number.to_string()).copied().unwrap_or(0);
        match data["status"].as_str().unwrap() {
            "COMPLETED" => {
                assert!(data["result"].to_string().contains(&format!("Page {number}")), "{data}");
                assert_eq!(hits, 1, "page {number} was opened by one task once");
            }
            "FAILED" => {
                let error = data["error"].as_str().unwrap();
                assert!(error.starts_with("The server stopped while this task was running"), "{error}");
                assert!(hits <= 1, "an interrupted task is not run again");
                interrupted += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(interrupted <= 4, "{interrupted} were interrupted, 4 ran at once");
    let (_, health) = second.call("GET", "/healthz", &Value::Null);
    assert_eq!((&health["queued"], &health["running"]), (&json!(0), &json!(0)));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_lets_running_tasks_end_and_leaves_no_process_behind() {
    let (site, _hits) = counting_site().await;
    let data = tempfile::tempdir().unwrap();
    let mut server = Process::start(data.path(), &["--concurrency", "1"]);
    let ids: Vec<_> = (0..3).map(|number| server.start_task(&format!("{site}/page/{number}"))).collect();
    let pid = server.child.id();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    assert!(Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap().success());
    assert!(server.child.wait().unwrap().success(), "it exits with 0");
    for child in children.split_whitespace() {
        let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{state}");
    }
    // What had not begun runs at the next start; what ran ended or says that it was stopped.
    let server = Process::start(data.path(), &[]);
    let ends: Vec<_> = ids.iter().map(|id| server.until_ended(id)).collect();
    assert!(ends.iter().all(|end| end["status"] == "COMPLETED"), "{ends:?}");
}

#[test]
fn what_is_wrong_at_the_start_is_said_in_one_line() {
    let said = |output: Output| String::from_utf8(output.stderr).unwrap();
    let open = output(&["--host", "0.0.0.0", "--port", "0", "--ephemeral"]);
    assert!(!open.status.success());
    assert!(said(open).contains("TASKWRIGHT_API_KEY"));
    let missing = output(&["--chromium", "/nowhere/chromium", "--port", "0", "--ephemeral"]);
    assert!(!missing.status.success());
    assert!(said(missing).contains("/nowhere/chromium"));
    let agents = output(&["--agents", "/nowhere/agents.json", "--port", "0", "--ephemeral"]);
    assert!(!agents.status.success());
    assert!(said(agents).contains("--agents /nowhere/agents.json"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let busy = output(&["--port", &port, "--ephemeral"]);
    assert!(!busy.status.success());
    assert!(said(busy).contains("--port"));
    let help = String::from_utf8(output(&["--help"]).stdout).unwrap();
    for word in [
        "--data-dir",
        "--allow-origin",
        "--agents",
        "--upload-limit",
        "--idle-release",
        "--tls-cert",
        "Examples:",
        "[default: 8723]",
    ] {
        assert!(help.contains(word), "{word}");
    }
}
