//! One request on its way: the runtime's `fetch`, or the one that the caller brought.

use js_sys::{Function, Object};
use taskwright_core::operation::InvalidInput;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, AbortSignal, Response};

use crate::host::{self, Reply, Sent, is_plain, is_stream};
use crate::value::{json_stringify, member};

/// What every attempt of a call sends.
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) method: &'static str,
    pub(crate) headers: Object,
    /// `undefined` for none.
    pub(crate) body: JsValue,
    /// Query parameters that each attempt carries anew: its time, and random bits; empty for none.
    pub(crate) stamps: (&'static str, &'static str),
    pub(crate) fetch: Option<Function>,
    pub(crate) fetch_options: Option<Object>,
}

impl Request {
    /// Whether the body can be sent more than once.
    pub(crate) fn can_repeat(&self) -> bool {
        !is_stream(&self.body)
    }
}

/// One attempt. Dropping it before its end aborts the request.
pub(crate) struct Attempt {
    controller: AbortController,
    let_go: bool,
}

impl Attempt {
    /// Sends the request; `url` instead of its own when a redirect moved it. `signal` stays connected to the
    /// body of an answer that is handed out unread.
    pub(crate) fn send(
        request: &Request,
        url: Option<&str>,
        signal: Option<&AbortSignal>,
    ) -> Result<(Self, Reply), JsValue> {
        let (controller, reply) = host::send(&Sent {
            fetch: request.fetch.as_ref(),
            url: url.unwrap_or(&request.url),
            stamps: if url.is_none() { request.stamps } else { ("", "") },
            method: request.method,
            headers: &request.headers,
            body: &request.body,
            more: request.fetch_options.as_ref(),
            signal: signal.map(AsRef::as_ref),
        })?;
        Ok((Self { controller, let_go: false }, reply))
    }

    /// The answer is the caller's now, or has been read to its end.
    pub(crate) fn let_go(mut self) {
        self.let_go = true;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.let_go {
            self.controller.abort();
        }
    }
}

/// What `fetch` gave, as a `Response`. An injected one may have given anything.
pub(crate) fn as_response(value: JsValue, injected: bool) -> Result<Response, InvalidInput> {
    let usable = !injected
        || member(&value, "status").as_f64().is_some_and(|status| (0.0..=999.0).contains(&status))
            && member(&member(&value, "headers"), "get").is_function()
            && member(&value, "text").is_function();
    if usable {
        Ok(value.unchecked_into())
    } else {
        Err(InvalidInput::new("fetch", "takes a function that resolves to a Response, got one that does not"))
    }
}

/// The body of a raw request and the content type that goes with it. Plain values become JSON; what `fetch` has a form for
/// (`FormData`, `Blob`, bytes, streams) stays as it is.
pub(crate) fn encode_body(
    value: &JsValue,
    typed: bool,
) -> Result<(JsValue, Option<&'static str>), InvalidInput> {
    if value.is_undefined() || value.is_null() {
        return Ok((JsValue::UNDEFINED, None));
    }
    let is_text_of_a_type = value.is_string() && typed;
    if is_text_of_a_type || (value.is_object() && !is_plain(value)) {
        return Ok((value.clone(), None));
    }
    Ok((to_json("body", value)?, Some("application/json")))
}

/// `value` as JSON text that stays on the JavaScript side.
pub(crate) fn to_json(name: &str, value: &JsValue) -> Result<JsValue, InvalidInput> {
    json_stringify(value).ok().filter(JsValue::is_string).ok_or_else(|| not_json(name))
}

pub(crate) fn not_json(name: &str) -> InvalidInput {
    InvalidInput::new(
        name,
        "takes what can be written as JSON, got a cycle, a bigint, a function or a symbol",
    )
}
