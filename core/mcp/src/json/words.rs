//! Short texts, moved as whole words: no call, no loop over bytes.
//!
//! Only 64-bit hosts take these ways; a microcontroller has the plain loops, which are smaller.

use super::scan::{plain_end, special};

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
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn of_plain(text: &[u8]) -> Option<Self> {
        Self::of(text, false)
    }

    /// The text, if it is short; `is_plain` says that no byte of it needs an escape.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn of(text: &[u8], is_plain: bool) -> Option<Self> {
        if !cfg!(all(target_pointer_width = "64", not(trine_small))) || text.len() > Self::LEN_MAX {
            return None;
        }
        if let (Some(low), Some(high)) = (text.first_chunk(), text.last_chunk()) {
            let (low, high) = (u64::from_le_bytes(*low), u64::from_le_bytes(*high));
            let plain = is_plain || special(low as usize) | special(high as usize) == 0;
            return plain.then_some(Self { low, high, high_at: text.len() - LEN });
        }
        let word = short(text);
        // Spaces, which are plain, behind the text.
        let filled = word | (ONES * u64::from(b' ')) << (8 * text.len());
        let plain = is_plain || special(filled as usize) == 0;
        plain.then_some(Self { low: word, high: 0, high_at: LEN })
    }

    /// Writes the text to the start of `room`; what lies behind it is lost.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn store(&self, room: &mut [u8; Self::LEN_MAX]) {
        put(room, 0, self.low);
        put(room, self.high_at, self.high);
    }
}

/// A text of less than a word as the low bytes of one.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
fn short(text: &[u8]) -> u64 {
    if let (Some(low), Some(high)) = (text.first_chunk(), text.last_chunk()) {
        let (low, high) = (u32::from_le_bytes(*low), u32::from_le_bytes(*high));
        return u64::from(low) | (u64::from(high) << (8 * (text.len() - 4)));
    }
    match *text {
        [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a] => u64::from(a),
        _ => 0,
    }
}

/// Writes a word at `at`, if it fits.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
fn put(room: &mut [u8], at: usize, word: u64) {
    if let Some(place) = room.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = word.to_le_bytes();
    }
}

/// How many digits start `text`, fewer than eight, and their value; `None` if there are more.
///
/// The digits become pairs, fours and eights, each step one multiplication.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) fn leading_digits(text: &[u8]) -> Option<(usize, i64)> {
    let word = u64::from_le_bytes(*text.first_chunk()?) ^ (ONES * u64::from(b'0'));
    // The high bit of each byte that is above 9.
    let others = (((word & (ONES * 0x7f)) + (ONES * 0x76)) | word) & (ONES * 0x80);
    if others == 0 {
        return None;
    }
    let count = others.trailing_zeros() / 8;
    // The last digit goes to the highest byte, and zeros in front of the first.
    let ones = (word << 8) << (56 - 8 * count);
    let pairs = (ones.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    let value = fours.wrapping_mul(10_000 << 32 | 1) >> 32;
    Some((count as usize, value.cast_signed()))
}

/// Where the first bar of a list of labels is, else its length.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) fn bar(labels: &[u8]) -> usize {
    // Zeros behind a short list are no bars.
    let word = labels.first_chunk().map_or_else(|| short(labels), |it| u64::from_le_bytes(*it));
    let others = word ^ (ONES * u64::from(b'|'));
    // The lowest of these is exact: a borrow comes from a bar below.
    let hits = others.wrapping_sub(ONES) & !others & (ONES * 0x80);
    match hits {
        0 if labels.len() <= LEN => labels.len(),
        0 => any_bar(labels, LEN),
        _ => hits.trailing_zeros() as usize / 8,
    }
}

#[inline(never)]
fn any_bar(labels: &[u8], from: usize) -> usize {
    let rest = labels.get(from..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'|').map_or(labels.len(), |at| from + at)
}

/// Whether no byte of a text needs an escape.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    Words::of_plain(text).is_some() || text.len() > Words::LEN_MAX && is_long_plain(text)
}

#[inline(never)]
fn is_long_plain(text: &[u8]) -> bool {
    plain_end(text, 0) == text.len()
}

/// Whether two texts are equal; quick where they are short.
#[must_use]
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    if !cfg!(all(target_pointer_width = "64", not(trine_small))) || one.len() > 2 * LEN {
        return one == other;
    }
    match (one.first_chunk::<LEN>(), other.first_chunk::<LEN>()) {
        // The second words overlap the first, and reach to the end.
        (Some(low), Some(other_low)) => {
            low == other_low && one.last_chunk::<LEN>() == other.last_chunk::<LEN>()
        }
        _ => short(one) == short(other),
    }
}

/// Writes decimal digits to the end of `digits`, and returns them.
pub(crate) fn format_digits(mut value: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut count = 0;
    for place in digits.iter_mut().rev() {
        *place = b'0' + (value % 10) as u8;
        value /= 10;
        count += 1;
        if value == 0 {
            break;
        }
    }
    digits.get(digits.len().saturating_sub(count)..).unwrap_or_default()
}

/// The digits of a number of at most eight, as the low bytes of a word, and how many there are.
///
/// Halves, quarters and eighths of the word are divided at once by multiplying with reciprocals,
/// which are exact for numbers this small.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) const fn digits(value: u64) -> Option<(u64, usize)> {
    if value >= 100_000_000 {
        return None;
    }
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let ones = tens | ((twos - 10 * tens) << 8);
    // Leading zeros are in the low bytes; the last digit stays, whatever it is.
    let zeros = (ones | (1 << 56)).trailing_zeros() as usize / 8;
    Some(((ones | (ONES * b'0' as u64)) >> (8 * zeros), LEN - zeros))
}

