//! AgentBay's status words: of tasks, which are told by tools, and of sessions.

use crate::status::{Standing, TaskStatus};
use crate::text::join;
use crate::view::{Seen, View};

/// The id of a task that was started, from the JSON text of a tool's answer.
pub fn started<V: View>(answer: &V) -> Option<String> {
    let (_, said) = tool(answer)?;
    let said = said.parsed()?;
    ["task_id", "taskId"].iter().find_map(|name| said.member(name).text()).filter(|id| !id.is_empty())
}

/// How a task of the computer or the browser stands.
pub fn task<V: View>(answer: &V) -> Option<Standing<V>> {
    ended_as(answer, "finished")
}

/// The same of a mobile's task, which has words of its own.
pub fn mobile_task<V: View>(answer: &V) -> Option<Standing<V>> {
    ended_as(answer, "completed")
}

/// A tool's error is the end of the task, in the tool's own words. A task without a status has ended well: so newer
/// clients of the vendor take it.
fn ended_as<V: View>(answer: &V, well: &str) -> Option<Standing<V>> {
    let (error, said) = tool(answer)?;
    if error.is_some() {
        let word = "failed".to_owned();
        let result = answer.member("");
        return Some(Standing {
            word,
            status: TaskStatus::Failed,
            result,
            why: error,
            asks: false,
            late: false,
        });
    }
    let result = said.parsed().filter(|result| result.seen() == Seen::Object)?;
    let word = result.member("status").text().unwrap_or_else(|| well.to_owned());
    let status = match word.as_str() {
        word if word == well => TaskStatus::Succeeded,
        "failed" | "unsupported" => TaskStatus::Failed,
        "cancelled" if well == "completed" => TaskStatus::Cancelled,
        _ => TaskStatus::Running,
    };
    let said = |name| result.member(name).text().filter(|text| !text.is_empty());
    let why = said("error").or_else(|| said("product"));
    Some(Standing { word, status, result, why, asks: false, late: false })
}

/// What a tool says: its error, when it calls its answer one, and the text of its first item.
fn tool<V: View>(answer: &V) -> Option<(Option<String>, V)> {
    let data = unpacked(answer.member("Data"));
    let items = data.member("content").elements();
    let is_error = data.member("isError").seen() == Seen::Flag(true);
    let texts = || join(items.iter().filter_map(|item| item.member("text").text()), "; ");
    let error = is_error.then(texts);
    Some((error, items.first()?.member("text")))
}

/// A value that may stand as JSON text.
fn unpacked<V: View>(value: V) -> V {
    value.parsed().unwrap_or(value)
}

/// How a session that is to be paused stands.
pub fn paused<V: View>(answer: &V) -> Option<Standing<V>> {
    becomes(answer, "PAUSED")
}

/// How a session that is to be resumed stands.
pub fn resumed<V: View>(answer: &V) -> Option<Standing<V>> {
    becomes(answer, "RUNNING")
}

/// How a session that is to be deleted stands.
pub fn deleted<V: View>(answer: &V) -> Option<Standing<V>> {
    becomes(answer, "")
}

fn becomes<V: View>(answer: &V, goal: &str) -> Option<Standing<V>> {
    let word = answer.member("Data").member("Status").text()?;
    let is_gone = matches!(word.as_str(), "DELETED" | "FINISH");
    let status = if word == goal || (is_gone && goal.is_empty()) {
        TaskStatus::Succeeded
    } else if !goal.is_empty() && (is_gone || matches!(word.as_str(), "ERROR" | "FAILED")) {
        TaskStatus::Failed
    } else {
        TaskStatus::Running
    };
    Some(Standing { word, status, result: answer.member(""), why: None, asks: false, late: false })
}

