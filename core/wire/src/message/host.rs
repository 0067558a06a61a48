//! What the host says.

use super::Message;
use crate::codec::{Members, WireReader, WireWriter};

/// From the host to the device.
///
/// ```
/// use trine_wire::message::{self, HostMessage};
///
/// let mut buffer = [0; 16];
/// let len = message::write(&HostMessage::Cancel { id: 9 }, &mut buffer).ok_or("too short")?;
/// assert_eq!(len, 2);
/// assert_eq!(message::read(&buffer[..len]), Some(HostMessage::Cancel { id: 9 }));
/// // Bytes after the members are those of a later version, and ignored.
/// assert_eq!(message::read(&buffer[..5]), Some(HostMessage::Cancel { id: 9 }));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostMessage<'a> {
    /// Kind 0: who are you? Also asked again to learn whether the device is there.
    Hello(HostHello),
    /// Kind 1: a part of a list.
    List {
        /// Byte of the list to start at.
        offset: u32,
        /// Most bytes to answer.
        max: u16,
        /// Which list, as [`what`](super::what) numbers them; tools since version 0.
        what: u8,
    },
    /// Kind 2: call a tool.
    Call(Call<'a>),
    /// Kind 3: the answer is no longer wanted.
    Cancel {
        /// Id of the call.
        id: u32,
    },
    /// Kind 4: counters and high-water marks, please.
    Status,
    /// Kind 5: content of a call may be sent up to an offset.
    Credit {
        /// Id of the call.
        id: u32,
        /// Bytes of the content that may have been sent in all.
        upto: u32,
    },
    /// Kind 6: the content of a resource.
    Read {
        /// An id of a slot, as a call has.
        id: u32,
        /// Address of the resource.
        uri: &'a str,
    },
    /// Kind 7: the messages of a prompt.
    Prompt {
        /// An id of a slot, as a call has.
        id: u32,
        /// Number of the prompt in its list.
        prompt: u16,
        /// Encoded arguments.
        args: &'a [u8],
        /// The state that came with [`Outcome::NeedInput`](super::Outcome::NeedInput), untouched.
        state: &'a [u8],
        /// Answers to its requests, see [`input`](super::input).
        answers: &'a [u8],
    },
    /// Kind 8: how could this text go on?
    Complete {
        /// An id of a slot, as a call has.
        id: u32,
        /// Of what: 0 a parameter of a tool, 1 an argument of a prompt, 2 a variable of a resource
        /// template.
        of: u8,
        /// Number of the tool, prompt or template in its list.
        index: u16,
        /// Node of the parameter, or number of the variable.
        node: u16,
        /// What a person has typed.
        text: &'a str,
    },
    /// Kind 9: are you there?
    Ping {
        /// Echoed.
        nonce: u32,
    },
    /// Kind 10: which log messages to send.
    Log {
        /// The lowest level to send (0 debug to 7 emergency); 255 for none.
        level: u8,
    },
    /// Kind 11: set or erase the key of the device.
    Provision {
        /// 0 sets the key, 1 erases it.
        op: u8,
        /// The key; zeros when it is erased.
        key: [u8; 16],
    },
    /// Kind 12: a read-only test for the factory.
    Factory {
        /// Which, as `docs/wire.md` numbers them; from 128 on the product's own.
        op: u8,
        /// What the operation takes.
        arg: &'a [u8],
    },
    /// Kind 13: which call is it that this sentence asks for?
    #[cfg(feature = "ask")]
    Ask(Ask<'a>),
}

/// The kinds of a [`HostMessage`], for a device that reads members one by one.
pub mod kind {
    /// [`HostMessage::Hello`](super::HostMessage::Hello).
    pub const HELLO: u8 = 0;
    /// [`HostMessage::List`](super::HostMessage::List).
    pub const LIST: u8 = 1;
    /// [`HostMessage::Call`](super::HostMessage::Call).
    pub const CALL: u8 = 2;
    /// [`HostMessage::Cancel`](super::HostMessage::Cancel).
    pub const CANCEL: u8 = 3;
    /// [`HostMessage::Status`](super::HostMessage::Status).
    pub const STATUS: u8 = 4;
    /// [`HostMessage::Credit`](super::HostMessage::Credit).
    pub const CREDIT: u8 = 5;
    /// [`HostMessage::Read`](super::HostMessage::Read).
    pub const READ: u8 = 6;
    /// [`HostMessage::Prompt`](super::HostMessage::Prompt).
    pub const PROMPT: u8 = 7;
    /// [`HostMessage::Complete`](super::HostMessage::Complete).
    pub const COMPLETE: u8 = 8;
    /// [`HostMessage::Ping`](super::HostMessage::Ping).
    pub const PING: u8 = 9;
    /// [`HostMessage::Log`](super::HostMessage::Log).
    pub const LOG: u8 = 10;
    /// [`HostMessage::Provision`](super::HostMessage::Provision).
    pub const PROVISION: u8 = 11;
    /// [`HostMessage::Factory`](super::HostMessage::Factory).
    pub const FACTORY: u8 = 12;
    /// `HostMessage::Ask`.
    pub const ASK: u8 = 13;
}

/// The host's hello.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostHello {
    /// Highest version of the wire that the host speaks.
    pub wire: u8,
    /// A random number, echoed. The first one after a boot becomes the device's epoch where it has
    /// no better source of one.
    pub nonce: u32,
    /// A random number that the host keeps as long as it runs, whatever becomes of the link. With
    /// another one than before, the device forgets the calls of its slots. Since version 1.
    pub session: u32,
    /// Bit 0: tagged messages are wanted. Since version 1.
    pub flags: u8,
    /// Most bytes of a message that the host takes, 0 for any. Since version 1.
    pub message_max: u16,
    /// Bytes of a content that may be sent before credit comes, 0 for any. Since version 1.
    pub content_window: u32,
    /// How often the host pings a silent link, in milliseconds; 0 if it does not. Since version 1.
    pub keepalive_ms: u32,
    /// Random bytes for the keys of this session; zeros on a link without tags. Since version 1.
    pub host_nonce: [u8; 8],
}

