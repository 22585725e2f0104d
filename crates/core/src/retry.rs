//! May a request be sent again? The answer depends on what went wrong and on what sending it twice would
//! do, and on nothing else; how often and how late is the call machine's business.

use crate::operation::Effect;

/// What ended one attempt, reduced to what the decision needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It certainly never reached the server: refused connection, unknown host.
    NotSent,
    /// The connection broke; the server may have acted.
    Lost,
    /// No full answer in time; the server may have acted.
    Elapsed,
    /// A success whose body is not what its type says; the server has acted.
    Unreadable,
    /// An error status, and what the server advises.
    Status(u16, Advice),
}

/// What a server says about sending again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Advice {
    /// `x-should-retry`, when it is `true` or `false`.
    pub should_retry: Option<bool>,
    /// The pause that it asks for, milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    /// Whether the server may have carried the request out.
    #[must_use]
    pub fn maybe_accepted(self) -> bool {
        match self {
            Self::NotSent => false,
            Self::Lost | Self::Elapsed | Self::Unreadable => true,
            Self::Status(503, advice) => advice.retry_after_ms.is_none(),
            // 408: the server gave up while it read. 409 with a key: the first attempt is still at work.
            // 501 and 505: the server does not do such a thing at all.
            Self::Status(status, _) => (status >= 500 && !matches!(status, 501 | 505)) || status == 408,
        }
    }

    /// Whether waiting may help at all.
    #[must_use]
    pub fn is_temporary(self) -> bool {
        match self {
            Self::NotSent | Self::Lost | Self::Elapsed => true,
            Self::Unreadable => false,
            Self::Status(status, advice) => advice.should_retry.unwrap_or(
                matches!(status, 408 | 409 | 429) || (status >= 500 && !matches!(status, 501 | 505)),
            ),
        }
    }

    /// Whether the request may be sent again.
    ///
    /// Reads and idempotent requests: whenever waiting may help. Starts: only when the server certainly
    /// has not acted, unless the request carries an idempotency key that the backend honours.
    #[must_use]
    pub fn may_resend(self, effect: Effect, keyed: bool) -> bool {
        self.is_temporary() && (effect != Effect::Start || keyed || self.is_refusal())
    }

    /// Whether the server said, or the network proved, that nothing was accepted, for now.
    fn is_refusal(self) -> bool {
        match self {
            Self::NotSent => true,
            Self::Status(429, _) => true,
            Self::Status(503, advice) => advice.retry_after_ms.is_some(),
            _ => false,
        }
    }
}

/// Whether an error code of a runtime's `fetch` proves that the request never left: the name was not
/// resolved or nobody accepted the connection. Codes of Node (libuv, undici), Bun and Deno; a browser
/// gives none. An unreachable host is not among them: a connection that was open can end with it too.
#[must_use]
pub fn never_sent(code: &str) -> bool {
    matches!(
        code,
        "ECONNREFUSED"
            | "ENOTFOUND"
            | "EAI_AGAIN"
            | "EAI_NODATA"
            | "UND_ERR_CONNECT_TIMEOUT"
            | "ConnectionRefused"
            | "FailedToOpenSocket"
            | "UND_ERR_INVALID_ARG"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16) -> Failure {
        Failure::Status(code, Advice::default())
    }

    #[test]
    fn reads_are_sent_again_whenever_waiting_may_help() {
        for failure in [
            Failure::NotSent,
            Failure::Lost,
            Failure::Elapsed,
            status(408),
            status(409),
            status(429),
            status(500),
            status(503),
        ] {
            assert!(failure.may_resend(Effect::Read, false), "{failure:?}");
            assert!(failure.may_resend(Effect::Idempotent, false), "{failure:?}");
        }
        for failure in [Failure::Unreadable, status(400), status(401), status(404), status(422), status(501)]
        {
            assert!(!failure.may_resend(Effect::Read, false), "{failure:?}");
        }
    }

    #[test]
    fn a_start_is_sent_again_only_when_it_certainly_was_not_accepted() {
        let come_back = Failure::Status(503, Advice { retry_after_ms: Some(1), ..Advice::default() });
        for failure in [Failure::NotSent, status(429), come_back] {
            assert!(failure.may_resend(Effect::Start, false), "{failure:?}");
            assert!(!failure.maybe_accepted(), "{failure:?}");
        }
        for failure in [
            Failure::Lost,
            Failure::Elapsed,
            Failure::Unreadable,
            status(408),
            status(500),
            status(502),
            status(503),
        ] {
            assert!(!failure.may_resend(Effect::Start, false), "{failure:?}");
            assert!(failure.maybe_accepted(), "{failure:?}");
        }
    }

    #[test]
    fn only_what_happens_before_a_connection_proves_that_nothing_was_sent() {
        assert!(never_sent("ECONNREFUSED") && never_sent("ENOTFOUND"));
        for code in ["EHOSTUNREACH", "ENETUNREACH", "ECONNRESET", "EPIPE", "ETIMEDOUT", ""] {
            assert!(!never_sent(code), "{code}");
        }
    }

    #[test]
    fn no_advice_makes_a_start_unsafe_and_a_key_makes_it_safe() {
        let told = Failure::Status(500, Advice { should_retry: Some(true), ..Advice::default() });
        assert!(!told.may_resend(Effect::Start, false));
        assert!(told.may_resend(Effect::Start, true));
        assert!(Failure::Lost.may_resend(Effect::Start, true));
    }

    #[test]
    fn the_servers_advice_decides_for_everything_else() {
        let never = Failure::Status(503, Advice { should_retry: Some(false), retry_after_ms: Some(1) });
        let always = Failure::Status(400, Advice { should_retry: Some(true), ..Advice::default() });
        assert!(!never.may_resend(Effect::Read, false));
        assert!(!never.may_resend(Effect::Start, true));
        assert!(always.may_resend(Effect::Read, false));
    }
}
