//! The link of a session, over a socket, in a real Chromium.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::support::FORM;
use crate::process::Process;

const PATIENCE: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

fn act(server: &Process, action: &str, session: &str) -> Value {
    let path = format!("/?Action={action}");
    let (_, _, body) = server.send("POST", &path, FORM, format!("SessionId={session}").as_bytes());
    serde_json::from_slice(&body).unwrap()
}

fn link(server: &Process, session: &str) -> String {
    let link = act(server, "GetLink", session);
    link["Data"]["Url"].as_str().unwrap().to_owned()
}

fn until(server: &Process, session: &str, wanted: &str) {
    for _ in 0..1000 {
        if act(server, "GetSession", session)["Data"]["Status"] == wanted {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{session} is not {wanted}");
}

/// How many pages a client of the link sees.
async fn pages(socket: &mut Socket) -> usize {
    let command = json!({"id": 1, "method": "Target.getTargets"}).to_string();
    socket.send(Message::text(command)).await.unwrap();
    loop {
        let message = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        if message["id"] == 1 {
            let targets = message["result"]["targetInfos"].as_array().unwrap();
            return targets.iter().filter(|target| target["type"] == "page").count();
        }
    }
}

/// Why the server closes a socket.
async fn farewell(socket: &mut Socket) -> String {
    loop {
        match timeout(PATIENCE, socket.next()).await.unwrap() {
            Some(Ok(Message::Close(Some(frame)))) => return frame.reason.as_str().to_owned(),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_the_same_until_the_session_is_paused_or_ends_and_its_clients_are_told_why() {
    let data = tempfile::tempdir().unwrap();
    let server = Process::start(data.path(), &[]);
    let created = act(&server, "CreateMcpSession", "");
    let session = created["Data"]["SessionId"].as_str().unwrap();
    let first = link(&server, session);
    assert!(first.starts_with(&format!("ws://{}/link/", server.address)), "{first}");
    assert_eq!(link(&server, session), first);
    assert_eq!(act(&server, "GetCdpLink", session)["Data"]["Url"], first.as_str());
    let (mut socket, _) = connect_async(&first).await.unwrap();
    assert_eq!(pages(&mut socket).await, 1);

    act(&server, "PauseSessionAsync", session);
    assert!(farewell(&mut socket).await.contains("paused"));
    until(&server, session, "PAUSED");
    assert_eq!(act(&server, "GetLink", session)["Code"], "InvalidMcpSession.Status");
    assert!(connect_async(&first).await.is_err());
    act(&server, "ResumeSessionAsync", session);
    until(&server, session, "RUNNING");

    let second = link(&server, session);
    assert_ne!(second, first);
    let (mut socket, _) = connect_async(&second).await.unwrap();
    assert_eq!(pages(&mut socket).await, 1);
    act(&server, "DeleteSessionAsync", session);
    assert!(farewell(&mut socket).await.contains("ended"));
    assert!(connect_async(&second).await.is_err());
    assert_eq!(act(&server, "GetLink", session)["Code"], "InvalidMcpSession.NotFound");
}
