//! Short values: judged, and as they are written.

use trine_descriptor::{DecimalRange, IntRange};

use crate::json::words::digits;

/// The numbers below 64: their digits and a comma, and in the highest byte how many digits.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
const SMALL: [u32; 64] = {
    let (mut small, mut at) = ([0; 64], 0);
    while at < 64 {
        let (tens, ones) = (b'0' + at as u8 / 10, b'0' + at as u8 % 10);
        let all = if at < 10 { [ones, b',', 0, 1] } else { [tens, ones, b',', 2] };
        small[at] = u32::from_le_bytes(all);
        at += 1;
    }
    small
};

/// A value of at most seven characters and a comma as the low bytes of a word, how many characters
/// it has, and what follows its entry.
type Short<'e> = (u64, usize, &'e [u8]);

/// A number of one byte or two in its zigzag form, and what follows it.
#[inline(always)]
const fn zigzag(value: &[u8]) -> Option<(u32, &[u8])> {
    match value {
        [low @ 0..0x80, rest @ ..] => Some((*low as u32, rest)),
        [low, high @ 1..0x80, rest @ ..] => {
            Some(((*low & 0x7f) as u32 | (*high as u32) << 7, rest))
        }
        _ => None,
    }
}

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

/// A Boolean.
#[inline(always)]
pub(super) fn boolean(value: &[u8]) -> Option<Short<'_>> {
    let (word, len) = match value {
        [0, ..] => (*b"false,\0\0", 5),
        [1, ..] => (*b"true,\0\0\0", 4),
        _ => return None,
    };
    Some((u64::from_le_bytes(word), len, value.get(1..)?))
}

/// An integer within its bounds.
#[inline(always)]
pub(super) fn integer<'e>(value: &'e [u8], range: &IntRange) -> Option<Short<'e>> {
    match value {
        [zigzag @ 0..0x80, rest @ ..] if zigzag & 1 == 0 => {
            let size = zigzag >> 1;
            let within = range.min <= size.into() && i64::from(size) <= range.max;
            let small = SMALL.get(usize::from(size)).filter(|_| within)?;
            // What is behind the comma is overwritten, or left out at the end.
            Some((u64::from(*small), (small >> 24) as usize, rest))
        }
        _ => {
            let (zigzag, rest) = zigzag(value)?;
            within(zigzag, range.min, range.max)?;
            let (word, len) = digits(u64::from((zigzag >> 1) + (zigzag & 1)))?;
            Some(signed(zigzag, word, len, rest))
        }
    }
}

/// Digits with their sign and a comma.
#[inline(always)]
const fn signed(zigzag: u32, word: u64, len: usize, rest: &[u8]) -> Short<'_> {
    let word = word | (b',' as u64) << (8 * len);
    if zigzag & 1 == 1 { (word << 8 | b'-' as u64, len + 1, rest) } else { (word, len, rest) }
}

/// A decimal within its bounds, of at most four places, in its shortest form.
#[inline(always)]
pub(super) fn decimal<'e>(value: &'e [u8], range: &DecimalRange) -> Option<Short<'e>> {
    let (zigzag, rest) = zigzag(value)?;
    if range.places > 4 || !is_multiple(within(zigzag, range.min, range.max)?, range) {
        return None;
    }
    let (mut size, mut places) = ((zigzag >> 1) + (zigzag & 1), usize::from(range.places));
    while places > 0 && size % 10 == 0 {
        (size, places) = (size / 10, places - 1);
    }
    let (word, len) = digits(u64::from(size))?;
    if places == 0 {
        return Some(signed(zigzag, word, len, rest));
    }
    // As many digits as places and one more, with zeros in front.
    let (word, len) = if len > places {
        (word, len)
    } else {
        let zeros = places + 1 - len;
        let front = u64::from_le_bytes([b'0'; 8]) & !(u64::MAX << (8 * zeros));
        (word << (8 * zeros) | front, places + 1)
    };
    let whole = 8 * (len - places);
    let fraction = (word >> whole) << 8 | u64::from(b'.');
    let word = word & !(u64::MAX << whole) | fraction << whole;
    Some(signed(zigzag, word, len + 1, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::{format, vec::Vec};
    use trine_bits::{rounds, varint};

    /// The bytes of a number, and one behind them.
    fn entry(value: i64) -> Vec<u8> {
        let mut room = [0xff; 10];
        let len = varint::write(varint::zigzag(value), &mut room).unwrap();
        room[..=len].to_vec()
    }

    fn text((word, len, rest): Short<'_>) -> String {
        assert_eq!(rest.len(), 1, "the byte behind the entry");
        assert_eq!(word.to_le_bytes()[len], b',');
        String::from_utf8(word.to_le_bytes()[..len].to_vec()).unwrap()
    }

    #[test]
    fn integers_of_two_bytes_are_written_at_once_within_their_bounds() {
        for value in -8_192..8_192 {
            let (bytes, wide) = (entry(value), IntRange { min: value, max: value });
            assert_eq!(text(integer(&bytes, &wide).unwrap()), format!("{value}"));
            assert!(integer(&bytes, &IntRange { min: value + 1, max: i64::MAX }).is_none());
            assert!(integer(&bytes, &IntRange { min: i64::MIN, max: value - 1 }).is_none());
        }
        for value in [8_192, -8_193, 1 << 40] {
            assert!(integer(&entry(value), &IntRange::OPEN).is_none(), "{value} is left to others");
        }
        assert!(integer(&[0x80, 0, 0xff], &IntRange::OPEN).is_none(), "one byte would do");
        assert!(integer(&[], &IntRange::OPEN).is_none());
    }

    #[test]
    fn decimals_of_two_bytes_are_written_at_once_in_their_shortest_form() {
        for value in (-8_192..8_192).step_by(if rounds(50) == 1 { 37 } else { 1 }) {
            let bytes = entry(value);
            for places in 0..=4u8 {
                let mut range = DecimalRange { places, min: value, max: value, step: 0 };
                let mut digits = [0; 32];
                let mut writer = crate::json::JsonWriter::new(&mut digits);
                writer.decimal(value, places);
                let len = writer.needed();
                let expected = core::str::from_utf8(&digits[..len]).unwrap();
                let short = decimal(&bytes, &range);
                if len > 7 {
                    // With its comma it has no place in a word.
                    continue;
                }
                assert_eq!(text(short.unwrap()), expected, "{value} of {places} places");
                (range.min, range.step) = (value - 1, 7);
                assert_eq!(decimal(&bytes, &range).is_some(), value % 7 == 0);
                (range.max, range.step) = (value - 1, 0);
                assert!(decimal(&bytes, &range).is_none(), "{value} is too large");
            }
            let five = DecimalRange { places: 5, min: value, max: value, step: 0 };
            assert!(decimal(&bytes, &five).is_none(), "five places are left to others");
        }
        assert_eq!(text(decimal(&entry(-8_190), &OPEN).unwrap()), "-8.19");
        assert!(decimal(&entry(8_192), &OPEN).is_none());
    }

    const OPEN: DecimalRange = DecimalRange { places: 3, min: i64::MIN, max: i64::MAX, step: 0 };
}
