//! From a prompt to instructions. Pure: no page is needed, and the same words always mean the same.
//!
//! The grammar is described in `GRAMMAR.md`, whose examples are tests.

mod action;
mod clause;
mod phrase;
mod wish;

use super::instruction::Instruction;

pub(super) use wish::what as parse_what;

/// What this agent understands, for the sentence that says so.
pub(super) const UNDERSTOOD: &str = "open <address>, go back, reload, wait for \"text\", scroll, click \"X\", \
     fill \"value\" into X, select \"option\" in X, check X, press Enter, submit, upload \"file\" into X, ask \"question\" as name, take a screenshot, \
     and extract \
     the main heading, paragraphs, headings, links, list items, tables, images, the title, the text, \
     `a CSS selector`, the number of something or the value of \"a label\"";

/// Understands a prompt. With a schema to fill, words that name no action are taken as a description of it.
///
/// The error is the part that was not understood.
pub(super) fn parse(prompt: &str, has_schema: bool) -> Result<Vec<Instruction>, String> {
    let mut instructions = Vec::new();
    // What a clause without a verb goes on with: "extract the heading *and the title*".
    let mut before: Option<Verb> = None;
    // Where the current run of wishes began: "from <address>" at its end is where it reads.
    let mut wishes_at = 0;
    for clause in clause::split(prompt) {
        if let Some(instruction) = action::parse(&clause, before == Some(Verb::Extract))? {
            before = Some(Verb::of(&instruction));
            instructions.push(instruction);
            continue;
        }
        let words = match wish::verb(&clause) {
            Some(rest) => {
                if before != Some(Verb::Extract) {
                    wishes_at = instructions.len();
                }
                before = Some(Verb::Extract);
                Some(rest)
            }
            None => match &before {
                Some(Verb::Extract) => Some(clause.clone()),
                Some(verb) => match action::parse(&clause.after_verb(verb.word()), false)? {
                    Some(instruction) => {
                        instructions.push(instruction);
                        continue;
                    }
                    None => None,
                },
                None => wish::is_plain(&clause).then(|| {
                    wishes_at = instructions.len();
                    before = Some(Verb::Extract);
                    clause.clone()
                }),
            },
        };
        match words.map(|words| wish::parse(&words)) {
            Some(Ok(wish::Parsed { wish, address })) => {
                if let Some(address) = address {
                    instructions.insert(wishes_at, Instruction::Open(address));
                }
                instructions.extend(wish.map(Instruction::Extract));
            }
            Some(Err(())) | None if has_schema && !action::is_beyond(&clause) => {}
            Some(Err(())) | None => return Err(clause.text()),
        }
    }
    if instructions.is_empty() && !has_schema { Err(prompt.trim().to_owned()) } else { Ok(instructions) }
}

/// The verb that a clause leaves to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Extract,
    Click,
    Fill,
    Select,
    Check,
    Uncheck,
    Upload,
    Ask,
    Other,
}

impl Verb {
    fn of(instruction: &Instruction) -> Self {
        match instruction {
            Instruction::Click(_) => Self::Click,
            Instruction::Fill { .. } => Self::Fill,
            Instruction::Select { .. } => Self::Select,
            Instruction::Check { on: true, .. } => Self::Check,
            Instruction::Check { on: false, .. } => Self::Uncheck,
            Instruction::Extract(_) => Self::Extract,
            Instruction::Upload { .. } => Self::Upload,
            Instruction::Ask { .. } => Self::Ask,
            _ => Self::Other,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Extract => "extract",
            Self::Click => "click",
            Self::Fill => "fill",
            Self::Select => "select",
            Self::Check => "check",
            Self::Uncheck => "uncheck",
            Self::Upload => "upload",
            Self::Ask => "ask",
            Self::Other => "",
        }
    }
}

#[cfg(test)]
mod tests;
