//! Addresses that carry their permission: for files and recordings, which clients fetch without their key.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::address::SIGNED;
use super::query::Pairs;
use crate::base::Base;
use crate::clock::now_ms;
use crate::error::Failure;
use crate::vault::Vault;

/// How long an address is good for, at least; at most twice as long.
const GOOD_FOR_S: i64 = 60 * 60;

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    File,
    Recording,
}

impl Thing {
    fn word(self) -> &'static str {
        match self {
            Self::File => "files",
            Self::Recording => "recordings",
        }
    }
}

/// Makes addresses of this server as the client of one request sees it.
#[derive(Clone)]
pub(super) struct Signer {
    origin: String,
}

impl<S: Sync> FromRequestParts<S> for Signer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let base = Base::from_request_parts(parts, state).await?;
        Ok(Self { origin: base.http() })
    }
}

impl Signer {
    /// The address of one thing. Asked for again within the hour it is the same.
    pub(super) fn url(&self, vault: &Vault, thing: Thing, id: &str) -> String {
        let now = now_ms() / 1000;
        let expires = (now / GOOD_FOR_S + 2) * GOOD_FOR_S;
        format!("{}{SIGNED}/{}/{id}?{}", self.origin, thing.word(), permission(vault, thing, id, expires))
    }
}

/// The query that opens one thing until a time, in seconds since 1970.
fn permission(vault: &Vault, thing: Thing, id: &str, expires: i64) -> String {
    let text = expires.to_string();
    format!("expires={text}&signature={}", vault.sign(&[thing.word(), id, &text]))
}

/// Checks the permission of an address; says its query, for addresses of what belongs to the thing.
pub(super) fn check(vault: &Vault, thing: Thing, id: &str, query: &Pairs) -> Result<String, Failure> {
    let expires = query.text("expires").unwrap_or_default();
    let signature = query.text("signature").unwrap_or_default();
    let refusal = |text: &str| Failure::new(axum::http::StatusCode::FORBIDDEN, text);
    if !vault.signed(&[thing.word(), id, expires], signature) {
        return Err(refusal("The signature of this address is wrong; ask for a new address."));
    }
    // It was signed, so it is a number.
    if expires.parse().is_ok_and(|expires: i64| now_ms() / 1000 < expires) {
        return Ok(format!("expires={expires}&signature={signature}"));
    }
    Err(refusal("This address has expired; ask for a new one."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &str) -> Pairs {
        Pairs::parse(&format!("/x?{query}").parse().unwrap()).unwrap()
    }

    #[test]
    fn an_address_opens_one_thing_until_it_expires() {
        let vault = Vault::in_memory();
        let url = Signer { origin: "http://h".into() }.url(&vault, Thing::File, "f1");
        let (path, query) = url.split_once('?').unwrap();
        assert_eq!(path, "http://h/asteroid/files/f1");
        assert_eq!(check(&vault, Thing::File, "f1", &pairs(query)).unwrap(), query);
        for (thing, id) in [(Thing::File, "f2"), (Thing::Recording, "f1")] {
            assert_eq!(check(&vault, thing, id, &pairs(query)).unwrap_err().status, 403);
        }
        let old = permission(&vault, Thing::File, "f1", now_ms() / 1000 - 1);
        assert!(check(&vault, Thing::File, "f1", &pairs(&old)).unwrap_err().message.contains("expired"));
        let later = query.replace("expires=", "expires=9");
        assert!(check(&vault, Thing::File, "f1", &pairs(&later)).unwrap_err().message.contains("wrong"));
        assert!(check(&vault, Thing::File, "f1", &pairs("")).is_err());
    }
}
