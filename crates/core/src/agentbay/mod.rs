//! AgentBay: its wire.

pub mod wire;
