//! Secrets in a prompt: `{{name}}`, `<secret>name</secret>` and `$name`.

use super::super::{AgentError, Secrets};

/// Whether every placeholder of `text` has a value.
pub(super) fn check(text: &str, secrets: &Secrets) -> Result<(), AgentError> {
    resolve(text, secrets).map(drop)
}

/// `text` with the values in place of the placeholders.
///
/// `$name` is a placeholder only where a secret has that name: prices start with a dollar sign, too. What a
/// secret's value looks like does not matter, it is not looked into again.
pub(super) fn resolve(text: &str, secrets: &Secrets) -> Result<String, AgentError> {
    let mut resolved = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((name, length)) =
            enclosed(rest, "{{", "}}").or_else(|| enclosed(rest, "<secret>", "</secret>"))
        {
            let value = secrets.reveal(name).ok_or_else(|| unknown(name, secrets))?;
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
            && let Some(value) = secrets.reveal(name)
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

/// The trimmed name between two marks at the start of `text`, and the length of all three in bytes.
fn enclosed<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, usize)> {
    let inside = text.strip_prefix(open)?;
    let end = inside.find(close)?;
    Some((inside.get(..end)?.trim(), open.len() + end + close.len()))
}

fn unknown(name: &str, secrets: &Secrets) -> AgentError {
    let names: Vec<&str> = secrets.names().collect();
    let known = if names.is_empty() { "no secrets".into() } else { format!("only {}", names.join(", ")) };
    AgentError::NotUnderstood(format!("the prompt names the secret \"{name}\", but the task has {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::new([("user".into(), "ada".into()), ("pass-word".into(), "{{user}}".into())].into())
    }

    #[test]
    fn every_form_of_a_placeholder_is_replaced_once() {
        let resolved = resolve("{{user}} <secret> pass-word </secret> $user $pass-word $9.99", &secrets());
        assert_eq!(resolved.as_deref(), Ok("ada {{user}} ada {{user}} $9.99"));
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        let error = resolve("{{token}}", &secrets()).unwrap_err().to_string();
        assert_eq!(error, "the prompt names the secret \"token\", but the task has only pass-word, user");
        assert!(resolve("<secret>x</secret>", &Secrets::default()).is_err());
        assert_eq!(resolve("$unknown {{", &secrets()).as_deref(), Ok("$unknown {{"));
    }
}
