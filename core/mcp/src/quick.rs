//! Arguments as clients nearly always send them: flat, in the descriptor's order, no spaces.
//!
//! Only 64-bit hosts look whether they are, and take [`crate::call::encode`] at the first member
//! that is spelt, placed or typed in any other way, or has no room. So nothing is refused here. A
//! microcontroller has the one general way, which is smaller.

use trine_descriptor::value::tag;
use trine_descriptor::{Field, Kind};

use crate::json::Number;
use crate::json::scan::plain_end;
use crate::json::words::{leading_digits, same_short};

/// Most members: the number of a node and its tag are then a byte each.
const MEMBERS_MAX: usize = 0x80;

/// Encodes the object that starts `text`, and answers the length of its entries and what follows.
#[inline(never)]
pub(crate) fn encode<'m>(
    nodes: &[Field<'_>],
    mut text: &'m [u8],
    out: &mut [u8],
) -> Option<(usize, &'m [u8])> {
    let (mut lead, mut len) = (b'{', 0);
    for (node, field) in (0..MEMBERS_MAX as u8).zip(nodes) {
        let (written, rest) = member(lead, field, node, text, out.get_mut(len..)?)?;
        len += written;
        if let [b'}', rest @ ..] = rest {
            return Some((len, rest));
        }
        text = rest;
        lead = b',';
    }
    None
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
            let (value, rest) = match natural(text) {
                Some(natural) => natural,
                None => {
                    Number::read(text).and_then(|(number, rest)| Some((number.small()?, rest)))?
                }
            };
            ends(rest).then_some(())?;
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

/// A natural number of few digits that ends a member, which needs no further look at its grammar.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn natural(text: &[u8]) -> Option<(i64, &[u8])> {
    let (count, value) = leading_digits(text)?;
    let rest = text.get(count..)?;
    let whole = count == 1 || (count > 1 && !matches!(text, [b'0', ..]));
    (whole && ends(rest)).then_some((value, rest))
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
