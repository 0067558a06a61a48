//! JSON values as entries, for tests: slow, plain and independent of the gateway's encoder.

use serde_json::{Map, Value as Json};
use trine_descriptor::{Field, Kind, ValueWriter};

/// Encodes an object; `None` where the value has no encoding.
pub(crate) fn encode(nodes: &[Field<'_>], object: &Json) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 1 << 16];
    let mut out = ValueWriter::new(&mut buffer);
    members(nodes, 0, object.as_object()?, &mut out)?;
    assert!(!out.overflowed());
    Some(out.bytes().to_vec())
}

fn members(
    nodes: &[Field<'_>],
    base: u16,
    object: &Map<String, Json>,
    out: &mut ValueWriter<'_>,
) -> Option<()> {
    let (mut at, mut found) = (0, 0);
    while let Some(field) = nodes.get(at) {
        let after = at + 1 + field.kind.nodes();
        if let Some(value) = object.get(field.name) {
            one(field, &nodes[at + 1..after], base + at as u16, value, out)?;
            found += 1;
        }
        at = after;
    }
    (found == object.len()).then_some(())
}

/// A value of the wrong type is encoded as what it is, so that the device has something to refuse.
fn one(
    field: &Field<'_>,
    inside: &[Field<'_>],
    node: u16,
    value: &Json,
    out: &mut ValueWriter<'_>,
) -> Option<()> {
    match (value, field.kind) {
        (Json::Null, _) => return None,
        (Json::Bool(value), _) => out.bool(node, *value),
        (Json::Number(number), Kind::Decimal(range)) => {
            out.decimal(node, scaled(&number.to_string(), range.places)?);
        }
        (Json::Number(number), _) => out.int(node, scaled(&number.to_string(), 0)?),
        (Json::String(text), kind @ Kind::Choice(_)) => {
            out.label(node, u16::try_from(kind.label_index(text)?).unwrap());
        }
        (Json::String(text), _) => out.text(node, text),
        (Json::Object(object), Kind::Object { .. }) => {
            out.object(node);
            members(inside, node + 1, object, out)?;
        }
        (Json::Array(items), Kind::Array { .. }) => {
            out.array(node, u16::try_from(items.len()).ok()?);
            for item in items {
                one(&inside[0], &inside[1..], node + 1, item, out)?;
            }
        }
        (Json::Object(_), _) => out.object(node),
        (Json::Array(_), _) => out.array(node, 0),
    }
    Some(())
}

/// A JSON number times `10^places`, exactly; `None` where that is no 64-bit whole number.
fn scaled(text: &str, places: u8) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    let cut = digits.len() - kept.len();
    let exponent: i64 = exponent.parse().ok()?;
    let zeros = exponent + i64::from(places) - fraction.len() as i64 + cut as i64;
    if kept.is_empty() || kept.bytes().all(|digit| digit == b'0') {
        return Some(0);
    }
    let zeros = usize::try_from(zeros).ok().filter(|&zeros| zeros < 20)?;
    format!("{sign}{kept}{}", "0".repeat(zeros)).parse().ok()
}

#[test]
fn numbers_are_scaled_exactly() {
    for (text, places, value) in [
        ("40", 0, Some(40)),
        ("40.0", 0, Some(40)),
        ("4e1", 0, Some(40)),
        ("4e+1", 0, Some(40)),
        ("-0.0", 3, Some(0)),
        ("21.5", 1, Some(215)),
        ("21.55", 1, None),
        ("0.1", 0, None),
        ("1e300", 0, None),
        ("9223372036854775807", 0, Some(i64::MAX)),
        ("9223372036854775808", 0, None),
        ("-9223372036854775808", 0, Some(i64::MIN)),
    ] {
        assert_eq!(scaled(text, places), value, "{text}");
    }
}
