//! Objects and arrays, and what they hold at every depth.

use core::borrow::Borrow;

use trine_descriptor::{DEPTH_MAX, Fault, FaultCode, Kind, ValueWriter};

use super::{Refusal, TABLE, fault, member, move_forward, scalar};
use crate::Nodes;
use crate::json::{JsonError, JsonReader, Kind as Json};

/// An object or array whose members are being encoded.
#[derive(Clone, Copy)]
pub(super) struct Open {
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
    pub(super) const fn new((first, end): (u16, u16), start: usize, array: bool) -> Self {
        Self { start, member: start, first, end, next: first, node: first, array }
    }
}

/// Encodes what a container holds, behind its brace or bracket. Answers where its entries end and
/// the text behind it.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(never))]
#[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(always))]
pub(super) fn encode<'m, 't>(
    nodes: impl Nodes<'t>,
    mut top: Open,
    rest: &'m [u8],
    out: &mut [u8],
) -> Result<(usize, &'m [u8]), Refusal<'m>> {
    let mut outer = [top; DEPTH_MAX - 1];
    let (mut depth, mut len, mut first) = (0usize, top.start, true);
    let mut reader = JsonReader::new(rest);
    loop {
        let more = if top.array {
            top.node = top.first;
            reader.next_element(&mut first)?
        } else if let Some(name) = reader.next_member(&mut first)? {
            let place = (top.next, (top.first, top.end));
            top.node = member(nodes, place, name).ok_or(Refusal::Unknown(name))?;
            true
        } else {
            false
        };
        if !more {
            // The container ends, and with it a member of the one around it.
            let Some(at) = depth.checked_sub(1) else { return Ok((len, reader.rest())) };
            depth = at;
            let inside = top.end - top.first;
            top = *outer.get(at).ok_or(TABLE)?;
            settle(&mut top, inside, out.get_mut(..len).ok_or(Refusal::Space)?)?;
            first = false;
            continue;
        }
        let field = nodes.field(top.node).ok_or(TABLE)?;
        let kind = &field.borrow().kind;
        top.member = len;
        let room = out.get_mut(len..).ok_or(Refusal::Space)?;
        if !kind.is_container() {
            let value = scalar::encode(top.node, kind, reader.rest(), room)?;
            reader.go_on(value.rest);
            len += value.len;
            settle(&mut top, 0, out.get_mut(..len).ok_or(Refusal::Space)?)?;
            continue;
        }
        let (entered, rest) = enter(top.node, kind, reader.rest(), room)?;
        reader.go_on(rest);
        *outer.get_mut(depth).ok_or(TABLE)? = top;
        depth += 1;
        len += entered.start;
        top = Open { start: len, member: len, ..entered };
        first = true;
    }
}

/// After a member: moves its entries in front of those of higher nodes. `nodes` lie inside it.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
fn settle<'m>(top: &mut Open, nodes: u16, out: &mut [u8]) -> Result<(), Refusal<'m>> {
    if top.array {
        return Ok(());
    }
    if top.node >= top.next {
        top.next = top.node + 1 + nodes;
        return Ok(());
    }
    move_forward(top.node, (top.start, top.member), out)
}

/// Enters the object or array that the field takes: writes the entry that precedes its own, and
/// gives the text behind its brace or bracket.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(never))]
pub(super) fn enter<'m>(
    node: u16,
    kind: &Kind<'_>,
    rest: &'m [u8],
    out: &mut [u8],
) -> Result<(Open, &'m [u8]), Refusal<'m>> {
    let (entered, rest) = opened(node, *kind, rest)?;
    let len = open(node, &entered, out)?;
    let inside = (node + 1, node + 1 + kind.nodes() as u16);
    Ok((Open::new(inside, len, matches!(entered, Entered::Array(_))), rest))
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

#[inline(never)]
fn opened<'m>(
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
            let items = u16::try_from(items).map_err(|_| {
                let most = if max == u8::MAX { i64::from(u16::MAX) } else { max.into() };
                Refusal::Fault(Fault::bound(FaultCode::TooMany, node, most))
            })?;
            Ok((Entered::Array(items), inside))
        }
        _ => Err(fault(FaultCode::WrongType, node)),
    }
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
