//! Links into a real Chromium, over a socket.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::response::Html;
use axum::routing::get;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use taskwright_server::base::Base;
use taskwright_server::browser::Context;
use taskwright_server::listen::{Arrival, Port};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::{Server, Setup, server};

const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a socket, with a site of its own pages to look at.
struct Served {
    server: Server,
    address: String,
    site: String,
}

async fn served() -> Served {
    // Links need no key.
    let server = server(Setup { key: Some("secret"), ..Setup::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let service = server.router.clone().into_make_service_with_connect_info::<Arrival>();
    tokio::spawn(async { axum::serve(Port::new(listener, None), service).await });

    let page = async |path: axum::extract::Path<String>| {
        Html(format!(
            "<title>{0}</title><h1>Page {0}</h1><button onclick=\"document.title='clicked'\">B</button>",
            path.0
        ))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/{name}", get(page))).await });
    Served { server, address, site }
}

impl Served {
    /// A session's context with a page of the site, and the address of its link.
    async fn context(&self, name: &str) -> (Context, String) {
        let context = self.server.state.chromium.open(None).await.unwrap();
        context.page().goto(&format!("{}/{name}", self.site)).await.unwrap();
        let request = Request::get("/").header("host", &self.address).body(Body::empty()).unwrap();
        let address = self.server.state.links.address(name, context.id(), &Base::of(&request));
        (context, address)
    }

    async fn until_left(&self, session: &str) {
        let left = async {
            while self.server.state.links.in_use(session) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, left).await.unwrap();
    }
}

struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: i64,
    events: Vec<Value>,
}

impl Client {
    async fn connect(address: &str) -> Self {
        let (socket, _) = connect_async(address).await.unwrap();
        Self { socket, last_id: 0, events: Vec::new() }
    }

    async fn send(&mut self, session: Option<&str>, method: &str, params: Value) -> i64 {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.socket.send(Message::text(message.to_string())).await.unwrap();
        self.last_id
    }

    async fn read(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The answer, `result` or `error`.
    async fn answer(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        let id = self.send(session, method, params).await;
        loop {
            let message = self.read().await.unwrap();
            if message["id"] == id {
                assert_eq!(message.get("sessionId").and_then(Value::as_str), session);
                return message;
            }
            self.events.push(message);
        }
    }

    async fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        let mut answer = self.answer(session, method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    async fn refused(&mut self, session: Option<&str>, method: &str, params: Value) -> String {
        let answer = self.answer(session, method, params).await;
        answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{method}: {answer}")).to_owned()
    }

    /// Attaches as Playwright does; the sessions and the targets of the pages.
    async fn attach(&mut self) -> Vec<(String, String)> {
        let on = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
        self.call(None, "Target.setAutoAttach", on).await;
        self.attached()
    }

    fn attached(&self) -> Vec<(String, String)> {
        let attached = self.events.iter().filter(|event| event["method"] == "Target.attachedToTarget");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        attached
            .map(|event| &event["params"])
            .map(|params| (text(&params["sessionId"]), text(&params["targetInfo"]["targetId"])))
            .collect()
    }

    async fn evaluate(&mut self, session: &str, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        self.call(Some(session), "Runtime.evaluate", params).await["result"]["value"].take()
    }

    async fn until_closed(&mut self) -> Option<CloseFrame> {
        loop {
            if let Err(frame) = self.read().await {
                return frame;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_sees_and_drives_the_page_of_its_context_and_no_other() {
    let served = served().await;
    let (context, address) = served.context("mine").await;
    let (foreign, foreign_address) = served.context("foreign").await;
    let mut client = Client::connect(&address).await;
    let version = client.call(None, "Browser.getVersion", json!({})).await;
    assert!(version["product"].as_str().unwrap().contains('/'));
    let pages = client.attach().await;
    let [(session, target)] = &pages[..] else { panic!("{pages:?}") };
    assert_eq!(client.evaluate(session, "document.title").await, "mine");

    // The server goes on with its own work beside, and each sees what the other did.
    context.page().goto(&format!("{}/second", served.site)).await.unwrap();
    assert_eq!(client.evaluate(session, "document.querySelector('h1').textContent").await, "Page second");
    client.evaluate(session, "document.querySelector('button').click()").await;
    assert_eq!(context.page().evaluate("document.title").await.unwrap(), "clicked");
    let shot = client.call(Some(session), "Page.captureScreenshot", json!({})).await;
    assert!(shot["data"].as_str().unwrap().len() > 1000);

    // The neighbour's page is there, and cannot be found or touched.
    let mut neighbour = Client::connect(&foreign_address).await;
    let others = neighbour.attach().await;
    let [(other_session, other)] = &others[..] else { panic!("{others:?}") };
    assert_ne!(other, target);
    let targets = client.call(None, "Target.getTargets", json!({})).await;
    let targets: Vec<&str> = targets["targetInfos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|info| info["targetId"].as_str().unwrap())
        .collect();
    assert_eq!(targets, [target]);
    for (session, method, params) in [
        (None, "Target.attachToTarget", json!({ "targetId": other, "flatten": true })),
        (None, "Target.closeTarget", json!({ "targetId": other })),
        (None, "Target.createBrowserContext", json!({})),
        (None, "Target.createTarget", json!({ "url": "about:blank", "browserContextId": foreign.id() })),
        (None, "Storage.getCookies", json!({ "browserContextId": foreign.id() })),
        (None, "Tracing.start", json!({})),
        (Some(session.as_str()), "Page.navigate", json!({ "url": "file:///etc/passwd" })),
        (Some(other_session.as_str()), "Runtime.evaluate", json!({ "expression": "1" })),
    ] {
        client.refused(session, method, params).await;
    }
    context.page().evaluate("document.cookie = 'mine=1'").await.unwrap();
    let cookies = client.call(None, "Storage.getCookies", json!({})).await;
    assert_eq!(cookies["cookies"][0]["name"], "mine");
    let cookies = neighbour.call(None, "Storage.getCookies", json!({})).await;
    assert_eq!(cookies["cookies"], json!([]));

    // Events of the one client's sessions reach nobody else.
    let mut second = Client::connect(&address).await;
    let [(own_session, _)] = &second.attach().await[..] else { panic!() };
    client.call(Some(session), "Page.enable", json!({})).await;
    context.page().goto(&format!("{}/third", served.site)).await.unwrap();
    assert_eq!(second.evaluate(own_session, "document.title").await, "third");
    assert!(second.events.iter().all(|event| event["sessionId"].is_null()), "{:?}", second.events);
    client.evaluate(session, "1").await;
    assert!(client.events.iter().any(|event| event["method"] == "Page.loadEventFired"));
    served.server.state.chromium.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_page_is_attached_at_once_and_a_client_that_leaves_leaves_nothing_attached() {
    let served = served().await;
    let (context, address) = served.context("mine").await;
    let mut client = Client::connect(&address).await;
    client.attach().await;
    let url = format!("{}/new", served.site);
    let made = client.call(None, "Target.createTarget", json!({ "url": url })).await;
    let pages = client.attached();
    assert_eq!(pages[1].1, made["targetId"].as_str().unwrap(), "before the answer");
    let session = pages[1].0.clone();
    while client.evaluate(&session, "document.readyState + document.title").await != "completenew" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let passing = client.call(None, "Target.createTarget", json!({ "url": "about:blank" })).await;
    client.call(None, "Target.closeTarget", json!({ "targetId": passing["targetId"] })).await;
    // The session of another kind, with which CDP sessions of a page are made.
    let browser = client.call(None, "Target.attachToBrowserTarget", json!({})).await;
    let browser = browser["sessionId"].as_str().unwrap().to_owned();
    let attach = json!({ "targetId": pages[0].1, "flatten": true });
    let third = client.call(Some(&browser), "Target.attachToTarget", attach).await;
    let third = third["sessionId"].as_str().unwrap().to_owned();
    assert_eq!(client.evaluate(&third, "document.title").await, "mine");

    let mut watching = Client::connect(&address).await;
    let attached = async |watching: &mut Client| {
        let targets = watching.call(None, "Target.getTargets", json!({})).await;
        let infos = targets["targetInfos"].as_array().unwrap().clone();
        let info = infos.iter().find(|info| info["targetId"] == made["targetId"]).unwrap();
        info["attached"].as_bool().unwrap()
    };
    assert!(attached(&mut watching).await);
    drop(client);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while attached(&mut watching).await {
        assert!(tokio::time::Instant::now() < deadline, "the sessions of the client stay attached");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // `Browser.close` ends the connection and nothing else.
    watching.send(None, "Browser.close", json!({})).await;
    assert_eq!(u16::from(watching.until_closed().await.unwrap().code), 1000);
    served.until_left("mine").await;
    assert_eq!(context.page().evaluate("document.title").await.unwrap(), "mine");
    served.server.state.chromium.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_needed_and_suffices_and_web_pages_stay_out() {
    let served = served().await;
    let status = async |address: &str, origin: Option<&str>| {
        let mut request = address.into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match connect_async(request).await {
            Ok(_) => 101,
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    let (context, address) = served.context("mine").await;
    assert_eq!(status(&address, None).await, 101);
    assert_eq!(status(&address, Some("https://evil.example")).await, 403);
    assert_eq!(status(&format!("{address}x"), None).await, 404);
    assert_eq!(status(&format!("ws://{}/link/", served.address), None).await, 404);
    let path = address.split_once(&served.address).unwrap().1;
    let plain = served.server.get(path).await;
    assert_eq!((plain.status.as_u16(), &plain.headers["upgrade"]), (426, &"websocket".parse().unwrap()));
    plain.error();

    let mut client = Client::connect(&address).await;
    served.server.state.links.revoke("mine");
    let frame = client.until_closed().await.unwrap();
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1008, "The session ended."));
    assert_eq!(status(&address, None).await, 404);

    // A context that is closed without a word to its link.
    let token = served.server.state.links.issue("mine", context.id());
    context.close().await;
    let address = format!("ws://{}/link/{token}", served.address);
    assert_eq!(status(&address, None).await, 410);
    served.server.state.chromium.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_server_itself_that_a_session_opened_drives_no_other_session_and_reads_of_none() {
    let served = served().await;
    let (_other, link) = served.context("other").await;
    let (context, _) = served.context("mine").await;
    let page = context.page();
    let health = format!("http://{}/healthz", served.address);
    page.goto(&health).await.unwrap();
    assert_eq!(page.evaluate("JSON.parse(document.body.innerText).status").await.unwrap(), "ok");

    // Even with the key, so that it is the page that is refused.
    let headers = "{ authorization: 'Bearer secret' }";
    for (method, path) in [
        ("POST", "/?Action=ListSession"),
        ("POST", "/v1/sessions"),
        ("DELETE", "/v1/sessions/all"),
        ("POST", "/agents/v2/agents/none/execute"),
        ("GET", "/v1/sessions/none"),
        ("GET", "/agents/v2/executions"),
        ("GET", "/healthz"),
        ("HEAD", "/healthz"),
    ] {
        let fetch =
            format!("fetch('{path}', {{ method: '{method}', headers: {headers} }}).then((a) => a.status)");
        assert_eq!(page.evaluate(&fetch).await.unwrap(), 403, "{method} {path}");
    }
    let shown = "new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.onload = () => resolve(frame.contentDocument.body.innerText);
        frame.src = '/healthz';
        document.body.append(frame);
    })";
    let shown = page.evaluate(shown).await.unwrap();
    assert!(shown.as_str().unwrap().contains("--allow-origin"), "{shown}");
    let socket = format!(
        "new Promise((resolve) => {{
            const socket = new WebSocket('{link}');
            socket.onopen = () => resolve('open');
            socket.onerror = () => resolve('refused');
        }})"
    );
    assert_eq!(page.evaluate(&socket).await.unwrap(), "refused");
    // Who is no page gets in.
    Client::connect(&link).await;
    served.server.state.chromium.shutdown().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn when_chromium_dies_the_client_reads_why() {
    let served = served().await;
    let (_context, address) = served.context("mine").await;
    let mut client = Client::connect(&address).await;
    client.attach().await;
    let pid = served.server.state.chromium.start().await.unwrap().process_id().unwrap();
    assert!(std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    let frame = client.until_closed().await.unwrap();
    assert_eq!(u16::from(frame.code), 1011);
    assert!(frame.reason.contains("Chromium"), "{}", frame.reason);
    served.until_left("mine").await;
    served.server.state.chromium.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_closed_and_others_are_served() {
    let served = served().await;
    let (context, address) = served.context("mine").await;
    let mut slow = Client::connect(&address).await;
    let [(session, _)] = &slow.attach().await[..] else { panic!() };
    let session = session.clone();
    for _ in 0..20 {
        let params = json!({ "expression": "'x'.repeat(8_000_000)", "returnByValue": true });
        slow.send(Some(&session), "Runtime.evaluate", params).await;
    }
    served.until_left("mine").await;
    assert_eq!(context.page().evaluate("document.title").await.unwrap(), "mine");
    let mut quick = Client::connect(&address).await;
    let [(session, _)] = &quick.attach().await[..] else { panic!() };
    let session = session.clone();
    // One that reads gets any amount.
    for _ in 0..20 {
        let text = quick.evaluate(&session, "'x'.repeat(8_000_000)").await;
        assert_eq!(text.as_str().unwrap().len(), 8_000_000);
    }
    served.server.state.chromium.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_closes_the_page_of_the_session_is_detached_from_it_and_the_session_goes_on() {
    let served = served().await;
    let (context, address) = served.context("mine").await;
    let mut client = Client::connect(&address).await;
    let [(session, target)] = &client.attach().await[..] else { panic!() };
    let (session, target) = (session.clone(), target.clone());
    client.call(None, "Target.closeTarget", json!({ "targetId": target })).await;
    while !client.events.iter().any(|event| event["method"] == "Target.detachedFromTarget") {
        let event = client.read().await.unwrap();
        client.events.push(event);
    }
    client.refused(Some(&session), "Runtime.evaluate", json!({ "expression": "1" })).await;
    let targets = client.call(None, "Target.getTargets", json!({})).await;
    assert_eq!(targets["targetInfos"], json!([]));
    assert_eq!(context.page().evaluate("document.title").await.unwrap(), "mine");
    served.server.state.chromium.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_is_left_to_the_client_and_answered_by_the_server_when_the_client_does_not() {
    let served = served().await;
    let (context, address) = served.context("mine").await;
    let mut client = Client::connect(&address).await;
    let [(session, _)] = &client.attach().await[..] else { panic!() };
    let session = session.clone();
    client.call(Some(&session), "Page.enable", json!({})).await;
    let page = context.page().clone();
    let asked = tokio::spawn(async move { page.evaluate("prompt('Which city?')").await });
    while client.read().await.unwrap()["method"] != "Page.javascriptDialogOpening" {}
    let answer = json!({ "accept": true, "promptText": "Bremen" });
    client.call(Some(&session), "Page.handleJavaScriptDialog", answer).await;
    assert_eq!(asked.await.unwrap().unwrap(), "Bremen");
    assert_eq!(context.page().evaluate("confirm('Sure?')").await.unwrap(), false);
    served.server.state.chromium.shutdown().await;
}
