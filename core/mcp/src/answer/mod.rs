//! The answer to a call on a 64-bit host: a structured result, and the same once more as text.
//!
//! Both are written in one walk over the entries, the text at the end of the output, from where it
//! is moved to its place. Stores are whole words that the next ones overwrite, so some room is
//! asked for beyond the end. Where that is missing, or a text needs escapes, the general way takes
//! over.

mod cursor;
#[cfg(test)]
mod tests;

use core::borrow::Borrow;

use trine_descriptor::value::tag;
use trine_descriptor::{DEPTH_MAX, Kind, Scalar, Side, ToolTable, ValueReader};

use crate::json::JsonWriter;
use crate::json::words::{Words, bar, digits};
use crate::{Catalog, Id, Nodes, ServerInfo, Version};
use cursor::Cursor;

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

/// The part of the output in which the text is written first.
const TEXT_PART: usize = 3;

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
        Some(nodes) => result(nodes, entries, &mut out, text)?,
        None => result(C::nodes(table, row, Side::Output), entries, &mut out, text)?,
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
    nodes: impl Nodes<'t>,
    entries: &[u8],
    out: &mut Cursor<'_>,
    text: &mut [u8],
) -> Option<()> {
    if nodes.count() == 0 {
        let done = b"\"content\":[{\"type\":\"text\",\"text\":\"done\"}],\"isError\":false";
        return if entries.is_empty() { out.literal(done) } else { None };
    }
    out.literal(b"\"structuredContent\":")?;
    let all = text.len();
    let mut copy = Cursor(&mut *text);
    members(nodes, entries, out, &mut copy)?;
    let len = all - copy.0.len();
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

/// An object or array that is being written.
#[derive(Clone, Copy)]
struct Open {
    /// First node that belongs to it, and one past the last.
    first: u16,
    end: u16,
    /// Items still to come; of an object more than there are nodes.
    items: u16,
    close: u8,
}

impl Open {
    /// How many items an object has to come.
    const OBJECT: u16 = u16::MAX;

    const fn object(first: u16, nodes: u16) -> Self {
        Self { first, end: first + nodes, items: Self::OBJECT, close: b'}' }
    }

    /// Whether an entry of the node is one of its own.
    const fn holds(&self, node: u16) -> bool {
        if self.close == b'}' {
            node >= self.first && node < self.end
        } else {
            node == self.first && self.items > 0
        }
    }

    /// Whether nothing is missing at its end.
    const fn may_end(&self) -> bool {
        self.close == b'}' || self.items == 0
    }
}

/// Writes entries as one object, and the same as it stands inside a string.
#[inline(always)]
fn members<'t>(
    nodes: impl Nodes<'t>,
    mut entries: &[u8],
    out: &mut Cursor<'_>,
    text: &mut Cursor<'_>,
) -> Option<()> {
    let mut top = Open::object(0, nodes.count());
    let (mut outer, mut depth) = ([top; DEPTH_MAX - 1], 0usize);
    let mut lead = b'{';
    while let [node @ 0..0x80, tag, value @ ..] = entries {
        let node = u16::from(*node);
        while !top.holds(node) {
            end(&top, &mut lead, out, text)?;
            depth = depth.checked_sub(1)?;
            top = *outer.get(depth)?;
        }
        let named = top.close == b'}';
        let small = if *tag == tag::INT && named { nodes.integer(node) } else { None };
        entries = match (small, value) {
            (Some(integer), [low @ 0..0x80, rest @ ..]) => {
                name(lead, integer.name, out, text)?;
                number(u32::from(*low), out, text)?;
                rest
            }
            (Some(integer), [low, high @ 1..0x80, rest @ ..]) => {
                name(lead, integer.name, out, text)?;
                number(u32::from(low & 0x7f) | u32::from(*high) << 7, out, text)?;
                rest
            }
            _ => {
                let field = nodes.field(node)?;
                let field = field.borrow();
                if named {
                    name(lead, field.name.as_bytes(), out, text)?;
                } else {
                    top.items -= 1;
                    out.literal(&[lead])?;
                    text.literal(&[lead])?;
                }
                let first = node + 1;
                let (inside, rest) = match (&field.kind, *tag, value) {
                    (Kind::Object { nodes }, tag::OBJECT, rest) => {
                        (Open::object(first, u16::from(*nodes)), rest)
                    }
                    (Kind::Array { nodes, .. }, tag::ARRAY, [items @ 0..0x80, rest @ ..]) => {
                        let (end, items) = (first + u16::from(*nodes), u16::from(*items));
                        (Open { first, end, items, close: b']' }, rest)
                    }
                    (kind, ..) => {
                        let (written, len, rest) = other(kind, entries, out.0, text.0)?;
                        out.advance(written)?;
                        text.advance(len)?;
                        entries = rest;
                        lead = b',';
                        continue;
                    }
                };
                *outer.get_mut(depth)? = top;
                (depth, top, entries) = (depth + 1, inside, rest);
                lead = if top.close == b'}' { b'{' } else { b'[' };
                continue;
            }
        };
        lead = b',';
    }
    loop {
        end(&top, &mut lead, out, text)?;
        let Some(outer_one) = depth.checked_sub(1) else { break };
        depth = outer_one;
        top = *outer.get(depth)?;
    }
    entries.is_empty().then_some(())
}

