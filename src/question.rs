//! One question about a task: how does it stand, and what belongs to the answer.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Object;
use taskwright_core::status::{Standing, TaskStatus};
use taskwright_core::time::Millis;
use wasm_bindgen::prelude::*;

use crate::client::{Client, lacking};
use crate::clock;
use crate::drive::{Answered, drive};
use crate::failure::Failure;
use crate::value::{Js, set};
use crate::waits::Entry;

/// The longest that a server is asked to hold an answer back, seconds, and what its answer may take besides, milliseconds.
const HOLD_S: u64 = 25;
const SLACK_MS: u64 = 4_000;

/// How many of the newest activities are looked through for a question: uploads after it are activities, too.
const ACTIVITIES: u32 = 100;
/// How often in a wait the activities may not be had before the wait does without them.
const UNHEARD: u32 = 3;

/// Long polls of one client at once: a browser has six connections to a host, and other waits need places too.
const AT_ONCE: u32 = 4;
/// How long to do without when one has failed, milliseconds.
const REST_MS: u64 = 300_000;

/// The long polls of one client.
#[derive(Default)]
pub(crate) struct LongPolls {
    under_way: Cell<u32>,
    resting_until: Cell<Option<Millis>>,
}

impl LongPolls {
    fn has_room(&self) -> bool {
        let rests = self.resting_until.get().is_some_and(|until| clock::now() < until);
        !rests && self.under_way.get() < AT_ONCE
    }

    fn rest(&self) {
        self.resting_until.set(Some(clock::now().after(REST_MS)));
    }
}

/// One of them, while it is under way.
struct Place<'a>(&'a LongPolls);

impl<'a> Place<'a> {
    fn of(polls: &'a LongPolls) -> Self {
        polls.under_way.set(polls.under_way.get().saturating_add(1));
        Self(polls)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get().saturating_sub(1));
    }
}

/// Which of its questions is under way.
enum Asked {
    LongPoll,
    Status { after_long_poll: bool },
    Result(Standing<Js>),
    Question(Standing<Js>),
}

