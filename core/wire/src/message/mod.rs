//! What host and device say, in postcard's format.
//!
//! A message is its kind (the number of the variant, one byte) and its members in order. Kinds and
//! members are only ever added at the end; a reader ignores bytes after the members that it knows,
//! and a device answers a kind that it does not know with [`DeviceMessage::Unsupported`].

mod members;

use crate::codec::{Reader, Writer};

/// From the host to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostMessage<'a> {
    /// Kind 0: who are you? Also asked again to learn whether the device is there.
    Hello {
        /// Highest version of the wire that the host speaks.
        wire: u8,
        /// A random number, echoed. The first one after a boot becomes the device's epoch, since
        /// a microcontroller may have no better source of one.
        nonce: u32,
    },
    /// Kind 1: a part of the list of tools.
    List {
        /// Byte of the list to start at.
        offset: u32,
        /// Most bytes to answer.
        max: u16,
    },
    /// Kind 2: call a tool.
    Call {
        /// Chosen by the host, unlike that of every other call under way.
        id: u32,
        /// Number of the tool in the list.
        tool: u16,
        /// Lower half of the descriptor's hash, little-endian. Another hash is answered
        /// [`Outcome::Stale`] before anything is decoded.
        hash: [u8; 4],
        /// Milliseconds that the call may take; 0 leaves it to the descriptor.
        deadline_ms: u32,
        /// Encoded arguments.
        args: &'a [u8],
    },
    /// Kind 3: the answer is no longer wanted.
    Cancel {
        /// Id of the call.
        id: u32,
    },
    /// Kind 4: counters and high-water marks, please.
    Status,
}

/// From the device to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceMessage<'a> {
    /// Kind 0: who I am; also sent unasked when the tools have changed.
    Hello(Hello<'a>),
    /// Kind 1: a part of the list of tools.
    Page {
        /// Byte of the list that it starts at.
        offset: u32,
        /// Bytes in the whole list.
        total: u32,
        /// The part.
        bytes: &'a [u8],
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
    },
    /// Kind 4: something happened that nobody called for.
    Event {
        /// Rises by one with each event.
        seq: u32,
        /// Number of the tool that it comes from.
        tool: u16,
        /// What happened, for a person.
        text: &'a str,
    },
    /// Kind 5: counters and high-water marks.
    Status(Status),
    /// Kind 6: a message of this kind means nothing to me.
    Unsupported {
        /// The kind.
        kind: u8,
    },
}

/// Identity and limits of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello<'a> {
    /// Version of the wire that the device speaks.
    pub wire: u8,
    /// The nonce of the question; 0 when unasked.
    pub nonce: u32,
    /// Differs from boot to boot.
    pub epoch: u32,
    /// Hash of all descriptors.
    pub table_hash: u64,
    /// Count of tools.
    pub tools: u16,
    /// Most bytes of a message that the device can take.
    pub message_max: u16,
    /// Calls that may be pending at a time.
    pub calls_max: u8,
    /// Feature bits; none are defined yet.
    pub features: u32,
    /// Who makes the device.
    pub vendor: &'a str,
    /// What it is; names in the gateway start from this or from an alias.
    pub product: &'a str,
    /// Which one it is, unlike every other of the product.
    pub serial: &'a str,
    /// Version of the firmware.
    pub firmware: &'a str,
    /// Which build of it.
    pub build: &'a str,
}

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// 0: done; the encoded result.
    Done {
        /// Entries by the tool's output descriptor.
        value: &'a [u8],
    },
    /// 1: an argument breaks a rule; the tool was not entered.
    Fault {
        /// Rule, as `FaultCode` numbers it.
        code: u8,
        /// Node of the parameter, 65535 for none.
        node: u16,
        /// Bound that was passed.
        bound: i64,
    },
    /// 2: the tool could not do it and says why.
    Failed {
        /// Why, for a person or a model.
        text: &'a str,
    },
    /// 3: the descriptor has another hash; list again.
    Stale,
    /// 4: there is no tool of that number.
    UnknownTool,
    /// 5: a person must agree first; the tool was not entered.
    NeedsPerson {
        /// Who, as `Consent` numbers it.
        consent: u8,
    },
    /// 6: too many calls are pending; the tool was not entered.
    Busy,
    /// 7: the deadline passed; the tool was told to stop.
    Expired,
    /// 8: the host cancelled it.
    Cancelled,
    /// 9: the tool answered what its own descriptor forbids.
    BadResult {
        /// Rule, as `FaultCode` numbers it.
        code: u8,
        /// Node of the result, 65535 for none.
        node: u16,
    },
    /// 10: done; the result is content that follows in chunks.
    Content {
        /// Media type.
        mime: &'a str,
        /// Bytes in all.
        len: u32,
    },
}

/// Counters since boot and high-water marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Milliseconds since boot, by the device's clock.
    pub uptime_ms: u64,
    /// Good frames received.
    pub frames_in: u32,
    /// Stretches between zeros that were no good frame.
    pub frames_bad: u32,
    /// Bytes that came when the receive ring was full.
    pub bytes_lost: u32,
    /// Frames sent.
    pub frames_out: u32,
    /// Calls received.
    pub calls: u32,
    /// Calls that reached a tool's own code.
    pub entered: u32,
    /// Calls refused for their arguments.
    pub faults: u32,
    /// Calls refused for want of a person.
    pub unagreed: u32,
    /// Calls whose deadline passed.
    pub expired: u32,
    /// Results that broke their own descriptor.
    pub bad_results: u32,
    /// Bytes of memory given to the dispatcher.
    pub memory: u32,
    /// Bytes of it carved.
    pub memory_used: u32,
    /// Most bytes ever in the receive ring.
    pub rx_high_water: u32,
    /// Most bytes ever waiting to be sent.
    pub tx_high_water: u32,
    /// Most calls ever pending at a time.
    pub calls_high_water: u8,
}

/// A message of one side: [`HostMessage`] or [`DeviceMessage`].
pub trait Message<'a>: Sized {
    /// Writes kind and members.
    fn put(&self, out: &mut Writer<'_>);

    /// Reads kind and members.
    fn take(from: &mut Reader<'a>) -> Option<Self>;
}

/// Writes a message; `None` when it does not fit.
pub fn write<'a, M: Message<'a>>(message: &M, out: &mut [u8]) -> Option<usize> {
    let mut out = Writer::new(out);
    message.put(&mut out);
    out.finish()
}

/// Reads a message and ignores what a later version may have put behind it.
pub fn read<'a, M: Message<'a>>(bytes: &'a [u8]) -> Option<M> {
    M::take(&mut Reader::new(bytes))
}

/// Bytes that stand before the value in a [`Outcome::Done`] of `len` bytes: so a result can be
/// written in its place before its length is known. Answers the count; `None` if `out` is short.
pub fn write_done_head(id: u32, len: usize, out: &mut [u8]) -> Option<usize> {
    let mut out = Writer::new(out);
    out.byte(2);
    out.number(id);
    out.byte(0);
    out.number(u32::try_from(len).ok()?);
    out.finish()
}

/// Most bytes that [`write_done_head`] writes.
pub const DONE_HEAD_MAX: usize = 1 + 5 + 1 + 5;
