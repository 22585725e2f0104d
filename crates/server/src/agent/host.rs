//! What an agent has beside its page: where it reports, asks, stands still, and finds files.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::Step;
use crate::pace::Pace;

/// How long to leave alone what cannot ask at this moment.
const AGAIN: Duration = Duration::from_millis(20);

/// The side of a task that its agent sees. Clones are the same.
#[derive(Clone)]
pub struct Host {
    reports: mpsc::UnboundedSender<Report>,
    pace: Arc<Pace>,
    can_ask: bool,
}

/// What an agent does, said to whoever records it.
#[derive(Debug)]
pub enum Progress {
    /// It began with this step; 0 is what comes before the first.
    Began {
        /// Counted from 1.
        number: u32,
        /// A word for the kind.
        action: String,
        /// What exactly, without secrets.
        detail: String,
    },
    /// It ended this step.
    Ended(Step),
}

/// What an agent says or wants.
#[derive(Debug)]
pub enum Report {
    /// It did something.
    Progress(Progress),
    /// It asks; to be answered with whether the task is on hold for it now.
    Ask(String, oneshot::Sender<bool>),
    /// It has its answer.
    Answered,
    /// It wants an uploaded file of this name; to be answered with where it lies under that name.
    Find(String, oneshot::Sender<Found>),
    /// Its page made a file.
    Downloaded {
        /// Where it lies.
        path: PathBuf,
        /// What the page calls it.
        name: String,
    },
    /// It wants to know when everything before this is written down.
    Flush(oneshot::Sender<()>),
}

/// An uploaded file, or the names of those that there are.
pub type Found = Result<PathBuf, Vec<String>>;

impl Host {
    /// The side of the agent, and the reports that it makes. Where nobody can answer, it cannot ask.
    #[must_use]
    pub fn new(pace: Arc<Pace>, can_ask: bool) -> (Self, mpsc::UnboundedReceiver<Report>) {
        let (reports, inbox) = mpsc::unbounded_channel();
        (Self { reports, pace, can_ask }, inbox)
    }

    /// Whether somebody can be asked.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        self.can_ask
    }

    /// Says that a step begins; 0 is what comes before the first.
    pub fn began(&self, number: u32, action: &str, detail: &str) {
        let (action, detail) = (action.to_owned(), detail.to_owned());
        self.pace.take_step(format!("{action} {detail}"));
        self.report(Report::Progress(Progress::Began { number, action, detail }));
    }

    /// Says that a step ended.
    pub fn ended(&self, step: Step) {
        self.report(Report::Progress(Progress::Ended(step)));
    }

    /// To be called before each step: returns when the task may go on.
    pub async fn checkpoint(&self) {
        self.pace.checkpoint().await;
    }

    /// Lets time pass in a step that only waits; a pause takes effect in it.
    pub async fn wait(&self, time: Duration) {
        self.pace.wait(time).await;
    }

    /// Asks a person and waits for the answer. A message that came before is taken for it.
    pub async fn ask(&self, question: &str) -> String {
        loop {
            self.pace.checkpoint().await;
            if let Some(text) = self.pace.message() {
                return text;
            }
            let (reply, asked) = oneshot::channel();
            self.report(Report::Ask(question.to_owned(), reply));
            // Where nobody records, nobody has it on hold for another reason either.
            if asked.await.unwrap_or(true) {
                break;
            }
            // It was paused at this very moment, and the checkpoint will know, or it ended.
            tokio::time::sleep(AGAIN).await;
        }
        let text = self.pace.next_message().await;
        self.report(Report::Answered);
        text
    }

    /// An uploaded file of this name, in a place where it has that name, for as long as the task runs.
    pub async fn file(&self, name: &str) -> Found {
        let (reply, found) = oneshot::channel();
        self.report(Report::Find(name.to_owned(), reply));
        found.await.unwrap_or_else(|_| Err(Vec::new()))
    }

    /// Says that the page made a file.
    pub fn downloaded(&self, path: PathBuf, name: String) {
        self.report(Report::Downloaded { path, name });
    }

    /// Returns when everything that was said is written down.
    pub async fn written(&self) {
        let (reply, written) = oneshot::channel();
        self.report(Report::Flush(reply));
        // Where nobody writes, nothing is left to be written.
        let _ = written.await;
    }

    fn report(&self, report: Report) {
        // Nobody listening is no reason to stop.
        let _ = self.reports.send(report);
    }
}
