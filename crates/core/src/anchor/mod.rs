//! Anchor Browser: its operations, its JSON, its status words.

pub mod operations;
pub mod status;
pub mod wire;
