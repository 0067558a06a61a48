//! The writer: appends to a caller's slice, and counts on when it is full.

use super::scan::plain_end;
use super::string::JsonText;
use super::words::{self, Words};

/// Appends JSON to a slice.
///
/// Nothing is lost silently: past the end of the slice only [`JsonWriter::needed`] grows, and
/// [`JsonWriter::finish`] reports it.
///
/// ```
/// use trine_mcp::json::JsonWriter;
///
/// let mut out = [0; 32];
/// let mut writer = JsonWriter::new(&mut out);
/// writer.raw(br#"{"text":"#);
/// writer.string("21 \"°C\"");
/// writer.raw(b"}");
/// let len = writer.finish()?;
/// assert_eq!(&out[..len], r#"{"text":"21 \"°C\""}"#.as_bytes());
/// # Ok::<(), trine_mcp::json::writer::NeedBytes>(())
/// ```
#[derive(Debug)]
pub struct JsonWriter<'a> {
    out: &'a mut [u8],
    len: usize,
}

/// A place to return to, from [`JsonWriter::mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(usize);

/// The slice was too small: the answer takes this many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeedBytes(pub usize);

impl core::fmt::Display for NeedBytes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the message takes {} bytes", self.0)
    }
}

impl core::error::Error for NeedBytes {}

/// The digit of a number below 16.
pub(crate) const fn hex_digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + (value - 10) }
}

/// Copies `bytes` to the start of `room`, as far as both go.
#[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(never))]
pub(crate) fn copy(room: &mut [u8], bytes: &[u8]) {
    // No slice methods here: they panic where the lengths differ.
    for (place, byte) in room.iter_mut().zip(bytes) {
        *place = *byte;
    }
}

impl<'a> JsonWriter<'a> {
    /// Starts at the beginning of `out`.
    pub const fn new(out: &'a mut [u8]) -> Self {
        Self { out, len: 0 }
    }

    /// Bytes written, or that would have been with room for them.
    #[must_use]
    pub const fn needed(&self) -> usize {
        self.len
    }

    /// Whether all that was written has fitted so far.
    #[must_use]
    pub const fn fits(&self) -> bool {
        self.len <= self.out.len()
    }

