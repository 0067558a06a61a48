//! The keys and values of one head.

use trine_ternary::{Kernels, POSITIONS};

use super::kv::View;

/// Positions whose keys and values are read together, at most.
pub(crate) const BLOCK: usize = POSITIONS;
/// Elements of a query that are rounded together.
pub(super) const PIECE: usize = 128;

/// Keys and values of one head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KvHead<'c> {
    pub(super) kernels: Kernels,
    pub(super) width: usize,
    /// The row of the sequence's position 0.
    pub(super) first: usize,
    pub(super) keys: View<'c>,
    pub(super) values: View<'c>,
}

impl KvHead<'_> {
    /// How many positions a softmax takes at a time. Integers are worth more: floats are made of
    /// their sums but once for all of these.
    pub(super) const fn together(&self) -> usize {
        if matches!(self.keys, View::I8(..)) { BLOCK } else { 16 }
    }
}
