//! The little text work that the core does, byte by byte. The standard library's searches for strings
//! are faster on long texts and weigh 8 KB of WebAssembly; nothing here is long.

/// Where `needle` begins in `text`; never for an empty needle.
#[must_use]
pub fn find(text: &str, needle: &str) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    text.as_bytes().windows(needle.len()).position(|window| window == needle.as_bytes())
}

/// What stands before and after the first `separator`.
#[must_use]
pub fn split_once<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let at = find(text, separator)?;
    Some((text.get(..at)?, text.get(at.saturating_add(separator.len())..)?))
}

/// What stands before the first of these bytes; all of `text` when there is none of them.
#[must_use]
pub fn before<'a>(text: &'a str, ends: &[u8]) -> &'a str {
    let at = text.bytes().position(|byte| is_one_of(byte, ends));
    at.and_then(|at| text.get(..at)).unwrap_or(text)
}

/// Whether one of these bytes is in `text`.
#[must_use]
pub fn has(text: &str, any: &[u8]) -> bool {
    text.bytes().any(|byte| is_one_of(byte, any))
}

/// Whether `byte` is one of these.
#[must_use]
#[allow(clippy::manual_contains, reason = "`contains` brings the standard library's search for bytes along")]
pub fn is_one_of(byte: u8, bytes: &[u8]) -> bool {
    bytes.iter().any(|known| *known == byte)
}

/// Whether there is nothing in it but white space.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// What stands between these bytes, all of which are ASCII.
pub fn parts<'a>(text: &'a str, separators: &'a [u8]) -> impl Iterator<Item = &'a str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let whole = rest?;
        let part = before(whole, separators);
        rest = whole.get(part.len().saturating_add(1)..);
        Some(part)
    })
}

/// `text` with every `from` replaced.
#[must_use]
pub fn replace(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = split_once(rest, from) {
        out.push_str(before);
        out.push_str(to);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// `text` with every `from` that stands alone, not inside a word or a number, replaced.
#[must_use]
pub fn replace_alone(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = split_once(rest, from) {
        out.push_str(before);
        let joined = out.ends_with(|char: char| char.is_ascii_alphanumeric())
            || after.starts_with(|char: char| char.is_ascii_alphanumeric());
        out.push_str(if joined { from } else { to });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The parts with `separator` between them.
pub fn join<S: AsRef<str>>(parts: impl IntoIterator<Item = S>, separator: &str) -> String {
    let mut out = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(part.as_ref());
    }
    out
}

/// `text` cut to at most `limit` bytes at a character boundary, with `...` where something is missing.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = limit;
    while end > 0 && !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let mut short = text.get(..end).unwrap_or_default().to_owned();
    short.push_str("...");
    short
}

/// A value in quotes and shortened, for messages.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", excerpt(text, 80))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn searches_agree_with_the_standard_library(text in "[abä]{0,20}", needle in "[abä]{1,3}", to in "[xö]{0,3}") {
            prop_assert_eq!(find(&text, &needle), text.find(&needle));
            prop_assert_eq!(split_once(&text, &needle), text.split_once(&needle));
            prop_assert_eq!(replace(&text, &needle, &to), text.replace(&needle, &to));
        }

        #[test]
        fn parts_agree_with_the_standard_library(text in "[a/ü:]{0,12}") {
            prop_assert!(parts(&text, b"/:").eq(text.split(['/', ':'])));
            prop_assert_eq!(has(&text, b"/:"), text.contains(['/', ':']));
        }

        #[test]
        fn an_excerpt_is_a_beginning(text in ".{0,60}", limit in 0usize..80) {
            let short = excerpt(&text, limit);
            prop_assert_eq!(text.starts_with(short.trim_end_matches("...")) || short == text, true);
        }
    }

    #[test]
    fn parts_are_joined_and_an_empty_needle_is_nowhere() {
        assert!(is_blank(" \n\u{a0}") && !is_blank(" a"));
        assert_eq!((before("ü/b?c", b"?/"), before("ü", b"?")), ("ü", "ü"));
        assert_eq!(join(["a", "b"], ", "), "a, b");
        assert_eq!(replace("abc", "", "x"), "abc");
        assert_eq!(replace_alone("737: 17371, cvv 737", "737", "x"), "x: 17371, cvv x");
    }
}
