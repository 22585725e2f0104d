//! Having a task accepted, once per key, whatever wire it came by.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::app::AppState;
use crate::error::Failure;
use crate::store::{Acceptance, IdempotencyKey, NewTask};
use crate::vault::Vault;

/// Seconds after which to come back to a server that is full or stopping.
pub(crate) const COME_BACK: u64 = 5;

/// Has a task accepted and answers its id, which is that of an earlier one when the key says so.
pub(crate) async fn submit(state: &AppState, task: NewTask) -> Result<String, Failure> {
    let id = task.id.clone();
    match state.runner.submit(task).await? {
        Some(Acceptance::New) => Ok(id),
        Some(Acceptance::Known(id)) => Ok(id),
        Some(Acceptance::KeyTaken) => Err(Failure::unprocessable(
            "\"Idempotency-Key\" was used before with another request; a key belongs to one request.",
        )),
        Some(Acceptance::Full) => {
            let text = "Too many tasks are waiting; try again when some have ended.";
            Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, text).again_after(COME_BACK))
        }
        Some(Acceptance::NoSuchFile(file)) => Err(Failure::bad_request(format!(
            "There is no staged file \"{file}\": it was never sent, expired, or belongs to another run."
        ))),
        Some(Acceptance::SessionEnded) => Err(Failure::not_found("Session not found")),
        None => {
            let text = "The server is stopping and takes no more tasks.";
            Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, text).again_after(COME_BACK))
        }
    }
}

/// The key of the `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header), an extension of this
/// server: the same key with the same request is the same task.
pub(crate) fn idempotency_key(
    vault: &Vault,
    headers: &HeaderMap,
    request: &Value,
) -> Result<Option<IdempotencyKey>, Failure> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    // The draft quotes the key; nearly nobody does.
    let key = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if !(1..=255).contains(&key.len()) {
        return Err(Failure::bad_request(
            "\"Idempotency-Key\" takes 1 to 255 printable ASCII characters, such as a UUID.",
        ));
    }
    // Signed, not just hashed: short secrets among the parameters could be guessed from a hash.
    let fingerprint = vault.sign(&["start", &sorted(request).to_string()]);
    Ok(Some(IdempotencyKey { key: key.to_owned(), fingerprint }))
}

/// The same value with the members of every object in the order of their names, whatever order the JSON
/// library keeps: the order of members is not part of a request.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(sorted).collect(),
        Value::Object(object) => {
            let members: BTreeMap<_, _> = object.iter().collect();
            members.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect()
        }
        other => other.clone(),
    }
}
