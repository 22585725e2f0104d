//! Pictures of a page while it is worked on, and one when it was.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::connection::{Event, text};
use super::taps::Tap;
use super::{BrowserError, Page};

const QUALITY: u32 = 50;
/// The largest sides of a picture.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 600.0;

/// A running screencast. Chromium takes the next picture when the page changed and the one before was acknowledged.
#[derive(Debug)]
pub struct Screencast {
    page: Page,
    events: mpsc::UnboundedReceiver<Event>,
}

/// A picture of a screencast.
#[derive(Debug)]
pub struct CastFrame {
    /// A JPEG.
    pub picture: Vec<u8>,
    number: Value,
}

impl Screencast {
    /// The next picture; `None` when the page is gone. Nothing is lost when this is dropped.
    pub async fn next(&mut self) -> Option<CastFrame> {
        loop {
            let event = self.events.recv().await?;
            let number = event.params.get("sessionId").cloned().unwrap_or_default();
            if let Ok(picture) = STANDARD.decode(text(&event.params, "data")) {
                return Some(CastFrame { picture, number });
            }
        }
    }

    /// Asks for the one after this.
    pub async fn acknowledge(&self, frame: CastFrame) -> Result<(), BrowserError> {
        self.page.command("Page.screencastFrameAck", json!({ "sessionId": frame.number })).await.map(drop)
    }

    /// Ends it.
    pub async fn stop(&self) -> Result<(), BrowserError> {
        self.page.command("Page.stopScreencast", json!({})).await.map(drop)
    }
}

impl Page {
    /// Starts a screencast in a moderate size.
    pub async fn start_screencast(&self) -> Result<Screencast, BrowserError> {
        let events = self.inner.taps.follow(Tap::Frames);
        let params = json!({ "format": "jpeg", "quality": QUALITY, "maxWidth": WIDTH, "maxHeight": HEIGHT });
        self.command("Page.startScreencast", params).await?;
        Ok(Screencast { page: self.clone(), events })
    }

    /// A JPEG of the viewport as it is, in the size of a screencast.
    pub async fn snapshot(&self) -> Result<Vec<u8>, BrowserError> {
        let _camera = self.inner.camera.lock().await;
        let metrics = self.command("Page.getLayoutMetrics", json!({})).await?;
        let view = |name: &str| {
            metrics.pointer(&format!("/cssVisualViewport/{name}")).and_then(Value::as_f64).unwrap_or_default()
        };
        let (width, height) = (view("clientWidth").max(1.0), view("clientHeight").max(1.0));
        let scale = (WIDTH / width).min(HEIGHT / height).min(1.0);
        let clip = json!({ "x": view("pageX"), "y": view("pageY"), "width": width, "height": height, "scale": scale });
        let params = json!({ "format": "jpeg", "quality": QUALITY, "clip": clip });
        let answer = self.command("Page.captureScreenshot", params).await?;
        STANDARD
            .decode(text(&answer, "data"))
            .map_err(|error| BrowserError::Script(format!("Chromium sent a broken picture: {error}")))
    }
}
