//! [`View`] over `serde_json::Value`, for the server and the tests.

use serde_json::Value;

use crate::view::{Seen, View};

/// A JSON value, or nothing.
impl View for Option<&Value> {
    fn seen(&self) -> Seen {
        match self {
            None => Seen::Absent,
            Some(Value::Null) => Seen::Null,
            Some(Value::Bool(flag)) => Seen::Flag(*flag),
            Some(Value::Number(number)) => Seen::Number(number.as_f64().unwrap_or(f64::NAN)),
            Some(Value::String(text)) => Seen::Text(text.clone()),
            Some(Value::Array(_)) => Seen::List,
            Some(Value::Object(_)) => Seen::Object,
        }
    }

    fn member(&self, name: &str) -> Self {
        self.and_then(|value| value.as_object()).and_then(|object| object.get(name))
    }

    fn names(&self) -> Vec<String> {
        self.and_then(Value::as_object).map(|object| object.keys().cloned().collect()).unwrap_or_default()
    }

    fn elements(&self) -> Vec<Self> {
        self.and_then(Value::as_array).map(|list| list.iter().map(Some).collect()).unwrap_or_default()
    }

    fn show(&self) -> String {
        self.map(Value::to_string).unwrap_or_else(|| "undefined".to_owned())
    }

    fn matches(&self, _pattern: &str) -> Option<bool> {
        None
    }
}
