//! Executions in a real Chromium: inputs, questions, cookies, files and pictures.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse as _};
use axum::routing::get;
use serde_json::{Value, json};
use taskwright_server::agent::Rules;
use taskwright_server::browser::CookieSpec;
use taskwright_server::chromium::Chromium;
use taskwright_server::endings::Endings;
use taskwright_server::perform::Performer;
use taskwright_server::runner::{Runner, Waited};
use taskwright_server::sessions::Sessions;
use taskwright_server::store::{Activity, FileSource, NewExecution, NewFile, NewTask, Store, TaskState};

use crate::support::{limits, new_execution, unused_chromium};

const FORM: &str = r##"<title>Order</title><h1>Order</h1>
<label>City <input name="city"></label>
<label style="display: none">Attachment <input type="file" name="attachment"></label>
<p id="file"></p><p id="city"></p>
<a href="/report" download>Report</a>
<button>Count</button>
<script>
  const file = document.querySelector("[type=file]"), city = document.querySelector("[name=city]");
  file.onchange = async () => { document.querySelector("#file").textContent = file.files[0].name + ": " + await file.files[0].text(); };
  city.oninput = () => { document.querySelector("#city").textContent = city.value; };
  let count = 0;
  document.querySelector("button").onclick = () => { document.title = "Counted " + ++count; };
</script>"##;

struct Real {
    runner: Runner,
    store: Store,
    chromium: Chromium,
    site: String,
    /// Addresses and cookies of the requests that came.
    seen: Arc<Mutex<Vec<String>>>,
    _directory: tempfile::TempDir,
}

async fn real() -> Real {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("http://{}", listener.local_addr().unwrap());
    let log = Arc::clone(&seen);
    let page = async move |uri: axum::http::Uri, headers: HeaderMap| {
        let cookie = headers.get("cookie").map_or("", |value| value.to_str().unwrap());
        if uri.path() != "/favicon.ico" {
            log.lock().unwrap().push(format!("{uri} {cookie}"));
        }
        Html(FORM)
    };
    let report = async || {
        let disposition = "attachment; filename=\"../report 1.csv\"";
        ([(header::CONTENT_TYPE, "text/csv"), (header::CONTENT_DISPOSITION, disposition)], "a,b\n1,2\n")
            .into_response()
    };
    let router = Router::new().route("/report", get(report)).route("/{*path}", get(page));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let (endings, chromium) = (Endings::default(), unused_chromium());
    let links = taskwright_server::link::Links::default();
    let sessions = Sessions::new(store.clone(), chromium.clone(), endings.clone(), links.clone(), 3);
    let performer =
        Performer { store: store.clone(), chromium: chromium.clone(), sessions, agent: Arc::new(Rules) };
    let runner = Runner::start(store.clone(), Arc::new(performer), endings, limits(2));
    Real { runner, store, chromium, site, seen, _directory: directory }
}

impl Real {
    async fn start(&self, id: &str, path: &str, prompt: &str, change: impl FnOnce(&mut NewExecution)) {
        let mut task = new_execution(id);
        task.request.url = Some(format!("{}{path}", self.site));
        task.request.prompt = prompt.to_owned();
        task.request.max_steps = 20;
        change(task.execution.as_mut().unwrap());
        self.submit(task).await;
    }

    async fn submit(&self, task: NewTask) {
        self.runner.submit(task).await.unwrap();
    }

    async fn end(&self, id: &str) -> TaskState {
        match self.runner.wait(id).await.unwrap() {
            Waited::Ended(state) => state,
            other => panic!("{other:?}"),
        }
    }

    async fn value(&self, id: &str) -> Value {
        match self.end(id).await {
            TaskState::Succeeded(value) => value,
            other => panic!("{other:?}"),
        }
    }

