//! Values that an execution is given for the places of its agent: `{{name}}` in the prompt and in the address.

use std::collections::BTreeMap;

use serde_json::Value;

/// The members of a JSON object as texts: strings as they are, everything else as JSON.
#[must_use]
pub fn texts(inputs: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let members = inputs.as_object().into_iter().flatten();
    members.filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), text(value))).collect()
}

/// How a person is asked for a value that is missing.
#[must_use]
pub fn question(name: &str) -> String {
    format!("What is the value of \"{name}\"? The task needs it and was not given it.")
}

/// The names of the places of an address that have no value, each once.
#[must_use]
pub fn missing(address: &str, values: &BTreeMap<String, String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, place) in parts(address) {
        if let Some(name) = place
            && !values.contains_key(name)
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

/// The address with the values in its places. A value can be all of it; elsewhere it is encoded, so that it
/// stays in its part of the address: a host stays a host, and a parameter one parameter.
#[must_use]
pub fn filled(address: &str, values: &BTreeMap<String, String>) -> String {
    let mut filled = String::new();
    for (text, place) in parts(address) {
        filled.push_str(text);
        let Some(name) = place else { continue };
        let value = values.get(name).map(String::as_str).unwrap_or_default();
        if filled.is_empty() {
            filled.push_str(value);
            continue;
        }
        // A slash leads into the path of what comes before it, but not out of a host or a parameter.
        let in_path = filled.split_once("://").map_or(&*filled, |(_, rest)| rest).contains('/')
            && !filled.contains(['?', '#']);
        for byte in value.bytes() {
            let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (in_path && byte == b'/');
            if plain {
                filled.push(char::from(byte));
            } else {
                filled.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    filled
}

/// Texts, each with the name of the place that follows it.
fn parts(address: &str) -> Vec<(&str, Option<&str>)> {
    let mut parts = Vec::new();
    let mut rest = address;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        parts.push((before, Some(name.trim())));
        rest = after;
    }
    parts.push((rest, None));
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values() -> BTreeMap<String, String> {
        texts(&json!({
            "host": "evil.example/x?", "path": "a b/ü", "q": "a&b=c/d", "n": 7, "none": null,
            "url": "http://127.0.0.1:1/a?b=c",
        }))
    }

    #[test]
    fn a_value_stays_in_its_part_of_the_address() {
        for (address, expected) in [
            ("http://{{host}}.shop.example/", "http://evil.example%2Fx%3F.shop.example/"),
            ("http://shop.example/{{ path }}/x", "http://shop.example/a%20b/%C3%BC/x"),
            ("http://shop.example/?q={{q}}&n={{n}}", "http://shop.example/?q=a%26b%3Dc%2Fd&n=7"),
            ("{{url}}", "http://127.0.0.1:1/a?b=c"),
            ("http://shop.example/{{", "http://shop.example/{{"),
        ] {
            assert_eq!(filled(address, &values()), expected);
        }
    }

    #[test]
    fn what_has_no_value_is_named_once() {
        assert_eq!(missing("http://a/{{none}}/{{n}}/{{x}}?{{x}}", &values()), ["none", "x"]);
    }
}
