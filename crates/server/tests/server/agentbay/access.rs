//! Who may ask, how a request may be written, and what an answer looks like. No browser is needed.

use axum::body::Body;
use axum::http::Request;
use futures_util::stream;
use serde_json::json;
use taskwright_server::guard::AllowedOrigin;

use super::support::{FORM, call, refusal, send};
use crate::support::{Setup, request, server};

#[tokio::test]
async fn the_key_is_a_form_field_a_query_parameter_or_a_header() {
    let server = server(Setup { key: Some("akm-1"), ..Setup::default() });
    let form = |query: &str, body: &'static str| {
        request("POST", &format!("/?Action=ListSession{query}"))
            .header("content-type", FORM)
            .body(Body::from(body))
    };
    for (request, status) in [
        (form("", "Authorization=Bearer+akm-1"), 200),
        (form("", "Authorization=Bearer%20akm-1"), 200),
        (form("&Authorization=Bearer%20akm-1", ""), 200),
        (
            request("POST", "/?Action=ListSession")
                .header("authorization", "Bearer akm-1")
                .body(Body::empty()),
            200,
        ),
        (form("", "Authorization=Bearer+akm-2"), 401),
        (form("", "Authorization=akm-1"), 401),
        (form("", ""), 401),
        (request("POST", "/?Action=ListSession").header("anchor-api-key", "akm-1").body(Body::empty()), 401),
    ] {
        let (answered, envelope) = send(&server.router, request.unwrap()).await;
        assert_eq!(answered, status, "{envelope}");
        if status == 401 {
            assert_eq!(
                (&envelope["Code"], &envelope["Message"]),
                (&json!("InvalidApiKey"), &json!("Invalid API key"))
            );
        }
        assert!(!envelope.to_string().contains("akm-"), "no key comes back");
    }
}

#[tokio::test]
async fn bodies_are_bounded_forms_sized_or_chunked() {
    let server = server(Setup::default());
    let send = |kind: &'static str, body: Body| {
        let request =
            request("POST", "/?Action=ListSession").header("content-type", kind).body(body).unwrap();
        send(&server.router, request)
    };
    let chunks = ["MaxRes", "ults=2", "0&Labels=%7B", "%7D"].map(Ok::<_, std::io::Error>);
    let (status, envelope) = send(FORM, Body::from_stream(stream::iter(chunks))).await;
    assert_eq!((status, &envelope["MaxResults"]), (200, &json!(20)));
    let (status, envelope) =
        send("application/x-www-form-urlencoded; charset=UTF-8", "MaxResults=5".into()).await;
    assert_eq!((status, &envelope["MaxResults"]), (200, &json!(5)));
    let (status, envelope) = send("application/json", "{}".into()).await;
    assert_eq!((status, &envelope["Code"]), (415, &json!("UnsupportedContentType")));
    let (status, envelope) = send(FORM, format!("Labels={}", "a".repeat(1024 * 1024)).into()).await;
    assert_eq!((status, &envelope["Code"]), (413, &json!("RequestBodyTooLarge")));
}

#[tokio::test]
async fn actions_that_are_not_performed_or_not_known_are_no_success() {
    let server = server(Setup::default());
    for action in ["DeleteContext", "GetAdbLink", "DescribeContextFiles", "CreateNetwork"] {
        let answer = server.send(call(action, &[])).await;
        assert_eq!(
            (answer.status.as_u16(), answer.headers["x-should-retry"].to_str().unwrap()),
            (501, "false")
        );
        assert!(answer.json()["Message"].as_str().unwrap().contains(action), "{}", answer.text);
    }
    let (status, code, message) = refusal(&server.router, "Nonsense", &[]).await;
    assert_eq!((status, code.as_str()), (400, "InvalidAction.NotFound"));
    assert!(message.contains("Nonsense"));
    let without = request("POST", "/").body(Body::empty()).unwrap();
    let (status, envelope) = send(&server.router, without).await;
    assert_eq!((status, &envelope["Code"]), (400, &json!("InvalidParameter")));
    let other = request("POST", "/?Action=ListSession&Version=2014-05-26").body(Body::empty()).unwrap();
    let (status, envelope) = send(&server.router, other).await;
    assert!(status == 400 && envelope["Message"].as_str().unwrap().starts_with("\"Version\""), "{envelope}");
    let (status, envelope) =
        send(&server.router, request("GET", "/?Action=ListSession").body(Body::empty()).unwrap()).await;
    assert_eq!((status, &envelope["Code"]), (405, &json!("UnsupportedHTTPMethod")));
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_asks_without_a_preflight_and_others_are_refused_in_the_envelope() {
    let server = server(Setup { origins: vec![AllowedOrigin::Loopback], ..Setup::default() });
    let from = |origin: &'static str| -> Request<Body> {
        let request = request("POST", "/?Action=ListSession&Format=json").header("content-type", FORM);
        request
            .header("origin", origin)
            .header("sec-fetch-site", "cross-site")
            .body(Body::from("Labels=%7B%7D"))
            .unwrap()
    };
    let answer = server.send(from("http://localhost:5173")).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    assert_eq!(answer.headers["access-control-allow-origin"], "http://localhost:5173");
    let (status, envelope) = send(&server.router, from("https://evil.example")).await;
    assert_eq!((status, &envelope["Code"]), (403, &json!("Forbidden")));
}

#[tokio::test]
async fn the_client_may_name_its_request() {
    let server = server(Setup::default());
    let mut named = call("ListSession", &[]);
    named.headers_mut().insert("x-request-id", "mine-1".parse().unwrap());
    let (_, envelope) = send(&server.router, named).await;
    assert_eq!(envelope["RequestId"], "mine-1");
}