    async fn question(&self, id: &str) -> String {
        let asked = async {
            loop {
                match self.store.task_state(id).await.unwrap().unwrap() {
                    TaskState::Asking(question) => return question,
                    state => assert!(!state.is_terminal(), "{state:?}"),
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), asked).await.unwrap()
    }

    async fn activities(&self, id: &str) -> Vec<Activity> {
        self.store.activities(id, false, None).await.unwrap().unwrap()
    }

    async fn stage(&self, name: &str, content: &str) -> String {
        let mut bytes = self.store.receive().await.unwrap();
        bytes.write(content.as_bytes()).await.unwrap();
        let file = NewFile {
            execution: None,
            organization_id: "org".to_owned(),
            name: name.to_owned(),
            mime: "text/plain".to_owned(),
            source: FileSource::Upload,
        };
        self.store.add_file(file, bytes).await.unwrap().unwrap().id
    }
}

#[tokio::test]
async fn inputs_fill_prompt_and_address_and_what_is_missing_is_asked_for() {
    let real = real().await;
    let prompt = "Fill {{city}} into the city field and get the text of `#city`, then ask \"Which button?\" as button, \
                  click the {{button}} button and get the page title";
    real.start("e", "/orders/{{order}}?q={{term}}", prompt, |new| {
        new.inputs = json!({"term": "a&b", "city": "Rome, then click \"Report\" {{button}}"});
    })
    .await;
    assert_eq!(
        real.question("e").await,
        "What is the value of \"order\"? The task needs it and was not given it."
    );
    real.runner.answer("e", "A 17").await.unwrap();
    assert_eq!(real.question("e").await, "Which button?");
    assert_eq!(real.seen.lock().unwrap()[0], "/orders/A%2017?q=a%26b ");
    real.runner.answer("e", "Count").await.unwrap();
    let expected = json!({"text": "Rome, then click \"Report\" {{button}}", "page_title": "Counted 1"});
    let value = real.value("e").await;
    assert_eq!(
        value.as_object().unwrap().values().collect::<Vec<_>>(),
        expected.as_object().unwrap().values().collect::<Vec<_>>()
    );
    assert_eq!(real.store.files_of("e").await.unwrap().unwrap(), [], "a value is no instruction");

    let activities = real.activities("e").await;
    let of = |kind: &str, member: &str| {
        let found = activities.iter().filter(|activity| activity.kind == kind);
        found
            .map(|activity| activity.body[member].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let names = [
        "util_send_user_message",
        "nav_to",
        "element_type",
        "element_get_text",
        "util_send_user_message",
        "element_click",
        "element_get_text",
    ];
    assert_eq!(of("action_started", "actionName"), names);
    assert_eq!(of("action_completed", "actionName"), names);
    assert_eq!(of("action_started", "message")[4], "Which button?");
    assert_eq!(of("user_message_received", "message"), ["A 17", "Count"]);
    assert_eq!(of("step_completed", "stepNumber").len(), 5);
    assert_eq!(
        of("status_changed", "status"),
        ["starting", "running", "paused_by_agent", "running", "paused_by_agent", "running", "completed"]
    );
    real.chromium.shutdown().await;
}

#[tokio::test]
async fn an_uploaded_file_goes_into_a_page_and_a_download_is_kept() {
    let real = real().await;
    let file = real.stage("notes.txt", "remember the milk").await;
    let prompt = "Upload {{document}} into the Attachment field, wait for \"remember\", get the text of `#file` and click the link Report";
    real.start("e", "/form", prompt, |new| {
        new.inputs = json!({"document": "notes.txt"});
        new.files = vec![file];
    })
    .await;
    let value = real.value("e").await;
    assert_eq!(value, "notes.txt: remember the milk");
    let files = real.store.files_of("e").await.unwrap().unwrap();
    assert_eq!(files.len(), 2, "{files:?}");
    let download = files.iter().find(|file| file.source == FileSource::Download).unwrap();
    assert!(
        !download.name.contains(['/', '\\']) && download.name.ends_with("report 1.csv"),
        "{}",
        download.name
    );
    assert_eq!((download.mime.as_str(), download.size), ("text/csv", 8));
    assert_eq!(std::fs::read(real.store.path_of(download)).unwrap(), b"a,b\n1,2\n");
    let added = real.activities("e").await.into_iter().filter(|activity| activity.kind == "file_added");
    let sources: Vec<Value> = added.map(|activity| activity.body["source"].clone()).collect();
    assert_eq!(sources, ["upload", "download"]);

    // The address of a file is as good as a link to it.
    real.start("open", "/report", "Open {{again}} and get the current URL", |new| {
        new.inputs = json!({"again": format!("{}/report", real.site)});
    })
    .await;
    assert_eq!(real.value("open").await, "about:blank");
    assert_eq!(real.store.files_of("open").await.unwrap().unwrap().len(), 2);

    real.start("none", "/form", "Upload \"other.txt\" into Attachment", |_| {}).await;
    let TaskState::Failed(error) = real.end("none").await else { panic!("not failed") };
    assert_eq!(error, "no file named \"other.txt\"; the task has: no files");
    real.chromium.shutdown().await;
}

#[tokio::test]
async fn cookies_are_there_with_the_first_request_and_a_run_leaves_pictures() {
    let real = real().await;
    let cookie = CookieSpec {
        name: "session".to_owned(),
        value: "s3cret-value".to_owned(),
        domain: "127.0.0.1".to_owned(),
        path: "/".to_owned(),
        secure: false,
        http_only: true,
        same_site: Some("Lax".to_owned()),
        expires: None,
    };
    let prompt = "Click Count, wait 300 ms, click Count, wait 300 ms and fill \"Rome\" into city";
    real.start("e", "/form", prompt, |new| new.cookies = vec![cookie]).await;
    real.value("e").await;
    assert_eq!(real.seen.lock().unwrap()[0], "/form session=s3cret-value");
    real.start("other", "/form", "Get the page title", |_| {}).await;
    real.value("other").await;
    assert_eq!(real.seen.lock().unwrap()[1], "/form ", "contexts are apart");

    let execution = real.store.execution("e").await.unwrap().unwrap();
    assert!(execution.has_recording);
    let frames = real.store.recording("e").await.unwrap().unwrap().frames;
    assert!(frames.len() >= 2, "{}", frames.len());
    assert!(frames.is_sorted_by_key(|frame| frame.at_ms));
    let during = execution.started_ms.unwrap()..=execution.ended_ms.unwrap();
    assert!(frames.iter().all(|frame| during.contains(&frame.at_ms)));
    for frame in &frames {
        let picture = std::fs::read(&frame.path).unwrap();
        assert!(picture.starts_with(b"\xff\xd8\xff") && picture.ends_with(b"\xff\xd9"));
    }
    assert!(real.runner.delete("e").await.unwrap());
    assert!(!frames[0].path.exists());
    assert_eq!(real.store.recording("e").await.unwrap(), None);
    real.chromium.shutdown().await;
}

#[tokio::test]
async fn a_cancelled_run_closes_its_page_at_once() {
    let real = real().await;
    let pages = async || real.chromium.start().await.unwrap().open_pages().await.unwrap();
    let before = pages().await;
    real.start("e", "/form", "Wait 60 seconds", |_| {}).await;
    while real.store.recording("e").await.unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(pages().await, before + 1);
    assert!(matches!(real.runner.cancel("e").await.unwrap(), Some(TaskState::Cancelled(_))));
    let closed = async {
        while pages().await > before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), closed).await.unwrap();
    assert!(real.runner.delete("e").await.unwrap());
    assert!(!real.runner.delete("e").await.unwrap());
    real.chromium.shutdown().await;
}
