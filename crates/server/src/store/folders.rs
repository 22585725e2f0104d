//! The folders beside the database: files, pictures of runs, and what runs need for a while.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use super::{StoreError, create_private_directory};

/// What the names of bytes begin with that are not kept yet.
pub(super) const PART: &str = ".part-";

/// Where they are. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    root: PathBuf,
}

impl Folders {
    /// Makes what is missing, and removes what a dead server left.
    pub(super) fn prepare(root: &Path, connection: &Connection) -> Result<Self, StoreError> {
        // Chromium is told these paths, and it runs elsewhere.
        let root = std::path::absolute(root)
            .map_err(|error| StoreError::Directory(root.display().to_string(), error))?;
        let folders = Self { root };
        let work = folders.work();
        if let Err(error) = std::fs::remove_dir_all(&work)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(folders.unusable(error));
        }
        for folder in [folders.files(), folders.recordings(), work] {
            create_private_directory(&folder)?;
        }
        for entry in entries(&folders.files()).map_err(|error| folders.unusable(error))? {
            if entry.starts_with(PART) {
                remove(&folders.files().join(entry));
            }
        }
        folders.sweep(connection)?;
        Ok(folders)
    }

    pub(super) fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    pub(super) fn file(&self, id: &str) -> PathBuf {
        self.files().join(id)
    }

    fn recordings(&self) -> PathBuf {
        self.root.join("recordings")
    }

    /// The pictures of one task.
    pub(super) fn recording(&self, seq: i64) -> PathBuf {
        self.recordings().join(seq.to_string())
    }

    fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// A folder for one run, gone when it is dropped.
    pub(super) fn workplace(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix("run-").tempdir_in(self.work())
    }

    /// Removes files and pictures that no row of the database knows any more.
    pub(super) fn sweep(&self, connection: &Connection) -> Result<(), StoreError> {
        let known = |sql: &str| -> Result<HashSet<String>, StoreError> {
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        for (folder, known) in [
            (self.files(), known("SELECT id FROM files")?),
            (self.recordings(), known("SELECT CAST(task_seq AS TEXT) FROM executions")?),
        ] {
            for entry in entries(&folder).map_err(|error| self.unusable(error))? {
                if !known.contains(&entry) && !entry.starts_with(PART) {
                    remove(&folder.join(entry));
                }
            }
        }
        Ok(())
    }

    pub(super) fn unusable(&self, error: io::Error) -> StoreError {
        StoreError::Directory(self.root.display().to_string(), error)
    }
}

fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let entries = std::fs::read_dir(folder)?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// What cannot be removed now is removed with the next sweep.
fn remove(path: &Path) {
    let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
}
