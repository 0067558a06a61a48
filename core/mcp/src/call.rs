//! Arguments: the JSON object of a call becomes the value bytes of the descriptor's codec.
//!
//! Members may come in any order; entries leave in rising order, because each member that comes
//! late is rotated into its place. What has no encoding (an unknown name, a null, a fraction for a
//! whole number, a label that does not exist) is refused here with the code that the device would
//! use. Whatever can be encoded is left to the device to judge.

use trine_descriptor::value::tag;
use trine_descriptor::{
    DEPTH_MAX, Fault, FaultCode, Field, Kind, Side, ToolTable, ValueReader, ValueWriter,
};

use crate::json::{JsonError, Kind as Json, Number, Reader, Scaled, Text};

/// Why arguments were not encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal<'m> {
    /// A rule of the descriptor is broken.
    Fault(Fault),
    /// There is no parameter of this name.
    Unknown(Text<'m>),
    /// The buffer is too small.
    Space,
    /// The text is not JSON after all; cannot happen to a text that the envelope has passed.
    Json(JsonError),
}

impl From<JsonError> for Refusal<'_> {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

/// An object or array whose members are being encoded.
#[derive(Clone, Copy)]
struct Open {
    /// Where its entries start in the buffer.
    start: usize,
    /// First node inside it, and one past the last.
    nodes: (u16, u16),
    /// Highest member so far, for objects: what comes later must be higher, or is rotated.
    last: Option<u16>,
    /// Node and start of the member that is being read.
    member: (u16, usize),
    /// State of the JSON reader: no member read yet.
    first: bool,
    array: bool,
}

struct Encoder<'m, 't, 'b, T: ToolTable + ?Sized> {
    reader: Reader<'m>,
    table: &'t T,
    tool: u16,
    out: &'b mut [u8],
    len: usize,
    /// Nodes that the objects now open have had.
    seen: u128,
    open: [Open; DEPTH_MAX],
    depth: usize,
}

/// Encodes the arguments object `text` into `out` and returns the length of the entries.
pub(crate) fn encode<'m, T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    text: &'m [u8],
    out: &mut [u8],
) -> Result<usize, Refusal<'m>> {
    let nodes = (0, table.node_count(tool, Side::Params));
    let root = Open { start: 0, nodes, last: None, member: (0, 0), first: true, array: false };
    let mut reader = Reader::new(text);
    reader.begin_object()?;
    let mut encoder =
        Encoder { reader, table, tool, out, len: 0, seen: 0, open: [root; DEPTH_MAX], depth: 1 };
    encoder.run()?;
    Ok(encoder.len)
}

