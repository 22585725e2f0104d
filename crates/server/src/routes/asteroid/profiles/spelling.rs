//! The two spellings of a profile: `sticky_ip` in v1, `stickyIP` in v2. Stored is that of v2.

use serde_json::{Map, Value};
use taskwright_core::operation::InvalidInput;

use crate::fields::Fields;

/// How a client spells members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `/api/v1`.
    Snake,
    /// `/agents/v2`.
    Camel,
}

/// What a setting takes.
#[derive(Clone, Copy)]
enum Takes {
    Flag,
    Text,
    OneOf(&'static [&'static str]),
}

struct Setting {
    camel: &'static str,
    snake: &'static str,
    takes: Takes,
    /// Whether v1 demands it of a new profile.
    demanded: bool,
}

const COUNTRIES: &[&str] = &["us", "uk", "fr", "it", "jp", "au", "de", "fi", "ca"];
const PROXIES: &[&str] = &["residential", "mobile", "basic"];

const fn setting(camel: &'static str, snake: &'static str, takes: Takes, demanded: bool) -> Setting {
    Setting { camel, snake, takes, demanded }
}

/// Switches of the vendor's browsers. They are kept and given back; none has an effect on this machine.
const SETTINGS: &[Setting] = &[
    setting("proxyCC", "proxy_cc", Takes::OneOf(COUNTRIES), true),
    setting("proxyType", "proxy_type", Takes::OneOf(PROXIES), true),
    setting("captchaSolverActive", "captcha_solver_active", Takes::Flag, true),
    setting("stickyIP", "sticky_ip", Takes::Flag, true),
    setting("extraStealth", "extra_stealth", Takes::Flag, false),
    setting("tracingSnapshots", "tracing_snapshots", Takes::Flag, false),
    setting("tracingEnabled", "tracing_enabled", Takes::Flag, false),
    setting("fingerprintId", "fingerprint_id", Takes::Text, false),
    setting("inboxEmailPrefix", "inbox_email_prefix", Takes::Text, false),
];

/// What a profile has that says nothing of a setting: every client finds the members that it demands.
fn default_of(camel: &str) -> Value {
    match camel {
        "proxyCC" => Value::from("us"),
        "proxyType" => Value::from("residential"),
        "tracingEnabled" | "tracingSnapshots" => Value::Bool(true),
        "fingerprintId" | "inboxEmailPrefix" => Value::Null,
        _ => Value::Bool(false),
    }
}

impl Spelling {
    /// The one of the two names that this spelling has.
    pub(super) fn pick(self, camel: &'static str, snake: &'static str) -> &'static str {
        match self {
            Self::Camel => camel,
            Self::Snake => snake,
        }
    }

    /// The spelling of a body that came by a v1 path. A client whose base address has no prefix sends v2 there, too;
    /// those always write the two defaults out.
    pub(super) fn of_body(body: &Map<String, Value>) -> Self {
        let camel = ["stickyIP", "tracingEnabled", "organizationId", "credentialsToAdd", "cookiesToAdd"];
        if camel.iter().any(|name| body.contains_key(*name)) { Self::Camel } else { Self::Snake }
    }

    /// The settings of a request; `new` ones have to be complete in v1.
    pub(super) fn settings(self, fields: &Fields<'_>, new: bool) -> Result<Map<String, Value>, InvalidInput> {
        let mut settings = Map::new();
        for setting in SETTINGS {
            let name = self.pick(setting.camel, setting.snake);
            let value = match setting.takes {
                Takes::Flag => fields.flag(name)?.map(Value::from),
                Takes::Text => fields.text(name)?.map(Value::from),
                Takes::OneOf(words) => fields.one_of(name, words)?.map(Value::from),
            };
            match value {
                Some(value) => drop(settings.insert(setting.camel.to_owned(), value)),
                None if new && setting.demanded && self == Self::Snake => {
                    return Err(fields.refuse(name, "has to be there"));
                }
                None => {}
            }
        }
        let fingerprint = settings.get("fingerprintId").and_then(Value::as_str).unwrap_or_default();
        let hex = fingerprint.len() == 24 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !fingerprint.is_empty() && !hex {
            let name = self.pick("fingerprintId", "fingerprint_id");
            return Err(fields.refuse(name, "takes 24 hexadecimal digits, or nothing"));
        }
        Ok(settings)
    }

    /// Adds the settings to an answer.
    pub(super) fn show(self, settings: &Map<String, Value>, answer: &mut Map<String, Value>) {
        for setting in SETTINGS {
            let value = settings.get(setting.camel).cloned().unwrap_or_else(|| default_of(setting.camel));
            if !value.is_null() {
                answer.insert(self.pick(setting.camel, setting.snake).to_owned(), value);
            }
        }
    }
}
