//! What a client may ask for: an allow-list, so that a command that nobody thought of is refused.
//!
//! A link is to one browser context. Refused is what reaches other contexts or the whole browser, what reads or writes
//! files of the server's machine, and what would take the page away from under the server's own tasks.

use serde_json::{Value, json};

use super::message::text;

/// Domains that act on the one target of a session, or on the storage of its context.
const OF_A_TARGET: [&str; 37] = [
    "Accessibility",
    "Animation",
    "Audits",
    "Autofill",
    "BackgroundService",
    "CSS",
    "CacheStorage",
    "Console",
    "DOM",
    "DOMDebugger",
    "DOMSnapshot",
    "DOMStorage",
    "Debugger",
    "DeviceOrientation",
    "Emulation",
    "EventBreakpoints",
    "FedCm",
    "Fetch",
    "HeapProfiler",
    "IO",
    "IndexedDB",
    "Input",
    "Inspector",
    "LayerTree",
    "Log",
    "Media",
    "Network",
    "Overlay",
    "Page",
    "Performance",
    "PerformanceTimeline",
    "Profiler",
    "Runtime",
    "Security",
    "ServiceWorker",
    "WebAudio",
    "WebAuthn",
];

/// Commands of the browser that Chromium limits to a context when they name it.
const OF_A_CONTEXT: [&str; 7] = [
    "Browser.cancelDownload",
    "Browser.grantPermissions",
    "Browser.resetPermissions",
    "Browser.setPermission",
    "Storage.clearCookies",
    "Storage.getCookies",
    "Storage.setCookies",
];

/// Commands of `Storage` for the storage of the page that they are sent to.
const OF_A_PAGES_STORAGE: [&str; 8] = [
    "Storage.clearDataForOrigin",
    "Storage.clearDataForStorageKey",
    "Storage.getStorageKey",
    "Storage.getStorageKeyForFrame",
    "Storage.getUsageAndQuota",
    "Storage.overrideQuotaForOrigin",
    "Storage.trackIndexedDBForStorageKey",
    "Storage.untrackIndexedDBForStorageKey",
];

const FILES: &str = "a link has no access to files of the server's machine";
const DOWNLOADS: &str = "downloads are refused in sessions";
const STAYS: &str = "it could end the page that the session itself works in; close the page";
const ONE: &str = "this link is to one browser context";

/// Whom a command is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The browser itself.
    Root,
    /// A page, frame or worker; `own` when it is the page that the server works in.
    Target {
        /// Whether it is that page.
        own: bool,
    },
}

/// What becomes of a command that is not one of `Target`, which the proxy carries out itself.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// It goes to Chromium, with these parameters.
    Forward(Value),
    /// It is answered with an error.
    Refuse(String),
    /// The client wants to leave.
    Leave,
    /// The page that the server works in is to be closed.
    CloseOwn,
    /// It goes to Chromium if this window is one of the context.
    ForWindow(i64),
}

/// Judges a command for a context.
pub(super) fn judge(level: Level, context: &str, method: &str, mut params: Value) -> Verdict {
    let refuse = |why: &str| Verdict::Refuse(refusal(method, why));
    if OF_A_CONTEXT.contains(&method) {
        if let Err(why) = confine(&mut params, context) {
            return refuse(why);
        }
        return Verdict::Forward(params);
    }
    match (level, method) {
        (_, "Browser.getVersion") => Verdict::Forward(params),
        (_, "Browser.close") => Verdict::Leave,
        // Without a target it means the one of its session.
        (Level::Target { .. }, "Browser.getWindowForTarget") if params.get("targetId").is_none() => {
            Verdict::Forward(params)
        }
        (_, "Browser.getWindowBounds" | "Browser.setWindowBounds") => {
            Verdict::ForWindow(params.get("windowId").and_then(Value::as_i64).unwrap_or_default())
        }
        (Level::Root, "Browser.setDownloadBehavior") => {
            if let Err(why) = confine(&mut params, context) {
                return refuse(why);
            }
            // Playwright asks for downloads whether its user wants any or not. It gets the events, which say that
            // they were cancelled; files would be written to this machine.
            let events = params.get("eventsEnabled").and_then(Value::as_bool).unwrap_or_default();
            Verdict::Forward(
                json!({ "behavior": "deny", "eventsEnabled": events, "browserContextId": context }),
            )
        }
        (Level::Target { own }, _) => of_a_target(own, method, params),
        (Level::Root, _) => refuse(ONE),
    }
}

/// The sentence for a command that is refused.
pub(super) fn refusal(method: &str, why: &str) -> String {
    format!("{method} is refused: {why}")
}

/// Makes a command one for this context; fails when it names another.
pub(super) fn confine(params: &mut Value, context: &str) -> Result<(), &'static str> {
    if !matches!(params.get("browserContextId"), None | Some(Value::Null))
        && text(params, "browserContextId") != context
    {
        return Err(ONE);
    }
    if let Some(fields) = params.as_object_mut() {
        fields.insert("browserContextId".into(), context.into());
    }
    Ok(())
}

