//! Tools that do one thing on the page of a session.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use tokio::time::timeout;

use super::Trouble;
use super::table::Act;
use crate::agent::{AgentError, hand};
use crate::browser::{BrowserError, Key, Page, ScreenshotOptions};
use crate::fields::Fields;
use crate::sessions::Session;

/// How long a tool may take: less than the minute that the vendor's clients wait for its answer.
const PATIENCE: Duration = Duration::from_secs(45);

impl From<AgentError> for Trouble {
    fn from(error: AgentError) -> Self {
        Self::Told(error.to_string())
    }
}

impl From<BrowserError> for Trouble {
    fn from(error: BrowserError) -> Self {
        Self::Told(error.to_string())
    }
}

/// Does it. What only looks at the page may do so while a task works on it.
pub(super) async fn act(
    session: &Session,
    act: Act,
    arguments: &Map<String, Value>,
) -> Result<String, Trouble> {
    let looks = matches!(act, Act::Screenshot | Act::Text);
    let calling = session.call(!looks).await.map_err(Trouble::not_now)?;
    let fields = Fields::new(arguments);
    let late = |_| {
        Trouble::told("The page did not answer in time; perhaps a debugger that is attached to it holds it.")
    };
    timeout(PATIENCE, on_page(calling.page(), act, &fields)).await.map_err(late)?
}

async fn on_page(page: &Page, act: Act, fields: &Fields<'_>) -> Result<String, Trouble> {
    let text = |name: &str| fields.text(name).map_err(|invalid| Trouble::wrong(&invalid));
    match act {
        Act::Navigate => {
            page.goto(text("url")?.unwrap_or_default()).await?;
            return Ok(page.url().await?);
        }
        Act::Back => {
            page.back().await?;
            return Ok(page.url().await?);
        }
        Act::Screenshot => {
            let full_page = fields.value("full_page") == Some(&Value::Bool(true));
            let png = page.screenshot(ScreenshotOptions { viewport: None, full_page }).await?;
            return Ok(format!("data:image/png;base64,{}", STANDARD.encode(png)));
        }
        Act::Text => return Ok(hand::text(page, text("selector")?).await?),
        Act::Click => match (text("target")?, text("selector")?) {
            (Some(name), None) => hand::click(page, name).await?,
            (None, Some(selector)) => hand::click_selector(page, selector).await?,
            _ => return Err(Trouble::told("Wrong arguments: either \"target\" or \"selector\" is needed.")),
        },
        Act::Type => {
            let selector = text("selector")?.map(|selector| format!("css={selector}"));
            let field = match (text("field")?, &selector) {
                (Some(_), Some(_)) => {
                    return Err(Trouble::told(
                        "Wrong arguments: \"field\" and \"selector\" exclude each other.",
                    ));
                }
                (field, selector) => field.or(selector.as_deref()),
            };
            hand::fill(page, field, text("text")?.unwrap_or_default()).await?;
        }
        Act::ClickAt => {
            let side = |name: &str| fields.value(name).and_then(Value::as_f64).unwrap_or_default();
            page.click_at(side("x"), side("y")).await?;
            page.settle().await?;
        }
        Act::Input => page.insert_text(text("text")?.unwrap_or_default()).await?,
        Act::Keys => press(page, fields).await?,
    }
    Ok("done".to_owned())
}

/// All of them, or none when one is not known.
async fn press(page: &Page, fields: &Fields<'_>) -> Result<(), Trouble> {
    if fields.value("hold") == Some(&Value::Bool(true)) {
        return Err(Trouble::told("Wrong arguments: \"hold\" is not possible here."));
    }
    let names = fields.texts("keys").map_err(|invalid| Trouble::wrong(&invalid))?;
    let mut keys = Vec::new();
    for name in names {
        let unknown =
            || Trouble::told(format!("Wrong arguments: \"keys\" has \"{name}\", which is no key here."));
        keys.push(Key::named(&name).ok_or_else(unknown)?);
    }
    for key in keys {
        page.press(key).await?;
        page.settle().await?;
    }
    Ok(())
}
