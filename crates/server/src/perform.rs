//! Carries one task out in Chromium: in an isolated context of its own, or in the page of its session.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::time::timeout;

use crate::agent::{Agent, AgentError, AgentTask, Host, Secrets};
use crate::browser::{BrowserError, Page};
use crate::chromium::Chromium;
use crate::runner::{Perform, Undone};
use crate::sessions::Sessions;
use crate::store::{CancelReason, Claimed, Store};

mod execution;

/// Performs tasks with one agent.
pub struct Performer {
    /// Where pictures and files of executions go.
    pub store: Store,
    /// Where isolated contexts come from.
    pub chromium: Chromium,
    /// Where the pages of sessions come from.
    pub sessions: Sessions,
    /// What works on the page. There is one agent; the names that a vendor has for its own are recorded with
    /// the task and choose nothing here.
    pub agent: Arc<dyn Agent>,
}

impl Perform for Performer {
    fn perform<'a>(&'a self, task: &'a Claimed, host: Host) -> BoxFuture<'a, Result<Value, Undone>> {
        async move {
            match (&task.session, &task.execution) {
                (Some(session), _) => self.in_session(session, task, &host).await,
                (None, Some(execution)) => self.execution(task, execution, &host).await,
                (None, None) => self.isolated(task, &host).await,
            }
        }
        .boxed()
    }
}

impl Performer {
    async fn isolated(&self, task: &Claimed, host: &Host) -> Result<Value, Undone> {
        let context = self.chromium.open(None).await.map_err(|error| error.to_string())?;
        let end = tokio::select! {
            end = self.work(context.page(), task, host) => end,
            // The page may never notice that its Chromium is gone.
            reason = context.gone() => Err(Stopped::Gone(reason)),
        };
        let end = explain(end, context.gone()).await;
        context.close().await;
        end
    }

    async fn in_session(&self, session: &str, task: &Claimed, host: &Host) -> Result<Value, Undone> {
        let Some(session) = self.sessions.open(session) else {
            return Err("The session ended before this task ran.".to_owned().into());
        };
        let driving = session.drive().await;
        let work = async {
            let end = self.work(driving.page(), task, host).await;
            if end.is_ok() {
                // Paused during its last step, it stands here until it may go on, or until its session ends.
                host.checkpoint().await;
            }
            end
        };
        let end = tokio::select! {
            end = work => end,
            reason = session.ended() => Err(Stopped::Gone(session_ended(&reason))),
        };
        explain(end, async { session_ended(&session.ended().await) }).await
    }

    async fn work(&self, page: &Page, task: &Claimed, host: &Host) -> Result<Value, Stopped> {
        if let Some(url) = &task.request.url {
            goto(page, url).await?;
        }
        self.instruct(page, task, BTreeMap::new(), host).await
    }

    async fn instruct(
        &self,
        page: &Page,
        task: &Claimed,
        inputs: BTreeMap<String, String>,
        host: &Host,
    ) -> Result<Value, Stopped> {
        let agent_task = AgentTask {
            prompt: task.request.prompt.clone(),
            max_steps: task.request.max_steps,
            secrets: Secrets::new(task.secrets.clone()),
            inputs,
            output_schema: task.request.output_schema.clone(),
        };
        self.agent.run(&agent_task, page, host).await.map_err(|error| match error {
            AgentError::Page(text) => Stopped::Page(text),
            AgentError::StepLimit(_) => Stopped::StepLimit(error.to_string()),
            other => Stopped::Task(other.to_string()),
        })
    }
}

async fn goto(page: &Page, url: &str) -> Result<(), Stopped> {
    page.goto(url).await.map_err(|error| match error {
        BrowserError::Gone(text) => Stopped::Page(text),
        other => Stopped::Task(other.to_string()),
    })
}

/// Why the work on a page ended without a result.
enum Stopped {
    /// The task could not be done.
    Task(String),
    /// It took as many steps as it may.
    StepLimit(String),
    /// The page failed, perhaps because more than the page did.
    Page(String),
    /// What holds the page is gone, and this is why.
    Gone(String),
}

impl Stopped {
    fn reason(&self) -> &str {
        match self {
            Self::Task(text) | Self::StepLimit(text) | Self::Page(text) | Self::Gone(text) => text,
        }
    }
}

/// How long the news that Chromium died may take after the first page of it failed.
const NEWS: Duration = Duration::from_millis(250);

/// A page fails a moment before its Chromium is known to be dead; the death is the better reason.
async fn explain(end: Result<Value, Stopped>, gone: impl Future<Output = String>) -> Result<Value, Undone> {
    match end {
        Ok(value) => Ok(value),
        Err(Stopped::Task(reason) | Stopped::Gone(reason)) => Err(reason.into()),
        Err(Stopped::StepLimit(sentence)) => Err(Undone { sentence, limit: Some(CancelReason::MaxSteps) }),
        Err(Stopped::Page(reason)) => Err(timeout(NEWS, gone).await.unwrap_or(reason).into()),
    }
}

fn session_ended(reason: &str) -> String {
    format!("The session ended while this task was running: {reason}")
}
