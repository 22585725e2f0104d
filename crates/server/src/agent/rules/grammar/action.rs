//! Clauses that ask to do something.

use std::time::Duration;

use super::super::instruction::{Instruction, Kind, Scroll, Target};
use super::clause::{Clause, QuoteKind};
use super::phrase::{after, around, bare, before, drop_end, skip};
use crate::browser::Key;

/// Verbs that ask for more than this agent can do. They are refused even where a schema explains the rest:
/// leaving an action out and answering nevertheless would be pretending.
const BEYOND: [&str; 21] = [
    "buy",
    "send",
    "download",
    "upload",
    "summarize",
    "summarise",
    "translate",
    "log in",
    "login",
    "sign in",
    "sign up",
    "delete",
    "remove",
    "reply",
    "pay",
    "purchase",
    "subscribe",
    "drag",
    "solve",
    "analyze",
    "verify",
];
/// The same for words that are the start of a label as often: "order number", "book title".
const BEYOND_OR_LABEL: [&str; 14] = [
    "book", "order", "compare", "register", "search", "add", "post", "write", "apply", "hover", "make",
    "create", "monitor", "rate",
];
/// Verbs of the grammar.
const KNOWN: [&str; 23] = [
    "open", "go", "goto", "visit", "navigate", "wait", "scroll", "click", "tap", "press", "fill", "type",
    "enter", "set", "select", "choose", "check", "tick", "uncheck", "submit", "upload", "attach", "ask",
];

/// Whether a clause starts with a verb that is beyond this agent.
pub(super) fn is_beyond(clause: &Clause) -> bool {
    after(&clause.words, &BEYOND).is_some() || after(&clause.words, &BEYOND_OR_LABEL).is_some_and(has_object)
}

/// Whether the word before was a verb, because an object follows it: "order *a* pizza".
fn has_object(rest: &str) -> bool {
    let article =
        ["the", "a", "an", "me", "my", "it", "this", "that", "all", "for", "to", "on", "in", "into"];
    after(rest, &article).is_some() || rest.starts_with('\u{E000}')
}

/// The instruction of a clause that starts with a verb of doing, `None` when it starts otherwise. In a list
/// of wishes a word such as "type" may be one of them.
///
/// The error is the clause whose verb is known and whose rest is not.
pub(super) fn parse(clause: &Clause, among_wishes: bool) -> Result<Option<Instruction>, String> {
    let parsers = [screenshot, travel, wait, scroll, press, click, select, check, fill, submit, upload, ask];
    if let Some(instruction) = parsers.iter().find_map(|parser| parser(clause)) {
        return Ok(Some(instruction));
    }
    let verb = after(&clause.words, &KNOWN).is_some_and(|rest| !among_wishes || has_object(rest));
    if verb || is_beyond(clause) { Err(clause.text()) } else { Ok(None) }
}

fn travel(clause: &Clause) -> Option<Instruction> {
    let words = clause.words.as_str();
    let there = ["", "to the previous page", "one page", "to the last page"];
    if let Some(rest) = after(words, &["go back", "navigate back"]) {
        return there.iter().any(|known| rest.eq_ignore_ascii_case(known)).then_some(Instruction::Back);
    }
    if let Some(rest) = after(words, &["reload", "refresh"]) {
        return ["", "page"]
            .iter()
            .any(|known| bare(rest).eq_ignore_ascii_case(known))
            .then_some(Instruction::Reload);
    }
    let rest = after(
        words,
        &[
            "open",
            "go to",
            "goto",
            "visit",
            "navigate to",
            "browse to",
            "head to",
            "load",
            "go on to",
            "navigate",
            "start at",
            "start on",
        ],
    )?;
    let rest = skip(bare(rest), &["page", "website", "site", "web page", "url", "address", "homepage of"]);
    let rest = skip(rest, &["at", "of"]);
    let place = clause.plain(rest);
    if clause.only_quote(rest).is_some_and(|quote| quote.kind == QuoteKind::Address) {
        return Some(Instruction::Open(place));
    }
    // `example.com/path` as people write it; a placeholder may hold a whole address.
    let host = place.split('/').next().unwrap_or_default();
    let is_host = host.contains('.') || host.starts_with("localhost") || host.contains(':');
    if place.contains(char::is_whitespace) || !(is_host || place.starts_with("{{")) {
        return None;
    }
    let has_scheme = place.contains("://") || place.starts_with("{{") || place == "about:blank";
    let local = host.starts_with("localhost") || host.starts_with("127.0.0.1");
    Some(Instruction::Open(match (has_scheme, local) {
        (true, _) => place,
        (false, true) => format!("http://{place}"),
        (false, false) if host.contains('.') => format!("https://{place}"),
        // `javascript:...` and the like: the browser module says what may be opened.
        (false, false) => place,
    }))
}

