//! Small numbers: judged, and written in one walk.

use trine_descriptor::{DecimalRange, IntRange};

use super::cursor::Cursor;
use crate::json::words::digits;

/// The numbers below 100, in two digits each.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
const PAIRS: [[u8; 2]; 100] = {
    let (mut pairs, mut at) = ([[0; 2]; 100], 0);
    while at < 100 {
        pairs[at] = [b'0' + at as u8 / 10, b'0' + at as u8 % 10];
        at += 1;
    }
    pairs
};

/// Whether the number whose zigzag form this is lies within bounds.
#[inline(always)]
fn within(zigzag: u32, min: i64, max: i64) -> Option<i64> {
    let value = i64::from(zigzag >> 1) ^ -i64::from(zigzag & 1);
    (min <= value && value <= max).then_some(value)
}

/// Whether a scaled number is the multiple that it has to be.
#[inline(always)]
pub(super) fn is_multiple(value: i64, range: &DecimalRange) -> bool {
    value.checked_rem(range.step).is_none_or(|rest| rest == 0)
}

/// Writes the number whose zigzag form this is.
#[inline(always)]
pub(super) fn number(
    zigzag: u32,
    range: &IntRange,
    out: &mut Cursor<'_>,
    text: &mut Cursor<'_>,
) -> Option<()> {
    within(zigzag, range.min, range.max)?;
    let small = zigzag >> 1;
    if zigzag & 1 == 0 && small < 100 {
        let &[tens, ones] = PAIRS.get(small as usize)?;
        let (word, len) = if small < 10 { ([ones, b' '], 1) } else { ([tens, ones], 2) };
        out.start(&word, len)?;
        return text.start(&word, len);
    }
    if zigzag & 1 == 1 {
        out.literal(b"-")?;
        text.literal(b"-")?;
    }
    let (word, len) = digits(u64::from(small + (zigzag & 1)))?;
    out.start(&word.to_le_bytes(), len)?;
    text.start(&word.to_le_bytes(), len)
}

/// Writes the decimal whose zigzag form this is, of few places, in its shortest form.
#[inline(always)]
pub(super) fn decimal<'o>(
    zigzag: u32,
    range: &DecimalRange,
    out: &mut Cursor<'o>,
    text: &mut Cursor<'o>,
) -> Option<()> {
    if !is_multiple(within(zigzag, range.min, range.max)?, range) {
        return None;
    }
    let (mut size, mut places) = ((zigzag >> 1) + (zigzag & 1), usize::from(range.places));
    if zigzag & 1 == 1 {
        out.literal(b"-")?;
        text.literal(b"-")?;
    }
    while places > 0 && size % 10 == 0 {
        (size, places) = (size / 10, places - 1);
    }
    let (word, len) = digits(u64::from(size))?;
    // As many digits as places and one more, with zeros in front.
    let (word, len) = if len > places {
        (word, len)
    } else {
        let zeros = places + 1 - len;
        let front = u64::from_le_bytes([b'0'; 8]) & !(u64::MAX << (8 * zeros));
        (word << (8 * zeros) | front, places + 1)
    };
    let whole = len - places;
    for both in [out, text] {
        both.start(&word.to_le_bytes(), whole)?;
        if places > 0 {
            both.literal(b".")?;
            both.start(&(word >> (8 * whole)).to_le_bytes(), places)?;
        }
    }
    Some(())
}
