//! Tasks: accepted, claimed one by one in the order of arrival, ended, forgotten.

use std::collections::BTreeMap;
use std::fmt;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Store, StoreError};
use crate::agent::Step;
use crate::clock::now_ms;

/// Said of a task that was running when its server died.
const INTERRUPTED: &str =
    "The server stopped while this task was running. It may have acted on the page before.";
/// Said of a task that was waiting for a session when the server died.
const SESSION_LOST: &str =
    "The server stopped before this task ran, and the session of the task ended with it.";

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
    /// Ended with a result.
    Succeeded(Value),
    /// Ended without one; the sentence says why.
    Failed(String),
}

impl TaskState {
    /// Whether it stays so.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Succeeded(_) | Self::Failed(_))
    }
}

/// A task as it can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskView {
    /// How it stands.
    pub state: TaskState,
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
    /// Being carried out.
    pub running: u64,
}

impl Store {
    /// Stores a task, unless its key is known, `queue_limit` tasks wait, or its session is not open.
    /// A stored task is on disk when this returns.
    pub async fn accept(&self, task: NewTask, queue_limit: u64) -> Result<Acceptance, StoreError> {
        self.call(move |connection| accept(connection, &task, queue_limit)).await
    }

    /// The next task in the order of arrival, marked as running. Tasks of a session that has one running are
    /// passed over until it ended.
    pub async fn claim(&self) -> Result<Option<Claimed>, StoreError> {
        self.call(|connection| claim(connection)).await
    }

    /// Ends a running task. `false` when it was not running, and then nothing changes.
    pub async fn end_task(&self, id: &str, end: Result<Value, String>) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| end_task(connection, &id, &end)).await
    }

    /// Fails the tasks that wait for a session, and says which they were.
    pub async fn fail_queued_of(&self, session: &str, error: &str) -> Result<Vec<String>, StoreError> {
        let (session, error) = (session.to_owned(), error.to_owned());
        self.call(move |connection| {
            let failed = {
                let mut statement = connection.prepare_cached(
                    "UPDATE tasks SET state = 'failed', error = ?2, secrets = NULL, ended_ms = ?3
                     WHERE session_id = ?1 AND state = 'queued' RETURNING id",
                )?;
                let rows = statement.query_map(params![session, error, now_ms()], |row| row.get(0))?;
                rows.collect::<Result<Vec<String>, _>>()?
            };
            forget_erased(connection)?;
            Ok(failed)
        })
        .await
    }

    /// Adds steps to a task.
    pub async fn add_steps(&self, id: &str, steps: Vec<Step>) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            {
                // OR REPLACE: an agent that counts a step twice loses a line, not the task.
                let mut statement = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO steps (task_seq, number, action, detail, duration_ms, error)
                     SELECT seq, ?2, ?3, ?4, ?5, ?6 FROM tasks WHERE id = ?1",
                )?;
                for step in &steps {
                    let duration = i64::try_from(step.duration_ms).unwrap_or(i64::MAX);
                    statement.execute(params![
                        id,
                        step.number,
                        step.action,
                        step.detail,
                        duration,
                        step.error
                    ])?;
                }
            }
            transaction.commit()?;
            Ok(())
        })
        .await
    }

    /// How a task stands; `None` when there is none of that id.
    pub async fn task_state(&self, id: &str) -> Result<Option<TaskState>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT state, result, error FROM tasks WHERE id = ?1")?;
            let row = statement.query_row([&id], |row| Ok(state(row))).optional()?;
            row.transpose()
        })
        .await
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

    /// Forgets tasks that ended before `before_ms`, and the oldest beyond `keep`; says how many.
    pub async fn prune_tasks(&self, before_ms: i64, keep: u64) -> Result<usize, StoreError> {
        let keep = i64::try_from(keep).unwrap_or(i64::MAX);
        self.call(move |connection| {
            let old = connection.execute("DELETE FROM tasks WHERE ended_ms < ?1", [before_ms])?;
            let many = connection.execute(
                "DELETE FROM tasks WHERE seq IN (
                     SELECT seq FROM tasks WHERE ended_ms IS NOT NULL ORDER BY ended_ms DESC, seq DESC LIMIT -1 OFFSET ?1
                 )",
                [keep],
            )?;
            Ok(old.saturating_add(many))
        })
        .await
    }
}

/// Ends what a dead server left running or waiting for its sessions. Other queued tasks will run.
pub(super) fn end_interrupted(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    for (state, condition, error) in
        [("running", "TRUE", INTERRUPTED), ("queued", "session_id IS NOT NULL", SESSION_LOST)]
    {
        transaction.execute(
            &format!(
                "UPDATE tasks SET state = 'failed', error = ?2, secrets = NULL, ended_ms = ?3
                 WHERE state = ?1 AND {condition}"
            ),
            params![state, error, now_ms()],
        )?;
    }
    transaction.commit()?;
    forget_erased(connection)
}

