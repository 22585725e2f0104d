//! The WebAssembly layer of Taskwright: converts JavaScript values and drives the machines of
//! `taskwright-core` with the runtime's own `fetch`, `setTimeout` and `AbortSignal`. It decides nothing.
//!
//! One file per thing that it borrows from the runtime: [`fetch`], [`clock`], [`abort`], [`value`], on top of
//! [`host`], which is half JavaScript. [`drive`] is the only loop around a call, [`waits`] the only one around
//! many waits, [`client`] what JavaScript sees.
//! The contract with the façade is `pkg-template/src/internal/raw.ts`.

#![cfg(target_family = "wasm")]

/// A quarter of the standard library's allocator in size (7 KB less), and quick enough for what is kept here: small
/// records, for moments or for the length of a wait.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
mod abort;
mod answer;
mod client;
mod clock;
mod drive;
mod failure;
mod fetch;
mod gate;
mod handover;
mod host;
mod options;
mod panic;
mod question;
mod race;
mod random;
mod start;
mod value;
mod waits;

// For the boundary tests in tests/; JavaScript gets these through wasm-bindgen.
pub use client::RawClient;
pub use host::End;
#[cfg(feature = "probe")]
pub use panic::panic_for_tests;
pub use panic::set_panic_handler;
