//! Executions: tasks that are runs of a stored agent.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};
use serde_json::{Value, json};

use super::activities::{self, Event};
use super::files::{self, FileSource};
use super::tasks::{ClaimedExecution, TaskRequest, TaskState, state};
use super::{Store, StoreError};
use crate::browser::CookieSpec;
use crate::vault::Vault;

/// The organization of what belongs to none in particular.
pub const LOCAL: &str = "local";

/// What a new execution has beside its task.
#[derive(Debug, Clone, Default)]
pub struct NewExecution {
    /// The agent that it is a run of.
    pub agent_id: String,
    /// The name that the agent has now.
    pub agent_name: String,
    /// The version that the agent has now.
    pub agent_version: u32,
    /// Whose it is.
    pub organization_id: String,
    /// The profile that it runs with.
    pub profile_id: Option<String>,
    /// Values for the places of the prompt and of the address: a JSON object.
    pub inputs: Value,
    /// Whatever the client wants to find it by: a JSON object.
    pub metadata: Value,
    /// Cookies that its pages have from the start; erased when it ends.
    pub cookies: Vec<CookieSpec>,
    /// Ids of staged files that become its own.
    pub files: Vec<String>,
    /// The execution that it repeats.
    pub parent_id: Option<String>,
}

/// An execution as it can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionView {
    /// The id of the task.
    pub id: String,
    /// How it stands.
    pub state: TaskState,
    /// What it was asked to do.
    pub request: TaskRequest,
    /// The agent that it is a run of.
    pub agent_id: String,
    /// The name that the agent had.
    pub agent_name: String,
    /// The version that the agent had.
    pub agent_version: u32,
    /// Whose it is.
    pub organization_id: String,
    /// The profile that it runs with.
    pub profile_id: Option<String>,
    /// Values for the places of the prompt and of the address.
    pub inputs: Value,
    /// Whatever the client wants to find it by.
    pub metadata: Value,
    /// The execution that it repeats.
    pub parent_id: Option<String>,
    /// Whether another one repeats it.
    pub repeated: bool,
    /// When it was accepted, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// When it last changed how it stands.
    pub updated_ms: i64,
    /// Whether there are pictures of it.
    pub has_recording: bool,
    /// How many steps its agent took so far.
    pub steps: u32,
}

impl ExecutionView {
    /// Why it ended as it did, in a sentence; empty as long as it has not.
    #[must_use]
    pub fn reasoning(&self) -> String {
        match &self.state {
            TaskState::Succeeded(_) => done(self.steps),
            TaskState::Failed(error) => error.clone(),
            TaskState::Cancelled(cancelled) => cancelled.sentence.clone(),
            _ => String::new(),
        }
    }
}

/// How an execution stands, without what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are those of `TaskState`")]
pub enum StateKind {
    Queued,
    Running,
    Paused,
    Asking,
    Succeeded,
    Failed,
    Cancelled,
}

/// Which executions to list, in which order, and which page of them; absent members let everything pass.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFilter {
    /// Only those of one organization.
    pub organization: Option<String>,
    /// Only those whose id has this part, whatever its case.
    pub id_part: Option<String>,
    /// Only runs of one agent.
    pub agent: Option<String>,
    /// Only runs with one of these profiles.
    pub profiles: Vec<String>,
    /// Only those that stand so.
    pub states: Vec<StateKind>,
    /// Only runs of this version of the agent.
    pub version: Option<u32>,
    /// Only those created at this time or later, in milliseconds since 1970.
    pub created_from: Option<i64>,
    /// Only those created at this time or earlier.
    pub created_to: Option<i64>,
    /// Only those whose outcome (`success` or `failure`) has this part, whatever its case.
    pub outcome_part: Option<String>,
    /// Only those whose metadata has all of these members, compared as text.
    pub metadata: Vec<(String, String)>,
    /// Only those whose inputs have all of these members, compared as text.
    pub inputs: Vec<(String, String)>,
    /// Sorted by how they stand; by the time of their creation otherwise.
    pub by_state: bool,
    /// The oldest first; the newest otherwise.
    pub ascending: bool,
    /// Which page, counted from 1; 0 is 1.
    pub page: u32,
    /// How many to a page; 0 is all.
    pub page_size: u32,
}

/// What became of the wish to forget an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone, with its files.
    Gone,
    /// There was none of that id.
    Unknown,
    /// It has not ended.
    Busy,
}

