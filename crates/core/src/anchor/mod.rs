//! Anchor Browser.
pub mod wire;
