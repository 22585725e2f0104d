//! The temporary profile directory of a Chromium that we started, and the removal of those left behind.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

const PREFIX: &str = "taskwright-chromium-";
const LOCK: &str = "server.lock";
/// After this time a profile without a lock is not one that is just being made.
const LONG_MADE: Duration = Duration::from_secs(600);

/// A profile directory. It is locked for as long as its server lives, which is how another one tells that
/// it was left behind; process ids would not do, they mean different things in different containers.
#[derive(Debug)]
pub(super) struct Profile {
    directory: TempDir,
    _lock: File,
}

impl Profile {
    pub(super) fn create() -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        let lock = File::create(directory.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self { directory, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Removes the directory. Chromium's last children may still be writing into it, so this tries again.
    pub(super) async fn remove(self) {
        for _ in 0..20 {
            if fs::remove_dir_all(self.path()).is_ok() || !self.path().exists() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Removes the profiles of servers that did not live to do it themselves. Their Chromium is gone already:
/// it ends when the pipe to its server closes.
pub(super) fn sweep() {
    sweep_in(&std::env::temp_dir());
}

fn sweep_in(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let abandoned = match File::open(entry.path().join(LOCK)) {
            Ok(lock) => lock.try_lock().is_ok(),
            // It is being made at this moment, or a Chromium that was just ending wrote after its removal.
            Err(_) => entry.metadata().is_ok_and(|data| is_old(&data)),
        };
        if abandoned {
            // Best effort: what cannot be removed is tried again at the next start.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_old(data: &fs::Metadata) -> bool {
    data.modified().ok().and_then(|time| time.elapsed().ok()).is_some_and(|age| age > LONG_MADE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_a_profile_whose_server_is_gone_is_swept() {
        let parent = tempfile::tempdir().unwrap();
        let dead = parent.path().join(format!("{PREFIX}dead"));
        let alive = parent.path().join(format!("{PREFIX}alive"));
        let unlocked = |name: &str, age: Duration| {
            let path = parent.path().join(format!("{PREFIX}{name}"));
            fs::create_dir(&path).unwrap();
            File::open(&path).unwrap().set_modified(std::time::SystemTime::now() - age).unwrap();
            path
        };
        let just_made = unlocked("new", Duration::ZERO);
        let written_after_removal = unlocked("old", LONG_MADE * 2);
        let foreign = parent.path().join("something-else");
        for directory in [&dead, &alive, &foreign] {
            fs::create_dir(directory).unwrap();
            File::create(directory.join(LOCK)).unwrap();
        }
        let held = File::open(alive.join(LOCK)).unwrap();
        held.lock().unwrap();
        sweep_in(parent.path());
        assert!(!dead.exists() && !written_after_removal.exists());
        assert!(just_made.exists());
        assert!(alive.exists() && foreign.exists());
    }

    #[tokio::test]
    async fn a_profile_is_removed_with_everything_in_it() {
        let profile = Profile::create().unwrap();
        let path = profile.path().to_owned();
        fs::create_dir(path.join("Default")).unwrap();
        fs::write(path.join("Default/Cookies"), "x").unwrap();
        profile.remove().await;
        assert!(!path.exists());
    }
}
