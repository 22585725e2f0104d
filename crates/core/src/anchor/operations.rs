//! Anchor's endpoints that Taskwright calls, as rows. Sources: the vendor's OpenAPI document (copy of
//! 2026-08) and what its npm client 0.16.3 sends.

use crate::operation::{Answer, Body, Effect, Field, Method, Operation, Takes};

const JSON: &str = "application/json";
const ANY: Takes = Takes::Whole(0, u32::MAX);
const PIXELS: Takes = Takes::Whole(1, u32::MAX);

/// `POST /v1/tools/perform-web-task`: starts a task, or runs it to its end.
pub static PERFORM_WEB_TASK: Operation = Operation {
    name: "tools.performWebTask",
    method: Method::Post,
    path: "/v1/tools/perform-web-task",
    fields: &[
        Field::body("prompt", Takes::Text).required(),
        Field::body("url", Takes::WebUrl),
        Field::query("sessionId", Takes::Text),
        Field::body("async", Takes::Flag),
        // The vendor adds agents, providers and models between releases: any word passes.
        Field::body("agent", Takes::Text),
        Field::body("provider", Takes::Text),
        Field::body("model", Takes::Text),
        Field::body("detect_elements", Takes::Flag),
        Field::body("human_intervention", Takes::Flag),
        Field::body("max_steps", Takes::Whole(1, u32::MAX)),
        Field::body("secret_values", Takes::SecretTexts),
        Field::body("highlight_elements", Takes::Flag),
        Field::body("output_schema", Takes::Object),
        Field::body("directlyOpenUrl", Takes::Flag),
    ],
    body: Body::Json,
    accept: JSON,
    answer: Answer::Parsed,
    effect: Effect::Start,
    takes_key: true,
    check: "the session it was sent to, or the sessions that tasks opened (GET /v1/sessions?task_initiated=true)",
};

/// `GET /v1/tools/perform-web-task/{workflowId}/status`: how a task stands.
pub static TASK_STATUS: Operation = Operation {
    name: "tools.getPerformWebTaskStatus",
    method: Method::Get,
    path: "/v1/tools/perform-web-task/{workflowId}/status",
    fields: &[],
    body: Body::None,
    accept: JSON,
    answer: Answer::Parsed,
    effect: Effect::Read,
    takes_key: false,
    check: "",
};

/// `POST /v1/tools/fetch-webpage`: a page as HTML or markdown.
pub static FETCH_WEBPAGE: Operation = Operation {
    name: "tools.fetchWebpage",
    method: Method::Post,
    path: "/v1/tools/fetch-webpage",
    fields: &[
        Field::query("sessionId", Takes::Text),
        Field::body("url", Takes::WebUrl),
        Field::body("format", Takes::OneOf(&["html", "markdown"])),
        Field::body("wait", ANY),
        Field::body("new_page", Takes::Flag),
        Field::body("page_index", ANY),
        Field::body("return_partial_on_timeout", Takes::Flag),
    ],
    body: Body::Json,
    accept: "text/plain",
    answer: Answer::Parsed,
    // A POST by method, a read by meaning: opening a page twice starts nothing.
    effect: Effect::Idempotent,
    takes_key: false,
    check: "",
};

/// `POST /v1/tools/screenshot`: a page as a PNG.
pub static SCREENSHOT: Operation = Operation {
    name: "tools.screenshotWebpage",
    method: Method::Post,
    path: "/v1/tools/screenshot",
    fields: &[
        Field::query("sessionId", Takes::Text),
        Field::body("url", Takes::WebUrl),
        Field::body("width", PIXELS),
        Field::body("height", PIXELS),
        Field::body("image_quality", Takes::Whole(1, 100)),
        Field::body("wait", ANY),
        Field::body("scroll_all_content", Takes::Flag),
        Field::body("capture_full_height", Takes::Flag),
        Field::body("s3_target_address", Takes::WebUrl),
    ],
    body: Body::Json,
    accept: "image/png",
    answer: Answer::Raw,
    effect: Effect::Idempotent,
    takes_key: false,
    check: "",
};

/// `POST /v1/sessions`: opens a browser session.
pub static SESSION_CREATE: Operation = Operation {
    name: "sessions.create",
    method: Method::Post,
    path: "/v1/sessions",
    fields: &[Field::body("session", Takes::Object), Field::body("browser", Takes::Object)],
    body: Body::Json,
    accept: JSON,
    answer: Answer::Parsed,
    effect: Effect::Start,
    takes_key: false,
    check: "sessions.all.status()",
};

/// `GET /v1/sessions/{sessionId}`: what a session is.
pub static SESSION_RETRIEVE: Operation = Operation {
    name: "sessions.retrieve",
    method: Method::Get,
    path: "/v1/sessions/{sessionId}",
    fields: &[],
    body: Body::None,
    accept: JSON,
    answer: Answer::Parsed,
    effect: Effect::Read,
    takes_key: false,
    check: "",
};

/// `DELETE /v1/sessions/{sessionId}`: ends a session.
pub static SESSION_DELETE: Operation = Operation {
    name: "sessions.delete",
    method: Method::Delete,
    effect: Effect::Idempotent,
    ..SESSION_RETRIEVE
};

/// `GET /v1/sessions/all/status`: the open sessions.
pub static SESSIONS_STATUS: Operation =
    Operation { name: "sessions.all.status", path: "/v1/sessions/all/status", ..SESSION_RETRIEVE };

/// `DELETE /v1/sessions/all`: ends every session.
pub static SESSIONS_DELETE: Operation = Operation {
    name: "sessions.all.delete",
    method: Method::Delete,
    path: "/v1/sessions/all",
    effect: Effect::Idempotent,
    ..SESSION_RETRIEVE
};

/// `GET /v1/sessions/{sessionId}/screenshot`: what the session shows, as a PNG.
pub static SESSION_SCREENSHOT: Operation = Operation {
    name: "sessions.retrieveScreenshot",
    path: "/v1/sessions/{sessionId}/screenshot",
    accept: "image/png",
    answer: Answer::Raw,
    ..SESSION_RETRIEVE
};

/// `POST /v1/sessions/{sessionId}/goto`: opens an address in the session.
pub static SESSION_GOTO: Operation = Operation {
    name: "sessions.goto",
    method: Method::Post,
    path: "/v1/sessions/{sessionId}/goto",
    fields: &[Field::body("url", Takes::WebUrl).required()],
    body: Body::Json,
    effect: Effect::Idempotent,
    ..SESSION_RETRIEVE
};

/// Every row.
pub static ALL: &[&Operation] = &[
    &PERFORM_WEB_TASK,
    &TASK_STATUS,
    &FETCH_WEBPAGE,
    &SCREENSHOT,
    &SESSION_CREATE,
    &SESSION_RETRIEVE,
    &SESSION_DELETE,
    &SESSIONS_STATUS,
    &SESSIONS_DELETE,
    &SESSION_SCREENSHOT,
    &SESSION_GOTO,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_distinct_by_name_and_by_method_and_path() {
        for (index, row) in ALL.iter().enumerate() {
            for other in &ALL[index + 1..] {
                assert_ne!(row.name, other.name);
                assert!(row.method != other.method || row.path != other.path, "{}", row.name);
            }
        }
    }

    #[test]
    fn only_what_would_happen_twice_is_a_start() {
        let starts: Vec<_> =
            ALL.iter().filter(|row| row.effect == Effect::Start).map(|row| row.name).collect();
        assert_eq!(starts, ["tools.performWebTask", "sessions.create"]);
    }
}
