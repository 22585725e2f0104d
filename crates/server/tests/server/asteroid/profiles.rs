//! Profiles in both spellings, and what becomes of their secrets.

use axum::body::Body;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use serde_json::{Value, json};

use crate::support::{Server, Setup, post, request, server};

const V1: &str = "/api/v1/agent-profiles";
const V2: &str = "/agents/v2/profiles";

async fn encrypt(server: &Server, text: &str) -> String {
    let answer = server.get("/credentials/public_key").await;
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    let key = RsaPublicKey::from_public_key_pem(&answer.text).unwrap();
    let mut random = chacha20poly1305::aead::OsRng;
    STANDARD.encode(key.encrypt(&mut random, Pkcs1v15Encrypt, text.as_bytes()).unwrap())
}

fn profile_v1(name: &str, credentials: &Value) -> Value {
    json!({
        "name": name, "description": "d", "organization_id": "org", "proxy_cc": "us", "proxy_type": "mobile",
        "captcha_solver_active": false, "sticky_ip": true, "credentials": credentials, "cookies": [{
            "name": "Session", "key": "sid", "value": "cookie-value", "domain": "a.example", "secure": true,
            "same_site": "Lax", "http_only": true, "created_at": "2026-01-02T03:04:05", "expiry": "2030-01-02T03:04:05+00:00",
        }],
    })
}

