//! What addresses with a signature lead to: the bytes of a file, the recording of a run.

use std::io::ErrorKind;
use std::path::Path as FilePath;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::stream;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::answer::Answer;
use super::query::Pairs;
use super::signed::{self, Thing};
use crate::app::AppState;
use crate::error::Failure;
use crate::routes::extract::Id;
use crate::store::StoreError;

/// Bytes that are read and sent at once.
const CHUNK: usize = 64 * 1024;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/asteroid/files/{id}", get(file))
        .route("/asteroid/recordings/{id}", get(super::recording::page))
        .route("/asteroid/recordings/{id}/{frame}", get(frame))
}

async fn file(State(state): State<AppState>, Id(id): Id, query: Pairs) -> Answer {
    signed::check(state.store.vault(), Thing::File, &id, &query)?;
    let gone = || Failure::not_found("This file is no longer kept.");
    let file = state.store.file(&id).await?.ok_or_else(gone)?;
    let mut response = send(&state.store.path_of(&file)).await?.ok_or_else(gone)?;
    let headers = response.headers_mut();
    let mime = HeaderValue::from_str(&file.mime);
    headers
        .insert(header::CONTENT_TYPE, mime.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    let disposition = HeaderValue::from_str(&disposition(&file.name));
    headers
        .insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    // Whatever it holds, it is not for this origin to run.
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

async fn frame(
    State(state): State<AppState>,
    Path((id, frame)): Path<(String, String)>,
    query: Pairs,
) -> Answer {
    signed::check(state.store.vault(), Thing::Recording, &id, &query)?;
    let gone = || Failure::not_found("This picture is not there.");
    let at_ms: i64 = frame.strip_suffix(".jpg").and_then(|time| time.parse().ok()).ok_or_else(gone)?;
    let recording = state.store.recording(&id).await?.ok_or_else(gone)?;
    let frame = recording.frames.into_iter().find(|frame| frame.at_ms == at_ms).ok_or_else(gone)?;
    let mut response = send(&frame.path).await?.ok_or_else(gone)?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    Ok(response)
}

/// The bytes of a file as they are read, with their length; `None` when it is not there.
async fn send(path: &FilePath) -> Result<Option<Response>, StoreError> {
    let failed = |error| StoreError::Directory("the folder of files".to_owned(), error);
    let file = match File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let length = file.metadata().await.map_err(failed)?.len();
    let chunks = stream::try_unfold(file, async |mut file| {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(chunk), file)))
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(Some(response))
}

/// `Content-Disposition` with the name in both forms of RFC 6266.
fn disposition(name: &str) -> String {
    let plain =
        |c: char| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_break_out_of_its_header() {
        assert_eq!(disposition("a b.txt"), "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt");
        assert_eq!(
            disposition("ü\"; x=\r\n%"),
            "attachment; filename=\"__; x=___\"; filename*=UTF-8''%C3%BC%22%3B%20x%3D%0D%0A%25"
        );
    }
}
