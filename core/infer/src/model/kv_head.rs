//! The keys and values of one head.

use trine_ternary::{Kernels, POSITIONS};

use super::kv::View;

/// Positions of a block of attention, at most. What is made of a block's scores is made once.
pub(crate) const BLOCK: usize = POSITIONS;
/// Elements of a query that are rounded together.
pub(super) const PIECE: usize = 128;

/// Keys and values of one head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KvHead<'c> {
    pub(super) kernels: Kernels,
    pub(super) width: usize,
    /// The row of position 0.
    pub(super) first: usize,
    pub(super) keys: View<'c>,
    pub(super) values: View<'c>,
}
