//! The call machine: one HTTP operation from its first attempt to its end. It is told what happened and
//! says what to do next; whoever drives it owns the clock and the network.
//!
//! ```text
//! Begin ─→ Send ─→ Head ─→ Read ─→ Body ─→ Done | Fail
//!           ↑        │ Fault, Elapsed, error status
//!           └ Woke ─ Sleep
//! ```

use std::borrow::Cow;
use std::rc::Rc;

use crate::backoff::Backoff;
use crate::error::{Error, ErrorKind, status_message};
use crate::operation::{Effect, Method};
use crate::path::BaseUrl;
use crate::retry::{Advice, Failure};
use crate::rng::Rng;
use crate::text::{before, has, split_once};
use crate::time::{Millis, shown};

const MAX_REDIRECTS: u32 = 5;

/// The limits of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From sending a request to the last byte of its answer, parsed; milliseconds.
    pub attempt_timeout_ms: Option<u64>,
    /// The whole call with its pauses; milliseconds.
    pub total_timeout_ms: Option<u64>,
    /// Times that the request may be sent again.
    pub max_retries: u32,
    /// The longest pause that a server may ask for; a longer one ends the call. Milliseconds.
    pub max_retry_after_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attempt_timeout_ms: None, total_timeout_ms: None, max_retries: 2, max_retry_after_ms: 60_000 }
    }
}

/// What a call is about, for its decisions and its errors.
#[derive(Debug, Clone)]
pub struct CallPlan {
    /// The operation's name.
    pub operation: Cow<'static, str>,
    /// The backend's name.
    pub backend: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// What sending it twice would do.
    pub effect: Effect,
    /// The idempotency key that all attempts carry.
    pub idempotency_key: Option<String>,
    /// Whether the backend honours that key.
    pub key_honoured: bool,
    /// What a caller can look at when nobody knows whether a start was accepted.
    pub check: &'static str,
    /// Where the key may go.
    pub base: Rc<BaseUrl>,
    /// How long and how often.
    pub limits: Limits,
}

impl CallPlan {
    /// `error`, as that of a start which may have been accepted: what lies underneath, and what its caller can do.
    #[must_use]
    pub fn ambiguous(&self, error: Error) -> Error {
        let key = self.idempotency_key.clone().filter(|_| self.key_honoured);
        let advice = if key.is_some() {
            "calling again with this error's idempotencyKey starts nothing twice".to_owned()
        } else if self.check.is_empty() {
            "find out before sending it again".to_owned()
        } else {
            format!("before starting again, check {}", self.check)
        };
        Error {
            message: format!("{} (it may or may not have been carried out; {advice})", error.message),
            cause_kind: Some(error.kind),
            kind: ErrorKind::AmbiguousStart,
            retryable: false,
            idempotency_key: key,
            ..error
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The call begins.
    Begin,
    /// Status and headers of an answer have arrived.
    Head(Head),
    /// The body has been read and is what it should be.
    Body,
    /// The body of an error answer has been read: its sentence, and its beginning.
    ErrorBody {
        /// What the server says.
        sentence: String,
        /// The body's beginning.
        excerpt: String,
    },
    /// The body of a success says that it is none: code and sentence.
    Refused(u16, String),
    /// The body of a success is not what its type says: why not.
    Unreadable(String),
    /// The network failed.
    Fault {
        /// The runtime's words.
        message: String,
        /// It certainly failed before the request left.
        not_sent: bool,
    },
    /// The pause is over.
    Woke,
    /// `until` passed before anything else happened.
    Elapsed,
}

/// Status and headers of an answer, as far as decisions need them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The HTTP status; 0 for a redirect that the runtime hides.
    pub status: u16,
    /// Retry headers, already read.
    pub advice: Advice,
    /// `Location`.
    pub location: Option<String>,
    /// The server's id of this request.
    pub request_id: Option<String>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Send the request (to `url` when a redirect moved it). What it takes must be over at `until`.
    Send {
        /// Counted from 1.
        attempt: u32,
        /// The end of this attempt.
        until: Option<Millis>,
        /// Where a redirect leads.
        url: Option<String>,
    },
    /// Read the body, as a success or as an error.
    Read {
        /// The end of this attempt.
        until: Option<Millis>,
        /// Whether it is the body of an error.
        error: bool,
    },
    /// Drop the answer and pause.
    Sleep {
        /// When to go on.
        until: Millis,
    },
    /// The caller gets the answer.
    Done,
    /// The caller gets this error.
    Fail(Box<Error>),
}

/// One call under way.
#[derive(Debug)]
pub struct CallMachine {
    plan: Rc<CallPlan>,
    backoff: Backoff,
    rng: Rng,
    deadline: Option<Millis>,
    until: Option<Millis>,
    attempt: u32,
    redirects: u32,
    maybe_accepted: bool,
    head: Head,
    /// How it ended: whether well.
    ended: Option<bool>,
}

impl CallMachine {
    /// A machine that has not begun. `seed` spreads the pauses.
    #[must_use]
    pub fn new(plan: Rc<CallPlan>, seed: u64) -> Self {
        Self {
            plan,
            backoff: Backoff::default(),
            rng: Rng::new(seed),
            deadline: None,
            until: None,
            attempt: 0,
            redirects: 0,
            maybe_accepted: false,
            head: Head::default(),
            ended: None,
        }
    }

