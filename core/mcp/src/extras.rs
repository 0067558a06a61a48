//! Schemas with what a device adds to them.

use trine_descriptor::extras::Of;
use trine_descriptor::schema::{self, JsonSink};
use trine_descriptor::{Side, TextSink};

use crate::json::JsonWriter;
use crate::json::added::Added;
use crate::{Catalog, Version};

/// Where the schema of a tool goes, and the catalog that knows what is added to it.
struct Dressed<'w, 'o, 'c, C: Catalog + ?Sized> {
    out: &'w mut JsonWriter<'o>,
    catalog: &'c C,
    tool: u16,
}

impl<'c, C: Catalog + ?Sized> Dressed<'_, '_, 'c, C> {
    fn added(&self, side: Side, node: u16) -> Added<'c> {
        Added::of(self.catalog.added(self.tool, Of::Node(side, node)))
    }
}

impl<C: Catalog + ?Sized> TextSink for Dressed<'_, '_, '_, C> {
    fn text(&mut self, text: &str) {
        self.out.raw(text.as_bytes());
    }
}

impl<C: Catalog + ?Sized> JsonSink for Dressed<'_, '_, '_, C> {
    fn string(&mut self, text: &str) {
        self.out.string(text);
    }

    fn replaces(&self, side: Side, node: u16, member: &str) -> bool {
        self.added(side, node).has(member.as_bytes())
    }

    fn add(&mut self, side: Side, node: u16) {
        self.added(side, node).write(&[b"type", b"items", b"properties", b"required"], self.out);
    }
}

/// Writes the schema of one side of a tool, with what is added to it.
pub(crate) fn schema<C: Catalog + ?Sized>(
    catalog: &C,
    tool: u16,
    side: Side,
    out: &mut JsonWriter<'_>,
) {
    let Some((table, row)) = catalog.tool(tool) else { return out.raw(b"{}") };
    if !catalog.has_extras(tool) {
        return schema::write(table, row, side, out);
    }
    schema::write(table, row, side, &mut Dressed { out, catalog, tool });
}

/// Writes what is added to a tool as it stands in a list.
pub(crate) fn tool<C: Catalog + ?Sized>(
    catalog: &C,
    index: u16,
    version: Version,
    out: &mut JsonWriter<'_>,
) {
    if version.has_icons() && catalog.has_extras(index) {
        Added::of(catalog.added(index, Of::Tool)).write_one(b"icons", out);
    }
}
