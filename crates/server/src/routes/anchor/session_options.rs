//! The body of `POST /v1/sessions`: what of it this server honours, and a no to what it cannot.
//!
//! Options that are absent, off or at the vendor's "off" pass. One that asks for something this server does not do
//! is refused by name, so that nobody believes in a proxy that is not there. That holds for options too that the vendor
//! turns on by default: `recording: {active: true}` written out asks for a recording, and there is none.

use std::time::Duration;

use serde_json::{Map, Value};
use taskwright_core::anchor::operations::SESSION_CREATE;
use taskwright_core::operation::{Field, InvalidInput, Operation, Takes, check};
use taskwright_core::view::View as _;

use super::sessions::REALM;
use crate::chromium::DEFAULT_VIEWPORT;
use crate::sessions::SessionOptions;

/// Minutes that a session lives, and lives unused, when the request does not say: the vendor's defaults.
const MAX_DURATION: i64 = 20;
const IDLE_TIMEOUT: i64 = 5;
/// CSS pixels of one side that Chromium draws without trouble.
pub(super) const MAX_SIDE: u32 = 10_000;

const SESSION: &[Field] = &[
    Field::body("initial_url", Takes::WebUrl),
    Field::body("recording", Takes::Object),
    Field::body("proxy", Takes::Object),
    Field::body("timeout", Takes::Object),
    Field::body("live_view", Takes::Object),
    Field::body("x402", Takes::Flag),
];
const VIEWPORT: &[Field] =
    &[Field::body("width", Takes::Whole(1, MAX_SIDE)), Field::body("height", Takes::Whole(1, MAX_SIDE))];

/// Switches that would need something that is not here.
const NOT_HERE: &[&str] = &[
    "session.recording.active",
    "session.proxy.active",
    "session.live_view.read_only",
    "session.live_view.one_time_url",
    "session.x402",
    "browser.profile.name",
    "browser.profile.persist",
    "browser.adblock.active",
    "browser.popup_blocker.active",
    "browser.captcha_solver.active",
    "browser.fullscreen.active",
    "browser.p2p_download.active",
    "browser.extensions",
    "browser.disable_web_security.active",
    "browser.extra_stealth.active",
    "browser.force_popups_as_tabs.active",
    "browser.web_bot_auth.active",
    "browser.disable_dialogs.active",
    "browser.cross_origin_support.active",
    "browser.tracing.active",
    "browser.sensitive_data_mask.active",
    "integrations",
    "identities",
];

/// Reads the options of a body.
pub(super) fn read(body: &Map<String, Value>) -> Result<SessionOptions, InvalidInput> {
    let body = Value::Object(body.clone());
    check(&SESSION_CREATE, &Some(&body))?;
    check_part(&body, "session", SESSION)?;
    check_part(&body, "browser.viewport", VIEWPORT)?;
    if let Some(path) = NOT_HERE.iter().find(|path| at(&body, path).is_some_and(asks)) {
        return Err(InvalidInput::new(*path, "asks for something that the local server does not do"));
    }
    let side = |name: &str| at(&body, name).and_then(Value::as_u64).and_then(|side| u32::try_from(side).ok());
    let (width, height) = DEFAULT_VIEWPORT;
    let viewport = (side("browser.viewport.width"), side("browser.viewport.height"));
    Ok(SessionOptions {
        realm: REALM,
        initial_url: at(&body, "session.initial_url").and_then(Value::as_str).map(str::to_owned),
        tags: tags(&body)?,
        viewport: Some((viewport.0.unwrap_or(width), viewport.1.unwrap_or(height))),
        max_duration: minutes(&body, "session.timeout.max_duration", MAX_DURATION)?,
        idle_timeout: minutes(&body, "session.timeout.idle_timeout", IDLE_TIMEOUT)?,
        ..SessionOptions::default()
    })
}

/// Checks an object inside the body by the core's rules, naming fields by their whole path.
fn check_part(body: &Value, path: &str, fields: &'static [Field]) -> Result<(), InvalidInput> {
    let Some(part) = at(body, path) else { return Ok(()) };
    if !part.is_object() {
        return Err(InvalidInput::new(path, format!("takes an object, got {}", Some(part).seen().noun())));
    }
    check(&Operation { fields, ..SESSION_CREATE }, &Some(part))
        .map_err(|invalid| InvalidInput { field: format!("{path}.{}", invalid.field), ..invalid })
}

