//! Why the browser did not do as asked.

use std::fmt;

/// Why the browser did not do as asked. `Display` is a sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrowserError {
    /// No Chromium was found or it did not start; the text says what was tried.
    Missing(String),
    /// Chromium or the page's renderer died, or the connection to it broke.
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
