//! A tool as a row: from it come what is listed and what is checked.

use serde_json::{Map, Value, json};
use taskwright_core::agentbay::wire;
use taskwright_core::operation::InvalidInput;

use super::table::Work;
use crate::fields::Fields;

/// Who serves the tools, for clients that ask.
const SERVER: &str = "taskwright";

/// One tool.
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) parameters: &'static [Parameter],
    pub(super) work: Work,
}

/// One argument. Others pass and change nothing: clients of several versions send more.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    pub(super) required: bool,
    pub(super) description: &'static str,
}

/// What an argument takes.
pub(super) enum Takes {
    /// A string with something in it.
    Text,
    /// A string.
    AnyText,
    /// An absolute `http` or `https` address.
    WebUrl,
    Flag,
    /// A whole number in a range, bounds included.
    Whole(u32, u32),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Strings.
    Texts,
    /// A JSON Schema, as JSON text or as an object.
    Schema,
}

impl Tool {
    /// As `ListMcpTools` shows it.
    pub(super) fn listed(&self) -> Value {
        let tool = wire::Tool {
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            input_schema: self.input_schema(),
            server: SERVER.to_owned(),
            tool: self.name.to_owned(),
        };
        json!(tool)
    }

    /// Says which argument is wrong.
    pub(super) fn check(&self, arguments: &Map<String, Value>) -> Result<(), InvalidInput> {
        let fields = Fields::new(arguments);
        self.parameters.iter().try_for_each(|parameter| parameter.check(&fields))
    }

    fn input_schema(&self) -> Value {
        let required: Vec<_> = self
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
            .map(|parameter| parameter.name)
            .collect();
        let property = |parameter: &Parameter| (parameter.name.to_owned(), parameter.schema());
        let properties: Map<_, _> = self.parameters.iter().map(property).collect();
        json!({ "type": "object", "properties": properties, "required": required })
    }
}

impl Parameter {
    fn schema(&self) -> Value {
        let mut schema = match self.takes {
            Takes::Text => json!({ "type": "string", "minLength": 1 }),
            Takes::AnyText => json!({ "type": "string" }),
            Takes::WebUrl => json!({ "type": "string", "format": "uri" }),
            Takes::Flag => json!({ "type": "boolean" }),
            Takes::Whole(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
            Takes::OneOf(words) => json!({ "type": "string", "enum": words }),
            Takes::Texts => json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
            Takes::Schema => json!({ "type": ["string", "object"] }),
        };
        if let Some(members) = schema.as_object_mut() {
            members.insert("description".to_owned(), self.description.into());
        }
        schema
    }

    fn check(&self, fields: &Fields<'_>) -> Result<(), InvalidInput> {
        let name = self.name;
        if self.required && !fields.has(name) {
            return Err(fields.refuse(name, "has to be there"));
        }
        if !fields.has(name) {
            return Ok(());
        }
        match self.takes {
            Takes::Text => fields.filled(name).map(drop),
            Takes::AnyText => fields.text(name).map(drop),
            Takes::WebUrl => fields.web_url(name).map(drop),
            Takes::Flag => fields.flag(name).map(drop),
            Takes::Whole(low, high) => fields.whole(name, low, high).map(drop),
            Takes::OneOf(words) => fields.one_of(name, words).map(drop),
            Takes::Texts => match fields.texts(name)?.is_empty() {
                true => Err(fields.refuse(name, "takes at least one string, got none")),
                false => Ok(()),
            },
            Takes::Schema => output_schema(fields, name).map(drop),
        }
    }
}

/// A JSON Schema, which clients send as text; nothing when it is empty.
pub(super) fn output_schema(fields: &Fields<'_>, name: &str) -> Result<Option<Value>, InvalidInput> {
    let schema = match fields.value(name) {
        None => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        Some(other) => Some(other.clone()),
    };
    match schema {
        Some(Value::Null) => Ok(None),
        Some(schema @ Value::Object(_)) => Ok(Some(schema)),
        _ => Err(fields.refuse(name, "takes a JSON Schema, as an object or as its JSON text")),
    }
}
