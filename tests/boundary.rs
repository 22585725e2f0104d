//! The boundary between JavaScript and the machines, in a real browser: what crosses, what is left behind.
//! What is decided behind it is tested natively in `crates/core`.

#![cfg(target_family = "wasm")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use js_sys::{Array, Function, Object, Promise, Reflect};
use taskwright::RawClient;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::*;

mod support;

use support::*;

wasm_bindgen_test_configure!(run_in_browser);

fn start(client: &RawClient, options: &JsValue) -> Promise {
    let params = js("return { prompt: 'p', sessionId: 's 1', async: true, odd: [1] };");
    call(client, "tools.performWebTask", &Array::new(), &params, options)
}

fn status(client: &RawClient, options: &JsValue) -> Promise {
    call(client, "tools.getPerformWebTaskStatus", &Array::of1(&"w/1".into()), &JsValue::UNDEFINED, options)
}

#[wasm_bindgen_test]
async fn a_call_becomes_the_request_that_its_row_describes() {
    let fetch = recorder("return Promise.resolve(Response.json({ data: { workflow_id: 'w', extra: 1 } }));");
    let answer = JsFuture::from(start(&client(&fetch), &Object::new())).await.unwrap();
    let call = get(&get(&fetch, "calls"), "0");
    assert_eq!(text(&call, "url"), "http://server.example/prefix/v1/tools/perform-web-task?sessionId=s%201");
    assert_eq!(text(&call, "init.method"), "POST");
    assert_eq!(text(&call, "init.body"), r#"{"prompt":"p","async":true,"odd":[1]}"#);
    assert_eq!(text(&call, "init.redirect"), "manual");
    assert_eq!(text(&call, "init.headers.authorization"), "Bearer secret-key");
    assert_eq!(text(&call, "init.headers.content-type"), "application/json");
    assert_eq!(text(&call, "init.headers.idempotency-key").len(), 32);
    assert!(get(&call, "receiver").is_undefined());
    assert_eq!(number(&answer, "data.data.extra"), 1.0, "the vendor's object comes back whole");
    assert_eq!(number(&answer, "response.status"), 200.0);
}

#[wasm_bindgen_test]
async fn a_status_has_no_body_and_its_id_stays_one_segment() {
    let fetch = recorder(RUNNING);
    JsFuture::from(status(&client(&fetch), &Object::new())).await.unwrap();
    let call = get(&get(&fetch, "calls"), "0");
    assert!(text(&call, "url").ends_with("/perform-web-task/w%2F1/status"));
    assert!(get(&call, "init.body").is_undefined());
    assert!(get(&call, "init.headers.content-type").is_undefined());
    assert!(get(&call, "init.headers.idempotency-key").is_undefined());
}

#[wasm_bindgen_test]
async fn an_error_crosses_as_a_plain_record_without_secrets() {
    let fetch = recorder(
        "return Promise.resolve(Response.json({ error: { code: 404, message: 'no secret-key here' } },
           { status: 404, headers: { 'x-request-id': 'r-1' } }));",
    );
    let record = rejected(status(&client(&fetch), &Object::new())).await;
    assert_eq!(text(&record, "kind"), "api");
    assert_eq!(text(&record, "message"), "404 no [redacted] here");
    assert_eq!(text(&record, "requestId"), "r-1");
    assert_eq!(text(&record, "operation"), "tools.getPerformWebTaskStatus");
    assert_eq!(text(&record, "parsed.error.message"), "no [redacted] here");
    assert_eq!(number(&record, "status"), 404.0);
    assert!(get(&record, "headers.get").is_function());
    assert!(!Reflect::has(&record, &"field".into()).unwrap(), "absent means absent");
}

#[wasm_bindgen_test]
async fn bad_input_is_named_and_nothing_is_sent() {
    let fetch = recorder(RUNNING);
    let client = client(&fetch);
    let record = rejected(call(
        &client,
        "tools.performWebTask",
        &Array::new(),
        &js("return { prompt: 'p', max_steps: 0.5 };"),
        &Object::new(),
    ))
    .await;
    assert_eq!((text(&record, "kind"), text(&record, "field")), ("invalid_input".into(), "max_steps".into()));
    let record = rejected(status(&client, &object(&[("signal", "no".into())]))).await;
    assert_eq!(text(&record, "field"), "signal");
    assert_eq!(number(&get(&fetch, "calls"), "length"), 0.0);

    let config = object(&[("backend", "local".into()), ("baseUrl", "nowhere".into())]);
    let record = RawClient::new(&config).err().expect("a refusal");
    assert_eq!(text(&record, "field"), "baseUrl");
}

#[wasm_bindgen_test]
async fn a_fetch_that_gives_no_response_is_told_so() {
    for answer in ["return undefined;", "return Promise.resolve({});", "return 5;"] {
        let record = rejected(status(&client(&recorder(answer)), &Object::new())).await;
        assert_eq!((text(&record, "kind"), text(&record, "field")), ("invalid_input".into(), "fetch".into()));
    }
    let options = object(&[("maxRetries", 0.into())]);
    let record = rejected(status(&client(&recorder("throw new Error('mine');")), &options)).await;
    assert_eq!(text(&record, "kind"), "connection");
    assert_eq!(text(&record, "cause.message"), "mine");
}

