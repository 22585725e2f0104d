//! The pure heart of Taskwright.
pub mod anchor;
