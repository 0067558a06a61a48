//! Captures: what went over a link, in lines that a person can read and a program can replay.
//!
//! A line is `time_ms > hex` for a piece to the device or `time_ms < hex` for one to the host, the
//! time in milliseconds from the start. Lines that start with `#` are notes; empty lines mean
//! nothing.

use std::fmt;
use std::io::{self, Write};

use trine_wire::bus::Header;

use super::{Direction, Layer, LinkKind, Out};
use crate::error::{Error, Result};
use crate::link::{FrameEvent, Frames};

/// One line of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Milliseconds since the start.
    pub at_ms: u64,
    /// Which way the piece went.
    pub way: Direction,
    /// The piece.
    pub bytes: Vec<u8>,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.at_ms, self.way.sign(), Hex(&self.bytes))
    }
}

/// Bytes as lower-case hex.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Reads a whole capture.
///
/// # Errors
/// Names the line that is none, and what a line looks like.
pub fn read(text: &str) -> Result<Vec<Entry>> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(number, line)| {
            entry(line).ok_or_else(|| {
                let text = line.chars().take(60).collect();
                Error::CaptureLine { line: number, text }
            })
        })
        .collect()
}

/// The value of a note `# name: value` of a capture, such as `link`.
#[must_use]
pub fn note<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| {
        let (said, value) = line.trim().strip_prefix('#')?.split_once(':')?;
        (said.trim() == name).then_some(value.trim())
    })
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split_ascii_whitespace();
    let at_ms = words.next()?.parse().ok()?;
    let way = match words.next()? {
        ">" => Direction::ToDevice,
        "<" => Direction::ToHost,
        _ => return None,
    };
    let bytes = unhex(words.next()?)?;
    words.next().is_none().then_some(Entry { at_ms, way, bytes })
}

/// The bytes of an even count of hex digits.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            &[high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
            _ => None,
        })
        .collect()
}

/// Kind of the message that brings a key.
const PROVISION: u8 = 11;
/// Most bytes that are held until their message is whole.
const HELD_MAX: usize = 256 * 1024;

/// A layer that writes a capture and changes nothing. A message that brings a device its key is
/// left out, and a note stands in its place: a capture never holds a key.
#[derive(Debug)]
pub struct Recorder<W: Write> {
    out: W,
    start_us: Option<u64>,
    broken: bool,
    kind: LinkKind,
    to_device: Frames,
    /// Lines whose messages are not whole yet, so that it is not known what they are.
    held: Vec<Entry>,
    /// The keys that have gone by: what is no message may be a part of one with a key.
    keys: Vec<Vec<u8>>,
}

/// Bytes in a row of a key by which a piece is known to hold a part of it.
const PART: usize = 3;

impl<W: Write> Recorder<W> {
    /// Writes to `out`, which begins with a note of how messages stand on the link.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn new(mut out: W, kind: LinkKind) -> io::Result<Self> {
        writeln!(out, "# link: {kind}")?;
        Ok(Self {
            out,
            start_us: None,
            broken: false,
            kind,
            to_device: Frames::new(kind.framing()),
            held: Vec::new(),
            keys: Vec::new(),
        })
    }

    fn take(&mut self, entry: Entry) {
        let Self { kind, to_device, keys, .. } = self;
        let (mut is_whole, mut is_key) = (self.held.is_empty(), false);
        if entry.way == Direction::ToDevice {
            let bad = to_device.bad();
            let mut found_any = false;
            to_device.feed(&entry.bytes, &mut |found| {
                found_any = true;
                let FrameEvent::Message(content, _) = found else { return };
                let message = match kind {
                    LinkKind::Bus => Header::split(content).map_or(content, |(_, rest)| rest),
                    _ => content,
                };
                if message.first() == Some(&PROVISION) {
                    is_key = true;
                    let key = message.get(2..18).filter(|key| key.iter().any(|&byte| byte != 0));
                    keys.extend(key.map(<[u8]>::to_vec));
                }
            });
            let is_bad = to_device.bad() > bad;
            is_whole = found_any || is_bad || entry.bytes.iter().all(|&byte| byte == 0);
            is_key |= is_bad && !self.keys.is_empty();
        }
        self.held.push(entry);
        let held: usize = self.held.iter().map(|entry| entry.bytes.len()).sum();
        if is_whole || held > HELD_MAX {
            self.write(!is_key && is_whole);
        }
    }

    /// Whether a piece holds a part of a key that has gone by.
    fn holds_key(&self, piece: &[u8]) -> bool {
        let mut parts = self.keys.iter().flat_map(|key| key.windows(PART));
        parts.any(|part| memchr::memmem::find(piece, part).is_some())
    }

    /// Writes what is held, or that bytes to the device are left out.
    fn write(&mut self, all: bool) {
        for entry in std::mem::take(&mut self.held) {
            if self.broken {
                return;
            }
            let line = if entry.way == Direction::ToHost || all && !self.holds_key(&entry.bytes) {
                writeln!(self.out, "{entry}")
            } else {
                let count = entry.bytes.len();
                writeln!(
                    self.out,
                    "# {} > {count} bytes left out: they may hold a key",
                    entry.at_ms
                )
            };
            if let Err(error) = line.and_then(|()| self.out.flush()) {
                self.broken = true;
                tracing::error!("the capture ends here, it cannot be written: {error}");
            }
        }
    }
}

