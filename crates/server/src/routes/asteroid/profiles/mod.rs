//! Profiles in both spellings over one table, and the public key that v1 clients encrypt credentials with.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use serde_json::{Map, Value, json};
use taskwright_core::operation::InvalidInput;
use uuid::Uuid;

mod secrets;
mod spelling;

pub(super) use secrets::{open_cookies, secret_values};

use self::spelling::Spelling;
use super::address::{Api, api_of};
use super::answer::{self, Answer};
use super::query::Pairs;
use crate::app::AppState;
use crate::clock::{now_ms, rfc3339};
use crate::error::Failure;
use crate::fields::Fields;
use crate::routes::extract::{Id, JsonObject};
use crate::store::{Changed, LOCAL, Listing, ProfileChange, ProfileRow};
use crate::vault::Vault;

pub(super) fn router() -> Router<AppState> {
    let mut router = Router::new()
        .route("/api/v1/agent-profiles", get(list_bare).post(create))
        .route("/api/v1/agent-profiles/{id}", get(retrieve).patch(update).delete(delete))
        .route("/api/v1/credentials/public_key", get(public_key));
    // The newer word and the older one.
    for name in ["profiles", "agent-profiles"] {
        router = router
            .route(&format!("/agents/v2/{name}"), get(list_page).post(create))
            .route(&format!("/agents/v2/{name}/{{id}}"), get(retrieve).patch(update).delete(delete));
    }
    router
}

/// What clients read for a profile that is not there.
pub(super) fn not_found() -> Failure {
    Failure::not_found("Agent profile not found")
}

fn is_v1(uri: &Uri) -> bool {
    api_of(uri.path()) == Some(Api::V1)
}

fn spelling(uri: &Uri, body: &Map<String, Value>) -> Spelling {
    if is_v1(uri) { Spelling::of_body(body) } else { Spelling::Camel }
}

async fn public_key(State(state): State<AppState>) -> Answer {
    let pem = state.store.vault().public_key().await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], pem).into_response())
}

async fn list_bare(State(state): State<AppState>, query: Pairs) -> Answer {
    let organization = query.text("organization_id").map(str::to_owned);
    let (profiles, _) = state.store.profiles(Listing { organization, ..Listing::default() }).await?;
    let shown: Result<Vec<_>, _> =
        profiles.iter().map(|profile| show(state.store.vault(), profile, true)).collect();
    answer::json(StatusCode::OK, Value::Array(shown?))
}

async fn list_page(State(state): State<AppState>, query: Pairs) -> Answer {
    let (listing, page) = query.listing(&["name", "created_at", "updated_at"])?;
    let (profiles, total) = state.store.profiles(listing).await?;
    let shown: Result<Vec<_>, _> =
        profiles.iter().map(|profile| show(state.store.vault(), profile, false)).collect();
    answer::json(StatusCode::OK, page.of(shown?, total))
}

async fn create(State(state): State<AppState>, uri: Uri, JsonObject(body): JsonObject) -> Answer {
    let (fields, spelling) = (Fields::new(&body), spelling(&uri, &body));
    let organization = spelling.pick("organizationId", "organization_id");
    if spelling == Spelling::Snake {
        fields.filled(organization)?;
        // Older clients know no cookies, so that only this list is demanded.
        if !fields.has("credentials") {
            return Err(fields.refuse("credentials", "has to be there; an empty array is enough").into());
        }
    }
    refuse_secrets(&fields)?;
    let (name, description) = (fields.filled("name")?, fields.bounded("description", 0, 1000)?);
    fields.bounded("name", 1, 255)?;
    let now = now_ms();
    let row = ProfileRow {
        id: Uuid::new_v4().to_string(),
        organization_id: fields.text(organization)?.filter(|id| !id.is_empty()).map(str::to_owned),
        name: name.to_owned(),
        description: description.ok_or_else(|| fields.refuse("description", "has to be there"))?.to_owned(),
        settings: spelling.settings(&fields, true)?,
        credentials: secrets::credentials(state.store.vault(), &fields, "credentials", spelling).await?,
        cookies: secrets::cookies(state.store.vault(), &fields, "cookies", spelling)?,
        created_ms: now,
        updated_ms: now,
    };
    changed(&state, &uri, StatusCode::CREATED, state.store.add_profile(row).await?)
}

async fn retrieve(State(state): State<AppState>, uri: Uri, Id(id): Id) -> Answer {
    let profile = state.store.profile(&id).await?.ok_or_else(not_found)?;
    answer::json(StatusCode::OK, show(state.store.vault(), &profile, is_v1(&uri))?)
}

