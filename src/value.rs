//! The core's [`View`] over JavaScript values, and the few engine functions that are missing from `js-sys`
//! in a form that does not copy text into WebAssembly memory and back.

use js_sys::{Array, JsString, Map, Object, Reflect, Set};
use taskwright_core::view::{Seen, View};
use wasm_bindgen::prelude::*;

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
#[derive(Clone)]
pub(crate) struct Js(pub(crate) JsValue);

impl View for Js {
    fn seen(&self) -> Seen {
        let value = &self.0;
        if value.is_undefined() {
            Seen::Absent
        } else if value.is_null() {
            Seen::Null
        } else if let Some(flag) = value.as_bool() {
            Seen::Flag(flag)
        } else if let Some(number) = value.as_f64() {
            Seen::Number(number)
        } else if let Some(text) = value.as_string() {
            Seen::Text(text)
        } else if Array::is_array(value) {
            Seen::List
        } else if value.is_instance_of::<Map>() || value.is_instance_of::<Set>() {
            // They would become `{}` in JSON.
            Seen::Other
        } else if value.is_object() && !value.is_function() {
            Seen::Object
        } else {
            Seen::Other
        }
    }

    fn member(&self, name: &str) -> Self {
        Self(member(&self.0, name))
    }

    fn names(&self) -> Vec<String> {
        match self.0.dyn_ref::<Object>() {
            Some(object) if !Array::is_array(object) => {
                Object::keys(object).iter().filter_map(|name| name.as_string()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn elements(&self) -> Vec<Self> {
        self.0.dyn_ref::<Array>().map(|list| list.iter().map(Self).collect()).unwrap_or_default()
    }

    fn show(&self) -> String {
        let json = json_stringify(&self.0).ok().and_then(|json| json.as_string());
        json.unwrap_or_else(|| text_of(&self.0))
    }

    fn matches(&self, pattern: &str) -> Option<bool> {
        Pattern::new(pattern, "u").ok().map(|pattern| pattern.test(&self.0))
    }
}

/// A member of any value; `undefined` when there is none.
pub(crate) fn member(value: &JsValue, name: &str) -> JsValue {
    if value.is_object() {
        Reflect::get(value, &JsValue::from_str(name)).unwrap_or_default()
    } else {
        JsValue::UNDEFINED
    }
}

/// Sets a member of an object of ours.
pub(crate) fn set(object: &Object, name: &str, value: &JsValue) {
    // Only a frozen object or a throwing setter refuses, and ours are neither.
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

/// `String(value)`.
pub(crate) fn text_of(value: &JsValue) -> String {
    to_text(value).map(String::from).unwrap_or_default()
}
