//! Cookies that a context has before its first page.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One cookie.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct CookieSpec {
    /// Its name.
    pub name: String,
    /// Its value; a secret.
    pub value: String,
    /// The domain that gets it; with a leading dot its subdomains do too.
    pub domain: String,
    /// The paths that get it; `/` for all.
    pub path: String,
    /// Whether only encrypted connections carry it.
    pub secure: bool,
    /// Whether scripts cannot read it.
    pub http_only: bool,
    /// `Strict`, `Lax` or `None`; what browsers do without it when absent.
    pub same_site: Option<String>,
    /// When it expires, in seconds since 1970; with the context when absent.
    pub expires: Option<f64>,
}

impl CookieSpec {
    pub(super) fn param(&self) -> Value {
        let mut param = json!({
            "name": self.name, "value": self.value, "domain": self.domain, "path": self.path,
            "secure": self.secure, "httpOnly": self.http_only,
        });
        if let Some(fields) = param.as_object_mut() {
            fields.extend(self.same_site.clone().map(|site| ("sameSite".to_owned(), Value::from(site))));
            fields.extend(self.expires.map(|time| ("expires".to_owned(), Value::from(time))));
        }
        param
    }
}

impl std::fmt::Debug for CookieSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CookieSpec")
            .field("name", &self.name)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}
