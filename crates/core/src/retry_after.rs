//! When a server says how long to stay away: `Retry-After` (RFC 9110, 10.2.3; seconds or an HTTP date)
//! and `retry-after-ms`, which several agent clouds send beside it.

use crate::text::{find, parts, split_once};

/// The pause that the headers ask for, in milliseconds; `None` when they ask for nothing sensible.
///
/// `retry-after-ms` comes first, being the finer one. `date_now_ms` is the wall clock in milliseconds since
/// 1970, for dates. Negative numbers, rubbish and dates that are past say nothing.
#[must_use]
pub fn parse(retry_after_ms: Option<&str>, retry_after: Option<&str>, date_now_ms: u64) -> Option<u64> {
    retry_after_ms
        .and_then(|text| thousandths(text.trim_ascii(), 0))
        .or_else(|| retry_after.and_then(|text| after(text.trim_ascii(), date_now_ms)))
}

fn after(text: &str, date_now_ms: u64) -> Option<u64> {
    thousandths(text, 3).or_else(|| http_date(text)?.checked_sub(date_now_ms))
}

/// A decimal number scaled by ten to the `digits`, rounded up; without going through floats, whose
/// parser alone would weigh several kilobytes in the browser.
fn thousandths(text: &str, digits: usize) -> Option<u64> {
    let (whole, fraction) = split_once(text, ".").unwrap_or((text, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    // Twelve digits and three more: nothing overflows.
    let mut value: u64 = whole.parse().ok()?;
    let mut fraction_digits = fraction.bytes();
    for _ in 0..digits {
        value = value * 10 + fraction_digits.next().map_or(0, |byte| u64::from(byte - b'0'));
    }
    Some(value + u64::from(fraction_digits.any(|byte| byte != b'0')))
}

/// Milliseconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`, the one date form that RFC 9110 lets a server
/// send.
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words = parts(text, b" ");
    words.next().filter(|day| day.ends_with(','))?;
    let day: u64 = digits(words.next()?, 2)?;
    let name = words.next().filter(|name| name.len() == 3)?;
    let month = find(MONTHS, name).filter(|at| at % 3 == 0)? / 3 + 1;
    let year: u64 = digits(words.next()?, 4)?;
    let mut clock = parts(words.next()?, b":");
    let (hour, minute, second) =
        (digits(clock.next()?, 2)?, digits(clock.next()?, 2)?, digits(clock.next()?, 2)?);
    let rest = (clock.next(), words.next(), words.next());
    let is_time = (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60 && year >= 1970;
    if rest != (None, Some("GMT"), None) || !is_time {
        return None;
    }
    // All of it is bounded: nothing overflows.
    let days = days_since_1970(year, u64::try_from(month).ok()?, day);
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000)
}

fn digits(text: &str, length: usize) -> Option<u64> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days between 1970-01-01 and a Gregorian date not before it (H. Hinnant, "chrono-compatible low-level date
/// algorithms").
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (shifted_year / 400, shifted_year % 400);
    let day_of_year = (shifted_month * 153 + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 784_111_777_000; // Sun, 06 Nov 1994 08:49:37 GMT

    fn seconds(text: &str) -> Option<u64> {
        parse(None, Some(text), NOW)
    }

    #[test]
    fn seconds_milliseconds_and_dates_are_understood() {
        assert_eq!(seconds("120"), Some(120_000));
        assert_eq!(seconds(" 1.5 "), Some(1_500));
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds("0.0001"), Some(1));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:39 GMT"), Some(2_000));
        assert_eq!(parse(Some("250"), Some("9"), NOW), Some(250));
        assert_eq!(parse(Some("10.2"), None, NOW), Some(11));
        assert_eq!(parse(Some("soon"), Some("9"), NOW), Some(9_000));
    }

    #[test]
    fn rubbish_and_the_past_say_nothing() {
        for bad in [
            "",
            "-1",
            "soon",
            "1e3",
            "NaN",
            "Infinity",
            "1,5",
            ".5",
            "99999999999999",
            "Sun, 06 Nov 1994 08:49:36 GMT",
            "Sun, 06 Nov 1994 08:49:39",
            "Sun, 06 Foo 1994 08:49:39 GMT",
            "Sunday, 06-Nov-94 08:49:39 GMT",
            "Sun, 00 Nov 1994 08:49:39 GMT",
            "Sun, 06 Nov 1994 25:49:39 GMT",
            "Sun, 06 Nov 1994 08:49:39 GMT x",
            "Sun, 06 Nov 0000 08:49:39 GMT",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn dates_agree_with_a_calendar() {
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Tue, 29 Feb 2000 12:00:00 GMT"), Some(951_825_600_000));
        assert_eq!(http_date("Fri, 20 Nov 2026 00:00:00 GMT"), Some(1_795_132_800_000));
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(NOW));
    }

    proptest! {
        #[test]
        fn whole_seconds_are_exact(value in 0u64..1_000_000) {
            prop_assert_eq!(seconds(&value.to_string()), Some(value * 1000));
        }

        #[test]
        fn nothing_panics(ms in ".{0,40}", text in ".{0,40}", now: u64) {
            let _ = parse(Some(&ms), Some(&text), now);
        }

        #[test]
        fn nothing_that_looks_like_a_date_panics(text in "[A-Z][a-z]{2}, [0-9]{2} (Jan|Feb|Nov) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT", now: u64) {
            let _ = parse(None, Some(&text), now);
        }
    }
}
