//! The WebAssembly layer of Taskwright: converts JavaScript values and drives the machines of
//! `taskwright-core` with the runtime's own `fetch`, `setTimeout` and `AbortSignal`. It decides nothing.
//!
//! One file per thing that it borrows from the runtime: [`fetch`], [`clock`], [`abort`], [`value`]. [`drive`] is
//! the only loop around a call, [`waits`] the only one around many waits, [`client`] what JavaScript sees.
//! The contract with the façade is `pkg-template/src/internal/raw.ts`.

#![cfg(target_family = "wasm")]

mod abort;
mod answer;
mod client;
mod clock;
mod drive;
mod failure;
mod fetch;
mod gate;
mod handover;
mod options;
mod panic;
mod race;
mod random;
mod value;
mod waits;
