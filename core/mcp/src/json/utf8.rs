//! Passes over UTF-8 in few instructions a byte, for hosts of 64 bits.
//!
//! A finite automaton whose states are shifts: a byte's row holds the next state for each state,
//! six bits each, so that a step is one load and one shift (Per Vognsen, "Shift-based DFAs"). The
//! states are those of the well-formed sequences of Unicode 15, table 3-7, and one more for where
//! a string needs attention.

use super::scan::{WORD, first_quote, special};

/// Bytes after which the walk sees whether ASCII follows.
const HALF: usize = WORD / 2;

/// Between sequences.
const ACCEPT: u64 = 0;
/// One, two or three bytes are missing, which may be any that continue.
const ONE: u64 = 6;
const TWO: u64 = 12;
const THREE: u64 = 18;
/// The next byte is bounded: after 0xe0, 0xed, 0xf0 and 0xf4.
const E0: u64 = 24;
const ED: u64 = 30;
const F0: u64 = 36;
const F4: u64 = 42;
/// Behind a byte that no sequence has there. No byte leads out of this state, nor out of the next.
const REJECT: u64 = 48;
/// Behind a byte between sequences that needs attention.
const STOP: u64 = 54;

/// The state that a byte leads to.
const fn next(state: u64, byte: u8) -> u64 {
    match (state, byte) {
        (STOP, _) | (ACCEPT, 0..0x20 | b'"' | b'\\') => STOP,
        (ACCEPT, 0x20..=0x7f) | (ONE, 0x80..=0xbf) => ACCEPT,
        (ACCEPT, 0xc2..=0xdf) | (TWO, 0x80..=0xbf) | (E0, 0xa0..=0xbf) | (ED, 0x80..=0x9f) => ONE,
        (ACCEPT, 0xe0) => E0,
        (ACCEPT, 0xed) => ED,
        (ACCEPT, 0xe1..=0xef) | (THREE, 0x80..=0xbf) | (F0, 0x90..=0xbf) | (F4, 0x80..=0x8f) => TWO,
        (ACCEPT, 0xf0) => F0,
        (ACCEPT, 0xf1..=0xf3) => THREE,
        (ACCEPT, 0xf4) => F4,
        _ => REJECT,
    }
}

/// The next states of each byte.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
static ROWS: [u64; 256] = {
    let (mut rows, mut byte) = ([0; 256], 0);
    while byte < 256 {
        let mut state = ACCEPT;
        while state <= STOP {
            rows[byte] |= next(state, byte as u8) << state;
            state += 6;
        }
        byte += 1;
    }
    rows
};

/// Index of the first byte behind the sequence at `at` that needs attention, or of one before it
/// that is ASCII; `None` if one before that is no sequence.
#[inline(never)]
pub(super) fn sequences_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut rest = bytes.get(at..)?;
    loop {
        rest = sequences(rest)?;
        if let [b'"', ..] = rest {
            break;
        }
        while let Some((word, behind)) = rest.split_first_chunk::<WORD>() {
            let hits = special(usize::from_le_bytes(*word));
            if hits != 0 {
                rest = rest.get(hits.trailing_zeros() as usize / 8..)?;
                break;
            }
            rest = behind;
        }
        if !matches!(rest, [0x80..=0xff, ..]) {
            break;
        }
    }
    Some(bytes.len() - rest.len())
}

/// What follows the first sequences, and may be in the midst of ASCII behind them; `None` if one is
/// none.
#[inline(always)]
fn sequences(mut rest: &[u8]) -> Option<&[u8]> {
    let mut state = ACCEPT;
    while let Some((word, behind)) = rest.split_first_chunk::<WORD>() {
        let (first, second) = word.split_first_chunk::<HALF>()?;
        let half = first.iter().fold(state, step) & 63;
        if half == ACCEPT && matches!(second, [0..0x80, ..]) {
            return rest.get(HALF..);
        }
        let next = second.iter().fold(half, step) & 63;
        if next == STOP {
            return rest.get(first_quote(usize::from_le_bytes(*word))..);
        }
        if next == REJECT {
            return None;
        }
        (rest, state) = (behind, next);
        if state == ACCEPT && matches!(rest, [0..0x80, ..]) {
            return Some(rest);
        }
    }
    while let [byte, behind @ ..] = rest {
        state = step(state, byte) & 63;
        if state >= REJECT {
            return (state == STOP).then_some(rest);
        }
        rest = behind;
    }
    (state == ACCEPT).then_some(rest)
}

