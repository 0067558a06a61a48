//! The end of a call as the wire has it, made of how the hub has it.

use crate::words::Words;
use trine_mcp::{Block, Contents, Failure, Outcome};
use trine_wire::message::block::Block as Put;
use trine_wire::message::{self, DeviceMessage, Outcome as Said};

/// Bytes of a piece of content.
const PIECE: usize = 16 * 1024;
/// Most bytes of blocks that go in one message.
const BLOCKS_MAX: usize = 48 * 1024;
/// Bytes of a message beside its texts.
const HEAD: usize = 64;

/// Calls `each` for every message that tells how a call of this id has ended.
pub(super) fn tell(id: u32, outcome: &Outcome<'_>, each: &mut dyn FnMut(&DeviceMessage<'_>)) {
    let mut say = |outcome: Said<'_>| each(&DeviceMessage::Result { id, outcome });
    match *outcome {
        Outcome::Value(value) => say(Said::Done { value }),
        Outcome::Error(text) => say(Said::Failed { text }),
        Outcome::Fault(fault) => {
            let (code, node, bound) = (fault.code as u8, fault.node, fault.bound);
            say(Said::Fault { code, node, bound });
        }
        Outcome::BadResult(fault) => {
            say(Said::BadResult { code: fault.code as u8, node: fault.node });
        }
        Outcome::Failed(failure) => failed(failure, &mut say),
        Outcome::Content([one]) if large(one).is_some() => {
            let Some((mime, bytes)) = large(one) else { return };
            content(id, mime, &bytes, each);
        }
        Outcome::Content(blocks) => match put(blocks) {
            Some(bytes) => say(Said::Blocks { bytes: &bytes }),
            None => say(Said::Failed { text: TOO_MUCH }),
        },
        // Questions go another way, and no device ends a call in one that is newer than this.
        _ => failed(Failure::NeedsInput, &mut say),
    }
}

const TOO_MUCH: &str = "the result is too large to be passed on to another program; call the tool \
    from the program that has the port";

fn failed(failure: Failure, say: &mut dyn FnMut(Said<'_>)) {
    match failure {
        Failure::NeedsPerson(consent) => say(Said::NeedsPerson { consent: consent as u8 }),
        Failure::Stale => say(Said::Stale),
        Failure::Busy => say(Said::Busy),
        Failure::TimedOut(_) => say(Said::Expired),
        Failure::Forgotten => say(Said::Forgotten),
        Failure::Cancelled => say(Said::Cancelled),
        other => {
            let mut words = Words(String::new());
            other.explain(&mut words);
            say(Said::Failed { text: &words.0 });
        }
    }
}

/// Content that may be longer than a message: its media type and its bytes.
fn large<'a>(block: &'a Block<'_>) -> Option<(&'a str, Vec<u8>)> {
    match block {
        Block::Image { mime, data } | Block::Audio { mime, data } => Some((mime, gathered(*data))),
        Block::Text(text) if text.len() > BLOCKS_MAX / 2 => Some(("text/plain", (*text).into())),
        _ => None,
    }
}

fn gathered(data: &dyn trine_mcp::Bytes) -> Vec<u8> {
    let mut all = Vec::new();
    data.pieces(&mut |piece| all.extend_from_slice(piece));
    all
}

fn content(id: u32, mime: &str, bytes: &[u8], each: &mut dyn FnMut(&DeviceMessage<'_>)) {
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    each(&DeviceMessage::Result { id, outcome: Said::Content { mime, len } });
    let mut offset = 0;
    for bytes in bytes.chunks(PIECE) {
        each(&DeviceMessage::Chunk { id, offset, bytes, block: 0 });
        offset += bytes.len() as u32;
    }
    if bytes.is_empty() {
        each(&DeviceMessage::Chunk { id, offset: 0, bytes: &[], block: 0 });
    }
}

/// Blocks one after another, if they have room in a message.
fn put(blocks: &[Block<'_>]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for block in blocks {
        let (data, text);
        let block = match *block {
            Block::Text(text) => Put::Text { text },
            Block::Structured(value) => Put::Structured { value },
            Block::Link { uri, name, mime, description } => {
                Put::Link { uri, name, mime, description }
            }
            Block::Image { mime, data: bytes } => {
                data = gathered(bytes);
                Put::Image { mime, bytes: &data }
            }
            Block::Audio { mime, data: bytes } => {
                data = gathered(bytes);
                Put::Audio { mime, bytes: &data }
            }
            Block::Embedded { uri, mime, contents: Contents::Text(own) } => {
                text = own;
                Put::Embedded { uri, mime, what: 0, bytes: text.as_bytes() }
            }
            Block::Embedded { uri, mime, contents: Contents::Blob(bytes) } => {
                data = gathered(bytes);
                Put::Embedded { uri, mime, what: 1, bytes: &data }
            }
            // A type that is newer than this: left out, as the wire asks.
            _ => continue,
        };
        let mut one = vec![0; BLOCKS_MAX];
        let len = block.write(&mut one)?;
        all.extend_from_slice(one.get(..len)?);
    }
    (all.len() <= BLOCKS_MAX).then_some(all)
}

/// A message as a frame of a byte stream, appended to `out`.
pub(super) fn frame(
    message: &DeviceMessage<'_>,
    outgoing: &mut crate::link::Outgoing,
    out: &mut Vec<u8>,
) {
    let room = HEAD
        + match message {
            DeviceMessage::Page { bytes, .. } | DeviceMessage::Chunk { bytes, .. } => bytes.len(),
            DeviceMessage::Result { outcome, .. } => match outcome {
                Said::Done { value: bytes } | Said::Blocks { bytes } => bytes.len(),
                Said::Failed { text } => text.len(),
                Said::NeedInput { state, requests } => state.len() + requests.len(),
                Said::Content { mime, .. } => mime.len(),
                _ => 0,
            },
            DeviceMessage::Progress { text, .. } | DeviceMessage::Event { text, .. } => text.len(),
            DeviceMessage::Hello(hello) => {
                let texts =
                    [hello.vendor, hello.product, hello.serial, hello.firmware, hello.build];
                64 + texts.iter().map(|text| text.len()).sum::<usize>()
            }
            _ => 0,
        };
    if outgoing.write(room, |out| message::write(message, out)).is_some() {
        out.extend_from_slice(outgoing.frame());
    }
}
