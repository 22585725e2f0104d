//! Carries out one instruction on a page.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::{AgentError, Secrets};
use super::instruction::{Instruction, Kind, Pick, Target, What, Wish};
use super::placeholder::resolve;
use super::script::{Answer, ask, ask_for, ask_patiently, failed};
use crate::browser::{Key, Page, ScreenshotOptions};

/// How long "wait for ..." waits.
const LONG_WAIT: Duration = Duration::from_secs(30);

/// Does it; the value is what an instruction that asks for something got.
pub(super) async fn perform(
    page: &Page,
    instruction: &Instruction,
    secrets: &Secrets,
) -> Result<Option<Value>, AgentError> {
    match instruction {
        Instruction::Open(url) => page.goto(&resolve(url, secrets)?).await.map_err(failed)?,
        Instruction::Back => page.back().await.map_err(failed)?,
        Instruction::Reload => page.reload().await.map_err(failed)?,
        Instruction::WaitFor(text) => wait_for(page, text, secrets).await?,
        Instruction::WaitForLoad => page.settle().await.map_err(failed)?,
        Instruction::Pause(time) => tokio::time::sleep(*time).await,
        Instruction::Scroll(to) => {
            ask(page, "scroll", &json!({ "to": to })).await?;
        }
        Instruction::Click(target) => click(page, target, secrets).await?,
        Instruction::Fill { value, field } => {
            fill(page, &resolve(value, secrets)?, field.as_deref(), secrets).await?;
        }
        Instruction::Select { option, field } => {
            select(page, &resolve(option, secrets)?, field.as_deref(), option).await?;
        }
        Instruction::Check { field, on } => {
            let answer = ask_patiently(page, "check", &json!({ "field": field, "on": on })).await?;
            press(page, answer, &format!("no checkbox named \"{field}\"")).await?;
            prove(page, "isChecked", &json!({ "field": field, "on": on }), field).await?;
        }
        Instruction::Press(key) => {
            page.press(*key).await.map_err(failed)?;
            page.settle().await.map_err(failed)?;
        }
        Instruction::Submit => {
            let answer = ask_patiently(page, "submit", &json!({})).await?;
            press(page, answer, "the page has no form to submit").await?;
        }
        Instruction::Screenshot { full_page } => return screenshot(page, *full_page).await.map(Some),
        Instruction::Extract(wish) => return extract(page, wish).await.map(Some),
    }
    Ok(None)
}

async fn wait_for(page: &Page, text: &str, secrets: &Secrets) -> Result<(), AgentError> {
    let argument = json!({ "text": resolve(text, secrets)? });
    match ask_for(page, "shows", &argument, LONG_WAIT).await?.found {
        Some(_) => Ok(()),
        None => Err(AgentError::NotFound(format!(
            "the text \"{text}\" did not appear within {} s",
            LONG_WAIT.as_secs()
        ))),
    }
}

async fn click(page: &Page, target: &Target, secrets: &Secrets) -> Result<(), AgentError> {
    let wanted = Target { name: resolve(&target.name, secrets)?, kind: target.kind };
    let answer = ask_patiently(page, "click", &json!(wanted)).await?;
    let name = &target.name;
    let missing = match target.kind {
        Kind::Any => format!("no button or link named \"{name}\""),
        Kind::Button => format!("no button named \"{name}\""),
        Kind::Link => format!("no link named \"{name}\""),
        Kind::Css => format!("nothing visible matches `{name}`"),
    };
    press(page, answer, &missing).await
}

/// Clicks where a script found something, and waits for what that leads to.
async fn press(page: &Page, answer: Answer, missing: &str) -> Result<(), AgentError> {
    let Some(found) = &answer.found else { return Err(AgentError::NotFound(answer.explain(missing))) };
    let side = |name: &str| found.pointer(&format!("/point/{name}")).and_then(Value::as_f64);
    // Without a point the script has done it.
    if let (Some(x), Some(y)) = (side("x"), side("y")) {
        page.click_at(x, y).await.map_err(failed)?;
    }
    page.settle().await.map_err(failed)
}

async fn fill(page: &Page, value: &str, field: Option<&str>, secrets: &Secrets) -> Result<(), AgentError> {
    if let Some(field) = field {
        let answer = ask_patiently(page, "focus", &json!({ "field": field })).await?;
        let missing = format!("no field named \"{field}\"");
        let Some(found) = &answer.found else { return Err(AgentError::NotFound(answer.explain(&missing))) };
        let is = |name: &str| found.get(name).and_then(Value::as_bool) == Some(true);
        if is("list") {
            return select(page, value, Some(field), &secrets.redact(value)).await;
        }
        if is("picker") {
            let answer = ask(page, "pickerValue", &json!({ "field": field, "value": value })).await?;
            return match answer.found {
                Some(_) => Ok(()),
                None => Err(AgentError::NotFound(answer.explain(&missing))),
            };
        }
    }
    if value.is_empty() {
        // What the field held is selected.
        return page.press(Key::Backspace).await.map_err(failed);
    }
    page.insert_text(value).await.map_err(failed)?;
    match field {
        Some(field) => prove(page, "holds", &json!({ "field": field, "value": value }), field).await,
        None => Ok(()),
    }
}

/// Looks whether what was done to a field took effect: a page may refuse it without a word.
async fn prove(page: &Page, question: &str, argument: &Value, field: &str) -> Result<(), AgentError> {
    let answer = ask(page, question, argument).await?;
    match answer.found {
        Some(_) => Ok(()),
        None => Err(AgentError::NotFound(answer.explain(&format!("the field \"{field}\" cannot be set so")))),
    }
}

/// `shown` is the option as an error may repeat it.
async fn select(page: &Page, option: &str, field: Option<&str>, shown: &str) -> Result<(), AgentError> {
    let answer = ask_patiently(page, "select", &json!({ "option": option, "field": field })).await?;
    let missing = match field {
        Some(field) => format!("no option \"{shown}\" in \"{field}\""),
        None => format!("no option \"{shown}\""),
    };
    press(page, answer, &missing).await
}

async fn screenshot(page: &Page, full_page: bool) -> Result<Value, AgentError> {
    let png = page.screenshot(ScreenshotOptions { viewport: None, full_page }).await.map_err(failed)?;
    Ok(Value::String(format!("data:image/png;base64,{}", STANDARD.encode(png))))
}

async fn extract(page: &Page, wish: &Wish) -> Result<Value, AgentError> {
    let answer = ask_patiently(page, "read", &json!({ "what": wish.what })).await?;
    if let Some(found) = answer.found {
        return Ok(found);
    }
    // No links at all is an answer to "all links"; no second paragraph is none to "the second paragraph".
    if let What::Element { pick: Pick::All, .. } = wish.what {
        return Ok(json!([]));
    }
    let missing = match &wish.what {
        What::Labelled { label } => format!("nothing on the page is labelled \"{label}\""),
        What::Css { selector, .. } => format!("nothing on the page matches `{selector}`"),
        _ => format!("the page has no {}", wish.phrase),
    };
    Err(AgentError::NotFound(answer.explain(&missing)))
}
