//! Flat arguments in any order, as clients send them whose JSON library sorts the names.
//!
//! Entries are written where they arrive and are put in order once, at the end.

use core::borrow::Borrow;

use super::judge::Judge;
use super::{Encoded, named, scalar};
use crate::Nodes;
use crate::json::writer::copy;

/// Most nodes that are told apart here.
const NODES: usize = u32::BITS as usize;
/// Longest entries that are kept here.
const LEN: usize = 256;
/// Entries of at most so many bytes are moved as so many; what lies behind one is not kept.
const SHORT: usize = 16;

/// An entry among those that arrived: where it starts and its length.
#[derive(Clone, Copy, Default)]
struct Spot {
    start: u8,
    len: u8,
}

/// Encodes what is left of the arguments behind the members of all nodes below `next`. `None` says
/// nothing, and has left the entries of these, the first `len` bytes of `out`, alone.
#[inline(always)]
pub(super) fn encode<'m, 't>(
    (nodes, is_plain): (impl Nodes<'t>, bool),
    (next, mut len, mut judge): (u16, usize, Judge),
    (mut rest, mut lead): (&'m [u8], u8),
    out: &mut [u8],
) -> Option<Encoded<'m>> {
    let mut spots = [Spot::default(); NODES];
    let mut arrived = [0; LEN];
    let (mut given, mut end) = (0u32, 0);
    let rest = loop {
        let text = match rest {
            [first, b'"', text @ ..] if *first == lead => text,
            [b'}', rest @ ..] if lead == b',' => break rest,
            _ => return None,
        };
        let (node, field, text) = find((nodes, is_plain), next, text)?;
        let spot = spots.get_mut(usize::from(node))?;
        let bit = 1 << node;
        if given & bit != 0 {
            return None;
        }
        given |= bit;
        let room = arrived.get_mut(end..)?;
        let (written, right, behind) = scalar::plain(node as u8, &field.borrow().kind, text, room)?;
        *spot = Spot { start: u8::try_from(end).ok()?, len: written as u8 };
        judge.note(node, right);
        (end, rest, lead) = (end + written, behind, b',');
    };
    while given != 0 {
        let spot = spots.get(given.trailing_zeros() as usize)?;
        given &= given - 1;
        let (entry, room) = (arrived.get(usize::from(spot.start)..)?, out.get_mut(len..)?);
        let size = usize::from(spot.len);
        match (entry.first_chunk::<SHORT>(), room.first_chunk_mut::<SHORT>()) {
            (Some(entry), Some(room)) if size <= SHORT => *room = *entry,
            _ => copy(room.get_mut(..size)?, entry.get(..size)?),
        }
        len += size;
    }
    let checked = judge.end(nodes, out.get(..len)?);
    Some(Encoded { len, checked, rest })
}

/// The node at or behind `from` of this name, and what follows the colon.
#[inline(always)]
fn find<'m, 't, N: Nodes<'t>>(
    (nodes, is_plain): (N, bool),
    from: u16,
    text: &'m [u8],
) -> Option<(u16, N::Field, &'m [u8])> {
    let mut node = from;
    loop {
        let field = nodes.field(node)?;
        if let Some(rest) = named(text, field.borrow().name.as_bytes(), is_plain) {
            return Some((node, field, rest));
        }
        // The members of a container are not the tool's.
        node += 1 + field.borrow().kind.nodes() as u16;
    }
}
