//! CDP messages as a client sends and gets them.

use serde_json::{Value, json};

/// A command of a client.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Command {
    /// Numbers its answer.
    pub(super) id: i64,
    /// The session that it is for; `None` is the browser itself.
    pub(super) session: Option<String>,
    pub(super) method: String,
    pub(super) params: Value,
}

impl Command {
    /// Reads one. `Err` is the answer to what is none.
    pub(super) fn parse(text: &str) -> Result<Self, Value> {
        // Codes and sentences of JSON-RPC 2.0, as Chromium answers them.
        let wrong = |id: Option<i64>, code: i64, why: &str| match id {
            Some(id) => json!({ "id": id, "error": { "code": code, "message": why } }),
            None => json!({ "error": { "code": code, "message": why } }),
        };
        let mut message: Value =
            serde_json::from_str(text).map_err(|_| wrong(None, -32700, "The message is not JSON"))?;
        let Some(id) = message.get("id").and_then(Value::as_i64) else {
            return Err(wrong(None, -32600, "The message has no integer `id`"));
        };
        let Some(method) = message.get("method").and_then(Value::as_str).map(str::to_owned) else {
            return Err(wrong(Some(id), -32600, "The message has no string `method`"));
        };
        let session = match message.get("sessionId") {
            None | Some(Value::Null) => None,
            Some(Value::String(session)) => Some(session.clone()),
            Some(_) => return Err(wrong(Some(id), -32600, "`sessionId` is not a string")),
        };
        let params = match message.get_mut("params").map(Value::take) {
            None | Some(Value::Null) => json!({}),
            Some(params @ Value::Object(_)) => params,
            Some(_) => return Err(wrong(Some(id), -32602, "`params` is not an object")),
        };
        Ok(Self { id, session, method, params })
    }

    /// Its answer when it was carried out.
    pub(super) fn done(&self, result: Value) -> Value {
        self.addressed(json!({ "id": self.id, "result": result }))
    }

    /// Its answer when it was not, for a reason that the server has.
    pub(super) fn refused(&self, why: &str) -> Value {
        // The code of every failure that Chromium has no better one for.
        self.failed(-32000, why)
    }

    /// Its answer when its session is none of the client's.
    pub(super) fn lost(&self) -> Value {
        self.failed(-32001, "Session with given id not found.")
    }

    fn failed(&self, code: i64, why: &str) -> Value {
        self.addressed(json!({ "id": self.id, "error": { "code": code, "message": why } }))
    }

    /// Chromium's answer to it, with the client's numbers in place of the server's.
    pub(super) fn answered(&self, mut message: Value) -> Value {
        if let Some(fields) = message.as_object_mut() {
            fields.remove("sessionId");
            fields.insert("id".into(), self.id.into());
        }
        self.addressed(message)
    }

    fn addressed(&self, mut message: Value) -> Value {
        if let (Some(session), Some(fields)) = (&self.session, message.as_object_mut()) {
            fields.insert("sessionId".into(), session.as_str().into());
        }
        message
    }
}

/// An event for a client.
pub(super) fn event(session: Option<&str>, method: &str, params: Value) -> Value {
    match session {
        Some(session) => json!({ "method": method, "params": params, "sessionId": session }),
        None => json!({ "method": method, "params": params }),
    }
}

/// A string field, or the empty string.
pub(super) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_answered_with_its_own_numbers() {
        let command = Command::parse(r#"{"id":7,"method":"Page.enable","sessionId":"S"}"#).unwrap();
        assert_eq!(command.params, json!({}));
        let answer = command.answered(json!({ "id": 99, "result": {}, "sessionId": "other" }));
        assert_eq!(answer, json!({ "id": 7, "result": {}, "sessionId": "S" }));
    }

    #[test]
    fn what_is_no_command_is_answered_with_what_is_wrong() {
        for (text, code) in [
            ("{", -32700),
            ("[]", -32600),
            (r#"{"id":"1","method":"A.b"}"#, -32600),
            (r#"{"id":1}"#, -32600),
            (r#"{"id":1,"method":"A.b","sessionId":1}"#, -32600),
            (r#"{"id":1,"method":"A.b","params":[]}"#, -32602),
        ] {
            assert_eq!(Command::parse(text).unwrap_err()["error"]["code"], code, "{text}");
        }
    }
}
