//! Short ways for 64-bit hosts to judge and to find plain values: flat, small, and right.
//!
//! Nearly every call has a handful of Booleans, labels and small numbers, and none of them is
//! wrong. One straight loop settles those; whatever it is not sure of is left to the walk, which
//! also finds the words for what is wrong. A microcontroller has the walk alone, which is smaller.

use core::borrow::Borrow;

use crate::value::tag;
use crate::{Args, Field, Integer, Kind};

/// For 64-bit hosts: `true` only where all nodes are integers, and `bytes` small ones of them,
/// each in its bounds. `false` says nothing.
// Nothing else is in this loop, so that it needs few registers.
#[must_use]
#[inline(always)]
pub fn accepts_integers<'t>(
    count: usize,
    node_at: impl Fn(u8) -> Option<Integer<'t>>,
    mut bytes: &[u8],
) -> bool {
    // The number of a higher node has more bytes than one.
    if count > 0x80 {
        return false;
    }
    for next in 0..count as u8 {
        let [node, mark, first, ref tail @ ..] = *bytes else { return false };
        let Some(Integer { range, .. }) = node_at(next) else { return false };
        if u16::from_le_bytes([node, mark]) != u16::from_le_bytes([next, tag::INT]) {
            return false;
        }
        bytes = tail;
        let Some(value) = number(first, &mut bytes) else { return false };
        if range.min > value || range.max < value {
            return false;
        }
    }
    bytes.is_empty()
}

