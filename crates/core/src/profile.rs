//! What a backend is, as data: the few facts in which services that speak the same wire differ.

use crate::wait::Budget;

/// A service that calls are sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// The word for it in options and errors.
    pub name: &'static str,
    /// Where it lives unless told otherwise.
    pub default_base_url: &'static str,
    /// The header that carries the key.
    pub key_header: &'static str,
    /// What stands before the key in that header.
    pub key_prefix: &'static str,
    /// Whether it honours `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a start that
    /// carries one may be sent again whatever happened to the answer.
    pub idempotent_starts: bool,
    /// What all waits of one client may spend together unless told otherwise.
    pub budget: Budget,
}

/// Taskwright's own server on this machine.
pub const LOCAL: Profile = Profile {
    name: "local",
    default_base_url: "http://127.0.0.1:8723",
    key_header: "authorization",
    key_prefix: "Bearer ",
    idempotent_starts: true,
    budget: Budget { in_flight: 32, per_second: 2_000 },
};

/// Anchor Browser's cloud.
pub const ANCHOR: Profile = Profile {
    name: "anchor",
    default_base_url: "https://api.anchorbrowser.io",
    key_header: "anchor-api-key",
    key_prefix: "",
    idempotent_starts: false,
    // The vendor names no limit; its guide asks every 2 s for each task.
    budget: Budget { in_flight: 32, per_second: 300 },
};

/// The profile of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<Profile> {
    [LOCAL, ANCHOR].into_iter().find(|profile| profile.name == name)
}
