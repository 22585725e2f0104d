//! Credentials and cookies of profiles: from a request into the vault, and out of it for a run.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use taskwright_core::operation::InvalidInput;
use uuid::Uuid;

use super::spelling::Spelling;
use crate::clock::{now_ms, parse_rfc3339, rfc3339};
use crate::error::Failure;
use crate::fields::Fields;
use crate::store::{ProfileRow, SealedRow};
use crate::vault::Vault;

/// Stands in answers where a secret is.
const HIDDEN: &str = "********";

/// Reads and seals the credentials of one member of a request. In v1 they come encrypted for this server's key, in v2
/// as they are.
pub(super) async fn credentials(
    vault: &Vault,
    fields: &Fields<'_>,
    member: &str,
    spelling: Spelling,
) -> Result<Vec<SealedRow>, Failure> {
    let mut rows: Vec<SealedRow> = Vec::new();
    for item in fields.objects(member)? {
        // The vendor's service writes names in capitals, whatever the client wrote.
        let name = item.filled("name")?.trim().to_uppercase();
        let data = item.filled("data")?;
        let secret = match spelling {
            Spelling::Camel => data.to_owned(),
            Spelling::Snake => vault.decrypt(data).await?.ok_or_else(|| {
                let problem = format!(
                    "of \"{name}\" is not encrypted for this server: ask for /credentials/public_key and encrypt with \
                     RSA PKCS#1 v1.5"
                );
                item.refuse("data", problem)
            })?,
        };
        if rows.iter().any(|row| row.name == name) {
            return Err(item.refuse("name", format!("is \"{name}\" twice")).into());
        }
        rows.push(seal(vault, name, &secret)?);
    }
    Ok(rows)
}

/// Reads and seals the cookies of one member of a request.
pub(super) fn cookies(
    vault: &Vault,
    fields: &Fields<'_>,
    member: &str,
    spelling: Spelling,
) -> Result<Vec<SealedRow>, Failure> {
    let mut rows = Vec::new();
    for item in fields.objects(member)? {
        let cookie = cookie(&item, spelling)?;
        let name = item.filled("name")?.to_owned();
        rows.push(seal(vault, name, &Value::Object(cookie).to_string())?);
    }
    Ok(rows)
}

fn cookie(item: &Fields<'_>, spelling: Spelling) -> Result<Map<String, Value>, InvalidInput> {
    let (site, http_only) = (spelling.pick("sameSite", "same_site"), spelling.pick("httpOnly", "http_only"));
    let mut cookie = Map::new();
    for name in ["name", "key", "domain"] {
        cookie.insert(name.to_owned(), Value::from(item.filled(name)?));
    }
    let value = item.text("value")?.ok_or_else(|| item.refuse("value", "has to be there"))?;
    cookie.insert("value".to_owned(), Value::from(value));
    if let Some(expiry) = item.text("expiry")? {
        let time = time(expiry).ok_or_else(|| {
            item.refuse("expiry", "takes a time such as \"2026-01-31T12:00:00Z\" (RFC 3339)")
        })?;
        cookie.insert("expiry".to_owned(), Value::from(rfc3339(time)));
    }
    for (name, stored) in [("secure", "secure"), (http_only, "httpOnly")] {
        let flag = item.flag(name)?.ok_or_else(|| item.refuse(name, "has to be there"))?;
        cookie.insert(stored.to_owned(), Value::from(flag));
    }
    let word = item.one_of(site, &["Strict", "Lax", "None"])?;
    let word = word.ok_or_else(|| item.refuse(site, "has to be there"))?;
    cookie.insert("sameSite".to_owned(), Value::from(word));
    Ok(cookie)
}

/// A time of a client; one without an offset is meant as UTC.
fn time(text: &str) -> Option<i64> {
    parse_rfc3339(text).or_else(|| parse_rfc3339(&format!("{text}Z")))
}

fn seal(vault: &Vault, name: String, secret: &str) -> Result<SealedRow, Failure> {
    let id = Uuid::new_v4().to_string();
    let sealed = vault.seal(&SealedRow::place(&id), secret)?;
    Ok(SealedRow { id, name, sealed, created_ms: now_ms() })
}

/// A credential as clients read it: the secret never leaves the server.
pub(super) fn show_credential(row: &SealedRow) -> Value {
    let created = rfc3339(row.created_ms);
    json!({ "id": row.id, "name": row.name, "data": HIDDEN, "created_at": created, "createdAt": created })
}

/// A cookie as clients read it, in both spellings.
pub(super) fn show_cookie(vault: &Vault, row: &SealedRow) -> Result<Value, Failure> {
    let mut cookie = open_cookie(vault, row)?;
    let created = rfc3339(row.created_ms);
    for (camel, snake) in [("sameSite", "same_site"), ("httpOnly", "http_only")] {
        let value = cookie.get(camel).cloned().unwrap_or_default();
        cookie.insert(snake.to_owned(), value);
    }
    for (name, value) in [("id", &row.id), ("created_at", &created), ("createdAt", &created)] {
        cookie.insert(name.to_owned(), Value::from(value.as_str()));
    }
    Ok(Value::Object(cookie))
}

fn open_cookie(vault: &Vault, row: &SealedRow) -> Result<Map<String, Value>, Failure> {
    let text = vault.unseal(&SealedRow::place(&row.id), &row.sealed)?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(cookie)) => Ok(cookie),
        _ => Err(Failure::from(crate::vault::VaultError::Sealed)),
    }
}

/// The credentials of a profile for a run, by name.
pub(in crate::routes::asteroid) fn secret_values(
    vault: &Vault,
    profile: &ProfileRow,
) -> Result<BTreeMap<String, String>, Failure> {
    let open =
        |row: &SealedRow| Ok((row.name.clone(), vault.unseal(&SealedRow::place(&row.id), &row.sealed)?));
    profile.credentials.iter().map(open).collect()
}

/// The cookies of a profile for a run, in the spelling of v2.
pub(in crate::routes::asteroid) fn open_cookies(
    vault: &Vault,
    profile: &ProfileRow,
) -> Result<Vec<Map<String, Value>>, Failure> {
    profile.cookies.iter().map(|row| open_cookie(vault, row)).collect()
}
