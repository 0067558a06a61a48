//! Arguments: the JSON object of a call becomes the value bytes of the descriptor's codec.
//!
//! Members may come in any order; entries leave in rising order, because each member that comes
//! late is rotated into its place. What has no encoding (an unknown name, a null, a fraction for a
//! whole number, a label that does not exist) is refused here with the code that the device would
//! use. Whatever can be encoded is left to the device to judge.

use trine_bits::varint;
use trine_descriptor::value::tag;
use trine_descriptor::{
    DEPTH_MAX, Fault, FaultCode, Kind, Side, ToolTable, ValueReader, ValueWriter,
};

use crate::json::{JsonError, JsonReader, JsonText, Kind as Json, Number, Scaled};

/// Why arguments were not encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal<'m> {
    /// A rule of the descriptor is broken.
    Fault(Fault),
    /// There is no parameter of this name.
    Unknown(JsonText<'m>),
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
    /// Where the member being read starts in the buffer.
    member: usize,
    /// First node inside it, and one past the last.
    first: u16,
    end: u16,
    /// Lowest node that may follow at the end; a lower one has to be moved forward.
    next: u16,
    /// Node of the member being read.
    node: u16,
    array: bool,
}

impl Open {
    const fn new((first, end): (u16, u16), start: usize, array: bool) -> Self {
        Self { start, member: start, first, end, next: first, node: first, array }
    }
}

/// Encodes the arguments object that starts `rest` into `out`. Answers the length of the entries
/// and the text behind the object.
pub(crate) fn encode<'m, T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    rest: &'m [u8],
    out: &mut [u8],
) -> Result<(usize, &'m [u8]), Refusal<'m>> {
    let mut top = Open::new((0, table.node_count(tool, Side::Params)), 0, false);
    let mut outer = [top; DEPTH_MAX - 1];
    let (mut depth, mut len, mut first) = (0usize, 0, true);
    let mut reader = JsonReader::new(rest);
    reader.begin_object()?;
    loop {
        let more = if top.array {
            top.node = top.first;
            reader.next_element(&mut first)?
        } else if let Some(name) = reader.next_member(&mut first)? {
            top.node = member(table, tool, &top, name).ok_or(Refusal::Unknown(name))?;
            true
        } else {
            false
        };
        if !more {
            // The container ends, and with it a member of the one around it.
            let Some(at) = depth.checked_sub(1) else { return Ok((len, reader.rest())) };
            depth = at;
            let nodes = top.end - top.first;
            top = *outer.get(at).ok_or(TABLE)?;
            settle(&mut top, nodes, out.get_mut(..len).ok_or(Refusal::Space)?)?;
            first = false;
            continue;
        }
        let kind = table.node(tool, Side::Params, top.node).ok_or(TABLE)?.kind;
        top.member = len;
        if kind.nodes() == 0 && !matches!(kind, Kind::Object { .. }) {
            let room = out.get_mut(len..).ok_or(Refusal::Space)?;
            len += scalar(top.node, kind, &mut reader, room)?;
            settle(&mut top, 0, out.get_mut(..len).ok_or(Refusal::Space)?)?;
            continue;
        }
        let (entered, rest) = enter(top.node, kind, reader.rest())?;
        reader.go_on(rest);
        len += open(top.node, &entered, out.get_mut(len..).ok_or(Refusal::Space)?)?;
        *outer.get_mut(depth).ok_or(TABLE)? = top;
        depth += 1;
        let nodes = (top.node + 1, top.node + 1 + kind.nodes() as u16);
        top = Open::new(nodes, len, matches!(entered, Entered::Array(_)));
        first = true;
    }
}

/// The table is not what its own check would accept.
const TABLE: Refusal<'static> = fault(FaultCode::Malformed, trine_descriptor::NO_NODE);

/// The member of `open` with this name: usually the one after the last.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn member<T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    open: &Open,
    name: JsonText<'_>,
) -> Option<u16> {
    let fast_path = open.next < open.end
        && table
            .node(tool, Side::Params, open.next)
            .is_some_and(|field| name.plain() == Some(field.name.as_bytes()));
    if fast_path { Some(open.next) } else { search(table, tool, (open.first, open.end), name) }
}

#[inline(never)]
fn search<T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    (mut node, end): (u16, u16),
    name: JsonText<'_>,
) -> Option<u16> {
    while node < end {
        let field = table.node(tool, Side::Params, node)?;
        if name.is(field.name.as_bytes()) {
            return Some(node);
        }
        node += 1 + field.kind.nodes() as u16;
    }
    None
}

/// After a member: moves its entries in front of those of higher nodes. `nodes` lie inside it.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn settle<'m>(top: &mut Open, nodes: u16, out: &mut [u8]) -> Result<(), Refusal<'m>> {
    if top.array {
        return Ok(());
    }
    if top.node >= top.next {
        top.next = top.node + 1 + nodes;
        return Ok(());
    }
    move_forward(top, out)
}

