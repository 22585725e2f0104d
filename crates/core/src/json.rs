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
        match self {
            Some(Value::Object(object)) => object.get(name),
            Some(Value::Array(list)) => name.parse::<usize>().ok().and_then(|at| list.get(at)),
            _ => None,
        }
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

/// The same, owned: what is parsed from a text has no other owner.
#[cfg(test)]
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Owned(pub(crate) Option<Value>);

#[cfg(test)]
impl View for Owned {
    fn seen(&self) -> Seen {
        self.0.as_ref().seen()
    }

    fn member(&self, name: &str) -> Self {
        Self(self.0.as_ref().member(name).cloned())
    }

    fn names(&self) -> Vec<String> {
        self.0.as_ref().names()
    }

    fn elements(&self) -> Vec<Self> {
        self.0.as_ref().elements().into_iter().map(|each| Self(each.cloned())).collect()
    }

    fn show(&self) -> String {
        self.0.as_ref().show()
    }

    fn parsed(&self) -> Option<Self> {
        serde_json::from_str(self.0.as_ref()?.as_str()?).ok().map(|value| Self(Some(value)))
    }

    fn matches(&self, _pattern: &str) -> Option<bool> {
        None
    }
}
