//! Which node may come next, as the judge in `trine_descriptor` has it.

use core::borrow::Borrow;

use crate::Nodes;

/// Goes on from `next`, the first node that may come, to `until`; `None` where a node between them
/// may not be missing, or both lie in other objects.
#[inline(always)]
pub(super) fn reach<'t>(nodes: impl Nodes<'t>, next: u16, until: u16) -> Option<()> {
    if next == until { Some(()) } else { skip(nodes, next, until) }
}

/// The same, node by node. What hangs on another member is left to who knows all the rules.
#[inline(never)]
fn skip<'t>(nodes: impl Nodes<'t>, mut next: u16, until: u16) -> Option<()> {
    while next < until {
        let left_out = nodes.field(next)?;
        let left_out = left_out.borrow();
        if left_out.required || left_out.required_if.is_some() {
            return None;
        }
        next += 1 + left_out.kind.nodes() as u16;
    }
    (next == until).then_some(())
}
