//! Tools that start tasks on the page of a session, ask for them and end them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use taskwright_core::agentbay::wire::{TaskNamed, TaskStatus};
use uuid::Uuid;

use super::Trouble;
use super::schema::output_schema;
use super::table::{Family, Wish};
use crate::agent::NOT_UNDERSTOOD;
use crate::app::AppState;
use crate::error::Failure;
use crate::fields::Fields;
use crate::routes::accept::submit;
use crate::runner::ControlError;
use crate::sessions::{Activity, NotNow, Session};
use crate::store::{NewTask, TaskRequest, TaskState, TaskView};

/// Steps that a task may take when nobody says.
const DEFAULT_MAX_STEPS: u32 = 200;
/// What clients look for in the text of a tool that failed, to know that there is nothing to wait for.
const NOT_THERE: &str = "Task not found or already finished";

pub(super) async fn act(
    state: &AppState,
    session: &Arc<Session>,
    family: Family,
    wish: Wish,
    arguments: &Map<String, Value>,
) -> Result<String, Trouble> {
    let fields = Fields::new(arguments);
    let activity = session.activity();
    let answer = match wish {
        // A session that stands still can be asked about its tasks, and they can be ended: that touches no page.
        Wish::Start if activity != Activity::Running => {
            return Err(Trouble::not_now(NotNow::Still(activity)));
        }
        Wish::Start => json!(start(state, session, &fields).await?),
        Wish::Status => json!(status(state, session, family, &fields).await?),
        Wish::Terminate => json!(terminate(state, session, family, &fields).await?),
    };
    Ok(answer.to_string())
}

async fn start(state: &AppState, session: &Arc<Session>, fields: &Fields<'_>) -> Result<TaskNamed, Trouble> {
    let wrong = |invalid| Trouble::wrong(&invalid);
    let request = TaskRequest {
        prompt: fields.filled("task").map_err(wrong)?.to_owned(),
        url: None,
        max_steps: fields.whole("max_steps", 1, u32::MAX).map_err(wrong)?.unwrap_or(DEFAULT_MAX_STEPS),
        output_schema: output_schema(fields, "output_schema").map_err(wrong)?,
        agent: None,
    };
    let task = NewTask {
        id: format!("task-{}", Uuid::new_v4()),
        request,
        secrets: BTreeMap::new(),
        session: Some(session.id().to_owned()),
        key: None,
        execution: None,
    };
    let task_id = submit(state, task).await?;
    // It uses the session until it ends, also while it waits for its turn.
    let (session, runner, id) = (Arc::clone(session), state.runner.clone(), task_id.clone());
    tokio::spawn(async move {
        let _usage = session.look();
        // A store that fails does not keep a session for ever.
        let _ = runner.wait(&id).await;
    });
    Ok(TaskNamed { task_id, status: "running".to_owned() })
}

async fn status(
    state: &AppState,
    session: &Session,
    family: Family,
    fields: &Fields<'_>,
) -> Result<TaskStatus, Trouble> {
    let (task_id, task) = find(state, session, fields).await?;
    let step = || state.runner.step_of(&task_id).unwrap_or_else(|| last_step(&task));
    let status = |word: &str| TaskStatus {
        task_id: task_id.clone(),
        status: word.to_owned(),
        action: step(),
        product: String::new(),
        error: None,
    };
    Ok(match &task.state {
        TaskState::Queued | TaskState::Running | TaskState::Paused | TaskState::Asking(_) => {
            status("running")
        }
        TaskState::Succeeded(result) => TaskStatus { product: product(result), ..status(done(family)) },
        TaskState::Failed(error) => {
            let word = if error.starts_with(NOT_UNDERSTOOD) { "unsupported" } else { "failed" };
            TaskStatus { product: error.clone(), error: Some(error.clone()), ..status(word) }
        }
        TaskState::Cancelled(_) => return Err(Trouble::told(format!("{NOT_THERE}: it was terminated."))),
    })
}

/// Ends the work before it answers.
async fn terminate(
    state: &AppState,
    session: &Session,
    family: Family,
    fields: &Fields<'_>,
) -> Result<TaskNamed, Trouble> {
    let (task_id, task) = find(state, session, fields).await?;
    if task.state.is_terminal() {
        return Err(Trouble::told(format!("{NOT_THERE}: it has ended.")));
    }
    match state.runner.cancel(&task_id).await {
        Ok(_) => {}
        Err(ControlError::NotPossible(_)) => {
            return Err(Trouble::told(format!("{NOT_THERE}: it has ended.")));
        }
        Err(error) => return Err(Failure::from(error).into()),
    }
    let status = if family == Family::Mobile { "cancelled" } else { "finished" };
    Ok(TaskNamed { task_id, status: status.to_owned() })
}

/// A task of this session.
async fn find(
    state: &AppState,
    session: &Session,
    fields: &Fields<'_>,
) -> Result<(String, TaskView), Trouble> {
    let id = fields.filled("task_id").map_err(|invalid| Trouble::wrong(&invalid))?;
    let task = state.store.task(id).await?;
    match task.filter(|task| task.session.as_deref() == Some(session.id())) {
        Some(task) => Ok((id.to_owned(), task)),
        None => Err(Trouble::told(format!("{NOT_THERE}: this session has none of that id."))),
    }
}

/// The word for a task that was done.
fn done(family: Family) -> &'static str {
    match family {
        Family::Computer | Family::Browser => "finished",
        Family::Mobile => "completed",
    }
}

/// A result as text: JSON, unless it is a text already.
fn product(result: &Value) -> String {
    result.as_str().map_or_else(|| result.to_string(), str::to_owned)
}

fn last_step(task: &TaskView) -> String {
    task.steps.last().map(|step| format!("{} {}", step.action, step.detail)).unwrap_or_default()
}
