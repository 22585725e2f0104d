//! The only loop around many waits: asks when the scheduler says so and reports what it heard. One timer
//! serves all waits of a client.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::{Function, Object};
use taskwright_core::error::{Error, ErrorKind, Redactor};
use taskwright_core::limits;
use taskwright_core::operation::{self, InvalidInput, Operation};
use taskwright_core::path;
use taskwright_core::schema;
use taskwright_core::status::{Standing, TaskStatus};
use taskwright_core::task::{Goal, TaskWire};
use taskwright_core::time::Millis;
use taskwright_core::view::{Seen, View as _};
use taskwright_core::wait::{Budget, Heard, Next, Pace, Scheduler, Verdict, WaitId, task_failed, timed_out};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::abort::AbortWatch;
use crate::client::{Client, lacking};
use crate::clock::{self, Alarm};
use crate::drive::{Answered, drive};
use crate::failure::{Failure, Witness};
use crate::handover::Handover;
use crate::host::{settled, without};
use crate::options::{CallOptions, RawOptions, Settings, function, name_of};
use crate::question::LongPolls;
use crate::race::{Raced, race};
use crate::random;
use crate::value::{Js, set};

/// A single question takes at most this long unless told otherwise, milliseconds.
const QUESTION_MS: u64 = 30_000;

/// The options of a wait, checked.
pub(crate) struct WaitOptions {
    /// Of each of its requests.
    call: CallOptions,
    timeout_ms: Option<u64>,
    pub(crate) on_status: Option<Function>,
    pub(crate) goal: Goal,
    pace: Pace,
    throw_on_failure: bool,
    schema: JsValue,
    /// What is waited for, when it is not a task of the client's own wire. Boxed, because it seldom is.
    watch: Option<Box<TaskWire<Js>>>,
    /// Parameters of the status question.
    pub(crate) params: JsValue,
}

impl WaitOptions {
    /// Shared, because a wait is made of several futures and each would have room for a copy.
    pub(crate) fn read(options: &RawOptions, settings: &Settings) -> Result<Rc<Self>, InvalidInput> {
        let view = Js(options.into());
        // What needs no care when a later one is refused comes first: each way out has to drop what is there.
        let throw_on_failure = match view.member("throwOnFailure").seen() {
            Seen::Absent => true,
            Seen::Flag(flag) => flag,
            other => {
                let problem = format!("takes true or false, got {}", other.noun());
                return Err(InvalidInput::new("throwOnFailure", problem));
            }
        };
        let limit = |name: &str| limits::duration(&|| name_of(&settings.names, name), &view.member(name));
        let interval_ms = limit("intervalMs")?.flatten();
        let timeout_ms = limit("timeoutMs")?.flatten();
        let on_status = function("onStatus", &view.member("onStatus"))?;
        let mut call = CallOptions::read(options, settings)?;
        if matches!(view.member("attemptTimeoutMs").seen(), Seen::Absent | Seen::Null) {
            call.limits.attempt_timeout_ms = Some(QUESTION_MS);
        }
        Ok(Rc::new(Self {
            call,
            timeout_ms,
            on_status,
            goal: if view.member("interaction").seen() == Seen::Flag(true) {
                Goal::Interaction
            } else {
                Goal::End
            },
            pace: Pace {
                patience_ms: settings.profile.patience_ms,
                ..interval_ms.map_or_else(Pace::default, Pace::within)
            },
            throw_on_failure,
            schema: view.member("schema").0,
            watch: view.member("watch").text().and_then(|word| {
                let (_, wire) = settings.profile.watches.iter().find(|(known, _)| *known == word)?;
                Some(Box::new(wire.tasks()))
            }),
            params: view.member("params").0,
        }))
    }

    /// How the questions of the wait are asked and read.
    pub(crate) fn tasks<'a>(&'a self, client: &'a Client) -> &'a TaskWire<Js> {
        self.watch.as_deref().unwrap_or(&client.tasks)
    }

