//! Contexts, which are names here. No browser is needed.

use serde_json::json;

use super::support::{call, refusal, send};
use crate::support::{Setup, server};

#[tokio::test]
async fn a_context_is_made_for_a_name_found_again_renamed_and_listed_page_by_page() {
    let server = server(Setup::default());
    let (status, code, message) = refusal(&server.router, "GetContext", &[("Name", "a")]).await;
    assert_eq!((status, code.as_str()), (400, "InvalidParameter"));
    assert!(!message.to_lowercase().contains("not found"), "a client would take it for a missing session");
    let get = async |fields: &[(&str, &str)]| {
        send(&server.router, call("GetContext", fields)).await.1["Data"].clone()
    };
    let made = get(&[("Name", "a"), ("AllowCreate", "True")]).await;
    let id = made["Id"].as_str().unwrap();
    assert!(made["Name"] == "a" && made["CreateTime"].as_str().unwrap().ends_with('Z'), "{made}");
    assert_eq!(get(&[("Name", "a")]).await["Id"], made["Id"]);
    assert_eq!(get(&[("ContextId", id)]).await["Name"], "a");
    get(&[("Name", "b"), ("AllowCreate", "true")]).await;

    let modify = [("Id", id), ("Name", "c")];
    assert_eq!(send(&server.router, call("ModifyContext", &modify)).await.1["Data"], true);
    let (status, _, message) = refusal(&server.router, "ModifyContext", &[("Id", id), ("Name", "b")]).await;
    assert!(status == 400 && message.starts_with("\"Name\""), "{message}");

    let (_, first) = send(&server.router, call("ListContexts", &[("MaxResults", "1")])).await;
    assert_eq!((&first["Data"][0]["Name"], &first["TotalCount"]), (&json!("c"), &json!(2)));
    let next = first["NextToken"].as_str().unwrap();
    let (_, second) =
        send(&server.router, call("ListContexts", &[("MaxResults", "1"), ("NextToken", next)])).await;
    assert_eq!((&second["Data"][0]["Name"], &second["NextToken"]), (&json!("b"), &json!("")));
}
