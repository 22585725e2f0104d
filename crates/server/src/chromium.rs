//! The one Chromium of the server, started when it is first needed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::browser::{Browser, BrowserConfig, BrowserError, BrowserHealth, Context, ContextOptions, Relay};

/// The size of a page when nobody says another: the vendor's default.
pub const DEFAULT_VIEWPORT: (u32, u32) = (1440, 900);
/// How often a context is asked for while Chromium comes back.
const OPEN_ATTEMPTS: u32 = 8;

/// A Chromium that starts on first use. Clones share it.
#[derive(Clone)]
pub struct Chromium {
    config: BrowserConfig,
    started: Arc<OnceCell<Browser>>,
}

impl Chromium {
    /// Remembers how to start it.
    #[must_use]
    pub fn new(config: BrowserConfig) -> Self {
        Self { config, started: Arc::new(OnceCell::new()) }
    }

    /// Starts or attaches, once.
    pub async fn start(&self) -> Result<&Browser, BrowserError> {
        self.started.get_or_try_init(|| Browser::start(self.config.clone())).await
    }

    /// Opens an isolated context. Nothing was done in a context that could not be opened, so a Chromium that
    /// died a moment ago is asked again.
    pub async fn open(&self, viewport: Option<(u32, u32)>) -> Result<Context, BrowserError> {
        self.open_with(ContextOptions { viewport, ..ContextOptions::default() }).await
    }

    /// The same, with more wishes.
    pub async fn open_with(&self, options: ContextOptions) -> Result<Context, BrowserError> {
        let options = ContextOptions { viewport: options.viewport.or(Some(DEFAULT_VIEWPORT)), ..options };
        let mut attempt = 1;
        loop {
            match self.start().await?.open(options.clone()).await {
                Err(BrowserError::Gone(_)) if attempt < OPEN_ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(250)).await;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    /// Opens CDP sessions of a client's own in an open context.
    pub async fn relay(&self, context: &str) -> Result<Relay, BrowserError> {
        match self.started.get() {
            Some(browser) => browser.relay(context).await,
            None => Err(BrowserError::Gone("the browser context is closed".into())),
        }
    }

    /// How it is; not connected before its first use.
    pub async fn health(&self) -> BrowserHealth {
        match self.started.get() {
            Some(browser) => browser.health().await,
            None => BrowserHealth { connected: false, product: String::new(), restarts: 0 },
        }
    }

    /// Ends it, if it was started.
    pub async fn shutdown(&self) {
        if let Some(browser) = self.started.get() {
            browser.shutdown().await;
        }
    }
}
