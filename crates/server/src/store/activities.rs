//! What happened in an execution, in order: written once, never changed, read by whoever follows it.
//!
//! The kinds and the members of their bodies are those of the one wire that shows them; `file_added` lacks the
//! address of the file, which only the wire knows.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Store, StoreError};
use crate::agent::Step;
use crate::clock::now_ms;

/// The author of messages: a local server knows no users.
const LOCAL_USER: Uuid = Uuid::nil();

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// Its id, unique for ever.
    pub id: String,
    /// When it happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// `status_changed`, `action_started` and so on.
    pub kind: String,
    /// The members of that kind.
    pub body: Value,
}

impl Store {
    /// What happened in an execution; `None` when there is none of that id. A limit counts from the side that
    /// the order begins with.
    pub async fn activities(
        &self,
        id: &str,
        newest_first: bool,
        limit: Option<u32>,
    ) -> Result<Option<Vec<Activity>>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let Some(seq) = seq_of(connection, &id)? else { return Ok(None) };
            let order = if newest_first { "DESC" } else { "ASC" };
            let mut statement = connection.prepare_cached(&format!(
                "SELECT id, at_ms, kind, body FROM activities WHERE task_seq = ?1 ORDER BY seq {order} LIMIT ?2"
            ))?;
            let mut rows = statement.query(params![seq, limit.map_or(-1, i64::from)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(Activity {
                    id: row.get(0)?,
                    at_ms: row.get(1)?,
                    kind: row.get(2)?,
                    body: serde_json::from_str(&row.get::<_, String>(3)?)?,
                });
            }
            Ok(Some(found))
        })
        .await
    }
}

/// The number of an execution; `None` for a task that is none, because only executions have activities.
pub(super) fn seq_of(connection: &Connection, id: &str) -> Result<Option<i64>, StoreError> {
    let seq = connection
        .prepare_cached(
            "SELECT task_seq FROM executions JOIN tasks ON tasks.seq = executions.task_seq WHERE tasks.id = ?1",
        )?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(seq)
}

/// Adds one. Nothing is added to a task that is no execution, or that ended: its end is the last that happens.
pub(super) fn add(connection: &Connection, id: &str, event: &Event<'_>) -> Result<(), StoreError> {
    let (kind, body) = event.written();
    connection
        .prepare_cached(
            "INSERT INTO activities (id, task_seq, at_ms, kind, body)
             SELECT ?2, task_seq, ?3, ?4, ?5 FROM executions JOIN tasks ON tasks.seq = task_seq
             WHERE tasks.id = ?1 AND (
                 SELECT kind FROM activities AS last WHERE last.task_seq = executions.task_seq ORDER BY last.seq DESC LIMIT 1
             ) IS NOT 'terminal'",
        )?
        .execute(params![id, Uuid::new_v4().to_string(), now_ms(), kind, body.to_string()])?;
    Ok(())
}

/// Adds the two that every end has.
pub(super) fn add_end(connection: &Connection, id: &str, end: &Event<'_>) -> Result<(), StoreError> {
    add(connection, id, end)?;
    let (reason, message) = match end {
        Event::Failed(reason) => ("error", *reason),
        Event::Cancelled(_) => ("complete", "The execution was cancelled."),
        _ => ("complete", "The execution was completed."),
    };
    add(connection, id, &Event::Terminal { reason, message })
}

/// What can happen.
pub(super) enum Event<'a> {
    Starting,
    Running,
    Paused,
    /// The agent asks.
    Asking(&'a str),
    Completed {
        result: &'a Value,
        reasoning: &'a str,
    },
    Failed(&'a str),
    Cancelled(&'a str),
    Terminal {
        reason: &'a str,
        message: &'a str,
    },
    StepStarted(u32),
    ActionStarted {
        number: u32,
        action: &'a str,
        detail: &'a str,
    },
    ActionEnded(&'a Step),
    StepCompleted(u32),
    Message(&'a str),
    FileAdded {
        id: &'a str,
        name: &'a str,
        mime: &'a str,
        size: u64,
        source: &'a str,
    },
}

impl Event<'_> {
    fn written(&self) -> (&'static str, Value) {
        let status = |status: &str| ("status_changed", json!({ "status": status }));
        let because = |status: &str, member: &str, payload: Value| {
            ("status_changed", json!({ "status": status, member: payload }))
        };
        match self {
            Self::Starting => status("starting"),
            Self::Running => status("running"),
            Self::Paused => because("paused", "pausedPayload", json!({ "reason": "Paused on request." })),
            Self::Asking(question) => {
                because("paused_by_agent", "pausedPayload", json!({ "reason": question }))
            }
            Self::Completed { result, reasoning } => {
                let payload = json!({ "outcome": "success", "reasoning": reasoning, "result": result });
                because("completed", "completedPayload", payload)
            }
            Self::Failed(reason) => because("failed", "failedPayload", json!({ "reason": reason })),
            Self::Cancelled(reason) => because("cancelled", "cancelledPayload", json!({ "reason": reason })),
            Self::Terminal { reason, message } => {
                ("terminal", json!({ "reason": reason, "message": message }))
            }
            Self::StepStarted(number) => ("step_started", json!({ "stepNumber": number })),
            Self::StepCompleted(number) => ("step_completed", json!({ "stepNumber": number })),
            Self::ActionStarted { number, action, detail } => {
                let body = json!({
                    "message": message(action, detail),
                    "actionName": action_name(action),
                    "actionId": action_id(*number, action),
                });
                ("action_started", body)
            }
            Self::ActionEnded(step) => {
                let (kind, message) = match &step.error {
                    None => ("action_completed", message(&step.action, &step.detail)),
                    Some(error) => ("action_failed", error.clone()),
                };
                let body = json!({
                    "message": message,
                    "actionName": action_name(&step.action),
                    "actionId": action_id(step.number, &step.action),
                    "duration": step.duration_ms,
                });
                (kind, body)
            }
            Self::Message(text) => {
                ("user_message_received", json!({ "message": text, "userUUID": LOCAL_USER.to_string() }))
            }
            Self::FileAdded { id, name, mime, size, source } => {
                let body = json!({
                    "fileId": id, "fileName": name, "mimeType": mime, "fileSize": size, "source": source,
                });
                ("file_added", body)
            }
        }
    }
}

/// What a person reads of an action. A question is said as it is: some clients show just that.
fn message(action: &str, detail: &str) -> String {
    if action == "ask" { detail.to_owned() } else { format!("{action} {detail}") }
}

/// The same for the beginning and the end of one action.
fn action_id(number: u32, action: &str) -> String {
    format!("action-{number}-{action}")
}

/// An action of an agent as one of the names that every client knows; they refuse others.
fn action_name(action: &str) -> &'static str {
    match action {
        "open" => "nav_to",
        "back" => "nav_back",
        "reload" => "nav_refresh",
        "wait" => "element_wait",
        "scroll" => "coord_scroll",
        "click" | "submit" | "check" | "uncheck" => "element_click",
        "fill" => "element_type",
        "select" => "element_select",
        "press" => "browser_press_key",
        "screenshot" => "obs_screenshot",
        "extract" => "element_get_text",
        "upload" => "element_file_upload",
        "ask" => "util_send_user_message",
        _ => "script_eval",
    }
}