impl Client {
    /// How the task of a wait stands, with its result when it has ended, and with what its agent asks when that is waited for.
    /// By long poll where that is offered and nothing in between is to be reported; then also whether one was answered.
    pub(crate) async fn question(
        &self,
        entry: &Entry,
        until: Option<Millis>,
    ) -> Result<(Standing<Js>, bool), Failure> {
        let tasks = entry.options.tasks(self);
        let hold = tasks.long_poll.and_then(|_| self.hold(entry, until));
        let place = hold.map(|_| Place::of(&self.waits.long_polls));
        let mut asked =
            if hold.is_some() { Asked::LongPoll } else { Asked::Status { after_long_poll: false } };
        // One place where it waits: each would cost kilobytes.
        loop {
            let params = Object::new();
            let given = &entry.options.params;
            let row = match (&asked, tasks.long_poll, tasks.result, tasks.question) {
                (Asked::LongPoll, Some(row), ..) => {
                    set(&params, "timeoutSeconds", &hold.into());
                    row
                }
                (Asked::Result(_), _, Some((row, _)), _) => row,
                (Asked::Question(_), .., Some((row, _))) => {
                    set(&params, "order", &"desc".into());
                    set(&params, "limit", &ACTIVITIES.into());
                    row
                }
                _ => tasks.status,
            };
            let params = if given.is_undefined() { params.as_ref() } else { given };
            let job = self.job(
                row,
                std::slice::from_ref(&entry.task_id),
                params,
                entry.options.for_call(until, true),
            );
            let mut job = job.map_err(|invalid| self.refused(row.name, invalid))?;
            job.redactor = Rc::clone(&entry.redactor);
            let plan = Rc::clone(&job.plan);
            let answered = drive(job).await;
            let Answered { data, response } = match (asked, answered) {
                (Asked::Result(standing), Ok(answered)) => {
                    let complete = tasks.result.map(|(_, complete)| complete);
                    let standing = match complete {
                        Some(complete) => complete(standing, &Js(answered.data)),
                        None => standing,
                    };
                    return Ok((standing, false));
                }
                // A success without its result is none yet; a failure is one all the same.
                (Asked::Result(standing), Err(Failure::Core(error, _)))
                    if error.retryable
                        || error.status == Some(404)
                        || standing.status != TaskStatus::Succeeded =>
                {
                    let is_open = standing.status == TaskStatus::Succeeded;
                    let status = if is_open { TaskStatus::Running } else { standing.status };
                    return Ok((Standing { status, ..standing }, false));
                }
                // What it asks may be told the next time; a wait that has no more time is over, and not because of a question.
                (Asked::Question(_), Err(Failure::Core(error, witness)))
                    if error.retryable && entry.unheard.get() < UNHEARD =>
                {
                    entry.unheard.set(entry.unheard.get().saturating_add(1));
                    return Err(Failure::Core(error, witness));
                }
                (Asked::Question(standing), answered) => {
                    // That it asks is known; what it asks, when it cannot be had, is worth no failure.
                    let data = match answered {
                        Ok(answered) => answered.data,
                        Err(aborted @ Failure::Aborted(_)) => return Err(aborted),
                        Err(_) => JsValue::UNDEFINED,
                    };
                    let why = tasks.question.and_then(|(_, read)| read(&Js(data)));
                    // Answered already, it goes on in a moment.
                    let asks = why.is_some();
                    let status = if asks { standing.status } else { TaskStatus::Running };
                    return Ok((Standing { status, why, asks, ..standing }, false));
                }
                // Told to come back later, we do; else the plain question tells what is wrong: the path, a proxy on the way,
                // or the task.
                (Asked::LongPoll, Err(Failure::Core(error, _)))
                    if !matches!(error.status, Some(429 | 503)) =>
                {
                    asked = Asked::Status { after_long_poll: true };
                    continue;
                }
                (_, Err(Failure::Core(error, _))) if error.not_found && tasks.gone.is_some() => {
                    let word = tasks.gone.unwrap_or_default().to_owned();
                    let status = TaskStatus::Succeeded;
                    let result = Js::default();
                    return Ok((
                        Standing { word, status, result, why: None, asks: false, late: false },
                        false,
                    ));
                }
                (asked_before, answered) => {
                    asked = asked_before;
                    let answered = answered?;
                    if matches!(asked, Asked::Status { after_long_poll: true }) {
                        self.waits.long_polls.rest();
                    }
                    answered
                }
            };
            let standing = (tasks.standing)(&Js(data.clone()));
            let Some(standing) = standing else {
                return Err(lacking("status", &data, &plan, &response, &entry.redactor));
            };
            if standing.late && matches!(asked, Asked::LongPoll) {
                asked = Asked::Status { after_long_poll: false };
                continue;
            }
            let held = matches!(asked, Asked::LongPoll);
            asked = if tasks.result.is_some() && standing.status.is_terminal() {
                Asked::Result(standing)
            } else if standing.asks && tasks.question.is_some() && entry.options.goal.is_interaction() {
                Asked::Question(standing)
            } else {
                drop(place);
                return Ok((standing, held));
            };
        }
    }

    /// For how many seconds the server may hold the answer back; `None` for not at all.
    fn hold(&self, entry: &Entry, until: Option<Millis>) -> Option<u32> {
        let is_silent = entry.options.on_status.is_none() && !entry.options.goal.is_interaction();
        if !is_silent || !self.waits.long_polls.has_room() {
            return None;
        }
        let limits = entry.options.for_call(until, true).limits;
        let limit_ms = limits.attempt_timeout_ms.into_iter().chain(limits.total_timeout_ms).min();
        let seconds = limit_ms.map_or(HOLD_S, |ms| ms.saturating_sub(SLACK_MS) / 1_000).min(HOLD_S);
        u32::try_from(seconds).ok().filter(|seconds| *seconds > 0)
    }
}
