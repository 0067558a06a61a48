//! Whether bytes are UTF-8, a word at a time, for hosts of 64 bits.
//!
//! The well-formed sequences are those of Unicode 15, table 3-7. Which bits of a sequence are fixed
//! is seen with one mask; that it is the shortest one, no surrogate and no more than U+10FFFF, by
//! the bits of the first two bytes that say so.

/// Bytes of a word.
const WORD: usize = size_of::<u64>();

/// Whether all of `bytes` are whole sequences.
pub(super) fn is_utf8(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(word) = rest.first_chunk::<WORD>() {
        match rest.get(whole(u64::from_le_bytes(*word))..) {
            Some(next) if next.len() < rest.len() => rest = next,
            _ => return false,
        }
    }
    // The last bytes, with zeros behind them, which continue no sequence.
    while !rest.is_empty() {
        let mut word = [0; WORD];
        word.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        match rest.get(first(u64::from_le_bytes(word) as u32)..) {
            Some(next) if next.len() < rest.len() => rest = next,
            _ => return false,
        }
    }
    true
}

/// The same for each two bytes of a word.
const fn pairs(of: u16) -> u64 {
    u64::MAX / 0xffff * of as u64
}

/// Bytes at the start of a word that are whole sequences, more than one where that is seen at once;
/// 0 where what starts it is none.
#[inline(always)]
const fn whole(word: u64) -> usize {
    // Sequences of two bytes each. 0xc0 and 0xc1 would begin a longer form of ASCII: the others
    // have bits of 0x1e, so that a carry comes from each.
    let are_pairs = word & pairs(0xc0e0) == pairs(0x80c0);
    let carries = (word & pairs(0x001e)) + pairs(0x00ff);
    if are_pairs && carries & pairs(0x0100) == pairs(0x0100) || word & pairs(0x8080) == 0 {
        return WORD;
    }
    first(word as u32)
}

/// Bytes of the sequence that starts four bytes; 0 where none does.
#[inline(always)]
const fn first(bytes: u32) -> usize {
    if bytes & 0x80 == 0 {
        return 1;
    }
    if bytes & 0x00c0_c0f0 == 0x0080_80e0 {
        // Not below U+0800, and none of U+D800 to U+DFFF.
        let told = bytes & 0x200f;
        return if told != 0 && told != 0x200d { 3 } else { 0 };
    }
    if bytes & 0xc0e0 == 0x80c0 && bytes & 0x1e != 0 {
        return 2;
    }
    if bytes & 0xc0c0_c0f8 == 0x8080_80f0 {
        // Not below U+10000, and not above U+10FFFF.
        let is_right = match bytes & 7 {
            0 => bytes & 0x3000 != 0,
            1..=3 => true,
            4 => bytes & 0x3000 == 0,
            _ => false,
        };
        return if is_right { 4 } else { 0 };
    }
    0
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
