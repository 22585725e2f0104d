//! What JavaScript sees: one function. The contract is `RawSeal` in `pkg-template/src/internal/raw.ts`.

#![allow(unreachable_pub, reason = "wasm-bindgen exports what is public, wherever it stands")]

use js_sys::{Array, JsString, Reflect};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::{Error, PublicKey};

/// A quarter of the standard library's allocator in size.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn fill(bytes: &mut [u8]) -> Result<(), JsValue>;

    /// Where [`seal`] says how it ended.
    #[wasm_bindgen(typescript_type = "any")]
    pub type End;
    #[wasm_bindgen(method, structural)]
    fn resolve(this: &End, sealed: &Array);
    #[wasm_bindgen(method, structural)]
    fn reject(this: &End, kind: &str, message: &str);
}

/// Encrypts the `data` of each item and tells `end`, before it returns: the results in the order of the items, or what
/// is wrong with the key or with an item. Exports return nothing, see CONTRIBUTING.
#[wasm_bindgen]
pub fn seal(public_key: &JsValue, items: &JsValue, end: &End) {
    match seal_all(public_key, items) {
        Ok(sealed) => end.resolve(&sealed),
        Err(Refusal::Input(message)) => end.reject("invalid_input", &message),
        Err(Refusal::Runtime(message)) => end.reject("internal", &message),
    }
}

enum Refusal {
    /// The caller can change something.
    Input(String),
    Runtime(String),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        if error == Error::NoRandomness { Self::Runtime(message) } else { Self::Input(message) }
    }
}

fn seal_all(public_key: &JsValue, items: &JsValue) -> Result<Array, Refusal> {
    let pem = public_key.as_string().ok_or_else(|| Refusal::Input("the public key is not text".into()))?;
    let key = PublicKey::from_pem(&pem)?;
    let Some(items) = items.dyn_ref::<Array>() else {
        return Err(Refusal::Input("the credentials are not a list".into()));
    };
    let sealed = Array::new();
    for (item, position) in items.iter().zip(1..) {
        sealed.push(&seal_one(&key, &item, position)?.into());
    }
    Ok(sealed)
}

fn seal_one(key: &PublicKey, item: &JsValue, position: usize) -> Result<String, Refusal> {
    let name = member(item, "name").as_string();
    let name = name.ok_or_else(|| Refusal::Input(format!("credential {position} has no name")))?;
    let data = member(item, "data");
    let data = data.dyn_ref::<JsString>().ok_or_else(|| not_text(&name, "is not a string"))?;
    let data = read(data).ok_or_else(|| not_text(&name, "is not valid Unicode: half of a surrogate pair"))?;
    // A runtime that throws leaves zeros, which is an error there. An exception must not fly through here: nothing
    // would be wiped.
    Ok(crate::seal(key, &name, &data, |bytes| drop(fill(bytes)))?)
}

fn not_text(name: &str, problem: &str) -> Refusal {
    Refusal::Input(format!("the data of credential \"{name}\" {problem}"))
}

fn member(item: &JsValue, name: &str) -> JsValue {
    Reflect::get(item, &name.into()).unwrap_or_default()
}

/// A JavaScript string as UTF-8, in memory that is wiped. The generated conversion would leave copies behind when it
/// has to enlarge its buffer, and would replace what is not valid.
fn read(text: &JsString) -> Option<Zeroizing<String>> {
    let characters = || char::decode_utf16(text.iter());
    let mut size = 0;
    for character in characters() {
        size += character.ok()?.len_utf8();
    }
    let mut copy = Zeroizing::new(String::with_capacity(size));
    for character in characters().flatten() {
        copy.push(character);
    }
    Some(copy)
}
