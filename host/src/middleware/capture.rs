//! Captures: what went over a link, in lines that a person can read and a program can replay.
//!
//! A line is `time_ms > hex` for a piece to the device or `time_ms < hex` for one to the host, the
//! time in milliseconds from the start. Lines that start with `#` are notes; empty lines mean
//! nothing.

use std::fmt;
use std::io::{self, Write};

use super::{Layer, Out, Way};
use crate::error::{Error, Result};

/// One line of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Milliseconds since the start.
    pub at_ms: u64,
    /// Which way the piece went.
    pub way: Way,
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
                Error::new(format!(
                    "line {number} of the capture is neither 'time_ms > hex' nor 'time_ms < hex': \
                     {}",
                    line.chars().take(60).collect::<String>()
                ))
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
        ">" => Way::ToDevice,
        "<" => Way::ToHost,
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

/// A layer that writes a capture and changes nothing.
#[derive(Debug)]
pub struct Recorder<W> {
    out: W,
    start_us: Option<u64>,
    broken: bool,
}

impl<W: Write> Recorder<W> {
    /// Writes to `out`, which begins with a note of how messages stand on the link: `stream`,
    /// `packet 20`, `bus`.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn new(mut out: W, link: &str) -> io::Result<Self> {
        writeln!(out, "# link: {link}")?;
        Ok(Self { out, start_us: None, broken: false })
    }
}

impl<W: Write + Send> Layer for Recorder<W> {
    fn pass(&mut self, way: Way, now_us: u64, piece: &[u8], out: Out<'_>) {
        let start = *self.start_us.get_or_insert(now_us);
        let at_ms = now_us.saturating_sub(start) / 1000;
        if !self.broken {
            let line = writeln!(self.out, "{at_ms} {} {}", way.sign(), Hex(piece));
            if let Err(error) = line.and_then(|()| self.out.flush()) {
                self.broken = true;
                tracing::error!("the capture ends here, it cannot be written: {error}");
            }
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
        let mut recorder = Recorder::new(&mut file, "packet 20").unwrap();
        let mut passed = Vec::new();
        let mut out = |piece: &[u8]| passed.push(piece.to_vec());
        recorder.pass(Way::ToDevice, 5_000_000, &[0, 1, 0xab], &mut out);
        recorder.pass(Way::ToHost, 5_012_900, &[0xff], &mut out);
        assert_eq!(passed, [vec![0, 1, 0xab], vec![0xff]]);
        let text = String::from_utf8(file).unwrap();
        assert_eq!(text, "# link: packet 20\n0 > 0001ab\n12 < ff\n");
        let entries = read(&text).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1], Entry { at_ms: 12, way: Way::ToHost, bytes: vec![0xff] });
        assert_eq!(entries[0].to_string(), "0 > 0001ab");
        assert_eq!(note(&text, "link"), Some("packet 20"));
        assert_eq!(note(&text, "key"), None);
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for line in ["5 > 0", "5 >", "x > 00", "5 = 00", "5 > 0g", "5 > 00 00"] {
            let said = read(&format!("0 > 00\n\n{line}\n")).unwrap_err().to_string();
            assert!(said.contains("line 3") && said.contains(line), "{said}");
        }
    }
}
