//! Schemas with what a device adds to them.

use trine_descriptor::extras::{Extras, Of};
use trine_descriptor::schema::{self, JsonSink};
use trine_descriptor::{Side, TextSink, ToolTable};

use crate::json::JsonWriter;
use crate::json::added::Added;
use crate::{Catalog, Version};

/// Where a schema goes, and what is added to it.
struct Dressed<'w, 'o, 'e> {
    out: &'w mut JsonWriter<'o>,
    extras: Extras<'e>,
}

impl Dressed<'_, '_, '_> {
    fn added(&self, side: Side, node: u16) -> Added<'_> {
        Added::of(self.extras.members(Of::Node(side, node)))
    }
}

impl TextSink for Dressed<'_, '_, '_> {
    fn text(&mut self, text: &str) {
        self.out.raw(text.as_bytes());
    }
}

impl JsonSink for Dressed<'_, '_, '_> {
    fn string(&mut self, text: &str) {
        self.out.string(text);
    }

    fn replaces(&self, side: Side, node: u16, member: &str) -> bool {
        self.added(side, node).has(member.as_bytes())
    }

    fn add(&mut self, side: Side, node: u16) {
        let added = Added::of(self.extras.members(Of::Node(side, node)));
        added.write(&[b"type", b"items", b"properties", b"required"], self.out);
    }
}

/// Writes the schema of one side of a tool, with what is added to it.
pub(crate) fn schema<T: ToolTable + ?Sized>(
    table: &T,
    row: u16,
    side: Side,
    out: &mut JsonWriter<'_>,
) {
    match table.extras(row) {
        [] => schema::write(table, row, side, out),
        extras => {
            let mut out = Dressed { out, extras: Extras::new(extras) };
            schema::write(table, row, side, &mut out);
        }
    }
}

/// Writes what is added to a tool as it stands in a list.
pub(crate) fn tool<C: Catalog + ?Sized>(
    catalog: &C,
    index: u16,
    version: Version,
    out: &mut JsonWriter<'_>,
) {
    let Some((table, row)) = catalog.tool(index) else { return };
    let added = Added::of(Extras::new(table.extras(row)).members(Of::Tool));
    if version.has_icons() {
        added.write_one(b"icons", out);
    }
}
