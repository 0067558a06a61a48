//! Lists that are no client's: all tools of a table, or one of them by itself. One type, so that
//! the engine is compiled once for both.

use trine_descriptor::{Side, ToolTable as _};
use trine_mcp::{Catalog, ServerInfo, ToolUi};

use crate::json_schema::Schemas;
use crate::table::Table;

/// A table, served under its own names.
pub(crate) struct Lone<'a> {
    server: ServerInfo<'static>,
    table: &'a Table,
    only: Option<Only<'a>>,
}

/// The one tool of a list.
pub(crate) struct Only<'a> {
    pub(crate) name: &'a str,
    pub(crate) row: u16,
    pub(crate) ui: Option<ToolUi<'a>>,
    pub(crate) schemas: Option<&'a Schemas>,
}

impl<'a> Lone<'a> {
    /// All tools of a table.
    pub(crate) const fn all(server: ServerInfo<'static>, table: &'a Table) -> Self {
        Self { server, table, only: None }
    }

    /// One tool of a table, as it would stand in a list.
    pub(crate) fn one(table: &'a Table, only: Only<'a>) -> Self {
        Self { server: ServerInfo::default(), table, only: Some(only) }
    }
}

impl Catalog for Lone<'_> {
    type Table = Table;

    fn server(&self) -> ServerInfo<'_> {
        self.server
    }

    fn count(&self) -> u16 {
        if self.only.is_some() { 1 } else { self.table.count() }
    }

    fn tool(&self, index: u16) -> Option<(&Table, u16)> {
        let row = self.only.as_ref().map_or(index, |only| only.row);
        (index < self.count()).then_some((self.table, row))
    }

    fn name(&self, index: u16) -> Option<&str> {
        match &self.only {
            Some(only) => Some(only.name),
            None => self.table.info(index).map(|info| info.name),
        }
    }

    fn verbatim(&self, _: u16, side: Side) -> Option<&str> {
        self.only.as_ref()?.schemas?.text(side)
    }

    fn ui(&self, _: u16) -> Option<ToolUi<'_>> {
        self.only.as_ref()?.ui
    }

    fn generation(&self) -> u64 {
        0
    }
}
