//! The rules for the nodes of one side of a tool.
//!
//! They are `const`, so that the compiler can check a table too; hence loops by number and
//! comparisons by byte.

use super::TableErrorKind;
use crate::{DEPTH_MAX, Field, Kind, Literal, NODES_MAX, Side};

/// The rules that look at more than one node: for nodes that lie side by side, which the compiler
/// can read too, and for nodes that a table hands out one by one.
macro_rules! rules {
    ($nodes:ty $(, $const:ident)?) => {
        /// The first node that breaks a rule.
        pub(in crate::check) $($const)? fn all(
            nodes: $nodes,
            side: Side,
        ) -> Result<(), (TableErrorKind, Option<(Side, u16)>)> {
            if count(nodes) > NODES_MAX {
                return Err((TableErrorKind::Shape, None));
            }
            let mut node = 0;
            while node < count(nodes) {
                if let Some(kind) = one(nodes, side, node) {
                    return Err((kind, Some((side, node as u16))));
                }
                node += 1;
            }
            Ok(())
        }

        /// What is wrong with a node.
        $($const)? fn one(nodes: $nodes, side: Side, node: usize) -> Option<TableErrorKind> {
            let Some(field) = at(nodes, node) else { return Some(TableErrorKind::Shape) };
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
                if !may_have || !fits(&field.kind, &default) {
                    return Some(TableErrorKind::Default);
                }
            }
            if let Some(condition) = field.required_if {
                let number = condition.node as usize;
                let Some(other) = at(nodes, number) else { return Some(TableErrorKind::Condition) };
                if !is_param
                    || field.required
                    || condition.label as usize >= label_count(&other.kind)
                    || !is_at_top(nodes, node)
                    || !is_at_top(nodes, number)
                {
                    return Some(TableErrorKind::Condition);
                }
            }
            None
        }

        /// The number of the node after one and all that belongs to it.
        $($const)? fn past(nodes: $nodes, node: usize) -> usize {
            match at(nodes, node) {
                Some(field) => node + 1 + field.kind.nodes(),
                None => node + 1,
            }
        }

        /// Whether a node is in no object or array.
        $($const)? fn is_at_top(nodes: $nodes, node: usize) -> bool {
            let mut at = 0;
            while at < node {
                at = past(nodes, at);
            }
            at == node
        }

        /// Nesting, names and uniqueness: what depends on the nodes around this one.
        $($const)? fn place(nodes: $nodes, node: usize) -> Option<TableErrorKind> {
            let Some(field) = at(nodes, node) else { return Some(TableErrorKind::Shape) };
            let end = past(nodes, node);
            if end > count(nodes) {
                return Some(TableErrorKind::Shape);
            }
            let (mut depth, mut in_array, mut first) = (1, false, 0);
            let mut outer = 0;
            while outer < node {
                let outer_end = past(nodes, outer);
                if outer_end > node {
                    if end > outer_end {
                        return Some(TableErrorKind::Shape);
                    }
                    depth += 1;
                    let kind = match at(nodes, outer) {
                        Some(field) => field.kind,
                        None => Kind::Bool,
                    };
                    in_array = matches!(kind, Kind::Array { .. });
                    first = outer + 1;
                }
                outer += 1;
            }
            let inner = if field.kind.is_container() { depth + 1 } else { depth };
            if inner > DEPTH_MAX {
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
                if let Some(other) = at(nodes, sibling)
                    && same(other.name.as_bytes(), field.name.as_bytes())
                {
                    return Some(TableErrorKind::DuplicateNode);
                }
                sibling = past(nodes, sibling);
            }
            None
        }
    };
}

/// For a slice of nodes, at compile time or later.
pub(super) mod side_by_side {
    use super::same;
    use super::{
        DEPTH_MAX, Field, Kind, NODES_MAX, Side, TableErrorKind, bounds, fits, label_count,
    };

    rules!(&[Field<'_>], const);

    const fn count(nodes: &[Field<'_>]) -> usize {
        nodes.len()
    }

    /// Node number `node`, if there is one.
    const fn at<'n, 'a>(nodes: &'n [Field<'a>], node: usize) -> Option<&'n Field<'a>> {
        if node < nodes.len() { Some(&nodes[node]) } else { None }
    }
}

/// For nodes that are asked for: slower, and with no copy of them on the stack.
pub(super) mod one_by_one {
    use super::same;
    use super::{
        DEPTH_MAX, Field, Kind, NODES_MAX, Side, TableErrorKind, bounds, fits, label_count,
    };

    /// How many nodes there are, and each by its number.
    pub(in crate::check) struct Nodes<'n, 'a> {
        pub(in crate::check) count: usize,
        pub(in crate::check) get: &'n dyn Fn(usize) -> Option<Field<'a>>,
    }

    rules!(&Nodes<'_, '_>);

    fn count(nodes: &Nodes<'_, '_>) -> usize {
        nodes.count
    }

    /// Node number `node`, if there is one.
    fn at<'a>(nodes: &Nodes<'_, 'a>, node: usize) -> Option<Field<'a>> {
        if node < nodes.count { (nodes.get)(node) } else { None }
    }
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
    while at < len && len == two.1 - two.0 && byte(bytes, one.0 + at) == byte(bytes, two.0 + at) {
        at += 1;
    }
    at == len && len == two.1 - two.0
}

/// A byte, 0 past the end.
const fn byte(bytes: &[u8], at: usize) -> u8 {
    if at < bytes.len() { bytes[at] } else { 0 }
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