fn accept(connection: &mut Connection, task: &NewTask, queue_limit: u64) -> Result<Acceptance, StoreError> {
    let transaction = connection.transaction()?;
    if let Some(key) = &task.key {
        let known: Option<(String, String)> = transaction
            .prepare_cached("SELECT id, fingerprint FROM tasks WHERE idempotency_key = ?1")?
            .query_row([&key.key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((id, fingerprint)) = known {
            let same = fingerprint == key.fingerprint;
            return Ok(if same { Acceptance::Known(id) } else { Acceptance::KeyTaken });
        }
    }
    if let Some(session) = &task.session {
        let open = transaction
            .prepare_cached("SELECT 1 FROM sessions WHERE id = ?1 AND ended_ms IS NULL")?
            .exists([session])?;
        if !open {
            return Ok(Acceptance::SessionEnded);
        }
    }
    let queued: i64 = transaction
        .prepare_cached("SELECT count(*) FROM tasks WHERE state = 'queued'")?
        .query_row([], |row| row.get(0))?;
    if queued.unsigned_abs() >= queue_limit {
        return Ok(Acceptance::Full);
    }
    let secrets = if task.secrets.is_empty() { None } else { Some(serde_json::to_string(&task.secrets)?) };
    transaction
        .prepare_cached(
            "INSERT INTO tasks (id, state, request, secrets, session_id, idempotency_key, fingerprint, created_ms)
             VALUES (?1, 'queued', ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            task.id,
            serde_json::to_string(&task.request)?,
            secrets,
            task.session,
            task.key.as_ref().map(|key| &key.key),
            task.key.as_ref().map(|key| &key.fingerprint),
            now_ms(),
        ])?;
    transaction.commit()?;
    Ok(Acceptance::New)
}

fn claim(connection: &Connection) -> Result<Option<Claimed>, StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE tasks SET state = 'running', started_ms = ?1
         WHERE seq = (
             SELECT seq FROM tasks AS next
             WHERE state = 'queued' AND (session_id IS NULL OR NOT EXISTS (
                 SELECT 1 FROM tasks AS other WHERE other.session_id = next.session_id AND other.state = 'running'
             ))
             ORDER BY seq LIMIT 1
         )
         RETURNING id, request, secrets, session_id",
    )?;
    let mut rows = statement.query([now_ms()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let secrets: Option<String> = row.get(2)?;
    let claimed = Claimed {
        id: row.get(0)?,
        request: serde_json::from_str(&row.get::<_, String>(1)?)?,
        secrets: secrets.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default(),
        session: row.get(3)?,
    };
    // An update that returns rows is done only when it was read to its end.
    while rows.next()?.is_some() {}
    Ok(Some(claimed))
}

fn end_task(connection: &Connection, id: &str, end: &Result<Value, String>) -> Result<bool, StoreError> {
    let (state, result, error) = match end {
        Ok(value) => ("succeeded", Some(serde_json::to_string(value)?), None),
        Err(error) => ("failed", None, Some(error)),
    };
    let had_secrets = connection
        .prepare_cached("SELECT 1 FROM tasks WHERE id = ?1 AND secrets IS NOT NULL")?
        .exists([id])?;
    let changed = connection
        .prepare_cached(
            "UPDATE tasks SET state = ?2, result = ?3, error = ?4, secrets = NULL, ended_ms = ?5
             WHERE id = ?1 AND state = 'running'",
        )?
        .execute(params![id, state, result, error, now_ms()])?;
    if had_secrets {
        forget_erased(connection)?;
    }
    Ok(changed > 0)
}

/// Moves the journal into the database and empties it: until then it still holds what was erased.
fn forget_erased(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

fn state(row: &Row<'_>) -> Result<TaskState, StoreError> {
    let word: String = row.get("state")?;
    Ok(match word.as_str() {
        "queued" => TaskState::Queued,
        "running" => TaskState::Running,
        "succeeded" => TaskState::Succeeded(serde_json::from_str(&row.get::<_, String>("result")?)?),
        _ => TaskState::Failed(row.get::<_, Option<String>>("error")?.unwrap_or_default()),
    })
}

fn view(connection: &Connection, id: &str) -> Result<Option<TaskView>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT seq, state, result, error, created_ms, ended_ms FROM tasks WHERE id = ?1")?;
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
        created_ms: row.get("created_ms")?,
        ended_ms: row.get("ended_ms")?,
        steps: steps.collect::<Result<_, _>>()?,
    }))
}
