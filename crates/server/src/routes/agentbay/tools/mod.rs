//! The tools of a session, by the Model Context Protocol's rules: what goes wrong inside of a tool is a result that says
//! so, not a failed request.

use std::sync::Arc;

use serde_json::{Map, Value};
use taskwright_core::agentbay::wire::{Content, ToolResult};
use taskwright_core::operation::InvalidInput;

use super::answer::{Answer, Reply};
use super::find;
use super::form::Form;
use crate::app::AppState;
use crate::error::Failure;
use crate::sessions::{Activity, NotNow, Session};
use crate::store::StoreError;

mod page;
mod schema;
mod table;
mod tasks;

use schema::Tool;
use table::TOOLS;

/// Every image has the same tools here.
pub(super) fn list() -> Answer {
    let tools: Vec<_> = TOOLS.iter().map(Tool::listed).collect();
    // Text inside of the envelope, as clients expect.
    Reply::data(Value::Array(tools).to_string())
}

pub(super) async fn call(state: &AppState, form: &Form) -> Answer {
    if form.flag("AutoGenSession")? == Some(true) {
        let problem =
            "is not honoured: a session that ended stays ended, and CreateMcpSession makes a new one";
        return Err(form.refuse("AutoGenSession", problem).into());
    }
    let name = form.filled("Name")?;
    let arguments = form.object("Args")?.unwrap_or_default();
    let session = find::open(state, form).await?;
    let outcome = tokio::select! {
        outcome = run(state, &session, name, &arguments) => outcome,
        _ = session.ended() => return Err(find::missing(state, session.id()).await),
    };
    let (text, is_error) = match outcome {
        Ok(text) => (text, false),
        Err(Trouble::Told(text)) => (text, true),
        Err(Trouble::Failed(failure)) => return Err(failure.into()),
    };
    Reply::data(ToolResult { content: vec![Content { kind: "text".to_owned(), text }], is_error })
}

/// What keeps a tool from its result.
enum Trouble {
    /// The result says so.
    Told(String),
    /// The request fails.
    Failed(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Trouble {
    fn told(text: impl Into<String>) -> Self {
        Self::Told(text.into())
    }

    fn wrong(invalid: &InvalidInput) -> Self {
        Self::Told(format!("Wrong arguments: {invalid}."))
    }

    fn not_now(not_now: NotNow) -> Self {
        Self::Told(match not_now {
            NotNow::Busy => {
                "A task works on the page of this session; wait for its end, or terminate it.".to_owned()
            }
            NotNow::Still(Activity::Ending) => "The session is being deleted.".to_owned(),
            NotNow::Still(Activity::Resuming) => {
                "The session is about to resume; try again in a moment.".to_owned()
            }
            NotNow::Still(_) => "The session is paused; resume it first.".to_owned(),
        })
    }
}

async fn run(
    state: &AppState,
    session: &Arc<Session>,
    name: &str,
    arguments: &Map<String, Value>,
) -> Result<String, Trouble> {
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == name) else {
        return Err(Trouble::told(format!(
            "There is no tool \"{}\" here; ListMcpTools names those that there are.",
            name.chars().take(80).collect::<String>()
        )));
    };
    tool.check(arguments).map_err(|invalid| Trouble::wrong(&invalid))?;
    match tool.work {
        table::Work::Page(act) => page::act(session, act, arguments).await,
        table::Work::Task(family, wish) => tasks::act(state, session, family, wish, arguments).await,
    }
}
