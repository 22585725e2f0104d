//! The local server: performs web tasks in a real Chromium on this machine, over the wires of the agent
//! clouds, with tasks on disk. [`app::app`] is the whole of it as a `Router`.

pub mod agent;
pub mod agents;
pub mod app;
pub mod base;
pub mod browser;
pub mod chromium;
pub mod clock;
pub mod config;
mod cors;
pub mod endings;
pub mod error;
pub mod fields;
pub mod guard;
pub mod inputs;
pub mod link;
pub mod listen;
pub mod pace;
pub mod perform;
mod recorder;
mod recording;
pub mod routes;
pub mod runner;
pub mod serve;
pub mod sessions;
mod shutdown;
pub mod store;
pub mod tls;
pub mod vault;
