//! AgentBay's status words: of tasks, which are told by tools, and of sessions.

use crate::status::{Standing, TaskStatus};
use crate::view::{Seen, View};

/// How a task of the computer or the browser stands.
pub fn task<V: View>(answer: &V) -> Option<Standing<V>> {
    ends_as(answer, "finished", &["failed", "unsupported"])
}

/// The same of a mobile's task, which has words of its own.
pub fn mobile_task<V: View>(answer: &V) -> Option<Standing<V>> {
    ends_as(answer, "completed", &["failed", "cancelled", "unsupported"])
}

/// A tool's error is the end of the task; its result is then what the tool said. A task without a status has ended well: so
/// newer clients of the vendor take it.
fn ends_as<V: View>(answer: &V, well: &str, ill: &[&str]) -> Option<Standing<V>> {
    // The direct route wraps what the tool says once more.
    let direct = unpacked(unpacked(answer.member("data")).member("result"));
    let said = if direct.seen() == Seen::Object { direct } else { unpacked(answer.member("Data")) };
    let is_error = match said.member("isError").seen() {
        Seen::Flag(is_error) => is_error,
        Seen::Number(number) => number != 0.0,
        Seen::Text(word) => !(word.is_empty() || word == "0" || word.eq_ignore_ascii_case("false")),
        _ => false,
    };
    if is_error {
        return Some(standing("failed".to_owned(), &[], &["failed"], said));
    }
    // The façade looks for a text in the same places: `toolText`.
    let item = said.member("content").member("0");
    let texts = [item.member("text"), item.member("blob"), item.member("data"), item];
    let told = texts.iter().find_map(V::parsed).filter(|told| told.seen() == Seen::Object)?;
    let word = told.member("status").text().unwrap_or_else(|| well.to_owned());
    Some(standing(word, &[well], ill, told))
}

/// A value that may stand as JSON text.
fn unpacked<V: View>(value: V) -> V {
    value.parsed().unwrap_or(value)
}

/// Where `word` stands between its good ends and its bad ones. Unknown words mean that it goes on.
fn standing<V>(word: String, well: &[&str], ill: &[&str], result: V) -> Standing<V> {
    let is_one_of = |words: &[&str]| words.iter().any(|known| *known == word);
    let status = if is_one_of(well) {
        TaskStatus::Succeeded
    } else if is_one_of(ill) {
        TaskStatus::Failed
    } else {
        TaskStatus::Running
    };
    Standing { word, status, result, why: None, asks: false, late: false }
}

/// How a session that is to be paused stands. One that runs again could not be paused.
pub fn paused<V: View>(answer: &V) -> Option<Standing<V>> {
    becomes(answer, &["PAUSED"], &["RUNNING", "RESUMING", "ERROR", "FAILED", "FINISH", "DELETED"])
}

/// How a session that is to be resumed stands.
pub fn resumed<V: View>(answer: &V) -> Option<Standing<V>> {
    becomes(answer, &["RUNNING"], &["PAUSED", "PAUSING", "ERROR", "FAILED", "FINISH", "DELETED"])
}

/// How a session that is to be deleted stands.
pub fn deleted<V: View>(answer: &V) -> Option<Standing<V>> {
    becomes(answer, &["FINISH", "DELETED"], &[])
}

fn becomes<V: View>(answer: &V, well: &[&str], ill: &[&str]) -> Option<Standing<V>> {
    let word = answer.member("Data").member("Status").text()?;
    let why = answer.member("Message").text().filter(|words| words != "success");
    Some(Standing { why, ..standing(word, well, ill, answer.member("")) })
}

