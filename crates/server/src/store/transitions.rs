//! How tasks change: accepted, claimed one by one in the order of arrival, held and let go on, ended.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;

use super::activities::{self, Event};
use super::executions;
use super::tasks::{Acceptance, CancelReason, Claimed, NewTask, TaskState, state_of};
use super::{Store, StoreError};
use crate::agent::{Progress, Step};
use crate::clock::now_ms;
use crate::vault::Vault;

/// Said of a task that was running when its server died.
const INTERRUPTED: &str =
    "The server stopped while this task was running. It may have acted on the page before.";
/// Said of a task that was waiting for a session when the server died.
const SESSION_LOST: &str =
    "The server stopped before this task ran, and the session of the task ended with it.";
/// Said of a task whose secrets do not open any more.
const UNREADABLE: &str = "The secrets of this task do not open with the key of this server, which was replaced before the task ran.";

impl Store {
    /// Stores a task, unless its key is known, `queue_limit` tasks wait, its session is not open or one of its files
    /// is not there. A stored task is on disk when this returns.
    pub async fn accept(&self, task: NewTask, queue_limit: u64) -> Result<Acceptance, StoreError> {
        let vault = self.vault.clone();
        self.call(move |connection| accept(connection, &vault, &task, queue_limit)).await
    }

    /// The next task in the order of arrival, marked as running. Tasks of a session that has one running are
    /// passed over until it ended, those of a held one until it goes on.
    pub async fn claim(&self) -> Result<Option<Claimed>, StoreError> {
        let vault = self.vault.clone();
        self.call(move |connection| claim(connection, &vault)).await
    }

    /// Ends a running task. `false` when it was not running, and then nothing changes.
    pub async fn end_task(&self, id: &str, end: Result<Value, String>) -> Result<bool, StoreError> {
        let id = id.to_owned();
        let end = match end {
            Ok(value) => End::Succeeded(value),
            Err(error) => End::Failed(error),
        };
        self.call(move |connection| end_in(connection, &id, &end, &["running"])).await
    }

    /// Ends a task that has not ended yet as cancelled. `false` when it had ended, and then nothing changes.
    pub async fn cancel_task(
        &self,
        id: &str,
        reason: CancelReason,
        sentence: &str,
    ) -> Result<bool, StoreError> {
        let (id, end) = (id.to_owned(), End::Cancelled(reason, sentence.to_owned()));
        self.call(move |connection| end_in(connection, &id, &end, &["queued", "running"])).await
    }

