//! Anchor's status words.

use crate::status::TaskStatus;

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
    use super::*;

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
