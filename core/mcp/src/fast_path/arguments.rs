//! Arguments in the descriptor's order, flat, without spaces.
//!
//! What is encoded is judged at the same time, so that a usual call needs no second look at it.

use core::borrow::Borrow;

use trine_bits::varint;
use trine_descriptor::value::tag;
use trine_descriptor::{Field, IntRange, Integer, Kind, Side, ToolTable};

use super::{after, quoted};
use crate::json::words::same_start;
use crate::json::writer::copy;
use crate::json::{Number, Scaled};
use crate::{Catalog, Nodes};

/// Most members: the number of a node and its tag are then a byte each.
const NODES_MAX: usize = 0x80;

/// What became of arguments.
#[derive(Clone, Copy)]
pub(super) struct Encoded<'m> {
    /// Length of the entries.
    pub(super) len: usize,
    /// Whether they keep every rule; if not, who runs the tool has to find out.
    pub(super) checked: bool,
    /// What follows the object.
    pub(super) rest: &'m [u8],
}

/// One value: the length of its entry, whether it keeps the rules of its node, and what follows.
type Value<'m> = (usize, bool, &'m [u8]);

/// Encodes the members of an object behind its brace.
#[inline(always)]
pub(super) fn encode<'m, C: Catalog + ?Sized>(
    catalog: &C,
    tool: u16,
    text: &'m [u8],
    out: &mut [u8],
) -> Option<Encoded<'m>> {
    let (table, row) = catalog.tool(tool)?;
    match table.nodes(row, Side::Params) {
        Some(nodes) => members(nodes, text, out),
        None => members(C::nodes(table, row, Side::Params), text, out),
    }
}

#[inline(always)]
fn members<'m, 't>(nodes: impl Nodes<'t>, text: &'m [u8], out: &mut [u8]) -> Option<Encoded<'m>> {
    let count = nodes.count().min(NODES_MAX);
    let (mut node, mut checked, all) = (0, nodes.count() <= NODES_MAX, out.len());
    let mut room = out;
    let mut rest = text;
    if !matches!(text, [b'}', ..]) {
        let mut text = after(text, b"\"")?;
        loop {
            if usize::from(node) >= count {
                return None;
            }
            let at = node;
            node += 1;
            let (written, right, behind) = match nodes.integer(at) {
                Some(Integer { name, range, optional }) => {
                    let Some(value) = named(text, name) else {
                        checked &= optional;
                        continue;
                    };
                    integer(at, &range, value, room)?
                }
                None => {
                    let field = nodes.field(at)?;
                    let field = field.borrow();
                    let Some(value) = named(text, field.name.as_bytes()) else {
                        // One that was left out, perhaps; those inside a container are not ours.
                        checked &= may_be_missing(field)?;
                        continue;
                    };
                    match &field.kind {
                        Kind::Int(range) => integer(at, range, value, room)?,
                        kind => other(at, kind, value, room)?,
                    }
                }
            };
            checked &= right;
            room = room.get_mut(written..)?;
            match behind {
                [b',', b'"', next @ ..] => text = next,
                _ => {
                    rest = behind;
                    break;
                }
            }
        }
    }
    while usize::from(node) < count {
        checked &= match nodes.integer(node) {
            Some(Integer { optional, .. }) => optional,
            None => nodes.field(node).and_then(|it| may_be_missing(it.borrow())).unwrap_or(false),
        };
        node += 1;
    }
    Some(Encoded { len: all - room.len(), checked, rest: after(rest, b"}")? })
}

/// Whether a field may be missing whatever the others hold; `None` for a container.
#[inline(always)]
const fn may_be_missing(field: &Field<'_>) -> Option<bool> {
    if field.kind.is_container() {
        return None;
    }
    Some(!field.required && field.required_if.is_none())
}

/// The value of the member that starts behind its first quote, if this is its name.
#[inline(always)]
fn named<'m>(text: &'m [u8], name: &[u8]) -> Option<&'m [u8]> {
    after(same_start(text, name)?, b"\":")
}

/// Encodes a natural number of one or two digits.
#[inline(always)]
fn integer<'m>(node: u8, range: &IntRange, text: &'m [u8], out: &mut [u8]) -> Option<Value<'m>> {
    let (value, rest) = match text {
        [a @ b'0'..=b'9', b',' | b'}', ..] => (a & 15, text.get(1..)?),
        [a @ b'1'..=b'9', b @ b'0'..=b'9', b',' | b'}', ..] => {
            (10 * (a & 15) + (b & 15), text.get(2..)?)
        }
        _ => return number(node, tag::INT, 0, (range.min, range.max, 0), text, out),
    };
    let (low, high) = (value << 1 & 0x7f, value >> 6);
    let long = u8::from(high > 0);
    *out.first_chunk_mut()? = [node, tag::INT, low | long << 7, high];
    let right = range.min <= value.into() && range.max >= value.into();
    Some((usize::from(3 + long), right, rest))
}

/// Encodes a number in units of 10^-`places`.
#[inline(never)]
fn number<'m>(
    node: u8,
    tag: u8,
    places: u8,
    (min, max, step): (i64, i64, i64),
    text: &'m [u8],
    out: &mut [u8],
) -> Option<Value<'m>> {
    let (number, rest) = Number::read(text)?;
    let Scaled::Exact(value) = number.scaled(places) else { return None };
    let (head, room) = out.split_first_chunk_mut()?;
    *head = [node, tag];
    let right = (min..=max).contains(&value) && value.checked_rem(step).is_none_or(|rem| rem == 0);
    let len = varint::write(varint::zigzag(value), room)?;
    Some((2 + len, right, rest))
}

/// Encodes a value of another kind.
#[inline(never)]
fn other<'m>(node: u8, kind: &Kind<'_>, text: &'m [u8], out: &mut [u8]) -> Option<Value<'m>> {
    match kind {
        Kind::Decimal(range) => {
            let rules = (range.min, range.max, range.step);
            number(node, tag::DECIMAL, range.places, rules, text, out)
        }
        Kind::Bool => {
            let (value, rest) = match text {
                [b't', b'r', b'u', b'e', rest @ ..] => (1, rest),
                [b'f', b'a', b'l', b's', b'e', rest @ ..] => (0, rest),
                _ => return None,
            };
            *out.first_chunk_mut()? = [node, tag::BOOL, value];
            Some((3, true, rest))
        }
        Kind::Choice(_) => {
            let (value, rest) = quoted(text)?;
            let label = kind.labels().position(|label| label.as_bytes() == value)?;
            let label = u8::try_from(label).ok().filter(|label| *label < 0x80)?;
            *out.first_chunk_mut()? = [node, tag::LABEL, label];
            Some((3, true, rest))
        }
        Kind::Text { min, max } => {
            // All of it is ASCII, so a byte is a code point.
            let (value, rest) = quoted(text)?;
            let len = u8::try_from(value.len()).ok().filter(|len| *len < 0x80)?;
            let (head, room) = out.split_first_chunk_mut()?;
            *head = [node, tag::TEXT, len];
            copy(room.get_mut(..value.len())?, value);
            Some((3 + value.len(), (*min..=*max).contains(&len.into()), rest))
        }
        _ => None,
    }
}
