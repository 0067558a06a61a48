//! The arguments of a call as JSON, for a person.

use trine_descriptor::{Field, Side, ToolInfo, ToolTable};

use crate::table::Table;

/// The arguments of tools in the place of their results, to be written like those.
pub(crate) struct Arguments<'a>(pub(crate) &'a Table);

impl ToolTable for Arguments<'_> {
    fn count(&self) -> u16 {
        self.0.count()
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        self.0.info(tool)
    }

    fn node_count(&self, tool: u16, _: Side) -> u16 {
        self.0.node_count(tool, Side::Params)
    }

    fn node(&self, tool: u16, _: Side, node: u16) -> Option<Field<'_>> {
        self.0.node(tool, Side::Params, node)
    }

    fn hash(&self, tool: u16) -> u64 {
        self.0.hash(tool)
    }
}