    /// Bytes that still fit.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.out.len().saturating_sub(self.len)
    }

    /// A place to return to with [`JsonWriter::rollback`].
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark(self.len)
    }

    /// Takes back everything written since `mark`.
    pub const fn rollback(&mut self, mark: Mark) {
        self.len = mark.0;
    }

    /// Length of the text, if all of it fitted.
    ///
    /// # Errors
    /// [`NeedBytes`] with the size that would do.
    pub const fn finish(self) -> Result<usize, NeedBytes> {
        if self.fits() { Ok(self.len) } else { Err(NeedBytes(self.len)) }
    }

    /// Appends bytes as they are.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        if let Some(room) = self.out.get_mut(self.len..end) {
            copy(room, bytes);
        }
        self.len = end;
    }

    /// Appends a text of known length, which needs no copying loop.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn literal<const N: usize>(&mut self, text: &[u8; N]) {
        match self.out.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut::<N>) {
            Some(room) => {
                *room = *text;
                self.len += N;
            }
            None => self.len = self.len.saturating_add(N),
        }
    }

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        match self.out.get_mut(self.len) {
            Some(room) => {
                *room = byte;
                self.len += 1;
            }
            None => self.len = self.len.saturating_add(1),
        }
    }

    /// Appends a string in quotes, escaped.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub fn string(&mut self, text: &str) {
        if self.short_string(text.as_bytes()).is_none() {
            self.long_string(text);
        }
    }

    /// Appends a short string that needs no escapes with its quotes, in a few stores.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn short_string(&mut self, text: &[u8]) -> Option<()> {
        let words = Words::of_plain(text)?;
        let room = self.out.get_mut(self.len..)?.first_chunk_mut::<{ Words::LEN_MAX + 2 }>()?;
        let (first, inside) = room.split_first_mut()?;
        *first = b'"';
        words.store(inside.first_chunk_mut()?);
        *room.get_mut(text.len() + 1)? = b'"';
        self.len += text.len() + 2;
        Some(())
    }

    #[inline(never)]
    fn long_string(&mut self, text: &str) {
        self.byte(b'"');
        self.escaped(text.as_bytes());
        self.byte(b'"');
    }

    /// Appends bytes that should be UTF-8 as a string in quotes; what is not UTF-8 becomes U+FFFD.
    pub fn string_lossy(&mut self, bytes: &[u8]) {
        self.byte(b'"');
        self.escaped_lossy(bytes);
        self.byte(b'"');
    }

    /// Appends part of a string, as [`JsonWriter::string_lossy`] does but without the quotes.
    pub fn escaped_lossy(&mut self, bytes: &[u8]) {
        for chunk in bytes.utf8_chunks() {
            self.escaped(chunk.valid().as_bytes());
            if !chunk.invalid().is_empty() {
                self.raw("\u{fffd}".as_bytes());
            }
        }
    }

    /// Appends part of a string, escaped, without quotes. `bytes` must be UTF-8.
    #[inline]
    pub fn escaped(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        loop {
            let end = plain_end(rest, 0);
            let (plain, special) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            self.raw(plain);
            let Some((&byte, after)) = special.split_first() else { return };
            self.special(byte);
            rest = after;
        }
    }

    /// Appends one byte that the scan stopped at.
    fn special(&mut self, byte: u8) {
        let short = match byte {
            0x80.. => return self.byte(byte),
            b'"' | b'\\' => byte,
            0x08 => b'b',
            0x0c => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => {
                self.raw(b"\\u00");
                self.byte(hex_digit(byte >> 4));
                return self.byte(hex_digit(byte & 15));
            }
        };
        self.byte(b'\\');
        self.byte(short);
    }

    /// Appends at most `limit` code points of a decoded string, escaped, without quotes, and
    /// `...` if some are left out: how foreign text is quoted in a message.
    pub fn quoted_text(&mut self, text: JsonText<'_>, limit: usize) {
        let mut left = limit;
        let mut utf8 = [0; 4];
        for piece in text.pieces() {
            let bytes = piece.bytes(&mut utf8);
            let starts = |byte: &u8| byte & 0xc0 != 0x80;
            let count = bytes.iter().filter(|byte| starts(byte)).count();
            if count <= left {
                self.escaped(bytes);
                left -= count;
                continue;
            }
            let cut = bytes.iter().enumerate().filter(|(_, byte)| starts(byte)).nth(left);
            self.escaped(cut.and_then(|(at, _)| bytes.get(..at)).unwrap_or(bytes));
            return self.raw(b"...");
        }
    }

    /// Appends, escaped and without quotes, what was written from `start` to `end`: the text copy
    /// of a value that stands earlier in the same message.
    pub fn escaped_copy(&mut self, start: Mark, end: Mark) {
        let (start, end) = (start.0, end.0);
        let split = self.len.min(self.out.len());
        let (written, room) = self.out.split_at_mut(split);
        let Some(source) = written.get(start..end) else {
            // The source itself did not fit: escaping our own JSON at most doubles it.
            self.len = self.len.saturating_add(end.saturating_sub(start).saturating_mul(2));
            return;
        };
        // Our own JSON holds no control byte, so only these two need a backslash.
        let mut len = 0;
        let mut rest = source;
        if cfg!(all(target_pointer_width = "64", not(trine_small))) {
            (rest, len) = words::escape(source, room);
        }
        for &byte in rest {
            if matches!(byte, b'"' | b'\\') {
                if let Some(place) = room.get_mut(len) {
                    *place = b'\\';
                }
                len += 1;
            }
            if let Some(place) = room.get_mut(len) {
                *place = byte;
            }
            len += 1;
        }
        self.len = self.len.saturating_add(len);
    }

    /// Escapes, in place, what was written since `start`: raw JSON becomes the inside of a string.
    ///
    /// Walks from the back, so that no second buffer is needed.
    pub fn escape_since(&mut self, start: Mark) {
        let (start, end) = (start.0, self.len);
        let Some(text) = self.out.get(start..end) else {
            self.len = end.saturating_add(end.saturating_sub(start));
            return;
        };
        // Our own JSON holds no byte that takes more than a backslash before it.
        let extra = text.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        self.len = end.saturating_add(extra);
        let Some(room) = self.out.get_mut(start..self.len) else { return };
        let (mut from, mut to) = (end - start, room.len());
        while from < to {
            from -= 1;
            to -= 1;
            let Some(&byte) = room.get(from) else { return };
            set(room, to, byte);
            if matches!(byte, b'"' | b'\\') && to > 0 {
                to -= 1;
                set(room, to, b'\\');
            }
        }
    }

    /// Appends an integer.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub fn integer(&mut self, value: i64) {
        if value < 0 {
            self.byte(b'-');
        }
        self.unsigned(value.unsigned_abs());
    }

    /// Appends an unsigned integer.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub fn unsigned(&mut self, value: u64) {
        if cfg!(all(target_pointer_width = "64", not(trine_small)))
            && let Some((word, len)) = words::digits(value)
            && let Some(room) = self.out.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut)
        {
            *room = word.to_le_bytes();
            self.len += len;
        } else {
            self.long_unsigned(value);
        }
    }

    #[inline(never)]
    fn long_unsigned(&mut self, value: u64) {
        let mut digits = [0; 20];
        self.raw(words::format_digits(value, &mut digits));
    }

    /// Appends `value` × 10^-`places` in its shortest form: 215 with one place is `21.5`, 210 is
    /// `21`.
    pub fn decimal(&mut self, value: i64, places: u8) {
        let (mut size, mut places) = (value.unsigned_abs(), usize::from(places));
        while places > 0 && size % 10 == 0 {
            size /= 10;
            places = if size == 0 { 0 } else { places - 1 };
        }
        if value < 0 {
            self.byte(b'-');
        }
        let mut digits = [0; 20];
        let digits = words::format_digits(size, &mut digits);
        if places == 0 {
            return self.raw(digits);
        }
        let whole = digits.len().checked_sub(places).filter(|whole| *whole > 0);
        let Some((whole, fraction)) = whole.and_then(|whole| digits.split_at_checked(whole)) else {
            self.raw(b"0.");
            (digits.len()..places).for_each(|_| self.byte(b'0'));
            return self.raw(digits);
        };
        self.raw(whole);
        self.byte(b'.');
        self.raw(fraction);
    }

    /// Appends `true` or `false`.
    pub fn bool(&mut self, value: bool) {
        self.raw(if value { b"true" } else { b"false" });
    }
}

