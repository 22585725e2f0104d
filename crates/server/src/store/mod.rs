//! What must outlive the process: tasks and sessions in one SQLite file, written by one thread, and the files of
//! executions beside it.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::vault::{Vault, VaultError};

mod activities;
mod agents;
mod contexts;
mod executions;
mod files;
mod folders;
mod listing;
mod profiles;
mod recordings;
mod schema;
mod sessions;
mod tasks;
mod transitions;

pub use activities::Activity;
pub use agents::{AgentRow, AgentSpec, Changed};
pub use contexts::ContextRow;
pub use executions::{Deleted, ExecutionFilter, ExecutionView, LOCAL, NewExecution, StateKind};
pub use files::{FileSource, Incoming, NewFile, STAGED_MS, StoredFile};
pub use listing::{Listing, Sort};
pub use profiles::{ProfileChange, ProfileRow, SealedRow};
pub use recordings::{Frame, Recording, frame_name};
pub use sessions::{NewSession, SessionFilter, SessionRow};
pub use tasks::{
    Acceptance, CancelReason, Cancelled, Claimed, ClaimedExecution, Counts, IdempotencyKey, NewTask,
    TaskRequest, TaskState, TaskView,
};

/// The name of the database in the data directory.
const DATABASE: &str = "taskwright.sqlite";
/// The name of the file whose lock says that a server uses the directory.
const LOCK: &str = "taskwright.lock";

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The open store. Clones share it.
///
/// One thread owns the connection and does one job after the other: SQLite has one writer anyway, and
/// the async threads never wait for a disk.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
    folders: folders::Folders,
    vault: Vault,
}

impl Store {
    /// Opens the store of a data directory, which no other server may use meanwhile. What a dead server left
    /// behind as running is ended: see [`tasks`](self) and sessions, each with the reason.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::open_with(directory, None)
    }

    /// The same with a vault other than that of the directory.
    pub fn open_with(directory: &Path, vault: Option<Vault>) -> Result<Self, StoreError> {
        create_private_directory(directory)?;
        let lock = lock(directory)?;
        let vault = match vault {
            Some(vault) => vault,
            None => Vault::open(directory)?,
        };
        let path = directory.join(DATABASE);
        create_private_file(&path)
            .map_err(|error| StoreError::Directory(path.display().to_string(), error))?;
        let mut connection = Connection::open(&path)?;
        schema::prepare(&mut connection)?;
        transitions::end_interrupted(&mut connection)?;
        transitions::end_unreadable(&mut connection, &vault)?;
        sessions::end_interrupted(&connection)?;
        let folders = folders::Folders::prepare(directory, &connection)?;
        let (jobs, inbox) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name("store".into())
            .spawn(move || {
                // The lock lives as long as the connection.
                let _lock = lock;
                for job in inbox {
                    job(&mut connection);
                }
            })
            .map_err(|error| StoreError::Directory("the thread of the database".into(), error))?;
        Ok(Self { jobs, folders, vault })
    }

    /// What seals the secrets of this store, and signs.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// A folder for what one run needs for a while, gone when it is dropped.
    pub fn workplace(&self) -> Result<tempfile::TempDir, StoreError> {
        self.folders.workplace().map_err(|error| self.folders.unusable(error))
    }

    /// Has the thread do a job, and waits for it. What it changed is on disk when this returns.
    async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Nobody waits any more when the client hung up; the job counts all the same.
            let _ = answer.send(job(connection));
        });
        self.jobs.send(job).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

/// Forgets the rows of a table whose time is before `before_ms`, and beyond `keep` those whose time is longest ago; rows without
/// a time stay. Says how many. `table` and `time`, a column, are constants of the callers.
fn prune(
    connection: &Connection,
    table: &str,
    time: &str,
    before_ms: i64,
    keep: u64,
) -> Result<usize, StoreError> {
    let keep = i64::try_from(keep).unwrap_or(i64::MAX);
    let old = connection.execute(&format!("DELETE FROM {table} WHERE {time} < ?1"), [before_ms])?;
    let many = connection.execute(
        &format!(
            "DELETE FROM {table} WHERE seq IN (
                 SELECT seq FROM {table} WHERE {time} IS NOT NULL ORDER BY {time} DESC, seq DESC LIMIT -1 OFFSET ?1
             )"
        ),
        [keep],
    )?;
    Ok(old.saturating_add(many))
}

fn create_private_directory(directory: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|error| StoreError::Directory(directory.display().to_string(), error))
}

/// Creates the file for its owner alone before SQLite does; its journals get the same mode from SQLite.
fn create_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(file);
    Ok(())
}

fn lock(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join(LOCK);
    let failed = |error| StoreError::Directory(path.display().to_string(), error);
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            let _ = file.read_to_string(&mut owner);
            return Err(StoreError::Locked { directory: directory.display().to_string(), owner });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).map_err(failed)?;
    write!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(file)
}

/// Why the store did not do as asked.
#[derive(Debug)]
pub enum StoreError {
    /// A directory or file cannot be used.
    Directory(String, std::io::Error),
    /// Another server has the directory.
    Locked {
        /// The directory.
        directory: String,
        /// The process id that its server left in the lock file.
        owner: String,
    },
    /// The file was written by a newer server.
    Newer {
        /// The version of the file.
        found: i64,
        /// The newest one that this server knows.
        newest: i64,
    },
    /// SQLite failed.
    Sql(rusqlite::Error),
    /// A stored text is not the JSON that it should be.
    Json(serde_json::Error),
    /// The keys cannot be used, or something does not open with them.
    Vault(VaultError),
    /// The thread of the database is gone.
    Closed,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(what, error) => write!(f, "{what} cannot be used: {error}"),
            Self::Locked { directory, owner } => {
                let owner = owner.trim();
                let owner = if owner.is_empty() { "unknown" } else { owner };
                write!(
                    f,
                    "another taskwright-server (process {owner}) uses {directory}; stop it, or choose another \
                     directory with --data-dir, or --ephemeral"
                )
            }
            Self::Newer { found, newest } => write!(
                f,
                "the database was written by a newer taskwright-server (version {found}, this one knows {newest}); \
                 use that one, or another --data-dir"
            ),
            Self::Sql(error) => write!(f, "the database failed: {error}"),
            Self::Json(error) => write!(f, "the database holds something unreadable: {error}"),
            Self::Vault(error) => error.fmt(f),
            Self::Closed => f.write_str("the database is closed"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Directory(_, error) => Some(error),
            Self::Sql(error) => Some(error),
            Self::Json(error) => Some(error),
            Self::Vault(error) => Some(error),
            Self::Locked { .. } | Self::Newer { .. } | Self::Closed => None,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<VaultError> for StoreError {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_servers_do_not_share_a_directory() {
        let directory = tempfile::tempdir().unwrap();
        let first = Store::open(directory.path()).unwrap();
        let error = Store::open(directory.path()).err().unwrap();
        assert!(matches!(error, StoreError::Locked { .. }), "{error}");
        assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
        drop(first);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_is_on_disk_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("data");
        let store = Store::open(&directory).unwrap();
        store.counts().await.unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        for file in std::fs::read_dir(&directory).unwrap() {
            let path = file.unwrap().path();
            if path.file_name().is_some_and(|name| name != LOCK) {
                let expected = if path.is_dir() { 0o700 } else { 0o600 };
                assert_eq!(mode(&path), expected, "{}", path.display());
            }
        }
    }
}
