//! The rules that a table itself must keep, checked once: when it is taken into use, or by the
//! compiler where the table is a constant ([`Checked::tools`]).

mod nodes;

use crate::{NAME_MAX, Pack, Rules, Side, Tool, ToolInfo, ToolTable, find_tool};
use nodes::same;

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
    /// there are more than [`NODES_MAX`](crate::NODES_MAX) nodes, or they nest deeper than
    /// [`DEPTH_MAX`](crate::DEPTH_MAX).
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

impl TableErrorKind {
    /// The rule, as a sentence about the tool or node that breaks it.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Name => "its name must match [A-Za-z0-9_-]{1,64}",
            Self::DuplicateName => "another tool has the same name: rename one",
            Self::Description => "it needs a description",
            Self::NodeName => "members need a name and array items none",
            Self::DuplicateNode => "another member has the same name: rename one",
            Self::Shape => "its nodes do not nest as their counts say",
            Self::Range => "its minimum, maximum, step or places do not fit together",
            Self::OpenBound => "a parameter needs both bounds",
            Self::Labels => "its labels must be one or more, not empty and distinct",
            Self::Default => {
                "its default must keep its own bounds, and only optional parameters have one"
            }
            Self::Condition => {
                "its condition must stand on an optional parameter and name a label of another \
                 one, both at top level"
            }
        }
    }
}

impl core::fmt::Display for TableError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "tool {}", self.tool)?;
        if let Some((side, node)) = self.node {
            let side = if side == Side::Params { "parameter" } else { "result" };
            write!(f, ", {side} node {node}")?;
        }
        write!(f, ": {}", self.kind.rule())
    }
}

impl core::error::Error for TableError {}

/// A table that keeps every rule of [`TableErrorKind`].
#[derive(Clone, Copy)]
pub struct Checked<'t> {
    table: &'t dyn Rules,
}

impl core::fmt::Debug for Checked<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Checked").field("tools", &self.table.tools()).finish()
    }
}

impl<'t> Checked<'t> {
    /// Any table, checked now.
    ///
    /// # Errors
    /// The first rule broken, in table order.
    pub fn new(table: &'t dyn ToolTable) -> Result<Self, TableError> {
        self::table(table)?;
        Ok(Self { table })
    }

    /// A table of Rust tools. In a `const` or `static` the compiler checks it, and the device has
    /// neither the code for it nor the time to spend:
    ///
    /// ```
    /// use trine_descriptor::check::Checked;
    /// use trine_descriptor::{Tool, ToolInfo};
    ///
    /// static TOOLS: [Tool<'_>; 1] = [Tool::new(ToolInfo::new("beep", "Beep once."), &[], &[])];
    /// static TABLE: Checked<'_> = match Checked::tools(&TOOLS) {
    ///     Ok(table) => table,
    ///     Err(error) => panic!("{}", error.kind.rule()),
    /// };
    /// # assert_eq!(TABLE.table().tools(), 1);
    /// ```
    ///
    /// # Errors
    /// The first rule broken, in table order.
    pub const fn tools<const N: usize>(tools: &'t [Tool<'t>; N]) -> Result<Self, TableError> {
        match all(tools) {
            Ok(()) => Ok(Self { table: tools }),
            Err(error) => Err(error),
        }
    }

    /// A packed table, which was checked when it was packed.
    #[must_use]
    pub const fn pack<const N: usize, const BYTES: usize>(pack: &'t Pack<N, BYTES>) -> Self {
        Self { table: pack }
    }

    /// The table.
    #[must_use]
    pub const fn table(self) -> &'t dyn Rules {
        self.table
    }
}

/// Checks a Rust table, where the compiler can do it too.
pub(crate) const fn all(tools: &[Tool<'_>]) -> Result<(), TableError> {
    let mut tool = 0;
    while tool < tools.len() && tool < u16::MAX as usize {
        if let Err((kind, node)) = one(tools, tool) {
            return Err(TableError { kind, tool: tool as u16, node });
        }
        tool += 1;
    }
    Ok(())
}

/// The rule that is broken and where.
type Broken = (TableErrorKind, Option<(Side, u16)>);

/// Tool number `tool` of a Rust table.
const fn one(tools: &[Tool<'_>], tool: usize) -> Result<(), Broken> {
    let info = &tools[tool].info;
    let mut other = 0;
    while !same(tools[other].info.name.as_bytes(), info.name.as_bytes()) {
        other += 1;
    }
    if let Some(kind) = head(info, other == tool) {
        return Err((kind, None));
    }
    if let Err(broken) = nodes::side_by_side::all(tools[tool].params, Side::Params) {
        return Err(broken);
    }
    nodes::side_by_side::all(tools[tool].output, Side::Output)
}

/// What is wrong with a tool's head.
const fn head(info: &ToolInfo<'_>, is_first_of_name: bool) -> Option<TableErrorKind> {
    if !name_is_legal(info.name) {
        Some(TableErrorKind::Name)
    } else if !is_first_of_name {
        Some(TableErrorKind::DuplicateName)
    } else if info.description.is_empty() {
        Some(TableErrorKind::Description)
    } else {
        None
    }
}

/// Checks every rule of [`TableErrorKind`].
///
/// # Errors
/// The first rule broken, in table order.
pub fn table<T: ToolTable + ?Sized>(table: &T) -> Result<(), TableError> {
    (0..table.count()).try_for_each(|number| tool(table, number))
}

/// Checks one tool of a table, so that a device may spread the work over its first polls.
///
/// # Errors
/// The first rule that it breaks.
pub fn tool<T: ToolTable + ?Sized>(table: &T, tool: u16) -> Result<(), TableError> {
    let fail = |(kind, node)| TableError { kind, tool, node };
    let info = table.info(tool).ok_or(fail((TableErrorKind::Shape, None)))?;
    if let Some(kind) = head(&info, find_tool(table, info.name) == Some(tool)) {
        return Err(fail((kind, None)));
    }
    for side in [Side::Params, Side::Output] {
        match table.nodes(tool, side) {
            Some(nodes) => nodes::side_by_side::all(nodes, side),
            None => asked(table, tool, side),
        }
        .map_err(fail)?;
    }
    Ok(())
}

/// The nodes of a table that does not have them side by side: each is asked for when it is looked
/// at, so that the stack holds no more than one.
#[inline(never)]
fn asked<T: ToolTable + ?Sized>(table: &T, tool: u16, side: Side) -> Result<(), Broken> {
    let get = |node| table.node(tool, side, u16::try_from(node).ok()?);
    let count = usize::from(table.node_count(tool, side));
    nodes::one_by_one::all(&nodes::one_by_one::Nodes { count, get: &get }, side)
}

/// Whether a tool may be called that.
#[must_use]
pub const fn name_is_legal(name: &str) -> bool {
    let name = name.as_bytes();
    let mut at = 0;
    while at < name.len() {
        if !(name[at].is_ascii_alphanumeric() || name[at] == b'_' || name[at] == b'-') {
            return false;
        }
        at += 1;
    }
    !name.is_empty() && name.len() <= NAME_MAX
}
