//! What comes back from a tool: content in pieces, blocks, and everything else as the engine has
//! it.

use std::borrow::Cow;

use trine_descriptor::{Consent, Fault, FaultCode, NO_NODE};
use trine_mcp::{Block, Contents, Failure, Outcome};
use trine_wire::message;
use trine_wire::message::block::{self, Blocks};

use crate::sanitize;

/// Largest content that is taken from a device, in bytes.
const CONTENT_MAX: usize = 1 << 20;
/// Bytes of content that a device may send ahead of our credit.
pub(super) const WINDOW: u32 = 16 * 1024;

pub(super) const TOO_MUCH: &str =
    "the device announced more than 1 MiB of content, which is refused";
pub(super) const HOLE: &str = "a piece of the content was lost on the way; repeat the call";
const UNTAGGED: &str = "the device takes this call from an authenticated host alone: give it a key \
    with trine provision";

/// Content that comes in chunks.
#[derive(Debug)]
pub(super) struct Content {
    mime: String,
    len: usize,
    bytes: Vec<u8>,
    /// Up to where the device may send.
    credit: u32,
}

/// What a piece of content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Something is missing before it.
    Hole,
    /// There is more to come.
    More,
    /// The content is whole.
    Last,
}

/// Whether content of a media type is text, where it is UTF-8: types `text/…`, those whose suffix
/// says so (RFC 6839), and those of JSON, XML, YAML, TOML and JavaScript. No picture is text.
fn is_textual(mime: &str) -> bool {
    let kind = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.split_once('/') {
        Some(("text", _)) => true,
        Some(("application", of)) => {
            ["+json", "+xml", "+yaml"].iter().any(|suffix| of.ends_with(suffix))
                || matches!(
                    of,
                    "json" | "xml" | "yaml" | "toml" | "javascript" | "jsonl" | "x-ndjson"
                )
        }
        _ => false,
    }
}

impl Content {
    /// `None` when it is too much.
    pub(super) fn new(mime: &str, len: u32) -> Option<Self> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let mime = sanitize::plain(mime).into_owned();
        let new = Self { mime, len, bytes: Vec::new(), credit: WINDOW };
        (len <= CONTENT_MAX).then_some(new)
    }

    /// Takes a piece. One that came before, or in part, adds what is new in it.
    pub(super) fn take(&mut self, offset: u32, bytes: &[u8]) -> Piece {
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        let Some(known) = self.bytes.len().checked_sub(at) else { return Piece::Hole };
        let new = bytes.get(known..).unwrap_or_default();
        if new.len() > self.len - self.bytes.len() {
            return Piece::Hole;
        }
        self.bytes.extend_from_slice(new);
        if self.bytes.len() < self.len { Piece::More } else { Piece::Last }
    }

    /// The credit to give now, once half of the window is used; or in any case.
    pub(super) fn credit(&mut self, in_any_case: bool) -> Option<u32> {
        let upto = (self.bytes.len() as u32).saturating_add(WINDOW);
        let due = upto - self.credit >= WINDOW / 2 && (self.credit as usize) < self.len;
        (due || in_any_case).then(|| {
            self.credit = upto;
            upto
        })
    }

    /// Replaces what would act on who reads it, where the whole content is text.
    pub(super) fn make_fit(&mut self) {
        if !is_textual(&self.mime) {
            return;
        }
        if let Ok(text) = std::str::from_utf8(&self.bytes)
            && let Cow::Owned(text) = sanitize::content(text)
        {
            self.bytes = text.into_bytes();
        }
    }

    /// The content as one block.
    pub(super) fn block(&self) -> Block<'_> {
        let bytes = &self.bytes;
        let text = is_textual(&self.mime).then(|| std::str::from_utf8(bytes).ok());
        match text.flatten() {
            Some(text) => Block::Text(text),
            None if self.mime.starts_with("audio/") => {
                Block::Audio { mime: &self.mime, data: self }
            }
            None => Block::Image { mime: &self.mime, data: self },
        }
    }
}