/// Whether the contexts of a session are saved. Lists of tasks stand as JSON text in a list that stands as JSON text; what
/// cannot be read there is nothing to wait for.
pub fn synced<V: View>(answer: &V) -> Option<Standing<V>> {
    let mut word = "synced";
    for list in &unpacked(answer.member("Data").member("ContextStatus")).elements() {
        for task in &unpacked(list.member("data")).elements() {
            if !matches!(task.member("status").text().as_deref(), Some("Success" | "Failed")) {
                word = "syncing";
            }
        }
    }
    Some(standing(word.to_owned(), &["synced"], &[], answer.member("")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::json::Owned;

    fn said(text: &str) -> Value {
        json!({"Data": {"content": [{"type": "text", "text": text}], "isError": false}})
    }

    fn stands(
        read: fn(&Owned) -> Option<Standing<Owned>>,
        answer: Value,
    ) -> Option<(String, TaskStatus, Option<String>)> {
        read(&Owned(Some(answer))).map(|standing| (standing.word, standing.status, standing.why))
    }

    #[test]
    fn each_family_has_its_own_last_words_and_unknown_ones_keep_waiting() {
        let status = |read, word: &str| {
            stands(read, said(&json!({"status": word}).to_string())).map(|(_, status, _)| status)
        };
        for (word, computer, phone) in [
            ("running", TaskStatus::Running, TaskStatus::Running),
            ("finished", TaskStatus::Succeeded, TaskStatus::Running),
            ("completed", TaskStatus::Running, TaskStatus::Succeeded),
            ("failed", TaskStatus::Failed, TaskStatus::Failed),
            ("unsupported", TaskStatus::Failed, TaskStatus::Failed),
            ("cancelled", TaskStatus::Running, TaskStatus::Failed),
            ("of next year", TaskStatus::Running, TaskStatus::Running),
        ] {
            assert_eq!(status(task, word), Some(computer), "{word}");
            assert_eq!(status(mobile_task, word), Some(phone), "{word}");
        }
        assert_eq!(stands(task, said("{}")).unwrap().0, "finished");
        assert_eq!(stands(mobile_task, said("{}")).unwrap().0, "completed");
    }

    #[test]
    fn a_tools_error_is_a_failed_task_and_its_words_are_at_hand() {
        let said = json!({"content": [{"text": "no"}], "isError": true});
        let otherwise = [json!("True"), json!("1"), json!(1)]
            .map(|word| json!({"content": [{"text": "no"}], "isError": word}));
        for said in [said].into_iter().chain(otherwise) {
            let direct = json!({"result": said});
            for answer in [
                json!({"Data": said}),
                json!({"Data": said.to_string()}),
                json!({"data": direct}),
                json!({"data": direct.to_string()}),
                json!({"data": {"result": said.to_string()}}),
            ] {
                let standing = task(&Owned(Some(answer))).unwrap();
                assert_eq!((standing.word.as_str(), standing.status), ("failed", TaskStatus::Failed));
                assert_eq!(standing.result.0.as_ref(), Some(&said));
            }
        }
        for word in [json!("false"), json!("False"), json!(""), json!("0"), json!(0), json!(null)] {
            let fine = json!({"Data": {"content": [{"text": "{}"}], "isError": word}});
            assert_eq!(stands(task, fine).unwrap().0, "finished", "{word}");
        }
    }

    #[test]
    fn what_a_tool_says_may_stand_in_four_places() {
        let told = json!({"status": "failed"}).to_string();
        for item in [
            json!(told),
            json!({"text": told}),
            json!({"text": "", "blob": told}),
            json!({"text": 5, "blob": null, "data": told}),
        ] {
            let answer = json!({"Data": {"content": [item], "isError": false}});
            assert_eq!(stands(task, answer).unwrap().0, "failed", "{item}");
        }
    }

    #[test]
    fn what_is_no_status_is_none_and_ends_nothing() {
        for answer in
            [json!({}), json!({"Data": null}), json!({"Data": {"content": []}}), said("oops"), said("[]")]
        {
            assert_eq!(stands(task, answer.clone()), None, "{answer}");
        }
    }

    #[test]
    fn a_session_reaches_what_is_waited_for_or_fails_or_goes_on() {
        let status =
            |read, word: &str| stands(read, json!({"Data": {"Status": word}})).map(|(_, status, _)| status);
        assert_eq!(status(paused, "PAUSED"), Some(TaskStatus::Succeeded));
        assert_eq!(status(resumed, "RUNNING"), Some(TaskStatus::Succeeded));
        for word in ["ERROR", "FAILED", "DELETED", "FINISH"] {
            assert_eq!(status(paused, word), Some(TaskStatus::Failed), "{word}");
        }
        // Back where it was, it has given up.
        assert_eq!(status(paused, "RUNNING"), Some(TaskStatus::Failed));
        assert_eq!(status(resumed, "PAUSED"), Some(TaskStatus::Failed));
        for word in ["PAUSING", "of next year"] {
            assert_eq!(status(paused, word), Some(TaskStatus::Running), "{word}");
            assert_eq!(status(deleted, word), Some(TaskStatus::Running), "{word}");
        }
        assert_eq!(status(deleted, "FINISH"), Some(TaskStatus::Succeeded));
        assert_eq!(status(deleted, "ERROR"), Some(TaskStatus::Running));
        assert_eq!(stands(paused, json!({"Data": {}})), None);
    }

    #[test]
    fn contexts_are_saved_when_no_transfer_is_open() {
        let status = |tasks: Value| {
            let text = json!([{"type": "data", "data": tasks.to_string()}]).to_string();
            stands(synced, json!({"Data": {"ContextStatus": text}})).map(|(_, status, _)| status)
        };
        let transfer = |status: &str| json!([{"taskType": "upload", "status": status}]);
        assert_eq!(status(transfer("Running")), Some(TaskStatus::Running));
        assert_eq!(status(transfer("Failed")), Some(TaskStatus::Succeeded));
        assert_eq!(status(json!([])), Some(TaskStatus::Succeeded));
        let nothing = json!({"Data": {"ContextStatus": ""}});
        assert_eq!(stands(synced, nothing).unwrap().1, TaskStatus::Succeeded);
    }
}