impl<'m, 't, T: ToolTable + ?Sized> Encoder<'m, 't, '_, T> {
    fn run(&mut self) -> Result<(), Refusal<'m>> {
        while self.depth > 0 {
            let at = self.depth - 1;
            let mut top = self.open[at];
            let (node, field) = if top.array {
                if !self.reader.next_element(&mut top.first)? {
                    self.depth = at;
                    self.settle();
                    continue;
                }
                (top.nodes.0, self.field(top.nodes.0)?)
            } else {
                let Some(name) = self.reader.next_member(&mut top.first)? else {
                    self.depth = at;
                    self.settle();
                    continue;
                };
                let (node, field) = self.member(top, name)?;
                if self.seen & bit(node) != 0 {
                    return Err(fault(FaultCode::Repeated, node));
                }
                self.seen |= bit(node);
                (node, field)
            };
            top.member = (node, self.len);
            self.open[at] = top;
            self.value(node, &field)?;
            // A container settles when it closes.
            if self.depth == at + 1 {
                self.settle();
            }
        }
        Ok(())
    }

    fn field(&self, node: u16) -> Result<Field<'t>, Refusal<'m>> {
        self.table
            .node(self.tool, Side::Params, node)
            .ok_or(fault(FaultCode::Malformed, trine_descriptor::NO_NODE))
    }

    /// The member of `open` with this name.
    fn member(&self, open: Open, name: Text<'m>) -> Result<(u16, Field<'t>), Refusal<'m>> {
        let (first, end) = open.nodes;
        let mut node = first;
        while node < end {
            let field = self.field(node)?;
            if name.is(field.name.as_bytes()) {
                return Ok((node, field));
            }
            node += 1 + field.kind.nodes() as u16;
        }
        Err(Refusal::Unknown(name))
    }

    /// Encodes one value, or opens it.
    fn value(&mut self, node: u16, field: &Field<'t>) -> Result<(), Refusal<'m>> {
        match (field.kind, self.reader.kind()?) {
            (Kind::Bool, Json::Bool) => {
                let value = self.reader.bool()?;
                self.entry(|out| out.bool(node, value))
            }
            (Kind::Int(range), Json::Number) => {
                let number = self.reader.number()?;
                let value = scaled(number, 0, node, (range.min, range.max))?
                    .ok_or(fault(FaultCode::WrongType, node))?;
                self.entry(|out| out.int(node, value))
            }
            (Kind::Decimal(range), Json::Number) => {
                let number = self.reader.number()?;
                let value = scaled(number, range.places, node, (range.min, range.max))?.ok_or(
                    Refusal::Fault(Fault::bound(FaultCode::NotAMultiple, node, range.step.max(1))),
                )?;
                self.entry(|out| out.decimal(node, value))
            }
            (Kind::Text { max, .. }, Json::String) => {
                let text = self.reader.string()?;
                self.text(node, text).ok_or_else(|| too_long(text, node, max))
            }
            (Kind::Choice(labels), Json::String) => {
                let text = self.reader.string()?;
                let label = labels
                    .split('|')
                    .position(|label| text.is(label.as_bytes()))
                    .ok_or(fault(FaultCode::NotAChoice, node))?;
                self.entry(|out| out.label(node, label as u16))
            }
            (Kind::Object { nodes }, Json::Object) => {
                self.reader.begin_object()?;
                self.entry(|out| out.object(node))?;
                self.enter(node, nodes, false)
            }
            (Kind::Array { nodes, max, .. }, Json::Array) => {
                let count = count(self.reader.clone())?;
                let count = u16::try_from(count).map_err(|_| {
                    Refusal::Fault(Fault::bound(FaultCode::TooMany, node, max.into()))
                })?;
                self.reader.begin_array()?;
                self.entry(|out| out.array(node, count))?;
                self.enter(node, nodes, true)
            }
            _ => Err(fault(FaultCode::WrongType, node)),
        }
    }

    fn enter(&mut self, node: u16, nodes: u8, array: bool) -> Result<(), Refusal<'m>> {
        let nodes = (node + 1, node + 1 + u16::from(nodes));
        // Each item of an array starts its nodes anew.
        for inside in nodes.0..nodes.1 {
            self.seen &= !bit(inside);
        }
        let open = Open { start: self.len, nodes, last: None, member: (0, 0), first: true, array };
        // A table that nests deeper than it may has failed its own check.
        *self.open.get_mut(self.depth).ok_or(fault(FaultCode::WrongType, node))? = open;
        self.depth += 1;
        Ok(())
    }

    /// After a member: rotates its entries in front of those of higher nodes.
    fn settle(&mut self) {
        let Some(top) = self.depth.checked_sub(1).and_then(|at| self.open.get_mut(at)) else {
            return;
        };
        if top.array {
            return;
        }
        let (node, start) = top.member;
        match top.last {
            Some(last) if last > node => {
                let before = place(&self.out[top.start..start], node);
                self.out[top.start + before..self.len].rotate_right(self.len - start);
            }
            _ => top.last = Some(node),
        }
    }

    /// Appends one entry.
    #[inline]
    fn entry(&mut self, write: impl FnOnce(&mut ValueWriter<'_>)) -> Result<(), Refusal<'m>> {
        let mut writer = ValueWriter::new(&mut self.out[self.len..]);
        write(&mut writer);
        if writer.overflowed() {
            return Err(Refusal::Space);
        }
        self.len += writer.len();
        Ok(())
    }

    /// Appends a text entry, decoded on the way; `None` if it does not fit.
    fn text(&mut self, node: u16, text: Text<'m>) -> Option<()> {
        let mut writer = ValueWriter::new(&mut self.out[self.len..]);
        let mut head = [0; 16];
        let mut head_len = varint(node.into(), &mut head, 0);
        head[head_len] = tag::TEXT;
        head_len = varint(text.decoded_len() as u64, &mut head, head_len + 1);
        writer.slice(&head[..head_len]);
        match text.plain() {
            Some(plain) => writer.slice(plain),
            None => {
                let mut utf8 = [0; 4];
                text.pieces().for_each(|piece| writer.slice(piece.bytes(&mut utf8)));
            }
        }
        if writer.overflowed() {
            return None;
        }
        self.len += writer.len();
        Some(())
    }
}

const fn fault<'m>(code: FaultCode, node: u16) -> Refusal<'m> {
    Refusal::Fault(Fault::new(code, node))
}

const fn bit(node: u16) -> u128 {
    1u128.wrapping_shl(node as u32)
}

/// The number in units of 10^-places; `None` if it is no multiple of that.
fn scaled<'m>(
    number: Number<'m>,
    places: u8,
    node: u16,
    (min, max): (i64, i64),
) -> Result<Option<i64>, Refusal<'m>> {
    match number.scaled(places) {
        Scaled::Exact(value) => Ok(Some(value)),
        Scaled::Inexact => Ok(None),
        Scaled::TooLarge => Err(Refusal::Fault(Fault::bound(FaultCode::TooLarge, node, max))),
        Scaled::TooSmall => Err(Refusal::Fault(Fault::bound(FaultCode::TooSmall, node, min))),
    }
}

/// A text that does not fit the buffer: the device would refuse most of them, so say what it says.
fn too_long(text: Text<'_>, node: u16, max: u16) -> Refusal<'_> {
    if max != u16::MAX && text.code_points() > usize::from(max) {
        return Refusal::Fault(Fault::bound(FaultCode::TooLong, node, max.into()));
    }
    Refusal::Space
}

/// How many elements the array at the reader has.
fn count(mut reader: Reader<'_>) -> Result<usize, JsonError> {
    let (mut count, mut first) = (0, true);
    reader.begin_array()?;
    while reader.next_element(&mut first)? {
        reader.skip_value()?;
        count += 1;
    }
    Ok(count)
}

/// Offset of the first entry of a node above `node`.
fn place(entries: &[u8], node: u16) -> usize {
    let mut reader = ValueReader::new(entries);
    let mut offset = 0;
    while let Ok(Some(entry)) = reader.entry() {
        if entry.node > node {
            break;
        }
        offset = entries.len() - reader.remaining();
    }
    offset
}

/// Writes a LEB128 varint at `at` and returns where it ends.
fn varint(mut value: u64, out: &mut [u8; 16], mut at: usize) -> usize {
    while value >= 0x80 {
        out[at] = value as u8 | 0x80;
        value >>= 7;
        at += 1;
    }
    out[at] = value as u8;
    at + 1
}
