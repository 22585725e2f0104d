//! Addresses: the encoder for path segments and query values, and the join of a base URL with a path.

use crate::operation::InvalidInput;
use crate::text::{before, has, is_one_of, parts, quoted, replace, split_once};
use crate::view::{Seen, View};

/// `segment` percent-encoded for a path.
///
/// Kept as they are: `A-Z a-z 0-9` and ``-._~!$&'()*+,;=:@`` (RFC 3986, `pchar`); everything else is
/// encoded as UTF-8. An empty segment, `.` and `..`, also in their `%2e` spelling, are refused: they
/// would address something else.
pub fn segment(name: &str, segment: &str) -> Result<String, InvalidInput> {
    let plain = replace(&replace(segment, "%2e", "."), "%2E", ".");
    if plain.is_empty() || plain == "." || plain == ".." {
        return Err(InvalidInput::new(
            name,
            format!("takes an id that can stand in a path, got {}", quoted(segment)),
        ));
    }
    Ok(encode(segment, b"-._~!$&'()*+,;=:@"))
}

/// `text` percent-encoded for a query, as ECMA-262's `encodeURIComponent` does.
#[must_use]
pub fn query_component(text: &str) -> String {
    encode(text, b"-_.!~*'()")
}

/// Fills `{name}` places of `template` with the encoded `ids`, in order.
pub fn fill(template: &str, ids: &[String]) -> Result<String, InvalidInput> {
    let mut ids = ids.iter();
    let mut path = String::with_capacity(template.len());
    for (index, part) in parts(template, b"/").enumerate() {
        if index > 0 {
            path.push('/');
        }
        match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => path.push_str(&segment(name, ids.next().map_or("", String::as_str))?),
            None => path.push_str(part),
        }
    }
    Ok(path)
}

/// The names of the `{name}` places of `template`.
pub fn places(template: &str) -> impl Iterator<Item = &str> {
    parts(template, b"/").filter_map(|part| part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')))
}

/// A base URL that requests may be joined to: `http` or `https`, a host, perhaps a path prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    prefix: String,
}

impl BaseUrl {
    /// Parses what a user configured; `name` is the option, for the message.
    ///
    /// One trailing slash is dropped and a path prefix kept. Credentials, a query and a fragment are
    /// refused, without being repeated in the message.
    pub fn parse(name: &str, text: &str) -> Result<Self, InvalidInput> {
        let takes = "takes an absolute http:// or https:// address without credentials, query or fragment";
        let refuse = |got: &str| Err(InvalidInput::new(name, format!("{takes}, got {got}")));
        let text = text.trim_ascii();
        if has(text, b"@") {
            return refuse("one with credentials");
        }
        let Some((scheme, rest)) = split_once(text, "://") else { return refuse(&quoted(text)) };
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return refuse(&quoted(&format!("{scheme}://...")));
        }
        let host = before(rest, b"/");
        let prefix = rest.get(host.len()..).unwrap_or_default();
        if has(text, b"?#") {
            return refuse("one with a query or a fragment");
        }
        if !is_host_and_port(host) {
            return refuse(&quoted(text));
        }
        Ok(Self {
            origin: format!("{scheme}://{}", host.to_ascii_lowercase()),
            prefix: prefix.strip_suffix('/').unwrap_or(prefix).to_owned(),
        })
    }

    /// The same without one of `suffixes` at its end: users write the part that all endpoints share into the base.
    #[must_use]
    pub fn without(mut self, suffixes: &[&str]) -> Self {
        if let Some(shorter) = suffixes.iter().find_map(|suffix| self.prefix.strip_suffix(suffix)) {
            self.prefix = shorter.to_owned();
        }
        self
    }

    /// The address of `path`, which starts with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        let slash = if path.starts_with('/') { "" } else { "/" };
        format!("{}{}{slash}{path}", self.origin, self.prefix)
    }

    /// Scheme, host and port, the unit that a key may be sent to.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Where a `Location` header leads, when it stays on this origin; `None` for any other place.
    #[must_use]
    pub fn follow(&self, location: &str) -> Option<String> {
        if location.starts_with('/') && !location.starts_with("//") && !has(location, b"\\") {
            return Some(format!("{}{location}", self.origin));
        }
        let rest = location.strip_prefix(self.origin.as_str())?;
        (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then(|| location.to_owned())
    }
}

