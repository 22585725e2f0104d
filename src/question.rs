//! One question about a task: how does it stand, and what belongs to the answer.

use std::rc::Rc;

use js_sys::Object;
use taskwright_core::status::Standing;
use taskwright_core::time::Millis;
use wasm_bindgen::prelude::*;

use crate::client::{Client, lacking};
use crate::drive::{Answered, drive};
use crate::failure::Failure;
use crate::value::{Js, set};
use crate::waits::Entry;

/// The longest that a server is asked to hold an answer back, seconds, and what its answer may take besides, milliseconds.
const HOLD_S: u64 = 25;
const SLACK_MS: u64 = 4_000;

/// Which of its questions is under way.
enum Asked {
    LongPoll,
    Status { after_long_poll: bool },
    Result(Standing<Js>),
    Question(Standing<Js>),
}

impl Client {
    /// How the task of a wait stands, with its result when it has ended, and with what its agent asks when that is waited for.
    /// By long poll where that is offered and nothing in between is to be reported.
    pub(crate) async fn question(
        &self,
        entry: &Entry,
        until: Option<Millis>,
    ) -> Result<Standing<Js>, Failure> {
        let hold = self.tasks.long_poll.and_then(|_| self.hold(entry, until));
        let mut asked =
            if hold.is_some() { Asked::LongPoll } else { Asked::Status { after_long_poll: false } };
        // One place where it waits: each would cost kilobytes.
        loop {
            let params = Object::new();
            let row = match (&asked, self.tasks.long_poll, self.tasks.result, self.tasks.question) {
                (Asked::LongPoll, Some(row), ..) => {
                    set(&params, "timeoutSeconds", &hold.into());
                    row
                }
                (Asked::Result(_), _, Some((row, _)), _) => row,
                (Asked::Question(_), .., Some((row, _))) => {
                    set(&params, "order", &"desc".into());
                    set(&params, "limit", &20.into());
                    row
                }
                _ => self.tasks.status,
            };
            let job = self.job(
                row,
                std::slice::from_ref(&entry.task_id),
                &params,
                entry.options.for_call(until, true),
            );
            let mut job = job.map_err(|invalid| self.refused(row.name, invalid))?;
            job.redactor = Rc::clone(&entry.redactor);
            let plan = Rc::clone(&job.plan);
            let answered = drive(job).await;
            let Answered { data, response } = match (asked, answered) {
                (Asked::Result(standing), Ok(answered)) => {
                    let complete = self.tasks.result.map(|(_, complete)| complete);
                    return Ok(match complete {
                        Some(complete) => complete(standing, &Js(answered.data)),
                        None => standing,
                    });
                }
                (Asked::Question(standing), answered) => {
                    // That it asks is known; what it asks, when it cannot be had, is worth no failure.
                    let data = match answered {
                        Ok(answered) => answered.data,
                        Err(aborted @ Failure::Aborted(_)) => return Err(aborted),
                        Err(_) => JsValue::UNDEFINED,
                    };
                    let why = self.tasks.question.map(|(_, read)| read(&Js(data)));
                    return Ok(Standing { why, ..standing });
                }
                // It may be the path that is unknown, or the task: the plain question tells.
                (Asked::LongPoll, Err(Failure::Core(error, _)))
                    if matches!(error.status, Some(400..=405 | 501)) =>
                {
                    asked = Asked::Status { after_long_poll: true };
                    continue;
                }
                (Asked::Status { after_long_poll: true }, Ok(answered)) => {
                    self.waits.long_polls.set(false);
                    answered
                }
                (_, answered) => answered?,
            };
            let standing = (self.tasks.standing)(&Js(data.clone()));
            let Some(standing) = standing else {
                return Err(lacking("status", &data, &plan, &response, &entry.redactor));
            };
            asked = if self.tasks.result.is_some() && standing.status.is_terminal() {
                Asked::Result(standing)
            } else if standing.asks && self.tasks.question.is_some() && entry.options.goal.is_interaction() {
                Asked::Question(standing)
            } else {
                return Ok(standing);
            };
        }
    }

    /// For how many seconds the server may hold the answer back; `None` for not at all.
    fn hold(&self, entry: &Entry, until: Option<Millis>) -> Option<u32> {
        let places = usize::try_from(self.settings.budget.in_flight).unwrap_or(usize::MAX);
        // A question that is held back takes a place that other waits need.
        let has_room = self.waits.scheduler.borrow().len() <= places;
        let is_silent = entry.options.on_status.is_none() && !entry.options.goal.is_interaction();
        if !self.waits.long_polls.get() || !has_room || !is_silent {
            return None;
        }
        let limits = entry.options.for_call(until, true).limits;
        let limit_ms = limits.attempt_timeout_ms.into_iter().chain(limits.total_timeout_ms).min();
        let seconds = limit_ms.map_or(HOLD_S, |ms| ms.saturating_sub(SLACK_MS) / 1_000).min(HOLD_S);
        u32::try_from(seconds).ok().filter(|seconds| *seconds > 0)
    }
}