/// Room for a word with a backslash before each byte, and for stores that reach beyond.
const ESCAPED_ROOM: usize = 40;

/// Copies JSON to `room` with a backslash before each quote and backslash, as long as there is
/// room for the worst. Answers what is left and the length written.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) fn escape<'s>(mut source: &'s [u8], room: &mut [u8]) -> (&'s [u8], usize) {
    let mut len = 0;
    while let Some(room) = room.get_mut(len..).and_then(<[u8]>::first_chunk_mut) {
        match source.split_first_chunk() {
            Some((chunk, rest)) => {
                len += escape_word(u64::from_le_bytes(*chunk), LEN, room);
                source = rest;
            }
            None => {
                // The zeros behind a short text need no escape.
                len += escape_word(short(source), source.len(), room);
                return (&[], len);
            }
        }
    }
    (source, len)
}

/// Escapes the `count` low bytes of a word, and answers how many they become.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
fn escape_word(mut word: u64, count: usize, room: &mut [u8; ESCAPED_ROOM]) -> usize {
    // The high bit of each byte that is neither a quote nor a backslash, nor above 0x7f.
    let differs = |byte: u8| ((word ^ (ONES * u64::from(byte))) & (ONES * 0x7f)) + (ONES * 0x7f);
    let mut hits = !((differs(b'"') & differs(b'\\')) | word) & (ONES * 0x80);
    let mut len = 0;
    let mut put = |at: usize, word: u64| {
        // At most 16, which the mask tells the compiler.
        if let Some(place) = room.get_mut(at & 31..).and_then(<[u8]>::first_chunk_mut) {
            *place = word.to_le_bytes();
        }
    };
    put(0, word);
    let mut at = 0;
    while hits != 0 {
        let plain = hits.trailing_zeros() & 0x38;
        at += plain as usize / 8;
        word >>= plain;
        hits = (hits >> plain) & !0x80;
        // The seven bytes behind the backslash reach as far as the next hit can be.
        put(at, (word << 8) | u64::from(b'\\'));
        at += 1;
        len += 1;
    }
    put(at, word);
    count + len
}

#[cfg(test)]
mod tests {
    use super::*;

    // Others never take this way.
    #[cfg(all(target_pointer_width = "64", not(trine_small)))]
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
    fn texts_are_the_same_byte_by_byte() {
        for len in 0..40 {
            let one: std::vec::Vec<u8> = (b'a'..).take(len).collect();
            assert!(same(&one, &one.clone()));
            assert!(
                !same(&one, &[&one[..], b"z"].concat()) && (len == 0 || !same(&one, &one[1..]))
            );
            for at in 0..len {
                let mut other = one.clone();
                other[at] ^= 0x20;
                assert!(!same(&one, &other), "{at} of {len}");
            }
        }
    }

    #[cfg(all(target_pointer_width = "64", not(trine_small)))]
    #[test]
    fn plain_texts_of_any_length_are_told_from_others() {
        for len in 0..60 {
            let mut text = std::vec![b'a'; len];
            assert!(is_plain(&text), "{len}");
            for at in 0..len {
                for special in [b'"', b'\\', 0x1f, 0x80] {
                    text[at] = special;
                    assert!(!is_plain(&text), "{special:#x} at {at} of {len}");
                }
                text[at] = b'a';
            }
        }
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
                    let mut room = [0; 80];
                    let (rest, len) = escape(&source, &mut room);
                    assert_eq!((rest, &room[..len]), (&[][..], &expected[..]));
                }
            }
        }
        for size in 0..100 {
            let mut room = std::vec![0; size];
            let (rest, len) = escape(&[b'"'; 20], &mut room);
            assert!(len <= size && len == 2 * (20 - rest.len()));
            assert_eq!(rest.is_empty(), size >= 32 + ESCAPED_ROOM);
        }
    }

    #[test]
    fn the_first_bar_is_found_wherever_it_is() {
        for len in 0..20 {
            let mut labels = [b'}'; 20];
            assert_eq!(bar(&labels[..len]), len);
            for at in 0..len {
                labels[at..].fill(b'|');
                assert_eq!(bar(&labels[..len]), at);
                labels[at + 1..].fill(b'{');
                assert_eq!(bar(&labels[..len]), at);
                labels[at..].fill(b'}');
            }
        }
    }

    #[test]
    fn leading_digits_have_their_value() {
        for value in (0..20_000).chain((0..9_999_999).step_by(991)) {
            for tail in [",.......", "}       ", "e1234567", "/:\u{7f}     ", "\u{b0}\u{b1}...."] {
                let text = std::format!("{value}{tail}");
                let expected = std::format!("{value}").len();
                assert_eq!(leading_digits(text.as_bytes()), Some((expected, value)), "{text}");
            }
        }
        assert_eq!(leading_digits(b"0070,..."), Some((4, 70)));
        assert_eq!(leading_digits(b",1234567"), Some((0, 0)));
        assert_eq!(leading_digits(b"12345678,"), None);
    }

    #[test]
    fn digits_are_those_of_the_standard_library() {
        let edges = (0..=8).flat_map(|power| (0..3).map(move |add| 10u64.pow(power) + add - 1));
        for value in (0..20_000).chain((0..100_000_000).step_by(9_973)).chain(edges) {
            let text = std::string::ToString::to_string(&value);
            let Some((word, len)) = digits(value) else {
                assert!(value >= 100_000_000);
                continue;
            };
            assert_eq!(&word.to_le_bytes()[..len], text.as_bytes());
        }
    }
}
