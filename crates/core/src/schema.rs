//! Does a result fit the JSON Schema that was asked for?
//!
//! The part of JSON Schema 2020-12 that describes data: `type`, `enum`, `const`, the bounds of numbers,
//! strings, arrays and objects, `properties`, `required`, `additionalProperties`, `patternProperties` aside,
//! `items`, `prefixItems`, `uniqueItems`, `anyOf`, `oneOf`, `allOf`, `not`, `if`/`then`/`else`, and `$ref`
//! within the document. Other keywords (annotations, `format`) say nothing, as the specification allows.

use std::cell::Cell;

use crate::error::Issue;
use crate::text::{excerpt, join, parts, replace};
use crate::view::{Seen, View};

/// Problems that are reported at most.
const MAX_ISSUES: usize = 10;
/// Nesting of schemas that is followed at most; a recursive schema ends here.
const MAX_DEPTH: usize = 64;

/// Places that are looked at at most. Schemas that combine themselves grow without bound; the rest then counts as
/// fitting.
const MAX_VISITS: u32 = 200_000;

/// Where `value` does not fit `schema`; empty when it does.
pub fn check<V: View>(schema: &V, value: &V) -> Vec<Issue> {
    let mut issues = Vec::new();
    Checker { root: schema, visits: Cell::new(MAX_VISITS) }.visit(schema, value, "", MAX_DEPTH, &mut issues);
    issues
}

struct Checker<'a, V> {
    root: &'a V,
    visits: Cell<u32>,
}

