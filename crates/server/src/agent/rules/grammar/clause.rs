//! Splits a prompt into clauses, without touching what is quoted.

/// Stands for the n-th quotation while a prompt is taken apart; no prompt has a use for these characters.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// One clause, in which quotations, addresses and placeholders are single tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    /// The words, with a token in place of each quotation.
    pub(super) words: String,
    quotes: std::sync::Arc<Vec<Quote>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) kind: QuoteKind,
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuoteKind {
    Quoted,
    Backticks,
    Address,
    Placeholder,
}

impl Clause {
    /// The same quotations under other words.
    pub(super) fn with(&self, words: &str) -> Self {
        Self { words: words.trim().to_owned(), quotes: std::sync::Arc::clone(&self.quotes) }
    }

    pub(super) fn after_verb(&self, verb: &str) -> Self {
        self.with(&format!("{verb} {}", self.words))
    }

    /// The quotation that `words` consists of, if they are nothing but one.
    pub(super) fn only_quote(&self, words: &str) -> Option<&Quote> {
        let index = words.trim().strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
        self.quotes.get(index.parse::<usize>().ok()?)
    }

    /// The first quotation within `words`.
    pub(super) fn first_quote(&self, words: &str) -> Option<&Quote> {
        let (_, rest) = words.split_once(OPEN)?;
        let (index, _) = rest.split_once(CLOSE)?;
        self.quotes.get(index.parse::<usize>().ok()?)
    }

    /// `words` as they were written, without the quotation marks.
    pub(super) fn plain(&self, words: &str) -> String {
        let mut plain = String::new();
        for (position, part) in words.split(OPEN).enumerate() {
            match part.split_once(CLOSE) {
                Some((index, rest)) if position > 0 => {
                    let quote = index.parse::<usize>().ok().and_then(|index| self.quotes.get(index));
                    plain.push_str(quote.map_or("", |quote| &quote.text));
                    plain.push_str(rest);
                }
                _ => plain.push_str(part),
            }
        }
        plain.trim().to_owned()
    }

    /// The whole clause as it was written.
    pub(super) fn text(&self) -> String {
        self.plain(&self.words)
    }
}

/// The clauses of a prompt: its sentences, lines, list items, and what "and", "then" or a comma joins.
pub(super) fn split(prompt: &str) -> Vec<Clause> {
    let (masked, quotes) = mask(prompt);
    let quotes = std::sync::Arc::new(quotes);
    let mut clauses = Vec::new();
    for line in masked.lines() {
        for sentence in sentences(strip_number(line)) {
            for part in joined(sentence) {
                let words = strip_filler(part);
                if !words.is_empty() {
                    clauses.push(Clause { words: words.to_owned(), quotes: std::sync::Arc::clone(&quotes) });
                }
            }
        }
    }
    clauses
}

