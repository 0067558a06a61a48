//! The walk over the entries of a result, which writes it twice.

use core::borrow::Borrow;

use trine_descriptor::value::tag;
use trine_descriptor::{DEPTH_MAX, Kind};

use super::number::integer;
use super::open::Open;
use super::order;
use super::pair::{ITEM, Pair};
use super::value::{any, scalar};
use crate::Nodes;

/// The objects and arrays around an entry.
struct Around {
    /// The innermost.
    top: Open,
    outer: [Open; DEPTH_MAX - 1],
    depth: usize,
}

/// Writes entries as one object, and the same as it stands inside a string. Answers the room that
/// is left in both.
#[inline(always)]
pub(super) fn members<'t>(
    (nodes, is_plain): (impl Nodes<'t>, bool),
    mut entries: &[u8],
    out: &mut [u8],
    text: &mut [u8],
) -> Option<(usize, usize)> {
    let top = Open::object(0, nodes.count());
    let mut around = Around { top, outer: [top; DEPTH_MAX - 1], depth: 0 };
    let (mut next, mut end) = (0, top.end());
    let mut pair = Pair { out, text }.lead(top.open())?;
    while let [node @ 0..0x80, tag, value @ ..] = entries {
        let node = u16::from(*node);
        if node != next || node >= end {
            if node == next && around.ends_object(&mut pair) {
                pair = pair.behind(1)?;
                end = around.top.end_of_members();
                continue;
            }
            let len = around.reach(nodes, next, node, (&mut *pair.out, &mut *pair.text))?;
            pair = pair.behind(len)?;
            end = around.top.end_of_members();
        }
        next = node + 1;
        // Once for the name and the value.
        pair.windows()?;
        if *tag == tag::INT
            && end > 0
            && let Some(number) = nodes.integer(node)
        {
            let at;
            (pair, at) = pair.name(number.name, is_plain)?;
            (pair, entries) = match integer(value, &number.range) {
                Some((word, len, rest)) => (pair.short(at, (word, len))?, rest),
                None => any(&Kind::Int(number.range), entries, pair.after(at)?)?,
            };
            continue;
        }
        let field = nodes.field(node)?;
        let field = field.borrow();
        let at;
        if end > 0 {
            (pair, at) = pair.name(field.name.as_bytes(), is_plain)?;
        } else {
            around.top.take_item();
            at = ITEM;
        }
        (pair, entries) = match (&field.kind, *tag, value) {
            (Kind::Object { nodes }, tag::OBJECT, rest) => {
                let lead = around.open(Open::object(next, next + u16::from(*nodes)))?;
                end = around.top.end_of_members();
                (pair.short(at, (lead.into(), 0))?, rest)
            }
            (Kind::Array { nodes, min, max }, tag::ARRAY, [items @ 0..0x80, rest @ ..])
                if (*min..=*max).contains(items) =>
            {
                let first = next;
                next += u16::from(*nodes);
                let lead = around.open(Open::array(first, next, *items))?;
                end = 0;
                (pair.short(at, (lead.into(), 0))?, rest)
            }
            (kind, ..) => scalar(kind, (entries, *tag, value), pair, (at, is_plain))?,
        };
    }
    if !entries.is_empty() {
        return None;
    }
    let len = around.finish(nodes, next, (&mut *pair.out, &mut *pair.text))?;
    Some((pair.out.len().checked_sub(len)?, pair.text.len().checked_sub(len)?))
}

impl Around {
    /// Goes into an object or array, and answers its brace or bracket.
    #[inline(always)]
    fn open(&mut self, inside: Open) -> Option<u8> {
        *self.outer.get_mut(self.depth)? = self.top;
        (self.depth, self.top) = (self.depth + 1, inside);
        Some(inside.open())
    }

    /// Ends an object in another one that has members, of which none can be missing.
    #[inline(always)]
    fn ends_object(&mut self, pair: &mut Pair<'_>) -> bool {
        if !self.top.is_array()
            && let Some(depth) = self.depth.checked_sub(1)
            && let Some(outer) = self.outer.get(depth)
            && let (Some(out), Some(text)) =
                (pair.out.first_chunk_mut(), pair.text.first_chunk_mut())
            && let [b',', _] = *out
        {
            (*out, *text) = (*b"},", *b"},");
            (self.top, self.depth) = (*outer, depth);
            return true;
        }
        false
    }

    /// Ends what does not hold `node`, which comes now and not before `next`. Answers how many
    /// bytes that takes.
    #[inline(never)]
    fn reach<'t>(
        &mut self,
        nodes: impl Nodes<'t>,
        mut next: u16,
        node: u16,
        (out, text): (&mut [u8], &mut [u8]),
    ) -> Option<usize> {
        let mut len = 0;
        while !self.top.holds(node) {
            (len, next) = self.close(nodes, (len, next), out, text)?;
            self.depth = self.depth.checked_sub(1)?;
            self.top = *self.outer.get(self.depth)?;
        }
        // Each item of an array starts where the one before it has ended.
        order::reach(nodes, next, if self.top.is_array() { self.top.end() } else { node })?;
        Some(len)
    }

    /// Ends all objects and arrays, and answers how many bytes that takes.
    #[inline(always)]
    fn finish<'t>(
        &mut self,
        nodes: impl Nodes<'t>,
        mut next: u16,
        (out, text): (&mut [u8], &mut [u8]),
    ) -> Option<usize> {
        let mut len = 0;
        loop {
            (len, next) = self.close(nodes, (len, next), out, text)?;
            let Some(depth) = self.depth.checked_sub(1) else { break };
            self.depth = depth;
            self.top = *self.outer.get(depth)?;
        }
        order::reach(nodes, next, nodes.count())?;
        Some(len)
    }

    /// Ends the innermost object or array, `len` bytes behind the start of the room. Answers where
    /// its comma is then, and the node that may come next.
    #[inline(always)]
    fn close<'t>(
        &self,
        nodes: impl Nodes<'t>,
        (len, next): (usize, u16),
        out: &mut [u8],
        text: &mut [u8],
    ) -> Option<(usize, u16)> {
        let top = self.top;
        if !top.may_end() {
            return None;
        }
        // Nothing was written in it: its brace or bracket stays.
        let len = len + usize::from(*out.get(len)? == top.open());
        let close = [top.close(), b','];
        *out.get_mut(len..)?.first_chunk_mut()? = close;
        *text.get_mut(len..)?.first_chunk_mut()? = close;
        if !top.is_array() {
            return Some((len + 1, next));
        }
        order::reach(nodes, next, top.end())?;
        Some((len + 1, top.end()))
    }
}
