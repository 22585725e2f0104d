//! Keeps pictures of a run: those of a screencast, and the last view.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tracing::{debug, error};

use crate::browser::{Page, Screencast};
use crate::clock::now_ms;
use crate::store::{Store, frame_name};

/// The least time between two pictures.
const PAUSE: Duration = Duration::from_millis(200);
/// Pictures of one run at most, and their bytes; the last view comes on top.
const MOST_FRAMES: usize = 1500;
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How long the last view may take: a task does not end later because of a picture.
const LAST_VIEW: Duration = Duration::from_secs(5);

/// The recording of one run.
pub(crate) struct Recording<'a> {
    store: &'a Store,
    task: &'a str,
    page: &'a Page,
    /// Made with the first picture.
    folder: Option<PathBuf>,
    last_ms: i64,
    frames: usize,
    bytes: usize,
}

impl<'a> Recording<'a> {
    pub(crate) fn new(store: &'a Store, task: &'a str, page: &'a Page) -> Self {
        Self { store, task, page, folder: None, last_ms: 0, frames: 0, bytes: 0 }
    }

    /// Takes pictures until it is dropped. Never ends before.
    pub(crate) async fn follow(&mut self) -> Infallible {
        match self.page.start_screencast().await {
            Ok(mut cast) => self.take_from(&mut cast).await,
            // A page that is gone says so to the task itself.
            Err(error) => debug!(task = %self.task, %error, "no pictures"),
        }
        std::future::pending().await
    }

    /// Takes the last picture. Call it before the page is closed.
    pub(crate) async fn finish(mut self) {
        if let Ok(Ok(picture)) = timeout(LAST_VIEW, self.page.snapshot()).await {
            self.keep(&picture).await;
        }
    }

    async fn take_from(&mut self, cast: &mut Screencast) {
        while let Some(frame) = cast.next().await {
            self.frames += 1;
            self.bytes = self.bytes.saturating_add(frame.picture.len());
            if self.frames > MOST_FRAMES || self.bytes > MOST_BYTES {
                // That it could not be stopped changes nothing: it gets no further acknowledgement.
                let _ = cast.stop().await;
                return;
            }
            self.keep(&frame.picture).await;
            sleep(PAUSE).await;
            if cast.acknowledge(frame).await.is_err() {
                return;
            }
        }
    }

    async fn keep(&mut self, picture: &[u8]) {
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => match self.store.start_recording(self.task).await {
                Ok(Some(folder)) => self.folder.insert(folder).clone(),
                Ok(None) => return,
                Err(error) => return error!(task = %self.task, %error, "pictures cannot be kept"),
            },
        };
        self.last_ms = now_ms().max(self.last_ms + 1);
        if let Err(error) = write(&folder, self.last_ms, picture).await {
            error!(task = %self.task, %error, "a picture cannot be kept");
        }
    }
}

/// Writes a picture so that nobody ever reads half of it.
async fn write(folder: &Path, at_ms: i64, picture: &[u8]) -> std::io::Result<()> {
    let (part, whole) = (folder.join("next.part"), folder.join(frame_name(at_ms)));
    tokio::fs::write(&part, picture).await?;
    tokio::fs::rename(part, whole).await
}
