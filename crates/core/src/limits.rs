//! The limits that a caller may set, checked. What an option is called is asked for only when it is wrong: the
//! façades have names of their own.

use crate::operation::InvalidInput;
use crate::view::{Seen, View};

/// The longest time that can be told from never: 2^53 - 1 milliseconds, the largest whole number that
/// JavaScript counts exactly.
const MAX_MS: f64 = 9_007_199_254_740_991.0;
/// More repetitions than this are a mistake.
const MAX_RETRIES: f64 = 100.0;

/// A time limit in milliseconds: `Some(None)` for `Infinity`, `None` when it is not set.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
pub fn duration<V: View>(name: &dyn Fn() -> String, value: &V) -> Result<Option<Option<u64>>, InvalidInput> {
    match value.seen() {
        Seen::Absent => Ok(None),
        Seen::Number(ms) if ms == f64::INFINITY => Ok(Some(None)),
        Seen::Number(ms) if ms > 0.0 && ms <= MAX_MS => Ok(Some(Some(ms.ceil() as u64))),
        _ => Err(refuse(name, value, "takes a number of milliseconds above 0, or Infinity")),
    }
}

/// How often a request may be sent again; `None` when it is not set.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
pub fn retries<V: View>(name: &dyn Fn() -> String, value: &V) -> Result<Option<u32>, InvalidInput> {
    match value.seen() {
        Seen::Absent => Ok(None),
        Seen::Number(count) if count.fract() == 0.0 && (0.0..=MAX_RETRIES).contains(&count) => {
            Ok(Some(count as u32))
        }
        _ => Err(refuse(name, value, "takes a whole number from 0 to 100")),
    }
}

/// A count that must be at least 1; `None` when it is not set.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
pub fn count<V: View>(name: &dyn Fn() -> String, value: &V) -> Result<Option<u32>, InvalidInput> {
    match value.seen() {
        Seen::Absent => Ok(None),
        Seen::Number(count) if count.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&count) => {
            Ok(Some(count as u32))
        }
        _ => Err(refuse(name, value, "takes a whole number from 1")),
    }
}

fn refuse<V: View>(name: &dyn Fn() -> String, value: &V, takes: &str) -> InvalidInput {
    let got = match value.seen() {
        Seen::Number(number) if number.is_nan() => "NaN".to_owned(),
        Seen::Number(number) if number == f64::NEG_INFINITY => "-Infinity".to_owned(),
        Seen::Number(_) => value.show(),
        other => other.noun().to_owned(),
    };
    InvalidInput::new(name(), format!("{takes}, got {got}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits_are_taken_as_meant_or_refused_by_name() {
        let timeout = || "timeout".to_owned();
        assert_eq!(duration(&timeout, &Some(&json!(1.2))), Ok(Some(Some(2))));
        assert_eq!(duration(&timeout, &None), Ok(None));
        for bad in [json!(0), json!(-1), json!("5"), json!(null)] {
            assert_eq!(duration(&timeout, &Some(&bad)).unwrap_err().field, "timeout", "{bad}");
        }
        assert_eq!(retries(&timeout, &Some(&json!(0))), Ok(Some(0)));
        for bad in [json!(1.5), json!(-1), json!(101), json!(null)] {
            assert!(retries(&timeout, &Some(&bad)).is_err(), "{bad}");
        }
        assert_eq!(count(&timeout, &Some(&json!(7))), Ok(Some(7)));
        assert!(count(&timeout, &Some(&json!(0))).is_err());
    }
}