/// Whether a value turns an option on.
fn asks(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
    }
}

fn tags(body: &Value) -> Result<Vec<String>, InvalidInput> {
    let wrong = |value: &Value| {
        InvalidInput::new(
            "session.tags",
            format!("takes an array of strings, got {}", Some(value).seen().noun()),
        )
    };
    match at(body, "session.tags") {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            list.iter().map(|tag| tag.as_str().map(str::to_owned).ok_or_else(|| wrong(tag))).collect()
        }
        Some(other) => Err(wrong(other)),
    }
}

/// Minutes from 1, `-1` for no limit.
fn minutes(body: &Value, path: &str, default: i64) -> Result<Option<Duration>, InvalidInput> {
    let value = at(body, path);
    match value.map_or(Some(default), Value::as_i64) {
        Some(-1) => Ok(None),
        Some(minutes @ 1..) => Ok(Some(Duration::from_secs(minutes.unsigned_abs().saturating_mul(60)))),
        _ => {
            let got = value.map(Value::to_string).unwrap_or_default();
            Err(InvalidInput::new(
                path,
                format!("takes a whole number of minutes from 1, or -1 for no limit, got {got}"),
            ))
        }
    }
}

/// The value at a dotted path.
fn at<'a>(body: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(body, |value, name| value.get(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options(body: Value) -> Result<SessionOptions, String> {
        read(body.as_object().unwrap()).map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn nothing_means_the_defaults_of_the_vendor() {
        let options = options(json!({})).unwrap();
        assert_eq!(options.viewport, Some((1440, 900)));
        assert_eq!(options.max_duration, Some(Duration::from_secs(1200)));
        assert_eq!(options.idle_timeout, Some(Duration::from_secs(300)));
        assert_eq!((options.initial_url, options.tags), (None, Vec::new()));
    }

    #[test]
    fn what_can_be_honoured_is_read() {
        let options = options(json!({
            "session": {
                "initial_url": "http://127.0.0.1/", "tags": ["a", "b"], "recording": {"active": false},
                "timeout": {"max_duration": -1, "idle_timeout": 2}, "proxy": {"active": false}
            },
            "browser": {"viewport": {"width": 800}, "headless": {"active": true}, "captcha_solver": {"active": false}}
        }))
        .unwrap();
        assert_eq!(options.initial_url.as_deref(), Some("http://127.0.0.1/"));
        assert_eq!(options.tags, ["a", "b"]);
        assert_eq!(options.viewport, Some((800, 900)));
        assert_eq!((options.max_duration, options.idle_timeout), (None, Some(Duration::from_secs(120))));
    }

    #[test]
    fn what_cannot_be_honoured_or_is_wrong_is_refused_by_its_name() {
        for (body, named) in [
            (json!({"session": {"proxy": {"active": true}}}), "session.proxy.active"),
            (json!({"session": {"recording": {"active": true}}}), "session.recording.active"),
            (json!({"browser": {"captcha_solver": {"active": true}}}), "browser.captcha_solver.active"),
            (json!({"browser": {"profile": {"name": "mine"}}}), "browser.profile.name"),
            (json!({"browser": {"extensions": ["x"]}}), "browser.extensions"),
            (json!({"identities": [{"id": "x"}]}), "identities"),
            (json!({"session": {"initial_url": "file:///etc/passwd"}}), "session.initial_url"),
            (json!({"session": {"tags": "a"}}), "session.tags"),
            (json!({"session": {"timeout": {"max_duration": 0}}}), "session.timeout.max_duration"),
            (json!({"session": {"timeout": 5}}), "session.timeout"),
            (json!({"browser": {"viewport": {"height": 1.5}}}), "browser.viewport.height"),
            (json!({"browser": {"viewport": []}}), "browser.viewport"),
            (json!({"session": []}), "session"),
        ] {
            let error = options(body).unwrap_err();
            assert!(error.starts_with(&format!("\"{named}\"")), "{error}");
        }
    }
}