/// Whether the contexts of a session are saved. Lists of tasks stand as JSON text in a list that stands as JSON text; what
/// cannot be read there is nothing to wait for.
pub fn synced<V: View>(answer: &V) -> Option<Standing<V>> {
    let lists = unpacked(answer.member("Data").member("ContextStatus")).elements();
    let mut tasks = lists.into_iter().flat_map(|list| unpacked(list.member("data")).elements());
    let is_open = |task: V| {
        let text = |name| task.member(name).text().unwrap_or_default();
        matches!(text("taskType").as_str(), "upload" | "download")
            && !matches!(text("status").as_str(), "Success" | "Failed")
    };
    let (word, status) =
        if tasks.any(is_open) { ("syncing", TaskStatus::Running) } else { ("synced", TaskStatus::Succeeded) };
    let result = answer.member("");
    Some(Standing { word: word.to_owned(), status, result, why: None, asks: false, late: false })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::json::Owned;

    fn said(text: &str) -> Value {
        json!({"Data": {"content": [{"type": "text", "text": text}], "isError": false}})
    }

    fn standing(
        read: fn(&Owned) -> Option<Standing<Owned>>,
        answer: Value,
    ) -> Option<(String, TaskStatus, Option<String>)> {
        read(&Owned(Some(answer))).map(|standing| (standing.word, standing.status, standing.why))
    }

    #[test]
    fn each_family_has_its_own_last_words_and_unknown_ones_keep_waiting() {
        let status = |read, word: &str| {
            standing(read, said(&json!({"status": word}).to_string())).map(|(_, status, _)| status)
        };
        for (word, computer, phone) in [
            ("running", TaskStatus::Running, TaskStatus::Running),
            ("finished", TaskStatus::Succeeded, TaskStatus::Running),
            ("completed", TaskStatus::Running, TaskStatus::Succeeded),
            ("failed", TaskStatus::Failed, TaskStatus::Failed),
            ("unsupported", TaskStatus::Failed, TaskStatus::Failed),
            ("cancelled", TaskStatus::Running, TaskStatus::Cancelled),
            ("of next year", TaskStatus::Running, TaskStatus::Running),
        ] {
            assert_eq!(status(task, word), Some(computer), "{word}");
            assert_eq!(status(mobile_task, word), Some(phone), "{word}");
        }
        assert_eq!(standing(task, said("{}")).unwrap().0, "finished");
        assert_eq!(standing(mobile_task, said("{}")).unwrap().0, "completed");
    }

    #[test]
    fn a_tools_error_is_a_failed_task_in_its_own_words() {
        let error = json!({"Data": {"content": [{"text": "no"}, {"text": "way"}], "isError": true}});
        let failed = ("failed".to_owned(), TaskStatus::Failed, Some("no; way".to_owned()));
        assert_eq!(standing(task, error.clone()), Some(failed.clone()));
        let packed = json!({"Data": error["Data"].to_string()});
        assert_eq!(standing(task, packed), Some(failed));
    }

    #[test]
    fn what_is_no_status_is_none_and_ends_nothing() {
        for answer in
            [json!({}), json!({"Data": null}), json!({"Data": {"content": []}}), said("oops"), said("[]")]
        {
            assert_eq!(standing(task, answer.clone()), None, "{answer}");
        }
    }

    #[test]
    fn the_id_of_a_task_is_found_in_either_spelling() {
        for (text, id) in
            [(r#"{"task_id":"t"}"#, Some("t")), (r#"{"taskId":"t"}"#, Some("t")), ("{}", None), ("t", None)]
        {
            assert_eq!(started(&Owned(Some(said(text)))).as_deref(), id, "{text}");
        }
    }

    #[test]
    fn a_session_reaches_what_is_waited_for_or_fails_or_goes_on() {
        let status =
            |read, word: &str| standing(read, json!({"Data": {"Status": word}})).map(|(_, status, _)| status);
        assert_eq!(status(paused, "PAUSED"), Some(TaskStatus::Succeeded));
        assert_eq!(status(resumed, "RUNNING"), Some(TaskStatus::Succeeded));
        for word in ["ERROR", "FAILED", "DELETED", "FINISH"] {
            assert_eq!(status(paused, word), Some(TaskStatus::Failed), "{word}");
        }
        for word in ["PAUSING", "RUNNING", "of next year"] {
            assert_eq!(status(paused, word), Some(TaskStatus::Running), "{word}");
            assert_eq!(status(deleted, word), Some(TaskStatus::Running), "{word}");
        }
        assert_eq!(status(deleted, "FINISH"), Some(TaskStatus::Succeeded));
        assert_eq!(status(deleted, "ERROR"), Some(TaskStatus::Running));
        assert_eq!(standing(paused, json!({"Data": {}})), None);
    }

    #[test]
    fn contexts_are_saved_when_no_transfer_is_open() {
        let status = |tasks: Value| {
            let text = json!([{"type": "data", "data": tasks.to_string()}]).to_string();
            standing(synced, json!({"Data": {"ContextStatus": text}})).map(|(_, status, _)| status)
        };
        let transfer = |status: &str| json!([{"taskType": "upload", "status": status}]);
        assert_eq!(status(transfer("Running")), Some(TaskStatus::Running));
        assert_eq!(status(transfer("Failed")), Some(TaskStatus::Succeeded));
        assert_eq!(status(json!([])), Some(TaskStatus::Succeeded));
        let nothing = json!({"Data": {"ContextStatus": ""}});
        assert_eq!(standing(synced, nothing).unwrap().1, TaskStatus::Succeeded);
    }
}