impl<V: View> Checker<'_, V> {
    fn visit(&self, schema: &V, value: &V, path: &str, depth: usize, issues: &mut Vec<Issue>) {
        if issues.len() >= MAX_ISSUES {
            return;
        }
        let (Some(depth), Some(visits)) = (depth.checked_sub(1), self.visits.get().checked_sub(1)) else {
            return;
        };
        self.visits.set(visits);
        let wrong = |issues: &mut Vec<Issue>, takes: String| {
            let got = excerpt(&value.show(), 60);
            issues.push(Issue { path: path.to_owned(), message: format!("takes {takes}, got {got}") });
        };
        match schema.seen() {
            Seen::Flag(false) => return wrong(issues, "nothing".to_owned()),
            Seen::Object => {}
            _ => return,
        }
        if let Some(target) = schema.member("$ref").text() {
            match self.resolve(&target) {
                Some(target) => self.visit(&target, value, path, depth, issues),
                None => issues.push(Issue {
                    path: path.to_owned(),
                    message: format!("cannot be checked: the schema refers to {target}, which is not in it"),
                }),
            }
        }
        let types = words(&schema.member("type"));
        if !types.is_empty() && !types.iter().any(|name| has_type(value, name)) {
            return wrong(issues, join(&types, " or "));
        }
        let options = schema.member("enum");
        if options.seen() == Seen::List && !options.elements().iter().any(|option| equal(option, value)) {
            wrong(issues, format!("one of {}", excerpt(&options.show(), 120)));
        }
        let constant = schema.member("const");
        if constant.seen() != Seen::Absent && !equal(&constant, value) {
            wrong(issues, constant.show());
        }
        match value.seen() {
            Seen::Number(number) => {
                for (keyword, fits, words) in [
                    ("minimum", (|a, b| a >= b) as fn(f64, f64) -> bool, "a number from"),
                    ("maximum", |a, b| a <= b, "a number up to"),
                    ("exclusiveMinimum", |a, b| a > b, "a number above"),
                    ("exclusiveMaximum", |a, b| a < b, "a number below"),
                    ("multipleOf", is_multiple, "a multiple of"),
                ] {
                    let limit = schema.member(keyword);
                    if let Seen::Number(bound) = limit.seen()
                        && !fits(number, bound)
                    {
                        wrong(issues, format!("{words} {}", limit.show()));
                    }
                }
            }
            Seen::Text(text) => {
                self.visit_count(schema, "Length", "characters", text.chars().count(), &wrong, issues);
                if let Some(pattern) = schema.member("pattern").text()
                    && value.matches(&pattern) == Some(false)
                {
                    wrong(issues, format!("a string that matches {pattern}"));
                }
            }
            Seen::List => self.visit_list(schema, value, path, depth, &wrong, issues),
            Seen::Object => self.visit_object(schema, value, path, depth, &wrong, issues),
            _ => {}
        }
        self.visit_combinations(schema, value, path, depth, &wrong, issues);
    }

    fn visit_list(
        &self,
        schema: &V,
        list: &V,
        path: &str,
        depth: usize,
        wrong: &impl Fn(&mut Vec<Issue>, String),
        issues: &mut Vec<Issue>,
    ) {
        let elements = list.elements();
        self.visit_count(schema, "Items", "items", elements.len(), wrong, issues);
        let first = schema.member("prefixItems").elements();
        let rest = schema.member("items");
        for (index, element) in elements.iter().enumerate() {
            let schema = first.get(index).unwrap_or(&rest);
            self.visit(schema, element, &format!("{path}[{index}]"), depth, issues);
        }
        let unique = schema.member("uniqueItems").seen() == Seen::Flag(true);
        if unique
            && elements
                .iter()
                .enumerate()
                .any(|(at, one)| elements.iter().skip(at.saturating_add(1)).any(|other| equal(one, other)))
        {
            wrong(issues, "distinct items".to_owned());
        }
    }

    fn visit_object(
        &self,
        schema: &V,
        object: &V,
        path: &str,
        depth: usize,
        wrong: &impl Fn(&mut Vec<Issue>, String),
        issues: &mut Vec<Issue>,
    ) {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let names = object.names();
        for name in words(&schema.member("required")) {
            if !names.contains(&name) {
                issues.push(Issue { path: below(&name), message: "is required and missing".to_owned() });
            }
        }
        self.visit_count(schema, "Properties", "properties", names.len(), wrong, issues);
        let known = schema.member("properties");
        let known_names = known.names();
        let other = schema.member("additionalProperties");
        let patterns = schema.member("patternProperties").seen() != Seen::Absent;
        for name in &names {
            let schema = if known_names.contains(name) {
                known.member(name)
            } else if patterns {
                continue;
            } else {
                other.clone()
            };
            self.visit(&schema, &object.member(name), &below(name), depth, issues);
        }
    }

    fn visit_count(
        &self,
        schema: &V,
        what: &str,
        noun: &str,
        count: usize,
        wrong: &impl Fn(&mut Vec<Issue>, String),
        issues: &mut Vec<Issue>,
    ) {
        #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let count = count as f64;
        for (prefix, words) in [("min", "at least"), ("max", "at most")] {
            let limit = schema.member(&format!("{prefix}{what}"));
            if let Seen::Number(bound) = limit.seen()
                && (if prefix == "min" { count < bound } else { count > bound })
            {
                wrong(issues, format!("{words} {} {noun}", limit.show()));
            }
        }
    }

    fn visit_combinations(
        &self,
        schema: &V,
        value: &V,
        path: &str,
        depth: usize,
        wrong: &impl Fn(&mut Vec<Issue>, String),
        issues: &mut Vec<Issue>,
    ) {
        let fits = |schema: &V| {
            let mut found = Vec::new();
            self.visit(schema, value, path, depth, &mut found);
            found.is_empty()
        };
        for part in schema.member("allOf").elements() {
            self.visit(&part, value, path, depth, issues);
        }
        let any = schema.member("anyOf").elements();
        if !any.is_empty() && !any.iter().any(fits) {
            wrong(issues, "what one of the schemas of anyOf takes".to_owned());
        }
        let one = schema.member("oneOf").elements();
        if !one.is_empty() && one.iter().filter(|schema| fits(schema)).count() != 1 {
            wrong(issues, "what exactly one of the schemas of oneOf takes".to_owned());
        }
        let not = schema.member("not");
        if not.seen() != Seen::Absent && fits(&not) {
            wrong(issues, "anything but what the schema of not takes".to_owned());
        }
        let condition = schema.member("if");
        if condition.seen() != Seen::Absent {
            let branch = schema.member(if fits(&condition) { "then" } else { "else" });
            self.visit(&branch, value, path, depth, issues);
        }
    }

    /// The schema that a JSON pointer in `#/...` form leads to (RFC 6901).
    fn resolve(&self, reference: &str) -> Option<V> {
        let pointer = reference.strip_prefix('#')?;
        let mut schema = self.root.clone();
        for token in parts(pointer, b"/").skip(1) {
            let name = replace(&replace(token, "~1", "/"), "~0", "~");
            schema = match schema.seen() {
                Seen::List => {
                    name.parse().ok().and_then(|index: usize| schema.elements().into_iter().nth(index))?
                }
                _ => schema.member(&name),
            };
        }
        matches!(schema.seen(), Seen::Object | Seen::Flag(_)).then_some(schema)
    }
}

/// A keyword that takes one string or several.
fn words<V: View>(value: &V) -> Vec<String> {
    value.text().map_or_else(|| value.elements().iter().filter_map(View::text).collect(), |word| vec![word])
}

fn has_type<V: View>(value: &V, name: &str) -> bool {
    match value.seen() {
        Seen::Null => name == "null",
        Seen::Flag(_) => name == "boolean",
        Seen::Number(number) => name == "number" || (name == "integer" && number.fract() == 0.0),
        Seen::Text(_) => name == "string",
        Seen::List => name == "array",
        Seen::Object => name == "object",
        Seen::Absent | Seen::Other => false,
    }
}

