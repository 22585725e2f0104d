//! Files of executions: what is known of them in the database, their bytes in a folder, each under its id.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use tempfile::{NamedTempFile, TempPath};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::activities::{self, Event};
use super::folders::PART;
use super::{Store, StoreError};
use crate::clock::now_ms;

/// How long a staged file waits for its execution, in milliseconds.
pub const STAGED_MS: i64 = 60 * 60 * 1000;

/// Where a file comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSource {
    /// A client sent it.
    Upload,
    /// A page did.
    Download,
}

impl FileSource {
    /// As it is stored, and as wires spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
        }
    }
}

/// What is to be known of a new file.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// The execution that it belongs to; without one it is staged for 60 minutes.
    pub execution: Option<String>,
    /// Whose it is; that of the execution when there is one.
    pub organization_id: String,
    /// Its name, as whoever sent it calls it: not to be used as a path.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// Where it comes from.
    pub source: FileSource,
}

/// A kept file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its id, unique for ever.
    pub id: String,
    /// The execution that it belongs to; none as long as it is staged.
    pub execution: Option<String>,
    /// Whose it is.
    pub organization_id: String,
    /// Its name, as whoever sent it calls it: not to be used as a path.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// Its length in bytes.
    pub size: u64,
    /// Where it comes from.
    pub source: FileSource,
    /// When it was kept, in milliseconds since 1970.
    pub created_ms: i64,
    /// Until when it waits, when it is staged.
    pub expires_ms: Option<i64>,
}

/// Bytes that come in and are not kept yet. Dropped, they are gone.
#[derive(Debug)]
pub struct Incoming {
    path: TempPath,
    /// `None` when the bytes are all there.
    file: Option<tokio::fs::File>,
    size: u64,
}

impl Incoming {
    /// Takes a file over that lies on the same disk as the store.
    pub fn adopt(path: PathBuf) -> std::io::Result<Self> {
        let size = std::fs::metadata(&path)?.len();
        Ok(Self { path: TempPath::try_from_path(path)?, file: None, size })
    }

