//! An isolated browser context with its one page.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::connection::{CallError, Connection, Made, text};
use super::page::{Page, Session};
use super::taps::Tap;
use super::{BrowserConfig, BrowserError, ContextOptions, CookieSpec, Downloads, Freezer};

/// How long Chromium may take to make a context, or to end one.
const PATIENCE: Duration = Duration::from_secs(30);
const VIEWPORT: (u32, u32) = (1280, 720);
const ONE_PAGE: &str = include_str!("one_page.js");

/// An isolated browser context (cookies, storage) with one page.
#[derive(Debug)]
pub struct Context {
    page: Page,
    downloads: Option<Downloads>,
    handle: Handle,
}

impl Context {
    pub(super) async fn open(
        connection: Connection,
        config: &BrowserConfig,
        options: &ContextOptions,
    ) -> Result<Self, BrowserError> {
        timeout(PATIENCE, Self::make(connection, config, options)).await.unwrap_or_else(|_| {
            Err(BrowserError::Timeout(format!(
                "Chromium did not open a page within {} s",
                PATIENCE.as_secs()
            )))
        })
    }

    async fn make(
        connection: Connection,
        config: &BrowserConfig,
        options: &ContextOptions,
    ) -> Result<Self, BrowserError> {
        let ask =
            async |method: &str, params: Value| connection.call(None, method, params).await.map_err(refused);
        let made = ask("Target.createBrowserContext", json!({ "disposeOnDetach": true })).await?;
        // From here on every way out disposes of the context.
        let handle = Handle { connection: connection.clone(), id: Some(text(&made, "browserContextId")) };
        let context = &handle.id;
        let behavior = match &options.downloads {
            // Under names that Chromium makes up: what a page says is no path.
            Some(folder) => json!({
                "behavior": "allowAndName", "downloadPath": folder, "eventsEnabled": true, "browserContextId": context,
            }),
            None => json!({ "behavior": "deny", "browserContextId": context }),
        };
        ask("Browser.setDownloadBehavior", behavior.clone()).await?;
        if !options.cookies.is_empty() {
            let cookies: Vec<Value> = options.cookies.iter().map(CookieSpec::param).collect();
            ask("Storage.setCookies", json!({ "cookies": cookies, "browserContextId": context })).await?;
        }
        let made =
            ask("Target.createTarget", json!({ "url": "about:blank", "browserContextId": context })).await?;
        let target = text(&made, "targetId");
        let made = Made { page: target.clone(), downloads: behavior, relays: 0 };
        connection.remember(handle.id(), made);
        let made = ask("Target.attachToTarget", json!({ "targetId": target, "flatten": true })).await?;
        let session = Session::new(connection.clone(), text(&made, "sessionId"));
        let viewport = options.viewport.unwrap_or(VIEWPORT);
        let page = Page::new(session, target, viewport, config.navigation_timeout);
        let downloads = options.downloads.clone().map(|folder| {
            let events = page.inner.taps.follow(Tap::Downloads);
            Downloads::new(connection.clone(), handle.id.clone(), events, folder)
        });
        page.prepare(ONE_PAGE).await?;
        Ok(Self { page, downloads, handle })
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// Chromium's id of it (`browserContextId`).
    #[must_use]
    pub fn id(&self) -> &str {
        self.handle.id()
    }

    /// What stops its pages and lets them go on.
    #[must_use]
    pub fn freezer(&self) -> Freezer {
        Freezer::new(self.handle.connection.clone(), self.id().to_owned(), self.page.clone())
    }

    /// Its downloads, to be taken once; `None` where they are refused.
    pub fn take_downloads(&mut self) -> Option<Downloads> {
        self.downloads.take()
    }

    /// Ends with the reason once the Chromium of this context is gone. Never ends before.
    pub async fn gone(&self) -> String {
        self.handle.connection.gone().await
    }

    /// Closes the context and everything in it. Dropping it does so in the background.
    pub async fn close(mut self) {
        if let Some(id) = self.handle.id.take() {
            dispose(&self.handle.connection, &id).await;
        }
    }
}

/// Owns a context on Chromium's side.
#[derive(Debug)]
struct Handle {
    connection: Connection,
    /// `None` once it is disposed of.
    id: Option<String>,
}

impl Handle {
    fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let connection = self.connection.clone();
        // Without a runtime the process is ending, and Chromium ends with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { dispose(&connection, &id).await });
        }
    }
}

async fn dispose(connection: &Connection, id: &str) {
    connection.forget(id);
    let command = connection.call(None, "Target.disposeBrowserContext", json!({ "browserContextId": id }));
    // A failure means that Chromium is gone, and the context with it.
    let _ = timeout(PATIENCE, command).await;
}

fn refused(error: CallError) -> BrowserError {
    match error {
        CallError::Gone(why) => BrowserError::Gone(why),
        CallError::Refused(why) => BrowserError::Gone(format!("Chromium did not open a page: {why}")),
    }
}