/// Query parameters in order; a later value for a name takes the earlier one's place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Sets `name` to the already plain (not encoded) `value`.
    pub fn set(&mut self, name: &str, value: String) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Sets every member of the object `values`. Nothing is skipped silently: `undefined` is left out, `null`
    /// is sent empty, and what a flat query has no form for is refused by name.
    pub fn extend<V: View>(&mut self, values: &V) -> Result<(), InvalidInput> {
        for name in values.names() {
            if let Some(text) = flat(&values.member(&name), &format!("query.{name}"), "")? {
                self.set(&name, text);
            }
        }
        Ok(())
    }

    /// Adds the members of `values` that are not set yet; those of an array one after the other under the same name.
    pub fn fill_up<V: View>(&mut self, values: &V) -> Result<(), InvalidInput> {
        let known = self.0.len();
        for name in values.names() {
            if self.0.iter().take(known).any(|(set, _)| *set == name) {
                continue;
            }
            let value = values.member(&name);
            let each = if value.seen() == Seen::List { value.elements() } else { vec![value] };
            for value in each {
                let text = flat(&value, &name, " or an array of these")?;
                self.0.extend(text.map(|text| (name.clone(), text)));
            }
        }
        Ok(())
    }

    /// `path` with these parameters; `path` may bring a query of its own, which comes first.
    #[must_use]
    pub fn append_to(&self, path: &str) -> String {
        let mut url = path.to_owned();
        for (name, value) in &self.0 {
            url.push(if has(&url, b"?") { '&' } else { '?' });
            url.push_str(&query_component(name));
            url.push('=');
            url.push_str(&query_component(value));
        }
        url
    }
}

/// A value as it stands in a query; `None` for one that is not there.
fn flat<V: View>(value: &V, name: &str, more: &str) -> Result<Option<String>, InvalidInput> {
    match value.seen() {
        Seen::Absent => Ok(None),
        Seen::Null => Ok(Some(String::new())),
        Seen::Text(text) => Ok(Some(text)),
        Seen::Flag(_) | Seen::Number(_) => Ok(Some(value.show())),
        other => {
            let problem = format!("takes a string, a number or a boolean{more}, got {}", other.noun());
            Err(InvalidInput::new(name, problem))
        }
    }
}

/// A name, an IPv4 address or an IPv6 one in brackets, and perhaps a port. What a URL parser would refuse must not
/// come as far as a request.
fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| split_once(rest, "]")) {
        Some((host, rest)) if has(host, b":") => {
            let is_ipv6 = host.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
            match rest.strip_prefix(':') {
                Some(port) => (is_ipv6, port),
                None => (is_ipv6 && rest.is_empty(), "0"),
            }
        }
        _ => {
            let (host, port) = split_once(text, ":").unwrap_or((text, "0"));
            let is_name = |byte: u8| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') || !byte.is_ascii()
            };
            (!host.is_empty() && host.bytes().all(is_name), port)
        }
    };
    host && port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

