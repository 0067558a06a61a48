//! Judging encoded values against a descriptor.

use crate::args::given;
use crate::value::{Item, tag};
use crate::{DEPTH_MAX, Fault, FaultCode, NO_NODE, Rule, Rules, Side, ValueReader};

/// Checks every rule of one side of a tool's descriptor: types, bounds, labels, what is required,
/// nothing twice, nothing unknown. It holds exactly when the JSON Schema that [`crate::schema`]
/// exports accepts the same value.
///
/// One pass, no recursion, at most [`DEPTH_MAX`] open containers on the stack.
///
/// # Errors
/// The first [`Fault`] in the order of the bytes.
pub fn validate<T: Rules + ?Sized>(
    table: &T,
    tool: u16,
    side: Side,
    bytes: &[u8],
) -> Result<(), Fault> {
    #[cfg(target_pointer_width = "64")]
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
    let top = Open { node: NO_NODE, next: 0, end, items: NO_ITEMS };
    let outer = [Open::NONE; DEPTH_MAX - 1];
    let mut walk = Walk { rule, bytes, top, outer, depth: 0, fault: MALFORMED };
    let mut reader = ValueReader::new(bytes);
    let mut sound = true;
    while sound && !reader.is_at_end() {
        sound = reader.item().is_ok_and(|item| walk.item(&item));
    }
    if sound && walk.finish() { Ok(()) } else { Err(walk.fault) }
}

const MALFORMED: Fault = Fault::new(FaultCode::Malformed, NO_NODE);

/// An object or array whose entries are being read.
#[derive(Clone, Copy)]
struct Open {
    /// The node of the object or array; [`NO_NODE`] for the root.
    node: u16,
    /// The first node that may come next.
    next: u16,
    /// One past the last node that belongs to it.
    end: u16,
    /// Items still to come; [`NO_ITEMS`] for objects.
    items: u16,
}

impl Open {
    // Not all zeros, which would be cleared by a call that costs more than these few stores.
    const NONE: Self = Self { node: NO_NODE, next: 0, end: 0, items: 0 };
}

/// Beside every count of items: no message has room for as many.
const NO_ITEMS: u16 = u16::MAX;

/// What is known half-way. Its parts answer whether all was right so far, and leave in `fault` what
/// was not: passing that from hand to hand would cost more than all the checks.
struct Walk<'b, F> {
    rule: F,
    bytes: &'b [u8],
    /// The container that the next entry is expected in, and those around it.
    top: Open,
    outer: [Open; DEPTH_MAX - 1],
    depth: usize,
    fault: Fault,
}

impl<F: Fn(u16) -> Option<Rule>> Walk<'_, F> {
    /// Takes one entry: closes what it is no part of, and judges it.
    fn item(&mut self, item: &Item<'_>) -> bool {
        let node = item.node;
        loop {
            let top = self.top;
            if top.items == NO_ITEMS {
                // A node at or before the object itself is the next item of an array around it.
                if node < top.end && (self.depth == 0 || node > top.node) {
                    break;
                }
                if self.depth == 0 {
                    return self.fail(FaultCode::Unknown, node);
                }
                if !self.skip(top.end) {
                    return false;
                }
            } else if top.items > 0 {
                self.top.items -= 1;
                // Fewer items than the count says: no value, whatever the bounds are.
                return node == top.next && self.judge(item);
            }
            self.close();
        }
        if node < self.top.next {
            return self.fail(FaultCode::Repeated, node);
        }
        (node == self.top.next || self.skip(node)) && self.judge(item)
    }

    /// Steps over members that were not given, up to `until`.
    fn skip(&mut self, until: u16) -> bool {
        let mut next = self.top.next;
        while next < until {
            let Some(rule) = (self.rule)(next) else { return false };
            if rule.required {
                return self.fail(FaultCode::Missing, next);
            }
            if let Some(condition) = rule.required_if
                && given(self.bytes, condition.node).is_some_and(|other| {
                    other.tag == tag::LABEL && other.number == i64::from(condition.label)
                })
            {
                self.fault.bound = condition.node.into();
                return self.fail(FaultCode::MissingBecause, next);
            }
            next += 1 + u16::from(rule.nodes);
        }
        // A node inside a container that was not opened is no sibling.
        next == until
    }

    /// Goes back to the container around this one.
    fn close(&mut self) {
        self.depth -= 1;
        self.top = self.outer.get(self.depth).copied().unwrap_or(Open::NONE);
    }

    fn finish(&mut self) -> bool {
        loop {
            let top = self.top;
            let closed = match top.items {
                0 => true,
                NO_ITEMS => top.next == top.end || self.skip(top.end),
                _ => false,
            };
            if self.depth == 0 || !closed {
                return closed;
            }
            self.close();
        }
    }

    /// The rules of one node by itself.
    fn judge(&mut self, item: &Item<'_>) -> bool {
        let node = item.node;
        let Some(rule) = (self.rule)(node) else { return false };
        if item.tag != rule.tag {
            return self.fail(FaultCode::WrongType, node);
        }
        let mut number = item.number;
        if item.tag == tag::TEXT {
            let Some(points) = code_points(item.text) else { return false };
            number = points.into();
        }
        if number < rule.min {
            self.fault.bound = rule.min;
            return self.fail(too_small(item.tag), node);
        }
        if number > rule.max {
            // A label is no number to its reader.
            self.fault.bound = if item.tag == tag::LABEL { 0 } else { rule.max };
            return self.fail(too_large(item.tag), node);
        }
        if rule.step > 1 && !is_multiple(number.unsigned_abs(), rule.step) {
            self.fault.bound = rule.step.cast_signed();
            return self.fail(FaultCode::NotAMultiple, node);
        }
        if self.top.items == NO_ITEMS {
            self.top.next = node + 1 + u16::from(rule.nodes);
        }
        item.tag < tag::OBJECT || self.open(item, rule.nodes)
    }

    /// Goes into an object or array.
    fn open(&mut self, item: &Item<'_>, nodes: u8) -> bool {
        let items = if item.tag == tag::ARRAY { item.number as u16 } else { NO_ITEMS };
        let Some(place) = self.outer.get_mut(self.depth) else { return false };
        *place = self.top;
        self.depth += 1;
        let next = item.node + 1;
        self.top = Open { node: item.node, next, end: next + u16::from(nodes), items };
        item.tag == tag::OBJECT || items != NO_ITEMS
    }

    fn fail(&mut self, code: FaultCode, node: u16) -> bool {
        (self.fault.code, self.fault.node) = (code, node);
        false
    }
}