/// A call as it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Call<'a> {
    /// Sequence and slot, see [`slot`](crate::slot).
    pub id: u32,
    /// Number of the tool in the list.
    pub tool: u16,
    /// What the host believes the tool, the boot and the session to be, see
    /// [`check`](super::check). Another one is answered [`Outcome::Stale`](super::Outcome::Stale)
    /// before anything is decoded.
    pub check: [u8; 4],
    /// Milliseconds that the call may take; 0 leaves it to the descriptor.
    pub deadline_ms: u32,
    /// Encoded arguments.
    pub args: &'a [u8],
    /// Bit 0: progress is wanted. Since version 1.
    pub flags: u8,
    /// The state that came with [`Outcome::NeedInput`](super::Outcome::NeedInput), untouched.
    /// Since version 1.
    pub state: &'a [u8],
    /// Answers to its requests, see [`input`](super::input). Since version 1.
    pub answers: &'a [u8],
    /// Who asked for the call, believed only in a tagged message. Since version 1.
    pub principal: &'a str,
}

/// A sentence that a device with a model turns into a call. It changes nothing: the call is made by
/// a message of its own.
#[cfg(feature = "ask")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask<'a> {
    /// An id of a slot, as a call has.
    pub id: u32,
    /// Milliseconds that the answer may take; 0 leaves it to the device.
    pub deadline_ms: u32,
    /// What someone said, in UTF-8.
    pub sentence: &'a [u8],
    /// Bit 0: the tokens that the model read and chose are wanted too.
    pub flags: u8,
}

