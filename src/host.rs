//! The Rust side of `host.js`: functions that do in one crossing what every call needs, and [`Reply`], what comes
//! back from the runtime later. One function of ours hears of all replies of the module, for ever: a pair of
//! closures and a promise for each of them costs more than the rest of a call.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use js_sys::{Function, Object};
use taskwright_core::slab::{Key, Slab};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, Response};

#[wasm_bindgen(module = "/src/host.js")]
extern "C" {
    pub(crate) fn kind(value: &JsValue) -> u32;
    pub(crate) fn member(value: &JsValue, name: &str) -> JsValue;
    #[wasm_bindgen(js_name = put)]
    pub(crate) fn set(object: &Object, name: &str, value: &JsValue);
    pub(crate) fn given(options: &JsValue) -> u32;
    pub(crate) fn option(options: &JsValue, at: u32) -> JsValue;
    #[wasm_bindgen(js_name = isServer)]
    pub(crate) fn is_server() -> bool;
    pub(crate) fn header(response: &Response, name: &str) -> Option<String>;
    #[wasm_bindgen(js_name = placeOf)]
    pub(crate) fn place_of(signal: &JsValue) -> Option<u32>;
    #[wasm_bindgen(js_name = setPlace)]
    pub(crate) fn set_place(signal: &JsValue, place: Option<u32>);
    #[wasm_bindgen(js_name = headersText)]
    pub(crate) fn headers_text(response: &Response) -> String;
    #[wasm_bindgen(js_name = headersOf)]
    pub(crate) fn headers_of(text: &str) -> JsValue;
    pub(crate) fn without(object: &JsValue, name: &str) -> JsValue;
    pub(crate) fn copy(value: &JsValue) -> Option<Object>;
    #[wasm_bindgen(catch)]
    pub(crate) fn form(
        params: &JsValue,
        name: &str,
        prefix: &str,
        key: Option<&str>,
    ) -> Result<JsValue, JsValue>;
    pub(crate) fn key() -> String;
    #[wasm_bindgen(js_name = isPlain)]
    pub(crate) fn is_plain(value: &JsValue) -> bool;
    #[wasm_bindgen(catch, js_name = send)]
    fn host_send(
        fetch: Option<&Function>,
        url: &str,
        time: &str,
        bits: &str,
        method: &str,
        headers: &Object,
        body: &JsValue,
        more: Option<&Object>,
        signal: Option<&JsValue>,
        place: u32,
        turn: u32,
        tell: &JsValue,
    ) -> Result<AbortController, JsValue>;
    #[wasm_bindgen(js_name = isStream)]
    pub(crate) fn is_stream(body: &JsValue) -> bool;
    #[wasm_bindgen(js_name = isJson)]
    pub(crate) fn is_json(response: &Response) -> bool;
    #[wasm_bindgen(catch, js_name = read)]
    fn host_read(response: &Response, place: u32, turn: u32, tell: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = settled)]
    fn host_settled(promise: &JsValue, place: u32, turn: u32, tell: &JsValue);
    #[wasm_bindgen(js_name = ring)]
    fn host_ring(ms: u32, place: u32, turn: u32, tell: &JsValue) -> JsValue;
    pub(crate) fn hand(end: &End, data: &JsValue, response: &Response);
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);

    /// `RawEnd` of the contract: where an export says how it ended.
    #[wasm_bindgen(typescript_type = "any")]
    pub type End;
    #[wasm_bindgen(method, structural)]
    pub(crate) fn resolve(this: &End, value: &JsValue);
    #[wasm_bindgen(method, structural)]
    pub(crate) fn reject(this: &End, failure: &JsValue);
}

/// What [`kind`] says of an array.
pub(crate) const KIND_LIST: u32 = 5;
/// What [`kind`] says of a plain object.
pub(crate) const KIND_OBJECT: u32 = 6;

thread_local! {
    static EXPECTED: RefCell<Slab<State>> = const { RefCell::new(Slab::new()) };
    static TELL: Closure<dyn Fn(u32, u32, bool, JsValue)> = Closure::new(|place, turn, ok, value| {
        let waker = EXPECTED.with_borrow_mut(|expected| {
            // Nobody expects it any more when its call was dropped.
            let state = expected.get_mut(Key::from_parts(place, turn))?;
            state.value = Some(if ok { Ok(value) } else { Err(value) });
            state.waker.take()
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    });
}

/// The one function that hears of all replies. Compiled once: each look into a thread's variable weighs 300 bytes.
#[inline(never)]
fn tell() -> JsValue {
    TELL.with(|tell| tell.as_ref().clone())
}

#[derive(Default)]
struct State {
    value: Option<Result<JsValue, JsValue>>,
    waker: Option<Waker>,
}

#[inline(never)]
fn expect() -> Key {
    EXPECTED.with_borrow_mut(|expected| expected.insert(State::default()))
}

/// What the runtime will tell us. Dropping it means that nobody expects it any more.
pub(crate) struct Reply(Key);

impl Reply {
    /// A reply to what `ask` asks with the place, the turn and the function.
    fn to<T>(ask: impl FnOnce(u32, u32, &JsValue) -> T) -> (T, Self) {
        let key = expect();
        let reply = Self(key);
        (ask(key.place(), key.turn(), &tell()), reply)
    }
}

impl Future for Reply {
    type Output = Result<JsValue, JsValue>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        EXPECTED.with_borrow_mut(|expected| {
            let Some(state) = expected.get_mut(self.0) else { return Poll::Pending };
            match state.value.take() {
                Some(value) => Poll::Ready(value),
                None => {
                    state.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        EXPECTED.with_borrow_mut(|expected| expected.remove(self.0));
    }
}

/// What one attempt sends.
pub(crate) struct Sent<'a> {
    pub(crate) fetch: Option<&'a Function>,
    pub(crate) url: &'a str,
    /// Query parameters that carry the time and random bits; empty for none.
    pub(crate) stamps: (&'a str, &'a str),
    pub(crate) method: &'static str,
    pub(crate) headers: &'a Object,
    /// `undefined` for none.
    pub(crate) body: &'a JsValue,
    /// Further members of the `RequestInit`.
    pub(crate) more: Option<&'a Object>,
    /// Stays connected to the body of the answer.
    pub(crate) signal: Option<&'a JsValue>,
}

/// Sends a request: what aborts it, and its answer.
pub(crate) fn send(sent: &Sent<'_>) -> Result<(AbortController, Reply), JsValue> {
    let Sent { fetch, url, stamps: (time, bits), method, headers, body, more, signal } = *sent;
    let (controller, reply) = Reply::to(|place, turn, tell| {
        host_send(fetch, url, time, bits, method, headers, body, more, signal, place, turn, tell)
    });
    Ok((controller?, reply))
}

/// The body of an answer as text.
pub(crate) async fn read(response: &Response) -> Result<JsValue, JsValue> {
    let (asked, reply) = Reply::to(|place, turn, tell| host_read(response, place, turn, tell));
    asked?;
    reply.await
}

/// How a promise ends; any other value has ended already.
pub(crate) fn settled(promise: &JsValue) -> Reply {
    Reply::to(|place, turn, tell| host_settled(promise, place, turn, tell)).1
}

/// A timer that rings once. Dropping it clears it.
pub(crate) struct Timer {
    id: JsValue,
    rang: Reply,
}

impl Timer {
    pub(crate) fn new(ms: u32) -> Self {
        let (id, rang) = Reply::to(|place, turn, tell| host_ring(ms, place, turn, tell));
        Self { id, rang }
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.rang).poll(context).map(drop)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}
