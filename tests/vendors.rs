//! What crosses the boundary for one vendor only: starts that are looked for, long polls, questions of an agent. What is
//! decided about them is tested natively in `crates/core`, and from outside in `js-tests/unit`.

#![cfg(target_family = "wasm")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::*;

mod support;

use support::*;

wasm_bindgen_test_configure!(run_in_browser);

fn url(fetch: &JsValue, call: u32) -> String {
    text(&get(&get(fetch, "calls"), &call.to_string()), "url")
}

#[wasm_bindgen_test]
async fn a_lost_start_is_found_by_the_mark_that_it_carried_and_the_callers_objects_stay_as_they_were() {
    let fetch = recorder(
        "if (call === 1) return Promise.reject(new TypeError('reset'));
         const mark = JSON.parse(calls[0].init.body).metadata.taskwright_start;
         return Promise.resolve(Response.json({ items: [{ id: 'E7', metadata: { taskwright_start: mark } }] }));",
    );
    let client = client_of("asteroid-v2", &fetch);
    let params =
        js("return Object.freeze({ dynamicData: { a: 1 }, metadata: Object.freeze({ mine: 'yes' }) });");
    let started = call(&client, "executeAgent", &Array::of1(&"A".into()), &params, &Object::new());
    assert_eq!(text(&JsFuture::from(started).await.unwrap(), "data.executionId"), "E7");
    assert!(url(&fetch, 0).ends_with("/agents/v2/agents/A/execute"));
    assert!(url(&fetch, 1).contains("/agents/v2/executions?metadataKey=taskwright_start&metadataValue="));
    assert_eq!(number(&get(&fetch, "calls"), "length"), 2.0, "one start, one look");
}

#[wasm_bindgen_test]
async fn aborting_a_start_that_is_looked_for_says_that_it_may_run_and_leaves_nothing() {
    let timers = counted_timers();
    let (fetch, signal) = (recorder("return Promise.reject(new TypeError('reset'));"), counted_signal());
    let client = client_of("asteroid-v2", &fetch);
    let options = object(&[("signal", get(&signal, "signal"))]);
    let started = call(&client, "executeAgent", &Array::of1(&"A".into()), &Object::new(), &options);
    pause(50).await;
    abort(&signal, "enough");
    let record = rejected(started).await;
    assert_eq!(text(&record, "reason"), "enough");
    assert_eq!(get(&record, "maybeStarted"), JsValue::TRUE);
    assert_eq!(number(&signal, "listeners"), 0.0);
    assert_eq!(number(&timers, "live.size"), 0.0);
    get(&timers, "restore").unchecked_into::<js_sys::Function>().call0(&timers).unwrap();
}

#[wasm_bindgen_test]
async fn a_wait_asks_by_long_poll_and_goes_on_by_plain_questions_where_there_is_none() {
    let fetch = recorder(
        "return Promise.resolve(/sync/.test(url) ? new Response('', { status: 404 })
           : Response.json({ id: 'E', status: 'completed', executionResult: { outcome: 'success' } }));",
    );
    let outcome = JsFuture::from(wait(&client_of("asteroid-v2", &fetch), "E", &Object::new())).await.unwrap();
    assert_eq!(text(&outcome, "status"), "succeeded");
    assert_eq!(text(&outcome, "result.outcome"), "success");
    assert!(url(&fetch, 0).contains("/executions/E/sync?timeoutSeconds="));
    assert!(url(&fetch, 1).ends_with("/executions/E"));
}

#[wasm_bindgen_test]
async fn what_an_agent_asks_crosses_with_the_outcome() {
    let fetch = recorder(
        "return Promise.resolve(Response.json(/activities/.test(url)
           ? [{ id: '1', payload: { activityType: 'status_changed', status: 'paused_by_agent',
                pausedPayload: { reason: 'Which order?' } } }]
           : { id: 'E', status: 'paused_by_agent' }));",
    );
    let options = object(&[("interaction", true.into()), ("intervalMs", 20.into())]);
    let outcome = JsFuture::from(wait(&client_of("asteroid-v2", &fetch), "E", &options)).await.unwrap();
    assert_eq!(text(&outcome, "status"), "awaiting_input");
    assert_eq!(text(&outcome, "question"), "Which order?");
    assert!(url(&fetch, 1).ends_with("/activities?order=desc&limit=100"));
}
