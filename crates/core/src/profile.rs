//! What a backend is, as data: the few facts in which services that speak the same wire differ.

use crate::operation::Operation;
use crate::task::Wire;
use crate::wait::Budget;
use crate::{agentbay, anchor, asteroid};

/// A service that calls are sent to.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// The word for it in options and errors.
    pub name: &'static str,
    /// Where it lives unless told otherwise.
    pub default_base_url: &'static str,
    /// The endpoints that it has.
    pub rows: &'static [&'static Operation],
    /// How its tasks are started and asked about.
    pub wire: Wire,
    /// What can be waited for besides, by the façade's word for it.
    pub watches: &'static [(&'static str, Wire)],
    /// The header that carries the key, by how the path begins; the first that fits.
    pub key_headers: &'static [(&'static str, &'static str)],
    /// What stands before the key in that header, or in the form.
    pub key_prefix: &'static str,
    /// The field that carries the key of operations that send forms; empty where there are none.
    pub key_field: &'static str,
    /// Query parameters that each attempt carries anew: its time in UTC, and 128 random bits; empty for none.
    pub stamps: (&'static str, &'static str),
    /// Headers that repeat a parameter of the row's own query; not sent by browsers, which would ask for leave first.
    pub query_headers: &'static [(&'static str, &'static str)],
    /// Whether it honours `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a start that
    /// carries one may be sent again whatever happened to the answer.
    pub idempotent_starts: bool,
    /// Path prefixes that belong to the rows and that users may write into the base URL.
    pub path_prefixes: &'static [&'static str],
    /// What all waits of one client may spend together unless told otherwise.
    pub budget: Budget,
    /// How long questions may keep failing before a wait gives up, milliseconds.
    pub patience_ms: u64,
}

/// Long enough for a service that is put in order.
const PATIENCE_MS: u64 = 300_000;

impl Profile {
    /// The header that carries the key in requests to `path`.
    #[must_use]
    pub fn key_header(&self, path: &str) -> &'static str {
        self.key_headers.iter().find(|(prefix, _)| path.starts_with(prefix)).map_or("", |(_, header)| header)
    }
}

/// Taskwright's own server on this machine.
pub static LOCAL: Profile = Profile {
    name: "local",
    default_base_url: "http://127.0.0.1:8723",
    rows: anchor::operations::ALL,
    wire: Wire::Anchor,
    watches: &[],
    key_headers: &[("", "authorization")],
    key_prefix: "Bearer ",
    key_field: "",
    stamps: ("", ""),
    query_headers: &[],
    idempotent_starts: true,
    path_prefixes: &[],
    budget: Budget { in_flight: 32, per_second: 2_000 },
    patience_ms: PATIENCE_MS,
};

/// Anchor Browser's cloud.
pub static ANCHOR: Profile = Profile {
    name: "anchor",
    default_base_url: "https://api.anchorbrowser.io",
    rows: anchor::operations::ALL,
    wire: Wire::Anchor,
    watches: &[],
    key_headers: &[("", "anchor-api-key")],
    key_prefix: "",
    key_field: "",
    stamps: ("", ""),
    query_headers: &[],
    idempotent_starts: false,
    path_prefixes: &[],
    // The vendor names no limit; its guide asks every 2 s for each task.
    budget: Budget { in_flight: 32, per_second: 300 },
    patience_ms: PATIENCE_MS,
};

/// Asteroid's cloud, its newer API where there is one.
pub static ASTEROID: Profile = Profile {
    name: "asteroid",
    default_base_url: "https://odyssey.asteroid.ai",
    rows: asteroid::operations::ALL,
    wire: Wire::Asteroid,
    watches: &[],
    // The key went under the longer name until 2026; the older API keeps it.
    key_headers: &[("/api/v1", "x-asteroid-agents-api-key"), ("", "x-api-key")],
    key_prefix: "",
    key_field: "",
    stamps: ("", ""),
    query_headers: &[],
    idempotent_starts: false,
    path_prefixes: &["/api/v1", "/agents/v2"],
    // The vendor names no limit; its clients ask every second for each execution.
    budget: Budget { in_flight: 32, per_second: 300 },
    patience_ms: PATIENCE_MS,
};

/// Asteroid's cloud, its older API.
static ASTEROID_V1: Profile = Profile { wire: Wire::AsteroidV1, ..ASTEROID };

/// AgentBay's cloud. Where it lives depends on the region, which the façade knows.
pub static AGENTBAY: Profile = Profile {
    name: "agentbay",
    default_base_url: "https://agentbay.cn-hangzhou.aliyuncs.com",
    rows: agentbay::operations::ALL,
    wire: Wire::AgentBay,
    watches: &[
        ("mobile", Wire::AgentBayMobile),
        ("pause", Wire::AgentBayPause),
        ("resume", Wire::AgentBayResume),
        ("deletion", Wire::AgentBayDeletion),
        ("sync", Wire::AgentBaySync),
    ],
    // Forms alone carry the key.
    key_headers: &[],
    key_prefix: "Bearer ",
    key_field: "Authorization",
    stamps: ("Timestamp", "SignatureNonce"),
    query_headers: &[("x-acs-action", "Action="), ("x-acs-version", "Version=")],
    idempotent_starts: false,
    path_prefixes: &[],
    // The vendor names no limit; its clients ask every 3 s for each task.
    budget: Budget { in_flight: 32, per_second: 300 },
    patience_ms: PATIENCE_MS,
};

/// The direct route to one session of AgentBay; its key is the session's own.
static AGENTBAY_LINK: Profile = Profile {
    name: "agentbay-link",
    rows: agentbay::operations::DIRECT,
    wire: Wire::AgentBayLink,
    watches: &[("mobile", Wire::AgentBayLinkMobile)],
    key_headers: &[("", "x-access-token")],
    key_prefix: "",
    key_field: "",
    stamps: ("", ""),
    query_headers: &[],
    // Whether the session is still there the service knows, and the façade goes on by asking it.
    patience_ms: 0,
    ..AGENTBAY
};

/// Every profile under the name that the façades know it by.
static ALL: &[(&str, &Profile)] = &[
    ("local", &LOCAL),
    ("anchor", &ANCHOR),
    ("asteroid-v2", &ASTEROID),
    ("asteroid-v1", &ASTEROID_V1),
    ("agentbay", &AGENTBAY),
    ("agentbay-link", &AGENTBAY_LINK),
];

/// The profile of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Profile> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, profile)| *profile)
}
