//! How a call went.

use crate::codec::{Reader, Writer};

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
            Self::Done { .. } => 0,
            Self::Fault { .. } => 1,
            Self::Failed { .. } => 2,
            Self::Stale => 3,
            Self::UnknownTool => 4,
            Self::NeedsPerson { .. } => 5,
            Self::Busy => 6,
            Self::Expired => 7,
            Self::Cancelled => 8,
            Self::BadResult { .. } => 9,
            Self::Content { .. } => 10,
            Self::NeedInput { .. } => 11,
            Self::Forgotten => 12,
            Self::Blocks { .. } => 13,
            Self::Unauthenticated => 14,
        }
    }

    // Outcomes of one shape are written by one arm, which is less flash than one each.
    pub(super) fn put<'w, 'b>(&self, out: &'w mut Writer<'b>) -> &'w mut Writer<'b> {
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

    pub(super) fn take(from: &mut Reader<'a>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Done { value: from.bytes()? },
            1 => Self::Fault { code: from.byte()?, node: from.short()?, bound: from.signed()? },
            2 => Self::Failed { text: from.text()? },
            3 => Self::Stale,
            4 => Self::UnknownTool,
            5 => Self::NeedsPerson { consent: from.byte()? },
            6 => Self::Busy,
            7 => Self::Expired,
            8 => Self::Cancelled,
            9 => Self::BadResult { code: from.byte()?, node: from.short()? },
            10 => Self::Content { mime: from.text()?, len: from.number()? },
            11 => Self::NeedInput { state: from.bytes()?, requests: from.bytes()? },
            12 => Self::Forgotten,
            13 => Self::Blocks { bytes: from.bytes()? },
            14 => Self::Unauthenticated,
            _ => return None,
        })
    }
}
