//! Clauses that ask for something on the page.

use super::super::instruction::{Noun, Pick, What, Wish};
use super::clause::{Clause, QuoteKind};
use super::phrase::{after, around, bare, before, drop_end, skip};

/// Verbs that ask for something; longer ones first.
const VERBS: [&str; 40] = [
    "tell me what is",
    "tell me what are",
    "tell me how many",
    "tell me",
    "find out what is",
    "find out",
    "look up",
    "give me back",
    "give me",
    "give back",
    "show me",
    "show",
    "i need",
    "i want",
    "we need",
    "list out",
    "list",
    "extract",
    "get me",
    "get",
    "find",
    "read out",
    "read",
    "return",
    "scrape",
    "collect",
    "grab",
    "fetch",
    "retrieve",
    "output",
    "report",
    "print",
    "note",
    "copy",
    "pull out",
    "pull",
    "what is",
    "what are",
    "what's",
    "determine",
];

/// Where the wish reads from, which is the page anyway.
const PLACES: [&str; 15] = [
    "from the page",
    "from this page",
    "from the current page",
    "from that page",
    "on the page",
    "on this page",
    "of the page",
    "of this page",
    "in the page",
    "from the website",
    "from the site",
    "of the website",
    "on the site",
    "from it",
    "there",
];

/// How the result shall look, which is JSON anyway.
const SHAPES: [&str; 9] = [
    "as json",
    "as a json",
    "in json",
    "as text",
    "as a list",
    "as an array",
    "as plain text",
    "in json format",
    "to me",
];

pub(super) struct Parsed {
    /// `None` when only the schema can say what is meant.
    pub(super) wish: Option<Wish>,
    /// Of a page to open first.
    pub(super) address: Option<String>,
}

/// What a clause asks for, when it starts with a verb of asking.
pub(super) fn verb(clause: &Clause) -> Option<Clause> {
    if after(&clause.words, &["how many", "count", "number of"]).is_some() {
        return Some(clause.clone());
    }
    // The "many" of "tell me how many" is the wish itself.
    if let Some(rest) = after(&clause.words, &["tell me", "find out", "report"])
        && after(rest, &["how many"]).is_some()
    {
        return Some(clause.with(rest));
    }
    after(&clause.words, &VERBS).map(|rest| clause.with(rest))
}

/// Whether a clause without a verb is plainly a wish: "main heading".
pub(super) fn is_plain(clause: &Clause) -> bool {
    parse(clause).is_ok_and(|parsed| {
        parsed.wish.is_some_and(|wish| !matches!(wish.what, What::Labelled { .. } | What::Css { .. }))
    })
}

pub(super) fn parse(clause: &Clause) -> Result<Parsed, ()> {
    let mut words = clause.words.trim();
    let mut address = None;
    if let Some((left, right)) = around(words, &["from", "on", "at", "of"])
        && let Some(quote) = clause.only_quote(right).filter(|quote| quote.kind == QuoteKind::Address)
    {
        address = Some(quote.text.clone());
        words = left;
    }
    loop {
        let shorter = drop_end(drop_end(words, &SHAPES), &PLACES);
        if shorter.len() == words.len() {
            break;
        }
        words = shorter;
    }
    let words = bare(words);
    // "Extract the following: ..." only announces what comes.
    let announces = ["", "following", "following information", "following details", "following fields"];
    if announces.iter().any(|known| words.eq_ignore_ascii_case(known)) {
        return Ok(Parsed { wish: None, address });
    }
    let what = noun_phrase(clause, words).ok_or(())?;
    Ok(Parsed { wish: Some(Wish { phrase: clause.plain(words), what }), address })
}

/// What a property name such as `main heading` stands for, if it is more than a label.
pub(in super::super) fn what(words: &str) -> Option<What> {
    let clause = super::clause::split(words).into_iter().next()?;
    let what = noun_phrase(&clause, bare(&clause.words))?;
    (clause.words.trim() == words.trim() && !matches!(what, What::Labelled { .. })).then_some(what)
}

fn noun_phrase(clause: &Clause, words: &str) -> Option<What> {
    if let Some(rest) = after(words, &["how many", "number of", "count of", "count the number of", "count"]) {
        let rest = drop_end(rest, &["are there", "there are", "are", "does it have", "exist"]);
        let of = noun_phrase(clause, skip(bare(rest), &["all"]))?;
        let of = match of {
            What::Element { noun, .. } => What::Element { noun, pick: Pick::All },
            What::Css { selector, .. } => What::Css { selector, pick: Pick::All },
            // Counting what has no kind would be a guess.
            _ => return None,
        };
        return Some(What::Count { of: Box::new(of) });
    }
    if let Some(what) = whole_page(words).or_else(|| selector(clause, words)) {
        return Some(what);
    }
    let (pick, noun) = pick(words);
    if let Some((noun, plural)) = noun_of(noun) {
        let pick = pick.unwrap_or(match (plural, noun) {
            (true, _) => Pick::All,
            (false, Noun::Heading | Noun::H1) => Pick::Main,
            (false, _) => Pick::Nth(1),
        });
        return Some(What::Element { noun, pick });
    }
    table(clause, words).or_else(|| label(clause, words))
}

fn whole_page(words: &str) -> Option<What> {
    let is = |names: &[&str]| names.iter().any(|name| words.eq_ignore_ascii_case(name));
    if is(&["title", "page title", "document title", "page's title", "title tag"]) {
        Some(What::Title)
    } else if is(&["url", "page url", "current url", "address", "page address", "current address"]) {
        Some(What::Address)
    } else if is(&[
        "text",
        "page text",
        "all text",
        "all the text",
        "full text",
        "content",
        "page content",
        "contents",
    ]) {
        Some(What::Text)
    } else if is(&["meta description", "page description", "description meta tag"]) {
        Some(What::Description)
    } else {
        None
    }
}

