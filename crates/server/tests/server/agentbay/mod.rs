//! AgentBay's wire.

mod access;
mod contexts;
mod endings;
mod links;
mod parameters;
mod pausing;
mod support;
mod tasks;
mod tools;
