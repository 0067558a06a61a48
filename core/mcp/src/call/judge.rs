//! Flat arguments are judged while they are encoded.

use core::borrow::Borrow;

use trine_descriptor::value::tag;
use trine_descriptor::{Field, Integer, ValueReader};

use super::JUDGES;
use crate::Nodes;

/// Judges flat arguments: which are there, and whether all keep the rules of their nodes.
#[derive(Clone, Copy)]
pub(super) struct Judge {
    given: u64,
    right: bool,
}

impl Judge {
    pub(super) const fn new() -> Self {
        Self { given: 0, right: JUDGES }
    }

    #[inline(always)]
    pub(super) fn note(&mut self, node: u16, right: bool) {
        self.right &= right && node < 64;
        self.given |= 1 << (node & 63);
    }

    /// Whether entries are known to keep every rule.
    #[inline(always)]
    pub(super) fn end<'t>(&self, nodes: impl Nodes<'t>, entries: &[u8]) -> bool {
        let count = nodes.count();
        if !self.right || count > 64 {
            return false;
        }
        // The nodes that are not there, as low bits.
        let mut absent = !self.given & u64::MAX.checked_shr(64 - u32::from(count)).unwrap_or(0);
        while absent != 0 {
            let node = absent.trailing_zeros() as u16;
            absent &= absent - 1;
            let optional = matches!(nodes.integer(node), Some(Integer { optional: true, .. }));
            if !optional
                && !nodes.field(node).is_some_and(|it| may_be_missing(it.borrow(), entries))
            {
                return false;
            }
        }
        true
    }
}

/// Whether a field may be missing next to these entries. A container that is missing takes its
/// members with it, so those are left to who knows all the rules.
#[inline(never)]
fn may_be_missing(field: &Field<'_>, entries: &[u8]) -> bool {
    if field.required || field.kind.is_container() {
        return false;
    }
    let Some(condition) = field.required_if else { return true };
    let mut entries = ValueReader::new(entries);
    while let Ok(item) = entries.item() {
        if item.node == condition.node {
            return item.tag == tag::LABEL && item.number != i64::from(condition.label);
        }
    }
    true
}
