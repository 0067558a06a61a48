//! The headers in which a stateless request repeats parts of its body (2026-07-28, *Request
//! Metadata*).

use std::collections::HashSet;

use data_encoding::BASE64;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::Value;

/// Headers of one request.
pub(crate) type Headers = Vec<(HeaderName, HeaderValue)>;

pub(crate) const PROTOCOL: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub(crate) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
/// What says in a schema that a parameter is repeated.
const ANNOTATION: &str = "x-mcp-header";
/// How deep parameters are looked for.
const DEPTH_MAX: usize = 16;

/// A parameter that is repeated: where it is in the arguments, and its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repeated {
    path: Vec<String>,
    header: HeaderName,
}

/// The headers of a request.
pub(crate) fn of_request(method: &str, name: Option<&str>) -> Headers {
    let named = name.and_then(|name| Some((NAME, encode(name)?)));
    let method = HeaderValue::from_str(method).ok().map(|method| (METHOD, method));
    method.into_iter().chain(named).collect()
}

/// The headers of a call's arguments.
pub(crate) fn of_arguments(repeated: &[Repeated], arguments: &Value) -> Headers {
    let header = |Repeated { path, header }: &Repeated| {
        let value = path.iter().try_fold(arguments, |object, name| object.get(name))?;
        let value = match value {
            Value::String(text) => encode(text),
            Value::Number(_) | Value::Bool(_) => HeaderValue::from_str(&value.to_string()).ok(),
            _ => None,
        };
        Some((header.clone(), value?))
    };
    repeated.iter().filter_map(header).collect()
}

/// The parameters that a schema wants repeated; `None` where it breaks the rules for that.
pub(crate) fn repeated(schema: &Value) -> Option<Vec<Repeated>> {
    let (mut all, mut names) = (Vec::new(), HashSet::new());
    look(schema, &mut Vec::new(), &mut |path, name, is_primitive| {
        let name = name.as_str().filter(|name| is_primitive && !name.is_empty())?;
        let header = HeaderName::from_bytes(format!("mcp-param-{name}").as_bytes()).ok()?;
        names.insert(header.clone()).then_some(())?;
        all.push(Repeated { path: path.to_vec(), header });
        Some(())
    })?;
    Some(all)
}

/// Looks for annotated parameters, of which `found` gets the path, the name of the header, and
/// whether their type can be repeated.
fn look(
    schema: &Value,
    path: &mut Vec<String>,
    found: &mut impl FnMut(&[String], &Value, bool) -> Option<()>,
) -> Option<()> {
    let Some(Value::Object(properties)) = schema.get("properties") else { return Some(()) };
    if path.len() >= DEPTH_MAX {
        return Some(());
    }
    for (name, property) in properties {
        path.push(name.clone());
        if let Some(header) = property.get(ANNOTATION) {
            let kind = property.get("type").and_then(Value::as_str).unwrap_or_default();
            found(path, header, ["string", "integer", "boolean"].contains(&kind))?;
        }
        look(property, path, found)?;
        path.pop();
    }
    Some(())
}

/// A text as the value of a header: in Base64 where a header cannot carry it as it is.
fn encode(text: &str) -> Option<HeaderValue> {
    let is_visible = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let is_trimmed = !text.starts_with(' ') && !text.ends_with(' ');
    let seems_encoded = text.starts_with("=?base64?") && text.ends_with("?=");
    if is_visible && is_trimmed && !seems_encoded {
        return HeaderValue::from_str(text).ok();
    }
    HeaderValue::from_str(&format!("=?base64?{}?=", BASE64.encode(text.as_bytes()))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(headers: &Headers) -> Vec<String> {
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    #[test]
    fn names_are_encoded_where_a_header_cannot_carry_them() {
        let of = |name| shown(&of_request("tools/call", Some(name)))[1].clone();
        assert_eq!(of("fan_set"), "mcp-name: fan_set");
        assert_eq!(of("lüfter"), "mcp-name: =?base64?bMO8ZnRlcg==?=");
        assert_eq!(of(" a"), "mcp-name: =?base64?IGE=?=");
        assert_eq!(of("a\n"), "mcp-name: =?base64?YQo=?=");
        assert_eq!(of("=?base64?YQ==?="), "mcp-name: =?base64?PT9iYXNlNjQ/WVE9PT89?=");
        assert_eq!(of("=?base64?YQ=="), "mcp-name: =?base64?YQ==");
        assert_eq!(shown(&of_request("tools/list", None)), ["mcp-method: tools/list"]);
    }

    #[test]
    fn annotated_parameters_are_repeated_and_those_left_out_are_not() {
        let place = json!({"type": "object", "properties": {
            "city": {"type": "string", "x-mcp-header": "City"}}});
        let schema = json!({"type": "object", "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "count": {"type": "integer", "x-mcp-header": "Count"},
            "on": {"type": "boolean", "x-mcp-header": "On"},
            "place": place, "other": {"type": "string"}}});
        let repeated = repeated(&schema).unwrap();
        let all = json!({"region": "ä", "count": 4, "on": true, "place": {"city": "Ulm"}});
        let headers = of_arguments(&repeated, &all);
        let region = "mcp-param-region: =?base64?w6Q=?=";
        let rest = ["mcp-param-count: 4", "mcp-param-on: true", "mcp-param-city: Ulm"];
        assert_eq!(shown(&headers), [&[region][..], &rest].concat());
        let some = json!({"region": null, "place": 7, "other": "x"});
        assert!(of_arguments(&repeated, &some).is_empty());
    }

    #[test]
    fn schemas_that_break_the_rules_are_found() {
        let of = |property| repeated(&json!({"properties": {"a": property}}));
        assert_eq!(of(json!({"type": "string"})), Some(Vec::new()));
        for bad in [json!(""), json!("a b"), json!("a:"), json!(7), json!("é")] {
            assert_eq!(of(json!({"type": "string", "x-mcp-header": bad})), None);
        }
        for kind in [json!("number"), json!("object"), json!(["string"]), json!(null)] {
            assert_eq!(of(json!({"type": kind, "x-mcp-header": "A"})), None);
        }
        let one = |name| json!({"type": "string", "x-mcp-header": name});
        let twice = json!({"properties": {"a": one("A"), "b": one("a")}});
        assert_eq!(repeated(&twice), None);
    }
}
