//! Starts whose answer was lost: before the caller is told that nobody knows, the service is asked.

use std::rc::Rc;

use js_sys::Object;
use taskwright_core::error::ErrorKind;
use taskwright_core::operation::{InvalidInput, Operation};
use taskwright_core::task::Find;
use wasm_bindgen::prelude::*;

use crate::abort::AbortWatch;
use crate::client::Client;
use crate::clock::{self, Alarm};
use crate::drive::{Answered, Job, drive};
use crate::failure::Failure;
use crate::options::CallOptions;
use crate::race::{Raced, race};
use crate::random;
use crate::value::{Js, member, set};

/// One look takes at most this long, milliseconds.
const LOOK_MS: u64 = 10_000;

/// Puts an id of our own among the parameters of a start. What is no object, or holds none, stays as it is and is
/// refused by the checks of the row.
pub(crate) fn tag(find: &Find<Js>, params: &JsValue) -> JsValue {
    let carrier = member(params, find.member);
    let (params, carrier) = match (copy(params), copy(&carrier)) {
        (Some(params), Some(carrier)) => (params, carrier),
        (Some(params), None) if carrier.is_undefined() => (params, Object::new()),
        _ => return params.clone(),
    };
    set(&carrier, find.key, &random::key().into());
    set(&params, find.member, &carrier);
    params.into()
}

impl Client {
    /// Starts a task. When nobody can know whether it was accepted, looks for it by the id that it carries.
    pub(crate) async fn begin(
        self: &Rc<Self>,
        row: &Operation,
        ids: &[String],
        params: &JsValue,
        options: CallOptions,
    ) -> Result<Answered, Failure> {
        let looks = options.clone();
        let refused = |invalid| self.refused(row.name, invalid);
        let mut job = self.job(row, ids, params, options).map_err(refused)?;
        let abort = AbortWatch::new(&looks.signal).map_err(refused)?;
        let mut alarm = Alarm::new();
        let mut lost = None;
        let mut pauses = self.tasks.find.as_ref().map_or(&[][..], |find| find.looks_ms).iter();
        // One place where it waits for a request: each would cost kilobytes.
        loop {
            let ended = drive(job).await;
            let (Some(find), id) = (&self.tasks.find, self.id_in(params)) else { return ended };
            let is_lost = match &ended {
                // An answer that names no task is as good as none; the façade refuses it.
                Ok(Answered { data, .. }) => (self.tasks.started)(&Js(data.clone())).is_none(),
                Err(Failure::Core(error, _)) => error.kind == ErrorKind::AmbiguousStart,
                Err(_) => false,
            };
            match (ended, &mut lost) {
                (ended, none @ None) if is_lost => *none = Some(ended),
                (ended, None) => return ended,
                (Err(aborted @ Failure::Aborted(_)), _) => return Err(aborted),
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
            job = self.look(find, &id, looks.clone()).map_err(refused)?;
        }
        lost.unwrap_or_else(|| Err(Failure::internal("a start was lost twice")))
    }

    /// The id that a start carries.
    fn id_in(&self, params: &JsValue) -> String {
        let find = self.tasks.find.as_ref();
        let id = find.and_then(|find| member(&member(params, find.member), find.key).as_string());
        id.unwrap_or_default()
    }

    fn look(&self, find: &Find<Js>, id: &str, mut options: CallOptions) -> Result<Job, InvalidInput> {
        let query = Object::new();
        for (name, value) in (find.filter)(id) {
            set(&query, name, &value.into());
        }
        options.limits.attempt_timeout_ms = Some(LOOK_MS);
        options.limits.total_timeout_ms = None;
        options.limits.max_retries = 0;
        options.idempotency_key = None;
        options.raw = false;
        self.job(find.list, &[], &query, options)
    }
}

fn copy(value: &JsValue) -> Option<Object> {
    value.is_object().then(|| Object::assign(&Object::new(), value.unchecked_ref()))
}