impl Store {
    /// One execution; `None` when there is none of that id, or the task of that id is none.
    pub async fn execution(&self, id: &str) -> Result<Option<ExecutionView>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let sql = format!("{SELECT} WHERE tasks.id = ?1");
            let found = connection.prepare_cached(&sql)?.query_row([&id], |row| Ok(read(row))).optional()?;
            found.transpose()
        })
        .await
    }

    /// One page of the executions that pass, and how many pass in all.
    pub async fn executions(&self, filter: ExecutionFilter) -> Result<(Vec<ExecutionView>, u64), StoreError> {
        self.call(move |connection| {
            let (condition, values) = condition(&filter);
            let sql = format!("SELECT count(*) {FROM} WHERE {condition}");
            let total: i64 =
                connection.prepare(&sql)?.query_row(params_from_iter(&values), |row| row.get(0))?;
            let direction = if filter.ascending { "ASC" } else { "DESC" };
            let order = if filter.by_state { format!("state {direction}, hold {direction},") } else { String::new() };
            let (limit, offset) = match filter.page_size {
                0 => (-1, 0),
                size => (i64::from(size), i64::from(size) * i64::from(filter.page.saturating_sub(1))),
            };
            let sql = format!(
                "{SELECT} WHERE {condition} ORDER BY {order} tasks.seq {direction} LIMIT {limit} OFFSET {offset}"
            );
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(&values))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
            Ok((found, total.unsigned_abs()))
        })
        .await
    }

    /// Forgets an execution that ended, with its activities, files and pictures.
    pub async fn delete_execution(&self, id: &str) -> Result<Deleted, StoreError> {
        let id = id.to_owned();
        let folders = self.folders.clone();
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let Some(seq) = activities::seq_of(&transaction, &id)? else { return Ok(Deleted::Unknown) };
            let gone = transaction
                .execute("DELETE FROM tasks WHERE seq = ?1 AND state NOT IN ('queued', 'running')", [seq])?;
            transaction.commit()?;
            if gone == 0 {
                return Ok(Deleted::Busy);
            }
            folders.sweep(connection)?;
            Ok(Deleted::Gone)
        })
        .await
    }
}

/// Stores what an execution has beside its task. The id of the first staged file that is not there, if one is not.
pub(super) fn insert(
    connection: &Connection,
    vault: &Vault,
    seq: i64,
    id: &str,
    new: &NewExecution,
) -> Result<Option<String>, StoreError> {
    let object = |value: &Value| if value.is_object() { value.to_string() } else { json!({}).to_string() };
    let cookies = if new.cookies.is_empty() {
        None
    } else {
        Some(vault.seal_text(id, &serde_json::to_string(&new.cookies)?)?)
    };
    connection
        .prepare_cached(
            "INSERT INTO executions (task_seq, agent_id, agent_name, agent_version, organization_id, profile_id,
                 inputs, metadata, cookies, parent_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            seq,
            new.agent_id,
            new.agent_name,
            new.agent_version,
            new.organization_id,
            new.profile_id,
            object(&new.inputs),
            object(&new.metadata),
            cookies,
            new.parent_id,
        ])?;
    activities::add(connection, id, &Event::Starting)?;
    for file in &new.files {
        let Some(file) = files::give(connection, file, seq)? else { return Ok(Some(file.clone())) };
        files::tell(connection, id, &file, FileSource::Upload)?;
    }
    Ok(None)
}

