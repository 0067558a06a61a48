//! The nodes of a tool, as usual calls are read and written by.

use core::borrow::Borrow;

use trine_descriptor::{Field, Integer, Side, ToolTable};

/// The nodes of one side of a tool, however a table keeps them. Cheap to copy: a pointer or two.
pub trait Nodes<'t>: Copy {
    /// A node where it lies in memory, or as it was put together.
    type Field: Borrow<Field<'t>>;

    /// How many there are.
    fn count(self) -> u16;

    /// What is to be known of an integer, if the node is one and that is found at once. `None`
    /// says nothing.
    fn integer(self, node: u16) -> Option<Integer<'t>>;

    /// The node, of any kind; it needs no description, unit or default.
    fn field(self, node: u16) -> Option<Self::Field>;
}

impl<'t> Nodes<'t> for &'t [Field<'t>] {
    type Field = &'t Field<'t>;

    #[inline(always)]
    fn count(self) -> u16 {
        self.len() as u16
    }

    #[inline(always)]
    fn integer(self, node: u16) -> Option<Integer<'t>> {
        self.get(usize::from(node))?.integer()
    }

    #[inline(always)]
    fn field(self, node: u16) -> Option<Self::Field> {
        self.get(usize::from(node))
    }
}

/// The nodes of any table, put together as they are asked for.
pub(crate) struct ByNumber<'t, T: ?Sized> {
    pub(crate) table: &'t T,
    pub(crate) row: u16,
    pub(crate) side: Side,
}

impl<T: ?Sized> Clone for ByNumber<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for ByNumber<'_, T> {}

impl<'t, T: ToolTable + ?Sized> Nodes<'t> for ByNumber<'t, T> {
    type Field = Field<'t>;

    fn count(self) -> u16 {
        self.table.node_count(self.row, self.side)
    }

    fn integer(self, _node: u16) -> Option<Integer<'t>> {
        None
    }

    fn field(self, node: u16) -> Option<Field<'t>> {
        self.table.bare_node(self.row, self.side, node)
    }
}
