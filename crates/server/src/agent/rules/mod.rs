//! The agent that needs no model: it carries out the plain instructions that `GRAMMAR.md` describes, and says
//! so when it is asked for more.

mod grammar;
mod instruction;
mod outcome;
mod perform;
mod placeholder;
mod schema;
mod script;

use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Agent, AgentError, AgentTask, Host, Step};
use crate::browser::Page;
use instruction::Instruction;
use outcome::Outcome;

/// Carries out a documented set of plain instructions, without a model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules;

impl Agent for Rules {
    fn name(&self) -> &'static str {
        "rules"
    }

    fn run<'a>(
        &'a self,
        task: &'a AgentTask,
        page: &'a Page,
        host: &'a Host,
    ) -> BoxFuture<'a, Result<Value, AgentError>> {
        async move {
            let ended = Run { task, page, host, taken: 0 }.carry_out().await;
            // Pages and Chromium repeat what was typed into them.
            ended.map_err(|error| redact(task, error))
        }
        .boxed()
    }
}

struct Run<'a> {
    task: &'a AgentTask,
    page: &'a Page,
    host: &'a Host,
    taken: u32,
}

impl Run<'_> {
    async fn carry_out(mut self) -> Result<Value, AgentError> {
        let (task, page) = (self.task, self.page);
        let schema = task.output_schema.as_ref().filter(|schema| !schema::is_open(schema));
        let instructions = grammar::parse(&task.prompt, schema.is_some()).map_err(|part| {
            AgentError::NotUnderstood(format!(
                "this agent does not understand \"{part}\"; it understands: {}",
                grammar::UNDERSTOOD
            ))
        })?;
        // All of them, so that nothing is done for a task that cannot be finished.
        placeholder::check(&task.prompt, &task.secrets)?;

        let mut outcome = Outcome::default();
        let mut wishes = Vec::new();
        for instruction in &instructions {
            match (instruction, schema) {
                // Where a schema says what is wanted, the wishes only explain it.
                (Instruction::Extract(wish), Some(_)) => wishes.push(wish),
                _ => {
                    let work = perform::perform(page, instruction, &task.secrets);
                    let done = self.step(instruction.action(), &instruction.detail(), work).await?;
                    outcome.add(instruction, done);
                }
            }
        }
        if let Some(schema) = schema {
            let work = schema::fill(page, schema, &wishes);
            let filled = self.step("extract", "the output schema", work).await?;
            return Ok(outcome::capped(filled));
        }
        outcome.finish(page, &task.secrets).await
    }

    async fn step<T>(
        &mut self,
        action: &str,
        detail: &str,
        work: impl Future<Output = Result<T, AgentError>>,
    ) -> Result<T, AgentError> {
        if self.taken >= self.task.max_steps {
            return Err(AgentError::StepLimit(self.task.max_steps));
        }
        self.host.checkpoint().await;
        self.taken += 1;
        self.host.began(self.taken, action, &self.task.secrets.redact(detail));
        let started = Instant::now();
        let ended = work.await.map_err(|error| redact(self.task, error));
        let step = Step {
            number: self.taken,
            action: action.to_owned(),
            detail: self.task.secrets.redact(detail),
            duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            error: ended.as_ref().err().map(ToString::to_string),
        };
        self.host.ended(step);
        ended
    }
}

fn redact(task: &AgentTask, error: AgentError) -> AgentError {
    let redact = |text: String| task.secrets.redact(&text);
    match error {
        AgentError::NotUnderstood(text) => AgentError::NotUnderstood(redact(text)),
        AgentError::NotFound(text) => AgentError::NotFound(redact(text)),
        AgentError::Page(text) => AgentError::Page(redact(text)),
        AgentError::StepLimit(limit) => AgentError::StepLimit(limit),
    }
}
