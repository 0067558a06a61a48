//! Arguments: the JSON object of a call becomes the value bytes of the descriptor's codec.
//!
//! Members may come in any order; entries leave in rising order, because each member that comes
//! late is rotated into its place. What has no encoding (an unknown name, a null, a fraction for a
//! whole number, a label that does not exist) is refused here with the code that the device would
//! use. Whatever can be encoded is left to the device to judge.
//!
//! On 64-bit hosts it is judged on the way, and what stands without spaces and escapes, as nearly
//! everything does, is recognised at a glance; whatever else there is goes the one way of all.

mod any_order;
mod container;
mod judge;
mod scalar;
#[cfg(test)]
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
mod tests;

use core::borrow::Borrow;

use trine_descriptor::{Fault, FaultCode, Integer, Kind, ValueReader};

use crate::Nodes;
use crate::json::reader::expect;
use crate::json::words::{is_plain, same};
use crate::json::{JsonError, JsonReader, JsonText};
use container::Open;
use judge::Judge;

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

/// What became of arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoded<'m> {
    /// Length of the entries.
    pub(crate) len: usize,
    /// Whether they keep every rule of the descriptor; if not, who runs the tool has to find out.
    pub(crate) checked: bool,
    /// The text behind the object.
    pub(crate) rest: &'m [u8],
}

/// A value that was encoded.
struct Value<'m> {
    /// Length of its entries.
    len: usize,
    /// Whether it is known to keep the rules of its node.
    right: bool,
    /// How many nodes lie inside its node.
    inside: u16,
    /// The text behind it.
    rest: &'m [u8],
}

/// Whether arguments are judged while they are encoded: on 64-bit hosts, where flash is no matter.
const JUDGES: bool = cfg!(all(target_pointer_width = "64", not(trine_small)));

/// Encodes the arguments object that starts `text` into `out`. `is_plain` says that no name needs
/// an escape.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) fn encode<'m, 't>(
    (nodes, is_plain): (impl Nodes<'t>, bool),
    text: &'m [u8],
    out: &mut [u8],
) -> Result<Encoded<'m>, Refusal<'m>> {
    if !JUDGES {
        let top = Open::new((0, nodes.count()), 0, false);
        let (len, rest) = container::encode(nodes, top, expect(text, b'{')?, out)?;
        return Ok(Encoded { len, checked: false, rest });
    }
    let (mut len, mut next, mut lead) = (0, 0, b'{');
    let mut judge = Judge::new();
    let mut rest = text;
    loop {
        let room = out.get_mut(len..).ok_or(Refusal::Space)?;
        if let Some((written, right, behind)) =
            expected((nodes, is_plain), next, (rest, lead), room)
        {
            judge.note(next, right);
            (len, next, rest, lead) = (len + written, next + 1, behind, b',');
            continue;
        }
        return match (rest, lead) {
            ([b'}', rest @ ..], b',') | ([b'{', b'}', rest @ ..], b'{') => {
                let checked = judge.end(nodes, out.get(..len).unwrap_or_default());
                Ok(Encoded { len, checked, rest })
            }
            _ => encode_others((nodes, is_plain), (next, len, judge), (rest, lead), out),
        };
    }
}

/// Takes the arguments object that starts `text` as it is.
#[cfg(feature = "verbatim")]
pub(crate) fn verbatim<'m>(text: &'m [u8], out: &mut [u8]) -> Result<Encoded<'m>, Refusal<'m>> {
    expect(text, b'{')?;
    let mut reader = JsonReader::new(text);
    let object = reader.skip_value()?;
    let len = object.len();
    out.get_mut(..len).ok_or(Refusal::Space)?.copy_from_slice(object);
    Ok(Encoded { len, checked: false, rest: reader.rest() })
}