fn is_multiple(value: f64, of: f64) -> bool {
    let quotient = value / of;
    of > 0.0 && (quotient - quotient.round()).abs() < 1e-9
}

fn equal<V: View>(one: &V, other: &V) -> bool {
    match (one.seen(), other.seen()) {
        (Seen::List, Seen::List) => {
            let (one, other) = (one.elements(), other.elements());
            one.len() == other.len() && one.iter().zip(&other).all(|(one, other)| equal(one, other))
        }
        (Seen::Object, Seen::Object) => {
            let (names, others) = (one.names(), other.names());
            names.len() == others.len()
                && names
                    .iter()
                    .all(|name| others.contains(name) && equal(&one.member(name), &other.member(name)))
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn issues(schema: Value, value: Value) -> Vec<String> {
        check(&Some(&schema), &Some(&value))
            .into_iter()
            .map(|issue| format!("{}: {}", issue.path, issue.message))
            .collect()
    }

    #[test]
    fn a_result_that_fits_has_no_issues() {
        let schema = json!({
            "type": "object", "required": ["title", "items"], "additionalProperties": false,
            "properties": {
                "title": {"type": "string", "minLength": 1, "maxLength": 20},
                "items": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/item"}},
                "note": {"type": ["string", "null"]}
            },
            "$defs": {"item": {"type": "object", "properties": {"price": {"type": "number", "minimum": 0, "multipleOf": 0.01}}}}
        });
        assert_eq!(issues(schema, json!({"title": "t", "note": null, "items": [{"price": 1.15}]})), [""; 0]);
    }

    #[test]
    fn an_issue_names_the_place_and_what_it_takes() {
        let schema = json!({
            "type": "object", "required": ["id"],
            "properties": {"items": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}}}
        });
        assert_eq!(
            issues(schema, json!({"items": [{"price": 1}, {"price": "2 EUR"}]})),
            ["id: is required and missing", "items[1].price: takes number, got \"2 EUR\""]
        );
    }

    #[test]
    fn each_keyword_refuses_what_it_should() {
        for (schema, good, bad) in [
            (json!({"type": "integer"}), json!(2.0), json!(2.5)),
            (json!({"enum": ["a", 1, {"x": [1]}]}), json!({"x": [1]}), json!({"x": [2]})),
            (json!({"const": null}), json!(null), json!(0)),
            (json!({"exclusiveMinimum": 0}), json!(1), json!(0)),
            (json!({"exclusiveMaximum": 0}), json!(-1), json!(0)),
            (json!({"maximum": 3}), json!(3), json!(4)),
            (json!({"maxLength": 2}), json!("äö"), json!("abc")),
            (json!({"maxItems": 1}), json!([1]), json!([1, 2])),
            (json!({"uniqueItems": true}), json!([1, "1"]), json!([[1], [1]])),
            (json!({"prefixItems": [{"type": "string"}], "items": false}), json!(["a"]), json!(["a", 1])),
            (json!({"minProperties": 1}), json!({"a": 1}), json!({})),
            (json!({"additionalProperties": {"type": "string"}}), json!({"a": "b"}), json!({"a": 1})),
            (json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), json!(null), json!(1)),
            (json!({"oneOf": [{"type": "number"}, {"minimum": 5}]}), json!(1), json!(6)),
            (json!({"allOf": [{"type": "number"}, {"minimum": 5}]}), json!(6), json!(1)),
            (json!({"not": {"type": "null"}}), json!(1), json!(null)),
            (
                json!({"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"minimum": 2}}),
                json!("ab"),
                json!(1),
            ),
            (json!(true), json!(1), json!(null)),
        ] {
            assert_eq!(issues(schema.clone(), good.clone()), [""; 0], "{schema} takes {good}");
            if schema != json!(true) {
                assert_ne!(issues(schema.clone(), bad.clone()), [""; 0], "{schema} refuses {bad}");
            }
        }
    }

    #[test]
    fn recursion_ends_and_a_dangling_reference_is_told() {
        let tree = json!({"type": "object", "properties": {"child": {"$ref": "#"}}});
        assert_eq!(issues(tree.clone(), json!({"child": {"child": {}}})), [""; 0]);
        assert_eq!(issues(tree, json!({"child": {"child": 1}})), ["child.child: takes object, got 1"]);
        assert_eq!(issues(json!({"$ref": "#"}), json!(1)), [""; 0]);
        assert!(issues(json!({"$ref": "#/$defs/x"}), json!(1))[0].contains("#/$defs/x"));
    }

    #[test]
    fn a_schema_that_combines_itself_ends() {
        let bomb = json!({"oneOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "#"}]});
        issues(bomb, json!({"a": 1}));
    }

    #[test]
    fn a_flood_of_issues_is_cut_short() {
        let schema = json!({"items": {"type": "string"}});
        assert_eq!(issues(schema, json!(vec![1; 100])).len(), MAX_ISSUES);
    }
}
