//! The one error of the core. Callers act on [`Error::kind`]; everything else is for people.

use std::fmt;

use crate::operation::InvalidInput;
use crate::text::{excerpt, replace, replace_alone};
use crate::view::{Seen, View};

/// Bytes of an answer's body that an error keeps at most.
pub const BODY_LIMIT: usize = 16_384;
/// Secrets below this many bytes are taken out only where they stand alone: a PIN is one, not every `1` in a text.
const SHORT: usize = 4;
/// Bytes of a message that come from outside at most.
const MESSAGE_LIMIT: usize = 2_048;

/// What went wrong, as far as a caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A parameter or an option cannot be used; nothing was sent.
    InvalidInput,
    /// The server answered with an error status.
    Api,
    /// Nobody can know whether the task was started; it was not sent again.
    AmbiguousStart,
    /// No connection, or it broke.
    Connection,
    /// A time limit passed.
    Timeout,
    /// The answer is not what its type says.
    Decode,
    /// The server sends the caller to an address that the key must not go to.
    Redirect,
    /// The wait's own time limit passed; the task goes on.
    WaitTimeout,
    /// The task ended without success.
    TaskFailed,
    /// The result does not fit the schema that was asked for.
    ResultMismatch,
    /// A defect of Taskwright.
    Internal,
}

impl ErrorKind {
    /// The word for it in the façade.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Api => "api",
            Self::AmbiguousStart => "ambiguous_start",
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::Decode => "decode",
            Self::Redirect => "redirect",
            Self::WaitTimeout => "wait_timeout",
            Self::TaskFailed => "task_failed",
            Self::ResultMismatch => "result_mismatch",
            Self::Internal => "internal",
        }
    }
}

/// An error with everything that is known about it and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What a caller can act on.
    pub kind: ErrorKind,
    /// What failed, then why.
    pub message: String,
    /// The operation, for example `tools.performWebTask`.
    pub operation: String,
    /// The backend, for example `local`.
    pub backend: String,
    /// Requests that were sent.
    pub attempts: u32,
    /// Whether the same call may succeed later and does no harm.
    pub retryable: bool,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// The server's id of the last request.
    pub request_id: Option<String>,
    /// The pause that the server asked for, milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The beginning of the answer's body.
    pub body: Option<String>,
    /// The parameter or option that cannot be used.
    pub field: Option<String>,
    /// What lies under an ambiguous start.
    pub cause_kind: Option<ErrorKind>,
    /// The key that all attempts of a start carried; calling again with it starts nothing twice.
    pub idempotency_key: Option<String>,
    /// The task that was waited for.
    pub task_id: Option<String>,
    /// The statuses that a wait saw, and how often.
    pub observed: Vec<Observed>,
    /// Where a result does not fit, and why.
    pub issues: Vec<Issue>,
    /// The server does not know, or no longer, what the call is about.
    pub not_found: bool,
}

/// A status word and how often a wait saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The vendor's word.
    pub status: String,
    /// How often.
    pub count: u32,
}

/// One place where a result does not fit its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The place as a path from the result: `items[2].price`; empty for the result itself.
    pub path: String,
    /// What the schema takes there and what the result has.
    pub message: String,
}

impl Error {
    /// An error of `kind` with a message and nothing else yet.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            operation: String::new(),
            backend: String::new(),
            attempts: 0,
            retryable: false,
            status: None,
            request_id: None,
            retry_after_ms: None,
            body: None,
            field: None,
            cause_kind: None,
            idempotency_key: None,
            task_id: None,
            observed: Vec::new(),
            issues: Vec::new(),
            not_found: false,
        }
    }

    /// The same error, saying which call it belongs to.
    #[must_use]
    pub fn during(mut self, operation: &str, backend: &str) -> Self {
        operation.clone_into(&mut self.operation);
        backend.clone_into(&mut self.backend);
        self
    }
}

impl From<InvalidInput> for Error {
    fn from(invalid: InvalidInput) -> Self {
        Self { field: Some(invalid.field.clone()), ..Self::new(ErrorKind::InvalidInput, invalid.to_string()) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Takes known secrets out of text that comes from outside, so that a server which repeats a key in its
/// error does not bring it into an exception or a log.
#[derive(Clone, Default)]
pub struct Redactor(Vec<String>);

impl Redactor {
    /// A redactor of these values.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        Self::of(secrets.into_iter().collect())
    }

    /// The same, compiled once.
    fn of(secrets: Vec<String>) -> Self {
        let mut longest_first: Vec<String> = Vec::new();
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            let escaped = json_escaped(&secret);
            for form in [Some(secret), escaped].into_iter().flatten() {
                // One may contain another. A handful is put in order by hand: a sort weighs 5 KB of WebAssembly.
                let at = longest_first.iter().position(|other| other.len() < form.len());
                longest_first.insert(at.unwrap_or(longest_first.len()), form);
            }
        }
        Self(longest_first)
    }

    /// Whether there is anything to take out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the secrets out of everything in `error` that came from outside.
    pub fn clean_error(&self, error: &mut Error) {
        if self.is_empty() {
            return;
        }
        error.message = self.clean(&error.message);
        for text in [&mut error.body, &mut error.request_id].into_iter().flatten() {
            *text = self.clean(text);
        }
        for issue in &mut error.issues {
            issue.message = self.clean(&issue.message);
            issue.path = self.clean(&issue.path);
        }
    }

    /// `text` without the secrets.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            if secret.len() < SHORT {
                replace_alone(&text, secret, "[redacted]")
            } else {
                replace(&text, secret, "[redacted]")
            }
        })
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} secrets)", self.0.len())
    }
}

