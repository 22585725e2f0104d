//! Why a call did not succeed, and how that crosses to JavaScript: the core's error as a plain object, with
//! the live objects that Rust does not look into beside it. The façade makes `Error`s of it.

use js_sys::{Array, Object};
use taskwright_core::error::{Error, ErrorKind};
use taskwright_core::operation::InvalidInput;
use taskwright_core::text::find;
use wasm_bindgen::JsValue;

use crate::value::{member, set, text_of};

/// Why a call did not succeed.
pub(crate) enum Failure {
    /// The core's verdict, and what belongs to it.
    Core(Box<Error>, Witness),
    /// The caller's signal was aborted, with this reason.
    Aborted(JsValue),
    /// The same, of a start that was on its way: nobody knows whether it was accepted.
    AbortedStart(JsValue),
}

/// Live objects beside an error; `undefined` where there is none.
#[derive(Default)]
pub(crate) struct Witness {
    /// The parsed body.
    pub(crate) parsed: JsValue,
    /// Method and address of the request.
    pub(crate) request: JsValue,
    /// The answer's `Headers`.
    pub(crate) headers: JsValue,
    /// What the runtime threw.
    pub(crate) cause: JsValue,
    /// The result that does not fit.
    pub(crate) result: JsValue,
}

impl Failure {
    /// A core error without witnesses.
    pub(crate) fn core(error: Error) -> Self {
        Self::Core(Box::new(error), Witness::default())
    }

    /// A defect of our own.
    pub(crate) fn internal(what: &str) -> Self {
        Self::core(Error::new(ErrorKind::Internal, what))
    }

    /// What the promise rejects with.
    pub(crate) fn into_js(self) -> JsValue {
        match self {
            Self::Aborted(reason) => aborted(&reason, false),
            Self::AbortedStart(reason) => aborted(&reason, true),
            Self::Core(error, witness) => {
                let record = record(&error);
                for (name, value) in [
                    ("parsed", &witness.parsed),
                    ("request", &witness.request),
                    ("headers", &witness.headers),
                    ("cause", &witness.cause),
                    ("result", &witness.result),
                ] {
                    if !value.is_undefined() {
                        set(&record, name, value);
                    }
                }
                record.into()
            }
        }
    }
}

/// The core's error as the façade reads it; what is not known is left out.
fn record(error: &Error) -> Object {
    let record = Object::new();
    for (name, text) in [
        ("kind", Some(error.kind.as_str())),
        ("message", Some(error.message.as_str())),
        ("operation", Some(error.operation.as_str())),
        ("backend", Some(error.backend.as_str())),
        ("requestId", error.request_id.as_deref()),
        ("body", error.body.as_deref()),
        ("field", error.field.as_deref()),
        ("causeKind", error.cause_kind.map(ErrorKind::as_str)),
        ("idempotencyKey", error.idempotency_key.as_deref()),
        ("taskId", error.task_id.as_deref()),
    ] {
        if let Some(text) = text {
            set(&record, name, &text.into());
        }
    }
    let retry_after_ms = error.retry_after_ms.map(|ms| u32::try_from(ms).unwrap_or(u32::MAX));
    for (name, number) in [
        ("attempts", Some(error.attempts)),
        ("status", error.status.map(u32::from)),
        ("retryAfterMs", retry_after_ms),
    ] {
        if let Some(number) = number {
            set(&record, name, &number.into());
        }
    }
    set(&record, "retryable", &error.retryable.into());
    set(&record, "notFound", &error.not_found.into());
    let (observed, issues) = (Array::new(), Array::new());
    for seen in &error.observed {
        observed.push(&pair("status", &seen.status, "count", seen.count.into()));
    }
    for issue in &error.issues {
        issues.push(&pair("path", &issue.path, "message", issue.message.as_str().into()));
    }
    for (name, list) in [("observed", observed), ("issues", issues)] {
        if list.length() > 0 {
            set(&record, name, &list);
        }
    }
    record
}

fn pair(name: &str, text: &str, other: &str, value: JsValue) -> Object {
    let pair = Object::new();
    set(&pair, name, &text.into());
    set(&pair, other, &value);
    pair
}

fn aborted(reason: &JsValue, maybe_started: bool) -> JsValue {
    let record = Object::new();
    set(&record, "aborted", &JsValue::TRUE);
    set(&record, "reason", reason);
    set(&record, "maybeStarted", &JsValue::from(maybe_started));
    record.into()
}

impl From<InvalidInput> for Failure {
    fn from(invalid: InvalidInput) -> Self {
        Self::core(invalid.into())
    }
}

/// The words of something thrown, with those of the causes under it: Node's `fetch failed` alone says nothing.
pub(crate) fn thrown_words(thrown: &JsValue) -> String {
    let mut words = member(thrown, "message").as_string().unwrap_or_else(|| text_of(thrown));
    for cause in causes(thrown).skip(1) {
        if let Some(message) = member(&cause, "message").as_string().filter(|message| !message.is_empty()) {
            words.push_str(": ");
            words.push_str(&message);
        }
    }
    match fault_code(thrown) {
        Some(code) if find(&words, &code).is_none() => format!("{words} ({code})"),
        _ => words,
    }
}

/// The error code of something that `fetch` threw, from itself or from its causes.
pub(crate) fn fault_code(thrown: &JsValue) -> Option<String> {
    causes(thrown).find_map(|error| member(&error, "code").as_string())
}

/// What was thrown, its cause, the cause of that; a few steps only, for causes can be circular.
fn causes(thrown: &JsValue) -> impl Iterator<Item = JsValue> {
    let next = |error: &JsValue| Some(member(error, "cause")).filter(JsValue::is_object);
    std::iter::successors(Some(thrown.clone()), next).take(4)
}