    /// Options for one request of the wait, which must be over at `until`.
    pub(crate) fn for_call(&self, until: Option<Millis>, is_question: bool) -> CallOptions {
        let mut call = self.call.clone();
        call.limits.total_timeout_ms = until.map(|until| until.since(clock::now()).max(1));
        if is_question {
            // The scheduler itself asks again, within its budget.
            call.limits.max_retries = 0;
            call.idempotency_key = None;
        }
        call
    }
}

/// An answer that took longer than this was held back by the server, milliseconds.
const HELD_MS: u64 = 1_000;

/// All waits of one client.
pub(crate) struct Waits {
    pub(crate) scheduler: RefCell<Scheduler<Rc<Entry>>>,
    pub(crate) long_polls: LongPolls,
    timer: RefCell<Option<(Millis, Timeout)>>,
}

/// One wait.
pub(crate) struct Entry {
    /// What the caller called.
    row: &'static Operation,
    backend: &'static str,
    pub(crate) task_id: String,
    pub(crate) redactor: Rc<Redactor>,
    pub(crate) options: Rc<WaitOptions>,
    last_word: RefCell<String>,
    /// How often what the agent asks could not be had.
    pub(crate) unheard: Cell<u32>,
    end: Handover<Result<Standing<Js>, Failure>>,
}

impl Entry {
    /// The failure of this wait: says which task, so that it can be waited for again, and shows no secret.
    fn sign(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Core(mut error, witness) => {
                self.redactor.clean_error(&mut error);
                error.task_id.get_or_insert_with(|| self.task_id.clone());
                if error.operation.is_empty() {
                    error = Box::new(error.during(self.row.name, self.backend));
                }
                Failure::Core(error, witness)
            }
            aborted => aborted,
        }
    }

    /// Tells the caller of a new status word. A listener that throws, or whose promise rejects, ends the wait with
    /// that.
    fn tell(self: &Rc<Self>, standing: &Standing<Js>) -> Result<(), Failure> {
        if *self.last_word.borrow() == standing.word {
            return Ok(());
        }
        self.last_word.borrow_mut().clone_from(&standing.word);
        let Some(listener) = &self.options.on_status else { return Ok(()) };
        let event = Object::new();
        set(&event, "id", &self.task_id.as_str().into());
        set(&event, "status", &standing.status.as_str().into());
        set(&event, "rawStatus", &standing.word.as_str().into());
        let returned = listener.call1(&JsValue::UNDEFINED, &event).map_err(Failure::Aborted)?;
        if returned.is_object() {
            let entry = Rc::clone(self);
            spawn_local(async move {
                if let Err(thrown) = settled(&returned).await {
                    entry.end.put(Err(Failure::Aborted(thrown)));
                }
            });
        }
        Ok(())
    }
}

/// Takes a wait out of the books when its future ends or is dropped.
struct Registered<'a> {
    client: &'a Rc<Client>,
    id: WaitId,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.client.waits.scheduler.borrow_mut().cancel(self.id);
        self.client.pump();
    }
}

impl Waits {
    pub(crate) fn new(budget: Budget) -> Self {
        let scheduler = RefCell::new(Scheduler::new(budget, random::seed()));
        Self { scheduler, long_polls: LongPolls::default(), timer: RefCell::default() }
    }
}

impl Client {
    /// Starts a task and waits for it, both within `timeoutMs`.
    pub(crate) async fn run(
        self: Rc<Self>,
        params: JsValue,
        options: Result<Rc<WaitOptions>, InvalidInput>,
    ) -> Result<JsValue, Failure> {
        let options = options.map_err(|invalid| self.refused(self.tasks.start.name, invalid))?;
        let until = options.timeout_ms.map(|ms| clock::now().after(ms));
        // Boxed, so that the future of a wait, of which there may be thousands, has no room for a start in it.
        let (id, redactor) = Box::pin(Rc::clone(&self).start(params, Rc::clone(&options), until)).await?;
        self.wait_until(self.tasks.start, id, redactor, options, until).await
    }

