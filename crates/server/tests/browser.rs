//! The browser module against a real Chromium and pages on loopback.

// A test states its expectations by unwrapping, in its helpers too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod fixtures;

use std::time::Duration;

use fixtures::{Site, browser, browser_with};
use serde_json::json;
use taskwright_server::browser::{Browser, BrowserConfig, BrowserError, ContextOptions, ScreenshotOptions};
use tokio::time::timeout;

const PAGES: &[(&str, &str)] = &[
    ("/", "<!doctype html><title>Home</title><h1>Welcome</h1><div style='height:3000px'></div>"),
    ("/next", "<title>Next</title><h1>Next page</h1>"),
    ("/to-slow", "<title>Half</title><img src='/slow'>"),
    ("/client-redirect", "<script>location.replace('/next')</script>"),
    (
        "/dialogs",
        "<title>Dialogs</title><script>alert('hello'); window.agreed = confirm('sure?'); \
         onbeforeunload = (event) => event.preventDefault();</script>",
    ),
    ("/popup", "<a id=blank href='/next' target=_blank style='position:absolute;left:0;top:0'>Blank</a>"),
];

fn config() -> BrowserConfig {
    BrowserConfig { executable: None, cdp: None, navigation_timeout: Duration::from_secs(20) }
}

async fn open(browser: &Browser) -> taskwright_server::browser::Context {
    browser.open(ContextOptions::default()).await.unwrap()
}

/// Size from the IHDR chunk of a PNG.
fn png_size(png: &[u8]) -> (u32, u32) {
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (side(16), side(20))
}

#[test]
fn every_future_can_run_in_a_task_of_its_own() {
    fn send<T: Send>(_: impl FnOnce() -> T) {}
    fn with(browser: &Browser, context: taskwright_server::browser::Context) {
        send(|| browser.open(ContextOptions::default()));
        send(|| browser.shutdown());
        send(|| Browser::start(config()));
        send(|| context.gone());
        send(|| context.page().goto(""));
        send(|| context.page().settle());
        send(|| context.page().back());
        send(|| context.page().evaluate(""));
        send(|| context.page().screenshot(ScreenshotOptions::default()));
        send(|| context.close());
    }
    let _ = with;
}

#[tokio::test]
async fn a_page_is_opened_asked_and_photographed() {
    let (browser, site) = (browser().await, Site::start(PAGES).await);
    let health = browser.health().await;
    assert!(health.connected && health.product.contains('/'), "{health:?}");

    let context =
        browser.open(ContextOptions { viewport: Some((800, 600)), ..Default::default() }).await.unwrap();
    let page = context.page();
    assert_eq!(page.url().await.unwrap(), "about:blank");
    page.goto(&site.url("/")).await.unwrap();
    assert_eq!(page.url().await.unwrap(), site.url("/"));
    assert_eq!(page.evaluate("document.title").await.unwrap(), "Home");
    assert_eq!(
        page.evaluate("({ list: [1, null], sum: 1 + 1 })").await.unwrap(),
        json!({ "list": [1, null], "sum": 2 })
    );
    assert_eq!(page.evaluate("Promise.resolve(7)").await.unwrap(), 7);
    assert_eq!(page.evaluate("undefined").await.unwrap(), json!(null));
    assert!(page.html().await.unwrap().starts_with("<!DOCTYPE html>"));

    let thrown = page.evaluate("(() => { throw new Error('broken') })()").await.unwrap_err();
    assert_eq!(thrown, BrowserError::Script("Error: broken".into()));
    assert!(matches!(page.evaluate("0n").await, Err(BrowserError::Script(_))));

    let shot = async |options| png_size(&page.screenshot(options).await.unwrap());
    assert_eq!(shot(ScreenshotOptions::default()).await, (800, 600));
    assert_eq!(shot(ScreenshotOptions { viewport: Some((320, 200)), full_page: false }).await, (320, 200));
    assert_eq!(page.evaluate("[innerWidth, innerHeight]").await.unwrap(), json!([800, 600]));
    let (width, height) = shot(ScreenshotOptions { viewport: None, full_page: true }).await;
    assert!(width == 800 && height > 3000, "{width} x {height}");
    context.close().await;
    browser.shutdown().await;
}

