//! The real binary with a real Chromium, asked over a socket.

use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse as _};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use serde_json::{Value, json};

use crate::process::Process;
use crate::support::unused_chromium;

/// A page with a form that says what it was sent, the cookies that it got, and a file to download.
async fn site() -> String {
    let form = async |headers: HeaderMap| {
        let cookie = headers.get("cookie").map_or("none", |cookie| cookie.to_str().unwrap()).to_owned();
        Html(format!(
            "<title>Order</title><h1>Order</h1><p id=cookie>{cookie}</p>
             <form method=post enctype=multipart/form-data>
             <label>City <input name=city></label><label>Pin <input name=pin type=password></label>
             <label>Attachment <input type=file name=attachment></label><button>Send</button></form>
             <a href=/report.csv>Report</a>"
        ))
    };
    let sent = async |body: Bytes| {
        // What it says does not quote the secret, so that it may be looked for everywhere else.
        let body = String::from_utf8_lossy(&body).replace("päss-4711", "the right pin");
        Html(format!("<title>Sent</title><h1>Sent</h1><pre id=sent>{body}</pre>"))
    };
    let report = async || {
        let disposition = "attachment; filename=\"report.csv\"";
        ([(header::CONTENT_DISPOSITION, disposition), (header::CONTENT_TYPE, "text/csv")], "a,b\n1,2\n")
            .into_response()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/order", get(form).post(sent)).route("/report.csv", get(report));
    tokio::spawn(async { axum::serve(listener, router).await });
    site
}

fn seed(directory: &Path, agents: &Value) -> String {
    let path = directory.join("agents.json");
    std::fs::write(&path, agents.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

impl Process {
    fn execute(&self, agent: &str, body: &Value) -> String {
        let (status, answer) = self.call("POST", &format!("/agents/v2/agents/{agent}/execute"), body);
        assert_eq!(status, 202, "{answer}");
        answer["executionId"].as_str().unwrap().to_owned()
    }

    fn until(&self, id: &str, statuses: &[&str]) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let (_, execution) = self.call("GET", &format!("/agents/v2/executions/{id}"), &Value::Null);
            if statuses.contains(&execution["status"].as_str().unwrap()) {
                return execution;
            }
            assert!(Instant::now() < deadline, "{execution}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn answer(&self, id: &str, message: &str) {
        let path = format!("/agents/v2/executions/{id}/user-messages");
        let (status, _, body) =
            self.send("POST", &path, "application/json", json!({"message": message}).to_string().as_bytes());
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    }

    /// Fetches an absolute address of this server.
    fn fetch(&self, url: &Value) -> (u16, String, Vec<u8>) {
        let path = url.as_str().unwrap().strip_prefix(&format!("http://{}", self.address)).unwrap();
        self.send("GET", path, "text/plain", b"")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_asks_fills_in_secrets_and_files_and_leaves_a_download_and_a_recording() {
    let site = site().await;
    let data = tempfile::tempdir().unwrap();
    let order = "Extract `#cookie`, fill {{city}} into the city field, fill {{PIN}} into the pin field, \
                 upload \"bill.txt\" into \"Attachment\", click \"Send\", then extract `#sent`";
    let agents = json!([
        {"id": "order", "name": "Order", "startUrl": format!("{site}/{{{{page}}}}"), "prompt": order},
        {"id": "report", "name": "Report", "startUrl": format!("{site}/order"), "prompt": "Click the link \"Report\""},
    ]);
    let server = Process::start(data.path(), &["--agents", &seed(data.path(), &agents)]);

    let (_, _, pem) = server.send("GET", "/credentials/public_key", "text/plain", b"");
    let key = RsaPublicKey::from_public_key_pem(std::str::from_utf8(&pem).unwrap()).unwrap();
    let encrypted =
        key.encrypt(&mut chacha20poly1305::aead::OsRng, Pkcs1v15Encrypt, "päss-4711".as_bytes()).unwrap();
    let profile = json!({
        "name": "Me", "description": "", "organization_id": "org", "proxy_cc": "us", "proxy_type": "mobile",
        "captcha_solver_active": false, "sticky_ip": false,
        "credentials": [{"name": "pin", "data": STANDARD.encode(encrypted)}],
        "cookies": [{"name": "S", "key": "sid", "value": "crumb", "domain": "127.0.0.1", "secure": false,
            "same_site": "Lax", "http_only": true, "created_at": "2026-01-01T00:00:00Z"}],
    });
    let (status, profile) = server.call("POST", "/agent-profiles", &profile);
    assert_eq!(status, 201, "{profile}");

    let id = server.execute("order", &json!({"inputs": {"page": "order"}, "profileId": profile["id"]}));
    server.until(&id, &["paused_by_agent"]);
    let file = "--b\r\ncontent-disposition: form-data; name=\"files\"; filename=\"bill.txt\"\r\ncontent-type: text/plain\r\n\r\nTotal 5\r\n--b--\r\n";
    let path = format!("/execution/{id}/files");
    let (status, _, _) = server.send("POST", &path, "multipart/form-data; boundary=b", file.as_bytes());
    assert_eq!(status, 200);
    server.answer(&id, "Zürich");
    let execution = server.until(&id, &["completed", "failed"]);
    let result = execution["executionResult"].to_string();
    for sent in ["sid=crumb", "Zürich", "the right pin", "Total 5"] {
        assert!(result.contains(sent), "{sent}: {result}");
    }
    let (_, activities) = server.call("GET", &format!("/executions/{id}/activities"), &Value::Null);
    assert!(!activities.to_string().contains("4711"), "{activities}");

    let (status, recording) =
        server.call("GET", &format!("/execution/{id}/browser_session/recording"), &Value::Null);
    assert_eq!(status, 200, "{recording}");
    assert_eq!(recording["recording_url"], execution["recordingUrl"]);
    plays(recording["recording_url"].as_str().unwrap()).await;
    let (status, head, _) =
        server.send("GET", &format!("/agents/v2/executions/{id}/recording"), "text/plain", b"");
    assert_eq!(status, 307);
    assert!(head.contains(recording["recording_url"].as_str().unwrap()), "{head}");

    let id = server.execute("report", &json!({}));
    server.until(&id, &["completed"]);
    let (_, files) = server.call("GET", &format!("/executions/{id}/context-files"), &Value::Null);
    assert_eq!((&files[0]["fileName"], &files[0]["fileSize"]), (&json!("report.csv"), &json!(8)), "{files}");
    let (status, head, bytes) = server.fetch(&files[0]["signedUrl"]);
    assert_eq!((status, bytes.as_slice()), (200, b"a,b\n1,2\n".as_slice()));
    assert!(head.contains("content-length: 8"), "{head}");
}

/// Opens the page of a recording as a person does: it shows a picture, and its button says that it plays.
async fn plays(url: &str) {
    let chromium = unused_chromium();
    let context = chromium.open(None).await.unwrap();
    let page = context.page();
    page.goto(url).await.unwrap();
    let shown = "new Promise((done) => {
        const look = () => picture.naturalWidth ? done([picture.naturalWidth, Number(place.max), play.textContent]) : setTimeout(look, 20);
        look();
    })";
    let shown = page.evaluate(shown).await.unwrap();
    assert!(shown[0].as_u64().unwrap() > 100, "{shown}");
    assert!(shown[1].as_u64().unwrap() >= 1000, "{shown}");
    assert_eq!(shown[2], "Pause");
    context.close().await;
    chromium.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_too_large_is_refused_where_its_client_reads_it_and_leaves_nothing() {
    let data = tempfile::tempdir().unwrap();
    let agents = json!([{"id": "ask", "name": "Ask", "prompt": "Ask \"Ready?\""}]);
    let agents = seed(data.path(), &agents);
    let server = Process::start(data.path(), &["--agents", &agents, "--upload-limit", "3MB"]);
    let id = server.execute("ask", &json!({}));
    let path = format!("/agents/v2/executions/{id}/context-files");
    let send = |size: usize| {
        let head = "--b\r\ncontent-disposition: form-data; name=\"files\"; filename=\"a\"\r\n\r\n";
        let body = [head.as_bytes(), &vec![b'x'; size], b"\r\n--b--\r\n"].concat();
        server.send("POST", &path, "multipart/form-data; boundary=b", &body)
    };
    let (status, _, text) = send(20_000_000);
    assert_eq!(status, 413, "{}", String::from_utf8_lossy(&text));
    assert_eq!(send(2_500_000).0, 200);
    let (_, files) = server.call("GET", &path, &Value::Null);
    assert_eq!((files.as_array().unwrap().len(), &files[0]["fileSize"]), (1, &json!(2_500_000)));
    assert_eq!(std::fs::read_dir(data.path().join("files")).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_is_there_after_a_kill_and_what_ran_says_so() {
    let site = site().await;
    let data = tempfile::tempdir().unwrap();
    let agents = json!([
        {"id": "ask", "name": "Ask", "startUrl": format!("{site}/order"), "prompt": "Fill {{city}} into the city field"},
        {"id": "read", "name": "Read", "startUrl": format!("{site}/order"), "prompt": "Extract the main heading"},
    ]);
    let agents = seed(data.path(), &agents);
    let server = Process::start(data.path(), &["--agents", &agents, "--concurrency", "1", "--held", "0"]);
    let profile = json!({"name": "P", "description": "", "credentials": [{"name": "a", "data": "hunter2"}]});
    let (_, profile) = server.call("POST", "/agents/v2/profiles", &profile);
    let (_, _, pem) = server.send("GET", "/credentials/public_key", "text/plain", b"");
    let asking = server.execute("ask", &json!({"metadata": {"who": "me"}}));
    server.until(&asking, &["paused_by_agent"]);
    let queued = server.execute("read", &json!({"profileId": profile["id"]}));
    server.kill();

    let server = Process::start(data.path(), &[]);
    assert_eq!(server.send("GET", "/credentials/public_key", "text/plain", b"").2, pem);
    let (_, list) = server.call("GET", "/executions?metadataKey=who&metadataValue=me", &Value::Null);
    assert_eq!((&list["total"], &list["items"][0]["id"]), (&json!(1), &json!(asking)));
    let ended = server.until(&asking, &["failed"]);
    let reason = ended["executionResult"]["reasoning"].as_str().unwrap();
    assert!(reason.starts_with("The server stopped while this task was running"), "{reason}");
    let ended = server.until(&queued, &["completed", "failed"]);
    assert_eq!(ended["executionResult"]["result"], "Order", "{ended}");
    assert_eq!(ended["profileName"], "P");
    assert_eq!(server.call("GET", "/agents/v2/agents/ask", &Value::Null).1["version"], 1);
}
