//! Whether bytes are UTF-8, in few instructions a byte, for hosts of 64 bits.
//!
//! A finite automaton whose states are shifts: a byte's row holds the next state for each state,
//! six bits each, so that a step is one load and one shift (Per Vognsen, "Shift-based DFAs"). The
//! states are those of the well-formed sequences of Unicode 15, table 3-7.

/// Between sequences.
const ACCEPT: u64 = 0;
/// After a byte that no sequence has there; no byte leads out of it.
const REJECT: u64 = 6;
/// One, two or three bytes are missing, which may be any that continue.
const ONE: u64 = 12;
const TWO: u64 = 18;
const THREE: u64 = 24;
/// The next byte is bounded: after 0xe0, 0xed, 0xf0 and 0xf4.
const E0: u64 = 30;
const ED: u64 = 36;
const F0: u64 = 42;
const F4: u64 = 48;

/// The state that a byte leads to.
const fn next(state: u64, byte: u8) -> u64 {
    match (state, byte) {
        (ACCEPT, 0..=0x7f) | (ONE, 0x80..=0xbf) => ACCEPT,
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
        while state <= F4 {
            rows[byte] |= next(state, byte as u8) << state;
            state += 6;
        }
        byte += 1;
    }
    rows
};

/// Whether all of `bytes` are whole sequences.
pub(super) fn is_utf8(bytes: &[u8]) -> bool {
    let step = |state: u64, byte: &u8| {
        ROWS.get(usize::from(*byte)).copied().unwrap_or_default() >> (state & 63)
    };
    let (words, rest) = bytes.as_chunks();
    let state = words.iter().fold(ACCEPT, |state, word| {
        let is_ascii = u64::from_le_bytes(*word) & ((u64::MAX / 0xff) << 7) == 0;
        if is_ascii && state & 63 == ACCEPT { ACCEPT } else { word.iter().fold(state, step) }
    });
    rest.iter().fold(state, step) & 63 == ACCEPT
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_bits::rounds;

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
                            assert_eq!(is_utf8(bytes), core::str::from_utf8(bytes).is_ok());
                        }
                    }
                }
            }
        }
        assert!(is_utf8(b""));
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
                assert_eq!(is_utf8(cut), core::str::from_utf8(cut).is_ok(), "{text} to {end}");
            }
            for at in 0..text.len() {
                let mut bytes = text.as_bytes().to_vec();
                for byte in 0..=255 {
                    bytes[at] = byte;
                    let agrees = is_utf8(&bytes) == core::str::from_utf8(&bytes).is_ok();
                    assert!(agrees, "{text}: {byte:#x} at {at}");
                }
            }
        }
    }
}