/// Ends an object or array.
#[inline(always)]
fn end(top: &Open, lead: &mut u8, out: &mut Cursor<'_>, text: &mut Cursor<'_>) -> Option<()> {
    if !top.may_end() {
        return None;
    }
    // Nothing was written in it yet, not even its brace or bracket.
    if *lead != b',' {
        out.literal(&[*lead])?;
        text.literal(&[*lead])?;
    }
    *lead = b',';
    out.literal(&[top.close])?;
    text.literal(&[top.close])
}

/// Writes a member's name and its colon. A name that is not plain ASCII is left to the general way.
#[inline(always)]
fn name(lead: u8, name: &[u8], out: &mut Cursor<'_>, text: &mut Cursor<'_>) -> Option<()> {
    match Words::of_plain(name) {
        Some(words) => {
            out.name(&[lead, b'"'], (&words, name.len()), b"\":")?;
            text.name(&[lead, b'\\', b'"'], (&words, name.len()), b"\\\":")
        }
        None => {
            out.literal(&[lead, b'"'])?;
            out.plain(name)?;
            out.literal(b"\":")?;
            text.literal(&[lead, b'\\', b'"'])?;
            text.bytes(name)?;
            text.literal(b"\\\":")
        }
    }
}

/// Writes the number whose zigzag form this is.
#[inline(always)]
fn number(zigzag: u32, out: &mut Cursor<'_>, text: &mut Cursor<'_>) -> Option<()> {
    let small = zigzag >> 1;
    if zigzag & 1 == 0 && small < 100 {
        let &[tens, ones] = PAIRS.get(small as usize)?;
        let (word, len) = if small < 10 { ([ones, b' '], 1) } else { ([tens, ones], 2) };
        out.start(&word, len)?;
        return text.start(&word, len);
    }
    if zigzag & 1 == 1 {
        out.literal(b"-")?;
        text.literal(b"-")?;
    }
    let (word, len) = digits(u64::from(small + (zigzag & 1)))?;
    out.start(&word.to_le_bytes(), len)?;
    text.start(&word.to_le_bytes(), len)
}

/// Writes the decimal whose zigzag form this is, of few places, in its shortest form.
#[inline(always)]
fn decimal<'o>(zigzag: u32, places: u8, out: &mut Cursor<'o>, text: &mut Cursor<'o>) -> Option<()> {
    let (mut size, mut places) = ((zigzag >> 1) + (zigzag & 1), usize::from(places));
    if zigzag & 1 == 1 {
        out.literal(b"-")?;
        text.literal(b"-")?;
    }
    while places > 0 && size % 10 == 0 {
        (size, places) = (size / 10, places - 1);
    }
    let (word, len) = digits(u64::from(size))?;
    // As many digits as places and one more, with zeros in front.
    let (word, len) = if len > places {
        (word, len)
    } else {
        let zeros = places + 1 - len;
        let front = u64::from_le_bytes([b'0'; 8]) & !(u64::MAX << (8 * zeros));
        (word << (8 * zeros) | front, places + 1)
    };
    let whole = len - places;
    for both in [out, text] {
        both.start(&word.to_le_bytes(), whole)?;
        if places > 0 {
            both.literal(b".")?;
            both.start(&(word >> (8 * whole)).to_le_bytes(), places)?;
        }
    }
    Some(())
}

