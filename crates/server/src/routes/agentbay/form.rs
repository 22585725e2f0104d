//! The parameters of a request: the query and a form in the body, read as one.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};
use taskwright_core::operation::InvalidInput;
use taskwright_core::view::View as _;

use crate::error::Failure;
use crate::routes::extract::read_body;

const FORM: &str = "application/x-www-form-urlencoded";

/// Every parameter. Empty ones count as absent: some clients write `Name=` for "none".
pub(super) struct Form {
    pairs: Vec<(String, String)>,
    /// From a header, where most clients of this wire send none.
    key: Option<String>,
}

impl Form {
    /// Reads a request. What stands in the body counts before what stands in the query.
    pub(super) async fn read(request: Request) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let body = read_body(body).await?;
        if !body.is_empty() {
            expect_form(&parts.headers)?;
        }
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(&body).chain(form_urlencoded::parse(query.as_bytes()));
        let pairs = pairs.map(|(name, value)| (name.into_owned(), value.into_owned()));
        let key = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        Ok(Self { pairs: pairs.collect(), key: key.map(str::to_owned) })
    }

    /// The key of `Authorization: Bearer`, as a parameter or as a header.
    pub(super) fn key(&self) -> Option<&str> {
        let (scheme, key) = self.text("Authorization").or(self.key.as_deref())?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("Bearer").then_some(key)
    }

    /// A parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(key, value)| key == name && !value.trim().is_empty());
        pair.map(|(_, value)| value.as_str())
    }

    /// A parameter that has to be there.
    pub(super) fn filled(&self, name: &str) -> Result<&str, InvalidInput> {
        self.text(name).ok_or_else(|| self.refuse(name, "takes a string that is not empty, got nothing"))
    }

    /// `true` or `false`, in any case.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, InvalidInput> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(self.refuse(name, "takes true or false")),
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole(&self, name: &str, low: u32, high: u32) -> Result<Option<u32>, InvalidInput> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.trim().parse().ok().filter(|number| (low..=high).contains(number));
        number
            .map(Some)
            .ok_or_else(|| self.refuse(name, format!("takes a whole number from {low} to {high}")))
    }

    /// Where a list goes on, as the page before said.
    pub(super) fn next_token(&self) -> Result<i64, InvalidInput> {
        let Some(text) = self.text("NextToken") else { return Ok(0) };
        text.parse().map_err(|_| self.refuse("NextToken", "takes what the page before gave"))
    }

    /// An object that stands in the parameter as JSON text.
    pub(super) fn object(&self, name: &str) -> Result<Option<Map<String, Value>>, InvalidInput> {
        match self.json(name)? {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(other) => {
                Err(self.refuse(name, format!("takes an object, got {}", Some(&other).seen().noun())))
            }
        }
    }

    /// An array that stands in the parameter as JSON text.
    pub(super) fn list(&self, name: &str) -> Result<Vec<Value>, InvalidInput> {
        match self.json(name)? {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list),
            Some(other) => {
                Err(self.refuse(name, format!("takes an array, got {}", Some(&other).seen().noun())))
            }
        }
    }

    fn json(&self, name: &str) -> Result<Option<Value>, InvalidInput> {
        let Some(text) = self.text(name) else { return Ok(None) };
        // What the parser says may quote the text.
        serde_json::from_str(text)
            .map(Some)
            .map_err(|_| self.refuse(name, "takes JSON text, got something else"))
    }

    /// A refusal of one parameter.
    pub(super) fn refuse(&self, name: &str, problem: impl Into<String>) -> InvalidInput {
        InvalidInput::new(name, problem)
    }
}

fn expect_form(headers: &HeaderMap) -> Result<(), Failure> {
    let kind =
        headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default().to_ascii_lowercase());
    match kind {
        Some(kind) if kind.starts_with(FORM) => Ok(()),
        kind => {
            let kind = kind.unwrap_or_default();
            let text = format!("The body has to be a form with content-type {FORM}, got \"{kind}\".");
            Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn form(query: &str, body: &'static str) -> Form {
        let request = Request::post(format!("/?{query}")).header("content-type", FORM);
        Form::read(request.body(Body::from(body)).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn query_and_body_are_one_in_the_spelling_of_every_client() {
        let form =
            form("Action=X&SessionId=s%201&A=query", "B=a+b&C=a%20b&D=True&E=false&Name=&A=body&N=007").await;
        assert_eq!(form.text("SessionId"), Some("s 1"));
        assert_eq!(
            (form.text("A"), form.text("B"), form.text("C")),
            (Some("body"), Some("a b"), Some("a b"))
        );
        assert_eq!(
            (form.flag("D"), form.flag("E"), form.flag("Name")),
            (Ok(Some(true)), Ok(Some(false)), Ok(None))
        );
        assert_eq!(form.whole("N", 1, 10), Ok(Some(7)));
        assert!(form.flag("A").is_err());
        assert!(form.whole("A", 1, 10).unwrap_err().to_string().starts_with("\"A\""));
        assert!(form.filled("Name").is_err());
    }

    #[tokio::test]
    async fn a_key_is_a_parameter_or_a_header() {
        assert_eq!(form("", "Authorization=Bearer+k-1").await.key(), Some("k-1"));
        assert_eq!(form("Authorization=bearer%20k-1", "").await.key(), Some("k-1"));
        assert_eq!(form("Authorization=k-1", "").await.key(), None);
        let request = Request::post("/").header("authorization", "Bearer k-2").body(Body::empty()).unwrap();
        assert_eq!(Form::read(request).await.unwrap().key(), Some("k-2"));
    }

    #[tokio::test]
    async fn json_text_is_read_and_never_quoted() {
        let form = form("", "O=%7B%22a%22%3A1%7D&L=%5B1%5D&W=hunter2&N=null").await;
        assert_eq!(form.object("O").unwrap().unwrap()["a"], 1);
        assert_eq!(form.list("L").unwrap().len(), 1);
        assert_eq!(form.object("N").unwrap(), None);
        assert!(form.object("L").is_err() && form.list("O").is_err());
        assert!(!form.object("W").unwrap_err().to_string().contains("hunter2"));
    }
}
