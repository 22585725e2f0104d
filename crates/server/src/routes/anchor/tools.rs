//! Pages without an agent: a picture of one, and its text.

use std::future::Future;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Map, Value};
use taskwright_core::anchor::operations::{FETCH_WEBPAGE, SCREENSHOT};
use taskwright_core::operation::{InvalidInput, check};

use super::envelope::{AnchorError, Answer};
use super::session_options::MAX_SIDE;
use super::sessions::{not_found, open};
use crate::app::AppState;
use crate::browser::{BrowserError, Page, ScreenshotOptions};
use crate::chromium::DEFAULT_VIEWPORT;
use crate::error::Failure;
use crate::routes::extract::{Id, JsonObject, Params};

/// Milliseconds that a request may have the server wait before it looks at the page.
const MAX_WAIT: u64 = 60_000;

/// Goes through the page once, for pages that load what is scrolled to.
const SCROLL_ALL: &str = "(async () => {
    const step = Math.max(innerHeight, 200);
    for (let y = 0; y < Math.min(document.documentElement.scrollHeight, 200 * step); y += step) {
        scrollTo(0, y);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    scrollTo(0, 0);
    return true;
})()";

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/tools/screenshot", post(screenshot))
        .route("/v1/tools/fetch-webpage", post(fetch_webpage))
}

async fn screenshot(State(state): State<AppState>, params: Params, JsonObject(body): JsonObject) -> Answer {
    let (session, body) = in_session(&params, body);
    check(&SCREENSHOT, &Some(&body))?;
    if body.get("s3_target_address").is_some() {
        return Err(InvalidInput::new(
            "s3_target_address",
            "is not served by the local server; take the picture from the answer",
        )
        .into());
    }
    // `image_quality` passes and changes nothing: a PNG is lossless.
    let viewport = (side(&body, "width")?, side(&body, "height")?);
    let shot = Shot {
        url: url(&body, session.as_deref())?,
        wait: wait(&body)?,
        scroll: flag(&body, "scroll_all_content"),
        viewport: match viewport {
            (None, None) => None,
            (width, height) => {
                Some((width.unwrap_or(DEFAULT_VIEWPORT.0), height.unwrap_or(DEFAULT_VIEWPORT.1)))
            }
        },
        full_page: flag(&body, "capture_full_height"),
    };
    Ok(png(on_page(&state, session.as_deref(), shot.viewport, &shot).await?))
}

/// `GET /v1/sessions/{id}/screenshot`: also while a task works in the session.
pub(super) async fn session_screenshot(state: State<AppState>, id: Id) -> Response {
    // The one operation here whose errors the vendor documents without the envelope.
    picture_of_session(state, id).await.unwrap_or_else(AnchorError::into_flat_response)
}

async fn picture_of_session(State(state): State<AppState>, Id(id): Id) -> Answer {
    let session = open(&state, &id)?;
    let usage = session.look();
    let picture = tokio::select! {
        picture = usage.page().screenshot(ScreenshotOptions::default()) => picture?,
        _ = session.ended() => return Err(not_found().into()),
    };
    Ok(png(picture))
}

