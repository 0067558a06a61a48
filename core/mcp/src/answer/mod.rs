//! The answer to a call on a 64-bit host: a structured result, and the same once more as text.
//!
//! Both are written in one walk over the entries, the text at the end of the output, from where it
//! is moved to its place. Stores are whole words that the next ones overwrite, so some room is
//! asked for beyond the end. Where that is missing, or a text needs escapes, the general way takes
//! over.
//!
//! The entries are judged on the way: what is written here keeps every rule of the descriptor.

mod cursor;
mod number;
mod open;
mod order;
mod pair;
#[cfg(test)]
mod tests;
mod value;
mod walk;

use trine_descriptor::{Side, ToolTable};

use crate::{Catalog, Id, Nodes, ServerInfo, Version};
use cursor::Cursor;

/// The part of the output in which the text is written first.
const TEXT_PART: usize = 3;

/// Writes the whole response of a structured result that keeps the rules of the descriptor, and
/// answers its length; `None` where the result, the revision or the room is of another kind.
#[inline(never)]
pub(crate) fn write<C: Catalog + ?Sized>(
    id: Id<'_>,
    version: Version,
    (catalog, tool): (&C, u16),
    entries: &[u8],
    out: &mut [u8],
) -> Option<usize> {
    if !version.has_structured() {
        return None;
    }
    let (table, row) = catalog.tool(tool)?;
    let is_plain = catalog.is_plain(tool);
    let (out, text) = out.split_at_mut_checked(out.len() - out.len() / TEXT_PART)?;
    let all = out.len();
    let mut out = Cursor(out);
    out.literal(b"{\"jsonrpc\":\"2.0\",\"id\":")?;
    out.bytes(id.raw())?;
    if version.is_stateless() {
        out.literal(b",\"result\":{\"resultType\":\"complete\",")?;
    } else {
        out.literal(b",\"result\":{")?;
    }
    match table.nodes(row, Side::Output) {
        Some(nodes) => result((nodes, is_plain), entries, &mut out, text)?,
        None => {
            result((C::nodes(table, row, Side::Output), is_plain), entries, &mut out, text)?;
        }
    }
    if version.is_stateless() {
        introduced(&catalog.server(), &mut out)?;
    } else {
        out.literal(b"}}")?;
    }
    Some(all - out.0.len())
}

/// Writes the members of the result.
#[inline(always)]
fn result<'t>(
    (nodes, is_plain): (impl Nodes<'t>, bool),
    entries: &[u8],
    out: &mut Cursor<'_>,
    text: &mut [u8],
) -> Option<()> {
    if nodes.count() == 0 {
        let done = b"\"content\":[{\"type\":\"text\",\"text\":\"done\"}],\"isError\":false";
        return if entries.is_empty() { out.literal(done) } else { None };
    }
    out.literal(b"\"structuredContent\":")?;
    let (left, left_text) = walk::members((nodes, is_plain), entries, &mut *out.0, &mut *text)?;
    let len = text.len() - left_text;
    out.advance(out.0.len() - left)?;
    out.literal(b",\"content\":[{\"type\":\"text\",\"text\":\"")?;
    out.bytes(text.get(..len)?)?;
    out.literal(b"\"}],\"isError\":false")
}

/// Closes the response with the server's name and version.
#[inline(always)]
fn introduced(server: &ServerInfo<'_>, out: &mut Cursor<'_>) -> Option<()> {
    out.literal(b",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"")?;
    out.plain(server.name.as_bytes())?;
    if !server.title.is_empty() {
        out.literal(b"\",\"title\":\"")?;
        out.plain(server.title.as_bytes())?;
    }
    out.literal(b"\",\"version\":\"")?;
    out.plain(server.version.as_bytes())?;
    out.literal(b"\"}}}}")
}
