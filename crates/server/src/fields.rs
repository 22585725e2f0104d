//! Reading the members of a JSON object that somebody else wrote, with refusals that name the member. Values are
//! never quoted: some are secret.

use serde_json::{Map, Value};
use taskwright_core::operation::{InvalidInput, is_web_url};
use taskwright_core::view::View as _;

/// An object and the way to it, for messages. `null` counts as absent: some clients write it for "none".
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: String,
}

impl<'a> Fields<'a> {
    /// The object at the top.
    #[must_use]
    pub fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, path: String::new() }
    }

    /// Whether a member is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// A member as it is.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// A refusal of one member.
    #[must_use]
    pub fn refuse(&self, name: &str, problem: impl Into<String>) -> InvalidInput {
        InvalidInput::new(format!("{}{name}", self.path), problem)
    }

    fn wrong(&self, name: &str, wanted: &str) -> InvalidInput {
        self.refuse(name, format!("takes {wanted}, got {}", self.value(name).seen().noun()))
    }

    fn read<T>(
        &self,
        name: &str,
        wanted: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, InvalidInput> {
        let Some(value) = self.value(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| self.wrong(name, wanted))
    }

    /// A string.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, InvalidInput> {
        self.read(name, "a string", Value::as_str)
    }

    /// A string that has to be there and to have at least one character that is not blank.
    pub fn filled(&self, name: &str) -> Result<&'a str, InvalidInput> {
        let filled = |text: &&str| !text.trim().is_empty();
        self.text(name)?.filter(filled).ok_or_else(|| self.wrong(name, "a string that is not empty"))
    }

    /// A string of a length within bounds, counted in characters.
    pub fn bounded(&self, name: &str, low: usize, high: usize) -> Result<Option<&'a str>, InvalidInput> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let length = text.chars().count();
        if length < low || length > high {
            return Err(self.refuse(name, format!("takes {low} to {high} characters, got {length}")));
        }
        Ok(Some(text))
    }

    /// An absolute `http` or `https` address.
    pub fn web_url(&self, name: &str) -> Result<Option<&'a str>, InvalidInput> {
        let wanted = "an absolute address such as \"https://example.com\"";
        self.read(name, wanted, |value| value.as_str().filter(|text| is_web_url(text)))
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, InvalidInput> {
        self.read(name, "true or false", Value::as_bool)
    }

    /// A whole number within bounds.
    pub fn whole(&self, name: &str, low: u32, high: u32) -> Result<Option<u32>, InvalidInput> {
        let fits =
            |number: &f64| number.fract() == 0.0 && (f64::from(low)..=f64::from(high)).contains(number);
        let wanted = format!("a whole number from {low} to {high}");
        // Checked to be whole and in range.
        self.read(name, &wanted, |value| value.as_f64().filter(fits).map(|number| number as u32))
    }

    /// One of a few words.
    pub fn one_of(&self, name: &str, words: &[&str]) -> Result<Option<&'a str>, InvalidInput> {
        let wanted = format!("one of {}", words.join(", "));
        self.read(name, &wanted, |value| value.as_str().filter(|text| words.contains(text)))
    }

    /// An object.
    pub fn object(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, InvalidInput> {
        self.read(name, "an object", Value::as_object)
    }

    /// An object whose members are read in turn.
    pub fn member(&self, name: &str) -> Result<Option<Self>, InvalidInput> {
        let path = format!("{}{name}.", self.path);
        Ok(self.object(name)?.map(|object| Self { object, path }))
    }

    /// Strings in an array; none when it is absent.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, InvalidInput> {
        let list = self.read(name, "an array of strings", Value::as_array)?;
        let text = |value: &Value| {
            value.as_str().map(str::to_owned).ok_or_else(|| self.wrong(name, "an array of strings"))
        };
        list.into_iter().flatten().map(text).collect()
    }

    /// Objects in an array; none when it is absent.
    pub fn objects(&self, name: &str) -> Result<Vec<Self>, InvalidInput> {
        let list = self.read(name, "an array of objects", Value::as_array)?;
        let object = |(index, value): (usize, &'a Value)| {
            let path = format!("{}{name}[{index}].", self.path);
            value
                .as_object()
                .map(|object| Self { object, path })
                .ok_or_else(|| self.wrong(name, "an array of objects"))
        };
        list.into_iter().flatten().enumerate().map(object).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_names_the_member_and_never_shows_its_value() {
        let body = json!({"a": 5, "list": [{"secret": ["x"]}], "long": "hunter2", "none": null, "n": 2.5});
        let fields = Fields::new(body.as_object().unwrap());
        assert_eq!(fields.text("a").unwrap_err().to_string(), "\"a\" takes a string, got a number");
        assert_eq!(
            fields.filled("none").unwrap_err().to_string(),
            "\"none\" takes a string that is not empty, got nothing"
        );
        let list = fields.objects("list").unwrap();
        let error = list[0].text("secret").unwrap_err().to_string();
        assert_eq!(error, "\"list[0].secret\" takes a string, got an array");
        assert!(!fields.bounded("long", 1, 3).unwrap_err().to_string().contains("hunter2"));
        assert!(fields.whole("n", 1, 5).is_err());
        assert_eq!(fields.texts("absent").unwrap(), Vec::<String>::new());
        assert!(fields.objects("a").is_err());
    }
}
