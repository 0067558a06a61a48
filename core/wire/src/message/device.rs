//! What the device says.

use super::{Hello, Message, Outcome, Status};
use crate::codec::{Reader, Writer};

/// From the device to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceMessage<'a> {
    /// Kind 0: who I am; also sent unasked when the tools have changed.
    Hello(Hello<'a>),
    /// Kind 1: a part of a list.
    Page {
        /// Byte of the list that it starts at.
        offset: u32,
        /// Bytes in the whole list.
        total: u32,
        /// The part.
        bytes: &'a [u8],
        /// Which list, as [`what`](super::what) numbers them. Since version 1.
        what: u8,
    },
    /// Kind 2: the answer to a call. Each call gets one.
    Result {
        /// Id of the call.
        id: u32,
        /// How it went.
        outcome: Outcome<'a>,
    },
    /// Kind 3: a piece of the content that [`Outcome::Content`] announced; the last piece is the
    /// one that reaches the announced length.
    Chunk {
        /// Id of the call.
        id: u32,
        /// Byte of the content that it starts at.
        offset: u32,
        /// The piece.
        bytes: &'a [u8],
        /// Number of the block that it belongs to; 0 while a result has one. Since version 1.
        block: u8,
    },
    /// Kind 4: something happened that nobody called for.
    Event {
        /// Rises by one with each event.
        seq: u32,
        /// Number of the tool that it comes from.
        tool: u16,
        /// What happened, for a person.
        text: &'a str,
        /// 0 a tool tells something, 1 a list changed (`tool` says which, as
        /// [`what`](super::what)), 2 a resource changed (`text` is its address). Since version 1.
        what: u8,
    },
    /// Kind 5: counters and high-water marks.
    Status(Status),
    /// Kind 6: a message of this kind means nothing to me.
    Unsupported {
        /// The kind.
        kind: u8,
    },
    /// Kind 7: a call is still under way; also the answer to the repeat of such a call.
    Progress {
        /// Id of the call.
        id: u32,
        /// How much is done.
        done: u32,
        /// Of how much, 0 when nobody knows.
        total: u32,
        /// What is being done, for a person.
        text: &'a str,
    },
    /// Kind 8: a line for the log.
    Log {
        /// 0 debug, 1 info, 2 notice, 3 warning, 4 error, 5 critical, 6 alert, 7 emergency.
        level: u8,
        /// The line.
        text: &'a str,
    },
    /// Kind 9: here I am.
    Pong {
        /// The nonce of the question.
        nonce: u32,
        /// The epoch, so that a restart is noticed. Four bytes, the low one first.
        epoch: u32,
    },
    /// Kind 10: what became of the key.
    Provisioned {
        /// 0 done, 1 no physical input is held, 2 it cannot be stored, 3 not what it should be.
        code: u8,
    },
    /// Kind 11: what a factory test found.
    Factory {
        /// The operation.
        op: u8,
        /// 0 fine, 1 failed, 2 no such operation.
        code: u8,
        /// What it found.
        bytes: &'a [u8],
    },
}

impl DeviceMessage<'_> {
    const fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => 0,
            Self::Page { .. } => 1,
            Self::Result { .. } => 2,
            Self::Chunk { .. } => 3,
            Self::Event { .. } => 4,
            Self::Status(_) => 5,
            Self::Unsupported { .. } => 6,
            Self::Progress { .. } => 7,
            Self::Log { .. } => 8,
            Self::Pong { .. } => 9,
            Self::Provisioned { .. } => 10,
            Self::Factory { .. } => 11,
        }
    }
}

impl<'a> Message<'a> for DeviceMessage<'a> {
    fn put<'w, 'b>(&self, out: &'w mut Writer<'b>) -> &'w mut Writer<'b> {
        let out = out.byte(self.kind());
        match *self {
            Self::Hello(ref hello) => hello.put(out),
            Self::Page { offset, total, bytes, what } => {
                out.number(offset).number(total).bytes(bytes).later_byte(what)
            }
            Self::Result { id, outcome } => outcome.put(out.number(id)),
            #[cfg(feature = "content")]
            Self::Chunk { id, offset, bytes, block } => {
                out.number(id).number(offset).bytes(bytes).later_byte(block)
            }
            Self::Event { seq, tool, text, what } => {
                out.number(seq).short(tool).text(text).later_byte(what)
            }
            #[cfg(feature = "status")]
            Self::Status(ref status) => status.put(out),
            Self::Unsupported { kind } => out.byte(kind),
            Self::Progress { id, done, total, text } => {
                out.number(id).number(done).number(total).text(text)
            }
            #[cfg(feature = "progress")]
            Self::Log { level, text } => out.byte(level).text(text),
            Self::Pong { nonce, epoch } => out.number(nonce).array(&epoch.to_le_bytes()),
            #[cfg(feature = "secure")]
            Self::Provisioned { code } => out.byte(code),
            #[cfg(feature = "factory")]
            Self::Factory { op, code, bytes } => out.byte(op).byte(code).bytes(bytes),
            // What was left out of the build is not sent.
            #[cfg(not(all(
                feature = "content",
                feature = "factory",
                feature = "progress",
                feature = "secure",
                feature = "status"
            )))]
            _ => out.refuse(),
        }
    }

    fn take(from: &mut Reader<'a>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Hello(Hello::take(from)?),
            1 => Self::Page {
                offset: from.number()?,
                total: from.number()?,
                bytes: from.bytes()?,
                what: from.later_byte()?,
            },
            2 => Self::Result { id: from.number()?, outcome: Outcome::take(from)? },
            3 => Self::Chunk {
                id: from.number()?,
                offset: from.number()?,
                bytes: from.bytes()?,
                block: from.later_byte()?,
            },
            4 => Self::Event {
                seq: from.number()?,
                tool: from.short()?,
                text: from.text()?,
                what: from.later_byte()?,
            },
            5 => Self::Status(Status::take(from)?),
            6 => Self::Unsupported { kind: from.byte()? },
            7 => Self::Progress {
                id: from.number()?,
                done: from.number()?,
                total: from.number()?,
                text: from.text()?,
            },
            8 => Self::Log { level: from.byte()?, text: from.text()? },
            9 => Self::Pong { nonce: from.number()?, epoch: u32::from_le_bytes(from.array()?) },
            10 => Self::Provisioned { code: from.byte()? },
            11 => Self::Factory { op: from.byte()?, code: from.byte()?, bytes: from.bytes()? },
            _ => return None,
        })
    }
}
