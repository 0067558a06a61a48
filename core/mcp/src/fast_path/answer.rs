//! The answer to a usual call: a flat result, and the same once more as text.
//!
//! Each entry is written twice, as JSON and as JSON inside a string, so that the text needs no
//! escaping of what was written before. Stores are whole words that the next ones overwrite, so
//! some room is asked for beyond the end; where it is missing the general way takes over.

use core::borrow::Borrow;

use trine_descriptor::value::tag;
use trine_descriptor::{Kind, Scalar, Side, ToolTable, ValueReader};

use crate::json::JsonWriter;
use crate::json::words::{Words, digits};
use crate::json::writer::copy;
use crate::{Catalog, Id, Nodes, ServerInfo, Version};

/// The numbers below 100, in two digits each.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
const PAIRS: [[u8; 2]; 100] = {
    let (mut pairs, mut at) = ([[0; 2]; 100], 0);
    while at < 100 {
        pairs[at] = [b'0' + at as u8 / 10, b'0' + at as u8 % 10];
        at += 1;
    }
    pairs
};

/// The rest of the output.
struct Cursor<'o>(&'o mut [u8]);

/// A JSON string's quote, as it stands in the value and in the text.
const QUOTE: &[u8; 1] = b"\"";
const ESCAPED_QUOTE: &[u8; 2] = b"\\\"";

/// Writes the whole response of a structured result, and answers its length; `None` where the
/// result, the revision or the room is of another kind.
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
    let all = out.len();
    let mut out = Cursor(out);
    out.literal(b"{\"jsonrpc\":\"2.0\",\"id\":")?;
    out.short(id.raw())?;
    if version.is_stateless() {
        out.literal(b",\"result\":{\"resultType\":\"complete\",")?;
    } else {
        out.literal(b",\"result\":{")?;
    }
    match table.nodes(row, Side::Output) {
        Some(nodes) => result(nodes, entries, &mut out)?,
        None => result(C::nodes(table, row, Side::Output), entries, &mut out)?,
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
fn result<'t>(nodes: impl Nodes<'t>, entries: &[u8], out: &mut Cursor<'_>) -> Option<()> {
    if nodes.count() == 0 {
        let done = b"\"content\":[{\"type\":\"text\",\"text\":\"done\"}],\"isError\":false";
        return if entries.is_empty() { out.literal(done) } else { None };
    }
    out.literal(b"\"structuredContent\":")?;
    members::<true, _>(nodes, entries, QUOTE, out)?;
    out.literal(b",\"content\":[{\"type\":\"text\",\"text\":\"")?;
    // The names have been found to be plain by now.
    members::<false, _>(nodes, entries, ESCAPED_QUOTE, out)?;
    out.literal(b"\"}],\"isError\":false")
}

/// Closes the response with the server's name and version.
#[inline(always)]
fn introduced(server: &ServerInfo<'_>, out: &mut Cursor<'_>) -> Option<()> {
    out.literal(b",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"")?;
    out.plain(server.name)?;
    if !server.title.is_empty() {
        out.literal(b"\",\"title\":\"")?;
        out.plain(server.title)?;
    }
    out.literal(b"\",\"version\":\"")?;
    out.plain(server.version)?;
    out.literal(b"\"}}}}")
}

/// Writes entries as one object whose quotes are `quote`.
#[inline(always)]
fn members<'t, const LOOK: bool, const Q: usize>(
    nodes: impl Nodes<'t>,
    mut entries: &[u8],
    quote: &[u8; Q],
    out: &mut Cursor<'_>,
) -> Option<()> {
    let mut lead = b'{';
    while let [node @ 0..0x80, tag, value @ ..] = entries {
        entries = match (nodes.integer(*node), *tag, value) {
            (Some(integer), tag::INT, [low @ 0..0x80, rest @ ..]) => {
                out.name::<LOOK, _>(lead, integer.name, quote)?;
                out.number(u32::from(*low))?;
                rest
            }
            (Some(integer), tag::INT, [low, high @ 1..0x80, rest @ ..]) => {
                out.name::<LOOK, _>(lead, integer.name, quote)?;
                out.number(u32::from(low & 0x7f) | u32::from(*high) << 7)?;
                rest
            }
            _ => {
                let field = nodes.field(*node)?;
                let field = field.borrow();
                out.name::<LOOK, _>(lead, field.name.as_bytes(), quote)?;
                let (len, rest) = other(&field.kind, entries, quote, out.0)?;
                out.advance(len)?;
                rest
            }
        };
        lead = b',';
    }
    if lead == b'{' {
        out.literal(b"{")?;
    }
    out.literal(b"}")?;
    entries.is_empty().then_some(())
}

