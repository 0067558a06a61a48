//! The rules for the nodes of one side of a tool.
//!
//! They are `const`, so that the compiler can check a table too; hence loops by number and
//! comparisons by byte.

use super::TableErrorKind;
use crate::{DEPTH_MAX, Field, Kind, Literal, NODES_MAX, Side};

/// The first node that breaks a rule.
pub(super) const fn all(
    nodes: &[Field<'_>],
    side: Side,
) -> Result<(), (TableErrorKind, Option<(Side, u16)>)> {
    if nodes.len() > NODES_MAX {
        return Err((TableErrorKind::Shape, None));
    }
    let mut node = 0;
    while node < nodes.len() {
        if let Some(kind) = one(nodes, side, node) {
            return Err((kind, Some((side, node as u16))));
        }
        node += 1;
    }
    Ok(())
}

/// What is wrong with a node.
const fn one(nodes: &[Field<'_>], side: Side, node: usize) -> Option<TableErrorKind> {
    let field = &nodes[node];
    let is_param = matches!(side, Side::Params);
    if let Some(kind) = place(nodes, node) {
        return Some(kind);
    }
    if let Some(kind) = bounds(&field.kind, is_param) {
        return Some(kind);
    }
    if is_param && field.description.is_empty() && !field.name.is_empty() {
        return Some(TableErrorKind::Description);
    }
    if let Some(default) = field.default {
        let may_have = is_param && !field.required && !field.name.is_empty();
        if !may_have || !fits(&field.kind, default) {
            return Some(TableErrorKind::Default);
        }
    }
    if let Some(condition) = field.required_if {
        let other = condition.node as usize;
        if !is_param
            || field.required
            || other >= nodes.len()
            || condition.label as usize >= label_count(&nodes[other].kind)
            || !is_at_top(nodes, node)
            || !is_at_top(nodes, other)
        {
            return Some(TableErrorKind::Condition);
        }
    }
    None
}

/// Whether a node is in no object or array.
const fn is_at_top(nodes: &[Field<'_>], node: usize) -> bool {
    let mut at = 0;
    while at < node {
        at += 1 + nodes[at].kind.nodes();
    }
    at == node
}

/// Nesting, names and uniqueness: what depends on the nodes around this one.
const fn place(nodes: &[Field<'_>], node: usize) -> Option<TableErrorKind> {
    let field = &nodes[node];
    let end = node + 1 + field.kind.nodes();
    if end > nodes.len() {
        return Some(TableErrorKind::Shape);
    }
    let (mut depth, mut in_array, mut first) = (1, false, 0);
    let mut outer = 0;
    while outer < node {
        let outer_end = outer + 1 + nodes[outer].kind.nodes();
        if outer_end > node {
            if end > outer_end {
                return Some(TableErrorKind::Shape);
            }
            depth += 1;
            in_array = matches!(nodes[outer].kind, Kind::Array { .. });
            first = outer + 1;
        }
        outer += 1;
    }
    if depth + field.kind.is_container() as usize > DEPTH_MAX {
        return Some(TableErrorKind::Shape);
    }
    if in_array && node != first {
        return Some(TableErrorKind::Shape);
    }
    if in_array != field.name.is_empty() {
        return Some(TableErrorKind::NodeName);
    }
    let mut sibling = first;
    while sibling < node {
        if same(nodes[sibling].name.as_bytes(), field.name.as_bytes()) {
            return Some(TableErrorKind::DuplicateNode);
        }
        sibling += 1 + nodes[sibling].kind.nodes();
    }
    None
}

/// The bounds of a node by itself.
const fn bounds(kind: &Kind<'_>, is_param: bool) -> Option<TableErrorKind> {
    let (sound, open) = match kind {
        Kind::Bool | Kind::Object { .. } => (true, false),
        Kind::Int(r) => (r.min <= r.max, r.min == i64::MIN || r.max == i64::MAX),
        Kind::Decimal(r) => (
            r.min <= r.max && r.step >= 0 && r.places <= 9,
            r.min == i64::MIN || r.max == i64::MAX || r.step == 0,
        ),
        Kind::Text { min, max } => (*min <= *max, *max == u16::MAX),
        Kind::Array { nodes: 0, .. } => return Some(TableErrorKind::Shape),
        Kind::Array { min, max, .. } => (*min <= *max, *max == u8::MAX),
        Kind::Choice(labels) => {
            if !are_distinct(labels.as_bytes()) {
                return Some(TableErrorKind::Labels);
            }
            (true, false)
        }
    };
    if !sound {
        Some(TableErrorKind::Range)
    } else if open && is_param {
        Some(TableErrorKind::OpenBound)
    } else {
        None
    }
}

/// Whether no label is empty or stands there twice.
const fn are_distinct(labels: &[u8]) -> bool {
    let mut start = 0;
    while start <= labels.len() {
        let end = label_end(labels, start);
        if start == end {
            return false;
        }
        let mut before = 0;
        while before < start {
            let before_end = label_end(labels, before);
            if is_repeated(labels, (before, before_end), (start, end)) {
                return false;
            }
            before = before_end + 1;
        }
        start = end + 1;
    }
    true
}

const fn label_end(labels: &[u8], mut at: usize) -> usize {
    while at < labels.len() && labels[at] != b'|' {
        at += 1;
    }
    at
}

/// Whether two stretches, each from and to, hold the same bytes.
const fn is_repeated(bytes: &[u8], one: (usize, usize), two: (usize, usize)) -> bool {
    let len = one.1 - one.0;
    let mut at = 0;
    while at < len && len == two.1 - two.0 && bytes[one.0 + at] == bytes[two.0 + at] {
        at += 1;
    }
    at == len && len == two.1 - two.0
}

/// How many labels a kind has.
const fn label_count(kind: &Kind<'_>) -> usize {
    let Kind::Choice(labels) = kind else { return 0 };
    let labels = labels.as_bytes();
    let (mut count, mut at) = (1, 0);
    while at < labels.len() {
        count += (labels[at] == b'|') as usize;
        at += 1;
    }
    count
}

/// Whether a default keeps the bounds of its node.
const fn fits(kind: &Kind<'_>, literal: &Literal<'_>) -> bool {
    match (kind, literal) {
        (Kind::Bool, Literal::Bool(_)) => true,
        (Kind::Int(r), Literal::Number(value)) => r.min <= *value && *value <= r.max,
        (Kind::Decimal(r), Literal::Number(value)) => {
            r.min <= *value
                && *value <= r.max
                && (r.step == 0 || value.unsigned_abs() % r.step.unsigned_abs() == 0)
        }
        (Kind::Text { min, max }, Literal::Text(text)) => {
            let points = code_points(text.as_bytes());
            *min as usize <= points && points <= *max as usize
        }
        (kind, Literal::Label(label)) => (*label as usize) < label_count(kind),
        _ => false,
    }
}

/// How many code points UTF-8 holds: the bytes that continue none (RFC 3629, section 3).
const fn code_points(text: &[u8]) -> usize {
    let (mut count, mut at) = (0, 0);
    while at < text.len() {
        count += (text[at] & 0xc0 != 0x80) as usize;
        at += 1;
    }
    count
}

/// Whether two byte strings are equal.
pub(super) const fn same(one: &[u8], two: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < two.len() && one[at] == two[at] {
        at += 1;
    }
    at == one.len() && at == two.len()
}
