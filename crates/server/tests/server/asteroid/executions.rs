//! Executions over the wire, with an agent that does as it is told.

use std::time::Duration;

use axum::body::Body;
use serde_json::{Value, json};

use super::agents::create;
use crate::support::{Answer, Server, Setup, limits, post, request, server};

const EXECUTIONS: &str = "/agents/v2/executions";

async fn agent(server: &Server, prompt: &str) -> String {
    create(server, json!({"name": prompt, "prompt": prompt})).await
}

async fn start(server: &Server, agent: &str, body: Value) -> String {
    let answer = server.post(&format!("/agents/v2/agents/{agent}/execute"), body).await;
    assert_eq!(answer.status.as_u16(), 202, "{}", answer.text);
    answer.json()["executionId"].as_str().unwrap().to_owned()
}

async fn until(server: &Server, id: &str, status: &str) -> Value {
    for _ in 0..2000 {
        let execution = server.get(&format!("{EXECUTIONS}/{id}")).await.json();
        if execution["status"] == status {
            return execution;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{id} does not become {status}");
}

async fn act(server: &Server, id: &str, what: &str) -> Answer {
    server.send(request("POST", &format!("{EXECUTIONS}/{id}/{what}")).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn an_execution_has_every_member_that_a_client_of_any_year_demands() {
    let server = server(Setup::default());
    let agent = agent(&server, "ok").await;
    let body = json!({"dynamicData": {"city": "Rome"}, "metadata": {"order": 17}, "unknown": 1});
    let id = start(&server, &agent, body).await;
    let execution = until(&server, &id, "completed").await;
    for (member, value) in [
        ("agentId", json!(agent)),
        ("workflowId", json!(agent)),
        ("agentName", json!("ok")),
        ("workflowName", json!("ok")),
        ("agentVersion", json!(1)),
        ("agentVersionDirty", json!(false)),
        ("organizationId", json!("local")),
        ("comments", json!([])),
        ("humanLabels", json!([])),
        ("hasBeenRerun", json!(false)),
        ("inputs", json!({"city": "Rome"})),
        ("metadata", json!({"order": 17})),
    ] {
        assert_eq!(execution[member], value, "{member}");
    }
    let result = &execution["executionResult"];
    assert_eq!((&result["outcome"], &result["result"]), (&json!("success"), &json!({"did": "ok"})));
    for member in ["workflowVersionId", "createdAt", "terminalAt", "startedAt"] {
        assert!(execution[member].is_string(), "{member}");
    }
    for member in ["id", "executionId", "createdAt", "reasoning"] {
        assert!(result[member].is_string(), "{member}");
    }
    assert!(execution["duration"].is_number());
    assert_eq!(
        server.get(&format!("{EXECUTIONS}/no")).await.json(),
        json!({"code": 404, "message": "Execution not found"})
    );
    // A task of another wire is no execution.
    let task = server.start("ok").await;
    for path in ["", "/activities", "/sync?timeoutSeconds=1"] {
        assert_eq!(server.get(&format!("{EXECUTIONS}/{task}{path}")).await.status.as_u16(), 404, "{path}");
    }
    assert_eq!(act(&server, &task, "cancel").await.status.as_u16(), 404);
}

#[tokio::test]
async fn the_calls_of_v1_start_ask_and_read_results_as_objects() {
    let server = server(Setup::default());
    let gate = agent(&server, "gate").await;
    let answer = server.post(&format!("/agent/{gate}/execute"), json!({"dynamic_data": {"a": 1}})).await;
    assert_eq!(answer.status.as_u16(), 202, "{}", answer.text);
    let id = answer.json()["execution_id"].as_str().unwrap().to_owned();
    until(&server, &id, "running").await;
    let result = server.get(&format!("/execution/{id}/result")).await.json();
    assert_eq!(result, json!({"execution_id": id, "status": "running"}));
    server.puppet.open();
    until(&server, &id, "completed").await;
    let status = server.get(&format!("//execution/{id}/status")).await.json();
    assert_eq!((&status["status"], &status["execution_id"]), (&json!("completed"), &json!(id)));
    assert!(status["updated_at"].is_string());
    let result = server.get(&format!("/execution/{id}/result")).await.json();
    assert_eq!(result["execution_result"]["outcome"], "success");
    assert_eq!(result["execution_result"]["result"], json!({"did": "gate"}));

    let fail = agent(&server, "fail").await;
    let answer = server.post(&format!("/api/v1/agent/{fail}"), json!({"anything": 1})).await;
    let id = answer.json()["execution_id"].as_str().unwrap().to_owned();
    let execution = until(&server, &id, "failed").await;
    assert_eq!(execution["inputs"], json!({"anything": 1}));
    assert_eq!(execution["executionResult"]["outcome"], "failure");
    let status = server.get(&format!("/execution/{id}/status")).await.json();
    assert_eq!(status["reason"], "no way with ");
    let result = server.get(&format!("/execution/{id}/result")).await.json();
    assert_eq!(result["execution_result"], json!({"outcome": "failure", "reasoning": "no way with "}));
    assert_eq!(server.get("/execution/no/status").await.json(), json!({"error": "Execution not found"}));
    assert_eq!(server.post("/agent/no/execute", json!({})).await.json(), json!({"error": "Agent not found"}));
}

#[tokio::test]
async fn a_queued_execution_is_starting_for_clients_that_know_no_better() {
    let server = server(Setup { limits: limits(1), ..Setup::default() });
    let gate = agent(&server, "gate").await;
    start(&server, &gate, json!({})).await;
    server.puppet.until_running(1).await;
    let waiting = start(&server, &gate, json!({})).await;
    let path = format!("{EXECUTIONS}/{waiting}");
    assert_eq!(server.get(&path).await.json()["status"], "starting");
    let new = request("GET", &path).header("x-api-key", "any").body(Body::empty()).unwrap();
    assert_eq!(server.send(new).await.json()["status"], "queued");
    for status in ["queued", "starting"] {
        assert_eq!(server.get(&format!("{EXECUTIONS}?status={status}")).await.json()["total"], 1);
    }
    let reject = server.post(&format!("/agents/{gate}/execute"), json!({"onCapacityLimit": "reject"})).await;
    assert_eq!(reject.status.as_u16(), 429);
    assert!(reject.headers.contains_key("retry-after"));
    assert_eq!(
        act(&server, &waiting, "cancel").await.json(),
        json!({"executionId": waiting, "status": "cancelled"})
    );
    assert_eq!(server.get(&path).await.json()["status"], "cancelled");
}

#[tokio::test]
async fn a_synchronous_start_answers_200_for_an_end_and_202_for_none_yet() {
    let server = server(Setup::default());
    let (ok, gate) = (agent(&server, "ok").await, agent(&server, "gate").await);
    let done = server.post(&format!("/agents/v2/workflows/{ok}/execute/sync"), json!({})).await;
    assert_eq!((done.status.as_u16(), done.json()["status"].clone()), (200, json!("completed")));
    assert_eq!(done.json()["executionResult"]["result"], json!({"did": "ok"}));
    let going =
        server.post(&format!("/agents/v2/agents/{gate}/execute/sync"), json!({"timeoutSeconds": 1})).await;
    assert_eq!((going.status.as_u16(), going.json()["status"].clone()), (202, json!("running")));
    let id = going.json()["executionId"].as_str().unwrap().to_owned();
    let path = format!("{EXECUTIONS}/{id}/sync?timeoutSeconds=20");
    let waiting = server.get(&path);
    let opened = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        server.puppet.open();
    };
    let (ended, ()) = tokio::join!(waiting, opened);
    assert_eq!((ended.status.as_u16(), ended.json()["status"].clone()), (200, json!("completed")));
    for wrong in ["0", "26", "x"] {
        let path = format!("{EXECUTIONS}/{id}/sync?timeoutSeconds={wrong}");
        assert_eq!(server.get(&path).await.status.as_u16(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn an_agent_that_asks_is_paused_by_itself_and_goes_on_with_the_answer() {
    let server = server(Setup::default());
    let ask = agent(&server, "ask").await;
    let id = start(&server, &ask, json!({})).await;
    until(&server, &id, "paused_by_agent").await;
    assert_eq!(server.get(&format!("/execution/{id}/status")).await.json()["reason"], "Which city?");
    let newest = server.get(&format!("{EXECUTIONS}/{id}/activities?order=desc&limit=1")).await.json();
    let payload = &newest[0]["payload"];
    assert_eq!(
        (&payload["activityType"], &payload["status"]),
        (&json!("status_changed"), &json!("paused_by_agent"))
    );
    assert_eq!(payload["pausedPayload"]["reason"], "Which city?");
    assert_eq!(payload["data"]["pausedPayload"], payload["pausedPayload"]);
    assert_eq!(newest[0]["executionId"], json!(id));
    let empty = server.post(&format!("{EXECUTIONS}/{id}/user-messages"), json!({"message": " "})).await;
    assert_eq!(empty.status.as_u16(), 400);
    let told = server.post(&format!("{EXECUTIONS}/{id}/user-messages"), json!({"message": "Rome"})).await;
    assert_eq!(told.status.as_u16(), 201);
    assert!(told.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    let execution = until(&server, &id, "completed").await;
    assert_eq!(execution["executionResult"]["result"], json!({"city": "Rome"}));
    let late = server.post(&format!("{EXECUTIONS}/{id}/user-messages"), json!({"message": "Rome"})).await;
    assert_eq!(late.status.as_u16(), 400);
    let activities = server.get(&format!("{EXECUTIONS}/{id}/activities")).await.json();
    let kinds: Vec<_> = activities
        .as_array()
        .unwrap()
        .iter()
        .map(|activity| activity["payload"]["activityType"].as_str().unwrap())
        .collect();
    assert_eq!((kinds[0], *kinds.last().unwrap()), ("status_changed", "terminal"));
    assert!(kinds.contains(&"user_message_received"), "{kinds:?}");
}

#[tokio::test]
async fn an_execution_pauses_goes_on_and_is_cancelled() {
    let server = server(Setup::default());
    let walk = agent(&server, "walk").await;
    let id = start(&server, &walk, json!({})).await;
    server.puppet.until_running(1).await;
    until(&server, &id, "running").await;
    assert_eq!(act(&server, &id, "pause").await.json(), json!({"executionId": id, "status": "paused"}));
    assert_eq!(until(&server, &id, "paused").await["status"], "paused");
    assert_eq!(act(&server, &id, "resume").await.json(), json!({"executionId": id, "status": "running"}));
    let set = async |status: &str| {
        let answer = server.post(&format!("{EXECUTIONS}/{id}/status"), json!({"status": status})).await;
        answer.status.as_u16()
    };
    assert_eq!((set("paused").await, set("running").await), (200, 200));
    assert_eq!(set("completed").await, 400);
    assert_eq!(set("cancelled").await, 200);
    let execution = until(&server, &id, "cancelled").await;
    assert_eq!(execution["executionResult"]["outcome"], "failure");
    assert_eq!(server.get(&format!("/execution/{id}/status")).await.json()["reason"], "user_requested");
    assert_eq!(act(&server, &id, "resume").await.status.as_u16(), 400, "it has ended");
    assert_eq!(act(&server, &id, "cancel").await.status.as_u16(), 200, "cancelling twice is harmless");
    let activities = server.get(&format!("{EXECUTIONS}/{id}/activities?order=desc")).await.json();
    assert_eq!(activities[1]["payload"]["cancelledPayload"]["reason"], "user_requested");
}

#[tokio::test]
async fn a_rerun_has_the_same_inputs_or_new_ones_and_names_its_parent() {
    let server = server(Setup::default());
    let ok = agent(&server, "ok").await;
    let first = start(&server, &ok, json!({"inputs": {"a": 1}, "metadata": {"m": "x"}})).await;
    until(&server, &first, "completed").await;
    let again = act(&server, &first, "rerun").await;
    assert_eq!(again.status.as_u16(), 202, "{}", again.text);
    let second = again.json()["executionId"].as_str().unwrap().to_owned();
    let execution = until(&server, &second, "completed").await;
    assert_eq!((&execution["inputs"], &execution["parentExecutionId"]), (&json!({"a": 1}), &json!(first)));
    assert_eq!(server.get(&format!("{EXECUTIONS}/{first}")).await.json()["hasBeenRerun"], true);
    let third = server.post(&format!("{EXECUTIONS}/{first}/rerun"), json!({"inputs": {"a": 2}})).await.json();
    let third = until(&server, third["executionId"].as_str().unwrap(), "completed").await;
    assert_eq!((&third["inputs"], &third["metadata"]), (&json!({"a": 2}), &json!({"m": "x"})));
    let delete = || request("DELETE", &format!("{EXECUTIONS}/{first}")).body(Body::empty()).unwrap();
    assert_eq!(server.send(delete()).await.status.as_u16(), 204);
    assert_eq!(server.send(delete()).await.status.as_u16(), 404);
}

#[tokio::test]
async fn executions_are_found_by_every_filter() {
    let server = server(Setup::default());
    let (ok, fail) = (agent(&server, "ok").await, agent(&server, "fail").await);
    let one = start(&server, &ok, json!({"metadata": {"key": "a b"}, "inputs": {"city": "Rome"}})).await;
    let two = start(&server, &fail, json!({"metadata": {"key": "other"}})).await;
    until(&server, &one, "completed").await;
    until(&server, &two, "failed").await;
    let upper = one.to_uppercase();
    for (query, found) in [
        ("", format!("{two} {one}")),
        ("sortDirection=asc", format!("{one} {two}")),
        ("sort=created_at", format!("{one} {two}")),
        ("sortField=status&sortDirection=asc", format!("{two} {one}")),
        (&format!("executionId={upper}"), one.clone()),
        (&format!("agentId={ok}"), one.clone()),
        (&format!("workflowId={fail}"), two.clone()),
        ("status=completed&status=cancelled", one.clone()),
        ("status=awaiting_confirmation", String::new()),
        ("phase=terminal&status=failed", two.clone()),
        ("phase=active", String::new()),
        ("metadataKey=key&metadataValue=a%20b", one.clone()),
        ("metadata=key:other", two.clone()),
        ("inputsKey=city&inputsValue=Rome", one.clone()),
        ("outcomeLabel=FAIL", two.clone()),
        ("agentVersion=2", String::new()),
        ("humanLabels=l", String::new()),
        ("createdAfter=2026-01-02T03:04:05.000000%2B0000", format!("{two} {one}")),
        ("createdBefore=2020-01-02T03:04:05Z", String::new()),
        ("createdWithin=1h", format!("{two} {one}")),
        ("organizationId=mine", format!("{two} {one}")),
        ("page=2&pageSize=1", one.clone()),
    ] {
        let page = server.get(&format!("/executions?{query}")).await.json();
        let ids: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids.join(" "), found, "{query}");
    }
    for wrong in [
        "metadataKey=key",
        "status=done",
        "phase=x",
        "createdAfter=x",
        "sort=age",
        "pageSize=0",
        "createdWithin=x",
    ] {
        assert_eq!(server.get(&format!("/executions?{wrong}")).await.status.as_u16(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn one_key_starts_one_execution() {
    let server = server(Setup::default());
    let ok = agent(&server, "ok").await;
    let send = async |agent: &str, body: Value| {
        let mut request = post(&format!("/agents/v2/agents/{agent}/execute"), &body);
        request.headers_mut().insert("idempotency-key", "k".parse().unwrap());
        let answer = server.send(request).await;
        (answer.status.as_u16(), answer.json())
    };
    let (_, first) = send(&ok, json!({"inputs": {"a": 1}})).await;
    let (_, second) = send(&ok, json!({"inputs": {"a": 1}})).await;
    assert_eq!(first["executionId"], second["executionId"]);
    assert_eq!(send(&ok, json!({"inputs": {"a": 2}})).await.0, 422);
    let other = agent(&server, "ok two").await;
    assert_eq!(send(&other, json!({"inputs": {"a": 1}})).await.0, 422, "the agent is a part of the request");
    assert_eq!(server.get("/executions").await.json()["total"], 1);
}

#[tokio::test]
async fn a_wrong_start_is_refused_by_the_name_of_the_member_and_starts_nothing() {
    let server = server(Setup::default());
    let ok = agent(&server, "ok").await;
    for (body, named) in [
        (json!({"inputs": []}), "inputs"),
        (json!({"dynamicData": "x"}), "dynamicData"),
        (json!({"metadata": 5}), "metadata"),
        (json!({"version": 2}), "version"),
        (json!({"version": 1, "head": true}), "head"),
        (json!({"profileGroupId": "g"}), "profileGroupId"),
        (json!({"tempFiles": [{"name": "a"}]}), "tempFiles[0].id"),
        (json!({"onCapacityLimit": "later"}), "onCapacityLimit"),
        (json!({"executionOptions": {"softTimeoutMins": 1}}), "executionOptions"),
    ] {
        let answer = server.post(&format!("/agents/v2/agents/{ok}/execute"), body).await;
        assert_eq!(answer.status.as_u16(), 400, "{}", answer.text);
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("\"{named}\"")), "{message}");
    }
    let missing = json!({"tempFiles": [{"id": "none", "name": "a"}]});
    assert_eq!(server.post(&format!("/agents/v2/agents/{ok}/execute"), missing).await.status.as_u16(), 400);
    let missing = json!({"profileId": "none"});
    assert_eq!(server.post(&format!("/agents/v2/agents/{ok}/execute"), missing).await.status.as_u16(), 404);
    assert_eq!(server.get("/executions").await.json()["total"], 0);
}

#[tokio::test]
async fn credentials_of_a_profile_reach_the_run_and_no_answer() {
    let server = server(Setup::default());
    let fail = agent(&server, "fail").await;
    let profile =
        json!({"name": "P", "description": "", "credentials": [{"name": "pin", "data": "hunter2"}]});
    let profile = server.post("/agents/v2/profiles", profile).await.json()["id"].clone();
    let id = start(&server, &fail, json!({"agentProfileId": profile})).await;
    let execution = until(&server, &id, "failed").await;
    // The agent of this test says the secret; what is stored has its name instead.
    assert_eq!(execution["executionResult"]["reasoning"], "no way with <PIN>");
    assert_eq!((&execution["profileName"], &execution["agentProfileId"]), (&json!("P"), &profile));
    assert!(!server.get(&format!("{EXECUTIONS}/{id}/activities")).await.text.contains("hunter2"));
}
