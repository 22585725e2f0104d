//! Files over the wire: staged, sent, listed, fetched.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::agents::create;
use crate::support::{Answer, Server, Setup, request, server};

const BOUNDARY: &str = "0123456789abcdef0123456789abcdef";

fn multipart(path: &str, parts: &[(&str, &str, &str)]) -> Request<Body> {
    let mut body = String::new();
    for (name, kind, content) in parts {
        body.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
             Content-Type: {kind}\r\n\r\n{content}\r\n"
        ));
    }
    body.push_str(&format!("--{BOUNDARY}--\r\n"));
    request("POST", path)
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(Body::from(body))
        .unwrap()
}

async fn execution(server: &Server, body: Value) -> String {
    let agent = create(server, json!({"name": "waits", "prompt": "hang"})).await;
    let answer = server.post(&format!("/agents/{agent}/execute"), body).await;
    answer.json()["executionId"].as_str().unwrap().to_owned()
}

/// Follows an address of an answer, without a key.
async fn fetch(server: &Server, url: &Value) -> Answer {
    let path = url.as_str().unwrap().strip_prefix("http://127.0.0.1:8723").unwrap();
    server.get(path).await
}

#[tokio::test]
async fn files_are_sent_in_both_apis_listed_and_fetched_without_a_key() {
    let server = server(Setup { key: Some("secret"), ..Setup::default() });
    let send = async |mut request: Request<Body>| {
        request.headers_mut().insert("x-api-key", "secret".parse().unwrap());
        server.send(request).await
    };
    let get = async |path: &str| send(request("GET", path).body(Body::empty()).unwrap()).await;
    let post = async |path: &str, body: Value| send(crate::support::post(path, &body)).await;
    let agent = post("/agents", json!({"name": "a", "prompt": "hang"})).await.json()["id"].clone();
    let path = format!("/agents/{}/execute", agent.as_str().unwrap());
    let id = post(&path, json!({})).await.json()["executionId"].as_str().unwrap().to_owned();

    let v1 =
        send(multipart(&format!("/execution/{id}/files"), &[("../größe.txt", "text/plain", "one")])).await;
    assert_eq!(v1.status.as_u16(), 200, "{}", v1.text);
    assert_eq!(v1.json()["file_ids"].as_array().unwrap().len(), 1);
    let html = ("a b.html", "text/html", "<script>1</script>");
    let v2 = send(multipart(&format!("/executions/{id}/context-files"), &[html, ("c", "", "3")])).await;
    assert_eq!((v2.status.as_u16(), v2.text.as_str()), (200, "2 files were uploaded."));
    assert!(v2.headers["content-type"].to_str().unwrap().starts_with("text/plain"));

    let files = get(&format!("/executions/{id}/context-files")).await.json();
    let mut files = files.as_array().unwrap().clone();
    // Files of one request may be of one millisecond, and then they have no order.
    files.sort_by_key(|file| std::cmp::Reverse(file["fileName"].to_string()));
    let names: Vec<_> = files.iter().map(|file| file["fileName"].as_str().unwrap()).collect();
    assert_eq!(names, ["größe.txt", "c", "a b.html"]);
    for member in [
        "id",
        "executionId",
        "agentId",
        "workflowId",
        "filePath",
        "fileExt",
        "fileType",
        "mimeType",
        "createdAt",
    ] {
        assert!(files[0][member].is_string(), "{member}");
    }
    assert_eq!(files[0]["fileSize"], 3);
    assert_eq!(files[0]["signedUrl"], files[0]["downloadUrl"]);
    let directories = get(&format!("/executions/{id}/files")).await.json();
    assert_eq!(directories["directories"]["uploads"].as_array().unwrap().len(), 3);
    assert_eq!(directories["directories"]["downloads"], json!([]));

    let file = fetch(&server, &files[2]["signedUrl"]).await;
    assert_eq!((file.status.as_u16(), file.text.as_str()), (200, "<script>1</script>"));
    assert_eq!(file.headers["content-length"], "18");
    assert_eq!(file.headers["content-type"], "text/html");
    assert!(
        file.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment; filename=\"a b.html\"")
    );
    assert!(file.headers["content-security-policy"].to_str().unwrap().starts_with("sandbox"));
    assert_eq!(file.headers["x-content-type-options"], "nosniff");
    // Who was given an address may link it; a name that points here by a trick still opens nothing.
    let path = files[2]["signedUrl"].as_str().unwrap().strip_prefix("http://127.0.0.1:8723").unwrap();
    for site in ["cross-site", "same-origin"] {
        let linked = request("GET", path).header("sec-fetch-site", site).body(Body::empty()).unwrap();
        assert_eq!(server.send(linked).await.status.as_u16(), 200, "{site}");
    }
    let rebound = Request::get(path).header("host", "evil.example").body(Body::empty()).unwrap();
    assert_eq!(server.send(rebound).await.status.as_u16(), 403);
    let tampered = json!(files[2]["signedUrl"].as_str().unwrap().replace("signature=", "signature=0"));
    assert_eq!(fetch(&server, &tampered).await.status.as_u16(), 403);

    let download = format!("/executions/{id}/context-files/{}/download", files[0]["id"].as_str().unwrap());
    let redirect = get(&download).await;
    assert_eq!(redirect.status.as_u16(), 303);
    assert_eq!(redirect.headers["location"], files[0]["signedUrl"].as_str().unwrap());
    assert_eq!(get(&format!("/executions/{id}/files/none/download")).await.status.as_u16(), 404);

    let added = get(&format!("/executions/{id}/activities")).await.json();
    let added =
        added.as_array().unwrap().iter().find(|one| one["payload"]["activityType"] == "file_added").unwrap();
    assert_eq!(added["payload"]["source"], "upload");
    assert_eq!(fetch(&server, &added["payload"]["data"]["presignedUrl"]).await.text, "one");

    // The older of the vendor's Python clients refuse a list with a type that they do not know.
    let old = request("GET", &format!("/executions/{id}/activities"))
        .header("x-asteroid-agents-api-key", "secret")
        .header("user-agent", "OpenAPI-Generator/1.0.0/python");
    let shown = server.send(old.body(Body::empty()).unwrap()).await.json();
    let kinds: Vec<_> = shown.as_array().unwrap().iter().map(|one| &one["payload"]["activityType"]).collect();
    assert!(!kinds.contains(&&json!("file_added")), "{kinds:?}");
    let told =
        shown.as_array().unwrap().iter().find(|one| one["payload"]["activityType"] == "generic").unwrap();
    assert_eq!(told["payload"]["data"]["message"], "The file größe.txt was added.");
}

