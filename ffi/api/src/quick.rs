//! Short ways for 64-bit hosts: plain nodes of C descriptors, read where they lie.
//!
//! What a call needs of a node is its name, its bounds and whether it must be there. Nearly every
//! node is a whole number with bounds of 32 bits, of which that is a few loads. All others are left
//! to the table. A microcontroller has the table alone, which is smaller.

#[cfg(feature = "mcp")]
use trine_descriptor::Field;
use trine_descriptor::{IntRange, Integer, Side};

use crate::call::State;
use crate::descriptor::{
    TRINE_KIND_INT, TRINE_NODE_REQUIRED, TRINE_NODE_WHEN, TRINE_NODE_WIDE, trine_node,
};
#[cfg(feature = "mcp")]
use crate::registry::Tool;
use crate::table::{Table, piece};

/// What calls need of a whole number with narrow bounds and no condition.
#[inline(always)]
fn integer(node: &trine_node) -> Option<Integer<'_>> {
    if node.kind != TRINE_KIND_INT || node.flags & (TRINE_NODE_WIDE | TRINE_NODE_WHEN) != 0 {
        return None;
    }
    // SAFETY: the promise of `Table::new`.
    let name = unsafe { piece(node.texts, 0, node.name_size.into()) };
    // A bound that leaves its side open is the last number of 32 bits here.
    let range = IntRange { min: node.min.into(), max: node.max.into() };
    Some(Integer { name, range, optional: node.flags & TRINE_NODE_REQUIRED == 0 })
}

/// `true` only where the table accepts the value too; `false` says nothing.
pub(crate) fn accepts(table: &Table<'_>, tool: u16, side: Side, bytes: &[u8]) -> bool {
    let nodes = table.entries(tool, side);
    let node = |at| nodes.get(usize::from(at)).and_then(integer);
    trine_descriptor::accepts_integers(nodes.len(), node, bytes)
}

/// The number of a parameter, if it has that type and is plain.
#[inline(always)]
pub(crate) fn argument(state: &State<'_>, parameter: i32, tag: u8) -> Option<i64> {
    state.args.as_ref()?.plain(u16::try_from(parameter).ok()?, tag)
}

/// One side of a tool.
#[cfg(feature = "mcp")]
#[derive(Clone, Copy)]
pub(crate) struct Nodes<'c> {
    tool: &'c Tool,
    nodes: &'c [trine_node],
}

#[cfg(feature = "mcp")]
impl<'c> Nodes<'c> {
    #[inline(always)]
    pub(crate) fn new(tool: &'c Tool, side: Side) -> Self {
        Self { tool, nodes: tool.nodes().entries(0, side) }
    }
}

#[cfg(feature = "mcp")]
impl<'c> trine_mcp::Nodes<'c> for Nodes<'c> {
    type Field = Field<'c>;

    #[inline(always)]
    fn count(self) -> u16 {
        self.nodes.len() as u16
    }

    #[inline(always)]
    fn integer(self, node: u16) -> Option<Integer<'c>> {
        self.nodes.get(usize::from(node)).and_then(integer)
    }

    fn field(self, node: u16) -> Option<Field<'c>> {
        self.tool.nodes().part(0, self.nodes.get(usize::from(node))?)
    }
}
