//! The pure heart of Taskwright: what each agent cloud says on the wire, and the state machines that
//! decide when to send, when to send again, how long to wait and what an error means.
//!
//! Nothing here does I/O, reads a clock, draws a random number of its own or awaits. Time is a
//! [`time::Millis`] that the driver hands in, randomness a seeded [`rng::Rng`]. The WebAssembly layer
//! drives these machines with `fetch` and `setTimeout`; the tests drive them with a simulated clock.
//!
//! One folder per vendor ([`anchor`], [`asteroid`]), always with the same files; everything that vendors share is
//! beside them and carries no vendor's word.

pub mod agentbay;
pub mod anchor;
pub mod asteroid;
pub mod backoff;
pub mod call;
pub mod error;
pub mod limits;
pub mod operation;
pub mod path;
pub mod profile;
pub mod retry;
pub mod retry_after;
pub mod rng;
pub mod schema;
pub mod slab;
pub mod status;
pub mod task;
pub mod text;
pub mod time;
pub mod view;
pub mod wait;

#[cfg(any(test, feature = "json"))]
mod json;