#[wasm_bindgen_test]
async fn an_aborted_signal_sends_nothing() {
    let (fetch, signal) = (recorder(RUNNING), counted_signal());
    abort(&signal, "why");
    let record = rejected(status(&client(&fetch), &object(&[("signal", get(&signal, "signal"))]))).await;
    assert_eq!(get(&record, "aborted"), JsValue::TRUE);
    assert_eq!(text(&record, "reason"), "why");
    assert_eq!(number(&get(&fetch, "calls"), "length"), 0.0);
    assert_eq!(number(&signal, "listeners"), 0.0);
}

#[wasm_bindgen_test]
async fn aborting_a_request_ends_it_and_leaves_no_listener_and_no_timer() {
    let timers = counted_timers();
    let (fetch, signal) = (recorder(SILENT), counted_signal());
    let options = object(&[("signal", get(&signal, "signal")), ("attemptTimeoutMs", 60_000.into())]);
    let call = status(&client(&fetch), &options);
    pause(20).await;
    assert_eq!(number(&signal, "listeners"), 1.0);
    assert_eq!(number(&timers, "live.size"), 1.0, "the attempt's limit");
    abort(&signal, "enough");
    assert_eq!(text(&rejected(call).await, "reason"), "enough");
    assert_eq!(get(&get(&get(&fetch, "calls"), "0"), "init.signal.aborted"), JsValue::TRUE);
    assert_eq!(number(&signal, "listeners"), 0.0);
    assert_eq!(number(&timers, "live.size"), 0.0);
    get(&timers, "restore").unchecked_into::<Function>().call0(&timers).unwrap();
}

#[wasm_bindgen_test]
async fn many_calls_on_one_signal_share_one_listener() {
    let (fetch, signal) = (recorder(SILENT), counted_signal());
    let client = client(&fetch);
    let options = object(&[("signal", get(&signal, "signal"))]);
    let calls: Array = (0..30).map(|_| status(&client, &options)).collect();
    let other = status(&client, &object(&[("signal", js("return AbortSignal.timeout(20);"))]));
    assert_eq!(text(&rejected(other).await, "reason.name"), "TimeoutError");
    assert_eq!(number(&signal, "listeners"), 1.0);
    abort(&signal, "all");
    for call in calls.iter() {
        assert_eq!(text(&rejected(call.unchecked_into()).await, "reason"), "all");
    }
    assert_eq!(number(&signal, "listeners"), 0.0);
}

#[wasm_bindgen_test]
async fn a_success_leaves_no_listener_and_no_timer_and_a_later_abort_does_nothing() {
    let timers = counted_timers();
    let (fetch, signal) = (recorder(RUNNING), counted_signal());
    let options = object(&[("signal", get(&signal, "signal")), ("attemptTimeoutMs", 60_000.into())]);
    JsFuture::from(status(&client(&fetch), &options)).await.unwrap();
    assert_eq!(number(&signal, "listeners"), 0.0);
    assert_eq!(number(&timers, "live.size"), 0.0);
    abort(&signal, "late");
    get(&timers, "restore").unchecked_into::<Function>().call0(&timers).unwrap();
}

#[wasm_bindgen_test]
async fn aborting_a_wait_between_two_questions_leaves_nothing() {
    let timers = counted_timers();
    let (fetch, signal) = (recorder(RUNNING), counted_signal());
    let client = client(&fetch);
    let waiting = wait(&client, "w", &object(&[("signal", get(&signal, "signal"))]));
    pause(900).await;
    let asked = number(&get(&fetch, "calls"), "length");
    assert!((1.0..6.0).contains(&asked), "{asked} questions");
    abort(&signal, "enough");
    assert_eq!(text(&rejected(waiting).await, "reason"), "enough");
    assert_eq!(number(&signal, "listeners"), 0.0);
    assert_eq!(number(&timers, "live.size"), 0.0);
    pause(700).await;
    assert_eq!(number(&get(&fetch, "calls"), "length"), asked, "nobody asks any more");
    get(&timers, "restore").unchecked_into::<Function>().call0(&timers).unwrap();
}

#[wasm_bindgen_test]
async fn many_waits_share_one_timer() {
    let timers = counted_timers();
    let fetch = recorder(
        "return Promise.resolve(Response.json({ data: call > 60
        ? { status: 'COMPLETED', result: call } : { status: 'RUNNING' } }));",
    );
    let client = client(&fetch);
    let waits: Array = (0..50).map(|id| wait(&client, &format!("w{id}"), &Object::new())).collect();
    pause(20).await;
    assert_eq!(number(&timers, "live.size"), 1.0);
    let outcomes = JsFuture::from(Promise::all(&waits)).await.unwrap();
    assert_eq!(number(&outcomes, "length"), 50.0);
    assert_eq!(text(&get(&outcomes, "0"), "status"), "succeeded");
    assert_eq!(number(&timers, "live.size"), 0.0);
    get(&timers, "restore").unchecked_into::<Function>().call0(&timers).unwrap();
}

#[wasm_bindgen_test]
async fn a_stalled_body_is_ended_by_the_attempts_limit() {
    let fetch = recorder(
        "return Promise.resolve(new Response(new ReadableStream({ start() {} }),
           { headers: { 'content-type': 'application/json' } }));",
    );
    let options = object(&[("attemptTimeoutMs", 50.into()), ("maxRetries", 0.into())]);
    let record = rejected(status(&client(&fetch), &options)).await;
    assert_eq!(text(&record, "kind"), "timeout");
    assert_eq!(text(&record, "message"), "request timed out: no full answer within 50 ms");
}