    /// Adds bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let Some(file) = &mut self.file else {
            return Err(std::io::Error::other("this file is complete"));
        };
        file.write_all(bytes).await?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// How many bytes there are so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Store {
    /// A place for bytes that come in.
    pub async fn receive(&self) -> Result<Incoming, StoreError> {
        let folder = self.folders.files();
        let made = tokio::task::spawn_blocking(move || {
            tempfile::Builder::new().prefix(PART).tempfile_in(folder).map(NamedTempFile::into_parts)
        });
        let made = made.await.map_err(|_| StoreError::Closed)?;
        let (file, path) = made.map_err(|error| self.folders.unusable(error))?;
        Ok(Incoming { path, file: Some(tokio::fs::File::from_std(file)), size: 0 })
    }

    /// Keeps bytes that came in. `None` when there is no such execution, and then they are gone.
    pub async fn add_file(&self, new: NewFile, bytes: Incoming) -> Result<Option<StoredFile>, StoreError> {
        let Incoming { path, file, size } = bytes;
        if let Some(mut file) = file {
            file.flush().await.map_err(|error| self.folders.unusable(error))?;
        }
        let folders = self.folders.clone();
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let id = Uuid::new_v4().to_string();
            let seq = match &new.execution {
                None => None,
                Some(execution) => match activities::seq_of(&transaction, execution)? {
                    Some(seq) => Some(seq),
                    None => return Ok(None),
                },
            };
            let now = now_ms();
            let expires = if seq.is_none() { Some(now + STAGED_MS) } else { None };
            let length = i64::try_from(size).unwrap_or(i64::MAX);
            transaction.execute(
                "INSERT INTO files (id, task_seq, organization_id, name, mime, size, source, created_ms, expires_ms)
                 VALUES (?1, ?2, coalesce((SELECT organization_id FROM executions WHERE task_seq = ?2), ?3),
                     ?4, ?5, ?6, ?7, ?8, ?9)",
                params![id, seq, new.organization_id, new.name, new.mime, length, new.source.as_str(), now, expires],
            )?;
            let stored = get(&transaction, &id)?;
            if let (Some(execution), Some(file)) = (&new.execution, &stored) {
                tell(&transaction, execution, file, new.source)?;
            }
            path.persist(folders.file(&id)).map_err(|error| folders.unusable(error.error))?;
            transaction.commit()?;
            Ok(stored)
        })
        .await
    }

    /// The files of an execution, the oldest first; `None` when there is none of that id.
    pub async fn files_of(&self, execution: &str) -> Result<Option<Vec<StoredFile>>, StoreError> {
        let execution = execution.to_owned();
        self.call(move |connection| {
            let Some(seq) = activities::seq_of(connection, &execution)? else { return Ok(None) };
            let sql = format!("{SELECT} WHERE files.task_seq = ?1 ORDER BY files.created_ms, files.id");
            let mut statement = connection.prepare_cached(&sql)?;
            let files = statement.query_map([seq], read)?.collect::<Result<_, _>>()?;
            Ok(Some(files))
        })
        .await
    }

    /// Stages copies of the files that were uploaded for an execution, so that another one can have them too. Their
    /// ids, in order; `None` when there is none of that id.
    pub async fn stage_uploads_of(&self, execution: &str) -> Result<Option<Vec<String>>, StoreError> {
        let execution = execution.to_owned();
        let folders = self.folders.clone();
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let Some(seq) = activities::seq_of(&transaction, &execution)? else { return Ok(None) };
            let uploads = {
                let mut statement = transaction.prepare_cached(
                    "SELECT id FROM files WHERE task_seq = ?1 AND source = 'upload' ORDER BY created_ms, id",
                )?;
                let ids = statement.query_map([seq], |row| row.get::<_, String>(0))?;
                ids.collect::<Result<Vec<_>, _>>()?
            };
            let mut copies = Vec::new();
            for upload in uploads {
                let (copy, now) = (Uuid::new_v4().to_string(), now_ms());
                transaction.execute(
                    "INSERT INTO files (id, task_seq, organization_id, name, mime, size, source, created_ms, expires_ms)
                     SELECT ?2, NULL, organization_id, name, mime, size, source, ?3, ?4 FROM files WHERE id = ?1",
                    params![upload, copy, now, now + STAGED_MS],
                )?;
                // Bytes are never changed, so two names for the same ones are as good as a copy.
                let (from, to) = (folders.file(&upload), folders.file(&copy));
                std::fs::hard_link(&from, &to)
                    .or_else(|_| std::fs::copy(&from, &to).map(drop))
                    .map_err(|error| folders.unusable(error))?;
                copies.push(copy);
            }
            transaction.commit()?;
            Ok(Some(copies))
        })
        .await
    }

    /// One file, staged or not; `None` when there is none of that id, or it expired.
    pub async fn file(&self, id: &str) -> Result<Option<StoredFile>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| get(connection, &id)).await
    }

    /// Where the bytes of a file lie, for reading. The id must be that of a [`StoredFile`].
    #[must_use]
    pub fn path_of(&self, file: &StoredFile) -> PathBuf {
        self.folders.file(&file.id)
    }

    /// Forgets staged files whose time is over, and says how many.
    pub async fn prune_files(&self) -> Result<usize, StoreError> {
        let folders = self.folders.clone();
        self.call(move |connection| {
            let expired = connection.execute("DELETE FROM files WHERE expires_ms < ?1", [now_ms()])?;
            if expired > 0 {
                folders.sweep(connection)?;
            }
            Ok(expired)
        })
        .await
    }
}

/// Gives a staged file to an execution; `None` when there is no such file to give.
pub(super) fn give(connection: &Connection, id: &str, seq: i64) -> Result<Option<StoredFile>, StoreError> {
    let given = connection
        .prepare_cached(
            "UPDATE files SET task_seq = ?2, expires_ms = NULL
             WHERE id = ?1 AND task_seq IS NULL AND expires_ms >= ?3",
        )?
        .execute(params![id, seq, now_ms()])?;
    if given == 0 { Ok(None) } else { get(connection, id) }
}

/// Records that an execution has a file more.
pub(super) fn tell(
    connection: &Connection,
    execution: &str,
    file: &StoredFile,
    source: FileSource,
) -> Result<(), StoreError> {
    let StoredFile { id, name, mime, size, .. } = file;
    let event = Event::FileAdded { id, name, mime, size: *size, source: source.as_str() };
    activities::add(connection, execution, &event)
}

const SELECT: &str = "
    SELECT files.id, tasks.id AS execution, organization_id, name, mime, size, source, files.created_ms, expires_ms
    FROM files LEFT JOIN tasks ON tasks.seq = files.task_seq";

fn get(connection: &Connection, id: &str) -> Result<Option<StoredFile>, StoreError> {
    let sql = format!("{SELECT} WHERE files.id = ?1 AND (expires_ms IS NULL OR expires_ms >= ?2)");
    Ok(connection.prepare_cached(&sql)?.query_row(params![id, now_ms()], read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredFile> {
    let source: String = row.get("source")?;
    Ok(StoredFile {
        id: row.get("id")?,
        execution: row.get("execution")?,
        organization_id: row.get("organization_id")?,
        name: row.get("name")?,
        mime: row.get("mime")?,
        size: row.get::<_, i64>("size")?.unsigned_abs(),
        source: if source == "download" { FileSource::Download } else { FileSource::Upload },
        created_ms: row.get("created_ms")?,
        expires_ms: row.get("expires_ms")?,
    })
}