    /// The id of a task that was started, and what must not be shown of it.
    async fn start(
        self: Rc<Self>,
        params: JsValue,
        options: Rc<WaitOptions>,
        until: Option<Millis>,
    ) -> Result<(String, Rc<Redactor>), Failure> {
        let row = self.tasks.start;
        let params = match Js(params.clone()).seen() {
            Seen::Object => {
                let params: Object = without(&params, "async").unchecked_into();
                set(&params, "async", &JsValue::TRUE);
                params.into()
            }
            _ => params,
        };
        let refused = |invalid| self.refused(row.name, invalid);
        // Checked before it stands in line, so that bad input fails at once.
        operation::check(row, &Js(params.clone())).map_err(refused)?;
        let abort = AbortWatch::new(&options.call.signal).map_err(refused)?;
        let mut alarm = Alarm::new();
        alarm.set(until);
        let _place = match race(self.starts.enter(), &mut alarm, &abort).await {
            Raced::Won(place) => place,
            Raced::Aborted(reason) => return Err(Failure::Aborted(reason)),
            Raced::Elapsed => {
                let message = "the time was up before the task could be started; it was not started";
                let error = Error { retryable: true, ..Error::new(ErrorKind::Timeout, message) };
                return Err(Failure::core(error.during(row.name, self.settings.profile.name)));
            }
        };
        drop(abort);
        let job = self.job(row, &[], &params, options.for_call(until, false)).map_err(refused)?;
        let (plan, redactor) = (Rc::clone(&job.plan), Rc::clone(&job.redactor));
        // Boxed, so that a task that stands in line has no room for a request in it.
        let Answered { data, response } = Box::pin(drive(job)).await?;
        match (self.tasks.started)(&Js(data.clone())) {
            Some(id) => Ok((id, redactor)),
            None => Err(lacking("workflow id", &data, &plan, &response, &redactor)),
        }
    }

    /// Waits for a task that was started, within `timeoutMs`.
    pub(crate) async fn wait(
        self: Rc<Self>,
        id: JsValue,
        options: Result<Rc<WaitOptions>, InvalidInput>,
    ) -> Result<JsValue, Failure> {
        let read = || {
            let id = Js(id);
            let Some(text) = id.text() else {
                let problem = format!("takes the id of a task, got {}", id.seen().noun());
                return Err(InvalidInput::new("id", problem));
            };
            path::segment("id", &text)?;
            let options = options?;
            let until = options.timeout_ms.map(|ms| clock::now().after(ms));
            let ids = std::slice::from_ref(&text);
            let row = options.tasks(&self).status;
            let job = self.job(row, ids, &options.params, options.for_call(until, true))?;
            Ok((row, text, job.redactor, options, until))
        };
        let read = read().map_err(|invalid| self.refused(self.tasks.status.name, invalid));
        let (row, id, redactor, options, until) = read?;
        self.wait_until(row, id, redactor, options, until).await
    }

    async fn wait_until(
        self: &Rc<Self>,
        row: &'static Operation,
        task_id: String,
        redactor: Rc<Redactor>,
        options: Rc<WaitOptions>,
        until: Option<Millis>,
    ) -> Result<JsValue, Failure> {
        let abort =
            AbortWatch::new(&options.call.signal).map_err(|invalid| self.refused(row.name, invalid))?;
        if let Some(reason) = abort.aborted() {
            return Err(Failure::Aborted(reason));
        }
        let now = clock::now();
        let entry = Rc::new(Entry {
            row,
            backend: self.settings.profile.name,
            task_id,
            redactor,
            options: Rc::clone(&options),
            last_word: RefCell::default(),
            unheard: Cell::default(),
            end: Handover::new(),
        });
        let left_ms = until.map(|until| until.since(now));
        let id = self.waits.scheduler.borrow_mut().add(now, options.pace, left_ms, Rc::clone(&entry));
        let registered = Registered { client: self, id };
        self.pump();
        let standing = match race(entry.end.clone(), &mut Alarm::new(), &abort).await {
            Raced::Won(outcome) => outcome.map_err(|failure| entry.sign(failure))?,
            Raced::Aborted(reason) => return Err(Failure::Aborted(reason)),
            Raced::Elapsed => return Err(Failure::internal("a wait without an alarm rang")),
        };
        drop(registered);
        outcome(&entry, standing).map_err(|failure| entry.sign(failure))
    }