/// How `text` looks inside a JSON string as `JSON.stringify` writes it, when that is different.
fn json_escaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    (out != text).then_some(out)
}

/// The sentence in an error body. Agent clouds put it in `message`, in `error`, or in `error.message`; a body
/// without one stands for itself.
pub(crate) fn sentence<V: View>(body: &V) -> String {
    let error = body.member("error");
    let found = [body.member("message"), error.member("message"), error]
        .into_iter()
        .find_map(|place| place.text().filter(|text| !text.is_empty()));
    excerpt(&found.unwrap_or_else(|| body.show()), MESSAGE_LIMIT)
}

/// The code and sentence of an answer that is an error in spite of its status: a server that had to send
/// its headers before it knew the outcome can say so only in the body, as `{"error": {"code", "message"}}`
/// and nothing else.
fn late_refusal<V: View>(body: &V) -> Option<(u16, String)> {
    let detail = body.member("error");
    match detail.member("code").seen() {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
        Seen::Number(code) if (400.0..600.0).contains(&code) && body.names() == ["error"] => {
            Some((code as u16, sentence(body)))
        }
        _ => None,
    }
}

/// What an answer says about itself, beside its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Whether it is a success, when its status says so.
    pub verdict: Verdict,
    /// What it says, as a refusal.
    pub sentence: String,
    /// The server's id of the request.
    pub request_id: Option<String>,
    /// Whether it says that what was asked about does not exist.
    pub not_found: bool,
}

/// Whether an envelope holds a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Verdict {
    Fine,
    /// With the status that it should have had, or has.
    Refused(u16),
    /// It is no envelope at all.
    Foreign,
}

/// What an answer without an envelope says about itself; `is_error` when its status says that it is an error.
pub fn bare<V: View>(body: &V, is_error: bool) -> Envelope {
    let (verdict, sentence) = match late_refusal(body) {
        _ if is_error => (Verdict::Fine, sentence(body)),
        Some((code, sentence)) => (Verdict::Refused(code), sentence),
        None => (Verdict::Fine, String::new()),
    };
    Envelope { verdict, sentence, request_id: None, not_found: false }
}

/// What a status without a usable body reads as. A refusal under a good status stands for itself.
#[must_use]
pub fn status_message(status: u16, text: &str) -> String {
    let text = text.trim_ascii();
    // Numbers of this width are shown in other messages, too.
    let status = u32::from(status);
    if status < 300 {
        excerpt(text, MESSAGE_LIMIT)
    } else if text.is_empty() {
        format!("{status} status code (no body)")
    } else {
        format!("{status} {}", excerpt(text, MESSAGE_LIMIT))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_sentence_is_found_in_every_documented_shape() {
        for (body, text) in [
            (json!({"error": {"code": 400, "message": "m"}}), "m"),
            (json!({"message": "m"}), "m"),
            (json!({"error": "m"}), "m"),
            (json!({"code": 404, "message": "m"}), "m"),
            (json!({}), "{}"),
            (json!("oops"), "\"oops\""),
            (json!(null), "null"),
        ] {
            assert_eq!(sentence(&Some(&body)), text);
        }
    }

    #[test]
    fn only_a_bare_error_envelope_is_a_late_refusal() {
        let refused = json!({"error": {"code": 422, "message": "no"}});
        assert_eq!(late_refusal(&Some(&refused)), Some((422, "no".into())));
        for fine in [
            json!({"data": {"result": {"error": {"code": 422}}}}),
            json!({"data": 1, "error": {"code": 422, "message": "no"}}),
            json!({"error": "text"}),
            json!({"error": {"code": 200, "message": "odd"}}),
        ] {
            assert_eq!(late_refusal(&Some(&fine)), None, "{fine}");
        }
    }

    #[test]
    fn secrets_are_taken_out_longest_first() {
        let redactor = Redactor::new(["abcd".to_owned(), "abcdefgh".to_owned(), "x".to_owned()]);
        assert_eq!(redactor.clean("key abcdefgh, abcd, x, xx"), "key [redacted], [redacted], [redacted], xx");
        assert_eq!(format!("{redactor:?}"), "Redactor(3 secrets)");
        let redactor = Redactor::new(["say \"hi\"".to_owned()]);
        assert_eq!(redactor.clean(r#"{"a":"say \"hi\"","b":1}"#), r#"{"a":"[redacted]","b":1}"#);
        let mut error =
            Error { request_id: Some("r say \"hi\"".into()), ..Error::new(ErrorKind::Api, "say \"hi\"!") };
        redactor.clean_error(&mut error);
        assert_eq!(
            (error.message.as_str(), error.request_id.as_deref()),
            ("[redacted]!", Some("r [redacted]"))
        );
    }

    #[test]
    fn an_empty_body_says_so() {
        assert_eq!(status_message(400, " "), "400 status code (no body)");
        assert_eq!(status_message(502, "<html>bad</html>"), "502 <html>bad</html>");
    }
}
