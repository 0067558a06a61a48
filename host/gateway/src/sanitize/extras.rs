//! What schemas say beyond their nodes, fit to be shown to clients.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Map, Value};
use trine_descriptor::extras::{self, Extra, Extras, Of, WHOLE};
use trine_descriptor::{Field, Kind, Side};

use super::{content, is_content};

/// The annotation of a parameter that clients repeat in a header (2026-07-28, *Streamable HTTP*,
/// "Custom Headers from Tool Parameters").
pub(crate) const HEADER: &str = "x-mcp-header";

/// How deep members may nest: what follows reads them on the stack of a device's thread.
const DEPTH_MAX: usize = 32;

/// Whether all of it may be shown as it is.
pub(crate) fn is_fit(bytes: &[u8], sides: [&[Field<'_>]; 2]) -> bool {
    bytes.is_empty() || matches!(cleaned(bytes, sides), Cow::Borrowed(_))
}

/// The records with members that are objects on one line, whose texts may be shown, and whose
/// annotations of headers keep the rules of those. What cannot be mended is left out.
pub(crate) fn cleaned<'a>(bytes: &'a [u8], sides: [&[Field<'_>]; 2]) -> Cow<'a, [u8]> {
    let mut headers = HashSet::new();
    let (mut all, mut read) = (Vec::new(), Vec::new());
    for extra in Extras::new(bytes) {
        read.push(extra);
        if !is_shallow(extra.members) {
            continue;
        }
        let Ok(Value::Object(mut members)) = serde_json::from_str(extra.members) else { continue };
        if !is_header(members.get(HEADER), extra.of, sides, &mut headers) {
            members.remove(HEADER);
        }
        let Value::Object(shown) = shown(Value::Object(members.clone())) else { continue };
        let is_line = !extra.members.contains(['\n', '\r']);
        let members = match serde_json::from_str::<Map<String, Value>>(extra.members) {
            Ok(as_it_came) if as_it_came == shown && is_line => extra.members.to_owned(),
            _ => Value::Object(shown).to_string(),
        };
        all.push((extra.of, members));
    }
    let records: Vec<_> = all.iter().map(|(of, members)| Extra { of: *of, members }).collect();
    let mut room = vec![0; extras::len(&records)];
    extras::write(&records, &mut room);
    if room == bytes { Cow::Borrowed(bytes) } else { Cow::Owned(room) }
}

/// Whether a text, if it is JSON, nests no deeper than [`DEPTH_MAX`].
fn is_shallow(text: &str) -> bool {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return false;
        }
    }
    true
}

/// A value whose texts may be shown.
fn shown(value: Value) -> Value {
    match value {
        Value::String(text) if !is_content(&text) => Value::String(content(&text).into_owned()),
        Value::Array(all) => Value::Array(all.into_iter().map(shown).collect()),
        Value::Object(members) => {
            let shown = |(name, value): (String, Value)| {
                let name = if is_content(&name) { name } else { content(&name).into_owned() };
                (name, shown(value))
            };
            Value::Object(members.into_iter().map(shown).collect())
        }
        other => other,
    }
}

/// Whether an annotation keeps the rules, or is not there.
fn is_header(
    name: Option<&Value>,
    of: Of,
    [params, _]: [&[Field<'_>]; 2],
    headers: &mut HashSet<String>,
) -> bool {
    let Some(name) = name else { return true };
    let (Some(name), Of::Node(Side::Params, node)) = (name.as_str(), of) else { return false };
    let is_token = !name.is_empty() && name.bytes().all(is_tchar);
    let is_primitive = node != WHOLE
        && params.get(usize::from(node)).is_some_and(|field| {
            matches!(field.kind, Kind::Bool | Kind::Int(_) | Kind::Text { .. } | Kind::Choice(_))
        });
    is_token
        && is_primitive
        && path(params, node).is_some()
        && headers.insert(name.to_ascii_lowercase())
}

/// A character of a token (RFC 9110, section 5.6.2).
const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// The names that lead from the arguments to a node; `None` where an array lies between.
pub(crate) fn path<'n>(params: &[Field<'n>], node: u16) -> Option<Vec<&'n str>> {
    let node = usize::from(node);
    let mut names = Vec::new();
    for (at, field) in params.iter().enumerate().take(node) {
        match field.kind {
            Kind::Object { nodes } if at + usize::from(nodes) >= node => names.push(field.name),
            Kind::Array { nodes, .. } if at + usize::from(nodes) >= node => return None,
            _ => {}
        }
    }
    names.push(params.get(node)?.name);
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORD: Kind<'static> = Kind::Text { min: 0, max: 9 };
    static PARAMS: [Field<'static>; 5] = [
        Field::new("region", WORD),
        Field::new("where", Kind::Object { nodes: 1 }),
        Field::new("place", WORD),
        Field::new("list", Kind::Array { nodes: 1, min: 0, max: 3 }),
        Field::new("", WORD),
    ];

    fn records(all: &[(u16, &str)]) -> Vec<u8> {
        let of = |node| Of::Node(Side::Params, node);
        let all: Vec<_> =
            all.iter().map(|(node, members)| Extra { of: of(*node), members }).collect();
        let mut bytes = vec![0; extras::len(&all)];
        extras::write(&all, &mut bytes).unwrap();
        bytes
    }

    fn shown_of(all: &[(u16, &str)]) -> Vec<String> {
        let bytes = records(all);
        let cleaned = cleaned(&bytes, [&PARAMS, &[]]);
        Extras::new(&cleaned).map(|extra| extra.members.to_owned()).collect()
    }

    #[test]
    fn what_is_fit_stays_as_it_is_and_the_rest_is_mended_or_left_out() {
        let fit =
            [(0, r#"{"format": "uri", "x-mcp-header": "Region"}"#), (WHOLE, r#"{"$id":"a"}"#)];
        let bytes = records(&fit);
        assert!(is_fit(&bytes, [&PARAMS, &[]]) && is_fit(&[], [&PARAMS, &[]]));
        assert_eq!(shown_of(&[(0, "7"), (1, "{"), (2, "{\"a\":1}x")]), Vec::<String>::new());
        assert_eq!(shown_of(&[(0, "{\"a\":\n1}")]), [r#"{"a":1}"#]);
        let nasty = shown_of(&[(0, r#"{"a\u001b":["\u001b[2J"]}"#)]);
        assert_eq!(nasty, ["{\"a\u{fffd}\":[\"\u{fffd}[2J\"]}"]);
    }

    #[test]
    fn what_nests_too_deep_is_left_out_before_it_is_read() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let kept = |text: &str| shown_of(&[(0, text)]).len();
        assert_eq!((kept(&nested(DEPTH_MAX - 1)), kept(&nested(DEPTH_MAX))), (1, 0));
        assert_eq!((kept(&nested(60_000)), kept(&"[".repeat(60_000))), (0, 0));
        let brackets = "[{".repeat(100);
        assert_eq!(kept(&format!(r#"{{"a":"{brackets}\"{brackets}","b":"\\"}}"#)), 1);
    }

    #[test]
    fn annotations_of_headers_keep_their_rules() {
        let header = |node, name: &str| (node, format!(r#"{{"x-mcp-header":{name},"a":1}}"#));
        let kept = |all: &[(u16, String)]| {
            let all: Vec<_> = all.iter().map(|(node, text)| (*node, &**text)).collect();
            let shown = shown_of(&all);
            shown.iter().map(|members| members.contains(HEADER)).collect::<Vec<_>>()
        };
        let good = [header(0, "\"Region\""), header(2, "\"Place\"")];
        assert_eq!(kept(&good), [true, true]);
        assert_eq!(kept(&[header(0, "\"R\""), header(2, "\"r\"")]), [true, false], "twice");
        let bad = ["\"\"", "\"a b\"", "\"a:\"", "7", "\"\u{e9}\""].map(|name| header(0, name));
        assert_eq!(kept(&bad), [false; 5]);
        let nodes = [1, 3, 4, 5, WHOLE].map(|node| header(node, "\"R\""));
        assert_eq!(kept(&nodes), [false; 5], "no primitive, or not to be reached");
        assert_eq!(path(&PARAMS, 2), Some(vec!["where", "place"]));
        assert_eq!((path(&PARAMS, 4), path(&PARAMS, 9)), (None, None));
    }
}