/// What [`other`] has written, in the value and in its text, and what follows the entry.
type Written<'e> = (usize, usize, &'e [u8]);

/// Writes the value of the entry that starts `entries`.
// It gets the room itself, so that the cursors need not lie in memory.
#[inline(never)]
fn other<'e, 'o>(
    kind: &Kind<'_>,
    entries: &'e [u8],
    out: &'o mut [u8],
    text: &'o mut [u8],
) -> Option<Written<'e>> {
    let (all, all_text) = (out.len(), text.len());
    let (mut out, mut text) = (Cursor(out), Cursor(text));
    let rest = match (kind, entries) {
        (Kind::Choice(labels), [_, tag::LABEL, label @ 0..0x80, rest @ ..]) => {
            quoted(label_at(labels, *label)?, &mut out, &mut text)?;
            rest
        }
        (Kind::Bool, [_, tag::BOOL, value @ 0..=1, rest @ ..]) => {
            let (word, len) = if *value == 1 { (b"true ", 4) } else { (b"false", 5) };
            out.start(word, len)?;
            text.start(word, len)?;
            rest
        }
        (Kind::Decimal(range), [_, tag::DECIMAL, low @ 0..0x80, rest @ ..]) if range.places < 8 => {
            decimal(u32::from(*low), range.places, &mut out, &mut text)?;
            rest
        }
        (Kind::Decimal(range), [_, tag::DECIMAL, low, high @ 1..0x80, rest @ ..])
            if range.places < 8 =>
        {
            let zigzag = u32::from(low & 0x7f) | u32::from(*high) << 7;
            decimal(zigzag, range.places, &mut out, &mut text)?;
            rest
        }
        (Kind::Text { .. }, [_, tag::TEXT, len @ 0..0x80, rest @ ..]) => {
            let (value, rest) = rest.split_at_checked(usize::from(*len))?;
            quoted(value, &mut out, &mut text)?;
            rest
        }
        _ => {
            let mut reader = ValueReader::new(entries);
            scalar(kind, reader.entry().ok()??.value, &mut out, &mut text)?;
            reader.take(reader.remaining()).ok()?
        }
    };
    Some((all - out.0.len(), all_text - text.0.len(), rest))
}

/// A label of a choice.
#[inline(always)]
fn label_at(labels: &str, number: u8) -> Option<&[u8]> {
    let mut rest = labels.as_bytes();
    for _ in 0..number {
        rest = rest.get(bar(rest) + 1..)?;
    }
    rest.get(..bar(rest))
}

/// Writes a string that needs no escapes.
#[inline(always)]
fn quoted(value: &[u8], out: &mut Cursor<'_>, text: &mut Cursor<'_>) -> Option<()> {
    out.literal(b"\"")?;
    out.plain(value)?;
    out.literal(b"\"")?;
    text.literal(b"\\\"")?;
    text.plain(value)?;
    text.literal(b"\\\"")
}

/// Writes a value of any kind but a container.
fn scalar(
    kind: &Kind<'_>,
    value: Scalar<'_>,
    out: &mut Cursor<'_>,
    text: &mut Cursor<'_>,
) -> Option<()> {
    let mut digits = [0; 32];
    let mut number = JsonWriter::new(&mut digits);
    match (kind, value) {
        (Kind::Text { .. }, Scalar::Text(value)) => return quoted(value.as_bytes(), out, text),
        (Kind::Choice(_), Scalar::Label(label)) => {
            return quoted(kind.label(label.into())?.as_bytes(), out, text);
        }
        (Kind::Int(_), Scalar::Int(value)) => number.integer(value),
        (Kind::Decimal(range), Scalar::Decimal(value)) => number.decimal(value, range.places),
        _ => return None,
    }
    let len = number.finish().ok()?;
    out.start(&digits, len)?;
    text.start(&digits, len)
}
