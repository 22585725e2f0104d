//! AgentBay's actions that Taskwright calls, as rows. Sources: what the vendor's clients 0.12 to 0.22 send. All of
//! them are `POST /` with the action in the query and the parameters in a form.

use crate::operation::{Answer, Body, Effect, Field, Method, Operation, Takes};

/// The path of an action.
macro_rules! action {
    ($name:literal) => {
        concat!("/?Action=", $name, "&Format=json&Version=2025-05-06")
    };
}

const ID: Field = Field::body("SessionId", Takes::Text).required();

const READ: Operation = Operation {
    name: "",
    method: Method::Post,
    path: "",
    fields: &[ID],
    body: Body::Form,
    accept: "application/json",
    answer: Answer::Json,
    effect: Effect::Read,
    takes_key: false,
    check: "",
};

const CONTROL: Operation = Operation { effect: Effect::Idempotent, ..READ };

/// Creates a session.
pub static CREATE: Operation = Operation {
    name: "CreateMcpSession",
    path: action!("CreateMcpSession"),
    fields: &[
        Field::body("ImageId", Takes::Text),
        Field::body("Labels", Takes::Object),
        Field::body("McpPolicyId", Takes::Text),
        Field::body("PersistenceDataList", Takes::List),
        Field::body("Timeout", Takes::Whole(1, u32::MAX)),
    ],
    effect: Effect::Start,
    check: "the list of sessions",
    ..READ
};

/// A session with its status and its direct route.
pub static SESSION: Operation = Operation { name: "GetSession", path: action!("GetSession"), ..READ };

/// A session's status. The vendor's clients send the id in the query.
pub static DETAIL: Operation = Operation {
    name: "GetSessionDetail",
    path: action!("GetSessionDetail"),
    fields: &[Field::query("SessionId", Takes::Text).required()],
    ..READ
};

/// A page of sessions.
pub static LIST: Operation = Operation {
    name: "ListSession",
    path: action!("ListSession"),
    fields: &[Field::body("Labels", Takes::Object), Field::body("MaxResults", Takes::Whole(1, u32::MAX))],
    ..READ
};

/// Ends a session at once.
pub static RELEASE: Operation =
    Operation { name: "ReleaseMcpSession", path: action!("ReleaseMcpSession"), ..CONTROL };

/// Begins to end a session.
pub static DELETE: Operation =
    Operation { name: "DeleteSessionAsync", path: action!("DeleteSessionAsync"), ..CONTROL };

/// Replaces the labels of a session.
pub static SET_LABEL: Operation = Operation { name: "SetLabel", path: action!("SetLabel"), ..CONTROL };

/// The labels of a session.
pub static GET_LABEL: Operation = Operation { name: "GetLabel", path: action!("GetLabel"), ..READ };

/// Where a session can be looked at.
pub static RESOURCE: Operation =
    Operation { name: "GetMcpResource", path: action!("GetMcpResource"), ..READ };

/// The address of a port of a session, or of its browser.
pub static LINK: Operation = Operation {
    name: "GetLink",
    path: action!("GetLink"),
    fields: &[ID, Field::body("Port", Takes::Whole(30_100, 30_199))],
    ..READ
};

/// The tools of an image.
pub static TOOLS: Operation = Operation {
    name: "ListMcpTools",
    path: action!("ListMcpTools"),
    fields: &[Field::body("ImageId", Takes::Text)],
    ..READ
};

/// Calls a tool. What it does nobody knows, so it is not sent twice.
pub static CALL_TOOL: Operation = Operation {
    name: "CallMcpTool",
    path: action!("CallMcpTool"),
    fields: &[
        ID,
        Field::body("Name", Takes::Text).required(),
        Field::body("Args", Takes::Object).required(),
        Field::body("AutoGenSession", Takes::Flag),
    ],
    effect: Effect::Start,
    check: "the session",
    ..READ
};

/// Calls the tool that starts a task.
pub static START_TASK: Operation = Operation { name: "execute_task", ..CALL_TOOL };

/// Calls the tool that tells how a task stands.
pub static TASK_STATUS: Operation =
    Operation { name: "get_task_status", effect: Effect::Read, check: "", ..CALL_TOOL };

/// Calls the tool that ends a task.
pub static TERMINATE_TASK: Operation =
    Operation { name: "terminate_task", effect: Effect::Idempotent, ..TASK_STATUS };

/// Gets the browser of a session ready for tasks.
pub static INIT_BROWSER: Operation =
    Operation { name: "InitBrowser", path: action!("InitBrowser"), ..CONTROL };