#[tokio::test]
async fn navigations_end_with_the_document_or_with_the_reason() {
    let (browser, site) = (browser().await, Site::start(PAGES).await);
    let context = open(&browser).await;
    let page = context.page();
    for url in ["file:///etc/passwd", "chrome://version", "javascript:alert(1)", "data:text/html,x"] {
        let refused = page.goto(url).await.unwrap_err();
        assert!(matches!(&refused, BrowserError::Navigation(why) if why.contains("only http")), "{refused}");
    }
    page.goto(&site.url("/redirect")).await.unwrap();
    assert_eq!(page.url().await.unwrap(), site.url("/"));
    page.goto(&site.url("/missing")).await.unwrap();
    assert_eq!(page.evaluate("document.querySelector('h1').textContent").await.unwrap(), "Nothing here");
    page.goto(&site.url("/client-redirect")).await.unwrap();
    page.settle().await.unwrap();
    assert_eq!(page.url().await.unwrap(), site.url("/next"));
    page.goto(&site.url("/next#part")).await.unwrap();
    assert_eq!(page.url().await.unwrap(), site.url("/next#part"));
    page.reload().await.unwrap();

    let refused = page.goto("http://127.0.0.1:9/").await.unwrap_err();
    assert!(matches!(refused, BrowserError::Navigation(_)), "{refused}");
    let refused = page.goto("http://no-such-host.invalid/").await.unwrap_err().to_string();
    assert!(refused.contains("http://no-such-host.invalid/") && refused.contains("ERR_"), "{refused}");
    let refused = page.goto(&site.url("/file")).await.unwrap_err();
    assert!(matches!(refused, BrowserError::Navigation(_)), "{refused}");

    page.goto(&site.url("/")).await.unwrap();
    page.evaluate("void (location.href = 'http://no-such-host.invalid/')").await.unwrap();
    let refused = page.settle().await.unwrap_err();
    assert!(matches!(&refused, BrowserError::Navigation(why) if why.contains("no-such-host")), "{refused}");
    page.goto(&site.url("/")).await.unwrap();
    page.goto(&site.url("/next")).await.unwrap();
    page.back().await.unwrap();
    assert_eq!(page.evaluate("document.title").await.unwrap(), "Home");
    browser.shutdown().await;
}

#[tokio::test]
async fn a_navigation_that_takes_too_long_times_out_and_the_page_stays_usable() {
    let site = Site::start(PAGES).await;
    let browser =
        browser_with(BrowserConfig { navigation_timeout: Duration::from_millis(700), ..config() }).await;
    let context = open(&browser).await;
    for path in ["/slow", "/to-slow"] {
        let late = context.page().goto(&site.url(path)).await.unwrap_err();
        assert!(matches!(&late, BrowserError::Timeout(why) if why.contains("700 ms")), "{late}");
    }
    context.page().goto(&site.url("/next")).await.unwrap();
    assert_eq!(context.page().evaluate("document.title").await.unwrap(), "Next");
    browser.shutdown().await;
}

#[tokio::test]
async fn contexts_share_no_cookies_and_no_storage() {
    let (browser, site) = (browser().await, Site::start(PAGES).await);
    let (one, other) = (open(&browser).await, open(&browser).await);
    one.page().goto(&site.url("/")).await.unwrap();
    other.page().goto(&site.url("/")).await.unwrap();
    one.page().evaluate("document.cookie = 'a=1'; localStorage.a = 1").await.unwrap();
    let seen = "[document.cookie, localStorage.length]";
    assert_eq!(one.page().evaluate(seen).await.unwrap(), json!(["a=1", 1]));
    assert_eq!(other.page().evaluate(seen).await.unwrap(), json!(["", 0]));
    browser.shutdown().await;
}

