//! What the façade hands over, looked at and checked: once per client and once per call.

use std::rc::Rc;

use js_sys::{Array, Function, Object};
use taskwright_core::call::Limits;
use taskwright_core::error::Redactor;
use taskwright_core::limits;
use taskwright_core::operation::InvalidInput;
use taskwright_core::path::BaseUrl;
use taskwright_core::profile::{self, Profile};
use taskwright_core::text::is_one_of;
use taskwright_core::view::{Seen, View as _};
use taskwright_core::wait::Budget;
use wasm_bindgen::prelude::*;

use crate::failure::Failure;
use crate::host::{given, is_server, option};
use crate::value::Js;

#[wasm_bindgen]
extern "C" {
    /// `RawCallOptions` of the contract.
    #[wasm_bindgen(typescript_type = "any")]
    pub type RawOptions;
}

/// What all calls of one client share.
pub(crate) struct Settings {
    pub(crate) profile: &'static Profile,
    pub(crate) base: Rc<BaseUrl>,
    pub(crate) api_key: Option<String>,
    /// Of the key alone, for calls that have no secrets of their own.
    pub(crate) redactor: Rc<Redactor>,
    pub(crate) fetch: Option<Function>,
    pub(crate) budget: Budget,
    /// Who is calling. Browsers say so themselves; elsewhere it is ours to set, and no preflight asks about it.
    pub(crate) user_agent: Option<&'static str>,
    pub(crate) names: Js,
}

impl Settings {
    pub(crate) fn read(config: &JsValue) -> Result<Self, Failure> {
        let config = Js(config.clone());
        let names = config.member("names");
        let profile = config.member("backend").text().as_deref().and_then(profile::by_name);
        let Some(profile) = profile else {
            return Err(InvalidInput::new("backend", "takes \"local\" or \"anchor\"").into());
        };
        let count = |name: &str| limits::count(&|| name.to_owned(), &config.member(name));
        let budget = Budget {
            in_flight: count("pollsInFlight")?.unwrap_or(profile.budget.in_flight),
            per_second: count("pollsPerSecond")?.unwrap_or(profile.budget.per_second),
        };
        let fetch = function("fetch", &config.member("fetch"))?;
        let base_url = config.member("baseUrl");
        let base = match base_url.seen() {
            Seen::Absent | Seen::Null => profile.default_base_url.to_owned(),
            Seen::Text(text) => text,
            other => {
                let problem = format!("takes a string, got {}", other.noun());
                return Err(InvalidInput::new(name_of(&names, "baseUrl"), problem).into());
            }
        };
        let api_key = read_key(&config.member("apiKey"))?;
        Ok(Self {
            profile,
            base: Rc::new(BaseUrl::parse(&name_of(&names, "baseUrl"), &base)?.without(profile.path_prefixes)),
            redactor: Rc::new(Redactor::new(api_key.clone())),
            api_key,
            fetch,
            budget,
            user_agent: is_server().then_some(concat!("taskwright/", env!("CARGO_PKG_VERSION"))),
            names,
        })
    }
}

/// What one call was given beside its parameters.
#[derive(Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) limits: Limits,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) without: Vec<String>,
    pub(crate) default_query: Js,
    pub(crate) query: Js,
    pub(crate) signal: JsValue,
    pub(crate) fetch_options: Option<Object>,
    pub(crate) body: JsValue,
    pub(crate) raw: bool,
    pub(crate) shaped: bool,
    /// What must not be shown besides the key.
    pub(crate) secret: Option<String>,
    pub(crate) on_request: Option<Function>,
}

impl CallOptions {
    pub(crate) fn read(options: &RawOptions, settings: &Settings) -> Result<Self, InvalidInput> {
        let mut read = Self::default();
        read.fill(options, settings)?;
        Ok(read)
    }

