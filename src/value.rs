//! The core's [`View`] over JavaScript values, and the few engine functions that are missing from `js-sys`
//! in a form that does not copy text into WebAssembly memory and back.

use js_sys::{Array, JsString, Object};
use taskwright_core::view::{Seen, View};
use wasm_bindgen::prelude::*;

use crate::host::{KIND_LIST, KIND_OBJECT, kind};
pub(crate) use crate::host::{member, set};

#[wasm_bindgen]
extern "C" {
    /// `JSON.parse` of a string that stays where it is.
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    pub(crate) fn json_parse(text: &JsString) -> Result<JsValue, JsValue>;

    /// `JSON.stringify`; throws for cycles and bigints, gives `undefined` for functions.
    #[wasm_bindgen(js_namespace = JSON, js_name = stringify, catch)]
    pub(crate) fn json_stringify(value: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = String, catch)]
    fn to_text(value: &JsValue) -> Result<JsString, JsValue>;

    #[wasm_bindgen(js_name = RegExp)]
    type Pattern;
    #[wasm_bindgen(constructor, js_class = "RegExp", catch)]
    fn new(source: &str, flags: &str) -> Result<Pattern, JsValue>;
    #[wasm_bindgen(method)]
    fn test(this: &Pattern, text: &JsValue) -> bool;
}

/// A JavaScript value that the core may look at.
#[derive(Clone, Default)]
pub(crate) struct Js(pub(crate) JsValue);

impl View for Js {
    fn seen(&self) -> Seen {
        let value = &self.0;
        match kind(value) {
            0 => Seen::Absent,
            1 => Seen::Null,
            2 => Seen::Flag(value.is_truthy()),
            3 => Seen::Number(value.as_f64().unwrap_or(f64::NAN)),
            4 => Seen::Text(value.as_string().unwrap_or_default()),
            KIND_LIST => Seen::List,
            KIND_OBJECT => Seen::Object,
            _ => Seen::Other,
        }
    }

    fn member(&self, name: &str) -> Self {
        Self(member(&self.0, name))
    }

    fn names(&self) -> Vec<String> {
        if kind(&self.0) != KIND_OBJECT {
            return Vec::new();
        }
        let object: &Object = self.0.unchecked_ref();
        Object::keys(object).iter().filter_map(|name| name.as_string()).collect()
    }

    fn elements(&self) -> Vec<Self> {
        if kind(&self.0) != KIND_LIST {
            return Vec::new();
        }
        self.0.unchecked_ref::<Array>().iter().map(Self).collect()
    }

    fn show(&self) -> String {
        let json = json_stringify(&self.0).ok().and_then(|json| json.as_string());
        json.unwrap_or_else(|| text_of(&self.0))
    }

    fn parsed(&self) -> Option<Self> {
        json_parse(self.0.dyn_ref()?).ok().map(Self)
    }

    fn matches(&self, pattern: &str) -> Option<bool> {
        Pattern::new(pattern, "u").ok().map(|pattern| pattern.test(&self.0))
    }
}

/// `String(value)`.
pub(crate) fn text_of(value: &JsValue) -> String {
    to_text(value).map(String::from).unwrap_or_default()
}
