//! Tasks: what they are, how they stand, and the questions about them. How they change is in `transitions`.

use std::collections::BTreeMap;
use std::fmt;

use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::executions::NewExecution;
use super::{Store, StoreError, prune};
use crate::agent::Step;
use crate::browser::CookieSpec;

/// What a task is asked to do; stored as JSON, so new members need a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRequest {
    /// The instruction.
    pub prompt: String,
    /// The page to open first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Steps that may be taken at most.
    pub max_steps: u32,
    /// A JSON Schema for the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Value>,
    /// The agent that was asked for by name, whichever it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// A task that is to be accepted.
pub struct NewTask {
    /// Its id, unique for ever.
    pub id: String,
    /// What to do.
    pub request: TaskRequest,
    /// Secret values by name.
    pub secrets: BTreeMap<String, String>,
    /// The session whose page it runs in; an isolated context of its own when absent.
    pub session: Option<String>,
    /// The client's key, so that sending it again starts nothing.
    pub key: Option<IdempotencyKey>,
    /// What it has more when it is an execution of a stored agent.
    pub execution: Option<NewExecution>,
}

/// A key that a client chose, and what came with it.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// The key.
    pub key: String,
    /// A digest of everything that came with it.
    pub fingerprint: String,
}

/// What became of a [`NewTask`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// It is stored and will run.
    New,
    /// This task has the same key and the same request; nothing was stored.
    Known(String),
    /// The key belongs to another request.
    KeyTaken,
    /// So many tasks wait already.
    Full,
    /// There is no such session, or it ended.
    SessionEnded,
    /// There is no staged file of this id, or it expired, or another execution has it.
    NoSuchFile(String),
}

/// A task that is to be run now.
pub struct Claimed {
    /// Its id.
    pub id: String,
    /// What to do.
    pub request: TaskRequest,
    /// Secret values by name.
    pub secrets: BTreeMap<String, String>,
    /// The session whose page it runs in.
    pub session: Option<String>,
    /// What it has more when it is an execution.
    pub execution: Option<ClaimedExecution>,
}

/// What the work on an execution needs beside the task.
#[derive(Default)]
pub struct ClaimedExecution {
    /// Values for the places of the prompt and of the address: a JSON object.
    pub inputs: Value,
    /// Cookies that its pages have from the start.
    pub cookies: Vec<CookieSpec>,
    /// Messages that came before it began.
    pub messages: Vec<String>,
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claimed")
            .field("id", &self.id)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// How a task stands.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskState {
    /// Accepted.
    Queued,
    /// Being carried out.
    Running,
    /// Stopped on request until it is told to go on. A step that was under way is still brought to its end.
    Paused,
    /// The agent waits for the answer to this question.
    Asking(String),
    /// Ended with a result.
    Succeeded(Value),
    /// Ended without one; the sentence says why.
    Failed(String),
    /// Ended before its time.
    Cancelled(Cancelled),
}

/// Why a task was cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    /// A word for it.
    pub reason: CancelReason,
    /// A sentence.
    pub sentence: String,
}

/// A word for why a task was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// Somebody said so.
    UserRequested,
    /// It took too long.
    Timeout,
    /// It took as many steps as it may.
    MaxSteps,
}

impl CancelReason {
    /// As it is stored, and as wires spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserRequested => "user_requested",
            Self::Timeout => "timeout",
            Self::MaxSteps => "max_steps",
        }
    }

    fn read(word: &str) -> Self {
        let all = [Self::UserRequested, Self::Timeout, Self::MaxSteps];
        all.into_iter().find(|reason| reason.as_str() == word).unwrap_or(Self::UserRequested)
    }
}

impl TaskState {
    /// Whether it stays so.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Succeeded(_) | Self::Failed(_) | Self::Cancelled(_))
    }
}

/// A task as it can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskView {
    /// How it stands.
    pub state: TaskState,
    /// The session whose page it runs in.
    pub session: Option<String>,
    /// When it was accepted, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// What the agent did, in order.
    pub steps: Vec<Step>,
}

/// How many tasks wait and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Accepted and not begun.
    pub queued: u64,
    /// Being carried out, those on hold included.
    pub running: u64,
}

impl Store {
    /// How a task stands; `None` when there is none of that id.
    pub async fn task_state(&self, id: &str) -> Result<Option<TaskState>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| state_of(connection, &id)).await
    }

    /// A task with its steps; `None` when there is none of that id.
    pub async fn task(&self, id: &str) -> Result<Option<TaskView>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| view(connection, &id)).await
    }

    /// How many tasks wait and run.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        self.call(|connection| {
            let mut statement = connection.prepare_cached("SELECT count(*) FROM tasks WHERE state = ?1")?;
            let mut count =
                |state: &str| statement.query_row([state], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
            Ok(Counts { queued: count("queued")?, running: count("running")? })
        })
        .await
    }

    /// Forgets tasks that ended before `before_ms`, and the oldest beyond `keep`, with their files; says how many.
    pub async fn prune_tasks(&self, before_ms: i64, keep: u64) -> Result<usize, StoreError> {
        let folders = self.folders.clone();
        self.call(move |connection| {
            let pruned = prune(connection, "tasks", "ended_ms", before_ms, keep)?;
            if pruned > 0 {
                folders.sweep(connection)?;
            }
            Ok(pruned)
        })
        .await
    }
}

pub(super) fn state_of(connection: &Connection, id: &str) -> Result<Option<TaskState>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT state, result, error, hold, question, cancel_reason FROM tasks WHERE id = ?1",
    )?;
    let row = statement.query_row([id], |row| Ok(state(row))).optional()?;
    row.transpose()
}

/// The state of a row that has the columns of [`state_of`].
pub(super) fn state(row: &Row<'_>) -> Result<TaskState, StoreError> {
    let text = |column: &str| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
    Ok(match text("state")?.as_str() {
        "queued" => TaskState::Queued,
        "running" => match text("hold")?.as_str() {
            "paused" => TaskState::Paused,
            "asking" => TaskState::Asking(text("question")?),
            _ => TaskState::Running,
        },
        "succeeded" => TaskState::Succeeded(serde_json::from_str(&text("result")?)?),
        "cancelled" => TaskState::Cancelled(Cancelled {
            reason: CancelReason::read(&text("cancel_reason")?),
            sentence: text("error")?,
        }),
        _ => TaskState::Failed(text("error")?),
    })
}

fn view(connection: &Connection, id: &str) -> Result<Option<TaskView>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, session_id, state, result, error, hold, question, cancel_reason, created_ms, ended_ms
         FROM tasks WHERE id = ?1",
    )?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let seq: i64 = row.get("seq")?;
    let mut steps = connection.prepare_cached(
        "SELECT number, action, detail, duration_ms, error FROM steps WHERE task_seq = ?1 ORDER BY number",
    )?;
    let steps = steps.query_map([seq], |row| {
        Ok(Step {
            number: row.get(0)?,
            action: row.get(1)?,
            detail: row.get(2)?,
            duration_ms: row.get::<_, i64>(3)?.unsigned_abs(),
            error: row.get(4)?,
        })
    })?;
    Ok(Some(TaskView {
        state: state(row)?,
        session: row.get("session_id")?,
        created_ms: row.get("created_ms")?,
        ended_ms: row.get("ended_ms")?,
        steps: steps.collect::<Result<_, _>>()?,
    }))
}
