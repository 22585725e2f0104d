//! AgentBay's JSON as a server writes it. The client converts nothing: it looks at the few members that it decides on
//! and hands the rest on. Names and shapes are those that the vendor's clients (API version 2025-05-06) read.

use serde::{Deserialize, Serialize};

/// What every action answers, successes and failures alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Envelope<T> {
    /// Names one request in the logs of both sides.
    pub request_id: String,
    /// The HTTP status once more.
    pub http_status_code: u16,
    /// A word for what went wrong, such as `InvalidMcpSession.NotFound`; `ok` when nothing did.
    pub code: String,
    /// A sentence about it.
    pub message: String,
    /// Whether it was done.
    pub success: bool,
    /// What the action gives, if it gives something.
    pub data: Option<T>,
    /// Where the next page of a list begins; empty on the last one, absent where there are no pages.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_token: Option<String>,
    /// Rows that this page may have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_results: Option<u32>,
    /// Rows of all pages.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub total_count: Option<u64>,
}

/// A session as `CreateMcpSession` and `GetSession` give it. Texts that a server has nothing for are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Session {
    /// Its id.
    pub session_id: String,
    /// The machine that it runs on.
    pub app_instance_id: String,
    /// The resource behind it.
    pub resource_id: String,
    /// Where a person watches it.
    pub resource_url: String,
    /// How it stands: `RUNNING`, `PAUSING`, `PAUSED`, `RESUMING`, `DELETING`. `CreateMcpSession` does not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// Whether it was made.
    pub success: bool,
    /// Why not.
    pub err_msg: String,
    /// What opens `link_url`.
    pub token: String,
    /// Where its tools are called without this API.
    pub link_url: String,
    /// Where its agents stream.
    pub ws_url: String,
    /// The tools that `link_url` has, as JSON text.
    pub tool_list: String,
    /// Of a session in a private network: its port.
    pub http_port: String,
    /// Of a session in a private network: its address.
    pub network_interface_ip: String,
    /// Whether it is in one.
    pub vpc_resource: bool,
    /// The contexts that it was given. The one lower-case name of the wire.
    #[serde(rename = "contexts", skip_serializing_if = "Option::is_none")]
    pub contexts: Option<Vec<ContextName>>,
}

/// A context of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextName {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What `GetSessionDetail` tells; clients look at `status` only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SessionDetail {
    /// The session's id.
    pub id: String,
    /// As in [`Session::status`].
    pub status: String,
    /// The image that was asked for.
    pub image_id: String,
    /// The machine that it runs on.
    pub app_instance_id: String,
    /// The region that was named.
    pub region_id: String,
    /// Why it ended.
    pub end_reason: String,
    /// 1 when it was deleted.
    pub is_deleted: u8,
}

/// One row of `ListSession`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionItem {
    /// The session's id.
    pub session_id: String,
    /// As in [`Session::status`].
    pub session_status: String,
    /// The machine that it runs on.
    pub app_instance_id: String,
    /// The image that was asked for.
    pub image_id: String,
}

/// What `GetLabel` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Labels {
    /// An object of texts, as JSON text.
    pub labels: String,
}

/// What `GetMcpResource` gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Resource {
    /// The session's id.
    pub session_id: String,
    /// Where a person watches it.
    pub resource_url: String,
    /// What a desktop client needs.
    pub desktop_info: DesktopInfo,
}

/// What a desktop client needs to connect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DesktopInfo {
    /// The application.
    pub app_id: String,
    /// A code that opens it.
    pub auth_code: String,
    /// An object, as JSON text.
    pub connection_properties: String,
    /// The resource.
    pub resource_id: String,
    /// What kind of resource it is.
    pub resource_type: String,
    /// A ticket for the connection.
    pub ticket: String,
}

/// What `GetLink` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Link {
    /// The address.
    pub url: String,
}

/// One tool of `ListMcpTools`, whose data is an array of these as JSON text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool<V> {
    /// What it is called by.
    pub name: String,
    /// What it does, for people and models.
    pub description: String,
    /// A JSON Schema of its arguments.
    pub input_schema: V,
    /// Who serves it.
    pub server: String,
    /// Its name on that server.
    pub tool: String,
}

/// What `CallMcpTool` gives, as the Model Context Protocol has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolResult {
    /// Clients read the first item.
    pub content: Vec<Content>,
    /// Whether the tool failed; the text says why.
    pub is_error: bool,
}

/// One item of a [`ToolResult`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// `text`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text.
    pub text: String,
}

/// The text of a tool that starts or ends a task, as JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskNamed {
    /// The task's id.
    pub task_id: String,
    /// How it stands.
    pub status: String,
}

/// The text of a tool that tells how a task stands, as JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskStatus {
    /// The task's id.
    pub task_id: String,
    /// `running`, and at the end `finished` (`completed` for the tools of phones), `failed` or `unsupported`.
    pub status: String,
    /// The step that it takes, or took last.
    pub action: String,
    /// What came of it: the result as text, or why there is none.
    pub product: String,
    /// Why it failed; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

/// What `GetContext` and `ListContexts` give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Context {
    /// Its id.
    pub id: String,
    /// Its name, which no other has.
    pub name: String,
    /// `available`.
    pub state: String,
    /// The system that it belongs to.
    pub os_type: String,
    /// RFC 3339, UTC.
    pub create_time: String,
    /// RFC 3339, UTC.
    pub last_used_time: String,
}

/// What `GetContextInfo` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContextInfo {
    /// Transfers, as JSON text; empty when there are none to wait for.
    pub context_status: String,
}

/// What `InitBrowser` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Browser {
    /// The port of the browser's endpoint.
    pub port: u16,
}
