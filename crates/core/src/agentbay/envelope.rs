//! The envelope of AgentBay's answers: `{RequestId, HttpStatusCode, Code, Message, Success, Data}`, the same for
//! refusals under an error status and for those under status 200.

use crate::error::{self, Envelope, Verdict};
use crate::text::find;
use crate::view::{Seen, View};

/// What an answer says about itself. Gateways in front of the service write some names small.
pub fn read<V: View>(body: &V) -> Envelope {
    let [request_id, code, message, detail] =
        [["RequestId", "requestId"], ["Code", "code"], ["Message", "message"], ["Detail", "detail"]].map(
            |names| {
                names.into_iter().find_map(|name| body.member(name).text().filter(|text| !text.is_empty()))
            },
        );
    let data = body.member("Data");
    let is_false = |value: V| value.seen() == Seen::Flag(false);
    // Sessions have a second word about success inside.
    let is_hollow = is_false(data.member("Success"));
    let verdict = if is_hollow || is_false(body.member("Success")) {
        Verdict::Refused
    } else if body.member("Success").seen() == Seen::Absent && request_id.is_none() {
        Verdict::Foreign
    } else {
        Verdict::Fine
    };
    let sentence = if is_hollow {
        data.member("ErrMsg").text().filter(|text| !text.is_empty())
    } else {
        let mut text = code.as_ref().map_or_else(String::new, |code| format!("[{code}] "));
        text.push_str(&message.unwrap_or_default());
        if let Some(detail) = detail {
            text = format!("{text} ({detail})");
        }
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let sentence = sentence.unwrap_or_else(|| error::sentence(body));
    let small = sentence.to_ascii_lowercase();
    // An action that the service does not know is no session that is gone.
    let not_found = (find(&small, "notfound").is_some() || find(&small, "not found").is_some())
        && find(&small, "invalidaction").is_none();
    Envelope { verdict, sentence, request_id, not_found }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(body: Value) -> Envelope {
        read(&Some(&body))
    }

    #[test]
    fn a_refusal_reads_the_same_in_both_channels() {
        let gone = of(json!({
            "RequestId": "r", "Code": "InvalidMcpSession.NotFound", "Message": "Resource is not found.",
            "Success": false, "HttpStatusCode": 400
        }));
        assert_eq!(gone.verdict, Verdict::Refused);
        assert_eq!(gone.sentence, "[InvalidMcpSession.NotFound] Resource is not found.");
        assert_eq!(gone.request_id.as_deref(), Some("r"));
        assert!(gone.not_found);
        let small = of(json!({"requestId": "r", "code": "c", "message": "m", "Detail": "d"}));
        assert_eq!((small.sentence.as_str(), small.not_found), ("[c] m (d)", false));
        assert_eq!(small.request_id.as_deref(), Some("r"));
    }

    #[test]
    fn an_action_that_the_service_lacks_does_not_count_as_a_missing_session() {
        let unknown = of(json!({"Success": false, "Code": "InvalidAction.NotFound", "Message": "not found"}));
        assert!(!unknown.not_found);
    }

    #[test]
    fn a_session_that_could_not_be_made_says_so_inside_its_data() {
        let failed =
            of(json!({"RequestId": "r", "Success": true, "Data": {"Success": false, "ErrMsg": "no quota"}}));
        assert_eq!((failed.verdict, failed.sentence.as_str()), (Verdict::Refused, "no quota"));
    }

    #[test]
    fn what_is_no_envelope_is_no_success() {
        for body in [json!({}), json!([]), json!("ok"), json!(null), json!({"data": 1})] {
            assert_eq!(of(body.clone()).verdict, Verdict::Foreign, "{body}");
        }
        assert_eq!(of(json!({"RequestId": "r"})).verdict, Verdict::Fine);
        assert_eq!(of(json!({"Success": true, "Data": {}})).verdict, Verdict::Fine);
    }
}
