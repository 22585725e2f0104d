//! Having a session stand still, and letting it go on. Both answer at once; how far it is, `GetSession` tells.

use super::answer::{Answer, Reply};
use super::find;
use super::form::Form;
use crate::app::AppState;
use crate::sessions::Activity;

pub(super) async fn pause(state: &AppState, form: &Form) -> Answer {
    let session = find::open(state, form).await?;
    if session.activity() == Activity::Running {
        // Its task would go on keeping others from running.
        state.runner.expect_place()?;
    }
    session.pause(state.runner.clone());
    Ok(Reply::done())
}

pub(super) async fn resume(state: &AppState, form: &Form) -> Answer {
    find::open(state, form).await?.resume(state.runner.clone());
    Ok(Reply::done())
}
