//! An `AbortSignal` as something that a future can look at. All calls on one signal share one listener
//! (runtimes warn of a leak at the eleventh), and it is removed when the last of them ends, however it
//! ends: signals often outlive thousands of calls.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use taskwright_core::operation::InvalidInput;
use taskwright_core::slab::{Key, Slab};
use taskwright_core::view::View as _;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::host::{place_of, set_place};
use crate::value::{Js, member};

thread_local! {
    static HUBS: RefCell<Slab<Hub>> = const { RefCell::new(Slab::new()) };
}

/// Everything that waits for one signal.
struct Hub {
    watchers: Slab<Option<Waker>>,
    callback: Closure<dyn FnMut()>,
}

/// The caller's signal, or none.
pub(crate) struct AbortWatch(Option<Watched>);

struct Watched {
    signal: AbortSignal,
    /// None when the signal was aborted already: then there is nothing to listen to.
    seat: Option<Seat>,
}

/// Which hub, and where at it.
#[derive(Clone, Copy)]
struct Seat {
    hub: Key,
    at: Key,
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
        let seat = if signal.aborted() { None } else { sit_down(&signal) };
        Ok(Self(Some(Watched { signal, seat })))
    }

    /// Ready with the reason once the signal is aborted.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<JsValue> {
        match &self.0 {
            None => Poll::Pending,
            Some(watched) if watched.signal.aborted() => Poll::Ready(watched.signal.reason()),
            Some(watched) => {
                if let Some(seat) = watched.seat {
                    with_hub(seat.hub, |hub| {
                        if let Some(waker) = hub.watchers.get_mut(seat.at) {
                            *waker = Some(context.waker().clone());
                        }
                    });
                }
                Poll::Pending
            }
        }
    }

    /// The reason, when the signal is aborted already.
    pub(crate) fn aborted(&self) -> Option<JsValue> {
        self.0.as_ref().filter(|watched| watched.signal.aborted()).map(|watched| watched.signal.reason())
    }

    /// The signal itself.
    pub(crate) fn signal(&self) -> Option<&AbortSignal> {
        self.0.as_ref().map(|watched| &watched.signal)
    }
}

impl Drop for AbortWatch {
    fn drop(&mut self) {
        let Some(Watched { signal, seat: Some(seat) }) = &self.0 else { return };
        let is_last = with_hub(seat.hub, |hub| {
            hub.watchers.remove(seat.at);
            hub.watchers.is_empty()
        });
        if is_last == Some(true) {
            set_place(signal, None);
            if let Some(hub) = HUBS.with_borrow_mut(|hubs| hubs.remove(seat.hub)) {
                let callback = hub.callback.as_ref().unchecked_ref();
                let _ = signal.remove_event_listener_with_callback("abort", callback);
            }
        }
    }
}

/// A seat at the signal's hub, which is opened for the first one.
fn sit_down(signal: &AbortSignal) -> Option<Seat> {
    let known = place_of(signal).and_then(|place| HUBS.with_borrow(|hubs| hubs.key_at(place)));
    let hub = known.unwrap_or_else(|| open_hub(signal));
    let at = with_hub(hub, |hub| hub.watchers.insert(None))?;
    Some(Seat { hub, at })
}

fn open_hub(signal: &AbortSignal) -> Key {
    // The callback must know its hub, which must hold the callback: the key comes in between.
    let key = Rc::new(Cell::new(None));
    let for_callback = Rc::clone(&key);
    let callback = Closure::<dyn FnMut()>::new(move || {
        let Some(key) = for_callback.get() else { return };
        let wakers =
            with_hub(key, |hub| hub.watchers.values_mut().filter_map(Option::take).collect::<Vec<_>>());
        wakers.into_iter().flatten().for_each(Waker::wake);
    });
    // A signal without events can still be looked at between the steps.
    let _ = signal.add_event_listener_with_callback("abort", callback.as_ref().unchecked_ref());
    let hub = HUBS.with_borrow_mut(|hubs| hubs.insert(Hub { watchers: Slab::default(), callback }));
    key.set(Some(hub));
    set_place(signal, Some(hub.place()));
    hub
}

fn with_hub<T>(key: Key, work: impl FnOnce(&mut Hub) -> T) -> Option<T> {
    HUBS.with_borrow_mut(|hubs| hubs.get_mut(key).map(work))
}