/// `` `css` ``, with "text of", "all elements matching" and the like around it.
fn selector(clause: &Clause, words: &str) -> Option<What> {
    let quote = clause.first_quote(words).filter(|quote| quote.kind == QuoteKind::Backticks)?;
    let (pick, rest) = pick(words);
    let all = ["elements", "texts", "values", "contents"]
        .iter()
        .any(|word| around(&format!(" {rest} "), &[word]).is_some());
    let pick = pick.unwrap_or(if all { Pick::All } else { Pick::Nth(1) });
    Some(What::Css { selector: quote.text.clone(), pick })
}

/// Splits off which of several is meant.
fn pick(words: &str) -> (Option<Pick>, &str) {
    const ORDINALS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    let words = bare(words);
    if let Some(rest) = after(words, &["all of the", "all the", "all", "every", "each"]) {
        return (Some(Pick::All), rest);
    }
    if let Some(rest) = after(words, &["main", "primary", "top-level"]) {
        return (Some(Pick::Main), rest);
    }
    if let Some(rest) = after(words, &["last", "final"]) {
        return (Some(Pick::Last), rest);
    }
    for (index, ordinal) in ORDINALS.iter().enumerate() {
        if let Some(rest) = after(words, &[ordinal]) {
            // "the first 3 paragraphs"
            return match number(rest) {
                Some((count, rest)) if index == 0 => (Some(Pick::Take(count)), rest),
                _ => (Some(Pick::Nth(index + 1)), rest),
            };
        }
    }
    if let Some((count, rest)) = after(words, &["top"]).and_then(number) {
        return (Some(Pick::Take(count)), rest);
    }
    let digits = words.bytes().take_while(u8::is_ascii_digit).count();
    if let (Some(number), Some(rest)) = (words.get(..digits), words.get(digits..))
        && let Some(rest) = after(rest, &["st", "nd", "rd", "th"])
        && let Some(nth) = number.parse().ok().filter(|nth| *nth > 0)
    {
        return (Some(Pick::Nth(nth)), rest);
    }
    (None, words)
}

fn number(words: &str) -> Option<(usize, &str)> {
    const WORDS: [&str; 10] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let (first, rest) = words.trim_start().split_once(' ')?;
    let named = WORDS.iter().position(|word| word.eq_ignore_ascii_case(first)).map(|index| index + 1);
    let count = first.parse().ok().or(named).filter(|count| *count > 0)?;
    Some((count, rest.trim_start()))
}

fn noun_of(words: &str) -> Option<(Noun, bool)> {
    let words = drop_end(words.trim(), &["text", "element", "elements", "tag", "texts"]);
    const NOUNS: [(Noun, &[&str], &[&str]); 10] = [
        (
            Noun::Heading,
            &["heading", "headline", "header", "page heading", "title heading"],
            &["headings", "headlines", "headers", "section headings"],
        ),
        (Noun::H1, &["h1", "h1 heading"], &["h1s", "h1 headings"]),
        (Noun::H2, &["h2", "h2 heading", "subheading"], &["h2s", "h2 headings", "subheadings"]),
        (Noun::H3, &["h3", "h3 heading"], &["h3s", "h3 headings"]),
        (Noun::Paragraph, &["paragraph", "p"], &["paragraphs"]),
        (
            Noun::Link,
            &["link", "hyperlink"],
            &["links", "hyperlinks", "links with their addresses", "link addresses"],
        ),
        (
            Noun::ListItem,
            &["list item", "bullet", "bullet point"],
            &["list items", "bullets", "bullet points", "items of the list", "list"],
        ),
        (Noun::Image, &["image", "picture"], &["images", "pictures"]),
        (Noun::Table, &["table", "table data", "data table", "table rows", "rows of the table"], &["tables"]),
        (Noun::Button, &["button"], &["buttons"]),
    ];
    let among = |names: &[&str]| names.iter().any(|name| words.eq_ignore_ascii_case(name));
    NOUNS.iter().find_map(|(noun, one, many)| {
        if among(one) {
            Some((*noun, false))
        } else if among(many) {
            Some((*noun, true))
        } else {
            None
        }
    })
}

/// `the table captioned "X"`, `the "X" table`.
fn table(clause: &Clause, words: &str) -> Option<What> {
    let named = |name: &str| {
        let pick = Pick::Named(clause.plain(name));
        Some(What::Element { noun: Noun::Table, pick })
    };
    if let Some(rest) = after(words, &["table"]) {
        let name = after(
            rest,
            &["captioned", "with the caption", "with caption", "titled", "called", "named", "of", "under"],
        );
        return named(name.unwrap_or(rest));
    }
    let name = before(words, &["table", "table data"])?;
    clause.only_quote(name)?;
    named(name)
}

/// `the price`, `the value of "Order number"`.
fn label(clause: &Clause, words: &str) -> Option<What> {
    let rest = after(
        words,
        &[
            "value of",
            "text of",
            "content of",
            "value for",
            "value labelled",
            "value labeled",
            "text labelled",
            "text labeled",
            "text for",
            "field",
            "label",
        ],
    );
    let words = bare(rest.unwrap_or(words));
    let quoted = clause.only_quote(words).is_some();
    let words = if quoted { words } else { drop_end(words, &["value", "field", "label"]) };
    let label = clause.plain(words);
    let count = label.split_whitespace().count();
    // A label is a short thing; a longer phrase describes what only a reader could find.
    let short = quoted || (1..=5).contains(&count);
    (short && label.chars().any(char::is_alphanumeric)).then_some(What::Labelled { label })
}
