//! Files in a multipart body: from the socket to the disk, counted on the way; when one is refused, none
//! is kept.

use axum::extract::multipart::Field;
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::{StatusCode, header};

use crate::error::Failure;
use crate::store::{FileSource, Incoming, NewFile, Store, StoreError, StoredFile};

/// Files that one request may bring.
const MAX_FILES: usize = 1000;
/// Bytes that are read and forgotten after a refusal.
const DRAINED: usize = 64 * 1024 * 1024;
/// Bytes that a file name may have: what file systems take.
const MAX_NAME: usize = 255;
/// The name of a file that came without one.
const NAMELESS: &str = "file.txt";

/// How much may come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    /// Bytes in all.
    pub(super) total: u64,
    /// Bytes of it that are there already.
    pub(super) taken: u64,
}

struct Received {
    name: String,
    mime: String,
    bytes: Incoming,
}

/// Keeps the parts named `files`, for an execution or staged. Clients with nothing to send send no body at all.
pub(super) async fn receive(
    store: &Store,
    request: Request,
    limit: Limit,
    execution: Option<&str>,
    organization: &str,
) -> Result<Vec<StoredFile>, Failure> {
    let received = if request.headers().contains_key(header::CONTENT_TYPE) {
        let multipart = Multipart::from_request(request, &());
        let mut multipart = multipart.await.map_err(|error| {
            let text = format!("The body has to be multipart/form-data: {error}");
            Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
        })?;
        match read_all(store, &mut multipart, limit).await {
            Ok(received) => received,
            Err(failure) => {
                drain(&mut multipart).await;
                return Err(failure);
            }
        }
    } else {
        Vec::new()
    };
    let mut kept = Vec::with_capacity(received.len());
    for Received { name, mime, bytes } in received {
        let new = NewFile {
            execution: execution.map(str::to_owned),
            organization_id: organization.to_owned(),
            name,
            mime,
            source: FileSource::Upload,
        };
        let file = store.add_file(new, bytes).await?;
        kept.push(file.ok_or_else(super::executions::not_found)?);
    }
    Ok(kept)
}

async fn read_all(store: &Store, multipart: &mut Multipart, limit: Limit) -> Result<Vec<Received>, Failure> {
    let mut received = Vec::new();
    let mut left = limit.total.saturating_sub(limit.taken);
    while let Some(field) = multipart.next_field().await.map_err(|error| broken(&error))? {
        // Others are no files of this request; clients send none.
        if field.name() == Some("files") {
            if received.len() == MAX_FILES {
                return Err(Failure::bad_request(format!("\"files\" takes {MAX_FILES} files at most.")));
            }
            received.push(read(store, field, &mut left, limit.total).await?);
        }
    }
    Ok(received)
}

/// Reads on for a while after a refusal: many clients read no answer before they have sent everything, and see a broken
/// connection where one should have been.
async fn drain(multipart: &mut Multipart) {
    let mut left = DRAINED;
    while let Ok(Some(mut field)) = multipart.next_field().await {
        while let Ok(Some(chunk)) = field.chunk().await {
            let Some(rest) = left.checked_sub(chunk.len()) else { return };
            left = rest;
        }
    }
}

async fn read(store: &Store, mut field: Field<'_>, left: &mut u64, total: u64) -> Result<Received, Failure> {
    let name = base_name(field.file_name().unwrap_or_default());
    let mime = media_type(field.content_type().unwrap_or_default());
    let mut bytes = store.receive().await?;
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        *left = left.checked_sub(length).ok_or_else(|| {
            let text =
                format!("The files of one execution may have {total} bytes together (--upload-limit).");
            Failure::new(StatusCode::PAYLOAD_TOO_LARGE, text)
        })?;
        let written = bytes.write(&chunk).await;
        written.map_err(|error| StoreError::Directory("the folder of files".to_owned(), error))?;
    }
    Ok(Received { name, mime, bytes })
}

fn broken(error: &axum::extract::multipart::MultipartError) -> Failure {
    Failure::bad_request(format!("The files broke off or are not well-formed: {error}."))
}

/// The last part of a path of whatever system: clients join the name to a folder of theirs.
fn base_name(path: &str) -> String {
    let name: String =
        path.rsplit(['/', '\\']).next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    let mut name = name.trim().to_owned();
    while name.len() > MAX_NAME {
        name.pop();
    }
    if matches!(name.as_str(), "" | "." | "..") { NAMELESS.to_owned() } else { name }
}

/// A media type that is fit for a header.
fn media_type(text: &str) -> String {
    let plain =
        text.len() <= 200 && text.contains('/') && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plain { text.to_owned() } else { "application/octet-stream".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leaves_a_folder() {
        for (path, name) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\a.txt", "a.txt"),
            ("/absolute", "absolute"),
            ("..", NAMELESS),
            ("dir/", NAMELESS),
            ("", NAMELESS),
            ("a\r\nb\0.txt", "ab.txt"),
            ("größe 1.txt", "größe 1.txt"),
        ] {
            assert_eq!(base_name(path), name);
        }
        assert!(base_name(&"é".repeat(200)).len() <= MAX_NAME);
        assert_eq!(media_type("text/plain\r\nx: y"), "application/octet-stream");
        assert_eq!(media_type("text/csv"), "text/csv");
    }
}
