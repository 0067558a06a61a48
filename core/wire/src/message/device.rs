//! What the device says.

use super::outcome::RESULT_KIND;
use super::{Hello, Message, Outcome, Status};
use crate::codec::{WireReader, WireWriter};

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
    /// Kind 4: something happened that no one called for.
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
        /// Of how much, 0 when no one knows.
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
        /// Id of the call that it is about, 0 for none. Appended in version 1.
        call: u32,
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

/// One function for each kind that every device sends: a device writes a message member by member
/// and need not put a value of it together first.
pub mod put {
    use super::super::Outcome;
    use crate::codec::WireWriter;

    /// Kind 0 up to the hash: see [`Hello`](super::Hello) for what each member is. The others
    /// follow in the order of these functions, which together have too many for one.
    pub fn hello(out: &mut WireWriter<'_>, nonce: u32, epoch: u32, table_hash: u64) {
        out.byte(0).byte(crate::VERSION).number(nonce).number(epoch).long(table_hash);
    }

    /// The next members of kind 0.
    pub fn hello_limits(
        out: &mut WireWriter<'_>,
        (tools, message_max): (u16, u16),
        calls_max: u8,
        features: u32,
    ) {
        out.short(tools).short(message_max).byte(calls_max).number(features);
    }

    /// One of the five texts that come next.
    pub fn hello_text(out: &mut WireWriter<'_>, text: &str) {
        out.text(text);
    }

    /// The members behind the texts, of which those of a device without a key are the last.
    pub fn hello_link(
        out: &mut WireWriter<'_>,
        (session, rx_bytes): (u32, u16),
        result_max: u16,
        link_ms: u32,
    ) {
        out.later_number(session).later_number(rx_bytes.into());
        out.later_number(result_max.into()).later_number(link_ms);
    }

    /// The members that a device with a key has beside.
    pub fn hello_key(
        out: &mut WireWriter<'_>,
        keyed: bool,
        challenge: &[u8; 12],
        hello_digest: &[u8; 8],
    ) {
        out.later_byte(keyed.into()).later_array(challenge).later_array(hello_digest);
    }

    /// Kind 1 but for the part itself, of `len` bytes, which stands behind it and before `what`.
    pub fn page_head(out: &mut WireWriter<'_>, offset: u32, total: u32, len: u32) {
        out.byte(1).number(offset).number(total).number(len);
    }

    /// Kind 2, see [`DeviceMessage::Result`](super::DeviceMessage::Result).
    pub fn result(out: &mut WireWriter<'_>, id: u32, outcome: &Outcome<'_>) {
        outcome.write_to(out.byte(super::RESULT_KIND).number(id));
    }

    /// Kind 2 but for the body of outcome number `outcome`, see
    /// [`outcome`](crate::message::outcome).
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn result_head(out: &mut WireWriter<'_>, id: u32, outcome: u8) {
        out.byte(super::RESULT_KIND).number(id).byte(outcome);
    }

    /// Kind 4 of a tool, see [`DeviceMessage::Event`](super::DeviceMessage::Event).
    pub fn event(out: &mut WireWriter<'_>, seq: u32, tool: u16, text: &str) {
        out.byte(4).number(seq).short(tool).text(text);
    }

    /// Kind 6, see [`DeviceMessage::Unsupported`](super::DeviceMessage::Unsupported).
    pub fn unsupported(out: &mut WireWriter<'_>, kind: u8) {
        out.byte(6).byte(kind);
    }

    /// Kind 7, see [`DeviceMessage::Progress`](super::DeviceMessage::Progress).
    pub fn progress(out: &mut WireWriter<'_>, id: u32, (done, total): (u32, u32), text: &str) {
        out.byte(7).number(id).number(done).number(total).text(text);
    }

    /// Kind 7 of a call of which nothing more is known than that it is under way.
    pub fn under_way(out: &mut WireWriter<'_>, id: u32) {
        out.byte(7).number(id).array(&[0; 3]);
    }

    /// Kind 9, see [`DeviceMessage::Pong`](super::DeviceMessage::Pong).
    pub fn pong(out: &mut WireWriter<'_>, nonce: u32, epoch: u32) {
        out.byte(9).number(nonce).array(&epoch.to_le_bytes());
    }
}

impl<'a> Message<'a> for DeviceMessage<'a> {
    fn write_to<'w, 'b>(&self, out: &'w mut WireWriter<'b>) -> &'w mut WireWriter<'b> {
        match *self {
            Self::Hello(ref hello) => hello.write_to(out),
            Self::Page { offset, total, bytes, what } => {
                // A list is never as long as 32 bits say.
                put::page_head(out, offset, total, bytes.len() as u32);
                out.array(bytes).later_byte(what);
            }
            Self::Result { id, ref outcome } => put::result(out, id, outcome),
            #[cfg(feature = "content")]
            Self::Chunk { id, offset, bytes, block } => {
                out.byte(3).number(id).number(offset).bytes(bytes).later_byte(block);
            }
            Self::Event { seq, tool, text, what } => {
                put::event(out, seq, tool, text);
                out.later_byte(what);
            }
            #[cfg(feature = "status")]
            Self::Status(ref status) => _ = status.write_to(out.byte(5)),
            Self::Unsupported { kind } => put::unsupported(out, kind),
            Self::Progress { id, done, total, text } => put::progress(out, id, (done, total), text),
            #[cfg(feature = "progress")]
            Self::Log { level, text, call } => {
                out.byte(8).byte(level).text(text).later_number(call);
            }
            Self::Pong { nonce, epoch } => put::pong(out, nonce, epoch),
            #[cfg(feature = "secure")]
            Self::Provisioned { code } => _ = out.byte(10).byte(code),
            #[cfg(feature = "factory")]
            Self::Factory { op, code, bytes } => {
                out.byte(11).byte(op).byte(code).bytes(bytes);
            }
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
        out
    }

    fn read_from(from: &mut WireReader<'a>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Hello(Hello::read_from(from)?),
            1 => Self::Page {
                offset: from.number()?,
                total: from.number()?,
                bytes: from.bytes()?,
                what: from.later_byte()?,
            },
            RESULT_KIND => Self::Result { id: from.number()?, outcome: Outcome::read_from(from)? },
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
            5 => Self::Status(Status::read_from(from)?),
            6 => Self::Unsupported { kind: from.byte()? },
            7 => Self::Progress {
                id: from.number()?,
                done: from.number()?,
                total: from.number()?,
                text: from.text()?,
            },
            8 => Self::Log { level: from.byte()?, text: from.text()?, call: from.later_number()? },
            9 => Self::Pong { nonce: from.number()?, epoch: u32::from_le_bytes(from.array()?) },
            10 => Self::Provisioned { code: from.byte()? },
            11 => Self::Factory { op: from.byte()?, code: from.byte()?, bytes: from.bytes()? },
            _ => return None,
        })
    }
}
