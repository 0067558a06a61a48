//! Judging encoded values against a descriptor.

use crate::args::given;
use crate::value::{Item, tag};
use crate::{Condition, DEPTH_MAX, Fault, FaultCode, NO_NODE, Rule, Rules, Side, ValueReader};

/// Checks every rule of one side of a tool's descriptor: types, bounds, labels, what is required,
/// nothing twice, nothing unknown. It holds exactly when the JSON Schema that [`crate::schema`]
/// exports accepts the same value.
///
/// One pass, no recursion, on the stack a word for each of at most [`DEPTH_MAX`] open arrays.
///
/// # Errors
/// The first [`Fault`] in the order of the bytes.
pub fn validate<T: Rules + ?Sized>(
    table: &T,
    tool: u16,
    side: Side,
    bytes: &[u8],
) -> Result<(), Fault> {
    #[cfg(all(target_pointer_width = "64", not(trine_small)))]
    if table.accepts(tool, side, bytes) {
        return Ok(());
    }
    table.judge(tool, side, bytes)
}

/// [`validate()`] for a list of `end` nodes whose rules are found by number. Each kind of table
/// has a copy of this, so that finding a rule is a look and no call.
///
/// # Errors
/// As [`validate()`].
// Out of line: what it needs of the stack is not there while a tool runs.
#[inline(never)]
pub fn walk(end: u16, rule: impl Fn(u16) -> Option<Rule>, bytes: &[u8]) -> Result<(), Fault> {
    // One walk for all kinds of tables, which asks each through a pointer.
    #[cfg(trine_small)]
    let rule: &dyn Fn(u16) -> Option<Rule> = &rule;
    walk_nodes(Numbered { end: end.into(), rule }, bytes)
}

/// Nodes that are found by number.
pub(crate) trait Nodes {
    type Node: Node;
    /// How many there are.
    fn count(&self) -> u32;
    /// One of them, which is there.
    fn node(&self, node: u16) -> Self::Node;
}

/// Nodes that a function finds.
struct Numbered<F> {
    end: u32,
    rule: F,
}

impl<F: Fn(u16) -> Option<Rule>> Nodes for Numbered<F> {
    type Node = Rule;
    #[inline(always)]
    fn count(&self) -> u32 {
        self.end
    }
    #[inline(always)]
    fn node(&self, node: u16) -> Rule {
        (self.rule)(node).unwrap_or(Rule::NONE)
    }
}

/// What the walk asks of a node. Bounds and step are asked for once each, in this order, so that a
/// table may read them from bytes one behind the other, and only as far as they are needed.
pub(crate) trait Node {
    /// The tag of its values.
    fn tag(&self) -> u8;
    /// Whether it must be present.
    fn is_required(&self) -> bool;
    /// How many of the following nodes belong to it.
    fn nodes(&self) -> u16;
    /// When it must be present although not required.
    fn condition(&self) -> Option<Condition>;
    /// Least number allowed.
    fn min(&mut self) -> i64;
    /// Greatest number allowed.
    fn max(&mut self) -> i64;
    /// What the number must be a multiple of.
    fn step(&mut self) -> Option<u64>;
}

impl Node for Rule {
    fn tag(&self) -> u8 {
        self.tag
    }
    fn is_required(&self) -> bool {
        self.required
    }
    fn nodes(&self) -> u16 {
        self.nodes.into()
    }
    fn condition(&self) -> Option<Condition> {
        self.required_if
    }
    fn min(&mut self) -> i64 {
        self.min
    }
    fn max(&mut self) -> i64 {
        self.max
    }
    fn step(&mut self) -> Option<u64> {
        (self.step > 1).then_some(self.step)
    }
}

