//! Short texts, moved as whole words: no call, no loop over bytes.
//!
//! Only 64-bit hosts take these ways; a microcontroller has the plain loops, which are smaller.

use super::scan::special;

const LEN: usize = 8;
const ONES: u64 = u64::MAX / 0xff;

/// A text of at most two words. They overlap where it is shorter, so that both lie inside it.
pub(crate) struct Words {
    low: u64,
    high: u64,
    /// Where the second word starts.
    high_at: usize,
}

impl Words {
    /// Bytes of the longest text.
    pub(crate) const LEN_MAX: usize = 2 * LEN;

    /// The text, if it is short and no byte of it needs an escape.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn of_plain(text: &[u8]) -> Option<Self> {
        if !cfg!(target_pointer_width = "64") || text.len() > Self::LEN_MAX {
            return None;
        }
        if let (Some(low), Some(high)) = (text.first_chunk(), text.last_chunk()) {
            let (low, high) = (u64::from_le_bytes(*low), u64::from_le_bytes(*high));
            let plain = special(low as usize) | special(high as usize) == 0;
            return plain.then_some(Self { low, high, high_at: text.len() - LEN });
        }
        let word = short(text);
        // Spaces, which are plain, behind the text.
        let filled = word | (ONES * u64::from(b' ')) << (8 * text.len());
        (special(filled as usize) == 0).then_some(Self { low: word, high: 0, high_at: LEN })
    }

    /// Writes the text to the start of `room`; what lies behind it is lost.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn store(&self, room: &mut [u8; Self::LEN_MAX]) {
        put(room, 0, self.low);
        put(room, self.high_at, self.high);
    }
}

/// Whether `text` starts with `start`; `None` if a word does not settle it.
#[cfg_attr(target_pointer_width = "64", inline(always))]
pub(crate) fn same_short(text: &[u8], start: &[u8]) -> Option<bool> {
    let word = u64::from_le_bytes(*text.first_chunk()?);
    // What differs, with the bytes behind `start` shifted out.
    (1..LEN).contains(&start.len()).then(|| (word ^ short(start)) << (8 * (LEN - start.len())) == 0)
}

/// A text of less than a word as the low bytes of one.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn short(text: &[u8]) -> u64 {
    if let (Some(low), Some(high)) = (text.first_chunk(), text.last_chunk()) {
        let (low, high) = (u32::from_le_bytes(*low), u32::from_le_bytes(*high));
        return u64::from(low) | u64::from(high) << (8 * (text.len() - 4));
    }
    match *text {
        [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a] => u64::from(a),
        _ => 0,
    }
}

/// Writes a word at `at`, if it fits.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn put(room: &mut [u8], at: usize, word: u64) {
    if let Some(place) = room.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = word.to_le_bytes();
    }
}

/// Copies JSON to `room` with a backslash before each quote and backslash, as long as there are
/// whole words and room for the worst of each. Answers what is left and the length written.
#[cfg_attr(target_pointer_width = "64", inline(always))]
pub(crate) fn escape<'s>(mut source: &'s [u8], room: &mut [u8]) -> (&'s [u8], usize) {
    let mut len = 0;
    while let Some((chunk, rest)) = source.split_first_chunk::<LEN>()
        && let Some(room) = room.get_mut(len..).and_then(<[u8]>::first_chunk_mut::<{ 3 * LEN }>)
    {
        let mut word = u64::from_le_bytes(*chunk);
        // The high bit of each byte that is a quote or a backslash. Bytes above 0x7f are neither.
        let differs = |byte: u8| {
            let low = (word ^ (ONES * u64::from(byte))) & (ONES * 0x7f);
            low + ONES * 0x7f
        };
        let mut hits = !(differs(b'"') & differs(b'\\') | word) & (ONES * 0x80);
        let (mut at, mut left) = (0, LEN);
        put(room, 0, word);
        while hits != 0 {
            let plain = hits.trailing_zeros() as usize / 8;
            at += plain;
            left -= plain;
            word >>= 8 * plain;
            hits >>= 8 * plain;
            hits &= !0x80;
            put(room, at, word << 8 | u64::from(b'\\'));
            at += 1;
            put(room, at, word);
        }
        len += at + left;
        source = rest;
    }
    (source, len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_arrive_whole() {
        let text = b"abcdefghijklmnop";
        for start in 0..=text.len() {
            for end in start..=text.len() {
                let text = &text[start..end];
                let mut room = [b'.'; Words::LEN_MAX];
                Words::of_plain(text).unwrap().store(&mut room);
                assert_eq!(&room[..text.len()], text);
                for at in 0..text.len() {
                    for bad in [b'"', b'\\', 0, 0x1f, 0x80, 0xff] {
                        let mut text = std::vec::Vec::from(text);
                        text[at] = bad;
                        assert!(Words::of_plain(&text).is_none());
                    }
                }
            }
        }
        assert!(Words::of_plain(&[b'a'; 17]).is_none());
    }

    #[test]
    fn every_byte_at_every_position_is_escaped_right() {
        for value in 0..=255u8 {
            for position in 0..16 {
                for second in 0..16 {
                    let mut source = [b'!'; 16];
                    source[position] = value;
                    source[second] = b'"';
                    let mut expected = std::vec::Vec::new();
                    for byte in source {
                        if matches!(byte, b'"' | b'\\') {
                            expected.push(b'\\');
                        }
                        expected.push(byte);
                    }
                    let mut room = [0; 48];
                    let (rest, len) = escape(&source, &mut room);
                    assert_eq!((rest, &room[..len]), (&[][..], &expected[..]));
                }
            }
        }
        let (rest, len) = escape(&[b'"'; 20], &mut [0; 40]);
        assert_eq!((rest.len(), len), (4, 32));
    }
}
