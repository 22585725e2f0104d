//! Asteroid's status words, results and questions.

use crate::status::{Standing, TaskStatus};
use crate::text::{is_blank, join};
use crate::view::{Seen, View};

/// The word for an agent that has stopped to ask.
const ASKING: &str = "paused_by_agent";
/// What an agent is said to want when nothing says it.
pub const UNSAID: &str = "Agent is requesting input";

/// The portable status of one of Asteroid's words. An unknown word means that the execution goes on.
#[must_use]
pub fn portable(word: &str) -> TaskStatus {
    match word {
        "queued" => TaskStatus::Queued,
        "paused" => TaskStatus::Paused,
        ASKING | "awaiting_confirmation" => TaskStatus::AwaitingInput,
        "completed" => TaskStatus::Succeeded,
        "failed" => TaskStatus::Failed,
        "cancelled" => TaskStatus::Cancelled,
        _ => TaskStatus::Running,
    }
}

/// The id of an execution that was started, from `{"executionId"}` or, in version 1, `{"execution_id"}`.
pub fn started<V: View>(answer: &V) -> Option<String> {
    [answer.member("executionId"), answer.member("execution_id")]
        .iter()
        .find_map(View::text)
        .filter(|id| !id.is_empty())
}

/// Reads an execution, or the answer of its long poll: `{"status", "executionResult"?}`. One that completed and has
/// no result yet goes on: the result is written a moment later.
pub fn standing<V: View>(answer: &V) -> Option<Standing<V>> {
    let word = answer.member("status").text()?;
    let result = answer.member("executionResult");
    let why = result.member("reasoning").text().filter(|text| !text.is_empty());
    Some(settled(word, result, why))
}

/// Reads the status of version 1, which does not bring the result.
pub fn standing_v1<V: View>(answer: &V) -> Option<Standing<V>> {
    let word = answer.member("status").text()?;
    let status = portable(&word);
    let asks = word == ASKING;
    // A member that no answer has: there is no result yet.
    let result = answer.member("");
    Some(Standing { word, status, result, why: answer.member("reason").text(), asks, late: false })
}

/// Adds the answer of version 1's result operation: `{"status", "error"?, "execution_result"?}`.
pub fn complete_v1<V: View>(standing: Standing<V>, answer: &V) -> Standing<V> {
    let error = answer.member("error").text().filter(|text| !text.is_empty());
    let mut result = answer.member("execution_result");
    // An empty outcome says that it is still being written.
    if result.member("outcome").text().as_deref() == Some("") {
        result = result.member("");
    }
    match (error, standing.status) {
        (Some(error), TaskStatus::Succeeded) => {
            Standing { status: TaskStatus::Failed, result, why: Some(error), ..standing }
        }
        (error, _) => settled(standing.word, result, error.or(standing.why)),
    }
}

fn settled<V: View>(word: String, result: V, why: Option<String>) -> Standing<V> {
    let status = portable(&word);
    let late = status == TaskStatus::Succeeded && result.seen() != Seen::Object;
    let status = if late { TaskStatus::Running } else { status };
    let asks = word == ASKING;
    Standing { word, status, result, why, asks, late }
}

/// What the agent wants to know, from the newest activities, newest first: the question or the reason of its newest pause, else its
/// newest message to the user, else its newest action. `None` when somebody has answered since.
pub fn question<V: View>(activities: &V) -> Option<String> {
    let payloads: Vec<V> = activities.elements().iter().map(|activity| activity.member("payload")).collect();
    // Whichever came last: that it paused, or that somebody said something.
    let last = payloads.iter().find_map(|payload| match payload.member("activityType").text().as_deref() {
        Some("user_message_received") => Some(false),
        Some("status_changed") => inner(payload, "status").text().filter(|word| word == ASKING).map(|_| true),
        _ => None,
    });
    if last == Some(false) {
        return None;
    }
    let of_kind = |kind: &'static str| {
        payloads.iter().filter(move |payload| payload.member("activityType").text().as_deref() == Some(kind))
    };
    let pause = of_kind("status_changed").find_map(|payload| {
        let paused = inner(payload, "pausedPayload");
        asked(&paused).or_else(|| paused.member("reason").text())
    });
    let message = || {
        let told = of_kind("action_started").find(|payload| {
            inner(*payload, "actionName").text().as_deref() == Some("util_send_user_message")
        });
        told.or_else(|| of_kind("action_started").next()).and_then(|payload| inner(payload, "message").text())
    };
    let said = |text: &String| !is_blank(text);
    Some(pause.filter(said).or_else(message).filter(said).unwrap_or_else(|| UNSAID.to_owned()))
}

