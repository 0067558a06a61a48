//! The rules that a table itself must keep, checked once when it is taken into use.

use crate::{DEPTH_MAX, Field, Kind, Literal, NAME_MAX, NODES_MAX, Side, ToolTable, find_tool};

/// What is wrong with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableErrorKind {
    /// A tool's name does not match `[A-Za-z0-9_-]{1,64}`.
    Name,
    /// Two tools have the same name.
    DuplicateName,
    /// A tool or a parameter has no description, so no model could use it well.
    Description,
    /// A member has no name, or an array's item has one.
    NodeName,
    /// Two members of one object have the same name.
    DuplicateNode,
    /// A container says that more nodes follow than there are, an array has not exactly one item,
    /// there are more than [`NODES_MAX`] nodes, or they nest deeper than [`DEPTH_MAX`].
    Shape,
    /// A minimum is above its maximum, a step is negative, or there are more than nine places.
    Range,
    /// A parameter has an open bound: every argument is bounded.
    OpenBound,
    /// A choice has no label, an empty one, or one twice.
    Labels,
    /// A default is not of the parameter's kind, breaks its bounds, or stands on a required
    /// parameter, an array's item or a result.
    Default,
    /// A condition names no choice at top level or no label of it, or stands on a required or
    /// nested parameter or a result.
    Condition,
}

/// What is wrong with a table, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableError {
    /// The rule.
    pub kind: TableErrorKind,
    /// Number of the tool.
    pub tool: u16,
    /// Side and number of the node, where the fault is in one.
    pub node: Option<(Side, u16)>,
}

impl core::fmt::Display for TableError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let text = match self.kind {
            TableErrorKind::Name => "its name must match [A-Za-z0-9_-]{1,64}",
            TableErrorKind::DuplicateName => "another tool has the same name: rename one",
            TableErrorKind::Description => "it needs a description",
            TableErrorKind::NodeName => "members need a name and array items none",
            TableErrorKind::DuplicateNode => "another member has the same name: rename one",
            TableErrorKind::Shape => "its nodes do not nest as their counts say",
            TableErrorKind::Range => "its minimum, maximum, step or places do not fit together",
            TableErrorKind::OpenBound => "a parameter needs both bounds",
            TableErrorKind::Labels => "its labels must be one or more, not empty and distinct",
            TableErrorKind::Default => {
                "its default must keep its own bounds, and only optional parameters have one"
            }
            TableErrorKind::Condition => {
                "its condition must stand on an optional parameter and name a label of another \
                 one, both at top level"
            }
        };
        write!(f, "tool {}", self.tool)?;
        if let Some((side, node)) = self.node {
            let side = if side == Side::Params { "parameter" } else { "result" };
            write!(f, ", {side} node {node}")?;
        }
        write!(f, ": {text}")
    }
}

impl core::error::Error for TableError {}

/// Checks every rule of [`TableErrorKind`].
///
/// # Errors
/// The first rule broken, in table order.
pub fn table<T: ToolTable + ?Sized>(table: &T) -> Result<(), TableError> {
    for tool in 0..table.count() {
        let fail = |kind| Err(TableError { kind, tool, node: None });
        let Some(info) = table.info(tool) else { return fail(TableErrorKind::Shape) };
        if !name_is_legal(info.name) {
            return fail(TableErrorKind::Name);
        }
        if find_tool(table, info.name) != Some(tool) {
            return fail(TableErrorKind::DuplicateName);
        }
        if info.description.is_empty() {
            return fail(TableErrorKind::Description);
        }
        for side in [Side::Params, Side::Output] {
            let count = table.node_count(tool, side);
            if usize::from(count) > NODES_MAX {
                return fail(TableErrorKind::Shape);
            }
            for node in 0..count {
                check_node(table, tool, side, node).map_err(|kind| TableError {
                    kind,
                    tool,
                    node: Some((side, node)),
                })?;
            }
        }
    }
    Ok(())
}

/// Whether a tool may be called that.
#[must_use]
pub fn name_is_legal(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME_MAX
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn check_node<T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    side: Side,
    node: u16,
) -> Result<(), TableErrorKind> {
    let field = table.node(tool, side, node).ok_or(TableErrorKind::Shape)?;
    place(table, tool, side, node, &field)?;
    kind(&field, side)?;
    if side == Side::Params && field.description.is_empty() && !field.name.is_empty() {
        return Err(TableErrorKind::Description);
    }
    if let Some(default) = field.default {
        if side != Side::Params || field.required || field.name.is_empty() {
            return Err(TableErrorKind::Default);
        }
        literal(&field, default)?;
    }
    if let Some(condition) = field.required_if {
        let other = table.node(tool, side, condition.node).ok_or(TableErrorKind::Condition)?;
        if side != Side::Params
            || field.required
            || other.kind.label(usize::from(condition.label)).is_none()
            || !is_at_top(table, tool, side, node)
            || !is_at_top(table, tool, side, condition.node)
        {
            return Err(TableErrorKind::Condition);
        }
    }
    Ok(())
}

