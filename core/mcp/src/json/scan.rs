//! Finds the first byte of a string that needs attention, a machine word at a time.
//!
//! The word trick is Mycroft's zero-byte test ("Bit Twiddling Hacks", *determine if a word has a
//! byte less than n*). A borrow can only spoil bytes above a true hit, and only the lowest hit is
//! used, so the answer is exact.

pub(crate) const WORD: usize = size_of::<usize>();
const ONES: usize = usize::MAX / 0xff;
const HIGH: usize = ONES << 7;

/// Spreads one byte over a word.
const fn spread(byte: u8) -> usize {
    ONES * byte as usize
}

/// Marks, in the high bit of each byte, those that are `"`, `\`, below 0x20 or not ASCII.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) fn special(word: usize) -> usize {
    (quote_or_less(word) | word) & HIGH
}

/// The same for those that are ASCII; what is said of other bits and bytes means nothing.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
const fn quote_or_less(word: usize) -> usize {
    let quote = (word ^ spread(b'"')).wrapping_sub(ONES);
    let escape = (word ^ spread(b'\\')).wrapping_sub(ONES);
    let control = word.wrapping_sub(spread(0x20));
    quote | escape | control
}

/// Index of the first byte of a word that is `"`, `\\` or a control; 8 where none is.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) fn first_quote(word: usize) -> usize {
    // A borrow never comes from a byte that is not ASCII.
    (quote_or_less(word) & !word & HIGH).trailing_zeros() as usize / 8
}

/// Index of the first byte at or after `at` that is `"`, `\`, a control or not ASCII, else the
/// length.
#[inline]
pub(crate) fn plain_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<WORD>) {
        let hits = special(usize::from_le_bytes(*chunk));
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += WORD;
    }
    // The last word may overlap bytes that were found plain before.
    if let Some((before, chunk)) = bytes.split_last_chunk::<WORD>()
        && before.len() <= at
        && at - before.len() < WORD
        && start <= before.len()
    {
        let hits = special(usize::from_le_bytes(*chunk));
        let plain = hits.trailing_zeros() as usize / 8;
        return (before.len() + plain).min(bytes.len());
    }
    while let Some(&byte) = bytes.get(at) {
        if is_special(byte) {
            break;
        }
        at += 1;
    }
    at
}

/// Index of the first byte at or after `at` that needs attention, if it is in the first word;
/// else some index before it.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) fn word_of_plain(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..).and_then(<[u8]>::first_chunk::<WORD>) {
        Some(chunk) => {
            let hits = special(usize::from_le_bytes(*chunk));
            at + (hits.trailing_zeros() as usize / 8)
        }
        None => at,
    }
}

/// Whether a byte of a string needs attention.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) const fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..0x20 | 0x80..)
}

/// Length in bytes of the UTF-8 sequence that starts at `at` with a byte of 0x80 or more; `None`
/// if it is not well formed (Unicode 15, table 3-7: no overlongs, no surrogates, at most U+10FFFF).
pub(crate) fn sequence_len(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let follows = |index: usize| rest.get(index).is_some_and(|byte| byte & 0xc0 == 0x80);
    let (len, second) = match rest.first()? {
        0xc2..=0xdf => (2, 0x80..=0xbf),
        0xe0 => (3, 0xa0..=0xbf),
        0xe1..=0xec | 0xee..=0xef => (3, 0x80..=0xbf),
        0xed => (3, 0x80..=0x9f),
        0xf0 => (4, 0x90..=0xbf),
        0xf1..=0xf3 => (4, 0x80..=0xbf),
        0xf4 => (4, 0x80..=0x8f),
        _ => return None,
    };
    let well_formed = rest.get(1).is_some_and(|byte| second.contains(byte))
        && (len < 3 || follows(2))
        && (len < 4 || follows(3));
    well_formed.then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_position_is_classed_right() {
        for value in 0..=255u8 {
            for position in 0..40 {
                let mut bytes = [b'a'; 40];
                bytes[position] = value;
                let special = !(0x20..0x80).contains(&value) || matches!(value, b'"' | b'\\');
                let expected = if special { position } else { 40 };
                assert_eq!(plain_end(&bytes, 0), expected, "{value:#x} at {position}");
                for start in 0..=position {
                    assert_eq!(plain_end(&bytes[..40 - start], start.min(40 - start)), {
                        let end = 40 - start;
                        if special && position < end && position >= start.min(end) {
                            position
                        } else {
                            end
                        }
                    });
                }
            }
        }
    }

    #[test]
    fn a_word_is_searched_where_there_is_one() {
        let text = b"plain ASCII \"of some\" words";
        for start in 0..=text.len() + 1 {
            let wanted = match text.get(start..).and_then(|rest| rest.get(..WORD)) {
                Some(word) => start + word.iter().position(|it| *it == b'"').unwrap_or(WORD),
                None => start,
            };
            assert_eq!(word_of_plain(text, start), wanted, "from {start}");
        }
    }

    #[test]
    fn sequences_agree_with_the_standard_library() {
        for first in 0x80..=255u8 {
            for second in 0..=255u8 {
                for tail in [[0x80, 0x80], [0xbf, 0xbf], [0x41, 0x80], [0x80, 0x41], [0xc0, 0x80]] {
                    let bytes = [first, second, tail[0], tail[1]];
                    let expected = (2..=4).find(|&len| {
                        core::str::from_utf8(&bytes[..len]).is_ok_and(|s| s.chars().count() == 1)
                    });
                    assert_eq!(sequence_len(&bytes, 0), expected, "{bytes:x?}");
                }
            }
        }
        assert_eq!(sequence_len(&[0xe2, 0x82], 0), None);
    }
}