impl<W: Write> Drop for Recorder<W> {
    fn drop(&mut self) {
        // What is held is no whole message, and so nothing that could be replayed.
        self.write(false);
    }
}

impl<W: Write + Send> Layer for Recorder<W> {
    fn pass(&mut self, way: Direction, now_us: u64, piece: &[u8], out: Out<'_>) {
        let start = *self.start_us.get_or_insert(now_us);
        let at_ms = now_us.saturating_sub(start) / 1000;
        // A packet may be empty, and a line of a capture is not.
        if !piece.is_empty() {
            self.take(Entry { at_ms, way, bytes: piece.to_vec() });
        }
        out(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_read_back() {
        let mut file = Vec::new();
        let kind = LinkKind::Packet { mtu: 20 };
        let mut recorder = Recorder::new(&mut file, kind).unwrap();
        let mut passed = Vec::new();
        let mut out = |piece: &[u8]| passed.push(piece.to_vec());
        recorder.pass(Direction::ToDevice, 5_000_000, &[0, 1, 0xab], &mut out);
        recorder.pass(Direction::ToHost, 5_001_000, &[], &mut out);
        recorder.pass(Direction::ToHost, 5_012_900, &[0xff], &mut out);
        drop(recorder);
        assert_eq!(passed, [vec![0, 1, 0xab], vec![], vec![0xff]]);
        let text = String::from_utf8(file).unwrap();
        assert_eq!(text, "# link: packet 20\n0 > 0001ab\n12 < ff\n");
        let entries = read(&text).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1], Entry { at_ms: 12, way: Direction::ToHost, bytes: vec![0xff] });
        assert_eq!(entries[0].to_string(), "0 > 0001ab");
        assert_eq!(note(&text, "link"), Some("packet 20"));
        assert_eq!(note(&text, "key"), None);
    }

    /// The pieces of a message on a link.
    fn pieces(kind: LinkKind, message: &[u8]) -> Vec<Vec<u8>> {
        let content = match kind {
            LinkKind::Bus => [&Header::to_device(5, true).bytes()[..], message].concat(),
            _ => message.to_vec(),
        };
        let mut body = vec![0; 2 * content.len() + 64];
        if let LinkKind::Packet { mtu } = kind {
            body[3..3 + content.len()].copy_from_slice(&content);
            let len = trine_wire::packet::encode_in_place(&mut body, 3, content.len()).unwrap();
            let (mut cutter, mut all) = (trine_wire::packet::Fragmenter::new(), Vec::new());
            let mut packet = vec![0; mtu.into()];
            loop {
                match cutter.next(&body[..len], &mut packet) {
                    0 => return all,
                    count => all.push(packet[..count].to_vec()),
                }
            }
        }
        let at = trine_wire::frame::headroom(content.len());
        body[at..at + content.len()].copy_from_slice(&content);
        let len = trine_wire::encode_in_place(&mut body, at, content.len()).unwrap();
        // As a write that is cut anywhere.
        body[..len].chunks(7).map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn no_capture_holds_a_key_on_any_link_whether_tagged_or_cut_off() {
        let key: Vec<u8> = (0xa0..0xb0).collect();
        let provision = [&[PROVISION, 0], &key[..]].concat();
        let tagged = [&provision[..], &[7; 20]].concat();
        for kind in [
            LinkKind::Stream,
            LinkKind::Bus,
            LinkKind::Packet { mtu: 8 },
            LinkKind::Packet { mtu: 64 },
        ] {
            for (message, cut) in [(&provision, 0), (&tagged, 0), (&provision, 1)] {
                let mut file = Vec::new();
                let mut recorder = Recorder::new(&mut file, kind).unwrap();
                let mut all = pieces(kind, &[9, 77]);
                all.extend(pieces(kind, message));
                let again = pieces(kind, message);
                all.extend(again[..again.len() - cut].to_vec());
                if cut == 0 {
                    all.extend(pieces(kind, &[9, 78]));
                }
                for piece in &all {
                    recorder.pass(Direction::ToDevice, 0, piece, &mut |_| {});
                    recorder.pass(Direction::ToHost, 0, &[1], &mut |_| {});
                }
                drop(recorder);
                let text = String::from_utf8(file).unwrap();
                for piece in key.windows(2) {
                    let digits = Hex(piece).to_string();
                    assert!(!text.contains(&digits), "{kind} {cut}: {digits} in\n{text}");
                }
                assert!(text.contains("left out"), "{text}");
                let read = read(&text).unwrap();
                assert_eq!(read.iter().filter(|it| it.way == Direction::ToHost).count(), all.len());
                assert!(read.iter().any(|it| it.way == Direction::ToDevice), "{text}");
            }
        }
    }

    #[test]
    fn an_invalid_line_is_named() {
        for line in ["5 > 0", "5 >", "x > 00", "5 = 00", "5 > 0g", "5 > 00 00"] {
            let said = read(&format!("0 > 00\n\n{line}\n")).unwrap_err().to_string();
            assert!(said.contains("line 3") && said.contains(line), "{said}");
        }
    }
}