/// [`walk`] for nodes of any kind.
#[cfg_attr(not(trine_small), inline(always))]
#[cfg_attr(trine_small, inline(never))]
pub(crate) fn walk_nodes<N: Nodes>(nodes: N, bytes: &[u8]) -> Result<(), Fault> {
    let mut walk = Walk {
        bytes,
        top: Open::new(0, nodes.count(), 0),
        next: 0,
        nodes,
        outer: &mut [Open::NONE; DEPTH_MAX - 1],
        depth: 0,
        fault: Fault::new(FaultCode::Malformed, NO_NODE),
    };
    if walk.all() { Ok(()) } else { Err(walk.fault) }
}

/// An array whose items are being read, or all entries. Objects need nothing: their members are the
/// nodes that follow, and who skips an object skips those too.
///
/// In one word, from the lowest byte on: the first node inside the items, behind that of the items
/// themselves; one past the last node that belongs to it; and in two bytes the items still to come.
#[derive(Clone, Copy)]
struct Open(u32);

const _: () = assert!(crate::NODES_MAX < 256, "a byte says which node");

impl Open {
    /// What no array is. Not all zeros, which would be cleared by a function of the C library that
    /// is larger than a few stores.
    const NONE: Self = Self(1);

    const fn new(members: u32, end: u32, items: u32) -> Self {
        Self(members | end << 8 | items << 16)
    }

    const fn members(self) -> u32 {
        self.0 & 0xff
    }

    const fn end(self) -> u32 {
        self.0 >> 8 & 0xff
    }

    const fn items(self) -> u32 {
        self.0 >> 16
    }
}

/// Behind every node: the end of all entries.
const END: u32 = u32::MAX;

/// What is known half-way. Its parts answer whether all was right so far, and leave in `fault` what
/// was not: passing that from hand to hand would cost more than all the checks.
struct Walk<'b, N> {
    nodes: N,
    bytes: &'b [u8],
    /// The first node that may come next.
    next: u32,
    /// The array that the next entry is expected in, and those around it.
    top: Open,
    outer: &'b mut [Open; DEPTH_MAX - 1],
    depth: usize,
    fault: Fault,
}

