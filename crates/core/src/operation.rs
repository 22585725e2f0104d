//! Operations as data: one row says everything about a vendor's endpoint that a call needs. Adding an
//! endpoint is adding a row.

use std::fmt;

use crate::text::{before, has, is_blank, join, quoted, split_once};
use crate::view::{Seen, View};

/// One endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The name that users know, for example `tools.performWebTask`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL, with `{name}` for each id.
    pub path: &'static str,
    /// The documented parameters. Others travel in the body as they are.
    pub fields: &'static [Field],
    /// What the call sends as its body.
    pub body: Body,
    /// The `accept` header.
    pub accept: &'static str,
    /// What the caller gets from a success.
    pub answer: Answer,
    /// What sending it twice would do.
    pub effect: Effect,
    /// For a start: whether backends that honour `Idempotency-Key` at all honour it here.
    pub takes_key: bool,
    /// For a start: where a caller can see whether it was accepted, when its answer was lost.
    pub check: &'static str,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "RFC 9110 defines them")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method of a raw request; case does not matter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete]
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(text))
    }

    /// As it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// What a raw request with this method does when it is sent twice (RFC 9110, 9.2.2).
    #[must_use]
    pub fn effect(self) -> Effect {
        match self {
            Self::Get => Effect::Read,
            Self::Put | Self::Delete => Effect::Idempotent,
            Self::Post | Self::Patch => Effect::Start,
        }
    }
}

/// Whether a call sends a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// None; parameters that no row names travel in the query.
    None,
    /// The parameters that do not go elsewhere, `{}` when there are none.
    Json,
    /// The same as a form (`application/x-www-form-urlencoded`): texts as they are, objects and arrays as JSON text; what
    /// is absent or null is left out.
    Form,
    /// What the caller made: `FormData`, bytes, a stream.
    Given,
}

/// What becomes of a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Parsed when the type is JSON, else the text.
    Parsed,
    /// Parsed as JSON, whatever its type says.
    Json,
    /// The `Response`, its body unread.
    Raw,
}

/// What sending a request twice would do; this decides when it may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Read,
    /// The same as sending it once.
    Idempotent,
    /// Something would happen twice: a task started, a session created.
    Start,
}

/// One documented parameter.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name, the vendor's own.
    pub name: &'static str,
    /// Where it travels.
    pub place: Place,
    /// What it takes.
    pub takes: Takes,
    /// Whether the call is impossible without it.
    pub required: bool,
}

/// Where a parameter travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Place {
    Query,
    Body,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A string with something in it.
    Text,
    /// An absolute `http` or `https` address.
    WebUrl,
    /// `true` or `false`.
    Flag,
    /// A whole number in a range, bounds included.
    Whole(u32, u32),
    /// An object of strings whose values are secret: they are never shown.
    SecretTexts,
    /// An object.
    Object,
    /// An array.
    List,
    /// An array of objects whose `data` is secret: it is never shown.
    Credentials,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

impl Field {
    /// An optional parameter of the body.
    #[must_use]
    pub const fn body(name: &'static str, takes: Takes) -> Self {
        Self { name, place: Place::Body, takes, required: false }
    }

    /// An optional parameter of the query.
    #[must_use]
    pub const fn query(name: &'static str, takes: Takes) -> Self {
        Self { name, place: Place::Query, takes, required: false }
    }

    /// The same, required.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// A value that cannot be sent: which one, what it takes and what it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidInput {
    /// The parameter or option, as a path from the user's side: `max_steps`, `secret_values.pin`.
    pub field: String,
    /// What it takes and what it got.
    pub problem: String,
}

impl InvalidInput {
    /// A problem with one field.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" {}", self.field, self.problem)
    }
}

impl std::error::Error for InvalidInput {}

/// Checks `params` against the documented fields of `operation`. Members that no row names pass.
pub fn check<V: View>(operation: &Operation, params: &V) -> Result<(), InvalidInput> {
    match params.seen() {
        Seen::Object | Seen::Absent | Seen::Null => {}
        other => return Err(InvalidInput::new("params", format!("takes an object, got {}", other.noun()))),
    }
    operation.fields.iter().try_for_each(|field| check_field(field, &params.member(field.name)))
}

fn check_field<V: View>(field: &Field, value: &V) -> Result<(), InvalidInput> {
    let seen = value.seen();
    if seen == Seen::Absent && !field.required {
        return Ok(());
    }
    let fits = match (field.takes, &seen) {
        (Takes::Text, Seen::Text(text)) => !is_blank(text),
        (Takes::WebUrl, Seen::Text(text)) => is_web_url(text),
        (Takes::Flag, Seen::Flag(_))
        | (Takes::Object, Seen::Object)
        | (Takes::List | Takes::Credentials, Seen::List) => true,
        (Takes::Whole(low, high), Seen::Number(number)) => {
            number.fract() == 0.0 && *number >= f64::from(low) && *number <= f64::from(high)
        }
        (Takes::OneOf(words), Seen::Text(text)) => words.contains(&text.as_str()),
        (Takes::SecretTexts, Seen::Object) => return check_secrets(field.name, value),
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(InvalidInput::new(
            field.name,
            format!("takes {}, got {}", wants(field.takes), got(field.takes, value)),
        ))
    }
}

