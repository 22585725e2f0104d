//! What a prompt can ask for, once it is understood.

use std::time::Duration;

use serde::Serialize;

use crate::browser::Key;

/// One step of a task.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Instruction {
    Open(String),
    Back,
    Reload,
    WaitFor(String),
    WaitForLoad,
    Pause(Duration),
    Scroll(Scroll),
    Click(Target),
    Fill {
        value: String,
        field: Option<String>,
    },
    Select {
        option: String,
        field: Option<String>,
    },
    Check {
        field: String,
        on: bool,
    },
    Press(Key),
    Submit,
    Screenshot {
        full_page: bool,
    },
    /// A file of the task.
    Upload {
        file: String,
        field: String,
    },
    /// Of a person; the answer is the value of a name from then on.
    Ask {
        question: String,
        name: String,
    },
    Extract(Wish),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scroll {
    Down,
    Up,
    Top,
    Bottom,
}

/// What to click on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Any,
    Button,
    Link,
    Css,
}

/// Something to read from the page, and the key that it gets in a result with several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) phrase: String,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum What {
    /// Elements of a kind.
    Element {
        noun: Noun,
        pick: Pick,
    },
    /// Elements of a CSS selector.
    Css {
        selector: String,
        pick: Pick,
    },
    /// The value that stands beside a label, or carries its name in the markup.
    Labelled {
        label: String,
    },
    /// How many there are.
    Count {
        of: Box<What>,
    },
    Title,
    Address,
    Text,
    Description,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Noun {
    Heading,
    H1,
    H2,
    H3,
    Paragraph,
    Link,
    ListItem,
    Image,
    Table,
    Button,
}

/// Which of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pick {
    All,
    /// The one that stands out: the first of the highest rank.
    Main,
    /// Counted from 1.
    Nth(usize),
    Last,
    /// The first so many.
    Take(usize),
    /// By caption or by the heading above it.
    Named(String),
}

impl Wish {
    /// The key of this wish: what was asked, in snake case.
    pub(super) fn key(&self) -> String {
        snake_case(&self.phrase)
    }
}

impl Instruction {
    /// A word for the kind.
    pub(super) fn action(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Back => "back",
            Self::Reload => "reload",
            Self::WaitFor(_) | Self::WaitForLoad | Self::Pause(_) => "wait",
            Self::Scroll(_) => "scroll",
            Self::Click(_) => "click",
            Self::Fill { .. } => "fill",
            Self::Select { .. } => "select",
            Self::Check { on: true, .. } => "check",
            Self::Check { on: false, .. } => "uncheck",
            Self::Press(_) => "press",
            Self::Submit => "submit",
            Self::Screenshot { .. } => "screenshot",
            Self::Upload { .. } => "upload",
            Self::Ask { .. } => "ask",
            Self::Extract(_) => "extract",
        }
    }

    /// What exactly; placeholders stay as they were written.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Open(url) => url.clone(),
            Self::Back => "the page before".into(),
            Self::Reload => "the page".into(),
            Self::WaitFor(text) => format!("until \"{text}\" is shown"),
            Self::WaitForLoad => "until the page is loaded".into(),
            Self::Pause(time) => format!("{} ms", time.as_millis()),
            Self::Scroll(to) => format!("{to:?}").to_lowercase(),
            Self::Click(target) => target.name.clone(),
            Self::Fill { value, field: Some(field) } => format!("\"{value}\" into {field}"),
            Self::Fill { value, field: None } => format!("\"{value}\" into what has the focus"),
            Self::Select { option, field: Some(field) } => format!("\"{option}\" in {field}"),
            Self::Select { option, field: None } => format!("\"{option}\""),
            Self::Check { field, .. } => field.clone(),
            Self::Press(key) => format!("{key:?}"),
            Self::Submit => "the form".into(),
            Self::Screenshot { full_page: true } => "the whole page".into(),
            Self::Screenshot { full_page: false } => "the viewport".into(),
            Self::Upload { file, field } => format!("\"{file}\" into {field}"),
            Self::Ask { question, .. } => question.clone(),
            Self::Extract(wish) => wish.phrase.clone(),
        }
    }
}

/// `Order number` becomes `order_number`.
pub(super) fn snake_case(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if words.is_empty() { "value".into() } else { words.join("_") }
}