    /// Goes on after `event`. After [`Command::Done`] or [`Command::Fail`] nothing changes its mind.
    pub fn step(&mut self, now: Millis, event: Event) -> Command {
        match self.ended {
            Some(true) => return Command::Done,
            Some(false) => return self.fail(Failure::Unreadable, "the call has failed before", None),
            None => {}
        }
        let command = self.next(now, event);
        if matches!(command, Command::Done | Command::Fail(_)) {
            self.ended = Some(matches!(command, Command::Done));
        }
        command
    }

    fn next(&mut self, now: Millis, event: Event) -> Command {
        match event {
            Event::Begin => {
                self.deadline = self.plan.limits.total_timeout_ms.map(|ms| now.after(ms));
                self.send(now)
            }
            Event::Woke => self.send(now),
            Event::Head(head) => self.head(now, head),
            Event::Body => Command::Done,
            Event::ErrorBody { sentence, excerpt } => {
                self.fail(self.status_failure(), &sentence, Some(excerpt))
            }
            Event::Refused(code, sentence) => {
                self.head.status = code;
                self.fail(self.status_failure(), &sentence, None)
            }
            Event::Unreadable(why) => self.after_failure(now, Failure::Unreadable, &why),
            // The error's body could not be read; its status tells enough.
            Event::Fault { .. } | Event::Elapsed if self.head.status >= 400 => {
                self.fail(self.status_failure(), "", None)
            }
            Event::Fault { message, not_sent } => {
                let failure = if not_sent { Failure::NotSent } else { Failure::Lost };
                self.after_failure(now, failure, &message)
            }
            Event::Elapsed => {
                let limit = if self.past_deadline(now) {
                    self.plan
                        .limits
                        .total_timeout_ms
                        .map(|ms| format!("no answer within {} ms in all", shown(ms)))
                } else {
                    self.plan
                        .limits
                        .attempt_timeout_ms
                        .map(|ms| format!("no full answer within {} ms", shown(ms)))
                };
                self.after_failure(now, Failure::Elapsed, &limit.unwrap_or_default())
            }
        }
    }

    fn send(&mut self, now: Millis) -> Command {
        self.attempt = self.attempt.saturating_add(1);
        self.redirects = 0;
        self.head = Head::default();
        let attempt_end = self.plan.limits.attempt_timeout_ms.map(|ms| now.after(ms));
        self.until = match (attempt_end, self.deadline) {
            (Some(attempt), Some(deadline)) => Some(attempt.min(deadline)),
            (one, other) => one.or(other),
        };
        Command::Send { attempt: self.attempt, until: self.until, url: None }
    }

    fn head(&mut self, now: Millis, head: Head) -> Command {
        self.head = head;
        match self.head.status {
            200..=299 => Command::Read { until: self.until, error: false },
            0 | 301 | 302 | 303 | 307 | 308 => self.redirect(),
            _ => {
                let failure = self.status_failure();
                match self.pause(now, failure) {
                    Some(until) => self.sleep(failure, until),
                    None => Command::Read { until: self.until, error: true },
                }
            }
        }
    }

