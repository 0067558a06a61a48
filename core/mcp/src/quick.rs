//! Arguments as clients nearly always send them: flat, in the descriptor's order, no spaces.
//!
//! On 64-bit hosts this takes members as long as it can, and [`crate::call::encode`] goes on where
//! it stops: at the first member that is spelt, placed or typed in any other way, or has no room.
//! So it refuses nothing itself. A microcontroller has the one general way, which is smaller.

use trine_descriptor::value::tag;
use trine_descriptor::{Field, Kind};

use crate::json::Number;
use crate::json::scan::plain_end;
use crate::json::words::same_short;

/// How far the arguments were read.
pub(crate) struct Done<'m> {
    /// Members read, which is the node that is usual next.
    pub(crate) members: u16,
    /// Length of their entries.
    pub(crate) len: usize,
    /// What follows them: a brace or, if anything was read, usually a comma.
    pub(crate) rest: &'m [u8],
}

/// Most members: the number of a node and its tag are then a byte each.
const MEMBERS_MAX: usize = 0x80;

/// Encodes the first members of the object that starts `rest`.
#[cfg_attr(target_pointer_width = "64", inline(always))]
pub(crate) fn encode<'m>(nodes: &[Field<'_>], rest: &'m [u8], out: &mut [u8]) -> Done<'m> {
    let mut done = Done { members: 0, len: 0, rest };
    let mut lead = b'{';
    for field in nodes.iter().take(MEMBERS_MAX) {
        let Some(out) = out.get_mut(done.len..) else { break };
        let Some((len, rest)) = member(lead, field, done.members as u8, done.rest, out) else {
            break;
        };
        done = Done { members: done.members + 1, len: done.len + len, rest };
        lead = b',';
    }
    done
}

/// Encodes one member, and answers the length of its entry and what follows.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn member<'m>(
    lead: u8,
    field: &Field<'_>,
    node: u8,
    text: &'m [u8],
    out: &mut [u8],
) -> Option<(usize, &'m [u8])> {
    let [first, b'"', text @ ..] = text else { return None };
    if *first != lead {
        return None;
    }
    let text = after_name(text, field.name.as_bytes())?;
    match (field.kind, text) {
        (Kind::Int(_), [b'0'..=b'9' | b'-', ..]) => {
            let (number, rest) = Number::read(text)?;
            let value = number.small().filter(|_| ends(rest))?;
            Some((integer(node, value, out)?, rest))
        }
        (Kind::Bool, _) => {
            let (value, rest) = match text {
                [b't', b'r', b'u', b'e', rest @ ..] => (1, rest),
                [b'f', b'a', b'l', b's', b'e', rest @ ..] => (0, rest),
                _ => return None,
            };
            *out.first_chunk_mut()? = [node, tag::BOOL, value];
            ends(rest).then_some((3, rest))
        }
        (Kind::Text { .. }, [b'"', text @ ..]) => {
            let (value, rest) = text.split_at_checked(plain_end(text, 0))?;
            let len = u8::try_from(value.len()).ok().filter(|len| *len < 0x80)?;
            let (head, room) = out.split_first_chunk_mut()?;
            *head = [node, tag::TEXT, len];
            room.get_mut(..value.len())?.copy_from_slice(value);
            let rest = rest.strip_prefix(b"\"")?;
            ends(rest).then_some((3 + value.len(), rest))
        }
        _ => None,
    }
}

/// Whether a member ends here.
#[cfg_attr(target_pointer_width = "64", inline(always))]
const fn ends(rest: &[u8]) -> bool {
    matches!(rest, [b',' | b'}', ..])
}

/// What follows `name`, a quote and a colon.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn after_name<'m>(text: &'m [u8], name: &[u8]) -> Option<&'m [u8]> {
    let rest = match same_short(text, name) {
        Some(same) if same => text.get(name.len()..)?,
        Some(_) => return None,
        None => text.strip_prefix(name)?,
    };
    rest.strip_prefix(b"\":")
}

/// Writes the entry of an integer in at most four bytes, and answers how many.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn integer(node: u8, value: i64, out: &mut [u8]) -> Option<usize> {
    let zigzag = (value << 1 ^ value >> 63).cast_unsigned();
    let out = out.first_chunk_mut::<4>()?;
    let (low, high) = (zigzag as u8, (zigzag >> 7) as u8);
    match zigzag {
        0..0x80 => {
            *out = [node, tag::INT, low, 0];
            Some(3)
        }
        0x80..0x4000 => {
            *out = [node, tag::INT, low | 0x80, high];
            Some(4)
        }
        _ => None,
    }
}
