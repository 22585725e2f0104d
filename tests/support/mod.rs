//! What the boundary tests share: values of JavaScript, a `fetch` that remembers, counters of listeners and timers.

#![allow(dead_code, clippy::expect_used, clippy::unwrap_used, reason = "each test crate uses its part")]

use js_sys::{Array, Function, Object, Promise, Reflect};
use taskwright::{End, RawClient};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The value of a JavaScript function body.
pub(crate) fn js(body: &str) -> JsValue {
    Function::new_no_args(body).call0(&JsValue::UNDEFINED).expect(body)
}

pub(crate) fn get(value: &JsValue, path: &str) -> JsValue {
    path.split('.').fold(value.clone(), |value, name| Reflect::get(&value, &name.into()).expect(path))
}

pub(crate) fn text(value: &JsValue, path: &str) -> String {
    get(value, path).as_string().unwrap_or_else(|| format!("{:?}", get(value, path)))
}

pub(crate) fn number(value: &JsValue, path: &str) -> f64 {
    get(value, path).as_f64().expect(path)
}

pub(crate) fn object(pairs: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in pairs {
        Reflect::set(&object, &(*name).into(), value).unwrap();
    }
    object.into()
}

/// A `fetch` that keeps what it was called with in `calls` and answers with what `answer(call number)` gives.
pub(crate) fn recorder(answer: &str) -> JsValue {
    js(&format!(
        "'use strict'; const calls = [];
         const fetch = function (url, init) {{
           calls.push({{ url, init, receiver: this }});
           return ((call) => {{ {answer} }})(calls.length);
         }};
         return {{ calls, fetch }};"
    ))
}

pub(crate) const RUNNING: &str = "return Promise.resolve(Response.json({ data: { status: 'RUNNING' } }));";
/// Answers never, and fails as `fetch` does once its signal is aborted.
pub(crate) const SILENT: &str = "const { signal } = calls[call - 1].init;
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));";

pub(crate) fn client(fetch: &JsValue) -> RawClient {
    client_of("local", fetch)
}

pub(crate) fn client_of(backend: &str, fetch: &JsValue) -> RawClient {
    let config = object(&[
        ("backend", backend.into()),
        ("baseUrl", "http://server.example/prefix/".into()),
        ("apiKey", "secret-key".into()),
        ("fetch", get(fetch, "fetch")),
        ("names", Object::new().into()),
    ]);
    RawClient::new(&config).expect("a good configuration")
}

/// A signal that counts its listeners, and the controller behind it.
pub(crate) fn counted_signal() -> JsValue {
    js("const controller = new AbortController();
        const { signal } = controller;
        const state = { controller, signal, listeners: 0 };
        const [add, remove] = [signal.addEventListener, signal.removeEventListener];
        signal.addEventListener = (...all) => { state.listeners += 1; add.apply(signal, all); };
        signal.removeEventListener = (...all) => { state.listeners -= 1; remove.apply(signal, all); };
        return state;")
}

/// Counts the timers that are set and not yet cleared or fired.
pub(crate) fn counted_timers() -> JsValue {
    js("const state = { live: new Set() };
        const [set, clear] = [globalThis.setTimeout, globalThis.clearTimeout];
        globalThis.setTimeout = (work, ms, ...rest) => {
          const id = set(() => { state.live.delete(id); work(...rest); }, ms);
          state.live.add(id);
          return id;
        };
        globalThis.clearTimeout = (id) => { state.live.delete(id); clear(id); };
        state.restore = () => { globalThis.setTimeout = set; globalThis.clearTimeout = clear; };
        return state;")
}

pub(crate) fn abort(signal: &JsValue, reason: &str) {
    let controller = get(signal, "controller");
    let abort: Function = get(&controller, "abort").unchecked_into();
    abort.call1(&controller, &reason.into()).unwrap();
}

pub(crate) async fn rejected(promise: Promise) -> JsValue {
    JsFuture::from(promise).await.expect_err("a rejection")
}

pub(crate) async fn pause(ms: i32) {
    let wait = js(&format!("return new Promise((resolve) => setTimeout(resolve, {ms}));"));
    JsFuture::from(Promise::resolve(&wait)).await.unwrap();
}

/// A promise of what an export tells its last argument.
pub(crate) fn promise(mut export: impl FnMut(End)) -> Promise {
    Promise::new(&mut |resolve, reject| {
        let end = object(&[("resolve", resolve.into()), ("reject", reject.into())]);
        export(end.unchecked_into());
    })
}

pub(crate) fn wait(client: &RawClient, id: &str, options: &JsValue) -> Promise {
    promise(|end| client.wait(id.into(), options.unchecked_ref(), end))
}

pub(crate) fn call(
    client: &RawClient,
    operation: &str,
    ids: &Array,
    params: &JsValue,
    options: &JsValue,
) -> Promise {
    promise(|end| client.call(operation, ids, params.clone(), options.unchecked_ref(), end))
}
