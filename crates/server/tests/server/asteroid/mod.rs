//! Asteroid's wire.

mod access;
mod agents;
mod profiles;