#[tokio::test]
async fn dialogs_and_new_windows_do_not_hold_a_page_up() {
    let (browser, site) = (browser().await, Site::start(PAGES).await);
    let context = open(&browser).await;
    let page = context.page();
    page.goto(&site.url("/dialogs")).await.unwrap();
    assert_eq!(page.evaluate("window.agreed").await.unwrap(), false);
    page.click_at(10.0, 10.0).await.unwrap();
    page.goto(&site.url("/popup")).await.unwrap();
    page.click_at(5.0, 5.0).await.unwrap();
    page.settle().await.unwrap();
    assert_eq!(page.evaluate("document.title").await.unwrap(), "Next");
    page.evaluate("void open('/')").await.unwrap();
    page.settle().await.unwrap();
    assert_eq!(page.evaluate("document.title").await.unwrap(), "Home");
    browser.shutdown().await;
}

#[tokio::test]
async fn contexts_leave_nothing_behind_whether_closed_or_dropped() {
    let browser = browser().await;
    let count = async || browser.open_pages().await.unwrap();
    let before = count().await;
    for round in 0..20 {
        let context = open(&browser).await;
        if round % 2 == 0 {
            context.close().await;
        }
    }
    for _ in 0..100 {
        if count().await == before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(count().await, before);
    browser.shutdown().await;
}

#[tokio::test]
async fn a_crashed_page_fails_its_calls_and_leaves_the_others_alone() {
    let (browser, site) = (browser().await, Site::start(PAGES).await);
    let (doomed, healthy) = (open(&browser).await, open(&browser).await);
    doomed.page().goto(&site.url("/")).await.unwrap();
    let pending = doomed.page().evaluate("new Promise(() => {})");
    let crash = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        doomed.page().crash().await
    };
    let (pending, _) =
        timeout(Duration::from_secs(10), async { tokio::join!(pending, crash) }).await.unwrap();
    assert!(matches!(&pending, Err(BrowserError::Gone(why)) if why.contains("crashed")), "{pending:?}");
    assert_eq!(healthy.page().evaluate("1").await.unwrap(), 1);
    assert!(timeout(Duration::from_millis(50), doomed.gone()).await.is_err(), "Chromium itself lives");
    browser.shutdown().await;
}

#[cfg(target_os = "linux")]
mod processes {
    use super::*;

