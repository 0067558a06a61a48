//! Records of tools with texts that are fit to be shown.

use trine_descriptor::record::Encoder;
use trine_descriptor::{Field, Kind, Literal, ToolInfo};

use super::{content, is_content, is_plain, plain};

/// Whether every text of a tool may be shown as it is.
pub(crate) fn is_fit(info: &ToolInfo<'_>, sides: [&[Field<'_>]; 2]) -> bool {
    let head = [info.name, info.title, info.description, info.version];
    head.into_iter().all(is_plain) && sides.into_iter().flatten().all(node_is_fit)
}

pub(super) fn node_is_fit(field: &Field<'_>) -> bool {
    let default = match field.default {
        Some(Literal::Text(text)) => is_content(text),
        _ => true,
    };
    let labels = match field.kind {
        Kind::Choice(labels) => is_plain(labels),
        _ => true,
    };
    default && labels && [field.name, field.description, field.unit].into_iter().all(is_plain)
}

/// Appends the record of a tool behind its length.
pub(crate) fn append(
    info: &ToolInfo<'_>,
    sides: [&[Field<'_>]; 2],
    extras: &[u8],
    list: &mut Vec<u8>,
) {
    let mut size = Encoder::new(&mut [], 0);
    encode(info, sides, extras, &mut size);
    let len = size.len();
    let mut bytes = vec![0; len + 10];
    let mut out = Encoder::window(&mut bytes, 0);
    out.number(len as u64);
    encode(info, sides, extras, &mut out);
    let whole = out.len();
    list.extend_from_slice(bytes.get(..whole).unwrap_or_default());
}

fn encode(info: &ToolInfo<'_>, sides: [&[Field<'_>]; 2], extras: &[u8], out: &mut Encoder<'_>) {
    let texts = [info.name, info.title, info.description, info.version].map(plain);
    let [name, title, description, version] = &texts;
    out.info(&ToolInfo { name, title, description, version, ..*info });
    for side in sides {
        out.number(side.len() as u64);
        side.iter().for_each(|field| node(field, out));
    }
    out.extras(extras);
}

/// Writes a node.
pub(super) fn node(field: &Field<'_>, out: &mut Encoder<'_>) {
    let texts = [field.name, field.description, field.unit].map(plain);
    let [name, description, unit] = &texts;
    let (labels, default);
    let kind = match field.kind {
        Kind::Choice(text) => {
            labels = plain(text);
            Kind::Choice(&labels)
        }
        kind => kind,
    };
    let literal = match field.default {
        Some(Literal::Text(text)) => {
            default = content(text);
            Some(Literal::Text(&default))
        }
        literal => literal,
    };
    out.node(&Field { name, description, unit, kind, default: literal, ..*field });
}
