//! How the core looks at a value that somebody else owns: a JavaScript value in the WebAssembly layer,
//! a `serde_json::Value` in the server and the tests. Values are looked at, never converted.

/// What a value is, seen from outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// Not there (`undefined`).
    Absent,
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List,
    /// A plain object.
    Object,
    /// Anything that JSON has no word for: a function, a symbol, a bigint.
    Other,
}

impl Seen {
    /// The words for this in a message: `a string`, `nothing`, ...
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::Null => "null",
            Self::Flag(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List => "an array",
            Self::Object => "an object",
            Self::Other => "something that is not JSON",
        }
    }
}

/// A value that can be looked at. Clones are cheap or rare.
pub trait View: Clone {
    /// What it is.
    fn seen(&self) -> Seen;
    /// A member of an object, or an element of an array by its number; [`Seen::Absent`] when there is none.
    fn member(&self, name: &str) -> Self;
    /// The own member names of an object, in order; empty for anything else.
    fn names(&self) -> Vec<String>;
    /// The elements of an array; empty for anything else.
    fn elements(&self) -> Vec<Self>;
    /// The value as JSON text (or the nearest thing to it), for messages.
    fn show(&self) -> String;
    /// What the JSON text in `self`, a string, stands for; `None` for anything else, and where no parser is at hand.
    fn parsed(&self) -> Option<Self> {
        None
    }
    /// Whether `self`, a string, matches the ECMA-262 `pattern`; `None` where no such engine is at hand.
    fn matches(&self, pattern: &str) -> Option<bool>;

    /// The value as a string, when it is one.
    fn text(&self) -> Option<String> {
        match self.seen() {
            Seen::Text(text) => Some(text),
            _ => None,
        }
    }
}