    /// A redirect is followed on the same origin, and only when it does not change the method.
    fn redirect(&mut self) -> Command {
        let keeps_method = self.plan.method == Method::Get || matches!(self.head.status, 307 | 308);
        let target = self.head.location.as_deref().and_then(|location| self.plan.base.follow(location));
        self.redirects = self.redirects.saturating_add(1);
        if let (Some(url), true, true) = (&target, keeps_method, self.redirects <= MAX_REDIRECTS) {
            let url = url.clone();
            return Command::Send { attempt: self.attempt, until: self.until, url: Some(url) };
        }
        let message = if target.is_some() {
            format!(
                "the server redirects with {}, which would change what is asked or goes in a circle",
                u32::from(self.head.status)
            )
        } else {
            let place = self
                .head
                .location
                .as_deref()
                .map_or("an address that the browser hides".to_owned(), origin_of);
            let home = self.plan.base.origin();
            format!(
                "the server redirects to {place}; it is not followed, so that the API key stays with {home}"
            )
        };
        let error = self.error(ErrorKind::Redirect, message);
        // 307 and 308 say that the request has yet to be carried out; the others may well mean that it was.
        let carried_out = self.plan.effect == Effect::Start && !matches!(self.head.status, 307 | 308);
        Command::Fail(Box::new(if carried_out || self.maybe_accepted {
            self.plan.ambiguous(error)
        } else {
            error
        }))
    }

    fn after_failure(&mut self, now: Millis, failure: Failure, why: &str) -> Command {
        match self.pause(now, failure) {
            Some(until) => self.sleep(failure, until),
            None => self.fail(failure, why, None),
        }
    }

    fn sleep(&mut self, failure: Failure, until: Millis) -> Command {
        self.maybe_accepted |= failure.maybe_accepted();
        Command::Sleep { until }
    }

    /// When to send again; `None` when it must not, may not any more, or would come too late.
    fn pause(&mut self, now: Millis, failure: Failure) -> Option<Millis> {
        let keyed = self.plan.key_honoured && self.plan.idempotency_key.is_some();
        if self.attempt > self.plan.limits.max_retries || !failure.may_resend(self.plan.effect, keyed) {
            return None;
        }
        let asked = match failure {
            // Zero is no pause at all: the usual one then keeps a busy server from being flooded.
            Failure::Status(_, advice) => advice.retry_after_ms.filter(|ms| *ms > 0),
            _ => None,
        };
        if asked.is_some_and(|ms| ms > self.plan.limits.max_retry_after_ms) {
            return None;
        }
        let pause = asked.unwrap_or_else(|| self.backoff.pause(self.attempt, &mut self.rng));
        let until = now.after(pause);
        self.deadline.is_none_or(|deadline| until < deadline).then_some(until)
    }

    fn past_deadline(&self, now: Millis) -> bool {
        self.deadline.is_some_and(|deadline| now >= deadline)
    }

    fn status_failure(&self) -> Failure {
        Failure::Status(self.head.status, self.head.advice)
    }

    fn fail(&self, failure: Failure, why: &str, body: Option<String>) -> Command {
        let (kind, message) = match failure {
            Failure::Status(status, _) => (ErrorKind::Api, status_message(status, why)),
            Failure::Elapsed => (ErrorKind::Timeout, format!("request timed out: {why}")),
            Failure::NotSent | Failure::Lost => (ErrorKind::Connection, format!("connection error: {why}")),
            Failure::Unreadable => (ErrorKind::Decode, format!("the answer cannot be read: {why}")),
        };
        // An answer that finds fault with the request itself settles what earlier attempts left open; one about the caller
        // (401, 403, 404) does not.
        let settled = matches!(failure, Failure::Status(400 | 413 | 415 | 422, _));
        let ambiguous = self.plan.effect == Effect::Start
            && (failure.maybe_accepted() || (self.maybe_accepted && !settled));
        let mut error = self.error(kind, message);
        error.retryable = failure.is_temporary() && !ambiguous;
        error.body = body.filter(|body| !body.is_empty());
        Command::Fail(Box::new(if ambiguous { self.plan.ambiguous(error) } else { error }))
    }

    fn error(&self, kind: ErrorKind, message: String) -> Error {
        Error {
            attempts: self.attempt,
            status: Some(self.head.status).filter(|status| *status >= 200),
            request_id: self.head.request_id.clone(),
            retry_after_ms: self.head.advice.retry_after_ms,
            ..Error::new(kind, message).during(&self.plan.operation, self.plan.backend)
        }
    }
}

/// The part of a `Location` that may stand in a message: paths and queries can carry tokens.
fn origin_of(location: &str) -> String {
    let Some((scheme, rest)) = split_once(location, "://") else { return "another address".to_owned() };
    let host = before(rest, b"/?#");
    if has(host, b"@") { "an address with credentials".to_owned() } else { format!("{scheme}://{host}") }
}

#[cfg(test)]
mod tests;