#[inline(never)]
fn move_forward<'m>(top: &Open, out: &mut [u8]) -> Result<(), Refusal<'m>> {
    let before = out.get(top.start..top.member).ok_or(Refusal::Space)?;
    let mut reader = ValueReader::new(before);
    let mut place = top.start;
    while let Ok(Some(entry)) = reader.entry() {
        if entry.node == top.node {
            return Err(fault(FaultCode::Repeated, top.node));
        }
        if entry.node > top.node {
            break;
        }
        place = top.member - reader.remaining();
    }
    let moved = out.len().saturating_sub(top.member);
    if let Some(room) = out.get_mut(place..).filter(|room| moved <= room.len()) {
        room.rotate_right(moved);
    }
    Ok(())
}

/// Writes the entry that precedes those of a container, and answers its length.
fn open<'m>(node: u16, entered: &Entered, out: &mut [u8]) -> Result<usize, Refusal<'m>> {
    let mut writer = ValueWriter::new(out);
    match entered {
        Entered::Object => writer.object(node),
        Entered::Array(items) => writer.array(node, *items),
    }
    if writer.overflowed() { Err(Refusal::Space) } else { Ok(writer.len()) }
}

/// What a container field opened.
enum Entered {
    Object,
    Array(u16),
}

/// Enters the object or array that the field takes, and gives the text behind its brace or bracket.
#[inline(never)]
fn enter<'m>(
    node: u16,
    kind: Kind<'_>,
    rest: &'m [u8],
) -> Result<(Entered, &'m [u8]), Refusal<'m>> {
    let mut reader = JsonReader::new(rest);
    match (kind, reader.kind()?) {
        (Kind::Object { .. }, Json::Object) => {
            reader.begin_object()?;
            Ok((Entered::Object, reader.rest()))
        }
        (Kind::Array { max, .. }, Json::Array) => {
            let (items, inside) = count(reader.rest())?;
            let items = u16::try_from(items)
                .map_err(|_| Refusal::Fault(Fault::bound(FaultCode::TooMany, node, max.into())))?;
            Ok((Entered::Array(items), inside))
        }
        _ => Err(fault(FaultCode::WrongType, node)),
    }
}

/// Encodes one scalar at the start of `out` and answers the length of its entry.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn scalar<'m>(
    node: u16,
    kind: Kind<'_>,
    reader: &mut JsonReader<'m>,
    out: &mut [u8],
) -> Result<usize, Refusal<'m>> {
    let mut writer = ValueWriter::new(out);
    match (kind, reader.next_byte()?) {
        (Kind::Int(range), b'0'..=b'9' | b'-') => {
            let number = reader.number()?;
            let value = match number.small() {
                Some(small) => small,
                None => scaled(number, 0, node, (range.min, range.max))?
                    .ok_or(fault(FaultCode::WrongType, node))?,
            };
            writer.int(node, value);
        }
        (Kind::Decimal(range), b'0'..=b'9' | b'-') => {
            let value = scaled(reader.number()?, range.places, node, (range.min, range.max))?;
            let step = Fault::bound(FaultCode::NotAMultiple, node, range.step.max(1));
            writer.decimal(node, value.ok_or(Refusal::Fault(step))?);
        }
        (Kind::Bool, b't' | b'f') => writer.bool(node, reader.bool()?),
        (Kind::Choice(_), b'"') => {
            let text = reader.string()?;
            let label = kind.labels().position(|label| text.is(label.as_bytes()));
            writer.label(node, label.ok_or(fault(FaultCode::NotAChoice, node))? as u16);
        }
        (Kind::Text { max, .. }, b'"') => {
            let value = reader.string()?;
            text(node, value, &mut writer);
            if writer.overflowed() {
                return Err(too_long(value, node, max));
            }
        }
        _ => {
            reader.kind()?;
            return Err(fault(FaultCode::WrongType, node));
        }
    }
    if writer.overflowed() { Err(Refusal::Space) } else { Ok(writer.len()) }
}

/// Writes a text entry, decoded on the way.
fn text(node: u16, text: JsonText<'_>, writer: &mut ValueWriter<'_>) {
    varint::encode(node.into(), |byte| writer.slice(&[byte]));
    writer.slice(&[tag::TEXT]);
    varint::encode(text.decoded_len() as u64, |byte| writer.slice(&[byte]));
    match text.plain() {
        Some(plain) => writer.slice(plain),
        None => {
            let mut utf8 = [0; 4];
            text.pieces().for_each(|piece| writer.slice(piece.bytes(&mut utf8)));
        }
    }
}

const fn fault<'m>(code: FaultCode, node: u16) -> Refusal<'m> {
    Refusal::Fault(Fault::new(code, node))
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
fn too_long(text: JsonText<'_>, node: u16, max: u16) -> Refusal<'_> {
    if max != u16::MAX && text.code_points() > usize::from(max) {
        return Refusal::Fault(Fault::bound(FaultCode::TooLong, node, max.into()));
    }
    Refusal::Space
}

/// How many elements the array that starts `rest` has, and the text behind its bracket.
#[inline(never)]
fn count(rest: &[u8]) -> Result<(usize, &[u8]), JsonError> {
    let mut reader = JsonReader::new(rest);
    let (mut count, mut first) = (0, true);
    reader.kind()?;
    reader.begin_array()?;
    let inside = reader.rest();
    while reader.next_element(&mut first)? {
        reader.skip_value()?;
        count += 1;
    }
    Ok((count, inside))
}
