//! A real Chromium over CDP: found or attached, supervised, and handed out as isolated contexts.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

/// How to come by a Chromium and how long to wait for it.
#[derive(Debug, Clone)]
pub struct BrowserConfig {
    /// A Chromium to start; without it the usual names are looked for.
    pub executable: Option<PathBuf>,
    /// A CDP endpoint (`ws://...` or `http://host:port`) to attach to instead of starting one.
    pub cdp: Option<String>,
    /// How long one navigation may take.
    pub navigation_timeout: Duration,
}

/// A supervised Chromium. Clones share it.
#[derive(Debug, Clone)]
pub struct Browser {}

impl Browser {
    /// Starts or attaches; fails with what was looked for and how to help.
    pub async fn start(_config: BrowserConfig) -> Result<Self, BrowserError> {
        Err(BrowserError::Gone("not written yet".into()))
    }

    /// Opens an isolated context with one page. Waits for a restart that is under way.
    pub async fn open(&self, _options: ContextOptions) -> Result<Context, BrowserError> {
        Err(BrowserError::Gone("not written yet".into()))
    }

    /// Whether a Chromium is connected right now, its product string, and how often it was started again.
    pub async fn health(&self) -> BrowserHealth {
        BrowserHealth { connected: false, product: String::new(), restarts: 0 }
    }

    /// Ends a Chromium that we started, with every process of it; detaches from one that we did not.
    pub async fn shutdown(&self) {}
}

/// What `/healthz` says of the browser.
#[derive(Debug, Clone)]
pub struct BrowserHealth {
    /// Whether commands can be sent.
    pub connected: bool,
    /// For example `Chrome/156.0.8078.73`.
    pub product: String,
    /// Times that it died and was started again.
    pub restarts: u64,
}

/// Wishes for a new context.
#[derive(Debug, Clone, Default)]
pub struct ContextOptions {
    /// Width and height of the page in CSS pixels.
    pub viewport: Option<(u32, u32)>,
}

/// An isolated browser context (cookies, storage) with one page.
#[derive(Debug)]
pub struct Context {}

impl Context {
    /// The page.
    #[must_use]
    pub fn page(&self) -> &Page {
        &Page {}
    }

    /// Ends with the reason once the Chromium of this context is gone. Never ends before.
    pub async fn gone(&self) -> String {
        std::future::pending().await
    }

    /// Closes the context and everything in it. Dropping it does so in the background.
    pub async fn close(self) {}
}

/// An open page. Clones drive the same page.
#[derive(Debug, Clone)]
pub struct Page {}

impl Page {
    /// Opens an `http` or `https` address and waits until the document is loaded.
    pub async fn goto(&self, _url: &str) -> Result<(), BrowserError> {
        Ok(())
    }

    /// The current address.
    pub async fn url(&self) -> Result<String, BrowserError> {
        Ok(String::new())
    }

    /// The document as HTML.
    pub async fn html(&self) -> Result<String, BrowserError> {
        Ok(String::new())
    }

    /// The value of a JavaScript expression (awaited when it is a promise), as JSON.
    pub async fn evaluate(&self, _expression: &str) -> Result<Value, BrowserError> {
        Ok(Value::Null)
    }

    /// A PNG of the viewport, or of the whole page.
    pub async fn screenshot(&self, _options: ScreenshotOptions) -> Result<Vec<u8>, BrowserError> {
        Ok(Vec::new())
    }
}

/// What a screenshot shall show.
#[derive(Debug, Clone, Default)]
pub struct ScreenshotOptions {
    /// Viewport for this picture, in CSS pixels; as it is when absent.
    pub viewport: Option<(u32, u32)>,
    /// The whole height of the document instead of the viewport.
    pub full_page: bool,
}

/// Why the browser did not do as asked. `Display` is a sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrowserError {
    /// No Chromium was found or it did not start; the text says what was tried.
    Missing(String),
    /// Chromium died or the connection to it broke.
    Gone(String),
    /// A navigation failed: which address, and Chromium's reason.
    Navigation(String),
    /// Something took longer than its limit.
    Timeout(String),
    /// The script threw or its value is not JSON.
    Script(String),
}

impl fmt::Display for BrowserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(text)
            | Self::Gone(text)
            | Self::Navigation(text)
            | Self::Timeout(text)
            | Self::Script(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for BrowserError {}