impl trine_mcp::Bytes for Content {
    fn pieces(&self, each: &mut dyn FnMut(&[u8])) {
        each(&self.bytes);
    }
}

/// A structured result that its description allows; or a sentence.
type Judge<'j> = dyn Fn(&[u8]) -> Result<Vec<u8>, String> + 'j;

/// Blocks as the engine has them, for `end`: texts fit to be shown, and a structured result as
/// `judge` has it.
pub(super) fn blocks(
    bytes: &[u8],
    judge: &Judge<'_>,
    end: impl FnOnce(Result<Outcome<'_>, String>),
) {
    let Ok(blocks) = Blocks::new(bytes).collect::<Result<Vec<_>, _>>() else {
        return end(Ok(Outcome::Failed(Failure::BadResult)));
    };
    let fit: Result<Vec<_>, String> = blocks.iter().map(|block| Fit::new(block, judge)).collect();
    let fit = match fit {
        Ok(fit) => fit,
        Err(why) => return end(Err(why)),
    };
    // A reference to the bytes of each block, where the engine can borrow it from.
    let data: Vec<&[u8]> = blocks.iter().map(bytes_of).collect();
    let all: Vec<_> = blocks
        .iter()
        .zip(&fit)
        .zip(&data)
        .filter_map(|((one, fit), data)| convert(one, fit, data))
        .collect();
    end(Ok(Outcome::Content(&all)));
}

/// The texts of a block, fit to be shown: its text or value, address, name, media type and
/// description.
#[derive(Default)]
struct Fit<'a> {
    body: Cow<'a, [u8]>,
    uri: Cow<'a, str>,
    name: Cow<'a, str>,
    mime: Cow<'a, str>,
    description: Cow<'a, str>,
}

impl<'a> Fit<'a> {
    fn new(block: &block::Block<'a>, judge: &Judge<'_>) -> Result<Self, String> {
        let none = Self::default();
        Ok(match *block {
            block::Block::Text { text } => {
                let body = match sanitize::content(text) {
                    Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                    Cow::Owned(text) => Cow::Owned(text.into_bytes()),
                };
                Self { body, ..none }
            }
            block::Block::Image { mime, .. } | block::Block::Audio { mime, .. } => {
                Self { mime: sanitize::plain(mime), ..none }
            }
            block::Block::Link { uri, name, mime, description } => Self {
                uri: sanitize::plain(uri),
                name: sanitize::plain(name),
                mime: sanitize::plain(mime),
                description: sanitize::plain(description),
                ..none
            },
            block::Block::Embedded { uri, mime, .. } => {
                Self { uri: sanitize::plain(uri), mime: sanitize::plain(mime), ..none }
            }
            block::Block::Structured { value } => Self { body: judge(value)?.into(), ..none },
            _ => none,
        })
    }
}

fn bytes_of<'a>(block: &block::Block<'a>) -> &'a [u8] {
    match *block {
        block::Block::Image { bytes, .. }
        | block::Block::Audio { bytes, .. }
        | block::Block::Embedded { bytes, .. } => bytes,
        _ => &[],
    }
}

fn convert<'a>(one: &block::Block<'a>, fit: &'a Fit<'_>, data: &'a &'a [u8]) -> Option<Block<'a>> {
    let Fit { body, uri, name, mime, description } = fit;
    Some(match *one {
        block::Block::Text { .. } => Block::Text(std::str::from_utf8(body).unwrap_or_default()),
        block::Block::Image { .. } => Block::Image { mime, data },
        block::Block::Audio { .. } => Block::Audio { mime, data },
        block::Block::Link { .. } => Block::Link { uri, name, mime, description },
        // The bytes of a resource are the device's own, whatever they are.
        block::Block::Embedded { what, bytes, .. } => {
            let contents = match std::str::from_utf8(bytes) {
                Ok(text) if what == 0 => Contents::Text(text),
                _ => Contents::Blob(data),
            };
            Block::Embedded { uri, mime, contents }
        }
        block::Block::Structured { .. } => Block::Structured(body),
        // A type of a later version: left out, as the wire asks.
        _ => return None,
    })
}