/// What the work on an execution needs; `None` for a task that is none.
pub(super) fn claimed(
    connection: &Connection,
    vault: &Vault,
    id: &str,
    seq: i64,
) -> Result<Option<ClaimedExecution>, StoreError> {
    let found: Option<(String, Option<String>)> = connection
        .prepare_cached("SELECT inputs, cookies FROM executions WHERE task_seq = ?1")?
        .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((inputs, cookies)) = found else { return Ok(None) };
    let cookies = cookies.map(|sealed| vault.unseal_text(id, &sealed)).transpose()?;
    let mut statement = connection.prepare_cached(
        "SELECT body FROM activities WHERE task_seq = ?1 AND kind = 'user_message_received' ORDER BY seq",
    )?;
    let bodies = statement.query_map([seq], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let messages =
        bodies.iter().map(|body| serde_json::from_str::<Value>(body)).collect::<Result<Vec<_>, _>>()?;
    let text = |body: &Value| body.get("message").and_then(Value::as_str).map(str::to_owned);
    Ok(Some(ClaimedExecution {
        inputs: serde_json::from_str(&inputs)?,
        cookies: cookies.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default(),
        messages: messages.iter().filter_map(text).collect(),
    }))
}

/// Why a task that succeeds does.
pub(super) fn reasoning(connection: &Connection, id: &str) -> Result<String, StoreError> {
    let steps: u32 = connection
        .prepare_cached("SELECT count(*) FROM steps JOIN tasks ON tasks.seq = task_seq WHERE tasks.id = ?1")?
        .query_row([id], |row| row.get(0))?;
    Ok(done(steps))
}

fn done(steps: u32) -> String {
    let plural = if steps == 1 { "" } else { "s" };
    format!("The agent did what it was asked in {steps} step{plural}.")
}

const FROM: &str = "FROM executions JOIN tasks ON tasks.seq = executions.task_seq";
const SELECT: &str = "
    SELECT tasks.id, state, request, result, error, hold, question, cancel_reason, created_ms, started_ms, ended_ms,
        updated_ms, agent_id, agent_name, agent_version, organization_id, profile_id, inputs, metadata, parent_id,
        recorded, EXISTS (SELECT 1 FROM executions AS child WHERE child.parent_id = tasks.id) AS repeated,
        (SELECT count(*) FROM steps WHERE steps.task_seq = tasks.seq) AS steps
    FROM executions JOIN tasks ON tasks.seq = executions.task_seq";

fn read(row: &Row<'_>) -> Result<ExecutionView, StoreError> {
    let json = |column: &str| -> Result<Value, StoreError> {
        Ok(serde_json::from_str(&row.get::<_, String>(column)?)?)
    };
    Ok(ExecutionView {
        id: row.get("id")?,
        state: state(row)?,
        request: serde_json::from_value(json("request")?)?,
        agent_id: row.get("agent_id")?,
        agent_name: row.get("agent_name")?,
        agent_version: row.get("agent_version")?,
        organization_id: row.get("organization_id")?,
        profile_id: row.get("profile_id")?,
        inputs: json("inputs")?,
        metadata: json("metadata")?,
        parent_id: row.get("parent_id")?,
        repeated: row.get("repeated")?,
        created_ms: row.get("created_ms")?,
        started_ms: row.get("started_ms")?,
        ended_ms: row.get("ended_ms")?,
        updated_ms: row.get("updated_ms")?,
        has_recording: row.get("recorded")?,
        steps: row.get("steps")?,
    })
}

/// The condition of a filter, with the values of its places.
fn condition(filter: &ExecutionFilter) -> (String, Vec<Sql>) {
    let mut parts = vec!["TRUE".to_owned()];
    let mut values = Vec::new();
    let mut equal = |part: &str, value: Option<Sql>| {
        if let Some(value) = value {
            parts.push(part.to_owned());
            values.push(value);
        }
    };
    let text = |text: &Option<String>| text.clone().map(Sql::Text);
    // What belongs to no organization in particular belongs to the one that asks.
    equal(&format!("organization_id IN (?, '{LOCAL}')"), text(&filter.organization));
    equal("agent_id = ?", text(&filter.agent));
    equal("agent_version = ?", filter.version.map(|version| Sql::Integer(version.into())));
    equal("created_ms >= ?", filter.created_from.map(Sql::Integer));
    equal("created_ms <= ?", filter.created_to.map(Sql::Integer));
    // `instr`, because in a pattern of LIKE some characters mean more than themselves.
    equal("instr(lower(tasks.id), lower(?)) > 0", text(&filter.id_part));
    equal(
        "instr(CASE state WHEN 'succeeded' THEN 'success' WHEN 'failed' THEN 'failure' ELSE '' END, lower(?)) > 0",
        text(&filter.outcome_part),
    );
    for (column, members) in [("metadata", &filter.metadata), ("inputs", &filter.inputs)] {
        for (key, value) in members {
            parts.push(format!(
                "EXISTS (SELECT 1 FROM json_each({column}) AS member WHERE member.key = ? AND CASE member.type
                     WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN 'null'
                     ELSE CAST(member.value AS TEXT) END = ?)"
            ));
            values.extend([Sql::Text(key.clone()), Sql::Text(value.clone())]);
        }
    }
    if !filter.profiles.is_empty() {
        let places = vec!["?"; filter.profiles.len()].join(", ");
        parts.push(format!("profile_id IN ({places})"));
        values.extend(filter.profiles.iter().cloned().map(Sql::Text));
    }
    if !filter.states.is_empty() {
        let states: Vec<&str> = filter.states.iter().map(|state| state_condition(*state)).collect();
        parts.push(format!("({})", states.join(" OR ")));
    }
    (parts.join(" AND "), values)
}

fn state_condition(state: StateKind) -> &'static str {
    match state {
        StateKind::Queued => "state = 'queued'",
        StateKind::Running => "(state = 'running' AND hold IS NULL)",
        StateKind::Paused => "(state = 'running' AND hold = 'paused')",
        StateKind::Asking => "(state = 'running' AND hold = 'asking')",
        StateKind::Succeeded => "state = 'succeeded'",
        StateKind::Failed => "state = 'failed'",
        StateKind::Cancelled => "state = 'cancelled'",
    }
}
