//! HTTPS beside HTTP on one port, and the Host headers that clients send.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use taskwright_server::browser::Context;
use taskwright_server::listen::{Arrival, Port};
use taskwright_server::tls;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use tokio_tungstenite::tungstenite::Message;

use crate::process::{Process, output};
use crate::support::{Server, Setup, server};

/// A self-signed certificate for this machine and its key, as files.
fn pair(directory: &Path) -> (PathBuf, PathBuf) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let (certificate, key) = (directory.join("cert.pem"), directory.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

/// A client that trusts one certificate.
fn connector(certificate: &Path) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn secure(connector: &TlsConnector, address: &str) -> impl AsyncRead + AsyncWrite + Unpin + use<> {
    let stream = TcpStream::connect(address).await.unwrap();
    connector.connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await.unwrap()
}

/// Asks for the health or another path, byte by byte as given; status and body.
async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str, host: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = Vec::new();
    // Over TLS a server may end without a goodbye; what it said counts.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

struct Secure {
    server: Server,
    address: String,
    connector: TlsConnector,
    _directory: tempfile::TempDir,
}

/// A server with a certificate on a socket.
async fn with_certificate() -> Secure {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = pair(directory.path());
    let server = server(Setup::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let port = Port::new(listener, Some(tls::acceptor(&certificate, &key).unwrap()));
    let service = server.router.clone().into_make_service_with_connect_info::<Arrival>();
    tokio::spawn(async { axum::serve(port, service).await });
    Secure { server, address, connector: connector(&certificate), _directory: directory }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_port_speaks_both_http_and_https() {
    let data = tempfile::tempdir().unwrap();
    let (certificate, key) = pair(data.path());
    let arguments = ["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let process = Process::start(data.path(), &arguments);
    let address = &process.address;
    assert_eq!(
        process.announced,
        format!("taskwright-server listening on http://{address} and https://{address}")
    );
    let (status, health) = process.call("GET", "/healthz", &Value::Null);
    assert_eq!((status, &health["status"]), (200, &"ok".into()));
    let stream = secure(&connector(&certificate), address).await;
    let (status, body) = ask(stream, "/healthz", address).await;
    assert_eq!(status, 200);
    assert!(body.contains("\"status\":\"ok\""), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_do_not_get_on_keep_nobody_waiting() {
    let served = with_certificate().await;
    let mut idle = Vec::new();
    for beginning in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01", b"G", b"GET / HT"] {
        for _ in 0..40 {
            let mut stream = TcpStream::connect(&served.address).await.unwrap();
            stream.write_all(beginning).await.unwrap();
            idle.push(stream);
        }
    }
    let soon = async {
        let plain = TcpStream::connect(&served.address).await.unwrap();
        assert_eq!(ask(plain, "/healthz", "localhost").await.0, 200);
        let secure = secure(&served.connector, &served.address).await;
        assert_eq!(ask(secure, "/healthz", "localhost").await.0, 200);
    };
    timeout(Duration::from_secs(5), soon).await.unwrap();
    // What is no TLS behind its first byte is dropped.
    let mut wrong = TcpStream::connect(&served.address).await.unwrap();
    wrong.write_all(&[0x16; 600]).await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_secs(5), wrong.read_to_end(&mut rest)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_over_tls() {
    let served = with_certificate().await;
    let state = &served.server.state;
    let context: Context = state.chromium.open(None).await.unwrap();
    let token = state.links.issue("s", context.id());
    let stream = secure(&served.connector, &served.address).await;
    let address = format!("wss://{}/link/{token}", served.address);
    let (mut socket, _) = tokio_tungstenite::client_async(address, stream).await.unwrap();
    socket.send(Message::text(r#"{"id":1,"method":"Target.getTargets"}"#)).await.unwrap();
    let Message::Text(text) = socket.next().await.unwrap().unwrap() else { panic!() };
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["result"]["targetInfos"][0]["url"], "about:blank");
    context.close().await;
    state.chromium.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_with_a_scheme_is_taken_where_it_would_be_without() {
    let served = with_certificate().await;
    let address = &served.address;
    for (host, status) in [
        (format!("http://{address}"), 200),
        (format!("https://{address}"), 200),
        ("http://localhost".to_owned(), 200),
        ("https://[::1]:8723".to_owned(), 200),
        ("http://evil.example".to_owned(), 403),
        ("https://evil.example".to_owned(), 403),
        ("http://127.0.0.1.evil.example".to_owned(), 403),
        (format!("http://http://{address}"), 403),
        (format!("ftp://{address}"), 403),
        (format!("http://{address}/"), 403),
        (format!("http://{address}@evil.example"), 403),
        ("http://".to_owned(), 403),
    ] {
        let stream = TcpStream::connect(address).await.unwrap();
        let (answered, body) = ask(stream, "/v1/sessions", &host).await;
        assert_eq!(answered, status, "{host}: {body}");
    }
}

#[test]
fn certificates_that_cannot_be_used_are_said_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = pair(directory.path());
    let other = tempfile::tempdir().unwrap();
    let (_, foreign) = pair(other.path());
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "nothing\n").unwrap();
    let missing = directory.path().join("missing.pem");
    let said = |certificate: &Path, key: &Path| {
        let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
        let output = output(&["--port", "0", "--ephemeral", "--tls-cert", certificate, "--tls-key", key]);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    for (certificate, key, expected) in [
        (&missing, &key, "--tls-cert"),
        (&certificate, &missing, "--tls-key"),
        (&empty, &key, "holds no certificate"),
        (&certificate, &empty, "holds no private key"),
        (&key, &key, "holds no certificate"),
        (&certificate, &foreign, "cannot be used together"),
    ] {
        let said = said(certificate, key);
        assert!(said.contains(expected) && said.trim().lines().count() == 1, "{expected}: {said}");
    }
    let lonely = output(&["--tls-cert", certificate.to_str().unwrap()]);
    assert!(String::from_utf8(lonely.stderr).unwrap().contains("--tls-key"));
}
