//! What host and device say, in postcard's format.
//!
//! A message is its kind (the number of the variant, one byte) and its members in order. Kinds and
//! members are only ever added at the end; a reader ignores bytes after the members that it knows,
//! takes an appended member that is missing for zero or empty, and a device answers a kind that it
//! does not know with [`DeviceMessage::Unsupported`].

pub mod block;
mod device;
mod hello;
mod host;
pub mod input;
pub mod outcome;
mod status;

pub use device::{DeviceMessage, put};
pub use hello::Hello;
#[cfg(feature = "ask")]
pub use host::Ask;
pub use host::{Call, HostHello, HostMessage, kind};
pub use outcome::Outcome;
pub use status::Status;

use crate::codec::{Members, WireReader, WireWriter};

/// The lists that a device may have.
pub mod what {
    /// Tools.
    pub const TOOLS: u8 = 0;
    /// Resources.
    pub const RESOURCES: u8 = 1;
    /// Resource templates.
    pub const TEMPLATES: u8 = 2;
    /// Prompts.
    pub const PROMPTS: u8 = 3;
}

/// Bits of the `flags` of a message.
pub mod flag {
    /// Of [`Call::flags`](super::Call::flags): progress is wanted.
    pub const PROGRESS: u8 = 1 << 0;
    /// Of the `flags` of a sentence (`Ask`): the tokens are wanted too.
    pub const TOKENS: u8 = 1 << 0;
}

/// Operations of [`HostMessage::Provision`] and codes of [`DeviceMessage::Provisioned`].
pub mod provision {
    /// Operation: sets the key.
    pub const SET: u8 = 0;
    /// Operation: erases it.
    pub const ERASE: u8 = 1;
    /// Code: done.
    pub const DONE: u8 = 0;
    /// Code: no physical input is held.
    pub const NOT_HELD: u8 = 1;
    /// Code: the key cannot be stored.
    pub const CANNOT_STORE: u8 = 2;
    /// Code: no such operation.
    pub const UNKNOWN: u8 = 3;
}

/// Operations of [`HostMessage::Factory`] and codes of [`DeviceMessage::Factory`].
pub mod factory {
    /// Operation: answers its argument.
    pub const ECHO: u8 = 0;
    /// Operation: hashes the list again, from memory, and compares it with what hello says.
    pub const LIST: u8 = 1;
    /// Operation: answers the milliseconds since boot.
    pub const CLOCK: u8 = 2;
    /// Operation: answers the high-water marks.
    pub const MEMORY: u8 = 3;
    /// The first of the product's own operations.
    pub const OWN: u8 = 128;
    /// Code: fine.
    pub const FINE: u8 = 0;
    /// Code: failed.
    pub const FAILED: u8 = 1;
    /// Code: no such operation.
    pub const UNKNOWN: u8 = 2;
}

/// Bits of [`Hello::features`].
pub mod feature {
    /// Some tools need a person's consent.
    pub const CONSENT: u32 = 1 << 0;
    /// Content in chunks.
    pub const CONTENT: u32 = 1 << 1;
    /// Progress of calls.
    pub const PROGRESS: u32 = 1 << 2;
    /// Log messages.
    pub const LOG: u32 = 1 << 3;
    /// Calls that ask for input.
    pub const NEED_INPUT: u32 = 1 << 4;
    /// Tagged messages and provisioning.
    pub const KEYED: u32 = 1 << 5;
    /// Factory tests.
    pub const FACTORY: u32 = 1 << 6;
    /// Resources.
    pub const RESOURCES: u32 = 1 << 7;
    /// Prompts.
    pub const PROMPTS: u32 = 1 << 8;
    /// Completion of what a person types.
    pub const COMPLETE: u32 = 1 << 9;
    /// Content waits for credit.
    pub const CREDIT: u32 = 1 << 10;
    /// Calls can be cancelled.
    pub const CANCEL: u32 = 1 << 11;
    /// Sentences become calls on the device.
    pub const ASK: u32 = 1 << 12;
}

/// The call guard of a call of the tool with the descriptor hash `hash`: its lower half, epoch and
/// session, joined by exclusive or. With epoch and session 0 it is that of version 0.
#[must_use]
pub const fn check(hash: u64, epoch: u32, session: u32) -> [u8; 4] {
    (hash as u32 ^ epoch ^ session).to_le_bytes()
}

/// A message of one side: [`HostMessage`] or [`DeviceMessage`].
pub trait Message<'a>: Sized {
    /// Writes kind and members; answers the writer.
    fn write_to<'w, 'b>(&self, out: &'w mut WireWriter<'b>) -> &'w mut WireWriter<'b>;

    /// Reads kind and members.
    fn read_from(from: &mut WireReader<'a>) -> Option<Self>;
}

/// Writes a message; `None` when it does not fit.
pub fn write<'a, M: Message<'a>>(message: &M, out: &mut [u8]) -> Option<usize> {
    let mut out = WireWriter::new(out);
    message.write_to(&mut out);
    out.finish()
}

/// Reads a message and ignores what a later version may have put behind it.
pub fn read<'a, M: Message<'a>>(bytes: &'a [u8]) -> Option<M> {
    M::read_from(&mut WireReader::new(bytes))
}

/// The outcome of a result, as [`read`] has it: without what reads the other messages of a device.
#[must_use]
pub fn result(bytes: &[u8]) -> Option<Outcome<'_>> {
    let mut from = WireReader::new(bytes);
    if from.byte()? != outcome::RESULT_KIND {
        return None;
    }
    _ = from.number()?;
    Outcome::read_from(&mut from)
}

/// The id and the outcome's number of a result whose outcome a later version has added, so that
/// [`read`] takes it for no message: a failure of the call whose effect is unknown.
#[must_use]
pub fn later_outcome(bytes: &[u8]) -> Option<(u32, u8)> {
    let mut from = Members::new(bytes);
    let (kind, id, number) = (from.byte(), from.number(), from.byte());
    let is_later = kind == outcome::RESULT_KIND && number > outcome::UNAUTHENTICATED;
    (is_later && !from.is_broken()).then_some((id, number))
}

/// Most bytes of a result before its value.
pub const DONE_HEAD_MAX: usize = 1 + 5 + 1 + 5;
