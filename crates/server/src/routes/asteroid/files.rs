//! Files of executions: sent by clients, made by pages, staged for executions to come.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::executions::{find, not_found};
use super::query::Pairs;
use super::signed::{Signer, Thing};
use super::upload::{self, Limit};
use crate::app::AppState;
use crate::clock::rfc3339;
use crate::error::Failure;
use crate::routes::extract::Id;
use crate::store::{ExecutionView, FileSource, LOCAL, StoredFile};

pub(super) fn router() -> Router<AppState> {
    let mut router = Router::new()
        .route("/api/v1/execution/{id}/files", post(add_v1))
        .route("/agents/v2/executions/{id}/context-files", get(list).post(add))
        .route("/agents/v2/temp-files", post(stage))
        .route("/agents/v2/temp-files/{id}", post(stage_for));
    // The newer word and the older one for the same.
    for name in ["files", "agent-files"] {
        router = router.route(&format!("/agents/v2/executions/{{id}}/{name}"), get(directories));
    }
    for name in ["files", "agent-files", "context-files"] {
        router =
            router.route(&format!("/agents/v2/executions/{{id}}/{name}/{{sub}}/download"), get(redirect));
    }
    // Uploads are counted as they come, and never held in memory.
    router.layer(DefaultBodyLimit::disable())
}

async fn add_v1(State(state): State<AppState>, Id(id): Id, request: Request) -> Answer {
    let files = receive(&state, &id, request).await?;
    let ids: Vec<_> = files.iter().map(|file| file.id.as_str()).collect();
    answer::json(StatusCode::OK, json!({ "message": said(&files), "file_ids": ids }))
}

async fn add(State(state): State<AppState>, Id(id): Id, request: Request) -> Answer {
    let files = receive(&state, &id, request).await?;
    Ok((StatusCode::OK, said(&files)).into_response())
}

fn said(files: &[StoredFile]) -> String {
    match files.len() {
        1 => "1 file was uploaded.".to_owned(),
        count => format!("{count} files were uploaded."),
    }
}

async fn receive(state: &AppState, id: &str, request: Request) -> Result<Vec<StoredFile>, Failure> {
    let view = find(state, id).await?;
    let files = state.store.files_of(id).await?.ok_or_else(not_found)?;
    let sent = files.iter().filter(|file| file.source == FileSource::Upload).map(|file| file.size);
    let limit = Limit { total: state.upload_limit, taken: sent.sum() };
    upload::receive(&state.store, request, limit, Some(id), &view.organization_id).await
}

async fn stage(State(state): State<AppState>, query: Pairs, request: Request) -> Answer {
    stage_in(&state, query.text("organizationId").unwrap_or(LOCAL), request).await
}

async fn stage_for(State(state): State<AppState>, Id(organization): Id, request: Request) -> Answer {
    stage_in(&state, &organization, request).await
}

async fn stage_in(state: &AppState, organization: &str, request: Request) -> Answer {
    let limit = Limit { total: state.upload_limit, taken: 0 };
    let files = upload::receive(&state.store, request, limit, None, organization).await?;
    let shown: Vec<_> = files.iter().map(|file| json!({ "id": file.id, "name": file.name })).collect();
    answer::json(StatusCode::OK, json!({ "tempFiles": shown }))
}

async fn list(State(state): State<AppState>, signer: Signer, Id(id): Id) -> Answer {
    let view = find(&state, &id).await?;
    let files = state.store.files_of(&id).await?.ok_or_else(not_found)?;
    answer::json(StatusCode::OK, files.iter().map(|file| show(&state, &signer, &view, file)).collect())
}

async fn directories(State(state): State<AppState>, signer: Signer, Id(id): Id) -> Answer {
    let view = find(&state, &id).await?;
    let files = state.store.files_of(&id).await?.ok_or_else(not_found)?;
    let of = |source: FileSource| {
        let files = files.iter().filter(|file| file.source == source);
        files.map(|file| show(&state, &signer, &view, file)).collect::<Vec<_>>()
    };
    let mut body = json!({
        "directories": { "uploads": of(FileSource::Upload), "downloads": of(FileSource::Download) },
    });
    if let (Some(members), Some(last)) =
        (body.as_object_mut(), files.iter().map(|file| file.created_ms).max())
    {
        members.insert("lastUpdated".to_owned(), Value::from(rfc3339(last)));
    }
    answer::json(StatusCode::OK, body)
}

async fn redirect(
    State(state): State<AppState>,
    signer: Signer,
    Path((id, file)): Path<(String, String)>,
) -> Answer {
    find(&state, &id).await?;
    let file = state.store.file(&file).await?.filter(|file| file.execution.as_ref() == Some(&id));
    let file = file.ok_or_else(|| Failure::not_found("File not found"))?;
    let url = signer.url(state.store.vault(), Thing::File, &file.id);
    Ok(see_other(StatusCode::SEE_OTHER, &url))
}

/// A redirect to an address of [`Signer`], which is made of nothing but printable ASCII.
pub(super) fn see_other(status: StatusCode, url: &str) -> Response {
    (status, [(header::LOCATION, url)]).into_response()
}

/// A file with the members of both of the vendor's shapes.
fn show(state: &AppState, signer: &Signer, view: &ExecutionView, file: &StoredFile) -> Value {
    let url = signer.url(state.store.vault(), Thing::File, &file.id);
    let directory = match file.source {
        FileSource::Upload => "uploads",
        FileSource::Download => "downloads",
    };
    let created_by = if file.source == FileSource::Upload { "user" } else { "agent" };
    let extension = file.name.rsplit_once('.').map_or("", |(_, extension)| extension);
    json!({
        "id": file.id,
        "executionId": view.id,
        "agentId": view.agent_id,
        "workflowId": view.agent_id,
        "fileName": file.name,
        "filePath": format!("{directory}/{}", file.name),
        "fileExt": extension,
        "fileSize": file.size,
        "fileType": file.mime.split('/').next().unwrap_or_default(),
        "mimeType": file.mime,
        "createdAt": rfc3339(file.created_ms),
        "updatedAt": rfc3339(file.created_ms),
        "directory": directory,
        "createdBy": created_by,
        "signedUrl": url,
        "downloadUrl": url,
    })
}