    /// Puts a running task on hold on request. `false` when it was not running, or on hold already.
    pub async fn pause_task(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| hold(connection, &id, "paused", None)).await
    }

    /// Puts a running task on hold until a question is answered. `false` when it was not running, or on hold already.
    pub async fn ask_in_task(&self, id: &str, question: &str) -> Result<bool, StoreError> {
        let (id, question) = (id.to_owned(), question.to_owned());
        self.call(move |connection| hold(connection, &id, "asking", Some(&question))).await
    }

    /// Lets a paused task go on. `false` when it was not paused.
    pub async fn resume_task(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let changed = release(&transaction, &id, "paused")?;
            transaction.commit()?;
            Ok(changed)
        })
        .await
    }

    /// Records a message to a task that has not ended, and lets the task go on if it asks. The state that it had
    /// before; `None` when there is none of that id.
    pub async fn add_message(&self, id: &str, text: &str) -> Result<Option<TaskState>, StoreError> {
        let (id, text) = (id.to_owned(), text.to_owned());
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let state = state_of(&transaction, &id)?;
            if state.as_ref().is_some_and(|state| !state.is_terminal()) {
                activities::add(&transaction, &id, &Event::Message(&text))?;
                release(&transaction, &id, "asking")?;
                transaction.commit()?;
            }
            Ok(state)
        })
        .await
    }

    /// Ends the asking of a task whose agent has its answer.
    pub async fn end_asking(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let changed = release(&transaction, &id, "asking")?;
            transaction.commit()?;
            Ok(changed)
        })
        .await
    }

    /// Fails the tasks that wait for a session, and says which they were.
    pub async fn fail_queued_of(&self, session: &str, error: &str) -> Result<Vec<String>, StoreError> {
        let (session, error) = (session.to_owned(), error.to_owned());
        self.call(move |connection| {
            let failed = {
                let mut statement = connection.prepare_cached(
                    "UPDATE tasks SET state = 'failed', error = ?2, secrets = NULL, ended_ms = ?3, updated_ms = ?3
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

    /// Records what the agent of a task did.
    pub async fn add_progress(&self, id: &str, progress: Vec<Progress>) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            for progress in &progress {
                match progress {
                    Progress::Began { number, action, detail } => {
                        if *number > 0 {
                            activities::add(&transaction, &id, &Event::StepStarted(*number))?;
                        }
                        let event = Event::ActionStarted { number: *number, action, detail };
                        activities::add(&transaction, &id, &event)?;
                    }
                    Progress::Ended(step) => {
                        activities::add(&transaction, &id, &Event::ActionEnded(step))?;
                        if step.number > 0 {
                            add_step(&transaction, &id, step)?;
                            activities::add(&transaction, &id, &Event::StepCompleted(step.number))?;
                        }
                    }
                }
            }
            transaction.commit()?;
            Ok(())
        })
        .await
    }
}

/// Ends what a dead server left running or waiting for its sessions. Other queued tasks will run.
pub(super) fn end_interrupted(connection: &mut Connection) -> Result<(), StoreError> {
    for (state, condition, error) in
        [("running", "TRUE", INTERRUPTED), ("queued", "session_id IS NOT NULL", SESSION_LOST)]
    {
        let ids = {
            let sql = format!("SELECT id FROM tasks WHERE state = ?1 AND {condition}");
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map([state], |row| row.get(0))?;
            rows.collect::<Result<Vec<String>, _>>()?
        };
        let transaction = connection.transaction()?;
        for id in ids {
            end(&transaction, &id, &End::Failed(error.to_owned()), &[state])?;
        }
        transaction.commit()?;
    }
    forget_erased(connection)
}

/// Ends the tasks that wait with secrets which this vault does not open: its key was replaced. They would stand in the
/// way of all others.
pub(super) fn end_unreadable(connection: &mut Connection, vault: &Vault) -> Result<(), StoreError> {
    let waiting = {
        let mut statement = connection.prepare(
            "SELECT id, secrets, cookies FROM tasks LEFT JOIN executions ON task_seq = seq
             WHERE state = 'queued' AND (secrets IS NOT NULL OR cookies IS NOT NULL)",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?])))?;
        rows.collect::<Result<Vec<(String, [Option<String>; 2])>, _>>()?
    };
    for (id, sealed) in waiting {
        if sealed.iter().flatten().any(|sealed| vault.unseal_text(&id, sealed).is_err()) {
            end_in(connection, &id, &End::Failed(UNREADABLE.to_owned()), &["queued"])?;
        }
    }
    Ok(())
}

/// How a task ends.
enum End {
    Succeeded(Value),
    Failed(String),
    Cancelled(CancelReason, String),
}

fn accept(
    connection: &mut Connection,
    vault: &Vault,
    task: &NewTask,
    queue_limit: u64,
) -> Result<Acceptance, StoreError> {
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
    let secrets = if task.secrets.is_empty() {
        None
    } else {
        Some(vault.seal_text(&task.id, &serde_json::to_string(&task.secrets)?)?)
    };
    let now = now_ms();
    transaction
        .prepare_cached(
            "INSERT INTO tasks (id, state, request, secrets, session_id, idempotency_key, fingerprint, created_ms, updated_ms)
             VALUES (?1, 'queued', ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        )?
        .execute(params![
            task.id,
            serde_json::to_string(&task.request)?,
            secrets,
            task.session,
            task.key.as_ref().map(|key| &key.key),
            task.key.as_ref().map(|key| &key.fingerprint),
            now,
        ])?;
    if let Some(execution) = &task.execution {
        let missing =
            executions::insert(&transaction, vault, transaction.last_insert_rowid(), &task.id, execution)?;
        if let Some(file) = missing {
            // Dropping the transaction takes the task back.
            return Ok(Acceptance::NoSuchFile(file));
        }
    }
    transaction.commit()?;
    Ok(Acceptance::New)
}

fn claim(connection: &mut Connection, vault: &Vault) -> Result<Option<Claimed>, StoreError> {
    let transaction = connection.transaction()?;
    let claimed = {
        let mut statement = transaction.prepare_cached(
            "UPDATE tasks SET state = 'running', started_ms = ?1, updated_ms = ?1
             WHERE seq = (
                 SELECT seq FROM tasks AS next
                 WHERE state = 'queued' AND (session_id IS NULL OR NOT EXISTS (
                     SELECT 1 FROM tasks AS other WHERE other.session_id = next.session_id AND other.state = 'running'
                 ) AND NOT EXISTS (
                     SELECT 1 FROM sessions WHERE sessions.id = next.session_id AND held = 1
                 ))
                 ORDER BY seq LIMIT 1
             )
             RETURNING id, request, secrets, session_id, seq",
        )?;
        let mut rows = statement.query([now_ms()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let secrets: Option<String> = row.get(2)?;
        let (id, seq): (String, i64) = (row.get(0)?, row.get(4)?);
        let secrets = secrets.map(|sealed| vault.unseal_text(&id, &sealed)).transpose()?;
        let claimed = Claimed {
            id,
            request: serde_json::from_str(&row.get::<_, String>(1)?)?,
            secrets: secrets.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default(),
            session: row.get(3)?,
            execution: None,
        };
        // An update that returns rows is done only when it was read to its end.
        while rows.next()?.is_some() {}
        let execution = executions::claimed(&transaction, vault, &claimed.id, seq)?;
        Claimed { execution, ..claimed }
    };
    if claimed.execution.is_some() {
        activities::add(&transaction, &claimed.id, &Event::Running)?;
    }
    transaction.commit()?;
    Ok(Some(claimed))
}

fn hold(
    connection: &mut Connection,
    id: &str,
    hold: &str,
    question: Option<&str>,
) -> Result<bool, StoreError> {
    let transaction = connection.transaction()?;
    let changed = transaction
        .prepare_cached(
            "UPDATE tasks SET hold = ?2, question = ?3, updated_ms = ?4
             WHERE id = ?1 AND state = 'running' AND hold IS NULL",
        )?
        .execute(params![id, hold, question, now_ms()])?;
    if changed > 0 {
        activities::add(&transaction, id, &question.map_or(Event::Paused, Event::Asking))?;
    }
    transaction.commit()?;
    Ok(changed > 0)
}

fn release(connection: &Connection, id: &str, hold: &str) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE tasks SET hold = NULL, question = NULL, updated_ms = ?3
             WHERE id = ?1 AND state = 'running' AND hold = ?2",
        )?
        .execute(params![id, hold, now_ms()])?;
    if changed > 0 {
        activities::add(connection, id, &Event::Running)?;
    }
    Ok(changed > 0)
}

fn end_in(connection: &mut Connection, id: &str, how: &End, from: &[&str]) -> Result<bool, StoreError> {
    let had_secrets = connection
        .prepare_cached(
            "SELECT 1 FROM tasks LEFT JOIN executions ON task_seq = seq
             WHERE id = ?1 AND (secrets IS NOT NULL OR cookies IS NOT NULL)",
        )?
        .exists([id])?;
    let transaction = connection.transaction()?;
    let changed = end(&transaction, id, how, from)?;
    transaction.commit()?;
    if had_secrets {
        forget_erased(connection)?;
    }
    Ok(changed)
}

fn end(connection: &Connection, id: &str, end: &End, from: &[&str]) -> Result<bool, StoreError> {
    let (state, result, error, reason) = match end {
        End::Succeeded(value) => ("succeeded", Some(serde_json::to_string(value)?), None, None),
        End::Failed(error) => ("failed", None, Some(error), None),
        End::Cancelled(reason, sentence) => ("cancelled", None, Some(sentence), Some(reason.as_str())),
    };
    let (one, other) = (from.first().copied(), from.get(1).copied());
    let changed = connection
        .prepare_cached(
            "UPDATE tasks SET state = ?2, result = ?3, error = ?4, cancel_reason = ?5, secrets = NULL,
                 hold = NULL, question = NULL, ended_ms = ?6, updated_ms = ?6
             WHERE id = ?1 AND state IN (?7, ?8)",
        )?
        .execute(params![id, state, result, error, reason, now_ms(), one, other])?;
    if changed == 0 {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "UPDATE executions SET cookies = NULL WHERE task_seq = (SELECT seq FROM tasks WHERE id = ?1)",
        )?
        .execute([id])?;
    let reasoning = executions::reasoning(connection, id)?;
    let event = match end {
        End::Succeeded(result) => Event::Completed { result, reasoning: &reasoning },
        End::Failed(error) => Event::Failed(error),
        End::Cancelled(reason, _) => Event::Cancelled(reason.as_str()),
    };
    activities::add_end(connection, id, &event)?;
    Ok(true)
}

fn add_step(connection: &Connection, id: &str, step: &Step) -> Result<(), StoreError> {
    let duration = i64::try_from(step.duration_ms).unwrap_or(i64::MAX);
    // OR REPLACE: an agent that counts a step twice loses a line, not the task.
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO steps (task_seq, number, action, detail, duration_ms, error)
             SELECT seq, ?2, ?3, ?4, ?5, ?6 FROM tasks WHERE id = ?1",
        )?
        .execute(params![id, step.number, step.action, step.detail, duration, step.error])?;
    Ok(())
}

/// Moves the journal into the database and empties it: until then it still holds what was erased.
fn forget_erased(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
