//! Pictures of a page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::connection::text;
use super::{BrowserError, Page};

/// Beyond this Chromium's pictures repeat their beginning.
const HIGHEST: f64 = 16_384.0;

/// What a screenshot shall show.
#[derive(Debug, Clone, Default)]
pub struct ScreenshotOptions {
    /// Viewport for this picture, in CSS pixels; as it is when absent.
    pub viewport: Option<(u32, u32)>,
    /// The whole height of the document instead of the viewport, up to 16384 pixels.
    pub full_page: bool,
}

impl Page {
    /// A PNG of the viewport, or of the whole page.
    pub async fn screenshot(&self, options: ScreenshotOptions) -> Result<Vec<u8>, BrowserError> {
        let _camera = self.inner.camera.lock().await;
        if let Some(viewport) = options.viewport {
            self.set_viewport(viewport).await?;
        }
        let picture = self.capture(options.full_page).await;
        if options.viewport.is_some() {
            self.set_viewport(self.inner.viewport).await?;
        }
        picture
    }

    async fn capture(&self, full_page: bool) -> Result<Vec<u8>, BrowserError> {
        let mut params = json!({ "format": "png", "captureBeyondViewport": full_page });
        if full_page && let Some(fields) = params.as_object_mut() {
            let metrics = self.command("Page.getLayoutMetrics", json!({})).await?;
            let side = |name: &str| {
                let side =
                    metrics.pointer(&format!("/cssContentSize/{name}")).and_then(serde_json::Value::as_f64);
                side.unwrap_or(1.0).clamp(1.0, HIGHEST)
            };
            let clip =
                json!({ "x": 0, "y": 0, "width": side("width"), "height": side("height"), "scale": 1 });
            fields.insert("clip".into(), clip);
        }
        let answer = self.command("Page.captureScreenshot", params).await?;
        STANDARD
            .decode(text(&answer, "data"))
            .map_err(|error| BrowserError::Script(format!("Chromium sent a broken picture: {error}")))
    }
}
