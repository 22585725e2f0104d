//! Sessions: look at one, list them, end them.

use serde_json::Value;
use taskwright_core::agentbay::wire::{Browser, DesktopInfo, Resource, Session, SessionDetail, SessionItem};

use super::answer::{Answer, Reply};
use super::find::{self, word};
use super::form::Form;
use super::{REALM, labels};
use crate::app::AppState;
use crate::store::{SessionFilter, SessionRow};

const RELEASED: &str = "It was deleted.";
/// The kind of resource that the vendor names for sessions of agents.
const KIND: &str = "AIAgent";
/// Rows of a page when the request does not say: the default of the vendor's clients.
const PAGE: u32 = 10;
const MAX_PAGE: u32 = 100;

/// A session as it is told. What this server does not offer (an address to watch it at, tools without this API) is
/// empty, as clients expect.
pub(super) fn shown(id: &str) -> Session {
    Session {
        session_id: id.to_owned(),
        app_instance_id: id.to_owned(),
        resource_id: id.to_owned(),
        success: true,
        ..Session::default()
    }
}

/// What was asked for when a session was created.
fn asked(row: &SessionRow, name: &str) -> String {
    row.configuration.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) async fn get(state: &AppState, form: &Form) -> Answer {
    let session = find::not_closed(state, form).await?;
    let status = word(session.activity()).to_owned();
    let reply = Reply::data(Session { status, contexts: Some(Vec::new()), ..shown(session.id()) })?;
    let fault = session.fault().map(|fault| format!("The session could not be paused: {fault}."));
    Ok(reply.noting(fault))
}

pub(super) async fn detail(state: &AppState, form: &Form) -> Answer {
    let session = find::not_closed(state, form).await?;
    let Some(row) = state.store.session(session.id()).await? else {
        return Err(find::missing(state, session.id()).await);
    };
    Reply::data(SessionDetail {
        id: row.id.clone(),
        status: word(session.activity()).to_owned(),
        image_id: asked(&row, "ImageId"),
        app_instance_id: row.id.clone(),
        region_id: asked(&row, "LoginRegionId"),
        end_reason: row.end_reason.unwrap_or_default(),
        is_deleted: 0,
    })
}

pub(super) async fn list(state: &AppState, form: &Form) -> Answer {
    let labels = form.object("Labels")?.map(|labels| labels::texts(&labels)).transpose()?;
    let size = form.whole("MaxResults", 1, MAX_PAGE)?.unwrap_or(PAGE);
    let after = form.next_token()?;
    let (status, image) = (form.text("Status"), form.text("ImageId"));
    let labels = labels.unwrap_or_default();
    let filter = SessionFilter { realm: Some(REALM), open: Some(true), labels, ..SessionFilter::default() };
    let mut rows = Vec::new();
    for row in state.store.sessions(filter).await? {
        // One that is being closed is not live any more.
        let Some(session) = state.sessions.open(&row.id) else { continue };
        let session_status = word(session.activity());
        let image_id = asked(&row, "ImageId");
        if status.is_none_or(|wanted| wanted == session_status)
            && image.is_none_or(|wanted| wanted == image_id)
        {
            let (session_status, session_id) = (session_status.to_owned(), row.id.clone());
            rows.push((
                row.seq,
                SessionItem { app_instance_id: row.id, session_id, session_status, image_id },
            ));
        }
    }
    let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let mut rest = rows.into_iter().filter(|(seq, _)| *seq > after);
    let page: Vec<_> = rest.by_ref().take(usize::try_from(size).unwrap_or(usize::MAX)).collect();
    let next = rest.next().and(page.last()).map(|(seq, _)| *seq);
    let items: Vec<_> = page.into_iter().map(|(_, item)| item).collect();
    Ok(Reply::data(items)?.page(next, size, total))
}

pub(super) async fn resource(state: &AppState, form: &Form) -> Answer {
    let session = find::open(state, form).await?;
    let id = session.id().to_owned();
    let desktop_info = DesktopInfo {
        app_id: id.clone(),
        connection_properties: "{}".to_owned(),
        resource_id: id.clone(),
        resource_type: KIND.to_owned(),
        ..DesktopInfo::default()
    };
    Reply::data(Resource { session_id: id, desktop_info, ..Resource::default() })
}

/// Answers when the session is closed: older clients do not ask again.
pub(super) async fn release(state: &AppState, form: &Form) -> Answer {
    let session = find::not_closed(state, form).await?;
    state.sessions.end(session.id(), RELEASED).await;
    Ok(Reply::done())
}

/// Answers at once: newer clients ask until it is closed.
pub(super) async fn delete(state: &AppState, form: &Form) -> Answer {
    find::not_closed(state, form).await?.ask_to_end(RELEASED);
    Ok(Reply::done())
}

pub(super) async fn refresh(state: &AppState, form: &Form) -> Answer {
    find::open(state, form).await?.touch();
    Ok(Reply::done())
}

/// The browser is there from the start; clients want to hear a port before they use it.
pub(super) async fn init_browser(state: &AppState, form: &Form) -> Answer {
    find::open(state, form).await?;
    Reply::data(Browser { port: state.policy.port() })
}
