//! Agents: created, changed, listed.

use axum::body::Body;
use serde_json::{Value, json};

use crate::support::{Server, Setup, post, request, server};

const AGENTS: &str = "/agents/v2/agents";

pub(super) async fn create(server: &Server, body: Value) -> String {
    let answer = server.post(AGENTS, body).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn patch(server: &Server, id: &str, body: Value) -> (u16, Value) {
    let mut request = post(&format!("{AGENTS}/{id}"), &body);
    *request.method_mut() = axum::http::Method::PATCH;
    let answer = server.send(request).await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn an_agent_is_created_changed_and_deleted() {
    let server = server(Setup::default());
    let id = create(&server, json!({"name": "Prices", "prompt": "Extract {{what}}", "maxSteps": 7})).await;
    let agent = server.get(&format!("{AGENTS}/{id}")).await.json();
    assert_eq!(
        (&agent["name"], &agent["version"], &agent["maxSteps"]),
        (&json!("Prices"), &json!(1), &json!(7))
    );
    let (status, agent) = patch(&server, &id, json!({"startUrl": "https://shop.example/{{what}}"})).await;
    assert_eq!((status, &agent["version"], &agent["prompt"]), (200, &json!(2), &json!("Extract {{what}}")));
    // The vendor's own request holds what an agent does in `workflow`.
    let other =
        json!({"id": "mine", "name": "Other", "workflow": {"prompt": "p", "startUrl": "http://a.example"}});
    assert_eq!(create(&server, other.clone()).await, "mine");
    assert_eq!(server.post(AGENTS, other).await.status.as_u16(), 409);
    assert_eq!(patch(&server, &id, json!({"name": "Other"})).await.0, 409);
    let delete = || request("DELETE", &format!("{AGENTS}/{id}")).body(Body::empty()).unwrap();
    assert_eq!(server.send(delete()).await.status.as_u16(), 204);
    assert_eq!(server.send(delete()).await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_wrong_agent_is_refused_by_the_name_of_the_member() {
    let server = server(Setup::default());
    for (body, named) in [
        (json!({"prompt": "p"}), "name"),
        (json!({"name": "n"}), "prompt"),
        (json!({"name": "n", "prompt": 5}), "prompt"),
        (json!({"name": "n", "prompt": "p", "startUrl": "shop"}), "startUrl"),
        (json!({"name": "n", "workflow": {"prompt": "p", "maxSteps": 0}}), "workflow.maxSteps"),
        (json!({"name": "x".repeat(101), "prompt": "p"}), "name"),
    ] {
        let answer = server.post(AGENTS, body).await;
        assert_eq!(answer.status.as_u16(), 400, "{}", answer.text);
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("\"{named}\"")), "{message}");
    }
}

#[tokio::test]
async fn lists_are_paged_sorted_searched_and_kept_to_an_organisation() {
    let server = server(Setup::default());
    for (name, organization) in [("Cherry", ""), ("apple", ""), ("Banana", "one"), ("Date", "two")] {
        create(&server, json!({"name": name, "prompt": "p", "organizationId": organization})).await;
    }
    let names = async |query: &str| {
        let page = server.get(&format!("/agents?{query}")).await.json();
        let names: Vec<_> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect();
        (names.join(" "), page["total"].as_u64().unwrap())
    };
    assert_eq!(names("sortField=name").await, ("apple Banana Cherry Date".to_owned(), 4));
    assert_eq!(names("").await.0, "Date Banana apple Cherry", "newest first");
    assert_eq!(
        names("sort_field=name&sort_direction=desc&pageSize=2&page=2").await,
        ("Banana apple".to_owned(), 4)
    );
    assert_eq!(names("organizationId=one&sortField=name").await, ("apple Banana Cherry".to_owned(), 3));
    assert_eq!(names("searchName=AN").await, ("Banana".to_owned(), 1));
    let page = server.get("/workflows?page=1&pageSize=1&organizationId=one").await.json();
    assert_eq!((&page["page"], &page["pageSize"]), (&json!(1), &json!(1)));
    for member in ["id", "name", "createdAt", "organizationId", "userId"] {
        assert!(page["items"][0][member].is_string(), "{member}");
    }
    assert_eq!(server.get("/agents?page=0").await.status.as_u16(), 400);
}
