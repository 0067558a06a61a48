//! The trait behind which all tool tables look alike.

use crate::rules::default_of;
use crate::{Field, Item, Rules, Tool, ToolInfo, record};

/// Which list of a tool's nodes is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The parameters.
    Params,
    /// The result.
    Output,
}

/// A table of tools: constant, ordered, numbered from 0.
///
/// Implemented here for slices of [`Tool`]; by the C layer over C structs; by the host over records
/// received from a device. A number beyond the end answers `None` everywhere.
/// A table never changes, so threads may share it.
pub trait ToolTable: Rules {
    /// How many tools there are.
    fn count(&self) -> u16;

    /// The head of tool number `tool`.
    fn info(&self, tool: u16) -> Option<ToolInfo<'_>>;

    /// How many nodes one side of the tool has.
    fn node_count(&self, tool: u16, side: Side) -> u16;

    /// Node number `node` of one side.
    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>>;

    /// The same without its description, its unit and its default, where those take time to find:
    /// enough to read, judge and write values by.
    fn bare_node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        self.node(tool, side, node)
    }

    /// All nodes of one side, where they lie side by side in memory: a shorter way to them than
    /// [`Self::node`], which calls are checked by when there is one.
    fn nodes(&self, tool: u16, side: Side) -> Option<&[Field<'_>]> {
        _ = (tool, side);
        None
    }

    /// What the tool's schemas say beyond its nodes: records of [`crate::extras`].
    fn extras(&self, tool: u16) -> &[u8] {
        _ = tool;
        &[]
    }

    /// Hash of the tool's descriptor bytes. A call carries its lower 32 bits, so that a list which
    /// the host has kept too long can never put a value into the wrong parameter.
    fn hash(&self, tool: u16) -> u64 {
        record::hash(self, tool)
    }

    /// What [`Rules::page`] answers. A table that writes its records itself links nothing of what
    /// makes them of fields.
    fn records(&self, offset: usize, out: &mut [u8]) -> usize {
        record::page(self, offset, out)
    }

    /// What [`Rules::absent`] answers.
    fn default_of(&self, tool: u16, node: u16) -> Option<Item<'_>> {
        default_of(self.node(tool, Side::Params, node)?, node)
    }
}

impl ToolTable for [Tool<'_>] {
    fn count(&self) -> u16 {
        u16::try_from(self.len()).unwrap_or(u16::MAX)
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        self.get(usize::from(tool)).map(|t| t.info)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        let nodes = self.get(usize::from(tool)).map_or(0, |t| side.of(t).len());
        u16::try_from(nodes).unwrap_or(u16::MAX)
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        side.of(self.get(usize::from(tool))?).get(usize::from(node)).copied()
    }

    fn nodes(&self, tool: u16, side: Side) -> Option<&[Field<'_>]> {
        self.get(usize::from(tool)).map(|tool| side.of(tool))
    }

    fn extras(&self, tool: u16) -> &[u8] {
        self.get(usize::from(tool)).map_or(&[], |tool| tool.extras)
    }

    fn hash(&self, tool: u16) -> u64 {
        self.get(usize::from(tool)).map_or(0, Tool::hash)
    }
}

impl<const N: usize> ToolTable for [Tool<'_>; N] {
    fn count(&self) -> u16 {
        self.as_slice().count()
    }
    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        self.as_slice().info(tool)
    }
    fn node_count(&self, tool: u16, side: Side) -> u16 {
        self.as_slice().node_count(tool, side)
    }
    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        self.as_slice().node(tool, side, node)
    }
    fn nodes(&self, tool: u16, side: Side) -> Option<&[Field<'_>]> {
        self.as_slice().nodes(tool, side)
    }
    fn extras(&self, tool: u16) -> &[u8] {
        self.as_slice().extras(tool)
    }
    fn hash(&self, tool: u16) -> u64 {
        self.as_slice().hash(tool)
    }
}

impl Side {
    const fn of<'t>(self, tool: &Tool<'t>) -> &'t [Field<'t>] {
        match self {
            Self::Params => tool.params,
            Self::Output => tool.output,
        }
    }
}

/// The number of the tool of that name.
///
/// ```
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, &[])];
///
/// use trine_descriptor::{Side, ToolTable, find_tool};
///
/// assert_eq!(find_tool(&TOOLS, "fan_set"), Some(0));
/// assert_eq!(TOOLS.node(0, Side::Params, 0).map(|field| field.name), Some("percent"));
/// ```
pub fn find_tool<T: ToolTable + ?Sized>(table: &T, name: &str) -> Option<u16> {
    (0..table.count()).find(|&tool| table.info(tool).is_some_and(|info| info.name == name))
}