    /// Processes, zombies too, of the group that `leader` leads.
    fn members(leader: u32) -> usize {
        let group = leader.to_string();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok())
            .filter(|stat| stat.rsplit(')').next().unwrap().split_whitespace().nth(2) == Some(&group))
            .count()
    }

    fn profiles() -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten().map(|entry| entry.path());
        entries.filter(|path| path.to_string_lossy().contains("taskwright-chromium-")).collect()
    }

    async fn none_left(leader: u32) -> bool {
        for _ in 0..100 {
            if members(leader) == 0 {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    fn kill(pid: u32) {
        let status = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
        assert!(status.success());
    }

    #[tokio::test]
    async fn shutdown_leaves_no_process_and_no_profile() {
        let browser = browser().await;
        let leader = browser.process_id().unwrap();
        let _context = open(&browser).await;
        assert!(members(leader) > 1);
        let mine = std::fs::read_to_string(format!("/proc/{leader}/cmdline")).unwrap();
        let mine =
            mine.split('\0').find_map(|flag| flag.strip_prefix("--user-data-dir=")).unwrap().to_owned();
        assert!(profiles().contains(&mine.clone().into()));
        browser.shutdown().await;
        assert!(none_left(leader).await);
        assert!(!std::path::Path::new(&mine).exists());
        assert!(!browser.health().await.connected);
        assert!(matches!(browser.open(ContextOptions::default()).await, Err(BrowserError::Gone(_))));
    }

    #[tokio::test]
    async fn dropping_the_last_browser_ends_chromium() {
        let browser = browser().await;
        let leader = browser.process_id().unwrap();
        drop(browser);
        assert!(none_left(leader).await);
    }

    const CHILD: &str = "TASKWRIGHT_TEST_CHILD";

    /// The other half of the next test: a server that is killed.
    #[tokio::test]
    async fn a_server_to_be_killed() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        let browser = browser().await;
        let _context = open(&browser).await;
        println!("leader {}", browser.process_id().unwrap());
        std::future::pending().await
    }

    #[tokio::test]
    async fn a_chromium_whose_server_was_killed_ends_by_itself() {
        use tokio::io::{AsyncBufReadExt, BufReader};
        let mut server = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::a_server_to_be_killed", "--nocapture"])
            .env(CHILD, "1")
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let leader: u32 = loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Some((_, leader)) = line.split_once("leader ") {
                break leader.parse().unwrap();
            }
        };
        assert!(members(leader) > 1);
        server.kill().await.unwrap();
        assert!(none_left(leader).await);
    }

    #[tokio::test]
    async fn a_killed_chromium_is_noticed_and_started_again() {
        let browser = browser().await;
        let context = open(&browser).await;
        let leader = browser.process_id().unwrap();
        let page = context.page().clone();
        let pending = tokio::spawn(async move { page.evaluate("new Promise(() => {})").await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        kill(leader);
        let reason = timeout(Duration::from_secs(3), context.gone()).await.unwrap();
        assert!(reason.contains("Chromium"), "{reason}");
        assert!(matches!(pending.await.unwrap(), Err(BrowserError::Gone(_))));
        assert!(matches!(context.page().evaluate("1").await, Err(BrowserError::Gone(_))));

        let again = open(&browser).await;
        assert_eq!(again.page().evaluate("1 + 1").await.unwrap(), 2);
        assert_eq!(browser.health().await.restarts, 1);
        assert!(none_left(leader).await);
        browser.shutdown().await;
    }
}

#[tokio::test]
async fn what_cannot_be_started_or_attached_says_so() {
    let missing = Browser::start(BrowserConfig { executable: Some("/nowhere/chromium".into()), ..config() });
    let error = missing.await.unwrap_err();
    assert!(matches!(&error, BrowserError::Missing(why) if why.contains("--chromium")), "{error}");
    let broken = Browser::start(BrowserConfig { executable: Some("/bin/false".into()), ..config() });
    let error = timeout(Duration::from_secs(10), broken).await.unwrap().unwrap_err();
    assert!(matches!(&error, BrowserError::Missing(why) if why.contains("did not start")), "{error}");
    for endpoint in ["http://127.0.0.1:9", "ws://127.0.0.1:9/", "tcp://127.0.0.1:9"] {
        let error =
            Browser::start(BrowserConfig { cdp: Some(endpoint.into()), ..config() }).await.unwrap_err();
        assert!(matches!(&error, BrowserError::Missing(why) if why.contains("127.0.0.1:9")), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_chromium_that_somebody_else_runs_is_attached_to_and_left_running() {
    let (site, profile) = (Site::start(PAGES).await, tempfile::tempdir().unwrap());
    let program = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap();
    let program = std::env::var_os("CHROMIUM_PATH").map(std::path::PathBuf::from).unwrap_or_else(|| {
        let mut known = std::env::split_paths(&path).flat_map(|dir| program.map(|name| dir.join(name)));
        known.find(|path| path.is_file()).unwrap()
    });
    let mut chromium = tokio::process::Command::new(program)
        .args(["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--remote-debugging-port=0"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let port = async {
        loop {
            let text = std::fs::read_to_string(profile.path().join("DevToolsActivePort")).unwrap_or_default();
            if let Some((port, _)) = text.split_once('\n') {
                return port.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let port = timeout(Duration::from_secs(20), port).await.unwrap();
    let cdp = Some(format!("http://127.0.0.1:{port}"));
    let browser = browser_with(BrowserConfig { cdp, ..config() }).await;
    let context = open(&browser).await;
    context.page().goto(&site.url("/next")).await.unwrap();
    assert_eq!(context.page().evaluate("document.title").await.unwrap(), "Next");
    browser.shutdown().await;
    assert!(chromium.try_wait().unwrap().is_none(), "it is not ours to end");

    let browser =
        browser_with(BrowserConfig { cdp: Some(format!("http://127.0.0.1:{port}")), ..config() }).await;
    let context = open(&browser).await;
    chromium.kill().await.unwrap();
    timeout(Duration::from_secs(3), context.gone()).await.unwrap();
    assert!(!browser.health().await.connected);
    timeout(Duration::from_secs(3), browser.shutdown()).await.expect("not while it tries to attach again");
}