impl<N: Nodes> Walk<'_, N> {
    /// Takes all entries, and at the end closes what is open.
    #[inline(always)]
    fn all(&mut self) -> bool {
        let mut reader = ValueReader::new(self.bytes);
        loop {
            if reader.is_at_end() {
                return self.place(END);
            }
            let item = reader.next_item();
            let Some(item) = &item else { return false };
            if !self.place(item.node.into()) || !self.judge(item) {
                return false;
            }
        }
    }

    /// Closes what the entry of a node is no part of, and asks whether it may come next.
    fn place(&mut self, node: u32) -> bool {
        loop {
            let top = self.top;
            if node >= self.next {
                if node < top.end() {
                    return self.skip(node);
                }
            } else if node >= top.members() {
                return self.fail(FaultCode::Repeated, node);
            }
            if self.depth == 0 && node != END {
                return self.fail(FaultCode::Unknown, node);
            }
            if !self.skip(top.end()) {
                return false;
            }
            if top.items() > 0 {
                // Fewer items than the count says: no value, whatever the bounds are.
                self.top.0 -= 1 << 16;
                self.next = top.members().wrapping_sub(1);
                return node == self.next;
            }
            if self.depth == 0 {
                return true;
            }
            self.depth -= 1;
            self.top = self.outer.get(self.depth).copied().unwrap_or(Open::NONE);
        }
    }

    /// Steps over nodes that were not given, up to `until`.
    #[inline(never)]
    fn skip(&mut self, until: u32) -> bool {
        while self.next < until {
            let node = self.next;
            let rule = self.nodes.node(node as u16);
            if rule.is_required() {
                return self.fail(FaultCode::Missing, node);
            }
            if let Some(condition) = rule.condition()
                && given(self.bytes, condition.node).is_some_and(|other| {
                    other.tag == tag::LABEL && other.number as u16 == condition.label
                })
            {
                self.fault.bound = condition.node.into();
                return self.fail(FaultCode::MissingBecause, node);
            }
            self.next = node + 1 + u32::from(rule.nodes());
        }
        // A node inside a container that was not opened is no sibling.
        self.next == until
    }

    /// The rules of one node by itself.
    fn judge(&mut self, item: &Item<'_>) -> bool {
        let mut rule = self.nodes.node(item.node);
        let node = item.node.into();
        if item.tag != rule.tag() {
            return self.fail(FaultCode::WrongType, node);
        }
        let mut number = item.number;
        if item.tag == tag::TEXT {
            let Some(points) = code_points(item.text) else { return false };
            number = points.into();
        }
        let (mut bound, mut side) = (rule.min(), 0);
        if number >= bound {
            (bound, side) = (rule.max(), 1);
            if number <= bound {
                side = 2;
            }
        }
        if let Some(&code) = OUT_OF_BOUNDS[usize::from(item.tag & 7)].get(side) {
            // A label is no number to its reader.
            self.fault.bound = if item.tag == tag::LABEL { 0 } else { bound };
            return self.fail(code, node);
        }
        if let Some(step) = rule.step()
            && !is_multiple(number.unsigned_abs(), step)
        {
            self.fault.bound = step.cast_signed();
            return self.fail(FaultCode::NotAMultiple, node);
        }
        self.next = node + 1;
        item.tag != tag::ARRAY || self.open(item.number as u32, rule.nodes().into())
    }

    /// Goes into an array.
    fn open(&mut self, items: u32, nodes: u32) -> bool {
        let Some(place) = self.outer.get_mut(self.depth) else { return false };
        *place = self.top;
        self.depth += 1;
        let members = self.next + 1;
        self.next += nodes;
        self.top = Open::new(members, self.next, items);
        true
    }

    fn fail(&mut self, code: FaultCode, node: u32) -> bool {
        (self.fault.code, self.fault.node) = (code, node as u16);
        false
    }
}

/// What a number below the minimum breaks, and one above the maximum, by what is counted.
const OUT_OF_BOUNDS: [[FaultCode; 2]; 8] = {
    let mut codes = [[FaultCode::TooSmall, FaultCode::TooLarge]; 8];
    codes[tag::TEXT as usize] = [FaultCode::TooShort, FaultCode::TooLong];
    codes[tag::LABEL as usize] = [FaultCode::TooSmall, FaultCode::NotAChoice];
    codes[tag::ARRAY as usize] = [FaultCode::TooFew, FaultCode::TooMany];
    codes
};

/// Whether `step`, which is not 0, divides `value`. By hand where 32 bits are not enough: the long
/// division of a microcontroller's library takes half a kilobyte of flash.
#[inline(never)]
fn is_multiple(mut value: u64, step: u64) -> bool {
    if cfg!(feature = "short")
        && let (Ok(value), Ok(step)) = (u32::try_from(value), u32::try_from(step))
    {
        return value.is_multiple_of(step);
    }
    // Takes away the greatest double of a double of the step that fits, again and again.
    while value >= step {
        let mut part = step;
        while part <= value - part {
            part <<= 1;
        }
        value -= part;
    }
    value == 0
}

/// Bytes for which it pays to look at whole words.
const LONG: usize = 32;

/// How many words of ASCII, eight bytes each, start a text.
fn ascii_words(text: &[u8]) -> usize {
    let (words, _) = text.as_chunks();
    let is_ascii = |word: &&[u8; 8]| u64::from_le_bytes(**word) & ((u64::MAX / 0xff) << 7) == 0;
    words.iter().take_while(is_ascii).count()
}

