//! Fills an output schema from the page.

use serde_json::{Value, json};

use super::super::AgentError;
use super::grammar;
use super::instruction::Wish;
use super::script::ask_patiently;
use crate::browser::Page;

/// A value of the schema, from what the page has. The wishes of the prompt say what a name does not.
pub(super) async fn fill(page: &Page, schema: &Value, wishes: &[Wish]) -> Result<Value, AgentError> {
    let mut schema = schema.clone();
    annotate(&mut schema);
    guide(&mut schema, wishes);
    let answer = ask_patiently(page, "fillSchema", &json!({ "schema": schema })).await?;
    match &answer.found {
        Some(found) => Ok(found.clone()),
        None => Err(AgentError::NotFound(
            answer.explain("the page does not have what the output schema requires"),
        )),
    }
}

/// Notes at each property whose name the grammar knows what it stands for, so that `first_paragraph` means in
/// a schema what it means in a prompt.
fn annotate(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    for (keyword, value) in fields.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                for (name, property) in properties {
                    annotate(property);
                    let what = [Some(words(name)), text(property, "title"), text(property, "description")];
                    let what = what.into_iter().flatten().find_map(|words| grammar::parse_what(&words));
                    if let (Some(what), Some(fields)) = (what, property.as_object_mut()) {
                        fields.insert("x-what".into(), json!(what));
                    }
                }
            }
            ("$defs" | "definitions", Value::Object(schemas)) => schemas.values_mut().for_each(annotate),
            ("items", items) => annotate(items),
            ("anyOf" | "oneOf" | "allOf", Value::Array(schemas)) => schemas.iter_mut().for_each(annotate),
            _ => {}
        }
    }
}

/// Whether a schema leaves open what is wanted: any value, or any object.
pub(super) fn is_open(schema: &Value) -> bool {
    let says = ["properties", "items", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"];
    let kind = schema.get("type").and_then(Value::as_str);
    kind.is_none_or(|kind| kind == "object") && !says.iter().any(|keyword| schema.get(keyword).is_some())
}

/// A single wish is meant for a schema of a single value, and for the single property of an object, whatever
/// their names are.
fn guide(schema: &mut Value, wishes: &[Wish]) {
    let [wish] = wishes else { return };
    let place = match schema.get_mut("properties").and_then(Value::as_object_mut) {
        Some(properties) if properties.len() == 1 => properties.values_mut().next(),
        Some(_) => None,
        None => Some(schema),
    };
    if let Some(Value::Object(fields)) = place {
        fields.entry("x-what").or_insert_with(|| json!(wish.what));
    }
}

fn text(schema: &Value, keyword: &str) -> Option<String> {
    schema.get(keyword).and_then(Value::as_str).map(str::to_lowercase)
}

/// `mainHeading` and `main_heading` are "main heading".
fn words(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_uppercase() && words.ends_with(char::is_lowercase) {
            words.push(' ');
        }
        words.extend(if character.is_alphanumeric() { character.to_lowercase().next() } else { Some(' ') });
    }
    words.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_wish_guides_a_single_value() {
        let wish = Wish { phrase: "title".into(), what: super::super::instruction::What::Title };
        for (path, mut schema) in [
            ("/properties/result/x-what", json!({ "properties": { "result": { "type": "string" } } })),
            ("/x-what", json!({ "type": "string" })),
        ] {
            guide(&mut schema, std::slice::from_ref(&wish));
            assert_eq!(schema.pointer(path), Some(&json!({ "kind": "title" })));
        }
        assert!(is_open(&json!({})) && is_open(&json!({ "type": "object" })));
        assert!(!is_open(&json!({ "type": "string" })) && !is_open(&json!({ "properties": {} })));
    }

    #[test]
    fn property_names_that_the_grammar_knows_are_annotated() {
        let mut schema = json!({ "properties": {
            "firstParagraph": { "type": "string" },
            "text": { "type": "string", "description": "The main heading" },
            "order_number": { "type": "string" },
            "nested": { "type": "array", "items": { "properties": { "links": {} } } },
        } });
        annotate(&mut schema);
        let what = |path: &str| schema.pointer(path).cloned();
        assert_eq!(
            what("/properties/firstParagraph/x-what"),
            Some(json!({ "kind": "element", "noun": "paragraph", "pick": { "nth": 1 } }))
        );
        assert_eq!(what("/properties/order_number/x-what"), None);
        assert!(what("/properties/nested/items/properties/links/x-what").is_some());
    }
}