fn of_a_target(own: bool, method: &str, params: Value) -> Verdict {
    let refuse = |why: &str| Verdict::Refuse(refusal(method, why));
    let has_files = |files: &Value| files.as_array().is_none_or(|files| !files.is_empty());
    match method {
        "Page.crash" => return refuse("it would end what others use"),
        "Page.close" if own => return Verdict::CloseOwn,
        "Page.setDownloadBehavior" => return refuse(DOWNLOADS),
        "DOM.setFileInputFiles" if params.get("files").is_none_or(has_files) => return refuse(FILES),
        "Input.dispatchDragEvent" if params.pointer("/data/files").is_some_and(has_files) => {
            return refuse(FILES);
        }
        "Page.navigate" | "Network.loadNetworkResource" | "Fetch.continueRequest" => {
            if let Err(why) = may_open(text(&params, "url")) {
                return refuse(why);
            }
        }
        _ => {}
    }
    let domain = method.split('.').next().unwrap_or_default();
    if OF_A_TARGET.contains(&domain) || OF_A_PAGES_STORAGE.contains(&method) {
        Verdict::Forward(params)
    } else {
        refuse("it is not limited to the browser context of this link")
    }
}

/// Whether a client may open an address. `file:` would read this machine's files, `chrome:` pages have a power over the
/// whole browser.
pub(super) fn may_open(url: &str) -> Result<(), &'static str> {
    // Chromium takes what has no scheme for no address at all.
    let Some((scheme, rest)) = url.split_once(':') else { return Ok(()) };
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" | "data" | "blob" | "javascript" => Ok(()),
        // Others of these are pages of `chrome:`.
        "about" if rest.starts_with("blank") || rest.starts_with("srcdoc") => Ok(()),
        _ => Err("only http, https, data and blob addresses and about:blank can be opened"),
    }
}

/// Why a tab is not closed.
pub(super) const fn stays() -> &'static str {
    STAYS
}

/// Why nothing beyond the context is shown or touched.
pub(super) const fn one_context() -> &'static str {
    ONE
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Level = Level::Target { own: false };

    fn refused(level: Level, method: &str, params: Value) -> bool {
        matches!(judge(level, "A", method, params), Verdict::Refuse(why) if why.starts_with(method))
    }

    #[test]
    fn what_reaches_beyond_the_context_is_refused() {
        for method in [
            "Browser.crash",
            "Browser.getBrowserCommandLine",
            "Fetch.enable",
            "Memory.prepareForLeakDetection",
            "Network.enable",
            "Security.setIgnoreCertificateErrors",
            "SystemInfo.getProcessInfo",
            "Tracing.start",
            "Storage.clearDataForOrigin",
            "NoSuch.thing",
            "",
        ] {
            assert!(refused(Level::Root, method, json!({})), "{method}");
        }
        for method in
            ["Tracing.start", "Extensions.loadUnpacked", "SystemInfo.getInfo", "Browser.crash", "PWA.install"]
        {
            assert!(refused(PAGE, method, json!({})), "{method}");
        }
        assert!(refused(Level::Root, "Storage.getCookies", json!({ "browserContextId": "B" })));
        assert!(refused(PAGE, "Storage.getCookies", json!({ "browserContextId": 7 })));
    }

    #[test]
    fn what_chromium_can_limit_to_a_context_is_limited_to_it() {
        for method in OF_A_CONTEXT {
            for level in [Level::Root, PAGE] {
                let verdict = judge(level, "A", method, json!({ "x": 1 }));
                assert_eq!(verdict, Verdict::Forward(json!({ "x": 1, "browserContextId": "A" })), "{method}");
            }
        }
        let wish = json!({ "behavior": "allow", "downloadPath": "/tmp", "eventsEnabled": true });
        assert_eq!(
            judge(Level::Root, "A", "Browser.setDownloadBehavior", wish),
            Verdict::Forward(json!({ "behavior": "deny", "eventsEnabled": true, "browserContextId": "A" }))
        );
    }

    #[test]
    fn files_of_the_machine_are_out_of_reach() {
        for (method, params) in [
            ("DOM.setFileInputFiles", json!({ "files": ["/etc/passwd"] })),
            ("DOM.setFileInputFiles", json!({ "files": "/etc/passwd" })),
            ("Input.dispatchDragEvent", json!({ "data": { "files": ["/etc/passwd"] } })),
            ("Page.setDownloadBehavior", json!({ "behavior": "allow", "downloadPath": "/tmp" })),
            ("Page.navigate", json!({ "url": "file:///etc/passwd" })),
            ("Page.navigate", json!({ "url": " FILE:///etc/passwd" })),
            ("Page.navigate", json!({ "url": "fi\tle:///etc/passwd" })),
            ("Page.navigate", json!({ "url": "view-source:file:///etc/passwd" })),
            ("Page.navigate", json!({ "url": "chrome://crash" })),
            ("Page.navigate", json!({ "url": "about:gpu" })),
            ("Network.loadNetworkResource", json!({ "url": "file:///etc/passwd" })),
        ] {
            assert!(refused(PAGE, method, params.clone()), "{method} {params}");
        }
        for (method, params) in [
            ("DOM.setFileInputFiles", json!({ "files": [] })),
            ("Input.dispatchDragEvent", json!({ "data": { "files": [], "items": [] } })),
            ("Page.navigate", json!({ "url": "HTTP://a.example/?to=file:///x" })),
            ("Page.navigate", json!({ "url": "about:blank" })),
            ("Fetch.continueRequest", json!({ "requestId": "1" })),
        ] {
            assert_eq!(judge(PAGE, "A", method, params.clone()), Verdict::Forward(params), "{method}");
        }
    }

    #[test]
    fn the_page_of_the_session_stays() {
        assert_eq!(judge(Level::Target { own: true }, "A", "Page.close", json!({})), Verdict::CloseOwn);
        assert_eq!(judge(PAGE, "A", "Page.close", json!({})), Verdict::Forward(json!({})));
        assert!(refused(PAGE, "Page.crash", json!({})));
        assert_eq!(judge(PAGE, "A", "Browser.close", json!({})), Verdict::Leave);
    }
}