async fn patch(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    let mut request = post(path, body);
    *request.method_mut() = Method::PATCH;
    let answer = server.send(request).await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn a_v1_profile_has_every_member_of_every_client_and_hides_its_secret() {
    let server = server(Setup::default());
    let data = encrypt(&server, "hunter2 é").await;
    let answer = server.post(V1, profile_v1("Shop", &json!([{"name": "user", "data": data}]))).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    assert!(!answer.text.contains("hunter2") && !answer.text.contains(&data));
    let profile = answer.json();
    for (member, value) in [
        ("organization_id", json!("org")),
        ("proxy_type", json!("mobile")),
        ("sticky_ip", json!(true)),
        ("extra_stealth", json!(false)),
        ("tracing_snapshots", json!(true)),
        ("stickyIP", json!(true)),
    ] {
        assert_eq!(profile[member], value, "{member}");
    }
    assert_eq!(profile["credentials"][0]["name"], "USER");
    assert_eq!(profile["credentials"][0]["data"], "********");
    let cookie = &profile["cookies"][0];
    assert_eq!((&cookie["same_site"], &cookie["sameSite"]), (&json!("Lax"), &json!("Lax")));
    assert_eq!(cookie["expiry"], "2030-01-02T03:04:05.000Z");

    // On disk it is sealed, and opens for a run.
    let stored = server.state.store.profile(profile["id"].as_str().unwrap()).await.unwrap().unwrap();
    let secret = &stored.credentials[0];
    assert!(!String::from_utf8_lossy(&secret.sealed).contains("hunter2"));
    let place = taskwright_server::store::SealedRow::place(&secret.id);
    assert_eq!(server.state.store.vault().unseal(&place, &secret.sealed).unwrap(), "hunter2 é");
    assert!(!String::from_utf8_lossy(&stored.cookies[0].sealed).contains("cookie-value"));

    let list = server.get(&format!("{V1}?organization_id=org")).await.json();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(server.get(&format!("{V1}?organization_id=other")).await.json(), json!([]));
    assert_eq!(server.get("/agent-profiles").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_credential_that_is_not_for_this_server_is_refused_by_its_name() {
    let server = server(Setup::default());
    let good = encrypt(&server, "x").await;
    let credentials = json!([{"name": "user", "data": good}, {"name": "pin", "data": "4711-plain"}]);
    let answer = server.post(V1, profile_v1("Shop", &credentials)).await;
    assert_eq!(answer.status.as_u16(), 400);
    let error = answer.json()["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with("\"credentials[1].data\" of \"PIN\""), "{error}");
    assert!(!error.contains("4711"), "{error}");
    for (member, value) in [("proxy_cc", json!("mars")), ("name", json!("")), ("sticky_ip", Value::Null)] {
        let mut body = profile_v1("Shop", &json!([]));
        body[member] = value;
        let answer = server.post(V1, body).await;
        assert_eq!(answer.status.as_u16(), 400);
        assert!(
            answer.json()["error"].as_str().unwrap().starts_with(&format!("\"{member}\"")),
            "{}",
            answer.text
        );
    }
    assert_eq!(server.get(V1).await.json(), json!([]), "nothing was stored");
}

#[tokio::test]
async fn a_change_touches_what_it_names_and_nothing_else() {
    let server = server(Setup::default());
    let data = encrypt(&server, "old").await;
    let profile = server.post(V1, profile_v1("Shop", &json!([{"name": "user", "data": data}]))).await.json();
    let id = profile["id"].as_str().unwrap();
    let path = format!("{V1}/{id}");
    let add = json!([{"name": "PIN", "data": encrypt(&server, "1").await}, {"name": "user", "data": encrypt(&server, "new").await}]);
    let body = json!({"name": "Renamed", "extra_stealth": true, "credentials_to_add": add,
        "cookies_to_delete": [profile["cookies"][0]["id"]]});
    let (status, changed) = patch(&server, &path, &body).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!((&changed["name"], &changed["extra_stealth"]), (&json!("Renamed"), &json!(true)));
    assert_eq!((&changed["proxy_type"], &changed["cookies"]), (&json!("mobile"), &json!([])));
    let names: Vec<_> =
        changed["credentials"].as_array().unwrap().iter().map(|c| c["name"].clone()).collect();
    assert_eq!(names, [json!("PIN"), json!("USER")]);
    assert_ne!(changed["updated_at"], profile["updated_at"]);
    let pin = &changed["credentials"][0]["id"];
    let (_, changed) = patch(&server, &path, &json!({"credentials_to_delete": [pin]})).await;
    assert_eq!(changed["credentials"].as_array().unwrap().len(), 1);

    server.post(V1, profile_v1("Taken", &json!([]))).await;
    let (status, error) = patch(&server, &path, &json!({"name": "Taken"})).await;
    assert_eq!((status, error["error"].as_str().unwrap()), (400, "Another profile has this \"name\"."));
    let delete = request("DELETE", &path).body(Body::empty()).unwrap();
    let answer = server.send(delete).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(answer.json()["message"].is_string());
    assert_eq!(server.get(&path).await.status.as_u16(), 404);
}

#[tokio::test]
async fn v2_profiles_are_paged_spelled_in_camel_case_and_their_credentials_come_as_they_are() {
    let server = server(Setup::default());
    let body = |name: &str| {
        json!({"name": name, "description": "", "tracingEnabled": true, "stickyIP": false,
            "credentials": [{"name": "user", "data": "hunter2"}]})
    };
    let answer = server.post(V2, body("A")).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    assert!(!answer.text.contains("hunter2"));
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    server.post("/agents/v2/agent-profiles", body("B")).await;
    assert_eq!(server.post(V2, body("A")).await.status.as_u16(), 409);
    // A client without a prefix arrives at the path of v1 and means v2.
    assert_eq!(server.post("/agent-profiles", body("C")).await.status.as_u16(), 201);
    let page = server.get(&format!("{V2}?sortField=name&pageSize=2&page=2")).await.json();
    assert_eq!((&page["total"], &page["items"][0]["name"]), (&json!(3), &json!("C")));
    for member in ["organizationId", "inboxEmail", "createdAt", "updatedAt"] {
        assert!(page["items"][0][member].is_string(), "{member}");
    }
    let path = format!("{V2}/{id}");
    let update = json!({"credentialsToUpdate": [{"name": "USER", "data": "new"}], "stickyIP": true});
    let (status, changed) = patch(&server, &path, &update).await;
    assert_eq!((status, &changed["stickyIP"]), (200, &json!(true)));
    let stored = server.state.store.profile(&id).await.unwrap().unwrap();
    let place = taskwright_server::store::SealedRow::place(&stored.credentials[0].id);
    assert_eq!(server.state.store.vault().unseal(&place, &stored.credentials[0].sealed).unwrap(), "new");
    let unknown = json!({"credentialsToUpdate": [{"name": "NOPE", "data": "new"}]});
    assert_eq!(patch(&server, &path, &unknown).await.0, 400);
    assert_eq!(patch(&server, &path, &json!({"secretIdsToAdd": ["s"]})).await.0, 400);
    let delete = request("DELETE", &path).body(Body::empty()).unwrap();
    let answer = server.send(delete).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
}
