//! The local server.
pub mod agent;
pub mod browser;
