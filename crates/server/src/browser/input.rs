//! Mouse and keyboard.

use serde_json::{Value, json};

use super::{BrowserError, Page};

/// A key that a task can press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Submits a form or follows a focused link.
    Enter,
    /// Moves the focus on.
    Tab,
    /// Closes what is open on top.
    Escape,
    /// Deletes what is selected, or the character before the cursor.
    Backspace,
    /// Deletes what is selected, or the character after the cursor.
    Delete,
    /// Scrolls, or presses a focused button.
    Space,
    /// Moves up.
    ArrowUp,
    /// Moves down.
    ArrowDown,
    /// Moves left.
    ArrowLeft,
    /// Moves right.
    ArrowRight,
    /// Moves one screen up.
    PageUp,
    /// Moves one screen down.
    PageDown,
    /// Moves to the start.
    Home,
    /// Moves to the end.
    End,
}

impl Key {
    /// All keys, with the names that a prompt may use; the first is the one of the DOM.
    pub const NAMED: [(Self, &'static [&'static str]); 14] = [
        (Self::Enter, &["Enter", "Return"]),
        (Self::Tab, &["Tab"]),
        (Self::Escape, &["Escape", "Esc"]),
        (Self::Backspace, &["Backspace"]),
        (Self::Delete, &["Delete", "Del"]),
        (Self::Space, &["Space", "Spacebar"]),
        (Self::ArrowUp, &["ArrowUp", "Up", "Arrow Up", "Up Arrow"]),
        (Self::ArrowDown, &["ArrowDown", "Down", "Arrow Down", "Down Arrow"]),
        (Self::ArrowLeft, &["ArrowLeft", "Left", "Arrow Left", "Left Arrow"]),
        (Self::ArrowRight, &["ArrowRight", "Right", "Arrow Right", "Right Arrow"]),
        (Self::PageUp, &["PageUp", "Page Up"]),
        (Self::PageDown, &["PageDown", "Page Down"]),
        (Self::Home, &["Home"]),
        (Self::End, &["End"]),
    ];

    /// The key of a name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let known = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name.trim()));
        Self::NAMED.iter().find(|(_, names)| known(names)).map(|(key, _)| *key)
    }

    /// What the DOM calls the key, the code that Windows gives it, and the text that it types.
    fn wire(self) -> (&'static str, u32, Option<&'static str>) {
        match self {
            Self::Enter => ("Enter", 13, Some("\r")),
            Self::Tab => ("Tab", 9, None),
            Self::Escape => ("Escape", 27, None),
            Self::Backspace => ("Backspace", 8, None),
            Self::Delete => ("Delete", 46, None),
            Self::Space => ("Space", 32, Some(" ")),
            Self::ArrowUp => ("ArrowUp", 38, None),
            Self::ArrowDown => ("ArrowDown", 40, None),
            Self::ArrowLeft => ("ArrowLeft", 37, None),
            Self::ArrowRight => ("ArrowRight", 39, None),
            Self::PageUp => ("PageUp", 33, None),
            Self::PageDown => ("PageDown", 34, None),
            Self::Home => ("Home", 36, None),
            Self::End => ("End", 35, None),
        }
    }
}

impl Page {
    /// Clicks a point of the viewport with the left button, in CSS pixels from its upper left corner.
    pub async fn click_at(&self, x: f64, y: f64) -> Result<(), BrowserError> {
        let mouse = |kind: &str, button: &str, count: u32| json!({ "type": kind, "x": x, "y": y, "button": button, "clickCount": count });
        let dispatch = async |params: Value| self.command("Input.dispatchMouseEvent", params).await;
        dispatch(mouse("mouseMoved", "none", 0)).await?;
        dispatch(mouse("mousePressed", "left", 1)).await?;
        dispatch(mouse("mouseReleased", "left", 1)).await?;
        Ok(())
    }

    /// Types text into what has the focus, as if it were pasted.
    pub async fn insert_text(&self, text: &str) -> Result<(), BrowserError> {
        self.command("Input.insertText", json!({ "text": text })).await?;
        Ok(())
    }

    /// Presses and releases a key.
    pub async fn press(&self, key: Key) -> Result<(), BrowserError> {
        let (code, windows, text) = key.wire();
        let name = if key == Key::Space { " " } else { code };
        let mut params =
            json!({ "type": "keyDown", "key": name, "code": code, "windowsVirtualKeyCode": windows });
        if let (Some(text), Some(fields)) = (text, params.as_object_mut()) {
            fields.insert("text".into(), text.into());
        }
        self.command("Input.dispatchKeyEvent", params.clone()).await?;
        if let Some(fields) = params.as_object_mut() {
            fields.remove("text");
            fields.insert("type".into(), "keyUp".into());
        }
        self.command("Input.dispatchKeyEvent", params).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_their_common_names() {
        assert_eq!(Key::named("enter"), Some(Key::Enter));
        assert_eq!(Key::named("Esc"), Some(Key::Escape));
        assert_eq!(Key::named("arrow down"), Some(Key::ArrowDown));
        assert_eq!(Key::named("F13"), None);
    }
}
