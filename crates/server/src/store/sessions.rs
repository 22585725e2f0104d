//! Sessions: which there were, and how they ended. The pages themselves live in the process only.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::Value;

use super::{Store, StoreError, prune};
use crate::clock::now_ms;

/// Said of a session that was open when its server died.
const INTERRUPTED: &str = "The server stopped while this session was open.";

/// A session that is to be recorded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewSession {
    /// Its id.
    pub id: String,
    /// Whose it is: the sessions of one wire are not seen by the others.
    pub realm: String,
    /// Labels that stay.
    pub tags: Vec<String>,
    /// Labels by name, which may be replaced.
    pub labels: BTreeMap<String, String>,
    /// The request that created it.
    pub configuration: Value,
}

/// One session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionRow {
    /// Its place in the order of creation.
    pub seq: i64,
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub realm: String,
    /// Labels given at creation.
    pub tags: Vec<String>,
    /// Labels by name, as they are now.
    pub labels: BTreeMap<String, String>,
    /// The request that created it.
    pub configuration: Value,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it ended; absent while it is open.
    pub ended_ms: Option<i64>,
    /// Why it ended, in a sentence.
    pub end_reason: Option<String>,
    /// Whether a fault ended it.
    pub failed: bool,
    /// Tasks that were started in it.
    pub tasks: u64,
    /// Steps that those tasks took.
    pub steps: u64,
}

/// Which sessions to list; absent members let everything pass.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    /// Only those of this realm.
    pub realm: Option<&'static str>,
    /// Only open ones, or only ended ones.
    pub open: Option<bool>,
    /// Only those that a fault ended, or only those that none did.
    pub failed: Option<bool>,
    /// Only those with one of these labels.
    pub tags: Vec<String>,
    /// Only those with all of these labels by name.
    pub labels: BTreeMap<String, String>,
    /// Only those whose id or labels hold this text.
    pub search: Option<String>,
    /// Only those created at this time or later, in milliseconds since 1970.
    pub created_from: Option<i64>,
    /// Only those created at this time or earlier.
    pub created_to: Option<i64>,
}

impl SessionFilter {
    fn passes(&self, row: &SessionRow) -> bool {
        self.failed.is_none_or(|failed| failed == row.failed)
            && (self.tags.is_empty() || self.tags.iter().any(|tag| row.tags.contains(tag)))
            && self.labels.iter().all(|(name, value)| row.labels.get(name) == Some(value))
            && self.search.as_ref().is_none_or(|text| {
                row.id.contains(text.as_str()) || row.tags.iter().any(|tag| tag.contains(text.as_str()))
            })
            && self.created_from.is_none_or(|from| row.created_ms >= from)
            && self.created_to.is_none_or(|to| row.created_ms <= to)
    }
}

impl Store {
    /// Records a new session.
    pub async fn add_session(&self, session: NewSession) -> Result<(), StoreError> {
        self.call(move |connection| {
            let NewSession { id, realm, tags, labels, configuration } = session;
            let (tags, labels) = (serde_json::to_string(&tags)?, serde_json::to_string(&labels)?);
            connection.execute(
                "INSERT INTO sessions (id, realm, tags, labels, configuration, created_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![id, realm, tags, labels, serde_json::to_string(&configuration)?, now_ms()],
            )?;
            Ok(())
        })
        .await
    }

    /// Replaces the labels of an open session. `false` when it is not open.
    pub async fn set_labels(&self, id: &str, labels: BTreeMap<String, String>) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let changed = connection.execute(
                "UPDATE sessions SET labels = ?2 WHERE id = ?1 AND ended_ms IS NULL",
                params![id, serde_json::to_string(&labels)?],
            )?;
            Ok(changed > 0)
        })
        .await
    }

    /// Has no task of a session begin, or lets them begin again; says which of them run.
    pub async fn hold_session(&self, id: &str, held: bool) -> Result<Vec<String>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            connection.execute("UPDATE sessions SET held = ?2 WHERE id = ?1", params![id, held])?;
            let mut statement = connection
                .prepare_cached("SELECT id FROM tasks WHERE session_id = ?1 AND state = 'running'")?;
            let rows = statement.query_map([&id], |row| row.get(0))?;
            Ok(rows.collect::<Result<Vec<String>, _>>()?)
        })
        .await
    }

    /// Records that a session ended, and why.
    pub async fn end_session(&self, id: &str, reason: &str, failed: bool) -> Result<(), StoreError> {
        let (id, reason) = (id.to_owned(), reason.to_owned());
        self.call(move |connection| {
            connection.execute(
                "UPDATE sessions SET ended_ms = ?2, end_reason = ?3, failed = ?4 WHERE id = ?1 AND ended_ms IS NULL",
                params![id, now_ms(), reason, failed],
            )?;
            Ok(())
        })
        .await
    }

    /// One session; `None` when there is none of that id.
    pub async fn session(&self, id: &str) -> Result<Option<SessionRow>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let sql = format!("{SELECT} WHERE sessions.id = ?1");
            let found = connection.prepare_cached(&sql)?.query_row([&id], |row| Ok(read(row))).optional()?;
            found.transpose()
        })
        .await
    }

    /// The sessions that pass, in the order of creation.
    pub async fn sessions(&self, filter: SessionFilter) -> Result<Vec<SessionRow>, StoreError> {
        self.call(move |connection| {
            // The rest is few rows or asked for rarely.
            let sql = format!(
                "{SELECT} WHERE (?1 IS NULL OR realm = ?1) AND (?2 IS NULL OR (sessions.ended_ms IS NULL) = ?2)
                 ORDER BY sessions.seq"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![filter.realm, filter.open])?;
            let mut passing = Vec::new();
            while let Some(row) = rows.next()? {
                let session = read(row)?;
                if filter.passes(&session) {
                    passing.push(session);
                }
            }
            Ok(passing)
        })
        .await
    }

    /// Forgets sessions that ended before `before_ms`, and the oldest beyond `keep`; says how many.
    pub async fn prune_sessions(&self, before_ms: i64, keep: u64) -> Result<usize, StoreError> {
        self.call(move |connection| prune(connection, "sessions", "ended_ms", before_ms, keep)).await
    }
}

/// Ends the sessions of a dead server: their pages died with it.
pub(super) fn end_interrupted(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE sessions SET ended_ms = ?1, end_reason = ?2, failed = 1 WHERE ended_ms IS NULL",
        params![now_ms(), INTERRUPTED],
    )?;
    Ok(())
}

const SELECT: &str = "
    SELECT sessions.seq, sessions.id, realm, tags, labels, configuration, sessions.created_ms, sessions.ended_ms,
        end_reason, failed,
        (SELECT count(*) FROM tasks WHERE tasks.session_id = sessions.id) AS tasks,
        (SELECT count(*) FROM tasks JOIN steps ON steps.task_seq = tasks.seq
            WHERE tasks.session_id = sessions.id) AS steps
    FROM sessions";

fn read(row: &Row<'_>) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        seq: row.get("seq")?,
        id: row.get("id")?,
        realm: row.get("realm")?,
        tags: serde_json::from_str(&row.get::<_, String>("tags")?)?,
        labels: serde_json::from_str(&row.get::<_, String>("labels")?)?,
        configuration: serde_json::from_str(&row.get::<_, String>("configuration")?)?,
        created_ms: row.get("created_ms")?,
        ended_ms: row.get("ended_ms")?,
        end_reason: row.get("end_reason")?,
        failed: row.get("failed")?,
        tasks: row.get::<_, i64>("tasks")?.unsigned_abs(),
        steps: row.get::<_, i64>("steps")?.unsigned_abs(),
    })
}
