//! Contexts: names that clients keep for what sessions share.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::{Store, StoreError, prune};
use crate::clock::now_ms;

/// One context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextRow {
    /// Its place in the order of creation.
    pub seq: i64,
    /// Its id.
    pub id: String,
    /// Its name, which no other has.
    pub name: String,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was last asked for by name.
    pub used_ms: i64,
}

impl Store {
    /// The context of a name, made when there is none and `create` says so.
    pub async fn context_named(&self, name: &str, create: bool) -> Result<Option<ContextRow>, StoreError> {
        let name = name.to_owned();
        self.call(move |connection| {
            if create {
                let id = format!("SdkCtx-{}", Uuid::new_v4().simple());
                connection.execute(
                    "INSERT INTO contexts (id, name, created_ms, used_ms) VALUES (?1, ?2, ?3, ?3)
                     ON CONFLICT (name) DO NOTHING",
                    params![id, name, now_ms()],
                )?;
            }
            connection
                .execute("UPDATE contexts SET used_ms = ?2 WHERE name = ?1", params![name, now_ms()])?;
            find(connection, "name", &name)
        })
        .await
    }

    /// The context of an id.
    pub async fn context(&self, id: &str) -> Result<Option<ContextRow>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| find(connection, "id", &id)).await
    }

    /// Contexts after the place `after` in the order of creation, `limit` at most, and how many there are in all.
    pub async fn contexts(&self, after: i64, limit: u32) -> Result<(Vec<ContextRow>, u64), StoreError> {
        self.call(move |connection| {
            let total: i64 = connection.query_row("SELECT count(*) FROM contexts", [], |row| row.get(0))?;
            let mut statement =
                connection.prepare_cached("SELECT * FROM contexts WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
            let rows = statement.query_map(params![after, limit], read)?;
            Ok((rows.collect::<Result<_, _>>()?, total.unsigned_abs()))
        })
        .await
    }

    /// Gives a context another name. `None` when there is none of that id, `false` when another has the name.
    pub async fn rename_context(&self, id: &str, name: &str) -> Result<Option<bool>, StoreError> {
        let (id, name) = (id.to_owned(), name.to_owned());
        self.call(move |connection| {
            if find(connection, "id", &id)?.is_none() {
                return Ok(None);
            }
            let changed = connection
                .execute("UPDATE OR IGNORE contexts SET name = ?2 WHERE id = ?1", params![id, name])?;
            Ok(Some(changed > 0))
        })
        .await
    }

    /// Forgets contexts that nobody asked for since `before_ms`, and beyond `keep` those whose last use is longest
    /// ago; says how many. They hold nothing, and old clients make one for every session.
    pub async fn prune_contexts(&self, before_ms: i64, keep: u64) -> Result<usize, StoreError> {
        self.call(move |connection| prune(connection, "contexts", "used_ms", before_ms, keep)).await
    }
}

/// `column` is a constant of this file.
fn find(connection: &Connection, column: &str, value: &str) -> Result<Option<ContextRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT * FROM contexts WHERE {column} = ?1"))?;
    Ok(statement.query_row([value], read).optional()?)
}

fn read(row: &Row<'_>) -> Result<ContextRow, rusqlite::Error> {
    Ok(ContextRow {
        seq: row.get("seq")?,
        id: row.get("id")?,
        name: row.get("name")?,
        created_ms: row.get("created_ms")?,
        used_ms: row.get("used_ms")?,
    })
}
