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
mod order;
#[cfg(test)]
mod tests;

use core::borrow::Borrow;

use trine_descriptor::value::tag;
use trine_descriptor::{DEPTH_MAX, Kind, NODES_MAX, Scalar, Side, ToolTable, ValueReader};

use crate::json::JsonWriter;
use crate::json::words::{Words, bar};
use crate::{Catalog, Id, Nodes, ServerInfo, Version};
use cursor::Cursor;
use number::{decimal, is_multiple, number};

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

/// An object or array that is being written, in one word, which a register holds.
///
/// From the lowest byte on: the first node that belongs to it, one past the last, the items of an
/// array still to come, and whether it is an array.
#[derive(Clone, Copy)]
struct Open(u32);

const _: () = assert!(NODES_MAX < 256, "a byte says which node");

impl Open {
    const ITEM: u32 = 1 << 16;
    const ARRAY: u32 = 1 << 24;

    const fn object(first: u16, end: u16) -> Self {
        Self(first as u32 | (end as u32) << 8)
    }

    const fn array(first: u16, end: u16, items: u8) -> Self {
        Self(Self::object(first, end).0 | (items as u32 * Self::ITEM) | Self::ARRAY)
    }

    const fn is_array(self) -> bool {
        self.0 >= Self::ARRAY
    }

    /// One past the last node.
    const fn end(self) -> u16 {
        (self.0 >> 8 & 0xff) as u16
    }

    const fn items(self) -> u32 {
        self.0 >> 16 & 0xff
    }

    /// Whether an entry of the node is one of its own.
    const fn holds(self, node: u16) -> bool {
        let first = (self.0 & 0xff) as u16;
        if self.is_array() {
            node == first && self.items() > 0
        } else {
            node >= first && node < self.end()
        }
    }

    /// Whether nothing is missing at its end.
    const fn may_end(self) -> bool {
        !self.is_array() || self.items() == 0
    }

    const fn close(self) -> u8 {
        if self.is_array() { b']' } else { b'}' }
    }

    const fn open(self) -> u8 {
        if self.is_array() { b'[' } else { b'{' }
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
    let (mut lead, mut next) = (b'{', 0);
    while let [node @ 0..0x80, tag, value @ ..] = entries {
        let node = u16::from(*node);
        while !top.holds(node) {
            next = end(nodes, (top, next), &mut lead, out, text)?;
            depth = depth.checked_sub(1)?;
            top = *outer.get(depth)?;
        }
        let named = !top.is_array();
        // Each item of an array starts where the one before it has ended.
        order::reach(nodes, next, if named { node } else { top.end() })?;
        next = node + 1;
        let integer = if *tag == tag::INT && named { nodes.integer(node) } else { None };
        entries = match (integer, zigzag(value)) {
            (Some(integer), Some((zigzag, rest))) => {
                name(lead, integer.name, out, text)?;
                number(zigzag, &integer.range, out, text)?;
                rest
            }
            _ => {
                let field = nodes.field(node)?;
                let field = field.borrow();
                if named {
                    name(lead, field.name.as_bytes(), out, text)?;
                } else {
                    top.0 -= Open::ITEM;
                    out.literal(&[lead])?;
                    text.literal(&[lead])?;
                }
                let first = node + 1;
                let (inside, rest) = match (&field.kind, *tag, value) {
                    (Kind::Object { nodes }, tag::OBJECT, rest) => {
                        (Open::object(first, first + u16::from(*nodes)), rest)
                    }
                    (Kind::Array { nodes, min, max }, tag::ARRAY, [items @ 0..0x80, rest @ ..])
                        if (*min..=*max).contains(items) =>
                    {
                        next = first + u16::from(*nodes);
                        (Open::array(first, next, *items), rest)
                    }
                    (kind, ..) => {
                        (entries, lead) = (plain(kind, entries, out, text)?, b',');
                        continue;
                    }
                };
                *outer.get_mut(depth)? = top;
                (depth, top, entries) = (depth + 1, inside, rest);
                lead = top.open();
                continue;
            }
        };
        lead = b',';
    }
    loop {
        next = end(nodes, (top, next), &mut lead, out, text)?;
        let Some(outer_one) = depth.checked_sub(1) else { break };
        depth = outer_one;
        top = *outer.get(depth)?;
    }
    order::reach(nodes, next, nodes.count())?;
    entries.is_empty().then_some(())
}

/// Ends an object or array, and answers which node may come next.
#[inline(always)]
fn end<'t>(
    nodes: impl Nodes<'t>,
    (top, next): (Open, u16),
    lead: &mut u8,
    out: &mut Cursor<'_>,
    text: &mut Cursor<'_>,
) -> Option<u16> {
    if !top.may_end() {
        return None;
    }
    // Nothing was written in it yet, not even its brace or bracket.
    if *lead != b',' {
        out.literal(&[*lead])?;
        text.literal(&[*lead])?;
    }
    *lead = b',';
    out.literal(&[top.close()])?;
    text.literal(&[top.close()])?;
    if !top.is_array() {
        return Some(next);
    }
    order::reach(nodes, next, top.end())?;
    Some(top.end())
}

/// A number of one byte or two in its zigzag form, and what follows it.
#[inline(always)]
const fn zigzag(value: &[u8]) -> Option<(u32, &[u8])> {
    match value {
        [low @ 0..0x80, rest @ ..] => Some((*low as u32, rest)),
        [low, high @ 1..0x80, rest @ ..] => {
            Some(((*low & 0x7f) as u32 | (*high as u32) << 7, rest))
        }
        _ => None,
    }
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

/// Writes a Boolean, or any other value that is no container. Answers what follows its entry.
#[inline(always)]
fn plain<'e>(
    kind: &Kind<'_>,
    entries: &'e [u8],
    out: &mut Cursor<'_>,
    text: &mut Cursor<'_>,
) -> Option<&'e [u8]> {
    if let (Kind::Bool, [_, tag::BOOL, value @ 0..=1, rest @ ..]) = (kind, entries) {
        let (word, len) = if *value == 1 { (b"true ", 4) } else { (b"false", 5) };
        out.start(word, len)?;
        text.start(word, len)?;
        return Some(rest);
    }
    let (written, len, rest) = other(kind, entries, out.0, text.0)?;
    out.advance(written)?;
    text.advance(len)?;
    Some(rest)
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
        (Kind::Decimal(range), [_, tag::DECIMAL, value @ ..])
            if range.places < 8 && zigzag(value).is_some() =>
        {
            let (zigzag, rest) = zigzag(value)?;
            decimal(zigzag, range, &mut out, &mut text)?;
            rest
        }
        (Kind::Text { min, max }, [_, tag::TEXT, len @ 0..0x80, rest @ ..])
            if (*min..=*max).contains(&(*len).into()) =>
        {
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
        // What is written here is ASCII: a byte is a code point.
        (Kind::Text { min, max }, Scalar::Text(value))
            if (usize::from(*min)..=usize::from(*max)).contains(&value.len()) =>
        {
            return quoted(value.as_bytes(), out, text);
        }
        (Kind::Choice(_), Scalar::Label(label)) => {
            return quoted(kind.label(label.into())?.as_bytes(), out, text);
        }
        (Kind::Int(range), Scalar::Int(value)) if range.min <= value && value <= range.max => {
            number.integer(value);
        }
        (Kind::Decimal(range), Scalar::Decimal(value))
            if range.min <= value && value <= range.max && is_multiple(value, range) =>
        {
            number.decimal(value, range.places);
        }
        _ => return None,
    }
    let len = number.finish().ok()?;
    out.start(&digits, len)?;
    text.start(&digits, len)
}
