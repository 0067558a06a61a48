//! An object or array that is being written.

use trine_descriptor::NODES_MAX;

/// An object or array that is being written, in one word, which a register holds.
///
/// From the lowest byte on: the first node that belongs to it, one past the last, the items of an
/// array still to come, and whether it is an array.
#[derive(Clone, Copy)]
pub(super) struct Open(u32);

const _: () = assert!(NODES_MAX < 256, "a byte says which node");

impl Open {
    const ITEM: u32 = 1 << 16;
    const ARRAY: u32 = 1 << 24;

    pub(super) const fn object(first: u16, end: u16) -> Self {
        Self(first as u32 | (end as u32) << 8)
    }

    pub(super) const fn array(first: u16, end: u16, items: u8) -> Self {
        Self(Self::object(first, end).0 | (items as u32 * Self::ITEM) | Self::ARRAY)
    }

    pub(super) const fn is_array(self) -> bool {
        self.0 >= Self::ARRAY
    }

    /// One past the last node that is a member; 0 in an array.
    pub(super) const fn end_of_members(self) -> u16 {
        if self.is_array() { 0 } else { self.end() }
    }

    /// One past the last node.
    pub(super) const fn end(self) -> u16 {
        (self.0 >> 8 & 0xff) as u16
    }

    const fn items(self) -> u32 {
        self.0 >> 16 & 0xff
    }

    /// Whether an entry of the node is one of its own.
    pub(super) const fn holds(self, node: u16) -> bool {
        let first = (self.0 & 0xff) as u16;
        if self.is_array() {
            node == first && self.items() > 0
        } else {
            node >= first && node < self.end()
        }
    }

    /// One item less is to come.
    pub(super) const fn take_item(&mut self) {
        self.0 -= Self::ITEM;
    }

    /// Whether nothing is missing at its end.
    pub(super) const fn may_end(self) -> bool {
        !self.is_array() || self.items() == 0
    }

    pub(super) const fn close(self) -> u8 {
        if self.is_array() { b']' } else { b'}' }
    }

    pub(super) const fn open(self) -> u8 {
        if self.is_array() { b'[' } else { b'{' }
    }
}