fn wait(clause: &Clause) -> Option<Instruction> {
    let rest = after(&clause.words, &["wait", "pause"])?;
    let rest = skip(rest, &["for", "until"]);
    let rest = skip(rest, &["about", "at least"]);
    if let Some(time) = duration(rest) {
        return Some(Instruction::Pause(time));
    }
    let plain = bare(rest).to_ascii_lowercase();
    let loads = [
        "",
        "page",
        "page to load",
        "page is loaded",
        "page loads",
        "page has loaded",
        "it to load",
        "load",
        "navigation",
    ];
    if loads.contains(&plain.as_str()) {
        return Some(Instruction::WaitForLoad);
    }
    let rest = drop_end(
        rest,
        &[
            "to appear",
            "appears",
            "to be visible",
            "is visible",
            "is shown",
            "to show up",
            "shows up",
            "to be shown",
            "to show",
            "is displayed",
        ],
    );
    let rest = skip(bare(rest), &["text"]);
    clause.only_quote(rest)?;
    Some(Instruction::WaitFor(clause.plain(rest)))
}

/// `2 seconds`, `500 ms`; at most ten minutes.
fn duration(words: &str) -> Option<Duration> {
    let words = skip(words, &["a", "one"]);
    let digits = words.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let count: f64 = words.get(..digits)?.parse().ok().or((digits == 0).then_some(1.0))?;
    let unit = words.get(digits..)?.trim().to_ascii_lowercase();
    let seconds = match unit.as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => count,
        "ms" | "millisecond" | "milliseconds" => count / 1000.0,
        "min" | "minute" | "minutes" => count * 60.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= Duration::from_secs(600))
}

fn scroll(clause: &Clause) -> Option<Instruction> {
    let rest = after(&clause.words, &["scroll"])?;
    let rest = drop_end(rest, &["of the page", "the page"]);
    let to = bare(skip(rest, &["all the way", "to"])).to_ascii_lowercase();
    Some(Instruction::Scroll(match to.as_str() {
        "" | "down" | "page" => Scroll::Down,
        "up" => Scroll::Up,
        "top" | "beginning" | "up to the top" => Scroll::Top,
        "bottom" | "end" | "down to the bottom" | "down to the end" => Scroll::Bottom,
        _ => return None,
    }))
}

fn press(clause: &Clause) -> Option<Instruction> {
    let rest = after(&clause.words, &["press", "hit", "push", "type"])?;
    let rest = skip(bare(rest), &["key"]);
    let name = clause.plain(drop_end(rest, &["key"]));
    Key::named(&name).map(Instruction::Press)
}

fn click(clause: &Clause) -> Option<Instruction> {
    let rest = after(
        &clause.words,
        &["click on", "click", "tap on", "tap", "press on", "press", "push", "hit", "follow", "activate"],
    )?;
    let rest = bare(rest);
    let (kind, name) = if let Some(name) = after(rest, &["button"]) {
        (Kind::Button, name)
    } else if let Some(name) = after(rest, &["link"]) {
        (Kind::Link, name)
    } else if let Some(name) = before(rest, &["button", "submit button"]) {
        (Kind::Button, name)
    } else if let Some(name) = before(rest, &["link", "hyperlink"]) {
        (Kind::Link, name)
    } else {
        (Kind::Any, drop_end(rest, &["tab", "menu item", "icon", "option", "element", "text"]))
    };
    let name =
        skip(name, &["labelled", "labeled", "named", "called", "with the text", "that says", "saying", "to"]);
    let css = clause.only_quote(name).is_some_and(|quote| quote.kind == QuoteKind::Backticks);
    let name = clause.plain(name);
    let kind = if css { Kind::Css } else { kind };
    (!name.is_empty()).then_some(Instruction::Click(Target { name, kind }))
}

fn fill(clause: &Clause) -> Option<Instruction> {
    let words = clause.words.as_str();
    let rest = after(
        words,
        &["fill in", "fill out", "fill", "type in", "type", "enter", "input", "put", "paste", "set"],
    )?;
    let is_value = |words: &str| {
        let quote = clause.only_quote(words);
        quote.is_some_and(|quote| quote.kind != QuoteKind::Backticks)
    };
    let fill = |value: &str, field: &str| {
        let field = field_name(clause, field)?;
        let value = clause.plain(value);
        Some(Instruction::Fill { value, field: Some(field) })
    };
    if after(words, &["type", "enter", "input", "put", "paste"]).is_none()
        && let Some((field, value)) = around(rest, &["with the value", "with", "to", "as", "=", "using"])
        && (is_value(value) || !is_value(field))
    {
        return fill(value, field);
    }
    if let Some((value, field)) = around(rest, &["into", "in to", "in", "for", "as", "to", "on"]) {
        return fill(value, field);
    }
    // Without a field it goes to what has the focus, but only if it is certainly meant literally.
    is_value(rest).then(|| Instruction::Fill { value: clause.plain(rest), field: None })
}

