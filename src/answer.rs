//! What came back: the head for the machine, the body for the caller.

use js_sys::{JsString, SyntaxError};
use taskwright_core::call::{Event, Head};
use taskwright_core::error::{BODY_LIMIT, Redactor, Verdict};
use taskwright_core::retry::Advice;
use taskwright_core::retry_after;
use taskwright_core::text::excerpt;
use taskwright_core::view::View as _;
use wasm_bindgen::prelude::*;
use web_sys::Response;

use crate::clock;
use crate::drive::ReadEnvelope;
use crate::failure::thrown_words;
use crate::host::{self, is_json};
use crate::value::{Js, json_parse};

/// Status and the headers that decisions need.
pub(crate) fn head(response: &Response) -> Head {
    let header = |name: &str| host::header(response, name);
    let status = response.status();
    if (200..300).contains(&status) {
        return Head { status, ..Head::default() };
    }
    let (ms, plain) = (header("retry-after-ms"), header("retry-after"));
    Head {
        status,
        advice: Advice {
            should_retry: header("x-should-retry").and_then(|text| text.parse().ok()),
            retry_after_ms: retry_after::parse(ms.as_deref(), plain.as_deref(), clock::date()),
        },
        location: header("location"),
        request_id: header("x-request-id"),
    }
}

/// Reads a success for its caller: `null` without content, JSON parsed, everything else as text.
pub(crate) async fn read(
    response: &Response,
    must_be_json: bool,
    envelope: ReadEnvelope,
    redactor: &Redactor,
) -> (Event, JsValue) {
    if response.status() == 204 {
        return (Event::Body, JsValue::NULL);
    }
    let is_json = must_be_json || is_json(response);
    let text = match text(response).await {
        Ok(text) => text,
        Err(thrown) => return (fault(&thrown, redactor), thrown),
    };
    if !is_json {
        return (Event::Body, text.into());
    }
    match json_parse(&text) {
        Ok(value) => {
            let told = envelope(&Js(value.clone()), false);
            match told.verdict {
                Verdict::Fine => (Event::Body, value),
                Verdict::Refused(code) => {
                    (Event::Refused(code, redactor.clean(&told.sentence)), clean_json(value, redactor).1)
                }
                Verdict::Foreign => (Event::Unreadable(redactor.clean(&told.sentence)), JsValue::UNDEFINED),
            }
        }
        Err(_) if text.length() == 0 && !must_be_json && says_empty(response) => {
            (Event::Body, JsValue::UNDEFINED)
        }
        Err(_) => {
            // Not the engine's own words: they quote the body, cut anywhere, also in the middle of a secret.
            let words = format!("not JSON although it says so: {}", beginning(&String::from(text), redactor));
            (Event::Unreadable(words.clone()), SyntaxError::new(&words).into())
        }
    }
}

/// Reads the body of an error: what the machine needs, and the body as JSON when it is JSON.
pub(crate) async fn read_error(
    response: &Response,
    envelope: ReadEnvelope,
    redactor: &Redactor,
) -> (Event, JsValue) {
    let text = match text(response).await {
        Ok(text) => String::from(text),
        Err(thrown) => return (fault(&thrown, redactor), JsValue::UNDEFINED),
    };
    // The vendors' clients look for JSON whatever the type says.
    let (text, parsed) = match json_parse(&JsString::from(text.as_str())) {
        Ok(value) => match clean_json(value, redactor) {
            (Some(cleaned), value) => (cleaned, Some(value)),
            (None, value) => (text, Some(value)),
        },
        Err(_) => (redactor.clean(&text), None),
    };
    let sentence =
        parsed.as_ref().map_or_else(|| text.clone(), |value| envelope(&Js(value.clone()), true).sentence);
    (Event::ErrorBody { sentence, excerpt: excerpt(&text, BODY_LIMIT) }, parsed.unwrap_or_default())
}

/// A JSON value without the secrets, and its text when there were any. Cleaning the text that came would miss a
/// secret that it spells with other escapes.
fn clean_json(value: JsValue, redactor: &Redactor) -> (Option<String>, JsValue) {
    if redactor.is_empty() {
        return (None, value);
    }
    let text = Js(value.clone()).show();
    let cleaned = redactor.clean(&text);
    if cleaned == text {
        return (None, value);
    }
    match json_parse(&JsString::from(cleaned.as_str())) {
        Ok(value) => (Some(cleaned), value),
        // A key that is a word of JSON, such as `null` or `1234`, is no secret.
        Err(_) => (None, value),
    }
}

/// The answer's headers without the secrets.
pub(crate) fn clean_headers(response: &Response, redactor: &Redactor) -> JsValue {
    host::headers_of(&redactor.clean(&host::headers_text(response)))
}

/// How a body begins, for a message.
fn beginning(text: &str, redactor: &Redactor) -> String {
    excerpt(&redactor.clean(text), 80)
}

/// A body that could not be read to its end.
fn fault(thrown: &JsValue, redactor: &Redactor) -> Event {
    Event::Fault { message: redactor.clean(&thrown_words(thrown)), not_sent: false }
}

async fn text(response: &Response) -> Result<JsString, JsValue> {
    host::read(response).await?.dyn_into()
}

fn says_empty(response: &Response) -> bool {
    host::header(response, "content-length").as_deref() == Some("0")
}

/// What an answer looks like, for a message.
pub(crate) fn shape(data: &JsValue, redactor: &Redactor) -> String {
    excerpt(&redactor.clean(&Js(data.clone()).show()), 200)
}