/// Any other end of a call as the engine has it.
pub(super) fn outcome(outcome: message::Outcome<'_>, limit_ms: u32) -> Outcome<'_> {
    Outcome::Failed(match outcome {
        message::Outcome::Done { value } => return Outcome::Value(value),
        message::Outcome::Failed { text } => return Outcome::Error(text),
        message::Outcome::Unauthenticated => return Outcome::Error(UNTAGGED),
        message::Outcome::Fault { code, node, bound } => {
            return Outcome::Fault(match FaultCode::from_u8(code) {
                Some(code) => Fault::bound(code, node, bound),
                None => Fault::new(FaultCode::Malformed, NO_NODE),
            });
        }
        message::Outcome::Stale | message::Outcome::UnknownTool => Failure::Stale,
        message::Outcome::NeedsPerson { consent } => {
            Failure::NeedsPerson(Consent::from_u8(consent))
        }
        message::Outcome::Busy => Failure::Busy,
        message::Outcome::Expired => Failure::TimedOut(limit_ms),
        message::Outcome::Cancelled => Failure::Cancelled,
        message::Outcome::Forgotten => Failure::Forgotten,
        _ => Failure::BadResult,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_come_twice_or_overlap_add_what_is_new() {
        let mut content = Content::new("image/png", 10).unwrap();
        assert_eq!(content.take(0, b"0123"), Piece::More);
        assert_eq!(content.take(0, b"0123"), Piece::More);
        assert_eq!(content.take(2, b"2345"), Piece::More);
        assert_eq!(content.take(7, b"789"), Piece::Hole);
        assert_eq!(content.take(6, b"67890"), Piece::Hole);
        assert_eq!(content.take(6, b"6789"), Piece::Last);
        assert_eq!(content.bytes, b"0123456789");
    }

    #[test]
    fn credit_is_given_when_half_of_the_window_is_used() {
        let mut content = Content::new("", 3 * WINDOW).unwrap();
        let half = vec![0; WINDOW as usize / 2];
        assert_eq!(content.credit(false), None);
        content.take(0, &half[1..]);
        assert_eq!(content.credit(false), None);
        content.take(WINDOW / 2 - 1, &half);
        assert_eq!(content.credit(false), Some(2 * WINDOW - 1));
        assert_eq!(content.credit(false), None);
        assert_eq!(content.credit(true), Some(2 * WINDOW - 1));
    }

    #[test]
    fn blocks_of_every_type_are_passed_on_and_unknown_ones_left_out() {
        let all = [
            block::Block::Text { text: "t" },
            block::Block::Image { mime: "image/png", bytes: b"p" },
            block::Block::Audio { mime: "audio/wav", bytes: b"w" },
            block::Block::Link { uri: "u:1", name: "n", mime: "m", description: "d" },
            block::Block::Embedded { uri: "u:2", mime: "text/plain", what: 0, bytes: b"e" },
            block::Block::Embedded { uri: "u:3", mime: "m", what: 1, bytes: &[255] },
            block::Block::Structured { value: &[0, 1, 1] },
        ];
        let mut bytes = vec![99, 2, 0, 0];
        for block in all {
            let mut one = [0; 64];
            let len = block.write(&mut one).unwrap();
            bytes.extend_from_slice(&one[..len]);
        }
        let mut seen = String::new();
        let fine = |value: &[u8]| Ok(value.to_vec());
        blocks(&bytes, &fine, |outcome| seen = format!("{outcome:?}"));
        let order = ["Text(\"t\")", "Image", "Audio", "u:1", "Text(\"e\")", "Blob", "Structured"];
        let places: Vec<_> = order.iter().map(|word| seen.find(word).unwrap()).collect();
        assert!(places.is_sorted(), "{seen}");
        bytes.push(1);
        blocks(&bytes, &fine, |outcome| seen = format!("{outcome:?}"));
        assert!(seen.contains("BadResult"), "{seen}");
    }
}
