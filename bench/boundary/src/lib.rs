//! Each function is one way to take a JSON body across the boundary.

use serde::Serialize as _;
use serde_json::Value;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

/// Copies the text in.
#[wasm_bindgen]
pub fn text_in(text: String) -> usize {
    text.len()
}

/// Copies the text in and out again.
#[wasm_bindgen]
pub fn text_in_and_out(text: String) -> String {
    text
}

/// Copies the text in and parses it there.
#[wasm_bindgen]
pub fn parsed_in_rust(text: &str) -> Result<bool, JsError> {
    Ok(serde_json::from_str::<Value>(text)?.is_object())
}

/// Copies the text in, parses it there, and makes a JavaScript value of it.
#[wasm_bindgen]
pub fn parsed_in_rust_and_out(text: &str) -> Result<JsValue, JsError> {
    let value: Value = serde_json::from_str(text)?;
    Ok(value.serialize(&Serializer::json_compatible())?)
}

/// Makes a Rust value of a JavaScript value.
#[wasm_bindgen]
pub fn value_in(value: JsValue) -> Result<bool, JsError> {
    Ok(serde_wasm_bindgen::from_value::<Value>(value)?.is_object())
}
