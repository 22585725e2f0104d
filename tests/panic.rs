//! A panic cannot be caught; it must at least be told. In a file of its own, because it leaves the instance as it was in the
//! middle of something.

#![cfg(all(target_family = "wasm", feature = "probe"))]
#![allow(clippy::unwrap_used, missing_docs)]

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn a_panic_is_told_before_it_traps() {
    let heard = Array::new();
    let note = Function::new_with_args("heard", "return (message) => heard.push(message)");
    let handler = note.call1(&JsValue::UNDEFINED, &heard).unwrap();
    taskwright::set_panic_handler(handler.unchecked_into());

    let panicking = Closure::<dyn FnMut()>::new(taskwright::panic_for_tests);
    let caught = Function::new_with_args("work", "try { work(); } catch (error) { return error.message; }")
        .call1(&JsValue::UNDEFINED, panicking.as_ref())
        .unwrap();
    // A closure whose call trapped cannot be dropped: it still counts as being called.
    std::mem::forget(panicking);
    assert!(caught.as_string().unwrap().contains("unreachable"));
    assert!(heard.get(0).as_string().unwrap().contains("asked to panic"));
}
