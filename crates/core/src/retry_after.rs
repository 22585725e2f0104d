//! When a server says how long to stay away: `Retry-After` (RFC 9110, 10.2.3; seconds or an HTTP date)
//! and `retry-after-ms`, which several agent clouds send beside it.

/// The pause that the headers ask for, in milliseconds; `None` when they ask for nothing sensible.
///
/// `retry-after-ms` comes first, being the finer one. `date_now_ms` is the wall clock in milliseconds since
/// 1970, for dates. Negative numbers, rubbish and dates that are past say nothing.
#[must_use]
pub fn parse(retry_after_ms: Option<&str>, retry_after: Option<&str>, date_now_ms: u64) -> Option<u64> {
    retry_after_ms
        .and_then(|text| thousandths(text.trim(), 0))
        .or_else(|| retry_after.and_then(|text| after(text.trim(), date_now_ms)))
}

fn after(text: &str, date_now_ms: u64) -> Option<u64> {
    thousandths(text, 3).or_else(|| http_date(text)?.checked_sub(date_now_ms))
}

/// A decimal number scaled by ten to the `digits`, rounded up; without going through floats, whose
/// parser alone would weigh several kilobytes in the browser.
fn thousandths(text: &str, digits: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let mut value: u64 = whole.parse().ok()?;
    let mut fraction_digits = fraction.bytes();
    for _ in 0..digits {
        let digit = fraction_digits.next().map_or(0, |byte| byte.saturating_sub(b'0'));
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    if fraction_digits.any(|byte| byte != b'0') {
        value = value.checked_add(1)?;
    }
    Some(value)
}

/// Milliseconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`, the one date form that RFC 9110 lets a server
/// send.
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split(' ');
    parts.next().filter(|day| day.ends_with(','))?;
    let day: u64 = digits(parts.next()?, 2)?;
    let name = parts.next()?;
    let month = u64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()?.checked_add(1)?;
    let year: u64 = digits(parts.next()?, 4)?;
    let mut clock = parts.next()?.split(':');
    let (hour, minute, second) =
        (digits(clock.next()?, 2)?, digits(clock.next()?, 2)?, digits(clock.next()?, 2)?);
    let rest = (clock.next(), parts.next(), parts.next());
    if rest != (None, Some("GMT"), None) || day == 0 || day > 31 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    let seconds = days.checked_mul(86_400)?.checked_add(hour.checked_mul(3_600)?)?;
    seconds.checked_add(minute.checked_mul(60)?)?.checked_add(second)?.checked_mul(1_000)
}

fn digits(text: &str, length: usize) -> Option<u64> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days between 1970-01-01 and a Gregorian date not before it (H. Hinnant, "chrono-compatible low-level date
/// algorithms").
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    if year < 1970 {
        return None;
    }
    let shifted_year = if month <= 2 { year.checked_sub(1)? } else { year };
    let era = shifted_year / 400;
    let year_of_era = shifted_year % 400;
    let shifted_month = if month > 2 { month.checked_sub(3)? } else { month.checked_add(9)? };
    let day_of_year =
        shifted_month.checked_mul(153)?.checked_add(2)?.checked_div(5)?.checked_add(day)?.checked_sub(1)?;
    let day_of_era = year_of_era
        .checked_mul(365)?
        .checked_add(year_of_era / 4)?
        .checked_sub(year_of_era / 100)?
        .checked_add(day_of_year)?;
    era.checked_mul(146_097)?.checked_add(day_of_era)?.checked_sub(719_468)
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