    /// Apart from [`CallOptions::read`], because each way out of it would have to drop all of them.
    #[inline(never)]
    fn fill(&mut self, options: &RawOptions, settings: &Settings) -> Result<(), InvalidInput> {
        let limit = |name: &str, value: Js| limits::duration(&|| name_of(&settings.names, name), &value);
        let retries = |value: Js| limits::retries(&|| name_of(&settings.names, "maxRetries"), &value);
        let given = given(options);
        // Most calls give one or two of these, and each look costs a crossing.
        let option = |at: u32| (given & 1 << at != 0).then(|| Js(option(options, at)));
        if let Some(ms) = option(0).map(|value| limit("attemptTimeoutMs", value)).transpose()?.flatten() {
            self.limits.attempt_timeout_ms = ms;
        }
        if let Some(ms) = option(1).map(|value| limit("totalTimeoutMs", value)).transpose()?.flatten() {
            self.limits.total_timeout_ms = ms;
        }
        if let Some(times) = option(2).map(retries).transpose()?.flatten() {
            self.limits.max_retries = times;
        }
        if let Some(key) = option(3) {
            self.idempotency_key = match key.seen() {
                Seen::Null => None,
                Seen::Text(key) if !key.is_empty() && is_header_value(&key) => Some(key),
                _ => {
                    let problem = "takes a string that can stand in a header";
                    return Err(InvalidInput::new("idempotencyKey", problem));
                }
            };
        }
        if let Some(headers) = option(4) {
            self.headers = read_headers(&headers)?;
        }
        if let Some(names) = option(5) {
            self.without = names.elements().iter().filter_map(Js::text).collect();
        }
        self.default_query = option(6).unwrap_or_default();
        self.query = option(7).unwrap_or_default();
        self.signal = option(8).unwrap_or_default().0;
        self.fetch_options =
            option(9).filter(|options| options.0.is_object()).map(|options| options.0.unchecked_into());
        self.body = option(10).unwrap_or_default().0;
        if let Some(listener) = option(11) {
            self.on_request = function("onRequest", &listener)?;
        }
        let flag = |at| option(at).is_some_and(|value| value.0.is_truthy());
        self.raw = flag(12);
        self.shaped = flag(13);
        self.secret = option(14).and_then(|secret| secret.text());
        Ok(())
    }
}

/// The strings of a path's places; the ids of most services are strings, some are numbers.
pub(crate) fn read_ids(template: &str, ids: &Array) -> Result<Vec<String>, InvalidInput> {
    let mut texts = Vec::new();
    for (place, id) in taskwright_core::path::places(template).zip(ids.iter()) {
        let id = Js(id);
        texts.push(match id.seen() {
            Seen::Text(text) => text,
            Seen::Number(number) if number.is_finite() => id.show(),
            other => return Err(InvalidInput::new(place, format!("takes a string, got {}", other.noun()))),
        });
    }
    Ok(texts)
}

/// A function, when there is one.
pub(crate) fn function(name: &str, value: &Js) -> Result<Option<Function>, InvalidInput> {
    if matches!(value.seen(), Seen::Absent | Seen::Null) {
        return Ok(None);
    }
    let found = value.0.clone().dyn_into::<Function>().map(Some);
    found.map_err(|_| InvalidInput::new(name, format!("takes a function, got {}", value.seen().noun())))
}

fn read_key(value: &Js) -> Result<Option<String>, InvalidInput> {
    match value.seen() {
        Seen::Absent | Seen::Null => Ok(None),
        Seen::Text(key) if is_header_value(&key) => Ok(Some(key)),
        // What it got stays out of the message: it is, or is near to, a secret.
        _ => Err(InvalidInput::new("apiKey", "takes a string that can stand in an HTTP header")),
    }
}

fn read_headers(headers: &Js) -> Result<Vec<(String, String)>, InvalidInput> {
    let mut pairs = Vec::new();
    for name in headers.names() {
        let value = headers.member(&name).text().filter(|value| is_header_value(value));
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_one_of(byte, b"!#$%&'*+-.^_`|~"));
        match value {
            Some(value) if is_name && !is_framing(&name) => pairs.push((name, value)),
            _ => {
                return Err(InvalidInput::new(format!("headers.{name}"), "cannot be set on an HTTP request"));
            }
        }
    }
    Ok(pairs)
}

/// Headers that say how a message is cut; a wrong one makes the request hang.
fn is_framing(name: &str) -> bool {
    ["content-length", "transfer-encoding", "connection", "host"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// RFC 9110, 5.5, as far as every runtime's `fetch` lets through: one byte per character, no control characters.
fn is_header_value(text: &str) -> bool {
    text.chars().all(|char| matches!(char, '\t' | ' '..='~' | '\u{80}'..='\u{ff}'))
}

/// What the façade calls an option.
pub(crate) fn name_of(names: &Js, name: &str) -> String {
    names.member(name).text().unwrap_or_else(|| name.to_owned())
}
