//! Carries one execution out: with its inputs and cookies, its files coming and going, and pictures of it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::time::timeout;

use super::{Performer, Stopped, explain, goto};
use crate::agent::{Host, Step};
use crate::browser::{ContextOptions, Download, Downloads, Page};
use crate::inputs;
use crate::recording::Recording;
use crate::runner::Undone;
use crate::store::{Claimed, ClaimedExecution};

/// How long downloads may take that were under way when the last step ended.
const LAST_DOWNLOADS: Duration = Duration::from_secs(60);
/// How long after the last step a download may begin.
const LAST_BEGINNING: Duration = Duration::from_millis(150);

impl Performer {
    /// Does all of it.
    pub(super) async fn execution(
        &self,
        task: &Claimed,
        execution: &ClaimedExecution,
        host: &Host,
    ) -> Result<Value, Undone> {
        // Gone with what was downloaded and not kept when the run ended.
        let folder = self.store.workplace().map_err(|error| error.to_string())?;
        let options = ContextOptions {
            cookies: execution.cookies.clone(),
            downloads: Some(folder.path().to_owned()),
            ..ContextOptions::default()
        };
        let mut context = self.chromium.open_with(options).await.map_err(|error| error.to_string())?;
        let mut downloads = context.take_downloads();
        let mut recording = Recording::new(&self.store, &task.id, context.page());
        let end = tokio::select! {
            end = self.see_through(context.page(), task, execution, host) => end,
            reason = context.gone() => Err(Stopped::Gone(reason)),
            never = recording.follow() => match never {},
            never = keep(downloads.as_mut(), host) => match never {},
        };
        let end = explain(end, context.gone()).await;
        recording.finish().await;
        see_out(downloads.as_mut(), host).await;
        context.close().await;
        end
    }

    async fn see_through(
        &self,
        page: &Page,
        task: &Claimed,
        execution: &ClaimedExecution,
        host: &Host,
    ) -> Result<Value, Stopped> {
        let inputs = self.begin(page, task, execution, host).await?;
        self.instruct(page, task, inputs, host).await
    }

    /// Opens the first page of an execution, and gives its inputs with those that the address needed.
    async fn begin(
        &self,
        page: &Page,
        task: &Claimed,
        execution: &ClaimedExecution,
        host: &Host,
    ) -> Result<BTreeMap<String, String>, Stopped> {
        let mut values = inputs::texts(&execution.inputs);
        let Some(url) = &task.request.url else { return Ok(values) };
        for name in inputs::missing(url, &values) {
            let question = inputs::question(&name);
            let answer = before_steps(host, "ask", &question, host.ask(&question).map(Ok)).await?;
            values.insert(name, answer);
        }
        let url = inputs::filled(url, &values);
        host.checkpoint().await;
        before_steps(host, "open", &url, goto(page, &url)).await?;
        Ok(values)
    }
}

/// Does something before the first step of the agent, and tells of it.
async fn before_steps<T>(
    host: &Host,
    action: &str,
    detail: &str,
    work: impl Future<Output = Result<T, Stopped>>,
) -> Result<T, Stopped> {
    host.began(0, action, detail);
    let started = Instant::now();
    let ended = work.await;
    host.ended(Step {
        number: 0,
        action: action.to_owned(),
        detail: detail.to_owned(),
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        error: ended.as_ref().err().map(|stopped| stopped.reason().to_owned()),
    });
    ended
}

/// Hands on what is downloaded until it is dropped. Never ends before.
async fn keep(downloads: Option<&mut Downloads>, host: &Host) -> Infallible {
    if let Some(downloads) = downloads {
        while let Some(Download { path, name }) = downloads.next().await {
            host.downloaded(path, name);
        }
    }
    std::future::pending().await
}

/// Waits for downloads that the last step began, and until all of them are kept.
async fn see_out(downloads: Option<&mut Downloads>, host: &Host) {
    finish(downloads, host).await;
    host.written().await;
}

async fn finish(downloads: Option<&mut Downloads>, host: &Host) {
    let Some(downloads) = downloads else { return };
    let end = Instant::now() + LAST_DOWNLOADS;
    loop {
        let patience = if downloads.under_way() { LAST_DOWNLOADS } else { LAST_BEGINNING };
        match timeout(patience.min(end.saturating_duration_since(Instant::now())), downloads.next()).await {
            Ok(Some(Download { path, name })) => host.downloaded(path, name),
            Ok(None) => return,
            // One may have begun meanwhile.
            Err(_) if downloads.under_way() && Instant::now() < end => {}
            Err(_) => return,
        }
    }
}
