//! Anchor's status words.

use crate::status::{Standing, TaskStatus};
use crate::view::View;

/// Reads `{"data": {"status", "result", "error"}}`; `None` when there is no status in it.
pub fn standing<V: View>(answer: &V) -> Option<Standing<V>> {
    let data = answer.member("data");
    let word = data.member("status").text()?;
    let status = portable(&word);
    let (result, why) = (data.member("result"), data.member("error").text());
    Some(Standing { word, status, result, why, asks: false, late: false })
}

/// The id of a task that was started asynchronously, from `{"data": {"workflow_id"}}`.
pub fn started<V: View>(answer: &V) -> Option<String> {
    answer.member("data").member("workflow_id").text().filter(|id| !id.is_empty())
}

/// The portable status of one of Anchor's words. Case does not matter: the vendor says `running` when a
/// task starts and `RUNNING` when asked. An unknown word means that the task goes on.
#[must_use]
pub fn portable(word: &str) -> TaskStatus {
    if word.eq_ignore_ascii_case("COMPLETED") {
        TaskStatus::Succeeded
    } else if word.eq_ignore_ascii_case("FAILED") {
        TaskStatus::Failed
    } else {
        TaskStatus::Running
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_read_where_the_vendor_puts_things() {
        let done = json!({"data": {"status": "COMPLETED", "result": {"a": 1}}});
        let standing = standing(&Some(&done)).unwrap();
        assert_eq!((standing.status, standing.result), (TaskStatus::Succeeded, Some(&json!({"a": 1}))));
        assert_eq!(started(&Some(&json!({"data": {"workflow_id": "w"}}))).as_deref(), Some("w"));
        assert!(super::standing(&Some(&json!("COMPLETED"))).is_none());
        assert!(started(&Some(&json!({"data": {"result": 1}}))).is_none());
    }

    #[test]
    fn words_are_read_without_regard_to_case_and_unknown_ones_keep_waiting() {
        assert_eq!(portable("running"), TaskStatus::Running);
        assert_eq!(portable("Completed"), TaskStatus::Succeeded);
        assert_eq!(portable("FAILED"), TaskStatus::Failed);
        for odd in ["", "PAUSED", "nonsense"] {
            assert!(!portable(odd).is_terminal());
        }
    }
}
