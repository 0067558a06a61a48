//! How a call went, and the numbers of that for a device that writes members one by one.

use crate::codec::{WireReader, WireWriter};

/// The kind of the message that has one.
pub(super) const RESULT_KIND: u8 = 2;

/// Number of [`Outcome::Done`].
pub const DONE: u8 = 0;
/// Number of [`Outcome::Fault`].
pub const FAULT: u8 = 1;
/// Number of [`Outcome::Failed`].
pub const FAILED: u8 = 2;
/// Number of [`Outcome::Stale`].
pub const STALE: u8 = 3;
/// Number of [`Outcome::UnknownTool`].
pub const UNKNOWN_TOOL: u8 = 4;
/// Number of [`Outcome::NeedsPerson`].
pub const NEEDS_PERSON: u8 = 5;
/// Number of [`Outcome::Busy`].
pub const BUSY: u8 = 6;
/// Number of [`Outcome::Expired`].
pub const EXPIRED: u8 = 7;
/// Number of [`Outcome::Cancelled`].
pub const CANCELLED: u8 = 8;
/// Number of [`Outcome::BadResult`].
pub const BAD_RESULT: u8 = 9;
/// Number of [`Outcome::Content`].
pub const CONTENT: u8 = 10;
/// Number of [`Outcome::NeedInput`].
pub const NEED_INPUT: u8 = 11;
/// Number of [`Outcome::Forgotten`].
pub const FORGOTTEN: u8 = 12;
/// Number of [`Outcome::Blocks`].
pub const BLOCKS: u8 = 13;
/// Number of [`Outcome::Unauthenticated`].
pub const UNAUTHENTICATED: u8 = 14;

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
    /// 3: it was made for other tools, for another boot or in another session; nothing was done.
    /// Say hello, list again, and make a new call of it.
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
    /// 11: the tool needs to know more. The call is over; a new one with the same arguments, the
    /// state and the answers goes on with it. Since version 1.
    NeedInput {
        /// What the device wants to see again, untouched.
        state: &'a [u8],
        /// What it asks, see [`input`](super::input).
        requests: &'a [u8],
    },
    /// 12: it was answered before, the answer is no longer held, and it is not run again. Since
    /// version 1.
    Forgotten,
    /// 13: done; the result is content blocks. Since version 1.
    Blocks {
        /// One after another, see [`block`](super::block).
        bytes: &'a [u8],
    },
    /// 14: this tool takes tagged calls alone. Since version 1.
    Unauthenticated,
}

impl<'a> Outcome<'a> {
    const fn number(&self) -> u8 {
        match self {
            Self::Done { .. } => DONE,
            Self::Fault { .. } => FAULT,
            Self::Failed { .. } => FAILED,
            Self::Stale => STALE,
            Self::UnknownTool => UNKNOWN_TOOL,
            Self::NeedsPerson { .. } => NEEDS_PERSON,
            Self::Busy => BUSY,
            Self::Expired => EXPIRED,
            Self::Cancelled => CANCELLED,
            Self::BadResult { .. } => BAD_RESULT,
            Self::Content { .. } => CONTENT,
            Self::NeedInput { .. } => NEED_INPUT,
            Self::Forgotten => FORGOTTEN,
            Self::Blocks { .. } => BLOCKS,
            Self::Unauthenticated => UNAUTHENTICATED,
        }
    }

    // Outcomes of one shape are written by one arm, which is less flash than one each.
    pub(super) fn write_to<'w, 'b>(&self, out: &'w mut WireWriter<'b>) -> &'w mut WireWriter<'b> {
        let out = out.byte(self.number());
        match *self {
            Self::Done { value: bytes } | Self::Blocks { bytes } => out.bytes(bytes),
            Self::Fault { code, node, bound } => out.byte(code).short(node).signed(bound),
            Self::Failed { text } => out.text(text),
            Self::NeedsPerson { consent } => out.byte(consent),
            Self::BadResult { code, node } => out.byte(code).short(node),
            #[cfg(feature = "content")]
            Self::Content { mime, len } => out.text(mime).number(len),
            #[cfg(feature = "progress")]
            Self::NeedInput { state, requests } => out.bytes(state).bytes(requests),
            Self::Stale
            | Self::UnknownTool
            | Self::Busy
            | Self::Expired
            | Self::Cancelled
            | Self::Forgotten
            | Self::Unauthenticated => out,
            // What was left out of the build is not sent.
            #[cfg(not(all(feature = "content", feature = "progress")))]
            _ => {
                out.refuse();
                out
            }
        }
    }

    pub(super) fn read_from(from: &mut WireReader<'a>) -> Option<Self> {
        Some(match from.byte()? {
            DONE => Self::Done { value: from.bytes()? },
            FAULT => Self::Fault { code: from.byte()?, node: from.short()?, bound: from.signed()? },
            FAILED => Self::Failed { text: from.text()? },
            STALE => Self::Stale,
            UNKNOWN_TOOL => Self::UnknownTool,
            NEEDS_PERSON => Self::NeedsPerson { consent: from.byte()? },
            BUSY => Self::Busy,
            EXPIRED => Self::Expired,
            CANCELLED => Self::Cancelled,
            BAD_RESULT => Self::BadResult { code: from.byte()?, node: from.short()? },
            CONTENT => Self::Content { mime: from.text()?, len: from.number()? },
            NEED_INPUT => Self::NeedInput { state: from.bytes()?, requests: from.bytes()? },
            FORGOTTEN => Self::Forgotten,
            BLOCKS => Self::Blocks { bytes: from.bytes()? },
            UNAUTHENTICATED => Self::Unauthenticated,
            _ => return None,
        })
    }
}