/// What a number below the minimum breaks, by what is counted.
const fn too_small(tag: u8) -> FaultCode {
    match tag {
        tag::TEXT => FaultCode::TooShort,
        tag::ARRAY => FaultCode::TooFew,
        _ => FaultCode::TooSmall,
    }
}

const fn too_large(tag: u8) -> FaultCode {
    match tag {
        tag::TEXT => FaultCode::TooLong,
        tag::ARRAY => FaultCode::TooMany,
        tag::LABEL => FaultCode::NotAChoice,
        _ => FaultCode::TooLarge,
    }
}

/// Whether `step`, which has 63 bits at most, divides `value`. Long division by hand where 32 bits
/// are not enough: that of a microcontroller's library takes half a kilobyte of flash.
fn is_multiple(mut value: u64, step: u64) -> bool {
    if let (Ok(value), Ok(step)) = (u32::try_from(value), u32::try_from(step)) {
        return value.is_multiple_of(step);
    }
    let mut rest = 0;
    for _ in 0..u64::BITS {
        rest = rest << 1 | value >> 63;
        value <<= 1;
        if rest >= step {
            rest -= step;
        }
    }
    rest == 0
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
            continue;
        }
        let (more, least) = match first {
            0xc0..0xe0 => (1, 0x80),
            0xe0..0xf0 => (2, 0x800),
            0xf0..0xf8 => (3, 0x1_0000),
            _ => return None,
        };
        let mut point = u32::from(*first) & (0x3f >> more);
        for _ in 0..more {
            let [next @ 0x80..0xc0, tail @ ..] = rest else { return None };
            point = point << 6 | u32::from(next & 0x3f);
            rest = tail;
        }
        if point < least || point > 0x10_ffff || point >> 11 == 0x1b {
            return None;
        }
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{code_points, is_multiple};
    use std::vec::Vec;

    #[test]
    fn text_is_counted_exactly_where_it_is_utf8() {
        let mut random = 1_u32;
        let mut next = move || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            random >> 16
        };
        let edges = [0, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4];
        let more = [0x8f, 0x90, 0x9f, 0xa0, 0xf5, 0xf8, 0xff, b'a'];
        let all: Vec<u8> = edges.into_iter().chain(more).collect();
        let mut good = 0;
        for _ in 0..200_000 {
            let len = next() as usize % 7;
            let bytes: Vec<u8> = (0..len).map(|_| all[next() as usize % all.len()]).collect();
            let wanted = core::str::from_utf8(&bytes).ok().map(|text| text.chars().count() as u32);
            assert_eq!(code_points(&bytes), wanted, "{bytes:x?}");
            good += usize::from(wanted.is_some());
        }
        assert!(good > 1_000, "{good}");
        for point in (0..=0x11_0000).filter_map(char::from_u32) {
            assert_eq!(code_points(point.encode_utf8(&mut [0; 4]).as_bytes()), Some(1));
        }
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
