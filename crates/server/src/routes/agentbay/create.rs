//! Creating a session: which options are honoured, which pass, which ask for something that is not here.

use std::time::Duration;

use serde_json::{Map, Value};
use taskwright_core::operation::InvalidInput;

use super::answer::{Answer, Reply};
use super::form::Form;
use super::{REALM, labels, sessions};
use crate::app::AppState;
use crate::error::Failure;
use crate::sessions::{CreateError, SessionOptions};
use axum::http::StatusCode;

/// Where old clients have a context for file transfers mounted in every session, asked or not.
const FILE_TRANSFER: &str = "/tmp/file-transfer";
/// Longest time that can be asked for, in its unit.
const LONGEST: u32 = 31_536_000;
/// What is kept of the request, for whoever asks later.
const KEPT: [&str; 2] = ["ImageId", "LoginRegionId"];
/// Flags that turn on something that is not here.
const NOT_HERE_FLAGS: [&str; 3] = ["VpcResource", "EnableRecord", "LoadSkill"];
/// Names of things that are not here.
const NOT_HERE_TEXTS: [&str; 2] = ["McpPolicyId", "NetworkId"];

pub(super) async fn create(state: &AppState, form: &Form) -> Answer {
    let options = read(form, state.idle_release)?;
    let kept = KEPT.iter().filter_map(|name| Some(((*name).to_owned(), Value::from(form.text(name)?))));
    match state.sessions.create(options, Value::Object(kept.collect())).await {
        Ok(id) => Reply::data(sessions::shown(&id)),
        Err(CreateError::Full(limit)) => {
            let text = format!("{limit} sessions are open, which is the limit (--sessions); end one first.");
            Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, text).again_after(30).into())
        }
        Err(CreateError::Browser(error)) => Err(error.into()),
        Err(CreateError::Store(error)) => Err(error.into()),
    }
}

fn read(form: &Form, idle_release: Duration) -> Result<SessionOptions, InvalidInput> {
    refuse_what_is_not_here(form)?;
    let labels = form.object("Labels")?.unwrap_or_else(Map::new);
    let (idle_timeout, max_duration) = life(form, idle_release)?;
    Ok(SessionOptions {
        realm: REALM,
        id_prefix: "session-",
        labels: labels::texts(&labels)?,
        idle_timeout,
        max_duration,
        ..SessionOptions::default()
    })
}

fn refuse_what_is_not_here(form: &Form) -> Result<(), InvalidInput> {
    let refuse = |name: &str| form.refuse(name, "asks for something that the local server does not do");
    for name in NOT_HERE_FLAGS {
        if form.flag(name)? == Some(true) {
            return Err(refuse(name));
        }
    }
    if let Some(name) = NOT_HERE_TEXTS.iter().find(|name| form.text(name).is_some()) {
        return Err(refuse(name));
    }
    if !form.list("Skills")?.is_empty() {
        return Err(refuse("Skills"));
    }
    if form.object("ExtraConfigs")?.is_some_and(|configs| configs.values().any(|value| !value.is_null())) {
        return Err(refuse("ExtraConfigs"));
    }
    let path = |mount: &Value| mount.get("Path").and_then(Value::as_str).map(str::to_owned);
    if form.list("PersistenceDataList")?.iter().any(|mount| path(mount).as_deref() != Some(FILE_TRANSFER)) {
        return Err(refuse("PersistenceDataList"));
    }
    Ok(())
}

/// How long it lives unused, and at all. `Timeout` is in seconds, but in minutes where `MaxRuntime` stands beside it: the
/// vendor's clients fill it from two options of their own.
fn life(form: &Form, idle_release: Duration) -> Result<(Option<Duration>, Option<Duration>), InvalidInput> {
    let idle = form.whole("Timeout", 1, LONGEST)?;
    let max = form.whole("MaxRuntime", 1, LONGEST)?;
    if form.flag("ManualRelease")? == Some(true) {
        return match (idle, max) {
            (None, None) => Ok((None, None)),
            _ => Err(form.refuse("ManualRelease", "and \"Timeout\" or \"MaxRuntime\" exclude each other")),
        };
    }
    let unit = if max.is_some() { 60 } else { 1 };
    let time = |number: u32, unit: u64| Duration::from_secs(u64::from(number).saturating_mul(unit));
    let default = Some(idle_release).filter(|idle| !idle.is_zero());
    Ok((idle.map(|idle| time(idle, unit)).or(default), max.map(|max| time(max, 60))))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;

    use super::*;

    async fn options(query: &str) -> Result<SessionOptions, String> {
        let form =
            Form::read(Request::post(format!("/?{query}")).body(Body::empty()).unwrap()).await.unwrap();
        read(&form, Duration::from_secs(1800)).map_err(|invalid| invalid.to_string())
    }

    #[tokio::test]
    async fn idle_time_is_in_seconds_or_minutes_or_none_as_the_clients_mean_it() {
        let life = async |query: &str| {
            let options = options(query).await.unwrap();
            let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
            (seconds(options.idle_timeout), seconds(options.max_duration))
        };
        assert_eq!(life("").await, (Some(1800), None));
        assert_eq!(life("Timeout=90").await, (Some(90), None));
        assert_eq!(life("Timeout=5&MaxRuntime=30").await, (Some(300), Some(1800)));
        assert_eq!(life("ManualRelease=True").await, (None, None));
        let none = Form::read(Request::post("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(read(&none, Duration::ZERO).unwrap().idle_timeout, None);
    }

    #[tokio::test]
    async fn what_every_client_sends_passes_and_what_is_not_here_is_refused_by_name() {
        let file_transfer =
            "PersistenceDataList=[{\"ContextId\":\"c\",\"Path\":\"/tmp/file-transfer\",\"Policy\":\"{}\"}]";
        for query in [
            "VpcResource=False&SdkStats={\"source\":\"sdk\"}&LoginRegionId=cn-hangzhou&ImageId=browser_latest",
            &file_transfer.replace('"', "%22"),
            "ExtraConfigs={}&Skills=[]&Labels=",
        ] {
            let query = query.replace('{', "%7B").replace('}', "%7D").replace('"', "%22");
            options(&query).await.unwrap();
        }
        for (query, named) in [
            ("VpcResource=True", "VpcResource"),
            ("EnableRecord=true", "EnableRecord"),
            ("McpPolicyId=p", "McpPolicyId"),
            ("NetworkId=n", "NetworkId"),
            ("Skills=[1]", "Skills"),
            ("PersistenceDataList=[%7B%22Path%22:%22/home%22%7D]", "PersistenceDataList"),
            ("PersistenceDataList=[%7B%22Type%22:%22mount%22%7D]", "PersistenceDataList"),
            ("Labels=%7B%22a%22:1%7D", "Labels"),
            ("Labels=[]", "Labels"),
            ("Timeout=0", "Timeout"),
            ("Timeout=5m", "Timeout"),
            ("ManualRelease=true&Timeout=5", "ManualRelease"),
            ("ManualRelease=yes", "ManualRelease"),
        ] {
            let error = options(query).await.unwrap_err();
            assert!(error.starts_with(&format!("\"{named}\"")), "{query}: {error}");
        }
    }
}
