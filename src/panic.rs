//! A panic cannot be caught here: it ends in a trap, and a promise that waits for Rust code would never
//! settle. So the hook tells the façade first, which rejects everything that is under way.

#![allow(unreachable_pub, reason = "wasm-bindgen exports what is public, wherever it stands")]

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

thread_local! {
    static HANDLER: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Registers what is called, with the panic's text, before the trap.
#[wasm_bindgen(js_name = setPanicHandler)]
pub fn set_panic_handler(handler: Function) {
    HANDLER.with(|slot| *slot.borrow_mut() = Some(handler));
    std::panic::set_hook(Box::new(|info| {
        HANDLER.with(|slot| {
            if let Ok(slot) = slot.try_borrow()
                && let Some(handler) = slot.as_ref()
            {
                let _ = handler.call1(&JsValue::UNDEFINED, &JsValue::from_str(&info.to_string()));
            }
        });
    }));
}

/// Panics, for the tests of the above; not in the package.
#[cfg(feature = "probe")]
#[wasm_bindgen(js_name = panicForTests)]
#[allow(clippy::panic, reason = "that is what it is for")]
pub fn panic_for_tests() {
    panic!("asked to panic");
}
