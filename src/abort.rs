//! An `AbortSignal` as something that a future can look at. The listener is removed when the call ends,
//! however it ends: signals often outlive thousands of calls.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use taskwright_core::operation::InvalidInput;
use taskwright_core::view::View as _;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::value::{Js, member};

/// The caller's signal, or none.
pub(crate) struct AbortWatch(Option<Listening>);

struct Listening {
    signal: AbortSignal,
    waker: Rc<RefCell<Option<Waker>>>,
    callback: Closure<dyn FnMut()>,
}

impl AbortWatch {
    /// Watches `signal`; `undefined` and `null` never abort.
    pub(crate) fn new(signal: &JsValue) -> Result<Self, InvalidInput> {
        if signal.is_undefined() || signal.is_null() {
            return Ok(Self(None));
        }
        // Polyfilled signals are no instances of ours, so look at what they can do.
        let can_abort = member(signal, "aborted").as_bool().is_some();
        if !can_abort || !member(signal, "addEventListener").is_function() {
            let got = Js(signal.clone()).seen().noun();
            return Err(InvalidInput::new("signal", format!("takes an AbortSignal, got {got}")));
        }
        let signal: AbortSignal = signal.clone().unchecked_into();
        let waker = Rc::new(RefCell::new(None::<Waker>));
        let for_callback = Rc::clone(&waker);
        let callback = Closure::new(move || {
            let waker = for_callback.borrow_mut().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        if !signal.aborted() {
            // A signal without events can still be looked at between the steps.
            let _ = signal.add_event_listener_with_callback("abort", callback.as_ref().unchecked_ref());
        }
        Ok(Self(Some(Listening { signal, waker, callback })))
    }

    /// Ready with the reason once the signal is aborted.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<JsValue> {
        match &self.0 {
            None => Poll::Pending,
            Some(listening) if listening.signal.aborted() => Poll::Ready(listening.signal.reason()),
            Some(listening) => {
                *listening.waker.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The reason, when the signal is aborted already.
    pub(crate) fn aborted(&self) -> Option<JsValue> {
        self.0
            .as_ref()
            .filter(|listening| listening.signal.aborted())
            .map(|listening| listening.signal.reason())
    }

    /// The signal itself.
    pub(crate) fn signal(&self) -> Option<&AbortSignal> {
        self.0.as_ref().map(|listening| &listening.signal)
    }
}

impl Drop for AbortWatch {
    fn drop(&mut self) {
        if let Some(listening) = &self.0 {
            let callback = listening.callback.as_ref().unchecked_ref();
            let _ = listening.signal.remove_event_listener_with_callback("abort", callback);
        }
    }
}