/// Begins to pause a session.
pub static PAUSE: Operation =
    Operation { name: "PauseSessionAsync", path: action!("PauseSessionAsync"), ..CONTROL };

/// Begins to resume a session.
pub static RESUME: Operation =
    Operation { name: "ResumeSessionAsync", path: action!("ResumeSessionAsync"), ..CONTROL };

/// Starts the idle time of a session anew.
pub static KEEP_ALIVE: Operation =
    Operation { name: "RefreshSessionIdleTime", path: action!("RefreshSessionIdleTime"), ..CONTROL };

/// Begins to save the contexts of a session.
pub static SYNC: Operation = Operation { name: "SyncContext", path: action!("SyncContext"), ..CONTROL };

/// How far the contexts of a session are saved.
pub static SYNC_STATUS: Operation =
    Operation { name: "GetContextInfo", path: action!("GetContextInfo"), ..READ };

/// Every row.
pub static ALL: &[&Operation] = &[
    &CREATE,
    &SESSION,
    &DETAIL,
    &LIST,
    &RELEASE,
    &DELETE,
    &SET_LABEL,
    &GET_LABEL,
    &RESOURCE,
    &LINK,
    &TOOLS,
    &CALL_TOOL,
    &START_TASK,
    &TASK_STATUS,
    &TERMINATE_TASK,
    &INIT_BROWSER,
    &PAUSE,
    &RESUME,
    &KEEP_ALIVE,
    &SYNC,
    &SYNC_STATUS,
];

/// `POST {LinkUrl}/callTool`: calls a tool without the detour over the management API.
pub static DIRECT_TOOL: Operation = Operation {
    path: "/callTool",
    fields: &[Field::body("args", Takes::Object).required()],
    body: Body::Json,
    ..CALL_TOOL
};

static DIRECT_START: Operation = Operation { name: START_TASK.name, ..DIRECT_TOOL };

/// The same as [`TASK_STATUS`] by the direct route.
pub static DIRECT_STATUS: Operation =
    Operation { name: TASK_STATUS.name, effect: Effect::Read, check: "", ..DIRECT_TOOL };

static DIRECT_TERMINATE: Operation =
    Operation { name: TERMINATE_TASK.name, effect: Effect::Idempotent, ..DIRECT_STATUS };

/// What a session's direct route offers, under the names of what it stands in for.
pub static DIRECT: &[&Operation] = &[&DIRECT_TOOL, &DIRECT_START, &DIRECT_STATUS, &DIRECT_TERMINATE];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::operation::check;

    #[test]
    fn rows_are_distinct_by_name_and_carry_action_and_version_in_the_query() {
        for (index, row) in ALL.iter().enumerate() {
            assert!(row.path.starts_with("/?Action="), "{}", row.name);
            assert!(row.path.ends_with("&Format=json&Version=2025-05-06"), "{}", row.name);
            assert!(ALL.iter().skip(index + 1).all(|other| other.name != row.name), "{}", row.name);
        }
    }

    #[test]
    fn only_what_would_happen_twice_is_a_start() {
        let starts: Vec<_> =
            ALL.iter().filter(|row| row.effect == Effect::Start).map(|row| row.name).collect();
        assert_eq!(starts, ["CreateMcpSession", "CallMcpTool", "execute_task"]);
        for row in DIRECT {
            let detour = ALL.iter().find(|known| known.name == row.name).unwrap();
            assert_eq!((row.effect, row.check, row.path), (detour.effect, detour.check, "/callTool"));
        }
    }

    #[test]
    fn the_direct_route_is_as_strict_as_the_detour() {
        let refused = |params: Value| check(&DIRECT_TOOL, &Some(&params)).map_err(|error| error.field);
        assert_eq!(refused(json!({"args": {}, "tool": "t"})), Ok(()));
        for args in [json!(null), json!([]), json!("a")] {
            assert_eq!(refused(json!({"args": args, "tool": "t"})), Err("args".to_owned()));
        }
    }

    #[test]
    fn a_port_outside_the_documented_range_is_refused_by_name() {
        let refused = |params: Value| check(&LINK, &Some(&params)).map_err(|error| error.field);
        assert_eq!(refused(json!({"SessionId": "s", "Port": 30100})), Ok(()));
        assert_eq!(refused(json!({"SessionId": "s", "Port": 30200})), Err("Port".to_owned()));
        assert_eq!(refused(json!({"SessionId": "s", "Port": "30100"})), Err("Port".to_owned()));
        assert_eq!(refused(json!({"SessionId": ""})), Err("SessionId".to_owned()));
    }
}
