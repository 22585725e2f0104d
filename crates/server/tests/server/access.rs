//! Who may speak to the server.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use taskwright_server::guard::AllowedOrigin;

use crate::support::{Answer, Server, Setup, request, server};

async fn get(server: &Server, headers: &[(&str, &str)]) -> Answer {
    let mut builder = request("GET", "/v1/sessions");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    server.send(builder.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_foreign_host_is_refused() {
    let server = server(Setup::default());
    for (host, status) in [("evil.example", 403), ("localhost:9", 200), ("[::1]:8723", 200)] {
        let request = Request::get("/v1/sessions").header("host", host).body(Body::empty()).unwrap();
        assert_eq!(server.send(request).await.status.as_u16(), status, "{host}");
    }
    let none = server.send(Request::get("/v1/sessions").body(Body::empty()).unwrap()).await;
    assert_eq!(none.status, StatusCode::FORBIDDEN);
    none.error();
}

#[tokio::test]
async fn a_web_page_is_refused_unless_its_origin_is_allowed() {
    let strict = server(Setup::default());
    for origin in ["https://evil.example", "http://localhost:3000", "http://127.0.0.1:8723", "null"] {
        let answer = get(&strict, &[("origin", origin)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
        assert_eq!(answer.headers["vary"], "origin");
        answer.error();
    }
    // What pages send that only read: those of other sites with `<img>` and links, those of the server's own origin with
    // everything.
    for site in ["cross-site", "same-site", "same-origin"] {
        for mode in ["no-cors", "cors", "navigate"] {
            let answer = get(&strict, &[("sec-fetch-site", site), ("sec-fetch-mode", mode)]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{site} {mode}");
        }
    }
    // An address that was typed in, and what Node's fetch sends.
    assert_eq!(get(&strict, &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")]).await.status, 200);
    assert_eq!(get(&strict, &[("sec-fetch-mode", "cors")]).await.status, 200);

    let open = server(Setup { origins: vec![AllowedOrigin::Loopback], ..Setup::default() });
    let answer = get(&open, &[("origin", "http://localhost:3000")]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["access-control-allow-origin"], "http://localhost:3000");
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("retry-after") && exposed.contains("x-request-id"));
    assert_eq!(get(&open, &[("origin", "https://evil.example")]).await.status, 403);
    // Its own origin is one of this machine.
    assert_eq!(get(&open, &[("origin", "http://127.0.0.1:8723")]).await.status, 200);
    assert_eq!(get(&open, &[("sec-fetch-site", "same-origin")]).await.status, 200);
    assert_eq!(get(&open, &[("sec-fetch-site", "cross-site")]).await.status, 403);
    let other = server(Setup { origins: vec!["http://localhost:1".parse().unwrap()], ..Setup::default() });
    assert_eq!(get(&other, &[("sec-fetch-site", "same-origin")]).await.status, 403);
}

#[tokio::test]
async fn a_preflight_is_answered_for_allowed_origins_without_a_key() {
    let server =
        server(Setup { origins: vec![AllowedOrigin::Loopback], key: Some("secret"), ..Setup::default() });
    let preflight = |origin: &'static str| {
        let builder = request("OPTIONS", "/v1/tools/perform-web-task")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,x-stainless-lang")
            .header("access-control-request-private-network", "true");
        server.send(builder.body(Body::empty()).unwrap())
    };
    let answer = preflight("http://localhost:3000").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.headers["access-control-allow-headers"], "content-type,x-stainless-lang");
    assert_eq!(answer.headers["access-control-allow-private-network"], "true");
    assert!(answer.headers["access-control-allow-methods"].to_str().unwrap().contains("DELETE"));
    assert_eq!(preflight("https://evil.example").await.status, StatusCode::FORBIDDEN);
    // A page of an allowed origin can read why it was refused.
    let answer = get(&server, &[("origin", "http://localhost:3000")]).await;
    assert_eq!((answer.status, answer.error().as_str()), (StatusCode::UNAUTHORIZED, "Invalid API key"));
    assert_eq!(answer.headers["access-control-allow-origin"], "http://localhost:3000");
}

#[tokio::test]
async fn the_key_is_needed_everywhere_but_for_the_health() {
    let server = server(Setup { key: Some("secret"), ..Setup::default() });
    for headers in [
        &[][..],
        &[("anchor-api-key", "wrong")],
        &[("anchor-api-key", "")],
        &[("authorization", "Bearer secre")],
        &[("authorization", "Basic secret")],
        &[("authorization", "secret")],
    ] {
        let answer = get(&server, headers).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert_eq!(answer.error(), "Invalid API key");
    }
    for headers in
        [("anchor-api-key", "secret"), ("authorization", "Bearer secret"), ("authorization", "bearer secret")]
    {
        assert_eq!(get(&server, &[headers]).await.status, 200, "{headers:?}");
    }
    assert_eq!(server.get("/v1/nowhere").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get("/healthz").await.status, 200);
}
