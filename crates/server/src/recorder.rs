//! Writes down what the agent of one task does, in order, and gives it what it asks the store for.

use std::path::PathBuf;

use tempfile::TempDir;
use tokio::sync::mpsc;
use tracing::{error, warn};

use crate::agent::{Found, Progress, Report, Secrets};
use crate::store::{FileSource, Incoming, NewFile, Store, StoreError, StoredFile};

/// The recorder of one task.
pub(crate) struct Recorder {
    pub(crate) store: Store,
    pub(crate) task: String,
    pub(crate) secrets: Secrets,
}

impl Recorder {
    /// Works until nobody is left who could report; several reports at a time when they come fast.
    pub(crate) async fn run(self, mut reports: mpsc::UnboundedReceiver<Report>) {
        // Made when it is first needed, and gone with everything in it when the task ended.
        let mut workplace = None;
        let mut batch = Vec::new();
        while reports.recv_many(&mut batch, 64).await > 0 {
            let mut done = Vec::new();
            for report in batch.drain(..) {
                let report = match report {
                    Report::Progress(progress) => {
                        done.push(self.redacted(progress));
                        continue;
                    }
                    other => other,
                };
                self.write(std::mem::take(&mut done)).await;
                if let Err(error) = self.serve(report, &mut workplace).await {
                    error!(task = %self.task, %error, "the store failed a running task");
                }
            }
            self.write(done).await;
        }
    }

    async fn write(&self, done: Vec<Progress>) {
        if done.is_empty() {
            return;
        }
        if let Err(error) = self.store.add_progress(&self.task, done).await {
            error!(task = %self.task, %error, "steps could not be stored");
        }
    }

    async fn serve(&self, report: Report, workplace: &mut Option<TempDir>) -> Result<(), StoreError> {
        match report {
            Report::Progress(_) => {}
            Report::Ask(question, reply) => {
                let asked = self.store.ask_in_task(&self.task, &self.secrets.redact(&question)).await?;
                // An agent that left needs no answer.
                let _ = reply.send(asked);
            }
            Report::Answered => {
                self.store.end_asking(&self.task).await?;
            }
            Report::Find(name, reply) => {
                let found = self.find(&name, workplace).await?;
                let _ = reply.send(found);
            }
            Report::Downloaded { path, name } => self.keep(path, name).await?,
            Report::Flush(reply) => {
                let _ = reply.send(());
            }
        }
        Ok(())
    }

    async fn find(&self, name: &str, workplace: &mut Option<TempDir>) -> Result<Found, StoreError> {
        let files = self.store.files_of(&self.task).await?.unwrap_or_default();
        let uploads: Vec<StoredFile> =
            files.into_iter().filter(|file| file.source == FileSource::Upload).collect();
        // The newest of several with one name.
        let wanted = uploads.iter().rev().find(|file| file.name == name);
        let wanted =
            wanted.or_else(|| uploads.iter().rev().find(|file| file.name.eq_ignore_ascii_case(name)));
        let Some(wanted) = wanted else {
            return Ok(Err(uploads.into_iter().map(|file| file.name).collect()));
        };
        let folder = match workplace {
            Some(folder) => folder,
            None => workplace.insert(self.store.workplace()?),
        };
        let folder = folder.path().join(&wanted.id);
        let (from, to) = (self.store.path_of(wanted), folder.join(base_name(&wanted.name)));
        let failed = |error| StoreError::Directory(to.display().to_string(), error);
        if !tokio::fs::try_exists(&to).await.map_err(failed)? {
            tokio::fs::create_dir_all(&folder).await.map_err(failed)?;
            // A second name for the same bytes costs nothing where the disk can do that.
            if tokio::fs::hard_link(&from, &to).await.is_err() {
                tokio::fs::copy(&from, &to).await.map_err(failed)?;
            }
        }
        Ok(Ok(to))
    }

    async fn keep(&self, path: PathBuf, name: String) -> Result<(), StoreError> {
        let Ok(bytes) = Incoming::adopt(path) else {
            // An attached Chromium may run where its files are not ours.
            warn!(task = %self.task, "a download is not where Chromium was told to put it");
            return Ok(());
        };
        let name = base_name(&self.secrets.redact(&name));
        let file = NewFile {
            execution: Some(self.task.clone()),
            organization_id: String::new(),
            mime: mime_of(&name).to_owned(),
            name,
            source: FileSource::Download,
        };
        self.store.add_file(file, bytes).await?;
        Ok(())
    }

    fn redacted(&self, progress: Progress) -> Progress {
        match progress {
            Progress::Began { number, action, detail } => {
                Progress::Began { number, action, detail: self.secrets.redact(&detail) }
            }
            Progress::Ended(mut step) => {
                step.detail = self.secrets.redact(&step.detail);
                step.error = step.error.take().map(|error| self.secrets.redact(&error));
                Progress::Ended(step)
            }
        }
    }
}

/// A name that is nothing but a name: it cannot lead out of a folder, and every disk takes it.
fn base_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut plain: String = name.chars().filter(|c| !c.is_control()).collect();
    while plain.len() > 200 {
        plain.pop();
    }
    let plain = plain.trim_matches([' ', '.']).to_owned();
    if plain.is_empty() { "file".to_owned() } else { plain }
}

/// The media type that the end of a name stands for, where it is one that pages commonly hand out.
fn mime_of(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref().unwrap_or_default() {
        "pdf" => "application/pdf",
        "csv" => "text/csv",
        "txt" | "log" => "text/plain",
        "html" | "htm" => "text/html",
        "md" => "text/markdown",
        "json" => "application/json",
        "xml" => "application/xml",
        "zip" => "application/zip",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_its_folder() {
        for (name, plain) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\invoice.pdf", "invoice.pdf"),
            ("..", "file"),
            (".bashrc", "bashrc"),
            ("a\nb\0.txt", "ab.txt"),
            ("", "file"),
            ("Übersicht 1.csv", "Übersicht 1.csv"),
        ] {
            assert_eq!(base_name(name), plain);
        }
        assert!(base_name(&"ä".repeat(500)).len() <= 200);
    }
}
