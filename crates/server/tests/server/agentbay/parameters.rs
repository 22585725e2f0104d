//! What actions refuse, and that a session that is not there is never made. No browser is needed.

use serde_json::{Value, json};

use super::support::{call, refusal, send};
use crate::support::{Setup, server};

#[tokio::test]
async fn a_session_that_is_not_there_is_not_found_by_every_action_and_never_made() {
    let server = server(Setup::default());
    for action in [
        "GetSession",
        "GetSessionDetail",
        "GetMcpResource",
        "ReleaseMcpSession",
        "DeleteSessionAsync",
        "RefreshSessionIdleTime",
        "PauseSessionAsync",
        "ResumeSessionAsync",
        "SetLabel",
        "GetLabel",
        "GetLink",
        "GetCdpLink",
        "InitBrowser",
        "SyncContext",
        "GetContextInfo",
        "CallMcpTool",
    ] {
        let fields =
            [("SessionId", "session-none"), ("Name", "flux_execute_task"), ("Args", "{\"task\":\"x\"}")];
        let (status, code, message) = refusal(&server.router, action, &fields).await;
        assert_eq!((status, code.as_str()), (400, "InvalidMcpSession.NotFound"), "{action}");
        assert!(message.contains("not found") && message.contains("session-none"), "{action}: {message}");
        let (status, code, message) = refusal(&server.router, action, &[]).await;
        assert_eq!((status, code.as_str()), (400, "InvalidParameter"), "{action}");
        let named = if action == "CallMcpTool" { "Name" } else { "SessionId" };
        assert!(message.starts_with(&format!("\"{named}\"")), "{action}: {message}");
    }
    let fields = [("SessionId", "session-none"), ("Name", "x"), ("AutoGenSession", "True")];
    let (status, _, message) = refusal(&server.router, "CallMcpTool", &fields).await;
    assert!(status == 400 && message.starts_with("\"AutoGenSession\""), "{message}");
    assert_eq!(server.state.sessions.count(), 0);
}

#[tokio::test]
async fn wrong_fields_are_refused_by_their_names() {
    let server = server(Setup::default());
    for (action, fields, named) in [
        ("CreateMcpSession", [("Labels", "[1]")].as_slice(), "Labels"),
        ("CreateMcpSession", &[("Labels", "{\"a\":\"\"}")], "Labels"),
        ("CreateMcpSession", &[("VpcResource", "True")], "VpcResource"),
        ("CreateMcpSession", &[("Timeout", "soon")], "Timeout"),
        ("CreateMcpSession", &[("PersistenceDataList", "[{\"Path\":\"/home\"}]")], "PersistenceDataList"),
        ("ListSession", &[("Labels", "red")], "Labels"),
        ("ListSession", &[("MaxResults", "0")], "MaxResults"),
        ("ListSession", &[("MaxResults", "many")], "MaxResults"),
        ("ListSession", &[("NextToken", "x")], "NextToken"),
        ("CallMcpTool", &[("Name", "x"), ("Args", "{")], "Args"),
        ("CallMcpTool", &[("Name", "x"), ("Args", "[]")], "Args"),
        ("CallMcpTool", &[("Name", "x"), ("AutoGenSession", "maybe")], "AutoGenSession"),
        ("GetContext", &[("AllowCreate", "True")], "Name"),
        ("ModifyContext", &[("Name", "n")], "Id"),
    ] {
        let (status, code, message) = refusal(&server.router, action, fields).await;
        assert_eq!((status, code.as_str()), (400, "InvalidParameter"), "{action}: {message}");
        assert!(message.starts_with(&format!("\"{named}\"")), "{action}: {message}");
    }
    assert_eq!(server.state.sessions.count(), 0);
}

#[tokio::test]
async fn an_empty_list_has_its_page() {
    let server = server(Setup::default());
    let (_, envelope) = send(&server.router, call("ListSession", &[("Labels", "{}")])).await;
    let page = (&envelope["Data"], &envelope["NextToken"], &envelope["MaxResults"], &envelope["TotalCount"]);
    assert_eq!(page, (&json!([]), &json!(""), &json!(10), &json!(0)));
}

#[tokio::test]
async fn tools_are_listed_as_text_with_schemas_of_their_arguments() {
    let server = server(Setup::default());
    let (_, envelope) = send(&server.router, call("ListMcpTools", &[("ImageId", "linux_latest")])).await;
    let tools: Vec<Value> = serde_json::from_str(envelope["Data"].as_str().unwrap()).unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    for name in ["flux_execute_task", "browser_use_get_task_status", "terminate_task", "browser_screenshot"] {
        assert!(names.contains(&name), "{name}");
    }
    for tool in &tools {
        assert!(!tool["description"].as_str().unwrap().is_empty(), "{tool}");
        assert_eq!(
            (&tool["inputSchema"]["type"], &tool["tool"]),
            (&json!("object"), &tool["name"]),
            "{tool}"
        );
        let properties = tool["inputSchema"]["properties"].as_object().unwrap();
        for required in tool["inputSchema"]["required"].as_array().unwrap() {
            assert!(properties.contains_key(required.as_str().unwrap()), "{tool}");
        }
    }
    let start = tools.iter().find(|tool| tool["name"] == "browser_use_execute_task").unwrap();
    assert_eq!(start["inputSchema"]["required"], json!(["task"]));
    assert_eq!(start["inputSchema"]["properties"]["use_vision"]["type"], "boolean");
}
