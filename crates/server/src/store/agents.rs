//! Agents: a name, a page to start on and a prompt with places for inputs.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::Value;

use super::{Listing, Store, StoreError};
use crate::clock::now_ms;

/// What an agent does.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSpec {
    /// Its name, unique in its organisation.
    pub name: String,
    /// The organisation that it belongs to; every one when absent.
    pub organization_id: Option<String>,
    /// The page that its executions open first; may hold `{{name}}` places.
    pub start_url: Option<String>,
    /// What to do there, with `{{name}}` places for inputs.
    pub prompt: String,
    /// A JSON Schema for the results.
    pub output_schema: Option<Value>,
    /// Steps that an execution may take.
    pub max_steps: u32,
}

/// A stored agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentRow {
    /// Its id.
    pub id: String,
    /// What it does now.
    pub spec: AgentSpec,
    /// Counted from 1, one more with each change.
    pub version: u32,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: i64,
}

/// What became of a change to something that has a unique name.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed<T> {
    /// It is stored, and this is how it is now.
    Done(T),
    /// There is none of that id.
    Unknown,
    /// Another one has the name.
    NameTaken,
}

impl Store {
    /// Stores a new agent; the id has to be new. [`Changed::Unknown`] when it is not.
    pub async fn add_agent(&self, id: &str, spec: AgentSpec) -> Result<Changed<AgentRow>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            if read_one(&transaction, &id)?.is_some() {
                return Ok(Changed::Unknown);
            }
            if name_taken(&transaction, &id, &spec)? {
                return Ok(Changed::NameTaken);
            }
            let row = AgentRow { id, spec, version: 1, created_ms: now_ms() };
            write(&transaction, &row)?;
            transaction.commit()?;
            Ok(Changed::Done(row))
        })
        .await
    }

    /// Replaces what an agent does; the same again changes nothing. Executions that were started keep theirs.
    pub async fn change_agent(&self, id: &str, spec: AgentSpec) -> Result<Changed<AgentRow>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let Some(row) = read_one(&transaction, &id)? else { return Ok(Changed::Unknown) };
            if row.spec == spec {
                return Ok(Changed::Done(row));
            }
            if name_taken(&transaction, &id, &spec)? {
                return Ok(Changed::NameTaken);
            }
            let row = AgentRow { spec, version: row.version.saturating_add(1), ..row };
            write(&transaction, &row)?;
            transaction.commit()?;
            Ok(Changed::Done(row))
        })
        .await
    }

    /// One agent; `None` when there is none of that id.
    pub async fn agent(&self, id: &str) -> Result<Option<AgentRow>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| read_one(connection, &id)).await
    }

    /// The agent of that name in that organisation.
    pub async fn agent_named(
        &self,
        name: &str,
        organization: Option<&str>,
    ) -> Result<Option<AgentRow>, StoreError> {
        let (name, organization) = (name.to_owned(), organization.map(str::to_owned));
        self.call(move |connection| {
            let sql = format!("{SELECT} WHERE name = ?1 AND organization_id IS ?2");
            let found = connection
                .prepare_cached(&sql)?
                .query_row(params![name, organization], |row| Ok(read(row)))
                .optional()?;
            found.transpose()
        })
        .await
    }

    /// One page of the agents that pass, and how many pass in all.
    pub async fn agents(&self, listing: Listing) -> Result<(Vec<AgentRow>, u64), StoreError> {
        self.call(move |connection| listing.select(connection, "agents", SELECT, read)).await
    }

    /// Forgets an agent; `false` when there is none. Its executions stay.
    pub async fn delete_agent(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| Ok(connection.execute("DELETE FROM agents WHERE id = ?1", [id])? > 0))
            .await
    }
}

const SELECT: &str = "
    SELECT id, organization_id, name, version, start_url, prompt, output_schema, max_steps, created_ms FROM agents";

fn read_one(connection: &Connection, id: &str) -> Result<Option<AgentRow>, StoreError> {
    let sql = format!("{SELECT} WHERE id = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([id], |row| Ok(read(row))).optional()?;
    found.transpose()
}

fn read(row: &Row<'_>) -> Result<AgentRow, StoreError> {
    let schema: Option<String> = row.get("output_schema")?;
    Ok(AgentRow {
        id: row.get("id")?,
        spec: AgentSpec {
            name: row.get("name")?,
            organization_id: row.get("organization_id")?,
            start_url: row.get("start_url")?,
            prompt: row.get("prompt")?,
            output_schema: schema.map(|text| serde_json::from_str(&text)).transpose()?,
            max_steps: row.get("max_steps")?,
        },
        version: row.get("version")?,
        created_ms: row.get("created_ms")?,
    })
}

fn name_taken(connection: &Connection, id: &str, spec: &AgentSpec) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM agents WHERE name = ?1 AND organization_id IS ?2 AND id <> ?3";
    Ok(connection.prepare_cached(sql)?.exists(params![spec.name, spec.organization_id, id])?)
}

fn write(connection: &Connection, row: &AgentRow) -> Result<(), StoreError> {
    let schema = row.spec.output_schema.as_ref().map(serde_json::to_string).transpose()?;
    connection
        .prepare_cached(
            "INSERT INTO agents
                 (id, organization_id, name, version, start_url, prompt, output_schema, max_steps, created_ms, updated_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (id) DO UPDATE SET organization_id = ?2, name = ?3, version = ?4, start_url = ?5, prompt = ?6,
                 output_schema = ?7, max_steps = ?8, updated_ms = ?10",
        )?
        .execute(params![
            row.id,
            row.spec.organization_id,
            row.spec.name,
            row.version,
            row.spec.start_url,
            row.spec.prompt,
            schema,
            row.spec.max_steps,
            row.created_ms,
            now_ms(),
        ])?;
    Ok(())
}
