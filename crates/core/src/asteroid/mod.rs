//! Asteroid's agents API, versions 1 and 2.

pub mod find;
pub mod operations;
pub mod status;
