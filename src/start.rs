//! Starts whose answer was lost: before the caller is told that nobody knows, the service is asked.

use std::rc::Rc;

use js_sys::Object;
use taskwright_core::error::ErrorKind;
use taskwright_core::operation::{InvalidInput, Operation};
use taskwright_core::task::Find;
use taskwright_core::time::Millis;
use wasm_bindgen::prelude::*;

use crate::abort::AbortWatch;
use crate::client::Client;
use crate::clock::{self, Alarm};
use crate::drive::{Answered, Job, drive};
use crate::failure::Failure;
use crate::host::copy;
use crate::options::CallOptions;
use crate::race::{Raced, race};
use crate::random;
use crate::value::{Js, member, set};

/// One look takes at most this long, milliseconds.
const LOOK_MS: u64 = 10_000;

/// A start, ready to go, and what it takes to look for it.
pub(crate) struct Start {
    job: Job,
    /// The id that it carries; empty when it carries none.
    id: String,
    looks: CallOptions,
    until: Option<Millis>,
}

impl Client {
    /// A start of `row`, written down as it is now. It carries an id among its parameters, unless these have no room for
    /// one: what is no plain object stays as it is.
    pub(crate) fn start_of(
        &self,
        row: &Operation,
        ids: &[String],
        params: &JsValue,
        options: CallOptions,
    ) -> Result<Start, InvalidInput> {
        let tagged = self.tasks.find.as_ref().and_then(|find| tag(find, params));
        let (params, id) = tagged.unwrap_or_else(|| (params.clone(), String::new()));
        let until = options.limits.total_timeout_ms.map(|ms| clock::now().after(ms));
        let looks = options.clone();
        Ok(Start { job: self.job(row, ids, &params, options)?, id, looks, until })
    }

    /// Starts a task. When nobody can know whether it was accepted, looks for it by the id that it carries.
    pub(crate) async fn begin(&self, start: Start) -> Result<Answered, Failure> {
        let Start { mut job, id, looks, until } = start;
        let operation = Rc::clone(&job.plan);
        let refused = |invalid| self.refused(&operation.operation, invalid);
        let abort = AbortWatch::new(&looks.signal).map_err(refused)?;
        let mut alarm = Alarm::new();
        let mut lost = None;
        let mut pauses = self.tasks.find.as_ref().map_or(&[][..], |find| find.looks_ms).iter();
        // One place where it waits for a request: each would cost kilobytes.
        loop {
            let ended = drive(job).await;
            let Some(find) = self.tasks.find.as_ref().filter(|_| !id.is_empty()) else { return ended };
            let is_lost = match &ended {
                // An answer that names no task is as good as none; the façade refuses it.
                Ok(Answered { data, .. }) => (self.tasks.started)(&Js(data.clone())).is_none(),
                Err(Failure::Core(error, _)) => error.kind == ErrorKind::AmbiguousStart,
                Err(_) => false,
            };
            match (ended, &mut lost) {
                (ended, none @ None) if is_lost => *none = Some(ended),
                (ended, None) => return ended,
                (Err(Failure::Aborted(reason)), _) => return Err(Failure::AbortedStart(reason)),
                (Err(_), _) => {}
                (Ok(Answered { data, response }), Some(_)) => {
                    if let Some(found) = (find.found)(&Js(data), &id) {
                        let data = Object::new();
                        set(&data, find.id_member, &found.into());
                        return Ok(Answered { data: data.into(), response });
                    }
                }
            }
            let Some(pause_ms) = pauses.next() else { break };
            alarm.set(Some(clock::now().after(*pause_ms)));
            if let Raced::Aborted(reason) = race(std::future::pending::<()>(), &mut alarm, &abort).await {
                return Err(Failure::AbortedStart(reason));
            }
            let left_ms = until.map_or(LOOK_MS, |until| until.since(clock::now()).min(LOOK_MS));
            if left_ms == 0 {
                break;
            }
            job = self.look(find, &id, looks.clone(), left_ms).map_err(refused)?;
        }
        lost.unwrap_or_else(|| Err(Failure::internal("a start was lost twice")))
    }

    fn look(
        &self,
        find: &Find<Js>,
        id: &str,
        mut options: CallOptions,
        left_ms: u64,
    ) -> Result<Job, InvalidInput> {
        let query = Object::new();
        for (name, value) in (find.filter)(id) {
            set(&query, name, &value.into());
        }
        options.limits.attempt_timeout_ms = Some(left_ms);
        options.limits.total_timeout_ms = None;
        options.limits.max_retries = 0;
        options.idempotency_key = None;
        options.raw = false;
        self.job(find.list, &[], &query, options)
    }
}

/// The parameters with an id, and the id: the caller's own when there is one.
fn tag(find: &Find<Js>, params: &JsValue) -> Option<(JsValue, String)> {
    let carrier = member(params, find.member);
    if let Some(own) = member(&carrier, find.key).as_string() {
        return Some((params.clone(), own));
    }
    let copied = if carrier.is_undefined() { Object::new() } else { copy(&carrier)? };
    let params = copy(params)?;
    let id = random::key();
    set(&copied, find.key, &id.as_str().into());
    set(&params, find.member, &copied);
    Some((params.into(), id))
}