fn encode(text: &str, keep: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || is_one_of(byte, keep) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(HEX.get(usize::from(nibble)).copied().map_or('0', char::from));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_encoded_as_the_vendor_clients_do() {
        assert_eq!(segment("id", "a b/c?d#e:f@g%h").unwrap(), "a%20b%2Fc%3Fd%23e:f@g%25h");
        assert_eq!(segment("id", "é").unwrap(), "%C3%A9");
    }

    #[test]
    fn segments_that_address_something_else_are_refused_by_name() {
        for bad in ["", ".", "..", "%2e", "%2E%2e", ".%2e"] {
            let error = segment("workflowId", bad).unwrap_err();
            assert_eq!(error.field, "workflowId", "{bad}");
        }
        assert!(segment("id", "...").is_ok());
    }

    #[test]
    fn templates_are_filled_in_order_and_a_missing_id_is_named() {
        assert_eq!(fill("/v1/{a}/x/{b}", &["1".into(), "2/3".into()]).unwrap(), "/v1/1/x/2%2F3");
        assert_eq!(fill("/v1/{a}/x/{b}", &["1".into()]).unwrap_err().field, "b");
        assert_eq!(places("/v1/{a}/x/{b}").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_base_url_keeps_its_prefix_and_loses_one_slash() {
        let base = BaseUrl::parse("baseURL", " https://Host:8/p/ ").unwrap();
        assert_eq!(base.join("/v1"), "https://host:8/p/v1");
        assert_eq!(base.origin(), "https://host:8");
        assert_eq!(BaseUrl::parse("baseURL", "http://h").unwrap().join("x"), "http://h/x");
        for good in ["http://[::1]:8723", "http://[::1]", "http://127.0.0.1:80/", "https://bücher.example"] {
            assert!(BaseUrl::parse("baseURL", good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_base_url_that_cannot_be_joined_is_refused_without_its_secrets() {
        for bad in [
            "",
            "host",
            "ftp://h",
            "http://",
            "http:///x",
            "http://:80",
            "http://a b",
            "http://h?x=1",
            "http://h/#f",
            "http://127.0.0.1:99999",
            "http://[::1",
            "http://a:b",
            "http://h:",
            "http://exa%mple",
            "http://x^y",
            "http://[zz]",
        ] {
            assert!(BaseUrl::parse("baseURL", bad).is_err(), "{bad}");
        }
        let error = BaseUrl::parse("baseURL", "https://me:s3cret@h").unwrap_err();
        assert!(!error.to_string().contains("s3cret"));
        let error = BaseUrl::parse("baseURL", "https://h/?key=s3cret").unwrap_err();
        assert!(!error.to_string().contains("s3cret"));
    }

    #[test]
    fn redirects_are_followed_only_on_the_same_origin() {
        let base = BaseUrl::parse("b", "https://h.example").unwrap();
        assert_eq!(base.follow("/x").as_deref(), Some("https://h.example/x"));
        assert_eq!(base.follow("https://h.example/y").as_deref(), Some("https://h.example/y"));
        for other in
            ["//evil", "/\\evil", "https://h.example.evil/", "https://h.example:8/", "http://h.example/", "x"]
        {
            assert_eq!(base.follow(other), None, "{other}");
        }
    }

    #[test]
    fn a_later_query_value_wins_and_a_path_keeps_its_own() {
        let mut query = Query::default();
        query.set("a", "1".into());
        query.set("b c", "ä&".into());
        query.set("a", "2".into());
        assert_eq!(query.append_to("/p"), "/p?a=2&b%20c=%C3%A4%26");
        assert_eq!(query.append_to("/p?z=1"), "/p?z=1&a=2&b%20c=%C3%A4%26");
    }

    #[test]
    fn query_objects_are_flat_and_a_nested_value_is_named() {
        let mut query = Query::default();
        query.extend(&Some(&serde_json::json!({"a": true, "b": 1.5, "c": null, "d": "x"}))).unwrap();
        assert_eq!(query.append_to("/p"), "/p?a=true&b=1.5&c=&d=x");
        let error = query.extend(&Some(&serde_json::json!({"e": [1]}))).unwrap_err();
        assert_eq!(error.to_string(), "\"query.e\" takes a string, a number or a boolean, got an array");
    }

    #[test]
    fn a_query_is_filled_up_with_lists_and_keeps_what_was_set() {
        let mut query = Query::default();
        query.set("page", "2".into());
        let more = serde_json::json!({"page": 1, "status": ["a b", "c"], "none": [], "flag": true});
        query.fill_up(&Some(&more)).unwrap();
        assert_eq!(query.append_to("/p"), "/p?page=2&flag=true&status=a%20b&status=c");
        let error = query.fill_up(&Some(&serde_json::json!({"deep": {"a": 1}}))).unwrap_err();
        assert_eq!(error.field, "deep");
    }

    #[test]
    fn a_part_that_all_endpoints_share_may_stand_in_the_base_url() {
        for text in ["https://h.example/x/agents/v2", "https://h.example/x/agents/v2/", "https://h.example/x"]
        {
            let base = BaseUrl::parse("baseUrl", text).unwrap().without(&["/api/v1", "/agents/v2"]);
            assert_eq!(base.join("/agents/v2/agents"), "https://h.example/x/agents/v2/agents");
        }
    }

    proptest! {
        #[test]
        fn every_segment_decodes_to_itself_and_never_leaves_its_place(text in ".{1,40}") {
            if let Ok(encoded) = segment("id", &text) {
                prop_assert!(encoded.is_ascii());
                prop_assert!(!encoded.contains(['/', '?', '#', '\\', ' ']));
                prop_assert!(encoded != "." && encoded != "..");
                prop_assert_eq!(decode(&encoded), text);
            }
        }

        #[test]
        fn every_query_component_decodes_to_itself(text in ".{0,40}") {
            let encoded = query_component(&text);
            prop_assert!(!encoded.contains(['&', '=', '#', '+', ' ']));
            prop_assert_eq!(decode(&encoded), text);
        }

        #[test]
        fn a_followed_redirect_stays_on_its_origin(location in "[ -~]{0,40}") {
            let base = BaseUrl::parse("b", "https://h.example").unwrap();
            if let Some(url) = base.follow(&location) {
                prop_assert!(url == "https://h.example" || url.strip_prefix("https://h.example").unwrap().starts_with(['/', '?', '#']));
            }
        }
    }

    fn decode(text: &str) -> String {
        let bytes = text.as_bytes();
        let mut out = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'%' {
                out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
                at += 3;
            } else {
                out.push(bytes[at]);
                at += 1;
            }
        }
        String::from_utf8(out).unwrap()
    }
}
