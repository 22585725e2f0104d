//! What came back: the head for the machine, the body for the caller.

use js_sys::JsString;
use taskwright_core::call::{Event, Head};
use taskwright_core::error::{BODY_LIMIT, Redactor, late_refusal, sentence};
use taskwright_core::retry::Advice;
use taskwright_core::retry_after;
use taskwright_core::text::excerpt;
use taskwright_core::view::View as _;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use crate::clock;
use crate::failure::thrown_words;
use crate::value::{Js, json_parse};

/// Status and the headers that decisions need.
pub(crate) fn head(response: &Response) -> Head {
    let header = |name: &str| response.headers().get(name).ok().flatten();
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
pub(crate) async fn read(response: &Response, redactor: &Redactor) -> (Event, JsValue) {
    if response.status() == 204 {
        return (Event::Body, JsValue::NULL);
    }
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let is_json = is_json(header("content-type").as_deref());
    let text = match text(response).await {
        Ok(text) => text,
        Err(thrown) => return (fault(&thrown, redactor), thrown),
    };
    if !is_json {
        return (Event::Body, text.into());
    }
    if text.length() == 0 && header("content-length").as_deref() == Some("0") {
        return (Event::Body, JsValue::UNDEFINED);
    }
    match json_parse(&text) {
        Ok(value) => match late_refusal(&Js(value.clone())) {
            Some((code, sentence)) => (Event::Refused(code, redactor.clean(&sentence)), value),
            None => (Event::Body, value),
        },
        Err(thrown) => (Event::Unreadable(redactor.clean(&thrown_words(&thrown))), thrown),
    }
}

/// Reads the body of an error: what the machine needs, and the body as JSON when it is JSON.
pub(crate) async fn read_error(response: &Response, redactor: &Redactor) -> (Event, JsValue) {
    let text = match text(response).await {
        Ok(text) => String::from(text),
        Err(thrown) => return (fault(&thrown, redactor), JsValue::UNDEFINED),
    };
    let text = redactor.clean(&text);
    // The vendors' clients look for JSON whatever the type says.
    let parsed = json_parse(&JsString::from(text.as_str()));
    let sentence = match &parsed {
        Ok(value) => sentence(&Js(value.clone())),
        Err(_) => text.clone(),
    };
    (Event::ErrorBody { sentence, excerpt: excerpt(&text, BODY_LIMIT) }, parsed.unwrap_or_default())
}

/// A body that could not be read to its end.
fn fault(thrown: &JsValue, redactor: &Redactor) -> Event {
    Event::Fault { message: redactor.clean(&thrown_words(thrown)), not_sent: false }
}

async fn text(response: &Response) -> Result<JsString, JsValue> {
    let text = JsFuture::from(response.text()?).await?;
    text.dyn_into()
}

fn is_json(content_type: Option<&str>) -> bool {
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json")
}

/// Whether `data` still says nothing about its task: used where a status must be in it.
pub(crate) fn shape(data: &JsValue) -> String {
    excerpt(&Js(data.clone()).show(), 200)
}
