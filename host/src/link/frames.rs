//! The host's side of a byte stream: frames, and what stands between them.

use memchr::memchr;
use trine_wire::{Decoder, Fed};

/// Longest text without a line end that is kept.
const TEXT_MAX: usize = 1024;
/// Most bytes of a message; larger frames are dropped as bad ones.
const MESSAGE_MAX: usize = 64 * 1024;

/// What [`Frames::feed`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A message whose CRC is right, and how many bytes it took on the line.
    Message(&'a [u8], u32),
    /// A line of text that a boot loader or `printf` put between frames.
    Text(&'a str),
}

/// Finds frames in the bytes of a link. No frame is all text, because one of its first two bytes is
/// a control character: the kind of the message, or the code byte that stands for a kind of zero.
/// So two bytes tell text and frames apart.
#[derive(Debug)]
pub(crate) struct Frames {
    decoder: Decoder,
    message: Vec<u8>,
    /// Bytes since the last zero that were not yet shown as text.
    raw: Vec<u8>,
    /// Bytes since the last zero in all.
    len: u32,
    /// Whether a line of this stretch was shown as text already.
    shown: bool,
    bad: u64,
}

impl Frames {
    pub(crate) fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            message: vec![0; 512],
            raw: Vec::with_capacity(TEXT_MAX),
            len: 0,
            shown: false,
            bad: 0,
        }
    }

    /// Stretches between zeros that were neither a frame nor text.
    pub(crate) const fn bad(&self) -> u64 {
        self.bad
    }

    /// Takes bytes and calls `each` for everything found in them.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(Found<'_>)) {
        while !bytes.is_empty() {
            let zero = memchr(0, bytes);
            let (stretch, rest) = bytes.split_at(zero.unwrap_or(bytes.len()));
            self.stretch(stretch);
            if zero.is_none() {
                self.lines(each);
                return;
            }
            self.end(each);
            bytes = rest.get(1..).unwrap_or_default();
        }
    }

    /// Shows text that waits for its line end; called when the line has been quiet for a while.
    pub(crate) fn idle(&mut self, each: &mut dyn FnMut(Found<'_>)) {
        if let Some(text) = text(&self.raw).filter(|_| self.is_text()) {
            each(Found::Text(text));
            self.raw.clear();
            self.shown = true;
        }
    }

    fn stretch(&mut self, stretch: &[u8]) {
        self.len = self.len.saturating_add(u32::try_from(stretch.len()).unwrap_or(u32::MAX));
        let wanted = (self.len as usize).min(MESSAGE_MAX);
        if self.message.len() < wanted {
            self.message.resize(wanted.next_power_of_two(), 0);
        }
        for &byte in stretch {
            self.decoder.feed(byte, &mut self.message);
        }
        let room = TEXT_MAX.saturating_sub(self.raw.len());
        self.raw.extend_from_slice(stretch.get(..room).unwrap_or(stretch));
    }

    fn end(&mut self, each: &mut dyn FnMut(Found<'_>)) {
        match self.decoder.feed(0, &mut self.message) {
            Fed::Nothing => {}
            Fed::Message(len) => {
                let message = self.message.get(..len).unwrap_or_default();
                each(Found::Message(message, self.len.saturating_add(2)));
            }
            Fed::Bad => match text(&self.raw) {
                Some(text) => text.lines().for_each(|line| each(Found::Text(line))),
                None if self.raw.is_empty() && self.shown => {}
                None => self.bad += 1,
            },
        }
        self.raw.clear();
        (self.len, self.shown) = (0, false);
    }

    /// Whether what has come since the last zero is text and cannot be the start of a frame.
    fn is_text(&self) -> bool {
        (self.shown || self.raw.len() >= 2) && self.raw.iter().all(|&byte| is_text(byte))
    }

    /// Shows the whole lines of a stretch that is text so far.
    fn lines(&mut self, each: &mut dyn FnMut(Found<'_>)) {
        let full = self.raw.len() >= TEXT_MAX;
        let end = self.raw.iter().rposition(|&byte| byte == b'\n').map(|at| at + 1);
        let Some(end) = end.or(full.then_some(self.raw.len())) else { return };
        if let Some(text) = self.raw.get(..end).filter(|_| self.is_text()).and_then(text) {
            text.lines().for_each(|line| each(Found::Text(line)));
            self.raw.drain(..end);
            self.shown = true;
        }
    }
}

/// The bytes as text, if they are text and there are any.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.is_empty() && text.bytes().all(is_text)).then_some(text)
}

/// Whether a byte may stand in text: line ends, tabs and colours, and all that is no control.
const fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\r' | b'\n' | 0x1b | 0x20..=0x7e | 0x80..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_wire::{encode_in_place, frame};

    fn frame_of(message: &[u8]) -> Vec<u8> {
        let start = frame::headroom(message.len());
        let mut buffer = vec![0; start + frame::frame_max(message.len())];
        buffer[start..start + message.len()].copy_from_slice(message);
        let len = encode_in_place(&mut buffer, start, message.len()).unwrap();
        buffer[..len].to_vec()
    }

    fn found(frames: &mut Frames, bytes: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        let mut each = |found: Found<'_>| {
            all.push(match found {
                Found::Message(message, _) => format!("{message:?}"),
                Found::Text(text) => text.to_owned(),
            });
        };
        frames.feed(bytes, &mut each);
        all
    }

    #[test]
    fn frames_and_text_are_told_apart_however_they_are_cut() {
        let mut bytes = b"boot ROM v1\r\nhello\n".to_vec();
        bytes.extend(frame_of(&[2, 0, 7]));
        bytes.extend_from_slice(b"temperature 21 \xc2\xb0C\n");
        // The code byte of this one is a line end.
        bytes.extend(frame_of(&[2, 9, 3, 4, 5, 6, 7, 8, 9, 0]));
        let wanted = [
            "boot ROM v1",
            "hello",
            "[2, 0, 7]",
            "temperature 21 \u{b0}C",
            "[2, 9, 3, 4, 5, 6, 7, 8, 9, 0]",
        ];
        for size in 1..bytes.len() {
            let mut frames = Frames::new();
            let all: Vec<_> =
                bytes.chunks(size).flat_map(|chunk| found(&mut frames, chunk)).collect();
            assert_eq!(all, wanted, "in chunks of {size}");
            assert_eq!(frames.bad(), 0);
        }
    }

    #[test]
    fn a_hurt_frame_is_counted_and_the_next_one_found() {
        let mut hurt = frame_of(&[2, 0, 7, 8]);
        hurt[3] ^= 0x40;
        hurt.extend(frame_of(&[3, 1]));
        let mut frames = Frames::new();
        assert_eq!(found(&mut frames, &hurt), ["[3, 1]"]);
        assert_eq!(frames.bad(), 1);
    }

    #[test]
    fn text_without_a_line_end_is_shown_when_the_line_is_quiet() {
        let mut frames = Frames::new();
        assert_eq!(found(&mut frames, b"login: "), [""; 0]);
        let mut shown = Vec::new();
        frames.idle(&mut |found| shown.push(format!("{found:?}")));
        assert_eq!(shown, ["Text(\"login: \")"]);
        assert_eq!(found(&mut frames, &frame_of(&[1, 2])), ["[1, 2]"]);
        assert_eq!(frames.bad(), 0);
    }

    #[test]
    fn endless_noise_costs_no_memory() {
        let mut frames = Frames::new();
        for _ in 0..10_000 {
            found(&mut frames, &[0xff; 500]);
        }
        assert!(frames.message.len() <= MESSAGE_MAX && frames.raw.len() <= TEXT_MAX);
        assert_eq!(found(&mut frames, &[0]), [""; 0]);
        assert_eq!(frames.bad(), 1);
        assert_eq!(found(&mut frames, &frame_of(&[1, 2])), ["[1, 2]"]);
    }
}
