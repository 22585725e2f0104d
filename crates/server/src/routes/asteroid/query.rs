//! The query of a request: parameters that may repeat, pages, times.

use axum::extract::{FromRequestParts, Query};
use axum::http::{Uri, request::Parts};
use axum::response::Response;
use serde_json::{Value, json};
use taskwright_core::operation::InvalidInput;

use crate::clock::parse_rfc3339;
use crate::error::Failure;
use crate::routes::Wire;
use crate::store::{Listing, Sort};

/// Items of a page when the request does not say: the vendor's default.
const PAGE_SIZE: u64 = 10;
/// Items that a page may have.
const MAX_PAGE_SIZE: u64 = 1000;

/// The parameters in their order. Empty ones count as absent.
pub(super) struct Pairs(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Pairs {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Response> {
        Self::parse(&parts.uri).map_err(|failure| Wire::of(&parts.uri).render(&failure))
    }
}

impl Pairs {
    /// The query of an address.
    pub(super) fn parse(uri: &Uri) -> Result<Self, Failure> {
        let Ok(Query(mut pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
            return Err(Failure::bad_request("The query is not well-formed."));
        };
        pairs.retain(|(_, value)| !value.trim().is_empty());
        Ok(Self(pairs))
    }

    /// One parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that may repeat.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    /// A whole number within bounds.
    pub(super) fn whole(&self, name: &str, low: u64, high: u64) -> Result<Option<u64>, InvalidInput> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (low..=high).contains(number));
        let problem = || format!("takes a whole number from {low} to {high}, got \"{text}\"");
        number.map(Some).ok_or_else(|| InvalidInput::new(name, problem()))
    }

    /// One of a few words.
    pub(super) fn one_of(&self, names: &[&str], words: &[&str]) -> Result<Option<&str>, InvalidInput> {
        let Some((name, text)) = names.iter().find_map(|name| Some((*name, self.text(name)?))) else {
            return Ok(None);
        };
        if words.contains(&text) {
            return Ok(Some(text));
        }
        Err(InvalidInput::new(name, format!("takes one of {}, got \"{text}\"", words.join(", "))))
    }

    /// A time in milliseconds since 1970.
    pub(super) fn time(&self, name: &str) -> Result<Option<i64>, InvalidInput> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let problem = || format!("takes a time such as \"2026-01-31T12:00:00Z\" (RFC 3339), got \"{text}\"");
        // A plus sign that was not escaped arrives as a blank.
        let time = parse_rfc3339(text).or_else(|| parse_rfc3339(&text.replace(' ', "+")));
        time.map(Some).ok_or_else(|| InvalidInput::new(name, problem()))
    }

    /// The page that is asked for.
    pub(super) fn page(&self) -> Result<Page, InvalidInput> {
        let number = self.whole("page", 1, u64::from(u32::MAX))?.unwrap_or(1);
        let size = self.whole("pageSize", 1, MAX_PAGE_SIZE)?.unwrap_or(PAGE_SIZE);
        Ok(Page { number, size })
    }

    /// Whether the list is wanted the other way round; `None` when the request does not say.
    pub(super) fn descending(&self) -> Result<Option<bool>, InvalidInput> {
        let way = self.one_of(&["sortDirection", "sort_direction"], &["asc", "desc"])?;
        Ok(way.map(|way| way == "desc"))
    }

    /// The rows of a list of named things, and the page that they are. Newest first unless the request says otherwise.
    pub(super) fn listing(&self, words: &[&str]) -> Result<(Listing, Page), InvalidInput> {
        let page = self.page()?;
        let sort = match self.one_of(&["sortField", "sort_field"], words)? {
            Some("name") => Sort::Name,
            Some("updated_at") => Sort::Updated,
            _ => Sort::Created,
        };
        let descending = self.descending()?.unwrap_or(sort != Sort::Name);
        let listing = Listing {
            organization: self.text("organizationId").map(str::to_owned),
            name: self.text("searchName").map(str::to_owned),
            sort,
            descending,
            offset: page.offset(),
            limit: page.size,
        };
        Ok((listing, page))
    }
}

/// One page of a list, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    number: u64,
    /// Items that it may have.
    pub(super) size: u64,
}

impl Page {
    /// Its number.
    pub(super) fn number(self) -> u64 {
        self.number
    }

    /// Items before it.
    pub(super) fn offset(self) -> u64 {
        self.number.saturating_sub(1).saturating_mul(self.size)
    }

    /// The page as clients read it.
    pub(super) fn of(self, items: Vec<Value>, total: u64) -> Value {
        json!({ "items": items, "page": self.number, "pageSize": self.size, "total": total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &str) -> Pairs {
        Pairs::parse(&format!("/x?{query}").parse().unwrap()).unwrap()
    }

    #[test]
    fn times_come_in_every_spelling_of_the_clients() {
        let wanted = Some(1_767_323_045_000);
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.000000%2B0000",
            "2026-01-02T03:04:05.000000+0000",
            "2026-01-02T04:04:05%2B01:00",
        ] {
            assert_eq!(pairs(&format!("t={text}")).time("t").unwrap(), wanted, "{text}");
        }
        assert!(pairs("t=yesterday").time("t").unwrap_err().to_string().contains("\"t\""));
    }

    #[test]
    fn parameters_repeat_and_both_spellings_of_the_order_are_read() {
        let query = pairs("status=a&status=b&sort_field=name&sort_direction=desc&page=3&pageSize=20");
        assert_eq!(query.all("status"), ["a", "b"]);
        let (listing, page) = query.listing(&["name", "created_at"]).unwrap();
        assert_eq!((listing.sort, listing.descending, listing.offset, page.size), (Sort::Name, true, 40, 20));
        assert!(pairs("page=0").page().is_err());
        assert!(pairs("sortField=age").listing(&["name"]).is_err());
        assert_eq!(pairs("").page().unwrap().size, 10);
    }
}
