//! A real Chromium over CDP: found or attached, supervised, and handed out as isolated contexts.
//!
//! The commands are those of <https://chromedevtools.github.io/devtools-protocol/tot/>.

mod attach;
mod connection;
mod context;
mod cookies;
mod download;
mod error;
mod find;
mod freeze;
mod input;
mod launch;
mod load;
mod navigate;
mod page;
mod profile;
mod relay;
mod screencast;
mod screenshot;
mod supervise;
mod taps;
mod transport;

use std::path::PathBuf;
use std::time::Duration;

pub use context::Context;
pub use cookies::CookieSpec;
pub use download::{Download, Downloads};
pub use error::BrowserError;
pub use freeze::Freezer;
pub use input::Key;
pub use page::Page;
pub use relay::{Delivery, Relay};
pub use screencast::{CastFrame, Screencast};
pub use screenshot::ScreenshotOptions;
pub use supervise::Browser;

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
    /// Width and height of the page in CSS pixels; 1280 × 720 when absent.
    pub viewport: Option<(u32, u32)>,
    /// Cookies that it has from the start.
    pub cookies: Vec<CookieSpec>,
    /// Where its downloads go; they are refused when absent.
    pub downloads: Option<PathBuf>,
}