/// How many code points the bytes hold, if they are UTF-8 (RFC 3629, section 4): bounds on text
/// count those, so that 32 times `é` fits 32. Smaller than the general search of the library, and
/// nothing is read twice.
// Out of line: whoever else has to know whether bytes are UTF-8 shares it.
#[inline(never)]
#[must_use]
pub fn code_points(text: &[u8]) -> Option<u32> {
    let (mut rest, mut count) = (text, 0);
    while let [first, tail @ ..] = rest {
        rest = tail;
        count += 1;
        if *first < 0x80 {
            // Words of ASCII at once, on hosts of 64 bits, where flash is no matter.
            if cfg!(all(target_pointer_width = "64", not(trine_small))) && rest.len() >= LONG {
                let words = ascii_words(rest);
                rest = rest.get(8 * words..)?;
                count += 8 * words as u32;
            }
            continue;
        }
        let (more, least) = match first {
            ..0xc0 => return None,
            ..0xe0 => (1, 0x80),
            ..0xf0 => (2, 0x800),
            _ => (3, 0x1_0000),
        };
        // What begins with more ones than four keeps a bit that makes it too large.
        let mut point = u32::from(*first) & (0x3f >> more | 8);
        for _ in 0..more {
            let [next @ 0x80..0xc0, tail @ ..] = rest else { return None };
            point = point << 6 | u32::from(next & 0x3f);
            rest = tail;
        }
        if point < least || point > 0x10_ffff || point.wrapping_sub(0xd800) < 0x800 {
            return None;
        }
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{ascii_words, code_points, is_multiple};
    use std::vec::Vec;
    use trine_bits::{Random, rounds};

    #[test]
    fn text_is_counted_exactly_where_it_is_utf8() {
        let mut random = Random::new(1);
        let edges = [0, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4];
        let more = [0x8f, 0x90, 0x9f, 0xa0, 0xf5, 0xf8, 0xff, b'a'];
        let all: Vec<u8> = edges.into_iter().chain(more).collect();
        let mut good = 0;
        for _ in 0..rounds(200_000) {
            let len = random.below(7);
            let bytes: Vec<u8> = (0..len).map(|_| all[random.below(all.len())]).collect();
            let wanted = core::str::from_utf8(&bytes).ok().map(|text| text.chars().count() as u32);
            assert_eq!(code_points(&bytes), wanted, "{bytes:x?}");
            good += usize::from(wanted.is_some());
        }
        assert!(good > rounds(1_000), "{good}");
        for point in (0..=0x11_0000).filter_map(char::from_u32) {
            assert_eq!(code_points(point.encode_utf8(&mut [0; 4]).as_bytes()), Some(1));
        }
    }

    #[test]
    fn long_text_is_counted_wherever_it_is_not_ascii() {
        for len in 0..100 {
            let mut bytes = std::vec![b'a'; len];
            assert_eq!(code_points(&bytes), Some(len as u32));
            for at in 0..len {
                bytes[at] = 0x80;
                assert_eq!(code_points(&bytes), None, "{at} of {len}");
                bytes[at] = b'a';
                if let Some(pair) = bytes.get_mut(at..at + 2) {
                    pair.copy_from_slice(&[0xc3, 0xa9]);
                    assert_eq!(code_points(&bytes), Some(len as u32 - 1), "{at} of {len}");
                    bytes[at..at + 2].fill(b'a');
                }
            }
        }
        assert_eq!(ascii_words(&[b'a'; 31]), 3);
        assert_eq!(ascii_words("aaaaaaaaaaaaaaa\u{e9}aaaaaaaaa".as_bytes()), 1);
    }

    #[test]
    fn division_by_hand_is_division() {
        let values = [0, 1, 5, 40, 1 << 31, u64::from(u32::MAX), 1 << 40, 9_999_999_995, u64::MAX];
        for value in values {
            for step in values.into_iter().skip(1).map(|step| step.min(i64::MAX as u64)) {
                for near in [value.wrapping_sub(1), value, value.wrapping_add(1)] {
                    assert_eq!(is_multiple(near, step), near % step == 0, "{near} {step}");
                }
            }
        }
    }
}
