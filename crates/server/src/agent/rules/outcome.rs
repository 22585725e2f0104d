//! What a task ends with.

use serde_json::{Map, Value, json};

use super::super::{AgentError, Secrets};
use super::instruction::Instruction;
use super::script::failed;
use crate::browser::Page;

/// Bytes of text in a result; pictures are not counted.
const LARGEST: usize = 100 * 1024;

/// What was done and what was got.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    done: Vec<String>,
    values: Vec<(String, Value)>,
    pictures: Map<String, Value>,
}

impl Outcome {
    pub(super) fn add(&mut self, instruction: &Instruction, value: Option<Value>) {
        match (instruction, value) {
            (Instruction::Screenshot { .. }, Some(picture)) => {
                let key = unused("screenshot", |key| self.pictures.contains_key(key));
                self.pictures.insert(key, picture);
            }
            (Instruction::Extract(wish), Some(value)) => {
                let key = unused(&wish.key(), |key| self.values.iter().any(|(known, _)| known == key));
                self.values.push((key, value));
            }
            _ => self.done.push(format!("{} {}", instruction.action(), instruction.detail())),
        }
    }

    /// One wish gives its value, several give an object, none gives what was done and where that led.
    pub(super) async fn finish(mut self, page: &Page, secrets: &Secrets) -> Result<Value, AgentError> {
        if self.values.len() == 1
            && self.pictures.is_empty()
            && let Some((_, value)) = self.values.pop()
        {
            return Ok(capped(value));
        }
        if self.values.is_empty() && self.pictures.is_empty() {
            let done: Vec<String> = self.done.iter().map(|done| secrets.redact(done)).collect();
            let url = secrets.redact(&page.url().await.map_err(failed)?);
            let title = page.evaluate("document.title").await.map_err(failed)?;
            let title = secrets.redact(title.as_str().unwrap_or_default());
            return Ok(json!({ "done": done, "url": url, "title": title }));
        }
        let mut result = capped(Value::Object(self.values.into_iter().collect()));
        if let Some(fields) = result.as_object_mut() {
            fields.append(&mut self.pictures);
        }
        Ok(result)
    }
}

/// `key`, or `key_2` and so on when it is in use.
fn unused(key: &str, in_use: impl Fn(&str) -> bool) -> String {
    let mut candidate = key.to_owned();
    let mut number = 2;
    while in_use(&candidate) {
        candidate = format!("{key}_{number}");
        number += 1;
    }
    candidate
}

/// A value whose texts are cut to [`LARGEST`] bytes in all; a cut text ends with an ellipsis, and lists lose
/// what is behind the cut.
pub(super) fn capped(value: Value) -> Value {
    cap(value, &mut { LARGEST })
}

fn cap(value: Value, left: &mut usize) -> Value {
    match value {
        Value::String(mut text) => {
            if text.len() > *left {
                let mut end = *left;
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                text.truncate(end);
                text.push('…');
                *left = 0;
            } else {
                *left -= text.len();
            }
            Value::String(text)
        }
        Value::Array(items) => {
            let mut kept = Vec::new();
            for item in items {
                if *left == 0 {
                    break;
                }
                // Even an empty item takes its place.
                *left = left.saturating_sub(2);
                kept.push(cap(item, left));
            }
            Value::Array(kept)
        }
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, cap(value, left))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_result_stays_as_it_is() {
        let value = json!({ "a": "ä", "list": [1, null, "x"] });
        assert_eq!(capped(value.clone()), value);
    }

    #[test]
    fn a_large_result_is_cut_between_characters() {
        let Value::String(text) = capped(Value::String("ä".repeat(LARGEST))) else { panic!("no text") };
        assert!(text.len() <= LARGEST + 4 && text.ends_with("ä…"));
        let list = capped(json!(vec!["x".repeat(1000); 1000]));
        assert!(list.to_string().len() < LARGEST + 2000);
    }

    #[test]
    fn a_second_wish_of_the_same_words_gets_a_key_of_its_own() {
        assert_eq!(unused("price", |key| key == "price"), "price_2");
    }
}
