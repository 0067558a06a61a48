//! Result entries as JSON, by the output side of a descriptor.

use trine_descriptor::{DEPTH_MAX, Kind, Scalar, Side, ToolTable, ValueReader};

use crate::json::JsonWriter;

/// An object or array that is being written.
#[derive(Clone, Copy)]
struct Open {
    /// First node that belongs to it, and one past the last.
    nodes: (u16, u16),
    /// Items still to come; `None` for objects.
    items: Option<u16>,
    first: bool,
}

/// Writes encoded entries as one JSON object. False when they do not fit the descriptor's shape.
pub(crate) fn write<T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    entries: &[u8],
    out: &mut JsonWriter<'_>,
) -> bool {
    let nodes = (0, table.node_count(tool, Side::Output));
    let root = Open { nodes, items: None, first: true };
    let mut open = [root; DEPTH_MAX];
    let mut depth = 1;
    let mut reader = ValueReader::new(entries);
    out.raw(b"{");
    loop {
        let entry = match reader.entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            Err(_) => return false,
        };
        // Close what this entry is no part of.
        while let Some(top) = open.get(depth - 1) {
            if top.holds(entry.node) {
                break;
            }
            if depth == 1 || top.items.is_some_and(|items| items > 0) {
                return false;
            }
            close(top, out);
            depth -= 1;
        }
        let field = table.node(tool, Side::Output, entry.node);
        let (Some(field), Some(top)) = (field, open.get_mut(depth - 1)) else { return false };
        if !core::mem::replace(&mut top.first, false) {
            out.raw(b",");
        }
        match &mut top.items {
            Some(items) => *items -= 1,
            None => {
                // Members rise, and one that was left out does not come later.
                top.nodes.0 = entry.node + 1 + field.kind.nodes() as u16;
                out.string(field.name);
                out.raw(b":");
            }
        }
        let inside = match (field.kind, entry.value) {
            (Kind::Object { nodes }, Scalar::Object) => {
                out.raw(b"{");
                Some((nodes, None))
            }
            (Kind::Array { nodes, .. }, Scalar::Array(count)) => {
                out.raw(b"[");
                Some((nodes, Some(count)))
            }
            (kind, scalar) => {
                if !write_scalar(kind, scalar, out) {
                    return false;
                }
                None
            }
        };
        if let Some((nodes, items)) = inside {
            let Some(place) = open.get_mut(depth) else { return false };
            let first = entry.node + 1;
            *place = Open { nodes: (first, first + u16::from(nodes)), items, first: true };
            depth += 1;
        }
    }
    while depth > 0 {
        depth -= 1;
        let Some(top) = open.get(depth).filter(|top| top.items.unwrap_or(0) == 0) else {
            return false;
        };
        close(top, out);
    }
    true
}

impl Open {
    /// Whether an entry of the node may come next in it.
    fn holds(&self, node: u16) -> bool {
        let (first, end) = self.nodes;
        match self.items {
            Some(items) => items > 0 && node == first,
            None => node >= first && node < end,
        }
    }
}

fn close(open: &Open, out: &mut JsonWriter<'_>) {
    out.raw(if open.items.is_some() { b"]" } else { b"}" });
}

fn write_scalar(kind: Kind<'_>, scalar: Scalar<'_>, out: &mut JsonWriter<'_>) -> bool {
    match (kind, scalar) {
        (Kind::Bool, Scalar::Bool(value)) => out.bool(value),
        (Kind::Int(_), Scalar::Int(value)) => out.integer(value),
        (Kind::Decimal(range), Scalar::Decimal(value)) => out.decimal(value, range.places),
        (Kind::Text { .. }, Scalar::Text(text)) => out.string(text),
        (kind @ Kind::Choice(_), Scalar::Label(label)) => match kind.label(label.into()) {
            Some(label) => out.string(label),
            None => return false,
        },
        _ => return false,
    }
    true
}
