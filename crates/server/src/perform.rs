//! Carries one task out in Chromium: in an isolated context of its own, or in the page of its session.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::sync::Arc;

use serde_json::Value;

use crate::agent::{Agent, AgentTask, Secrets, StepSink};
use crate::browser::Page;
use crate::chromium::Chromium;
use crate::runner::Perform;
use crate::sessions::Sessions;
use crate::store::Claimed;

/// Performs tasks with one agent.
pub struct Performer {
    /// Where isolated contexts come from.
    pub chromium: Chromium,
    /// Where the pages of sessions come from.
    pub sessions: Sessions,
    /// What works on the page. There is one agent; the names that a vendor has for its own are recorded with
    /// the task and choose nothing here.
    pub agent: Arc<dyn Agent>,
}

impl Perform for Performer {
    fn perform<'a>(&'a self, task: &'a Claimed, steps: StepSink) -> BoxFuture<'a, Result<Value, String>> {
        async move {
            match &task.session {
                Some(session) => self.in_session(session, task, &steps).await,
                None => self.isolated(task, &steps).await,
            }
        }
        .boxed()
    }
}

impl Performer {
    async fn isolated(&self, task: &Claimed, steps: &StepSink) -> Result<Value, String> {
        let context = self.chromium.open(None).await.map_err(|error| error.to_string())?;
        let end = tokio::select! {
            end = self.work(context.page(), task, steps) => end,
            // The page may never notice that its Chromium is gone.
            reason = context.gone() => Err(reason),
        };
        context.close().await;
        end
    }

    async fn in_session(&self, session: &str, task: &Claimed, steps: &StepSink) -> Result<Value, String> {
        let Some(session) = self.sessions.open(session) else {
            return Err("The session ended before this task ran.".to_owned());
        };
        let driving = session.drive().await;
        tokio::select! {
            end = self.work(driving.page(), task, steps) => end,
            reason = session.ended() => Err(format!("The session ended while this task was running: {reason}")),
        }
    }

    async fn work(&self, page: &Page, task: &Claimed, steps: &StepSink) -> Result<Value, String> {
        if let Some(url) = &task.request.url {
            page.goto(url).await.map_err(|error| error.to_string())?;
        }
        let agent_task = AgentTask {
            prompt: task.request.prompt.clone(),
            max_steps: task.request.max_steps,
            secrets: Secrets::new(task.secrets.clone()),
            output_schema: task.request.output_schema.clone(),
        };
        self.agent.run(&agent_task, page, steps).await.map_err(|error| error.to_string())
    }
}
