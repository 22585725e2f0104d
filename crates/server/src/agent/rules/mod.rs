//! The agent that needs no model: it carries out the plain instructions that `GRAMMAR.md` describes, and says
//! so when it is asked for more.

mod grammar;
pub mod hand;
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

use super::{Agent, AgentError, AgentTask, Host, NOT_UNDERSTOOD, Step};
use crate::browser::Page;
use crate::inputs;
use instruction::Instruction;
use outcome::Outcome;
use placeholder::Values;

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
        let (task, page, host) = (self.task, self.page, self.host);
        let schema = task.output_schema.as_ref().filter(|schema| !schema::is_open(schema));
        let instructions = grammar::parse(&task.prompt, schema.is_some()).map_err(|part| {
            AgentError::NotUnderstood(format!(
                "{NOT_UNDERSTOOD} \"{part}\"; it understands: {}",
                grammar::UNDERSTOOD
            ))
        })?;
        let mut values = self.values(&instructions).await?;
        let mut outcome = Outcome::default();
        let mut wishes = Vec::new();
        for instruction in &instructions {
            match (instruction, schema) {
                // Where a schema says what is wanted, the wishes only explain it.
                (Instruction::Extract(wish), Some(_)) => wishes.push(perform::resolved(wish, &values)?),
                _ => {
                    let work = perform::perform(page, instruction, &values, host);
                    let done = self.step(instruction.action(), &instruction.detail(), work).await?;
                    if let (Instruction::Ask { name, .. }, Some(Value::String(answer))) = (instruction, &done)
                    {
                        values.set(name, answer.clone());
                    }
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

    /// A value for every placeholder of the prompt, before anything is done: nothing shall be done for a task that
    /// cannot be finished. What is not there is asked for, where somebody can be asked.
    async fn values(&mut self, instructions: &[Instruction]) -> Result<Values, AgentError> {
        let (task, host) = (self.task, self.host);
        let mut values = Values::new(task.secrets.clone(), task.inputs.clone());
        let asked = |wanted: &str| {
            instructions
                .iter()
                .any(|instruction| matches!(instruction, Instruction::Ask { name, .. } if name == wanted))
        };
        if !host.can_ask()
            && let Some(ask) =
                instructions.iter().find(|instruction| matches!(instruction, Instruction::Ask { .. }))
        {
            let question = ask.detail();
            return Err(AgentError::NotUnderstood(format!(
                "nobody can be asked \"{question}\": a task of this kind gets all of its values at the start"
            )));
        }
        for name in placeholder::missing(&task.prompt, &values) {
            if asked(&name) {
                continue;
            }
            if !host.can_ask() {
                return Err(placeholder::unknown(&name, &values));
            }
            let question = inputs::question(&name);
            let answer = self.step("ask", &question, async { Ok(host.ask(&question).await) }).await?;
            values.set(&name, answer);
        }
        Ok(values)
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
