//! The short way to judge a plain value: flat, small, and right.
//!
//! Nearly every call of a device has a handful of truth values, labels and small numbers, and none
//! of them is wrong. This judges such bytes in one straight loop, with a third of the instructions
//! of the walk in [`crate::validate()`]. Whatever it is not sure of, it leaves to that walk, which
//! also finds the words for what is wrong.

use crate::value::tag;
use crate::{Field, Kind};

/// `true` only where [`crate::validate()`] accepts `bytes` too; `false` says nothing.
pub(crate) fn accepts(nodes: &[Field<'_>], bytes: &[u8]) -> bool {
    let mut fields = nodes.iter();
    let mut next = 0;
    let mut rest = bytes;
    while let &[node, mark, first, ref tail @ ..] = rest {
        // From `0x80` on a number has more bytes than one.
        if node >= 0x80 || first >= 0x80 && !matches!(mark, tag::INT | tag::DECIMAL) {
            return false;
        }
        let field = loop {
            let Some(field) = fields.next() else { return false };
            next += 1;
            if next > node {
                break field;
            }
            if !may_be_missing(field) {
                return false;
            }
        };
        if next != node + 1 {
            return false;
        }
        rest = tail;
        let fits = match (&field.kind, mark) {
            (Kind::Bool, tag::BOOL) => first <= 1,
            (Kind::Choice(_), tag::LABEL) => field.kind.has_label(usize::from(first)),
            (Kind::Int(range), tag::INT) => match number(first, &mut rest) {
                Some(value) => range.min <= value.into() && range.max >= value.into(),
                None => false,
            },
            (Kind::Decimal(range), tag::DECIMAL) => match number(first, &mut rest) {
                Some(value) => {
                    let within = range.min <= value.into() && range.max >= value.into();
                    within && is_multiple(value, range.step)
                }
                None => false,
            },
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    rest.is_empty() && fields.all(may_be_missing)
}

/// Whether a field may be missing whatever the others hold. An object that is missing would take
/// its members with it, which is for the walk to say.
const fn may_be_missing(field: &Field<'_>) -> bool {
    !field.required && field.required_if.is_none() && !field.kind.is_container()
}

/// A zigzag varint of one or two bytes, of which `first` was taken from `rest` already.
fn number(first: u8, rest: &mut &[u8]) -> Option<i32> {
    let mut raw = i32::from(first);
    if first >= 0x80 {
        let (&second, tail) = rest.split_first()?;
        // Zero would be a byte more than needed.
        if second == 0 || second >= 0x80 {
            return None;
        }
        *rest = tail;
        raw = raw & 0x7f | i32::from(second) << 7;
    }
    Some(raw >> 1 ^ -(raw & 1))
}

fn is_multiple(value: i32, step: i64) -> bool {
    // A step of no 32 bits is for the walk to divide by.
    match u32::try_from(step) {
        Ok(0) => true,
        Ok(step) => value.unsigned_abs().is_multiple_of(step),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::validate::walk;
    use crate::{Condition, DecimalRange, IntRange, Side, Tool, ToolInfo};
    use std::vec::Vec;

    static SMALL: IntRange = IntRange { min: -3, max: 100 };
    static WIDE: IntRange = IntRange { min: i64::MIN, max: 9_000_000_000 };
    static STEPS: DecimalRange = DecimalRange { min: -50, max: 350, step: 5, places: 1 };
    static FREE: DecimalRange = DecimalRange { min: 1, max: i64::MAX, step: 0, places: 1 };
    static LARGE: DecimalRange = DecimalRange { min: 0, max: i64::MAX, step: 1 << 40, places: 1 };
    static WHEN: Condition = Condition { node: 0, label: 0 };
    static PLAIN: [Field<'_>; 5] = [
        Field::new("on", Kind::Bool),
        Field::new("which", Kind::Choice("a|b|c")).optional(),
        Field::new("small", Kind::Int(&SMALL)).optional(),
        Field::new("wide", Kind::Int(&WIDE)).optional(),
        Field::new("free", Kind::Decimal(&FREE)).optional(),
    ];
    static NUMBERS: [Field<'_>; 2] = [
        Field::new("steps", Kind::Decimal(&STEPS)),
        Field::new("large", Kind::Decimal(&LARGE)).optional(),
    ];
    static NESTED: [Field<'_>; 4] = [
        Field::new("inner", Kind::Object { nodes: 1 }).optional(),
        Field::new("member", Kind::Bool).optional(),
        Field::new("items", Kind::Array { nodes: 1, min: 0, max: 3 }),
        Field::new("", Kind::Int(&SMALL)),
    ];
    static WHENS: [Field<'_>; 3] = [
        Field::new("which", Kind::Choice("a|b")),
        Field::new("on", Kind::Bool).required_when(&WHEN),
        Field::new("text", Kind::Text { min: 0, max: 4 }).optional(),
    ];
    static TOOLS: [Tool<'_>; 2] = [
        Tool::new(ToolInfo::new("a", "One."), &PLAIN, &NUMBERS),
        Tool::new(ToolInfo::new("b", "Two."), &NESTED, &WHENS),
    ];

    /// Bytes that are nearly always some entries, and often those of the table.
    fn some_bytes(next: &mut impl FnMut() -> usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut node = 0;
        for _ in 0..next() % 5 {
            node += (next() % 3).saturating_sub(1) as u8;
            bytes.extend([node, [1, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 7][next() % 12]]);
            match next() % 8 {
                0 => bytes.extend([next() as u8 | 0x80, next() as u8 % 5]),
                1 => bytes.extend([next() as u8 | 0x80, 0x80, 1]),
                2 => {}
                _ => bytes.push(next() as u8 % 16),
            }
            node += 1;
        }
        bytes
    }

    #[test]
    fn what_the_short_way_accepts_the_walk_accepts() {
        let mut random = 1_u64;
        let mut next = move || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 40) as usize
        };
        let (mut short, mut long) = (0, 0);
        for _ in 0..100_000 {
            let bytes = some_bytes(&mut next);
            for (tool, table) in TOOLS.iter().enumerate() {
                for (side, nodes) in [(Side::Params, table.params), (Side::Output, table.output)] {
                    let walked = walk(&TOOLS, tool as u16, side, &bytes);
                    if accepts(nodes, &bytes) {
                        assert_eq!(walked, Ok(()), "{tool} {side:?} {bytes:?}");
                        short += 1;
                    }
                    long += usize::from(walked.is_ok());
                }
            }
        }
        assert!(short > 400 && long > short, "{short} of {long}");
    }

    #[test]
    fn plain_values_go_the_short_way_and_others_do_not() {
        for (nodes, bytes) in [
            (&PLAIN[..], &[0, 1, 1, 1, 5, 2][..]),
            (&PLAIN, &[0, 1, 0, 1, 5, 0, 2, 2, 0xc8, 1]),
            (&NUMBERS, &[0, 3, 0xbc, 5]),
            (&WHENS, &[0, 5, 1, 1, 1, 0]),
        ] {
            assert!(accepts(nodes, bytes), "{bytes:?}");
        }
        for (nodes, bytes) in [
            // Out of range, on no step, a byte too many, cut off, missing.
            (&PLAIN[..], &[0, 1, 2, 1, 5, 2][..]),
            (&PLAIN, &[0, 1, 1, 1, 5, 3]),
            (&PLAIN, &[0, 1, 0, 1, 5, 0, 2, 2, 0xca, 1]),
            (&NUMBERS, &[0, 3, 0xbe, 5]),
            (&NUMBERS, &[0, 3, 4]),
            (&PLAIN, &[0, 1, 0, 1, 5, 0, 2, 2, 0x80, 0]),
            (&PLAIN, &[0, 1]),
            (&PLAIN, &[]),
            // Whether this may be missing depends on another.
            (&WHENS, &[0, 5, 1]),
        ] {
            assert!(!accepts(nodes, bytes), "{bytes:?}");
        }
    }
}