fn check_secrets<V: View>(field: &str, object: &V) -> Result<(), InvalidInput> {
    for name in object.names() {
        let seen = object.member(&name).seen();
        if !matches!(seen, Seen::Text(_)) {
            return Err(InvalidInput::new(
                format!("{field}.{name}"),
                format!("takes a string, got {}", seen.noun()),
            ));
        }
    }
    Ok(())
}

/// Whether `text` is an absolute `http` or `https` address with a host.
#[must_use]
pub fn is_web_url(text: &str) -> bool {
    let Some((scheme, rest)) = split_once(text, "://") else { return false };
    let host = before(rest, b"/?#");
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        && !host.is_empty()
        && !host.contains(char::is_whitespace)
}

fn wants(takes: Takes) -> String {
    match takes {
        Takes::Text => "a string that is not empty".to_owned(),
        Takes::WebUrl => "an absolute address such as \"https://example.com\"".to_owned(),
        Takes::Flag => "true or false".to_owned(),
        Takes::Whole(low, u32::MAX) => format!("a whole number from {low}"),
        Takes::Whole(low, high) => format!("a whole number from {low} to {high}"),
        Takes::SecretTexts => "an object whose values are strings".to_owned(),
        Takes::Object => "an object".to_owned(),
        Takes::List | Takes::Credentials => "an array".to_owned(),
        Takes::OneOf(words) => {
            format!("one of {}", join(words.iter().map(|word| quoted(word)), ", "))
        }
    }
}

fn got<V: View>(takes: Takes, value: &V) -> String {
    match value.seen() {
        Seen::Text(text) if takes == Takes::WebUrl && has(&text, b"@") => {
            "one that may contain a password".to_owned()
        }
        Seen::Text(text) if takes != Takes::SecretTexts => quoted(&text),
        Seen::Number(_) | Seen::Flag(_) if takes != Takes::SecretTexts => value.show(),
        seen => seen.noun().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::anchor::operations::PERFORM_WEB_TASK;

    fn problem(params: Value) -> String {
        check(&PERFORM_WEB_TASK, &Some(&params)).unwrap_err().to_string()
    }

    #[test]
    fn a_full_request_passes_and_unknown_members_survive() {
        let params = json!({
            "prompt": "p", "url": "https://example.com", "sessionId": "s", "async": true, "agent": "browser-use",
            "provider": "openai", "model": "m", "detect_elements": true, "human_intervention": false, "max_steps": 3,
            "secret_values": {"pin": "1"}, "highlight_elements": true, "output_schema": {}, "directlyOpenUrl": true,
            "something_new": [1]
        });
        assert_eq!(check(&PERFORM_WEB_TASK, &Some(&params)), Ok(()));
        assert_eq!(
            check(&PERFORM_WEB_TASK, &Some(&json!({"prompt": "p", "agent": "one-of-next-year"}))),
            Ok(())
        );
    }

    #[test]
    fn a_message_names_the_field_what_it_takes_and_what_it_got() {
        assert_eq!(problem(json!({})), "\"prompt\" takes a string that is not empty, got nothing");
        assert_eq!(problem(json!({"prompt": " "})), "\"prompt\" takes a string that is not empty, got \" \"");
        assert_eq!(
            problem(json!({"prompt": "p", "max_steps": 1.5})),
            "\"max_steps\" takes a whole number from 1, got 1.5"
        );
        assert_eq!(
            problem(json!({"prompt": "p", "url": "example.com"})),
            "\"url\" takes an absolute address such as \"https://example.com\", got \"example.com\""
        );
        assert_eq!(
            problem(json!({"prompt": "p", "async": "yes"})),
            "\"async\" takes true or false, got \"yes\""
        );
        assert_eq!(
            problem(json!({"prompt": "p", "output_schema": []})),
            "\"output_schema\" takes an object, got an array"
        );
        assert_eq!(problem(json!({"prompt": "p", "url": null})).split(", got ").last(), Some("null"));
        assert_eq!(problem(json!(["p"])), "\"params\" takes an object, got an array");
    }

    #[test]
    fn a_message_never_shows_a_secret() {
        assert_eq!(
            problem(json!({"prompt": "p", "secret_values": {"pin": 1234}})),
            "\"secret_values.pin\" takes a string, got a number"
        );
        assert!(!problem(json!({"prompt": "p", "secret_values": "hunter2"})).contains("hunter2"));
    }
}