async fn update(State(state): State<AppState>, uri: Uri, Id(id): Id, JsonObject(body): JsonObject) -> Answer {
    let (fields, spelling) = (Fields::new(&body), spelling(&uri, &body));
    let profile = state.store.profile(&id).await?.ok_or_else(not_found)?;
    refuse_secrets(&fields)?;
    let vault = state.store.vault();
    let member = |camel, snake| spelling.pick(camel, snake);
    let add = member("credentialsToAdd", "credentials_to_add");
    let mut credentials = secrets::credentials(vault, &fields, add, spelling).await?;
    for new in secrets::credentials(vault, &fields, "credentialsToUpdate", spelling).await? {
        if !profile.credentials.iter().any(|known| known.name == new.name) {
            let problem = format!("names \"{}\", which the profile does not have", new.name);
            return Err(fields.refuse("credentialsToUpdate", problem).into());
        }
        credentials.push(new);
    }
    let mut remove = fields.texts(member("credentialsToDelete", "credentials_to_delete"))?;
    remove.extend(fields.texts(member("cookiesToDelete", "cookies_to_delete"))?);
    if fields.has("name") {
        fields.filled("name")?;
    }
    let change = ProfileChange {
        name: fields.bounded("name", 1, 255)?.map(str::to_owned),
        description: fields.bounded("description", 0, 1000)?.map(str::to_owned),
        settings: spelling.settings(&fields, false)?,
        credentials,
        cookies: secrets::cookies(vault, &fields, member("cookiesToAdd", "cookies_to_add"), spelling)?,
        remove,
    };
    changed(&state, &uri, StatusCode::OK, state.store.change_profile(&id, change).await?)
}

async fn delete(State(state): State<AppState>, uri: Uri, Id(id): Id) -> Answer {
    if !state.store.delete_profile(&id).await? {
        return Err(not_found().into());
    }
    if is_v1(&uri) {
        return answer::json(StatusCode::OK, json!({ "message": "Agent profile deleted successfully" }));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn changed(state: &AppState, uri: &Uri, status: StatusCode, changed: Changed<ProfileRow>) -> Answer {
    match changed {
        Changed::Done(profile) => answer::json(status, show(state.store.vault(), &profile, is_v1(uri))?),
        Changed::Unknown => Err(not_found().into()),
        Changed::NameTaken => {
            // v1 declares no other status for it.
            let status = if is_v1(uri) { StatusCode::BAD_REQUEST } else { StatusCode::CONFLICT };
            Err(Failure::new(status, "Another profile has this \"name\".").into())
        }
    }
}

/// The vendor's shared secrets are not here; a profile that would miss them must not look as if it had them.
fn refuse_secrets(fields: &Fields<'_>) -> Result<(), InvalidInput> {
    let names = ["secretIds", "secretIdsToAdd", "vaultItemIds", "vaultItemIdsToAdd"];
    for name in names {
        if !fields.texts(name)?.is_empty() {
            return Err(
                fields.refuse(name, "names secrets, which the local server does not have; use credentials")
            );
        }
    }
    Ok(())
}

/// A profile as clients read it. Answers of v1 have the members of both spellings: a client whose base address has no
/// prefix arrives there with either.
fn show(vault: &Vault, profile: &ProfileRow, v1: bool) -> Result<Value, Failure> {
    let organization = profile.organization_id.as_deref().unwrap_or(LOCAL);
    let (created, updated) = (rfc3339(profile.created_ms), rfc3339(profile.updated_ms));
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| drop(answer.insert(name.to_owned(), value));
    put("id", Value::from(profile.id.as_str()));
    put("name", Value::from(profile.name.as_str()));
    put("description", Value::from(profile.description.as_str()));
    put("organizationId", Value::from(organization));
    put("credentials", profile.credentials.iter().map(secrets::show_credential).collect());
    let cookies: Result<Vec<_>, _> =
        profile.cookies.iter().map(|cookie| secrets::show_cookie(vault, cookie)).collect();
    put("cookies", Value::Array(cookies?));
    put("vaultItems", json!([]));
    // No mail reaches this machine.
    put("inboxEmail", Value::from(""));
    put("createdAt", Value::from(created.as_str()));
    put("updatedAt", Value::from(updated.as_str()));
    if v1 {
        put("organization_id", Value::from(organization));
        put("created_at", Value::from(created));
        put("updated_at", Value::from(updated));
    }
    Spelling::Camel.show(&profile.settings, &mut answer);
    if v1 {
        Spelling::Snake.show(&profile.settings, &mut answer);
    }
    Ok(Value::Object(answer))
}
