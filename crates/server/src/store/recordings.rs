//! Pictures of a run: one file a frame, whose name is its time.

use std::path::{Path, PathBuf};

use super::{Store, StoreError, activities};

/// The frames of a run in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The frames.
    pub frames: Vec<Frame>,
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// When it was taken, in milliseconds since 1970.
    pub at_ms: i64,
    /// A JPEG.
    pub path: PathBuf,
}

impl Store {
    /// The pictures that there are of an execution; `None` when there is none of that id, or none was taken.
    pub async fn recording(&self, id: &str) -> Result<Option<Recording>, StoreError> {
        let id = id.to_owned();
        let folders = self.folders.clone();
        self.call(move |connection| {
            let Some(seq) = activities::seq_of(connection, &id)? else { return Ok(None) };
            let frames = frames(&folders.recording(seq));
            Ok(if frames.is_empty() { None } else { Some(Recording { frames }) })
        })
        .await
    }

    /// Makes the folder for the pictures of an execution; `None` when there is none of that id.
    pub async fn start_recording(&self, id: &str) -> Result<Option<PathBuf>, StoreError> {
        let id = id.to_owned();
        let folders = self.folders.clone();
        self.call(move |connection| {
            let Some(seq) = activities::seq_of(connection, &id)? else { return Ok(None) };
            let folder = folders.recording(seq);
            super::create_private_directory(&folder)?;
            connection.execute("UPDATE executions SET recorded = 1 WHERE task_seq = ?1", [seq])?;
            Ok(Some(folder))
        })
        .await
    }
}

/// The name of a frame.
#[must_use]
pub fn frame_name(at_ms: i64) -> String {
    format!("{at_ms:015}.jpg")
}

fn frames(folder: &Path) -> Vec<Frame> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let frame = |path: PathBuf| {
        let at_ms = path.file_name()?.to_str()?.strip_suffix(".jpg")?.parse().ok()?;
        Some(Frame { at_ms, path })
    };
    let mut frames: Vec<Frame> = entries.flatten().filter_map(|entry| frame(entry.path())).collect();
    frames.sort_by_key(|frame| frame.at_ms);
    frames
}
