//! The only loop around a call: does what the call machine says and tells it what happened.

use std::rc::Rc;

use js_sys::{Function, Object};
use taskwright_core::call::{CallMachine, CallPlan, Command, Event};
use taskwright_core::error::{Envelope, Error, Redactor};
use taskwright_core::operation::{Answer, Effect, InvalidInput};
use taskwright_core::retry::never_sent;
use wasm_bindgen::prelude::*;
use web_sys::Response;

use crate::abort::AbortWatch;
use crate::answer;
use crate::clock::{self, Alarm};
use crate::failure::{Failure, Witness, fault_code, thrown_words};
use crate::fetch::{Attempt, Request, as_response};
use crate::race::{Raced, race};
use crate::random;
use crate::value::{Js, set};

/// Reads what an answer says about itself.
pub(crate) type ReadEnvelope = fn(&Js, bool) -> Envelope;

/// A call, ready to go.
pub(crate) struct Job {
    pub(crate) plan: Rc<CallPlan>,
    pub(crate) request: Request,
    pub(crate) answer: Answer,
    /// Reads what an answer says about itself.
    pub(crate) envelope: ReadEnvelope,
    pub(crate) redactor: Rc<Redactor>,
    /// Its answer must have a `data` object.
    pub(crate) shaped: bool,
    pub(crate) signal: JsValue,
    pub(crate) on_request: Option<Function>,
}

/// What a call resolves to.
pub(crate) struct Answered {
    pub(crate) data: JsValue,
    pub(crate) response: Response,
}

/// An answer whose head has arrived.
struct Open {
    attempt: Attempt,
    response: Response,
}

/// Carries the call out.
pub(crate) async fn drive(job: Job) -> Result<Answered, Failure> {
    let in_call = |invalid: InvalidInput| {
        Failure::core(Error::from(invalid).during(&job.plan.operation, job.plan.backend))
    };
    let abort = AbortWatch::new(&job.signal).map_err(in_call)?;
    if let Some(reason) = abort.aborted() {
        return Err(Failure::Aborted(reason));
    }
    // From here on something may have left.
    let aborted = |reason| match job.plan.effect {
        Effect::Start => Failure::AbortedStart(reason),
        _ => Failure::Aborted(reason),
    };
    let mut machine = CallMachine::new(Rc::clone(&job.plan), random::seed());
    let mut alarm = Alarm::new();
    let mut open: Option<Open> = None;
    let mut witness = Witness::default();
    let mut data = JsValue::UNDEFINED;
    let mut command = machine.step(clock::now(), Event::Begin);
    loop {
        let event = match command {
            Command::Send { attempt, until, url } => {
                open = None;
                witness = Witness::default();
                report(&job, attempt);
                alarm.set(until);
                match send(&job, url.as_deref(), &mut alarm, &abort).await {
                    Raced::Aborted(reason) => return Err(aborted(reason)),
                    Raced::Elapsed => Event::Elapsed,
                    Raced::Won(Ok((attempt, response))) => {
                        let response = as_response(response, job.request.fetch.is_some()).map_err(in_call)?;
                        let head = answer::head(&response);
                        open = Some(Open { attempt, response });
                        Event::Head(head)
                    }
                    Raced::Won(Err(thrown)) => {
                        let message = job.redactor.clean(&thrown_words(&thrown));
                        let not_sent = fault_code(&thrown).is_some_and(|code| never_sent(&code))
                            || message.ends_with("bad port");
                        witness.cause = if message == thrown_words(&thrown) {
                            thrown
                        } else {
                            js_sys::Error::new(&message).into()
                        };
                        Event::Fault { message, not_sent }
                    }
                }
            }
            Command::Read { until, error } => {
                let Some(open) = &open else { return Err(Failure::internal("an answer to read is missing")) };
                let unread = !error && job.answer == Answer::Raw;
                let reading = async {
                    match (unread, error) {
                        (true, _) => (Event::Body, JsValue::from(&open.response)),
                        (_, true) => answer::read_error(&open.response, job.envelope, &job.redactor).await,
                        _ => {
                            answer::read(
                                &open.response,
                                job.answer == Answer::Json,
                                job.envelope,
                                &job.redactor,
                            )
                            .await
                        }
                    }
                };
                alarm.set(until);
                match race(reading, &mut alarm, &abort).await {
                    Raced::Aborted(reason) => return Err(aborted(reason)),
                    Raced::Elapsed => Event::Elapsed,
                    Raced::Won((event, value)) => {
                        match &event {
                            Event::Body => data = value,
                            Event::ErrorBody { .. } | Event::Refused(..) => witness.parsed = value,
                            _ => witness.cause = value,
                        }
                        event
                    }
                }
            }
            Command::Sleep { until } => {
                open = None;
                alarm.set(Some(until));
                match race(std::future::pending::<()>(), &mut alarm, &abort).await {
                    Raced::Aborted(reason) => return Err(aborted(reason)),
                    _ => Event::Woke,
                }
            }
            Command::Done => {
                let Some(Open { attempt, response }) = open else {
                    return Err(Failure::internal("an answer to hand out is missing"));
                };
                attempt.let_go();
                return Ok(Answered { data, response });
            }
            Command::Fail(mut error) => {
                let told = (job.envelope)(&Js(witness.parsed.clone()), true);
                error.request_id = told.request_id.or(error.request_id);
                error.not_found = told.not_found;
                job.redactor.clean_error(&mut error);
                let request = Object::new();
                set(&request, "method", &job.request.method.into());
                set(&request, "url", &job.redactor.clean(&job.request.url).into());
                witness.request = request.into();
                if let Some(open) = &open {
                    witness.headers = answer::clean_headers(&open.response, &job.redactor);
                }
                return Err(Failure::Core(error, witness));
            }
        };
        command = machine.step(clock::now(), event);
    }
}

/// Sends one attempt and waits for the head of its answer.
async fn send(
    job: &Job,
    url: Option<&str>,
    alarm: &mut Alarm,
    abort: &AbortWatch,
) -> Raced<Result<(Attempt, JsValue), JsValue>> {
    let signal = abort.signal().filter(|_| job.answer == Answer::Raw);
    let (attempt, response) = match Attempt::send(&job.request, url, signal) {
        Ok(sent) => sent,
        Err(thrown) => return Raced::Won(Err(thrown)),
    };
    // `attempt` moves into the work: when the race is lost, dropping it aborts the request.
    race(async move { response.await.map(|response| (attempt, response)) }, alarm, abort).await
}

/// Tells the façade's log what is about to be sent.
fn report(job: &Job, attempt: u32) {
    let Some(listener) = &job.on_request else { return };
    let event = Object::new();
    set(&event, "attempt", &attempt.into());
    set(&event, "method", &job.request.method.into());
    set(&event, "operation", &(&*job.plan.operation).into());
    // A log that throws must not end the call.
    let _ = listener.call1(&JsValue::UNDEFINED, &event);
}
