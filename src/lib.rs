//! The WebAssembly layer.