async fn fetch_webpage(
    State(state): State<AppState>,
    params: Params,
    JsonObject(body): JsonObject,
) -> Answer {
    let (session, body) = in_session(&params, body);
    check(&FETCH_WEBPAGE, &Some(&body))?;
    if session.is_some() && flag(&body, "new_page") {
        let problem = "is not served in a session: the local server has one page per session";
        return Err(InvalidInput::new("new_page", problem).into());
    }
    if let Some(index) = body.get("page_index").and_then(Value::as_u64).filter(|index| *index > 0) {
        let problem = format!("takes 0 here, as the local server has one page per session; got {index}");
        return Err(InvalidInput::new("page_index", problem).into());
    }
    let fetch = Fetch {
        url: url(&body, session.as_deref())?,
        wait: wait(&body)?,
        partial: flag(&body, "return_partial_on_timeout"),
    };
    let html = on_page(&state, session.as_deref(), None, &fetch).await?;
    let text = if body.get("format").and_then(Value::as_str) == Some("markdown") {
        markdown(html).await?
    } else {
        html
    };
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// Something that is done on a page.
trait Visit: Sync {
    type Found: Send;
    fn visit(&self, page: &Page) -> impl Future<Output = Result<Self::Found, BrowserError>> + Send;
}

struct Shot {
    url: Option<String>,
    wait: Duration,
    scroll: bool,
    viewport: Option<(u32, u32)>,
    full_page: bool,
}

impl Visit for Shot {
    type Found = Vec<u8>;

    async fn visit(&self, page: &Page) -> Result<Vec<u8>, BrowserError> {
        if let Some(url) = &self.url {
            page.goto(url).await?;
        }
        tokio::time::sleep(self.wait).await;
        if self.scroll {
            page.evaluate(SCROLL_ALL).await?;
        }
        page.screenshot(ScreenshotOptions { viewport: self.viewport, full_page: self.full_page }).await
    }
}

struct Fetch {
    url: Option<String>,
    wait: Duration,
    partial: bool,
}

impl Visit for Fetch {
    type Found = String;

    async fn visit(&self, page: &Page) -> Result<String, BrowserError> {
        if let Some(url) = &self.url {
            match page.goto(url).await {
                Err(BrowserError::Timeout(_)) if self.partial => {}
                opened => opened?,
            }
        }
        tokio::time::sleep(self.wait).await;
        page.html().await
    }
}

/// Visits the page of a session, or one in an isolated context of its own.
async fn on_page<V: Visit>(
    state: &AppState,
    session: Option<&str>,
    viewport: Option<(u32, u32)>,
    visit: &V,
) -> Result<V::Found, Failure> {
    if let Some(id) = session {
        let session = open(state, id)?;
        let driving = session.drive().await;
        return tokio::select! {
            found = visit.visit(driving.page()) => Ok(found?),
            _ = session.ended() => Err(not_found()),
        };
    }
    // The semaphore is never closed.
    let _slot = state.tool_slots.acquire().await;
    let context = state.chromium.open(viewport).await?;
    let found = tokio::select! {
        found = visit.visit(context.page()) => found,
        reason = context.gone() => Err(BrowserError::Gone(reason)),
    };
    context.close().await;
    Ok(found?)
}

/// HTML as markdown, on a thread for blocking work: a large page takes a while.
async fn markdown(html: String) -> Result<String, Failure> {
    let converter = htmd::HtmlToMarkdown::builder()
        .skip_tags(vec!["head", "script", "style", "noscript", "template", "svg"])
        .build();
    let failed =
        || Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The page could not be turned into markdown.");
    let converted = tokio::task::spawn_blocking(move || converter.convert(&html)).await;
    converted.map_err(|_| failed())?.map_err(|_| failed())
}

fn png(picture: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "image/png")], picture).into_response()
}

/// The session of the query, or of the body where some clients put it.
fn in_session(params: &Params, mut body: Map<String, Value>) -> (Option<String>, Value) {
    let in_body = body.remove("sessionId").and_then(|id| id.as_str().map(str::to_owned));
    let session = params.text("sessionId").map(str::to_owned).or(in_body);
    (session.filter(|id| !id.trim().is_empty()), Value::Object(body))
}

/// The address to open; only a session has a page without one.
fn url(body: &Value, session: Option<&str>) -> Result<Option<String>, InvalidInput> {
    match body.get("url").and_then(Value::as_str) {
        None if session.is_none() => {
            Err(InvalidInput::new("url", "is needed when no \"sessionId\" is given, got nothing"))
        }
        url => Ok(url.map(str::to_owned)),
    }
}

fn wait(body: &Value) -> Result<Duration, InvalidInput> {
    let milliseconds = body.get("wait").and_then(Value::as_u64).unwrap_or(0);
    if milliseconds > MAX_WAIT {
        let problem = format!("takes at most {MAX_WAIT} milliseconds here, got {milliseconds}");
        return Err(InvalidInput::new("wait", problem));
    }
    Ok(Duration::from_millis(milliseconds))
}

fn side(body: &Value, name: &str) -> Result<Option<u32>, InvalidInput> {
    let Some(pixels) = body.get(name).and_then(Value::as_u64) else { return Ok(None) };
    match u32::try_from(pixels) {
        Ok(side) if side <= MAX_SIDE => Ok(Some(side)),
        _ => Err(InvalidInput::new(name, format!("takes at most {MAX_SIDE} pixels here, got {pixels}"))),
    }
}

fn flag(body: &Value, name: &str) -> bool {
    body.get(name).and_then(Value::as_bool) == Some(true)
}
