//! A layer that writes down what goes by, decoded.

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use trine_wire::bus::{FROM_DEVICE, Header, MORE, POLL};

use super::describe::MessageReader;
use super::{Direction, Layer, Out};
use crate::error::{Error, Result};
use crate::link::{FrameEvent, Frames, Framing};
use crate::sanitize;

/// What a link looks like from outside, where a tracer and a capture stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// A byte stream.
    Stream,
    /// Packets of at most so many bytes.
    Packet {
        /// Bytes of a packet.
        mtu: u16,
    },
    /// A line that several devices share.
    Bus,
}

impl LinkKind {
    /// How messages are found in it: what a bus carries are frames of a stream.
    #[must_use]
    pub const fn framing(self) -> Framing {
        match self {
            Self::Stream | Self::Bus => Framing::Stream,
            Self::Packet { mtu } => Framing::Packet { mtu },
        }
    }
}

impl fmt::Display for LinkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream => f.write_str("stream"),
            Self::Packet { mtu } => write!(f, "packet {mtu}"),
            Self::Bus => f.write_str("bus"),
        }
    }
}

impl FromStr for LinkKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::CaptureLink { text: text.to_owned() };
        let mut words = text.split_ascii_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("stream"), None, _) => Ok(Self::Stream),
            // A capture of one device of a bus says its address, which its frames say too.
            (Some("bus"), _, None) => Ok(Self::Bus),
            (Some("packet"), Some(mtu), None) => mtu
                .parse()
                .ok()
                .filter(|mtu| *mtu >= 8)
                .map(|mtu| Self::Packet { mtu })
                .ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }
}

/// Writes a line for every message, and for text between them. Changes nothing.
#[derive(Debug)]
pub struct Tracer<W> {
    out: W,
    kind: LinkKind,
    name: String,
    start_us: Option<u64>,
    frames: [Frames; 2],
    bad: [u64; 2],
    reader: MessageReader,
}

impl<W: Write> Tracer<W> {
    /// Writes to `out`; each line begins with `name`, if there is one.
    pub fn new(out: W, kind: LinkKind, name: &str) -> Self {
        let frames = || Frames::new(kind.framing());
        Self {
            out,
            kind,
            name: if name.is_empty() { String::new() } else { format!("{name} ") },
            start_us: None,
            frames: [frames(), frames()],
            bad: [0; 2],
            reader: MessageReader::default(),
        }
    }

    /// Takes a piece that has gone by.
    pub fn take(&mut self, way: Direction, now_us: u64, piece: &[u8]) {
        let at_us = now_us.saturating_sub(*self.start_us.get_or_insert(now_us));
        let Self { out, kind, name, frames, bad, reader, .. } = self;
        let (frames, bad) = (&mut frames[way as usize], &mut bad[way as usize]);
        let mut line = |what: &str, bytes: u32| {
            let (seconds, us) = (at_us / 1_000_000, at_us % 1_000_000);
            let (sign, what) = (way.sign(), sanitize::terminal_text(what));
            // A trace that cannot be written must not stop the link.
            drop(match bytes {
                0 => writeln!(out, "{name}{seconds:4}.{us:06} {sign} {what}"),
                _ => writeln!(out, "{name}{seconds:4}.{us:06} {sign} {what}  ({bytes} bytes)"),
            });
        };
        frames.feed(piece, &mut |found| match found {
            FrameEvent::Text(text) => line(&format!("text {text:?}"), 0),
            FrameEvent::Message(message, bytes) => match kind {
                LinkKind::Bus => line(&on_bus(reader, way, message), bytes),
                _ => line(&describe(reader, way, message), bytes),
            },
        });
        if frames.bad() != *bad {
            line(&format!("{} hurt", frames.bad() - *bad), 0);
            *bad = frames.bad();
        }
        drop(out.flush());
    }
}

fn describe(reader: &mut MessageReader, way: Direction, message: &[u8]) -> String {
    match way {
        Direction::ToDevice => reader.host_says(message),
        Direction::ToHost => reader.device_says(message),
    }
}

/// A frame of a bus: who is meant, what is allowed, and the message if there is one.
fn on_bus(reader: &mut MessageReader, way: Direction, content: &[u8]) -> String {
    let Some((Header { address, control }, message)) = Header::split(content) else {
        return "a frame that is too short for a bus".to_owned();
    };
    let sign = match control {
        _ if control & FROM_DEVICE != 0 && control & MORE != 0 => " (has more)",
        _ if control & FROM_DEVICE != 0 => "",
        _ if control & POLL != 0 => " (may speak)",
        _ => " (may not speak)",
    };
    let what = match message {
        [] => "nothing".to_owned(),
        _ => describe(reader, way, message),
    };
    format!("[{address}]{sign} {what}")
}

impl<W: Write + Send> Layer for Tracer<W> {
    fn pass(&mut self, way: Direction, now_us: u64, piece: &[u8], out: Out<'_>) {
        self.take(way, now_us, piece);
        out(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_wire::message::{self, DeviceMessage, Outcome};

    #[test]
    fn what_a_device_says_forges_no_line_and_reaches_no_terminal() {
        let text = "a\n   1.000000 < done\r\u{1b}[2J\u{9b}\u{202e}\u{200b}\u{e0041}";
        let says = [
            DeviceMessage::Log { level: 3, text, call: 0 },
            DeviceMessage::Event { seq: 1, tool: 0, text, what: 0 },
            DeviceMessage::Result { id: 1, outcome: Outcome::Failed { text } },
        ];
        let mut written = Vec::new();
        let mut tracer = Tracer::new(&mut written, LinkKind::Stream, "x");
        for message in says {
            let mut bytes = [0; 512];
            let len = message::write(&message, &mut bytes[32..]).unwrap();
            let framed = trine_wire::encode_in_place(&mut bytes, 32, len).unwrap();
            tracer.take(Direction::ToHost, 0, &bytes[..framed]);
        }
        drop(tracer);
        let written = String::from_utf8(written).unwrap();
        assert_eq!(written.lines().count(), 3, "{written}");
        assert!(written.matches("\\u{1b}[2J").count() == 3, "{written}");
        assert!(
            written.chars().all(|point| point == '\n' || !sanitize::acts(point)),
            "{written:?}"
        );
    }
}