/// `true` only where the walk of these nodes accepts `bytes` too; `false` says nothing.
#[inline(always)]
pub(crate) fn accepts<'t, F: Borrow<Field<'t>>>(
    node_at: impl Fn(u16) -> Option<F>,
    mut bytes: &[u8],
) -> bool {
    let mut place = Place { next: 0, items: 0, first: 0, end: 0 };
    while let [node @ 0..0x80, mark, ref tail @ ..] = *bytes {
        if !place.is_for(node.into(), &node_at) {
            return false;
        }
        let Some(field) = node_at(node.into()) else { return false };
        let kind = &field.borrow().kind;
        place.next += 1;
        bytes = tail;
        if let (Kind::Object { .. }, tag::OBJECT) = (kind, mark) {
            continue;
        }
        let [first, ref tail @ ..] = *bytes else { return false };
        bytes = tail;
        let fits = match kind {
            Kind::Int(range) if mark == tag::INT => match number(first, &mut bytes) {
                Some(value) => range.min <= value && range.max >= value,
                None => false,
            },
            Kind::Decimal(range) if mark == tag::DECIMAL => match number(first, &mut bytes) {
                Some(value) => {
                    let multiple = value.checked_rem(range.step).is_none_or(|rest| rest == 0);
                    range.min <= value && range.max >= value && multiple
                }
                None => false,
            },
            Kind::Bool => mark == tag::BOOL && first <= 1,
            kind @ Kind::Choice(_) => {
                mark == tag::LABEL && first < 0x80 && kind.has_label(usize::from(first))
            }
            Kind::Text { min, max } => match bytes.split_at_checked(first.into()) {
                Some((text, tail)) if mark == tag::TEXT && first < 0x80 && text.is_ascii() => {
                    bytes = tail;
                    (*min..=*max).contains(&first.into())
                }
                _ => false,
            },
            &Kind::Array { nodes, min, max } => {
                let items = u16::from(first);
                let bounds = min.into()..=max.into();
                mark == tag::ARRAY
                    && first < 0x80
                    && bounds.contains(&items)
                    && place.open(nodes.into(), items)
            }
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    bytes.is_empty() && place.is_end(&node_at)
}

/// Where the next entry may stand.
struct Place {
    /// The first node that may come next.
    next: u16,
    /// In an array: the items still to come, their node, and one past their last.
    items: u16,
    first: u16,
    /// 0 outside of arrays.
    end: u16,
}

impl Place {
    /// Whether an entry of the node may come next.
    #[inline(always)]
    fn is_for<'t, F: Borrow<Field<'t>>>(
        &mut self,
        node: u16,
        node_at: &impl Fn(u16) -> Option<F>,
    ) -> bool {
        if self.end != 0 && !self.leave(node, node_at) {
            return false;
        }
        self.next == node || self.skip(node, node_at)
    }

    /// Whether all that must be there was there.
    #[inline(always)]
    fn is_end<'t, F: Borrow<Field<'t>>>(&mut self, node_at: &impl Fn(u16) -> Option<F>) -> bool {
        (self.end == 0 || self.leave(u16::MAX, node_at)) && {
            while let Some(left_out) = node_at(self.next) {
                if !self.step_over(left_out.borrow()) {
                    return false;
                }
            }
            true
        }
    }

    /// Goes into an array; one inside another is left to the walk.
    #[inline(always)]
    fn open(&mut self, nodes: u16, items: u16) -> bool {
        if self.end != 0 {
            return false;
        }
        let first = self.next;
        *self = Self { next: first + nodes, items, first, end: first + nodes };
        true
    }

    /// At the start of an item, or behind the last one.
    fn leave<'t, F: Borrow<Field<'t>>>(
        &mut self,
        node: u16,
        node_at: &impl Fn(u16) -> Option<F>,
    ) -> bool {
        if node == self.first && self.items > 0 {
            let ends = self.skip(self.end, node_at);
            (self.items, self.next) = (self.items - 1, self.first);
            return ends;
        }
        if node < self.end {
            return true;
        }
        let ends = self.items == 0 && self.skip(self.end, node_at);
        self.end = 0;
        ends
    }

    /// Steps over nodes that were not given, up to `until`.
    fn skip<'t, F: Borrow<Field<'t>>>(
        &mut self,
        until: u16,
        node_at: &impl Fn(u16) -> Option<F>,
    ) -> bool {
        while self.next < until {
            if !node_at(self.next).is_some_and(|left_out| self.step_over(left_out.borrow())) {
                return false;
            }
        }
        self.next == until
    }

    /// Whether a field may be missing whatever the others hold; its members are then missing too.
    #[inline(always)]
    const fn step_over(&mut self, field: &Field<'_>) -> bool {
        self.next += 1 + field.kind.nodes() as u16;
        !field.required && field.required_if.is_none()
    }
}

/// A zigzag varint of one or two bytes, of which `first` was taken from `rest` already.
#[inline(always)]
fn number(first: u8, rest: &mut &[u8]) -> Option<i64> {
    if first < 0x80 {
        return Some(i64::from(first >> 1) ^ -i64::from(first & 1));
    }
    // Zero would be a byte more than needed.
    let [second @ 1..0x80, ref tail @ ..] = **rest else { return None };
    *rest = tail;
    let raw = i64::from(first & 0x7f) | i64::from(second) << 7;
    Some(raw >> 1 ^ -(raw & 1))
}

/// The number of the first entry of `node`, if its tag is `wanted` and all before it are plain;
/// what is found elsewhere is for the reader of entries.
#[inline(always)]
pub(crate) fn given(mut bytes: &[u8], node: u16, wanted: u8) -> Option<i64> {
    // The number of a higher node has more bytes than one.
    if node >= 0x80 {
        return None;
    }
    while let [at, mark, first, ref tail @ ..] = *bytes {
        bytes = tail;
        if u16::from(at) == node && mark == wanted {
            return match wanted {
                tag::INT | tag::DECIMAL => number(first, &mut bytes),
                tag::BOOL if first <= 1 => Some(first.into()),
                tag::LABEL if first < 0x80 => Some(first.into()),
                _ => None,
            };
        }
        match mark {
            _ if at >= 0x80 || u16::from(at) == node => return None,
            tag::INT if first < 0x80 => {}
            tag::INT | tag::DECIMAL if first >= 0x80 => _ = number(first, &mut bytes)?,
            tag::INT | tag::DECIMAL => {}
            tag::BOOL if first <= 1 => {}
            tag::LABEL if first < 0x80 => {}
            _ => return None,
        }
    }
    None
}

impl Args<'_> {
    /// For 64-bit hosts: the number of a Boolean, a number or a label of that [`tag`], if it is
    /// found at once; `None` says nothing.
    #[must_use]
    #[inline(always)]
    pub fn plain(&self, node: u16, tag: u8) -> Option<i64> {
        given(self.bytes(), node, tag)
    }
}

#[cfg(test)]
mod tests;