    /// Does everything that is due and sets the timer for what is not.
    fn pump(self: &Rc<Self>) {
        loop {
            let next = self.waits.scheduler.borrow_mut().next(clock::now());
            match next {
                Next::Ask { id, until } => {
                    let entry = self.waits.scheduler.borrow().owner(id).cloned();
                    if let Some(entry) = entry {
                        spawn_local(Rc::clone(self).ask(id, entry, until));
                    }
                }
                Next::Expired(entry, observed) => {
                    let ms = entry.options.timeout_ms.unwrap_or_default();
                    entry.end.put(Err(Failure::core(timed_out(&entry.task_id, ms, observed))));
                }
                Next::Sleep(at) => {
                    let mut timer = self.waits.timer.borrow_mut();
                    if timer.as_ref().is_none_or(|(set_for, _)| *set_for != at) {
                        let client = Rc::clone(self);
                        let wake = move || {
                            client.waits.timer.take();
                            client.pump();
                        };
                        *timer = Some((at, Timeout::new(clock::timer_ms(clock::now(), at), wake)));
                    }
                    return;
                }
                Next::Idle => {
                    self.waits.timer.take();
                    return;
                }
            }
        }
    }

    /// Asks once how a task stands and reports it.
    async fn ask(self: Rc<Self>, id: WaitId, entry: Rc<Entry>, until: Option<Millis>) {
        let asked = clock::now();
        let heard = self.question(&entry, until).await;
        let report = |heard| self.waits.scheduler.borrow_mut().heard(clock::now(), id, heard);
        let end = match heard {
            Ok((standing, long)) => {
                let ends = entry.options.goal.is_reached(&standing);
                // A server that does not wait on its side must not be asked without pause.
                let held = long && clock::now().since(asked) >= HELD_MS;
                let verdict = report(Heard::Status { word: standing.word.clone(), ends, held });
                match (entry.tell(&standing), verdict) {
                    (Err(failure), _) => Some(Err(failure)),
                    (Ok(()), Verdict::Ended) => Some(Ok(standing)),
                    _ => None,
                }
            }
            Err(failure) => {
                let retry_after_ms = match &failure {
                    Failure::Core(error, _) => error.retry_after_ms,
                    _ => None,
                };
                let may_pass = matches!(&failure, Failure::Core(error, _) if error.retryable || error.kind == ErrorKind::Decode);
                let verdict = report(Heard::Missed { retry_after_ms });
                (!may_pass || verdict == Verdict::GivenUp).then_some(Err(failure))
            }
        };
        if let Some(end) = end {
            self.waits.scheduler.borrow_mut().cancel(id);
            entry.end.put(end);
        }
        self.pump();
    }
}

/// What a wait resolves to, or why it rejects.
fn outcome(entry: &Entry, standing: Standing<Js>) -> Result<JsValue, Failure> {
    let task_id = entry.task_id.as_str();
    let record = Object::new();
    set(&record, "id", &task_id.into());
    set(&record, "status", &standing.status.as_str().into());
    set(&record, "rawStatus", &standing.word.as_str().into());
    if standing.status == TaskStatus::Succeeded {
        if !entry.options.schema.is_undefined() {
            let issues = schema::check(&Js(entry.options.schema.clone()), &standing.result);
            if let Some(first) = issues.first() {
                let place = if first.path.is_empty() { "it" } else { first.path.as_str() };
                let message = format!(
                    "the result of task {task_id} does not fit its schema: {place} {}",
                    first.message
                );
                let error = Error {
                    task_id: Some(task_id.to_owned()),
                    issues,
                    ..Error::new(ErrorKind::ResultMismatch, message)
                };
                let witness = Witness { result: standing.result.0, ..Witness::default() };
                return Err(Failure::Core(Box::new(error), witness));
            }
        }
        set(&record, "result", &standing.result.0);
        return Ok(record.into());
    }
    if standing.asks {
        set(&record, "question", &standing.why.unwrap_or_default().into());
        return Ok(record.into());
    }
    if entry.options.throw_on_failure {
        return Err(Failure::core(task_failed(task_id, standing.why.as_deref())));
    }
    set(&record, "error", &standing.why.unwrap_or_default().into());
    if !standing.result.0.is_undefined() {
        set(&record, "result", &standing.result.0);
    }
    Ok(record.into())
}
