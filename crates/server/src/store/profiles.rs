//! Profiles: what an execution needs to be somebody: credentials and cookies, sealed, and settings.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::{Map, Value};

use super::{Changed, Listing, Store, StoreError};
use crate::clock::now_ms;

/// A stored profile.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileRow {
    /// Its id.
    pub id: String,
    /// The organisation that it belongs to; every one when absent.
    pub organization_id: Option<String>,
    /// Its name, unique in its organisation.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Switches of the vendor's browsers, kept for its clients.
    pub settings: Map<String, Value>,
    /// Secret values.
    pub credentials: Vec<SealedRow>,
    /// Cookies.
    pub cookies: Vec<SealedRow>,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was last changed.
    pub updated_ms: i64,
}

/// A credential or a cookie of a profile. What is sealed opens only with [`Self::place`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// Its id.
    pub id: String,
    /// The name of a credential in capitals; the display name of a cookie.
    pub name: String,
    /// The secret, sealed by the [`Vault`](crate::vault::Vault).
    pub sealed: Vec<u8>,
    /// When it was stored, in milliseconds since 1970.
    pub created_ms: i64,
}

impl SealedRow {
    /// The place that a secret of this id is sealed for.
    #[must_use]
    pub fn place(id: &str) -> String {
        format!("profile/{id}")
    }
}

/// What to change of a profile; absent members stay.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// The new name.
    pub name: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// Settings to set.
    pub settings: Map<String, Value>,
    /// Credentials to add; one of the same name is replaced.
    pub credentials: Vec<SealedRow>,
    /// Cookies to add.
    pub cookies: Vec<SealedRow>,
    /// Ids of credentials and cookies to remove; unknown ones pass.
    pub remove: Vec<String>,
}

impl Store {
    /// Stores a new profile.
    pub async fn add_profile(&self, row: ProfileRow) -> Result<Changed<ProfileRow>, StoreError> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            if name_taken(&transaction, &row.id, &row.name, row.organization_id.as_deref())? {
                return Ok(Changed::NameTaken);
            }
            transaction
                .prepare_cached(
                    "INSERT INTO profiles (id, organization_id, name, description, settings, created_ms, updated_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    row.id,
                    row.organization_id,
                    row.name,
                    row.description,
                    serde_json::to_string(&row.settings)?,
                    row.created_ms,
                    row.updated_ms,
                ])?;
            add_secrets(&transaction, &row.id, "credential", &row.credentials)?;
            add_secrets(&transaction, &row.id, "cookie", &row.cookies)?;
            transaction.commit()?;
            Ok(Changed::Done(row))
        })
        .await
    }

    /// Changes a profile, all of it or nothing.
    pub async fn change_profile(
        &self,
        id: &str,
        change: ProfileChange,
    ) -> Result<Changed<ProfileRow>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let Some(mut row) = read_one(&transaction, &id)? else { return Ok(Changed::Unknown) };
            row.name = change.name.unwrap_or(row.name);
            row.description = change.description.unwrap_or(row.description);
            row.settings.extend(change.settings);
            if name_taken(&transaction, &id, &row.name, row.organization_id.as_deref())? {
                return Ok(Changed::NameTaken);
            }
            transaction
                .prepare_cached(
                    "UPDATE profiles SET name = ?2, description = ?3, settings = ?4, updated_ms = ?5 WHERE id = ?1",
                )?
                .execute(params![
                    id,
                    row.name,
                    row.description,
                    serde_json::to_string(&row.settings)?,
                    // Later than before, also within one millisecond.
                    now_ms().max(row.updated_ms.saturating_add(1)),
                ])?;
            for secret in &change.remove {
                transaction
                    .prepare_cached("DELETE FROM profile_secrets WHERE profile_id = ?1 AND id = ?2")?
                    .execute(params![id, secret])?;
            }
            for credential in &change.credentials {
                transaction
                    .prepare_cached(
                        "DELETE FROM profile_secrets WHERE profile_id = ?1 AND kind = 'credential' AND name = ?2",
                    )?
                    .execute(params![id, credential.name])?;
            }
            add_secrets(&transaction, &id, "credential", &change.credentials)?;
            add_secrets(&transaction, &id, "cookie", &change.cookies)?;
            let changed = read_one(&transaction, &id)?;
            transaction.commit()?;
            Ok(changed.map_or(Changed::Unknown, Changed::Done))
        })
        .await
    }

    /// One profile; `None` when there is none of that id.
    pub async fn profile(&self, id: &str) -> Result<Option<ProfileRow>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| read_one(connection, &id)).await
    }

    /// One page of the profiles that pass, and how many pass in all.
    pub async fn profiles(&self, listing: Listing) -> Result<(Vec<ProfileRow>, u64), StoreError> {
        self.call(move |connection| {
            let (mut rows, total) = listing.select(connection, "profiles", SELECT, read)?;
            for row in &mut rows {
                add_to(connection, row)?;
            }
            Ok((rows, total))
        })
        .await
    }

    /// Forgets a profile with its secrets; `false` when there is none. Executions that were started keep theirs.
    pub async fn delete_profile(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| Ok(connection.execute("DELETE FROM profiles WHERE id = ?1", [id])? > 0))
            .await
    }
}

const SELECT: &str =
    "SELECT id, organization_id, name, description, settings, created_ms, updated_ms FROM profiles";

fn read_one(connection: &Connection, id: &str) -> Result<Option<ProfileRow>, StoreError> {
    let sql = format!("{SELECT} WHERE id = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([id], |row| Ok(read(row))).optional()?;
    let Some(mut row) = found.transpose()? else { return Ok(None) };
    add_to(connection, &mut row)?;
    Ok(Some(row))
}

fn read(row: &Row<'_>) -> Result<ProfileRow, StoreError> {
    Ok(ProfileRow {
        id: row.get("id")?,
        organization_id: row.get("organization_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        settings: serde_json::from_str(&row.get::<_, String>("settings")?)?,
        credentials: Vec::new(),
        cookies: Vec::new(),
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
    })
}

/// Fills in what stands in the other table.
fn add_to(connection: &Connection, profile: &mut ProfileRow) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind, name, sealed, created_ms FROM profile_secrets WHERE profile_id = ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query([&profile.id])?;
    while let Some(row) = rows.next()? {
        let secret = SealedRow {
            id: row.get("id")?,
            name: row.get("name")?,
            sealed: row.get("sealed")?,
            created_ms: row.get("created_ms")?,
        };
        if row.get::<_, String>("kind")? == "cookie" {
            profile.cookies.push(secret);
        } else {
            profile.credentials.push(secret);
        }
    }
    Ok(())
}

fn add_secrets(
    connection: &Connection,
    profile: &str,
    kind: &str,
    secrets: &[SealedRow],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO profile_secrets (id, profile_id, kind, name, sealed, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for secret in secrets {
        statement.execute(params![
            secret.id,
            profile,
            kind,
            secret.name,
            secret.sealed,
            secret.created_ms
        ])?;
    }
    Ok(())
}

fn name_taken(
    connection: &Connection,
    id: &str,
    name: &str,
    organization: Option<&str>,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM profiles WHERE name = ?1 AND organization_id IS ?2 AND id <> ?3";
    Ok(connection.prepare_cached(sql)?.exists(params![name, organization, id])?)
}