fn select(clause: &Clause) -> Option<Instruction> {
    let rest = after(&clause.words, &["select", "choose", "pick"])?;
    let rest = skip(bare(rest), &["option", "value"]);
    if let Some((option, field)) = around(rest, &["from", "in", "for", "as", "under"]) {
        let field = field_name(clause, field)?;
        return Some(Instruction::Select { option: clause.plain(option), field: Some(field) });
    }
    let option = clause.plain(drop_end(rest, &["option"]));
    (!option.is_empty()).then_some(Instruction::Select { option, field: None })
}

fn check(clause: &Clause) -> Option<Instruction> {
    let (on, rest) = match after(&clause.words, &["uncheck", "untick", "deselect", "clear"]) {
        Some(rest) => (false, rest),
        None => (true, after(&clause.words, &["check", "tick"])?),
    };
    // "Check that ..." asks for a judgement.
    if after(rest, &["that", "if", "whether", "for", "out"]).is_some() {
        return None;
    }
    let rest = skip(bare(rest), &["checkbox", "box", "radio button"]);
    let rest = drop_end(rest, &["checkbox", "check box", "box", "radio button", "option", "switch"]);
    let field = clause.plain(rest);
    (!field.is_empty()).then_some(Instruction::Check { field, on })
}

fn submit(clause: &Clause) -> Option<Instruction> {
    let rest = bare(after(&clause.words, &["submit", "send the form"])?);
    (["", "form", "it"].iter().any(|known| rest.eq_ignore_ascii_case(known))
        || before(rest, &["form"]).is_some())
    .then_some(Instruction::Submit)
}

fn upload(clause: &Clause) -> Option<Instruction> {
    let rest = after(&clause.words, &["upload", "attach"])?;
    let (file, field) = around(skip(bare(rest), &["file"]), &["into", "in to", "to", "in", "as", "on"])?;
    let (file, field) = (clause.plain(file), field_name(clause, field)?);
    (!file.is_empty()).then_some(Instruction::Upload { file, field })
}

fn ask(clause: &Clause) -> Option<Instruction> {
    let rest = after(&clause.words, &["ask the user", "ask me", "ask"])?;
    let (question, name) = around(rest, &["as"]).unwrap_or((rest, "answer"));
    // What is asked is said as it is, so it has to be meant literally.
    clause.only_quote(question).filter(|quote| quote.kind == QuoteKind::Quoted)?;
    let (question, name) = (clause.plain(question), clause.plain(skip(name, &["the"])));
    (!name.is_empty()).then_some(Instruction::Ask { question, name })
}

fn screenshot(clause: &Clause) -> Option<Instruction> {
    let rest = bare(skip(&clause.words, &["take", "capture", "make", "get", "save", "return", "give me"]));
    let (full, rest) = match after(rest, &["full-page", "full page", "whole-page", "whole page", "full"]) {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rest = after(rest, &["screenshot", "picture of the page", "screen shot"])?;
    let of = bare(skip(rest, &["of"])).to_ascii_lowercase();
    let (whole, part) =
        (["whole page", "full page", "entire page"], ["", "page", "viewport", "screen", "website"]);
    let is_whole = whole.contains(&of.as_str());
    (is_whole || part.contains(&of.as_str()))
        .then_some(Instruction::Screenshot { full_page: full || is_whole })
}

/// `the "Email" field` is `Email`.
fn field_name(clause: &Clause, words: &str) -> Option<String> {
    let words = skip(bare(words), &["field", "box", "input", "dropdown"]);
    let words = skip(words, &["labelled", "labeled", "named", "called"]);
    let quoted = clause.only_quote(words).is_some();
    let words = if quoted {
        words
    } else {
        drop_end(
            words,
            &[
                "text field",
                "input field",
                "field",
                "text box",
                "box",
                "input",
                "textarea",
                "text area",
                "dropdown",
                "drop-down",
                "menu",
                "list",
                "select",
            ],
        )
    };
    let css = clause.only_quote(words).is_some_and(|quote| quote.kind == QuoteKind::Backticks);
    let name = clause.plain(words);
    if name.is_empty() {
        return None;
    }
    Some(if css { format!("css={name}") } else { name })
}
