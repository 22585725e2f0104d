//! The server from outside: its store, its runner, its routes without a socket, and the real binary with a
//! real Chromium.

// A test states its expectations by unwrapping, in its helpers too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod access;
mod agentbay;
mod asteroid;
mod chromium;
mod executions;
mod files;
mod holds;
mod link;
mod process;
mod routes;
mod runner;
mod runs;
mod store;
mod support;
mod tasks;
mod tls;