/// Writes one byte.
fn set(room: &mut [u8], at: usize, byte: u8) {
    if let Some(place) = room.get_mut(at) {
        *place = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut JsonWriter<'_>)) -> std::string::String {
        let mut out = [0; 256];
        let mut writer = JsonWriter::new(&mut out);
        write(&mut writer);
        let needed = writer.needed();
        let len = writer.finish().unwrap();
        // A slice of any smaller size must report a need that is enough.
        for size in 0..len {
            let mut small = std::vec![0; size];
            let mut writer = JsonWriter::new(&mut small);
            write(&mut writer);
            // An escaped copy whose source did not fit may ask for more than it takes.
            assert!(writer.finish().is_err_and(|need| need.0 >= needed));
        }
        std::str::from_utf8(&out[..len]).unwrap().into()
    }

    #[test]
    fn decimals_are_short_and_exact() {
        for (value, places, text) in [
            (215, 1, "21.5"),
            (210, 1, "21"),
            (-5, 1, "-0.5"),
            (-205, 2, "-2.05"),
            (5, 3, "0.005"),
            (0, 4, "0"),
            (i64::MIN, 0, "-9223372036854775808"),
            (i64::MAX, 18, "9.223372036854775807"),
            (1, 20, "0.00000000000000000001"),
        ] {
            assert_eq!(written(|w| w.decimal(value, places)), text);
        }
    }

    #[test]
    fn integers_have_all_of_their_digits() {
        for value in [0, 7, 10, 99_999_999, 100_000_000, 100_000_001, i64::MAX] {
            assert_eq!(written(|w| w.integer(value)), std::format!("{value}"));
            assert_eq!(written(|w| w.integer(-value)), std::format!("{}", -value));
            assert_eq!(written(|w| w.unsigned(value as u64)), std::format!("{value}"));
        }
        assert_eq!(written(|w| w.integer(i64::MIN)), std::format!("{}", i64::MIN));
        assert_eq!(written(|w| w.unsigned(u64::MAX)), std::format!("{}", u64::MAX));
    }

    #[test]
    fn controls_are_escaped_in_their_shortest_form() {
        assert_eq!(
            written(|w| w.string("\u{8}\u{c}\n\r\t\u{b}\u{0}\u{1f}\"\\")),
            r#""\b\f\n\r\t\u000b\u0000\u001f\"\\""#
        );
    }

    #[cfg(all(target_pointer_width = "64", not(trine_small)))]
    #[test]
    fn short_strings_that_need_no_escape_are_written_at_once() {
        for len in 0..=20 {
            let text = &"abcdefghijklmnopqrstu"[..len];
            let mut out = [b'.'; 40];
            let mut writer = JsonWriter::new(&mut out);
            let found = writer.short_string(text.as_bytes());
            assert_eq!(found.is_some(), len <= Words::LEN_MAX, "{text}");
            let written = if found.is_some() { len + 2 } else { 0 };
            assert_eq!(writer.needed(), written);
            if found.is_some() {
                assert_eq!(&out[..written], std::format!("\"{text}\"").as_bytes());
            }
        }
        let mut out = [0; 40];
        assert!(JsonWriter::new(&mut out).short_string(b"a\"b").is_none());
        assert!(JsonWriter::new(&mut out[..17]).short_string(b"abc").is_none(), "no room");
    }

    #[test]
    fn foreign_text_is_quoted_up_to_its_limit() {
        let quoted = |text: &str, limit| {
            let mut reader = crate::json::JsonReader::new(text.as_bytes());
            let text = reader.string().unwrap();
            written(|w| w.quoted_text(text, limit))
        };
        assert_eq!(quoted(r#""abc""#, 3), "abc");
        assert_eq!(quoted(r#""abc""#, 2), "ab...");
        assert_eq!(quoted(r#""a\u00e9\nb\nc""#, 4), "a\u{e9}\\nb...");
        assert_eq!(quoted(r#""\n\n\n\n\n""#, 3), r"\n\n\n...");
        assert_eq!(quoted(r#""ab\ncd\nef""#, 5), r"ab\ncd...");
        assert_eq!(quoted("\"\u{e9}\u{20ac}\u{1f642}x\"", 3), "\u{e9}\u{20ac}\u{1f642}...");
        assert_eq!(quoted(r#""""#, 0), "");
    }

    #[test]
    fn what_lacks_room_says_how_much_it_takes() {
        assert_eq!(std::format!("{}", NeedBytes(12)), "the message takes 12 bytes");
    }

    #[test]
    fn strings_are_escaped() {
        let text = "a\"b\\c\n\u{1}\u{1f}é\u{7f}𝄞/";
        let json = written(|w| w.string(text));
        assert_eq!(serde_json::from_str::<std::string::String>(&json).unwrap(), text);
        assert_eq!(written(|w| w.string_lossy(b"a\xffb\xc3")), "\"a\u{fffd}b\u{fffd}\"");
    }

    #[test]
    fn a_copy_of_written_json_becomes_a_string() {
        let text = written(|w| {
            w.raw(b"{\"s\":");
            let start = w.mark();
            w.raw(b"{\"a\":\"x\\n\"}");
            let end = w.mark();
            w.raw(b",\"text\":\"");
            w.escaped_copy(start, end);
            w.raw(b"\"}");
        });
        assert_eq!(text, r#"{"s":{"a":"x\n"},"text":"{\"a\":\"x\\n\"}"}"#);
        let text = written(|w| {
            w.raw(b"\"");
            let start = w.mark();
            w.raw(b"{\"a\":\"x\\n\"}");
            w.escape_since(start);
            w.raw(b"\"");
        });
        assert_eq!(text, r#""{\"a\":\"x\\n\"}""#);
    }
}
