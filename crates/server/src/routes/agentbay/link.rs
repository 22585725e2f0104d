//! Addresses under which other programs reach the page of a session.

use std::sync::Arc;

use taskwright_core::agentbay::wire::Link;

use super::answer::{Answer, Refusal, Reply};
use super::find;
use super::form::Form;
use crate::app::AppState;
use crate::base::Base;
use crate::sessions::{Activity, Session};

/// The ports of a session that the vendor forwards.
const PORTS: (u32, u32) = (30_100, 30_199);

/// An open session that does not stand still: who drives its page would wake it.
async fn awake(state: &AppState, form: &Form) -> Result<Arc<Session>, Refusal> {
    let session = find::open(state, form).await?;
    match session.activity() {
        Activity::Running => Ok(session),
        _ => Err(Refusal::session_state("The session is paused; ask for its link when it is resumed.")),
    }
}

/// Without a port it is the address where CDP clients drive the page. Other ports of a session have nothing behind them.
pub(super) async fn get(state: &AppState, form: &Form, base: &Base) -> Answer {
    let session = awake(state, form).await?;
    if let Some(port) = form.whole("Port", PORTS.0, PORTS.1)? {
        let problem = format!("has nothing behind it here: a session of the local server has no port {port}");
        return Err(form.refuse("Port", problem).into());
    }
    match form.text("ProtocolType") {
        None | Some("wss") => {}
        Some("https") => {
            let problem =
                "https is not supported here without something that serves it; leave it out, or say wss";
            return Err(form.refuse("ProtocolType", problem).into());
        }
        Some(other) => {
            return Err(form.refuse("ProtocolType", format!("takes https or wss, got \"{other}\"")).into());
        }
    }
    if form.text("Option").is_some() {
        return Err(form.refuse("Option", "is not honoured by the local server; leave it out").into());
    }
    Reply::data(Link { url: state.links.address(session.id(), session.context_id(), base) })
}

/// The same address, by the action of newer clients.
pub(super) async fn get_cdp(state: &AppState, form: &Form, base: &Base) -> Answer {
    let session = awake(state, form).await?;
    Reply::data(Link { url: state.links.address(session.id(), session.context_id(), base) })
}
