//! The schema of a form (`ElicitRequestFormParams` of the specification).

use trine_descriptor::extras::{Extras, Of};
use trine_descriptor::{Field, Kind, Literal, Side};

use crate::json::JsonWriter;
use crate::json::added::Added;

/// Members that a device cannot take the place of.
const OWN: [&[u8]; 2] = [b"type", b"items"];

/// Writes the schema of a form: an object of flat properties.
pub(super) fn schema(fields: &[Field<'_>], extras: &[u8], out: &mut JsonWriter<'_>) {
    out.raw(b"{\"type\":\"object\",\"properties\":{");
    for (index, (node, field)) in top(fields).enumerate() {
        out.raw(if index > 0 { b"," } else { b"" });
        out.string(field.name);
        out.raw(b":");
        let item = fields.get(usize::from(node) + 1);
        property((node, field), item, Extras::new(extras), out);
    }
    out.raw(b"}");
    let required = top(fields).filter(|(_, field)| field.required);
    for (index, (_, field)) in required.clone().enumerate() {
        out.raw(if index > 0 { b"," } else { b",\"required\":[" });
        out.string(field.name);
    }
    out.raw(if required.count() > 0 { b"]}" } else { b"}" });
}

/// The fields of a form with their nodes, without what lies inside another.
fn top<'f, 'n>(fields: &'f [Field<'n>]) -> impl Iterator<Item = (u16, &'f Field<'n>)> + Clone {
    let mut inside = 0_usize;
    fields.iter().enumerate().filter_map(move |(node, field)| {
        if node < inside {
            return None;
        }
        let nodes = match field.kind {
            Kind::Object { nodes } | Kind::Array { nodes, .. } => nodes,
            _ => 0,
        };
        inside = node + 1 + usize::from(nodes);
        Some((u16::try_from(node).ok()?, field))
    })
}

/// Writes one property in the keywords that forms may have (`PrimitiveSchemaDefinition`), and what
/// the device adds to them.
fn property(
    (node, field): (u16, &Field<'_>),
    item: Option<&Field<'_>>,
    extras: Extras<'_>,
    out: &mut JsonWriter<'_>,
) {
    let added = |node| Added::of(extras.members(Of::Node(Side::Params, node)));
    let own = added(node);
    out.raw(b"{");
    if let Kind::Array { min, max, .. } = field.kind {
        out.raw(b"\"type\":\"array\",\"minItems\":");
        out.unsigned(min.into());
        if max != u8::MAX {
            out.raw(b",\"maxItems\":");
            out.unsigned(max.into());
        }
        if let (Some(item), Some(node)) = (item, node.checked_add(1)) {
            let added = added(node);
            out.raw(b",\"items\":{");
            one(item, added, out);
            added.write(&OWN, out);
            out.raw(b"}");
        }
    } else {
        one(field, own, out);
    }
    if !field.description.is_empty() && !own.has(b"description") {
        out.raw(b",\"description\":");
        out.string(field.description);
    }
    own.write(&OWN, out);
    out.raw(b"}");
}

/// Writes the members of a schema of one value.
fn one(field: &Field<'_>, added: Added<'_>, out: &mut JsonWriter<'_>) {
    let mut places = 0;
    match field.kind {
        Kind::Bool => out.raw(b"\"type\":\"boolean\""),
        Kind::Int(range) => {
            out.raw(b"\"type\":\"integer\"");
            bounds((range.min, range.max), 0, out);
        }
        Kind::Decimal(range) => {
            places = range.places;
            out.raw(b"\"type\":\"number\"");
            bounds((range.min, range.max), places, out);
        }
        Kind::Text { min, max } => {
            out.raw(b"\"type\":\"string\",\"minLength\":");
            out.unsigned(min.into());
            if max != u16::MAX {
                out.raw(b",\"maxLength\":");
                out.unsigned(max.into());
            }
        }
        Kind::Choice(_) => {
            out.raw(b"\"type\":\"string\"");
            labels(&field.kind, added, out);
        }
        // No form holds these; a client that meets one takes it for text.
        _ => out.raw(b"\"type\":\"string\""),
    }
    if let Some(default) = field.default.filter(|_| !added.has(b"default")) {
        out.raw(b",\"default\":");
        match default {
            Literal::Bool(value) => out.bool(value),
            Literal::Number(value) => out.decimal(value, places),
            Literal::Text(text) => out.string(text),
            Literal::Label(label) => {
                out.string(field.kind.label(label.into()).unwrap_or_default());
            }
        }
    }
}

fn labels(kind: &Kind<'_>, added: Added<'_>, out: &mut JsonWriter<'_>) {
    if [&b"enum"[..], b"oneOf", b"anyOf"].into_iter().any(|name| added.has(name)) {
        return;
    }
    for (index, label) in kind.labels().enumerate() {
        out.raw(if index > 0 { b"," } else { b",\"enum\":[" });
        out.string(label);
    }
    out.raw(b"]");
}

fn bounds((min, max): (i64, i64), places: u8, out: &mut JsonWriter<'_>) {
    if min != i64::MIN {
        out.raw(b",\"minimum\":");
        out.decimal(min, places);
    }
    if max != i64::MAX {
        out.raw(b",\"maximum\":");
        out.decimal(max, places);
    }
}
