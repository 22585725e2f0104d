//! Small helpers for matching English words without regard to case.

/// What follows one of `words` at the start of `text`, which must end at a word boundary.
pub(super) fn after<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let text = text.trim_start();
    words.iter().find_map(|word| {
        let head = text.get(..word.len())?;
        let rest = text.get(word.len()..)?;
        let boundary = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        (head.eq_ignore_ascii_case(word) && boundary).then(|| rest.trim_start())
    })
}

/// Like [`after`], but leaves `text` as it is when it starts otherwise.
pub(super) fn skip<'a>(text: &'a str, words: &[&str]) -> &'a str {
    after(text, words).unwrap_or(text.trim_start())
}

/// What stands before one of `words` at the end of `text`.
pub(super) fn before<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let text = text.trim_end();
    words.iter().find_map(|word| {
        let start = text.len().checked_sub(word.len())?;
        let (head, tail) = (text.get(..start)?, text.get(start..)?);
        let boundary = !head.ends_with(|c: char| c.is_alphanumeric() || c == '-');
        (tail.eq_ignore_ascii_case(word) && boundary).then(|| head.trim_end())
    })
}

/// Takes one of `words` off the end of `text`, if one is there.
pub(super) fn drop_end<'a>(text: &'a str, words: &[&str]) -> &'a str {
    before(text, words).unwrap_or(text.trim_end())
}

/// Both sides of the first of `words` that stands as a word in `text`; earlier words go first.
pub(super) fn around<'a>(text: &'a str, words: &[&str]) -> Option<(&'a str, &'a str)> {
    let lower = text.to_ascii_lowercase();
    words.iter().find_map(|word| {
        let at = lower.find(&format!(" {word} "))?;
        Some((text.get(..at)?.trim(), text.get(at + word.len() + 2..)?.trim()))
    })
}

/// `text` without an article in front.
pub(super) fn bare(text: &str) -> &str {
    skip(text, &["the", "a", "an", "this", "that", "its", "their", "my"])
}