/// Replaces everything in which a full stop or an "and" is no boundary by tokens.
fn mask(prompt: &str) -> (String, Vec<Quote>) {
    let mut masked = String::new();
    let mut quotes = Vec::new();
    let mut rest = prompt;
    while let Some(first) = rest.chars().next() {
        let at_boundary = !masked.ends_with(char::is_alphanumeric);
        if let Some((kind, text, length)) = quotation(rest, first, at_boundary) {
            masked.push(OPEN);
            masked.push_str(&quotes.len().to_string());
            masked.push(CLOSE);
            quotes.push(Quote { kind, text });
            rest = rest.get(length..).unwrap_or_default();
        } else {
            if first != OPEN && first != CLOSE {
                masked.push(first);
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    (masked, quotes)
}

/// A quotation at the start of `rest`: its kind, what it says, and its length in bytes.
fn quotation(rest: &str, first: char, at_boundary: bool) -> Option<(QuoteKind, String, usize)> {
    let enclosed = |open: &str, close: &str| {
        let inside = rest.strip_prefix(open)?;
        let end = inside.find(close).filter(|end| *end > 0)?;
        let text = inside.get(..end)?;
        (!text.contains('\n')).then(|| (text.to_owned(), open.len() + end + close.len()))
    };
    let of =
        |kind: QuoteKind, found: Option<(String, usize)>| found.map(|(text, length)| (kind, text, length));
    let raw = |found: Option<(String, usize)>| {
        let (_, length) = found?;
        Some((QuoteKind::Placeholder, rest.get(..length)?.to_owned(), length))
    };
    match first {
        '"' => of(QuoteKind::Quoted, enclosed("\"", "\"")),
        '“' => of(QuoteKind::Quoted, enclosed("“", "”")),
        '«' => of(QuoteKind::Quoted, enclosed("«", "»")),
        '`' => of(QuoteKind::Backticks, enclosed("`", "`")),
        '{' => raw(enclosed("{{", "}}")),
        '<' => raw(enclosed("<secret>", "</secret>")),
        // An apostrophe within a word opens nothing, and one before a letter closes nothing.
        '\'' if at_boundary => {
            let inside = rest.get(1..)?;
            let closes = |at: &usize| {
                let next = inside.get(at + 1..).and_then(|tail| tail.chars().next());
                !next.is_some_and(char::is_alphanumeric)
            };
            let end = inside.match_indices('\'').map(|(at, _)| at).find(closes)?;
            let text = inside.get(..end).filter(|text| !text.is_empty() && !text.contains('\n'))?;
            Some((QuoteKind::Quoted, text.to_owned(), end + 2))
        }
        _ if at_boundary && first.is_ascii_alphabetic() => {
            let word: &str = rest.split([' ', '\t', '\n', '"', '<', '`']).next()?;
            let scheme = word.split_once("://").map(|(scheme, _)| scheme);
            let is_address = scheme.is_some_and(|scheme| scheme.chars().all(|c| c.is_ascii_alphanumeric()));
            let css = word.strip_prefix("css=");
            if !is_address && css.is_none() {
                return None;
            }
            let word = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'']);
            match css {
                Some(_) => Some((QuoteKind::Backticks, word.strip_prefix("css=")?.to_owned(), word.len())),
                None => Some((QuoteKind::Address, word.to_owned(), word.len())),
            }
        }
        _ => None,
    }
}

/// A line without the number or the bullet of a list.
fn strip_number(line: &str) -> &str {
    let line = line.trim();
    let line = super::phrase::skip(line, &["step"]);
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    if digits.len() < line.len()
        && let Some(rest) = digits.strip_prefix(['.', ')', ':'])
        && rest.starts_with(char::is_whitespace)
    {
        return rest.trim_start();
    }
    line.trim_start_matches(['-', '*', '•']).trim_start()
}

/// A full stop ends a sentence when white space follows; so `3.5` and `example.com` stay whole.
fn sentences(line: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut characters = line.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let ends = match character {
            ';' => true,
            '.' | '!' | '?' | ':' => characters.peek().is_none_or(|(_, next)| next.is_whitespace()),
            _ => false,
        };
        if ends {
            sentences.extend(line.get(start..at));
            start = at + character.len_utf8();
        }
    }
    sentences.extend(line.get(start..));
    sentences
}

/// The parts that a comma, "and" or "then" joins.
fn joined(sentence: &str) -> Vec<&str> {
    let mut parts = vec![sentence];
    for joint in [" and then ", ", then ", " then ", " and ", " as well as ", " & ", ", "] {
        parts = parts.into_iter().flat_map(|part| split_on(part, joint)).collect();
    }
    parts
}

fn split_on<'a>(text: &'a str, joint: &str) -> Vec<&'a str> {
    let lower = text.to_ascii_lowercase();
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in lower.match_indices(joint) {
        parts.extend(text.get(start..at));
        start = at + joint.len();
    }
    parts.extend(text.get(start..));
    parts
}

/// Words of courtesy and order say nothing.
fn strip_filler(part: &str) -> &str {
    let mut part = part.trim();
    loop {
        let shorter = super::phrase::skip(
            part,
            &[
                "please",
                "now",
                "next",
                "finally",
                "also",
                "then",
                "and",
                "afterwards",
                "after that",
                "lastly",
                "first of all",
                "i want you to",
                "i would like you to",
                "can you",
                "could you",
                "would you",
                "just",
                "simply",
                "you should",
                "you must",
                "let's",
            ],
        );
        let shorter = shorter.trim_start_matches(',').trim_start();
        // "First, open ..." orders steps; "first paragraph" names something.
        let shorter = ["First, ", "Second, ", "first, ", "second, "]
            .iter()
            .find_map(|word| shorter.strip_prefix(word))
            .unwrap_or(shorter);
        if shorter.len() == part.len() {
            break;
        }
        part = shorter;
    }
    super::phrase::drop_end(part.trim_end_matches([',', '.', '!', '?', ':', ' ']), &["please"])
}
