//! What comes over a link: messages, and the text between the frames of a stream.

use memchr::memchr;
use trine_wire::packet::Reassembler;
use trine_wire::{DecodeEvent, Decoder};

use super::Framing;

/// Longest text without a line end that is kept.
const TEXT_MAX: usize = 1024;
/// Most bytes of a message; larger frames are dropped as bad ones.
const MESSAGE_MAX: usize = 64 * 1024;

/// What [`Frames::feed`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FrameEvent<'a> {
    /// A message whose CRC is right, and how many bytes it took on the line.
    Message(&'a [u8], u32),
    /// A line of text that a boot loader or `printf` put between frames.
    Text(&'a str),
}

/// Finds messages in the pieces of a link.
///
/// On a stream, no frame is all text, because one of its first two bytes is
/// a control character: the kind of the message, or the code byte that stands for a kind of zero.
/// So two bytes tell text and frames apart.
#[derive(Debug)]
pub(crate) struct Frames {
    framing: Framing,
    decoder: Decoder,
    reassembler: Reassembler,
    message: Vec<u8>,
    /// Bytes since the last zero that were not yet shown as text.
    raw: Vec<u8>,
    /// Bytes since the last zero in all, or of the packets of a message.
    len: u32,
    /// Whether a line of this stretch was shown as text already.
    shown: bool,
    bad: u64,
}

impl Frames {
    pub(crate) fn new(framing: Framing) -> Self {
        Self {
            framing,
            decoder: Decoder::new(),
            reassembler: Reassembler::new(),
            message: vec![0; 512],
            raw: Vec::with_capacity(TEXT_MAX),
            len: 0,
            shown: false,
            bad: 0,
        }
    }

    /// Stretches between zeros that were neither a frame nor text; of packets, messages that were
    /// not whole.
    pub(crate) const fn bad(&self) -> u64 {
        self.bad
    }

    /// Takes a piece (some bytes of a stream, or one packet) and calls `each` for everything found
    /// in it.
    pub(crate) fn feed(&mut self, piece: &[u8], each: &mut dyn FnMut(FrameEvent<'_>)) {
        match self.framing {
            Framing::Stream => self.stream(piece, each),
            Framing::Packet { .. } => self.packet(piece, each),
            Framing::Whole => each(FrameEvent::Message(piece, length(piece))),
        }
    }

    fn packet(&mut self, packet: &[u8], each: &mut dyn FnMut(FrameEvent<'_>)) {
        if self.message.len() < MESSAGE_MAX {
            self.message.resize(MESSAGE_MAX, 0);
        }
        self.len = self.len.saturating_add(length(packet));
        let taken = self.reassembler.take(packet, &mut self.message);
        self.bad += u64::from(taken.bad);
        if let Some(message) = taken.message.and_then(|len| self.message.get(..len)) {
            each(FrameEvent::Message(message, self.len));
        }
        if !self.reassembler.is_inside() {
            self.len = 0;
        }
    }

    fn stream(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(FrameEvent<'_>)) {
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
    pub(crate) fn idle(&mut self, each: &mut dyn FnMut(FrameEvent<'_>)) {
        if let Some(text) = text(&self.raw).filter(|_| self.is_text()) {
            each(FrameEvent::Text(text));
            self.raw.clear();
            self.shown = true;
        }
    }

    fn stretch(&mut self, stretch: &[u8]) {
        self.len = self.len.saturating_add(length(stretch));
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

    fn end(&mut self, each: &mut dyn FnMut(FrameEvent<'_>)) {
        match self.decoder.feed(0, &mut self.message) {
            DecodeEvent::Nothing => {}
            DecodeEvent::Message(len) => {
                let message = self.message.get(..len).unwrap_or_default();
                each(FrameEvent::Message(message, self.len.saturating_add(2)));
            }
            DecodeEvent::Bad => match text(&self.raw) {
                Some(text) => text.lines().for_each(|line| each(FrameEvent::Text(line))),
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
    fn lines(&mut self, each: &mut dyn FnMut(FrameEvent<'_>)) {
        let full = self.raw.len() >= TEXT_MAX;
        let end = self.raw.iter().rposition(|&byte| byte == b'\n').map(|at| at + 1);
        let Some(end) = end.or(full.then_some(self.raw.len())) else { return };
        if let Some(text) = self.raw.get(..end).filter(|_| self.is_text()).and_then(text) {
            text.lines().for_each(|line| each(FrameEvent::Text(line)));
            self.raw.drain(..end);
            self.shown = true;
        }
    }
}

fn length(piece: &[u8]) -> u32 {
    u32::try_from(piece.len()).unwrap_or(u32::MAX)
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
mod damage;
#[cfg(test)]
mod tests;
