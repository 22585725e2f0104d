//! Attaches to a Chromium that somebody else runs.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection::{CallError, Connection, text};
use super::{BrowserError, transport};

const ATTACH: Duration = Duration::from_secs(10);

/// Connects to `ws://...` or to what `http://host:port/json/version` names, and asks for the product string.
pub(super) async fn attach(endpoint: &str) -> Result<(Connection, String), BrowserError> {
    let attached = async {
        let address = match endpoint.split_once("://") {
            Some(("ws", _)) => endpoint.to_owned(),
            Some(("http", rest)) => debugger_address(endpoint, rest).await?,
            _ => {
                return Err(BrowserError::Missing(format!(
                    "a CDP endpoint is ws://... or http://host:port, not {endpoint}; put a local tunnel in front of a TLS one"
                )));
            }
        };
        let connection = Connection::new(transport::over_websocket(&address).await?);
        let product = product(&connection).await?;
        Ok((connection, product))
    };
    timeout(ATTACH, attached).await.unwrap_or_else(|_| {
        Err(BrowserError::Missing(format!("{endpoint} did not answer within {} s", ATTACH.as_secs())))
    })
}

/// The product string, for example `Chrome/156.0.8078.79`.
pub(super) async fn product(connection: &Connection) -> Result<String, BrowserError> {
    match connection.call(None, "Browser.getVersion", json!({})).await {
        Ok(version) => Ok(text(&version, "product")),
        Err(CallError::Gone(why) | CallError::Refused(why)) => Err(BrowserError::Gone(why)),
    }
}

/// Asks the discovery page of a debugging port for its WebSocket address.
///
/// One GET without redirects or TLS: not enough to justify an HTTP client among the dependencies.
async fn debugger_address(endpoint: &str, rest: &str) -> Result<String, BrowserError> {
    let missing = |why: String| BrowserError::Missing(format!("no Chromium answers at {endpoint}: {why}"));
    let host = rest.split('/').next().unwrap_or_default();
    let target = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let exchange = async {
        let mut stream = TcpStream::connect(&target).await?;
        // Chromium does not answer HTTP/1.0.
        let request = format!("GET /json/version HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        read_answer(stream).await
    };
    let answer = exchange.await.map_err(|error: std::io::Error| missing(error.to_string()))?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    let version: Value =
        serde_json::from_str(body).map_err(|_| missing("it is not a debugging port".into()))?;
    let address = text(&version, "webSocketDebuggerUrl");
    if address.is_empty() { Err(missing("it names no webSocketDebuggerUrl".into())) } else { Ok(address) }
}

/// Reads until the JSON is complete: Chromium keeps the connection open after its answer.
async fn read_answer(mut stream: TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    while bytes.len() < 64 * 1024 {
        if stream.read_buf(&mut bytes).await? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && serde_json::from_str::<Value>(body).is_ok()
        {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
