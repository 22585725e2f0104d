//! Finding out whether an execution was started when the answer of its start was lost: it carries an id of the
//! client's own in its metadata, and the list of executions can be filtered by it.

use super::operations::EXECUTIONS;
use crate::task::Find;
use crate::view::View;

/// The metadata member that carries the client's id.
const KEY: &str = "taskwright_start";

/// How to find an execution whose start was not confirmed.
#[must_use]
pub fn executions<V: View>() -> Find<V> {
    let looks_ms = &[250, 750, 2_000, 4_000];
    let (member, id_member) = ("metadata", "executionId");
    Find { member, key: KEY, list: &EXECUTIONS, filter, id_member, found, looks_ms }
}

fn filter(id: &str) -> Vec<(&'static str, String)> {
    vec![
        ("metadataKey", KEY.to_owned()),
        ("metadataValue", id.to_owned()),
        ("page", "1".to_owned()),
        ("pageSize", "10".to_owned()),
    ]
}

/// The execution that carries `id`, from a page of the list. A service that does not know the filter lists others
/// too, so each one is looked at.
fn found<V: View>(page: &V, id: &str) -> Option<String> {
    page.member("items")
        .elements()
        .iter()
        .find(|item| item.member("metadata").member(KEY).text().as_deref() == Some(id))
        .and_then(|item| item.member("id").text())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_execution_with_the_very_id_is_the_one() {
        let page = json!({"items": [{"id": "a", "metadata": null}, {"id": "b", "metadata": {KEY: "x"}}]});
        assert_eq!(found(&Some(&page), "x").as_deref(), Some("b"));
        assert_eq!(found(&Some(&page), "y"), None);
        assert_eq!(found(&Some(&json!([])), "x"), None);
    }
}