/// A member of a payload in either of its layouts: inline, or under `data`.
fn inner<V: View>(payload: &V, name: &str) -> V {
    let inline = payload.member(name);
    if inline.seen() == Seen::Absent { payload.member("data").member(name) } else { inline }
}

/// The questions of a pause, one to a line.
fn asked<V: View>(paused: &V) -> Option<String> {
    let questions = paused.member("question").member("questions").elements();
    let texts: Vec<String> = questions.iter().filter_map(|each| each.member("question").text()).collect();
    (!texts.is_empty()).then(|| join(texts, "\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_execution_that_completed_goes_on_until_its_result_is_there() {
        let read = |answer: &Value| standing(&Some(answer)).unwrap().status;
        assert_eq!(read(&json!({"status": "completed"})), TaskStatus::Running);
        assert_eq!(read(&json!({"status": "completed", "executionResult": null})), TaskStatus::Running);
        assert_eq!(
            read(&json!({"status": "completed", "executionResult": {"outcome": "success"}})),
            TaskStatus::Succeeded
        );
        assert_eq!(read(&json!({"status": "failed"})), TaskStatus::Failed);
        assert_eq!(read(&json!({"status": "of_next_year"})), TaskStatus::Running);
    }

    #[test]
    fn version_1_is_complete_with_the_answer_of_its_result_operation() {
        let word = json!({"status": "completed", "reason": "r"});
        let complete = |answer: &Value| {
            let done = complete_v1(standing_v1(&Some(&word)).unwrap(), &Some(answer));
            (done.status, done.why)
        };
        assert_eq!(standing_v1(&Some(&word)).unwrap().status, TaskStatus::Succeeded);
        assert_eq!(complete(&json!({"execution_result": {"outcome": ""}})).0, TaskStatus::Running);
        assert_eq!(complete(&json!({"execution_result": {"outcome": "success"}})).0, TaskStatus::Succeeded);
        assert_eq!(complete(&json!({"error": "no"})), (TaskStatus::Failed, Some("no".to_owned())));
    }

    #[test]
    fn the_question_is_what_the_agent_really_asked() {
        let flat = |kind: &str, members: Value| {
            let mut payload = members;
            payload["activityType"] = json!(kind);
            json!({"payload": payload})
        };
        let nested = |kind: &str, members: Value| json!({"payload": {"activityType": kind, "data": members}});
        let acted = flat("action_started", json!({"message": "clicks", "actionName": "element_click"}));
        let told =
            flat("action_started", json!({"message": "tell me", "actionName": "util_send_user_message"}));
        let paused = nested(
            "status_changed",
            json!({"status": "paused_by_agent", "pausedPayload": {"reason": "Which code?"}}),
        );
        let asked = flat(
            "status_changed",
            json!({"pausedPayload": {"reason": "r", "question": {"questions": [{"question": "A?"}, {"question": "B?"}]}}}),
        );
        let of = |list: Vec<Value>| question(&Some(&Value::Array(list)));
        let answered = flat("user_message_received", json!({"message": "4711"}));
        assert_eq!(of(vec![acted.clone(), answered.clone(), paused.clone()]), None);
        let of = |list| of(list).unwrap();
        assert_eq!(of(vec![paused.clone(), answered]), "Which code?");
        assert_eq!(of(vec![acted.clone(), told.clone(), paused.clone()]), "Which code?");
        assert_eq!(of(vec![asked, paused]), "A?\nB?");
        assert_eq!(of(vec![acted.clone(), told]), "tell me");
        assert_eq!(of(vec![acted]), "clicks");
        assert_eq!(of(vec![]), UNSAID);
    }
}