/// Encodes what is left of the arguments behind the members of all nodes below `next`.
#[inline(never)]
fn encode_others<'m, 't>(
    (nodes, is_plain): (impl Nodes<'t>, bool),
    (mut next, mut len, mut judge): (u16, usize, Judge),
    (mut rest, mut lead): (&'m [u8], u8),
    out: &mut [u8],
) -> Result<Encoded<'m>, Refusal<'m>> {
    let flat = any_order::encode((nodes, is_plain), (next, len, judge), (rest, lead), out);
    if let Some(encoded) = flat {
        return Ok(encoded);
    }
    loop {
        let (node, text) = match other(nodes, next, (rest, lead))? {
            (Some(node), text) => (node, text),
            (None, rest) => {
                let checked = judge.end(nodes, out.get(..len).unwrap_or_default());
                return Ok(Encoded { len, checked, rest });
            }
        };
        lead = b',';
        let room = out.get_mut(len..).ok_or(Refusal::Space)?;
        let value = value(nodes, node, text, room)?;
        rest = value.rest;
        judge.note(node, value.right);
        let end = len + value.len;
        if node < next {
            move_forward(node, (0, len), out.get_mut(..end).ok_or(Refusal::Space)?)?;
        } else {
            next = node + 1 + value.inside;
        }
        len = end;
    }
}

/// Encodes the next member, if that is node `next` and needs no second look: the length of its
/// entry, whether it keeps the rules of its node, and what follows. `None` says nothing.
#[inline(always)]
fn expected<'m, 't>(
    (nodes, is_plain): (impl Nodes<'t>, bool),
    next: u16,
    (rest, lead): (&'m [u8], u8),
    out: &mut [u8],
) -> Option<(usize, bool, &'m [u8])> {
    let [first, b'"', text @ ..] = rest else { return None };
    let node = u8::try_from(next).ok().filter(|node| *node < 0x80 && *first == lead)?;
    match nodes.integer(next) {
        Some(Integer { name, range, .. }) => {
            scalar::plain(node, &Kind::Int(range), named(text, name, is_plain)?, out)
        }
        None => {
            let field = nodes.field(next)?;
            let field = field.borrow();
            scalar::plain(node, &field.kind, named(text, field.name.as_bytes(), is_plain)?, out)
        }
    }
}

/// What follows a member's name and colon, if this is its name, and plain, which may be known.
#[inline(always)]
fn named<'m>(text: &'m [u8], name: &[u8], known: bool) -> Option<&'m [u8]> {
    match text.split_at_checked(name.len())? {
        (raw, [b'"', b':', rest @ ..]) if same(raw, name) && (known || is_plain(raw)) => Some(rest),
        _ => None,
    }
}

/// Any next member: its node, none at the end of the object, and the text behind its colon.
#[inline(never)]
fn other<'m, 't>(
    nodes: impl Nodes<'t>,
    next: u16,
    (rest, lead): (&'m [u8], u8),
) -> Result<(Option<u16>, &'m [u8]), Refusal<'m>> {
    let mut reader = JsonReader::new(rest);
    let mut first = lead == b'{';
    if first {
        reader.begin_object()?;
    }
    let Some(name) = reader.next_member(&mut first)? else { return Ok((None, reader.rest())) };
    let all = (0, nodes.count());
    let node = member(nodes, (next, all), name).ok_or(Refusal::Unknown(name))?;
    Ok((Some(node), reader.rest()))
}

/// Encodes a value of any kind.
#[inline(never)]
fn value<'m, 't>(
    nodes: impl Nodes<'t>,
    node: u16,
    text: &'m [u8],
    out: &mut [u8],
) -> Result<Value<'m>, Refusal<'m>> {
    let field = nodes.field(node).ok_or(TABLE)?;
    let kind = &field.borrow().kind;
    if !kind.is_container() {
        if let Some(number) = u8::try_from(node).ok().filter(|node| *node < 0x80)
            && let Some((len, right, rest)) = scalar::plain(number, kind, text, out)
        {
            return Ok(Value { len, right, inside: 0, rest });
        }
        return scalar::encode(node, kind, text, out);
    }
    let (top, inside) = container::enter(node, kind, text, out)?;
    let (len, rest) = container::encode(nodes, top, inside, out)?;
    Ok(Value { len, right: false, inside: kind.nodes() as u16, rest })
}

/// The table is not what its own check would accept.
const TABLE: Refusal<'static> = fault(FaultCode::Malformed, trine_descriptor::NO_NODE);

/// The member of this name among the nodes of an object, usually the next one.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
fn member<'t>(
    nodes: impl Nodes<'t>,
    (next, (first, end)): (u16, (u16, u16)),
    name: JsonText<'_>,
) -> Option<u16> {
    let is_next = next < end
        && nodes
            .field(next)
            .is_some_and(|field| name.plain() == Some(field.borrow().name.as_bytes()));
    if is_next { Some(next) } else { search(nodes, (first, end), name) }
}

#[inline(never)]
fn search<'t>(
    nodes: impl Nodes<'t>,
    (mut node, end): (u16, u16),
    name: JsonText<'_>,
) -> Option<u16> {
    while node < end {
        let field = nodes.field(node)?;
        let field = field.borrow();
        let is_it = match name.plain() {
            Some(plain) => same(plain, field.name.as_bytes()),
            None => name.is(field.name.as_bytes()),
        };
        if is_it {
            return Some(node);
        }
        node += 1 + field.kind.nodes() as u16;
    }
    None
}

/// Moves the entries of a member in front of those of higher nodes. `start` is where the entries of
/// its object start, `member` where its own do.
#[inline(never)]
fn move_forward<'m>(
    node: u16,
    (start, member): (usize, usize),
    out: &mut [u8],
) -> Result<(), Refusal<'m>> {
    let before = out.get(start..member).ok_or(Refusal::Space)?;
    let mut reader = ValueReader::new(before);
    let mut place = start;
    while let Ok(entry) = reader.item() {
        if entry.node == node {
            return Err(fault(FaultCode::Repeated, node));
        }
        if entry.node > node {
            break;
        }
        place = member - reader.remaining();
    }
    let moved = out.len().saturating_sub(member);
    if let Some(room) = out.get_mut(place..).filter(|room| moved <= room.len()) {
        room.rotate_right(moved);
    }
    Ok(())
}

const fn fault<'m>(code: FaultCode, node: u16) -> Refusal<'m> {
    Refusal::Fault(Fault::new(code, node))
}