impl<'a> Message<'a> for HostMessage<'a> {
    fn write_to<'w, 'b>(&self, out: &'w mut WireWriter<'b>) -> &'w mut WireWriter<'b> {
        match *self {
            Self::Hello(ref hello) => hello.write_to(out),
            Self::List { offset, max, what } => {
                out.byte(1).number(offset).short(max).later_byte(what)
            }
            Self::Call(ref call) => call.write_to(out),
            Self::Cancel { id } => out.byte(3).number(id),
            Self::Status => out.byte(4),
            Self::Credit { id, upto } => out.byte(5).number(id).number(upto),
            Self::Read { id, uri } => out.byte(6).number(id).text(uri),
            Self::Prompt { id, prompt, args, state, answers } => {
                let out = out.byte(7).number(id).short(prompt).bytes(args);
                out.later_bytes(state).later_bytes(answers)
            }
            Self::Complete { id, of, index, node, text } => {
                out.byte(8).number(id).byte(of).short(index).short(node).text(text)
            }
            Self::Ping { nonce } => out.byte(9).number(nonce),
            Self::Log { level } => out.byte(10).byte(level),
            Self::Provision { op, ref key } => out.byte(11).byte(op).array(key),
            Self::Factory { op, arg } => out.byte(12).byte(op).bytes(arg),
            #[cfg(feature = "ask")]
            Self::Ask(ref ask) => ask.write_to(out),
        }
    }

    fn read_from(from: &mut WireReader<'a>) -> Option<Self> {
        let mut from = Members::new(from.rest());
        let message = match from.byte() {
            0 => Self::Hello(HostHello::read_from(&mut from)),
            1 => Self::List { offset: from.number(), max: from.short(), what: from.later_byte() },
            2 => Self::Call(Call::read_from(&mut from)),
            3 => Self::Cancel { id: from.number() },
            4 => Self::Status,
            #[cfg(feature = "content")]
            5 => Self::Credit { id: from.number(), upto: from.number() },
            #[cfg(feature = "resources")]
            6 => Self::Read { id: from.number(), uri: from.text() },
            #[cfg(feature = "resources")]
            7 => Self::Prompt {
                id: from.number(),
                prompt: from.short(),
                args: from.bytes(),
                state: from.later_bytes(),
                answers: from.later_bytes(),
            },
            #[cfg(feature = "resources")]
            8 => Self::Complete {
                id: from.number(),
                of: from.byte(),
                index: from.short(),
                node: from.short(),
                text: from.text(),
            },
            9 => Self::Ping { nonce: from.number() },
            #[cfg(feature = "progress")]
            10 => Self::Log { level: from.byte() },
            #[cfg(feature = "secure")]
            11 => Self::Provision { op: from.byte(), key: from.array() },
            #[cfg(feature = "factory")]
            12 => Self::Factory { op: from.byte(), arg: from.bytes() },
            #[cfg(feature = "ask")]
            13 => Self::Ask(Ask::read_from(&mut from)),
            _ => return None,
        };
        from.complete(message)
    }
}

impl HostHello {
    fn write_to<'w, 'b>(&self, out: &'w mut WireWriter<'b>) -> &'w mut WireWriter<'b> {
        out.byte(0)
            .byte(self.wire)
            .number(self.nonce)
            .later_number(self.session)
            .later_byte(self.flags)
            .later_number(u32::from(self.message_max))
            .later_number(self.content_window)
            .later_number(self.keepalive_ms)
            .later_array(&self.host_nonce)
    }

    /// Reads the members.
    pub fn read_from(from: &mut Members<'_>) -> Self {
        let mut hello = Self {
            wire: from.byte(),
            nonce: from.number(),
            session: from.later_number(),
            flags: from.later_byte(),
            message_max: from.later_short(),
            ..Self::default()
        };
        // A device without either feature has no use for what is behind.
        if cfg!(any(feature = "content", feature = "secure")) {
            hello.content_window = from.later_number();
            hello.keepalive_ms = from.later_number();
            hello.host_nonce = from.later_array();
        }
        hello
    }
}

impl<'a> Call<'a> {
    fn write_to<'w, 'b>(&self, out: &'w mut WireWriter<'b>) -> &'w mut WireWriter<'b> {
        out.byte(2)
            .number(self.id)
            .short(self.tool)
            .array(&self.check)
            .number(self.deadline_ms)
            .bytes(self.args)
            .later_byte(self.flags)
            .later_bytes(self.state)
            .later_bytes(self.answers)
            .later_bytes(self.principal.as_bytes())
    }

    /// Reads the members.
    pub fn read_from(from: &mut Members<'a>) -> Self {
        let mut call = Self {
            id: from.number(),
            tool: from.short(),
            check: from.array(),
            deadline_ms: from.number(),
            args: from.bytes(),
            ..Self::default()
        };
        // Most calls end here. A device without either feature has no use for what is behind.
        if cfg!(any(feature = "progress", feature = "secure")) && !from.is_at_end() {
            call.flags = from.byte();
            call.state = from.later_bytes();
            call.answers = from.later_bytes();
            call.principal = from.later_text();
        }
        call
    }
}

#[cfg(feature = "ask")]
impl<'a> Ask<'a> {
    fn write_to<'w, 'b>(&self, out: &'w mut WireWriter<'b>) -> &'w mut WireWriter<'b> {
        out.byte(kind::ASK)
            .number(self.id)
            .number(self.deadline_ms)
            .bytes(self.sentence)
            .later_byte(self.flags)
    }

    /// Reads the members.
    pub fn read_from(from: &mut Members<'a>) -> Self {
        Self {
            id: from.number(),
            deadline_ms: from.number(),
            sentence: from.bytes(),
            flags: from.later_byte(),
        }
    }
}
