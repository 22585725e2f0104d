//! Going from document to document.

use serde_json::{Value, json};
use tokio::time::{Duration, timeout};

use super::connection::text;
use super::load::Load;
use super::{BrowserError, Page};

/// How long nothing may begin to load until a click is taken to have led nowhere.
const QUIET: Duration = Duration::from_millis(120);

/// How long the news of a download may take that a navigation became.
const DOWNLOAD: Duration = Duration::from_millis(500);

impl Page {
    /// Opens an `http` or `https` address and waits until the document is loaded.
    ///
    /// An answer with an HTTP error status is a document like any other. Where downloads are kept, the address of
    /// a file begins one, and the document stays.
    pub async fn goto(&self, url: &str) -> Result<(), BrowserError> {
        let url = url.trim();
        check(url)?;
        self.within(url, async {
            let mut downloads = self.inner.taps.downloads();
            let answer = self.command("Page.navigate", json!({ "url": url })).await?;
            let reason = text(&answer, "errorText");
            if reason == "net::ERR_ABORTED"
                && let Some(downloads) = &mut downloads
                && timeout(DOWNLOAD, downloads.changed()).await.is_ok()
            {
                return Ok(());
            }
            if !reason.is_empty() {
                return Err(failure(url, &reason));
            }
            // Without a loader it was a jump within the document.
            if let Some(loader) = answer.get("loaderId").and_then(Value::as_str) {
                self.wait_until(|load| load.has_loaded(loader)).await?;
            }
            Ok(())
        })
        .await?;
        // The document may have led on to an address that cannot be opened.
        self.refuse_error_page().await
    }

    /// Goes back to the document before. Fails when there is none.
    pub async fn back(&self) -> Result<(), BrowserError> {
        let history = self.command("Page.getNavigationHistory", json!({})).await?;
        let current = history.get("currentIndex").and_then(Value::as_u64).unwrap_or_default();
        let entry = usize::try_from(current)
            .ok()
            .and_then(|current| current.checked_sub(1))
            .and_then(|index| history.get("entries").and_then(|entries| entries.get(index)))
            .filter(|entry| text(entry, "url") != "about:blank")
            .and_then(|entry| entry.get("id"))
            .ok_or_else(|| BrowserError::Navigation("there is no page to go back to".into()))?;
        self.command("Page.navigateToHistoryEntry", json!({ "entryId": entry })).await?;
        self.settle().await
    }

    /// Loads the document again.
    pub async fn reload(&self) -> Result<(), BrowserError> {
        self.command("Page.reload", json!({})).await?;
        self.settle().await
    }

    /// Waits for the navigation that the last action caused, if it caused one.
    pub async fn settle(&self) -> Result<(), BrowserError> {
        self.within("the page", async {
            loop {
                self.wait_until(|load| !load.busy).await?;
                let starts = self.inner.load.borrow().starts;
                let began = self.wait_until(|load| load.busy || load.starts != starts);
                match timeout(QUIET, began).await {
                    Ok(began) => began?,
                    Err(_) => return Ok(()),
                }
            }
        })
        .await?;
        self.refuse_error_page().await
    }

    async fn refuse_error_page(&self) -> Result<(), BrowserError> {
        let Some(url) = self.inner.load.borrow().unreachable.clone() else { return Ok(()) };
        let code = self.evaluate("document.querySelector('.error-code')?.textContent").await;
        let code = code.ok().and_then(|code| code.as_str().map(str::to_owned));
        Err(failure(&url, code.as_deref().unwrap_or("the server could not be reached")))
    }

    async fn wait_until(&self, condition: impl Fn(&Load) -> bool) -> Result<(), BrowserError> {
        let mut load = self.inner.load.clone();
        let reached = load.wait_for(|load| condition(load)).await.is_ok();
        if reached {
            return Ok(());
        }
        // The events ended, and a command says why.
        self.command("Page.enable", json!({})).await?;
        Err(BrowserError::Gone("the page was closed".into()))
    }

    async fn within<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, BrowserError>>,
    ) -> Result<T, BrowserError> {
        let limit = self.inner.navigation_timeout;
        let loading = Loading(self);
        match timeout(limit, work).await {
            Ok(result) => {
                std::mem::forget(loading);
                result
            }
            Err(_) => {
                Err(BrowserError::Timeout(format!("{what} was not loaded within {} ms", limit.as_millis())))
            }
        }
    }
}

/// What is waited for. Dropped too early, because the time is up or the task was ended, it stops to load: it would disturb
/// whatever comes next, and Chromium holds commands back as long as a document may still come.
struct Loading<'a>(&'a Page);

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        self.0.inner.session.tell("Page.stopLoading");
    }
}

/// Only the web is open to tasks: `file:` would read this machine, `chrome:` would configure the browser, and
/// `javascript:` and `data:` would run what a prompt smuggles in.
fn check(url: &str) -> Result<(), BrowserError> {
    let lower = url.to_ascii_lowercase();
    let rest = lower.strip_prefix("http://").or_else(|| lower.strip_prefix("https://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(()),
        None if lower == "about:blank" => Ok(()),
        _ => Err(BrowserError::Navigation(format!(
            "cannot open {url}: only http:// and https:// addresses are opened"
        ))),
    }
}

fn failure(url: &str, reason: &str) -> BrowserError {
    let reason = reason.strip_prefix("net::").unwrap_or(reason);
    let meaning = match reason {
        "ERR_NAME_NOT_RESOLVED" => " (no such host)",
        "ERR_CONNECTION_REFUSED" => " (nothing listens there)",
        "ERR_INTERNET_DISCONNECTED" => " (this machine is offline)",
        "ERR_ABORTED" => " (it is a download, or the server sent no document)",
        "ERR_HTTP_RESPONSE_CODE_FAILURE" => " (an error status without a document)",
        "ERR_UNSAFE_PORT" => " (a port that browsers refuse)",
        _ => "",
    };
    BrowserError::Navigation(format!("cannot open {url}: {reason}{meaning}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_and_the_blank_page_are_opened() {
        for url in ["http://localhost:1/x", "https://example.com", "HTTP://EXAMPLE.COM", "about:blank"] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
        for url in [
            "file:///etc/passwd",
            "chrome://settings",
            "javascript:alert(1)",
            "data:text/html,x",
            "view-source:http://example.com",
            "example.com",
            "http://",
            "http:///etc",
            "about:config",
            "",
        ] {
            assert!(matches!(check(url), Err(BrowserError::Navigation(_))), "{url}");
        }
    }
}
