//! Carries out one instruction on a page.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::{AgentError, Host};
use super::instruction::{Instruction, Kind, Pick, Target, What, Wish};
use super::placeholder::{Values, resolve};
use super::script::{Answer, ask, ask_for, ask_patiently, call, failed};
use crate::browser::{Key, Page, ScreenshotOptions};

/// How long "wait for ..." waits.
const LONG_WAIT: Duration = Duration::from_secs(30);

/// Does it; the value is what an instruction that asks for something got.
pub(super) async fn perform(
    page: &Page,
    instruction: &Instruction,
    values: &Values,
    host: &Host,
) -> Result<Option<Value>, AgentError> {
    match instruction {
        Instruction::Open(url) => page.goto(&resolve(url, values)?).await.map_err(failed)?,
        Instruction::Back => page.back().await.map_err(failed)?,
        Instruction::Reload => page.reload().await.map_err(failed)?,
        Instruction::WaitFor(text) => wait_for(page, text, values, host).await?,
        Instruction::WaitForLoad => page.settle().await.map_err(failed)?,
        Instruction::Pause(time) => host.wait(*time).await,
        Instruction::Scroll(to) => {
            ask(page, "scroll", &json!({ "to": to })).await?;
        }
        Instruction::Click(target) => click(page, target, values).await?,
        Instruction::Fill { value, field } => {
            fill(page, &resolve(value, values)?, field.as_deref(), values).await?;
        }
        Instruction::Select { option, field } => {
            let field = field.as_deref().map(|field| resolve(field, values)).transpose()?;
            select(page, &resolve(option, values)?, field.as_deref(), option).await?;
        }
        Instruction::Check { field, on } => {
            let argument = json!({ "field": resolve(field, values)?, "on": on });
            let answer = ask_patiently(page, "check", &argument).await?;
            press(page, answer, &format!("no checkbox named \"{field}\"")).await?;
            prove(page, "isChecked", &argument, field).await?;
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
        Instruction::Upload { file, field } => upload(page, file, field, values, host).await?,
        Instruction::Ask { question, .. } => {
            return Ok(Some(Value::String(host.ask(&resolve(question, values)?).await)));
        }
        Instruction::Extract(wish) => return extract(page, &resolved(wish, values)?).await.map(Some),
    }
    Ok(None)
}

async fn wait_for(page: &Page, text: &str, values: &Values, host: &Host) -> Result<(), AgentError> {
    let argument = json!({ "text": resolve(text, values)? });
    match ask_for(page, "shows", &argument, LONG_WAIT, |time| host.wait(time)).await?.found {
        Some(_) => Ok(()),
        None => Err(AgentError::NotFound(format!(
            "the text \"{text}\" did not appear within {} s",
            LONG_WAIT.as_secs()
        ))),
    }
}

async fn click(page: &Page, target: &Target, values: &Values) -> Result<(), AgentError> {
    let wanted = Target { name: resolve(&target.name, values)?, kind: target.kind };
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

async fn fill(page: &Page, value: &str, field: Option<&str>, values: &Values) -> Result<(), AgentError> {
    let named = field.map(|field| resolve(field, values)).transpose()?;
    if let (Some(field), Some(named)) = (field, &named) {
        let answer = ask_patiently(page, "focus", &json!({ "field": named })).await?;
        let missing = format!("no field named \"{field}\"");
        let Some(found) = &answer.found else { return Err(AgentError::NotFound(answer.explain(&missing))) };
        let is = |name: &str| found.get(name).and_then(Value::as_bool) == Some(true);
        if is("list") {
            return select(page, value, Some(named), &values.redact(value)).await;
        }
        if is("picker") {
            let answer = ask(page, "pickerValue", &json!({ "field": named, "value": value })).await?;
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
    match (field, named) {
        (Some(field), Some(named)) => {
            prove(page, "holds", &json!({ "field": named, "value": value }), field).await
        }
        _ => Ok(()),
    }
}

async fn upload(
    page: &Page,
    file: &str,
    field: &str,
    values: &Values,
    host: &Host,
) -> Result<(), AgentError> {
    let name = resolve(file, values)?;
    let path = host.file(&name).await.map_err(|names| {
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let has = if names.is_empty() { "no files".to_owned() } else { names.join(", ") };
        AgentError::NotFound(format!("no file named \"{file}\"; the task has: {has}"))
    })?;
    let argument = json!({ "field": resolve(field, values)? });
    let answer = ask_patiently(page, "fileField", &argument).await?;
    if answer.found.is_none() {
        return Err(AgentError::NotFound(answer.explain(&format!("no file field named \"{field}\""))));
    }
    page.set_files(&call("fileElement", &argument), &[path]).await.map_err(failed)?;
    page.settle().await.map_err(failed)
}

/// A wish with the values in the names that it looks for. A CSS selector stays as it is: a value is no code.
pub(super) fn resolved(wish: &Wish, values: &Values) -> Result<Wish, AgentError> {
    let what = match &wish.what {
        What::Labelled { label } => What::Labelled { label: resolve(label, values)? },
        What::Element { noun, pick: Pick::Named(name) } => {
            What::Element { noun: *noun, pick: Pick::Named(resolve(name, values)?) }
        }
        other => other.clone(),
    };
    Ok(Wish { phrase: wish.phrase.clone(), what })
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
