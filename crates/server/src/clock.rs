//! Wall-clock time as milliseconds since 1970, and as RFC 3339 text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Now, in milliseconds since 1970.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    millis(since)
}

/// A duration in whole milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A time in milliseconds since 1970 as RFC 3339 in UTC.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    format!("{time:.3}")
}

/// Milliseconds since 1970 of an RFC 3339 text; `None` when it is not one.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_three_digits_and_read_back() {
        assert_eq!(rfc3339(1_700_000_000_050), "2023-11-14T22:13:20.050Z");
        assert_eq!(parse_rfc3339("2023-11-14T23:13:20.050+01:00"), Some(1_700_000_000_050));
        assert_eq!(parse_rfc3339("yesterday"), None);
    }
}
