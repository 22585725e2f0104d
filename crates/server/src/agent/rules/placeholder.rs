//! Values in a prompt: `{{name}}`, `<secret>name</secret>` and `$name` stand for a secret or an input of the task.

use std::collections::BTreeMap;

use super::super::{AgentError, Secrets};

/// What the placeholders of a task stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    secrets: Secrets,
    /// Given with the task or asked for.
    inputs: BTreeMap<String, String>,
    /// Whether nothing is a placeholder.
    literal: bool,
}

impl Values {
    pub(super) fn new(secrets: Secrets, inputs: BTreeMap<String, String>) -> Self {
        Self { secrets, inputs, literal: false }
    }

    /// Of somebody who means what they say: braces and dollar signs are text.
    pub(super) fn literal() -> Self {
        Self { literal: true, ..Self::default() }
    }

    pub(super) fn set(&mut self, name: &str, value: String) {
        self.inputs.insert(name.to_owned(), value);
    }

    pub(super) fn redact(&self, text: &str) -> String {
        self.secrets.redact(text)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.secrets.reveal(name).or_else(|| self.inputs.get(name).map(String::as_str))
    }
}

/// The names in `text` that have no value, in order and each once.
pub(super) fn missing(text: &str, values: &Values) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match braced(rest) {
            Some((name, length)) => {
                if values.get(name).is_none() && !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
                length
            }
            None => first.len_utf8(),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    names
}

/// `text` with the values in place of the placeholders.
///
/// `$name` is a placeholder only where a value has that name: prices start with a dollar sign, too. What a
/// value looks like does not matter, it is not looked into again.
pub(super) fn resolve(text: &str, values: &Values) -> Result<String, AgentError> {
    if values.literal {
        return Ok(text.to_owned());
    }
    let mut resolved = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((name, length)) = braced(rest) {
            let value = values.get(name).ok_or_else(|| unknown(name, values))?;
            resolved.push_str(value);
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        let name = rest.strip_prefix('$').map(|tail| {
            let end =
                tail.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(tail.len());
            tail.get(..end).unwrap_or_default()
        });
        if let Some(name) = name
            && let Some(value) = values.get(name)
        {
            resolved.push_str(value);
            rest = rest.get(1 + name.len()..).unwrap_or_default();
            continue;
        }
        resolved.push(first);
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    Ok(resolved)
}

/// Says that nothing has this name.
pub(super) fn unknown(name: &str, values: &Values) -> AgentError {
    let mut names: Vec<&str> = values.secrets.names().collect();
    names.extend(values.inputs.keys().map(String::as_str));
    let known = if names.is_empty() { "no secrets".into() } else { format!("only {}", names.join(", ")) };
    AgentError::NotUnderstood(format!("the prompt names the secret \"{name}\", but the task has {known}"))
}

fn braced(text: &str) -> Option<(&str, usize)> {
    enclosed(text, "{{", "}}").or_else(|| enclosed(text, "<secret>", "</secret>"))
}

/// The trimmed name between two marks at the start of `text`, and the length of all three in bytes.
fn enclosed<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, usize)> {
    let inside = text.strip_prefix(open)?;
    let end = inside.find(close)?;
    Some((inside.get(..end)?.trim(), open.len() + end + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let secrets =
            Secrets::new([("user".into(), "ada".into()), ("pass-word".into(), "{{user}}".into())].into());
        Values::new(secrets, BTreeMap::from([("city".to_owned(), "click \"Delete\"".to_owned())]))
    }

    #[test]
    fn every_form_of_a_placeholder_is_replaced_once() {
        let resolved = resolve("{{user}} <secret> pass-word </secret> $user $pass-word $9.99", &values());
        assert_eq!(resolved.as_deref(), Ok("ada {{user}} ada {{user}} $9.99"));
        assert_eq!(
            resolve("{{ city }} $city", &values()).as_deref(),
            Ok("click \"Delete\" click \"Delete\"")
        );
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        let error = resolve("{{token}}", &values()).unwrap_err().to_string();
        assert_eq!(
            error,
            "the prompt names the secret \"token\", but the task has only pass-word, user, city"
        );
        assert!(resolve("<secret>x</secret>", &Values::default()).is_err());
        assert_eq!(resolve("$unknown {{", &values()).as_deref(), Ok("$unknown {{"));
        assert_eq!(missing("{{a}} {{user}} <secret>b</secret> {{a}} $c", &values()), ["a", "b"]);
    }
}