#[tokio::test]
async fn staged_files_become_those_of_one_execution() {
    let server = server(Setup::default());
    let staged = server.send(multipart("/temp-files/org", &[("a.txt", "text/plain", "A")])).await;
    assert_eq!(staged.status.as_u16(), 200, "{}", staged.text);
    let newer = server
        .send(multipart("/agents/v2/temp-files?organizationId=org", &[("b.txt", "text/plain", "B")]))
        .await;
    let file = staged.json()["tempFiles"][0].clone();
    assert_eq!(file["name"], "a.txt");
    let files = json!([file, newer.json()["tempFiles"][0]]);
    let id = execution(&server, json!({"tempFiles": files})).await;
    let listed = server.get(&format!("/executions/{id}/context-files")).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let agent = create(&server, json!({"name": "again", "prompt": "ok"})).await;
    let again = server.post(&format!("/agents/{agent}/execute"), json!({"tempFiles": [file]})).await;
    assert_eq!(again.status.as_u16(), 400, "it has its execution");
    let rerun = server.post(&format!("/executions/{id}/rerun"), json!({})).await.json();
    let rerun = rerun["executionId"].as_str().unwrap();
    let copies = server.get(&format!("/executions/{rerun}/context-files")).await.json();
    assert_eq!(copies.as_array().unwrap().len(), 2);
    assert_eq!(fetch(&server, &copies[0]["signedUrl"]).await.text.len(), 1);
}

#[tokio::test]
async fn nothing_to_send_is_no_error_and_too_much_keeps_nothing() {
    let server = server(Setup::default());
    let id = execution(&server, json!({})).await;
    let path = format!("/executions/{id}/context-files");
    let nothing = server.send(request("POST", &path).body(Body::empty()).unwrap()).await;
    assert_eq!((nothing.status.as_u16(), nothing.text.as_str()), (200, "0 files were uploaded."));
    assert_eq!(server.send(multipart(&path, &[])).await.status.as_u16(), 200);

    let half = "x".repeat(600_000);
    assert_eq!(server.send(multipart(&path, &[("a", "text/plain", &half)])).await.status.as_u16(), 200);
    let much = server.send(multipart(&path, &[("b", "text/plain", "b"), ("c", "text/plain", &half)])).await;
    assert_eq!(much.status.as_u16(), 413, "the limit is that of the execution");
    assert!(much.text.contains("--upload-limit"), "{}", much.text);
    assert_eq!(server.get(&path).await.json().as_array().unwrap().len(), 1);

    let json = crate::support::post(&path, &json!({"files": []}));
    assert_eq!(server.send(json).await.status.as_u16(), 415);
    let cut =
        request("POST", &path).header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
    let cut = cut.body(Body::from(format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a\"\r\n\r\nhalf"
    )));
    assert_eq!(server.send(cut.unwrap()).await.status.as_u16(), 400);
    assert_eq!(
        server.send(multipart("/execution/no/files", &[])).await.json(),
        json!({"error": "Execution not found"})
    );
    assert_eq!(server.get(&path).await.json().as_array().unwrap().len(), 1);
}