/// Whether a node is in no object or array.
fn is_at_top<T: ToolTable + ?Sized>(table: &T, tool: u16, side: Side, node: u16) -> bool {
    let mut at = 0;
    while at < node {
        at += 1 + table.node(tool, side, at).map_or(0, |field| field.kind.nodes() as u16);
    }
    at == node
}

/// Nesting, names and uniqueness: what depends on the nodes around this one.
fn place<T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    side: Side,
    node: u16,
    field: &Field<'_>,
) -> Result<(), TableErrorKind> {
    let end = usize::from(node) + 1 + field.kind.nodes();
    if end > usize::from(table.node_count(tool, side)) {
        return Err(TableErrorKind::Shape);
    }
    let (mut depth, mut parent, mut first) = (1, None, 0);
    for outer in 0..node {
        let around = table.node(tool, side, outer).ok_or(TableErrorKind::Shape)?;
        let outer_end = usize::from(outer) + 1 + around.kind.nodes();
        if outer_end > usize::from(node) {
            if end > outer_end {
                return Err(TableErrorKind::Shape);
            }
            (depth, parent, first) = (depth + 1, Some(around.kind), outer + 1);
        }
    }
    if depth + usize::from(field.kind.is_container()) > DEPTH_MAX {
        return Err(TableErrorKind::Shape);
    }
    if let Some(Kind::Array { .. }) = parent {
        return match (node == first, field.name.is_empty()) {
            (false, _) => Err(TableErrorKind::Shape),
            (true, false) => Err(TableErrorKind::NodeName),
            (true, true) => Ok(()),
        };
    }
    if field.name.is_empty() {
        return Err(TableErrorKind::NodeName);
    }
    let mut sibling = first;
    while sibling < node {
        let other = table.node(tool, side, sibling).ok_or(TableErrorKind::Shape)?;
        if other.name == field.name {
            return Err(TableErrorKind::DuplicateNode);
        }
        sibling += 1 + other.kind.nodes() as u16;
    }
    Ok(())
}

/// The bounds of the node by itself.
fn kind(field: &Field<'_>, side: Side) -> Result<(), TableErrorKind> {
    let (sound, open) = match field.kind {
        Kind::Bool | Kind::Object { .. } => (true, false),
        Kind::Int(r) => (r.min <= r.max, r.min == i64::MIN || r.max == i64::MAX),
        Kind::Decimal(r) => (
            r.min <= r.max && r.step >= 0 && r.places <= 9,
            r.min == i64::MIN || r.max == i64::MAX || r.step == 0,
        ),
        Kind::Text { min, max } => (min <= max, max == u16::MAX),
        Kind::Array { nodes: 0, .. } => return Err(TableErrorKind::Shape),
        Kind::Array { min, max, .. } => (min <= max, max == u8::MAX),
        Kind::Choice(_) => {
            for (i, label) in field.kind.labels().enumerate() {
                if label.is_empty() || field.kind.label_index(label) != Some(i) {
                    return Err(TableErrorKind::Labels);
                }
            }
            (true, false)
        }
    };
    if !sound {
        return Err(TableErrorKind::Range);
    }
    if open && side == Side::Params {
        return Err(TableErrorKind::OpenBound);
    }
    Ok(())
}

fn literal(field: &Field<'_>, literal: &Literal<'_>) -> Result<(), TableErrorKind> {
    let fits = match (field.kind, *literal) {
        (Kind::Bool, Literal::Bool(_)) => true,
        (Kind::Int(r), Literal::Number(value)) => (r.min..=r.max).contains(&value),
        (Kind::Decimal(r), Literal::Number(value)) => {
            (r.min..=r.max).contains(&value)
                && (r.step == 0 || value.unsigned_abs() % r.step.unsigned_abs() == 0)
        }
        (Kind::Text { min, max }, Literal::Text(text)) => {
            let points = text.chars().count();
            (usize::from(min)..=usize::from(max)).contains(&points)
        }
        (kind, Literal::Label(label)) => kind.label(usize::from(label)).is_some(),
        _ => false,
    };
    if fits { Ok(()) } else { Err(TableErrorKind::Default) }
}