/// The state behind a byte, in the low six bits.
#[inline(always)]
fn step(state: u64, byte: &u8) -> u64 {
    ROWS.get(usize::from(*byte)).copied().unwrap_or_default() >> (state & 63)
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_bits::rounds;

    /// Whether the end of the sequences at `at` is what the standard library says.
    fn agrees(bytes: &[u8], at: usize) -> bool {
        let needs_attention = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\');
        let text = bytes[at..].split(needs_attention).next().unwrap();
        let is_right = core::str::from_utf8(text).is_ok();
        match sequences_end(bytes, at) {
            None => !is_right,
            Some(end) => {
                end <= at + text.len()
                    && (end > at || bytes[at..].first().is_none_or(u8::is_ascii))
                    && bytes[end..].first().is_none_or(u8::is_ascii)
                    && core::str::from_utf8(&bytes[at..end]).is_ok()
            }
        }
    }

    #[test]
    fn it_agrees_with_the_standard_library() {
        let thirds: &[u8] =
            if rounds(50) == 1 { &[0x41, 0x80] } else { &[0x41, 0x80, 0x9f, 0xbf, 0xc2] };
        for first in 0..=255u8 {
            for second in 0..=255u8 {
                for (third, fourth) in
                    thirds.iter().flat_map(|one| thirds.iter().map(|two| (*one, *two)))
                {
                    // At the start of a word, and across its end.
                    for at in [0, 6] {
                        let mut bytes = [b'a'; 11];
                        bytes[at..at + 4].copy_from_slice(&[first, second, third, fourth]);
                        for end in [at + 1, at + 2, at + 3, 11] {
                            let bytes = &bytes[..end];
                            assert!(agrees(bytes, 0) && agrees(bytes, at), "{bytes:x?}");
                        }
                    }
                }
            }
        }
        assert_eq!((sequences_end(b"", 0), sequences_end(b"a", 2)), (Some(0), None));
    }

    #[test]
    fn it_agrees_on_texts_that_are_cut_or_have_a_byte_that_is_wrong() {
        let texts = [
            "éÀ߿\u{80}éééé",
            "größer als Öl",
            "Привет, мир",
            "日本語 \u{800}\u{d7ff}",
            "🙂a\u{10ffff}",
        ];
        for text in texts {
            for end in 0..=text.len() {
                let cut = &text.as_bytes()[..end];
                assert!(agrees(cut, 0), "{text} to {end}");
            }
            for at in 0..text.len() {
                let mut bytes = text.as_bytes().to_vec();
                for byte in 0..=255 {
                    bytes[at] = byte;
                    assert!(agrees(&bytes, 0), "{text}: {byte:#x} at {at}");
                }
            }
        }
    }

    #[test]
    fn the_walk_ends_where_a_string_needs_attention() {
        let ends = |text: &str| sequences_end(text.as_bytes(), 0).unwrap();
        assert_eq!(ends("\u{e9}1234567890123456789012345\\n\u{e9}"), 27);
        assert_eq!(ends("\u{e9}1234567890\u{e9}12345678\u{e9}\u{e9}\u{e9}\"\u{e9}......"), 28);
        assert_eq!(ends("\u{e9}\u{e9}\u{e9}\u{e9}\"}}"), 8);
        assert_eq!(ends("\u{20ac}\u{20ac}a\u{1f}\u{20ac}."), 7);
        assert_eq!(ends("\u{e9}a\u{1f}"), 3);
        // Too few bytes are left for a word: the rest is for who reads single bytes.
        assert_eq!(ends("\u{e9}\u{e9}1\"\u{e9}}"), 4);
        assert_eq!(sequences_end(b"\x80a\"......", 0), None);
        assert_eq!(sequences_end(b"\xc3\xa9.\"\x80......", 0), Some(3));
    }
}