/// Writes the value of the entry that starts `entries`, and answers how long it is and what follows
/// the entry.
// It gets the room itself, so that the cursor need not lie in memory.
#[inline(never)]
fn other<'e>(
    kind: &Kind<'_>,
    entries: &'e [u8],
    quote: &[u8],
    room: &mut [u8],
) -> Option<(usize, &'e [u8])> {
    let all = room.len();
    let mut out = Cursor(room);
    let mut reader = ValueReader::new(entries);
    let mut text = |text| {
        out.short(quote)?;
        out.plain(text)?;
        out.short(quote)
    };
    match (kind, reader.entry().ok()??.value) {
        (Kind::Text { .. }, Scalar::Text(value)) => text(value)?,
        (Kind::Choice(_), Scalar::Label(label)) => text(kind.label(label.into())?)?,
        (kind, scalar) => {
            let mut digits = [0; 32];
            let mut number = JsonWriter::new(&mut digits);
            match (kind, scalar) {
                (Kind::Bool, Scalar::Bool(value)) => number.bool(value),
                (Kind::Int(_), Scalar::Int(value)) => number.integer(value),
                (Kind::Decimal(range), Scalar::Decimal(value)) => {
                    number.decimal(value, range.places);
                }
                _ => return None,
            }
            let len = number.finish().ok()?;
            out.short(digits.get(..len)?)?;
        }
    }
    let rest = reader.take(reader.remaining()).ok()?;
    Some((all - out.0.len(), rest))
}

/// Writes a text of any length that needs no escapes.
#[inline(never)]
fn long(text: &[u8], room: &mut [u8]) -> Option<()> {
    let plain = !text.iter().any(|byte| crate::json::scan::is_special(*byte));
    copy(room.get_mut(..text.len())?, text);
    plain.then_some(())
}

impl Cursor<'_> {
    /// Appends a text of known length.
    #[inline(always)]
    fn literal<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        let (room, rest) = core::mem::take(&mut self.0).split_first_chunk_mut::<N>()?;
        *room = *text;
        self.0 = rest;
        Some(())
    }

    /// Goes on behind the first `len` bytes.
    #[inline(always)]
    fn advance(&mut self, len: usize) -> Option<()> {
        self.0 = core::mem::take(&mut self.0).get_mut(len..)?;
        Some(())
    }

    /// Appends bytes as they are.
    #[inline(always)]
    fn short(&mut self, text: &[u8]) -> Option<()> {
        match (self.0.first_chunk_mut(), text) {
            (Some(room), [one]) => *room = [*one],
            _ => copy(self.0.get_mut(..text.len())?, text),
        }
        self.advance(text.len())
    }

    /// Appends a member's name and its colon. With `LOOK`, a name that is not plain ASCII is found
    /// out, and left to the general way.
    #[inline(always)]
    fn name<const LOOK: bool, const Q: usize>(
        &mut self,
        lead: u8,
        name: &[u8],
        quote: &[u8; Q],
    ) -> Option<()> {
        const ROOM: usize = Words::LEN_MAX + 8;
        let Some(words) = Words::of::<LOOK>(name) else {
            self.literal(&[lead])?;
            self.literal(quote)?;
            long(name, self.0)?;
            self.advance(name.len())?;
            self.literal(quote)?;
            return self.literal(b":");
        };
        let room = self.0.first_chunk_mut::<ROOM>()?;
        let (head, room) = room.split_at_mut_checked(1 + Q)?;
        let (first, rest) = head.split_first_mut()?;
        *first = lead;
        copy(rest, quote);
        words.store(room.first_chunk_mut()?);
        let tail = room.get_mut(name.len()..)?;
        tail.first_chunk_mut().map(|room| *room = *quote)?;
        *tail.get_mut(Q)? = b':';
        self.advance(1 + Q + name.len() + Q + 1)
    }

    /// Appends a text that needs no escapes.
    #[inline(always)]
    fn plain(&mut self, text: &str) -> Option<()> {
        match Words::of_plain(text.as_bytes()) {
            Some(words) => words.store(self.0.first_chunk_mut()?),
            None => long(text.as_bytes(), self.0)?,
        }
        self.advance(text.len())
    }

    /// Appends the number whose zigzag form this is.
    #[inline(always)]
    fn number(&mut self, zigzag: u32) -> Option<()> {
        if zigzag & 1 == 1 {
            self.literal(b"-")?;
        }
        let small = zigzag >> 1;
        if zigzag & 1 == 0 && small < 100 {
            let &[tens, ones] = PAIRS.get(small as usize)?;
            return if small < 10 { self.literal(&[ones]) } else { self.literal(&[tens, ones]) };
        }
        let (word, len) = digits(u64::from((zigzag >> 1) + (zigzag & 1)))?;
        *self.0.first_chunk_mut()? = word.to_le_bytes();
        self.advance(len)
    }
}
