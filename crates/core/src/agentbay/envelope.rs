//! The envelope of AgentBay's answers: `{RequestId, HttpStatusCode, Code, Message, Success, Data}`, the same for
//! refusals under an error status and for those under status 200.

use crate::error::{self, Envelope, Verdict};
use crate::text::find;
use crate::view::{Seen, View};

/// What an answer says about itself; `is_error` when its status says that it is an error. Gateways in front of the
/// service write some names small.
pub fn read<V: View>(body: &V, is_error: bool) -> Envelope {
    let text = |name: &str, small: &str| {
        body.member(name).text().or_else(|| body.member(small).text()).unwrap_or_default()
    };
    let request_id = Some(text("RequestId", "requestId")).filter(|id| !id.is_empty());
    let success = match body.member("Success").seen() {
        // So says the direct route to a session.
        Seen::Absent => body.member("success").seen(),
        said => said,
    };
    let refused = match success {
        Seen::Flag(success) => !success,
        Seen::Text(word) => word.eq_ignore_ascii_case("false"),
        // Who does not say so may say it by the status that it would have had.
        _ => matches!(body.member("HttpStatusCode").seen(), Seen::Number(status) if status >= 400.0),
    };
    let is_one = |name| body.member(name).seen() != Seen::Absent;
    let verdict = if refused {
        Verdict::Refused(200)
    } else if request_id.is_some() || is_one("Data") || is_one("data") {
        Verdict::Fine
    } else {
        Verdict::Foreign
    };
    if verdict == Verdict::Fine && !is_error {
        return Envelope { verdict, sentence: String::new(), request_id, not_found: false };
    }
    let code = text("Code", "code");
    let mut sentence = text("Message", "message");
    if !code.is_empty() {
        sentence = format!("[{code}] {sentence}");
    }
    if sentence.is_empty() {
        sentence = error::sentence(body);
    }
    // An action that the service does not know is no session that is gone.
    let says = |words| find(&sentence, words).is_some();
    let not_found = (says("NotFound") || says("not found")) && code != "InvalidAction.NotFound";
    Envelope { verdict, sentence, request_id, not_found }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(body: Value) -> Envelope {
        read(&Some(&body), false)
    }

    #[test]
    fn a_refusal_reads_the_same_in_both_channels() {
        let gone = of(json!({
            "RequestId": "r", "Code": "InvalidMcpSession.NotFound", "Message": "Resource is not found.",
            "Success": false, "HttpStatusCode": 400
        }));
        assert_eq!(gone.verdict, Verdict::Refused(200));
        assert_eq!(gone.sentence, "[InvalidMcpSession.NotFound] Resource is not found.");
        assert_eq!(gone.request_id.as_deref(), Some("r"));
        assert!(gone.not_found);
        let under_400 = read(&Some(&json!({"RequestId": "r", "Code": "c"})), true);
        assert_eq!((under_400.sentence.as_str(), under_400.request_id.as_deref()), ("[c] ", Some("r")));
        let small = of(json!({"requestId": "r", "code": "c", "message": "m", "Success": false}));
        assert_eq!((small.sentence.as_str(), small.not_found), ("[c] m", false));
        assert_eq!(small.request_id.as_deref(), Some("r"));
    }

    #[test]
    fn a_refusal_may_be_said_in_text_or_by_the_status_alone() {
        let verdict = |body: Value| of(body).verdict;
        for refusal in [
            json!({"Success": "False", "Data": {}}),
            json!({"HttpStatusCode": 403, "Data": {}}),
            json!({"success": false, "data": null}),
        ] {
            assert_eq!(verdict(refusal.clone()), Verdict::Refused(200), "{refusal}");
        }
        for fine in [
            json!({"Success": "true", "Data": {}}),
            json!({"Success": true, "HttpStatusCode": 400, "Data": {}}),
            json!({"HttpStatusCode": 200, "Data": {}}),
        ] {
            assert_eq!(verdict(fine.clone()), Verdict::Fine, "{fine}");
        }
    }

    #[test]
    fn an_action_that_the_service_lacks_does_not_count_as_a_missing_session() {
        let unknown = of(json!({"Success": false, "Code": "InvalidAction.NotFound", "Message": "not found"}));
        assert!(!unknown.not_found);
    }

    #[test]
    fn what_is_no_envelope_is_no_success() {
        for body in [json!({}), json!([]), json!("ok"), json!(null), json!({"hello": 1})] {
            assert_eq!(of(body.clone()).verdict, Verdict::Foreign, "{body}");
        }
        assert_eq!(of(json!({"RequestId": "r"})).verdict, Verdict::Fine);
        assert_eq!(of(json!({"Success": true, "Data": {}})).verdict, Verdict::Fine);
        // The direct route to a session answers so.
        assert_eq!(of(json!({"data": {"result": {}}})).verdict, Verdict::Fine);
    }
}
