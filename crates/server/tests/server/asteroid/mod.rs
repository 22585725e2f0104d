//! Asteroid's wire.

mod access;
mod agents;
mod executions;
mod files;
mod profiles;
mod real;
