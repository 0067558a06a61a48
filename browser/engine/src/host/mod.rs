//! The host of one device, by `docs/wire.md`: it asks who the device is, fetches its tools, sends
//! calls and repeats what is not answered.
//!
//! It has no line: bytes of the device go in ([`Host::take`]), its own leave through a [`Line`].
//! It has no clock either: times are milliseconds that only rise.

mod calls;
mod content;
mod hello;
mod receiver;
mod results;
mod speaker;

use trine_descriptor::Fault;
use trine_mcp::{Failure, ID_MAX, Id, Version};
use trine_wire::message::Outcome;

pub use self::content::{CONTENT_MAX, Content};
use self::receiver::{Received, Receiver};
use self::speaker::Speaker;
use crate::list::List;

/// Most bytes of a message of the device.
pub const MESSAGE_MAX: usize = 16 << 10;
/// Most bytes of a call.
pub const CALL_MAX: usize = 2 << 10;
/// Calls under way.
pub const CALLS_MAX: usize = 4;
/// What is not answered is sent again after so many milliseconds.
const AGAIN_MS: u64 = 500;
/// A device that has said nothing for so long is asked whether it is there.
const QUIET_MS: u64 = 1_000;
/// After so much silence it is not.
const GONE_MS: u64 = 5_000;

/// Where frames for the device go.
pub trait Line {
    /// Sends a frame, whose message is of this kind.
    fn send(&mut self, kind: u8, frame: &[u8]);
    /// Shows a frame of the device.
    fn show(&mut self, kind: u8, frame: &[u8]);
    /// Says something to a person.
    fn say(&mut self, words: &[&str]);
}

/// The request that a call belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    id: Kept,
    progress: Option<Kept>,
    /// Its revision.
    pub version: Version,
}

/// An id of a client's choice.
#[derive(Clone, Copy, Debug)]
struct Kept([u8; ID_MAX], u16);

impl Kept {
    fn new(id: Id<'_>) -> Self {
        let mut kept = Self([0; ID_MAX], 0);
        if let Some(place) = kept.0.get_mut(..id.raw().len()) {
            place.copy_from_slice(id.raw());
            // It is at most `ID_MAX`.
            kept.1 = id.raw().len() as u16;
        }
        kept
    }

    fn raw(&self) -> &[u8] {
        self.0.get(..self.1.into()).unwrap_or_default()
    }
}

impl Request {
    /// Keeps what the answer needs.
    #[must_use]
    pub fn new(id: Id<'_>, progress: Option<Id<'_>>, version: Version) -> Self {
        Self { id: Kept::new(id), progress: progress.map(Kept::new), version }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Option<Id<'_>> {
        Id::from_raw(self.id.raw())
    }

    /// The token for its progress, where the client wants to be told.
    #[must_use]
    pub fn progress(&self) -> Option<Id<'_>> {
        Id::from_raw(self.progress.as_ref()?.raw())
    }

    pub(crate) fn is(&self, id: Id<'_>) -> bool {
        self.id.raw() == id.raw()
    }
}

/// How a call ended.
#[derive(Debug)]
pub enum End<'h> {
    /// As the device has said.
    Said(Outcome<'h>),
    /// With content, all of which is there.
    Content(&'h Content),
    /// With a result that its own description does not allow.
    Wrong(Fault),
    /// In these words.
    Words(&'static str),
    /// Otherwise.
    Failed(Failure),
}

/// A call that is over.
#[derive(Debug)]
pub struct Ended<'h> {
    /// What is to be answered.
    pub request: Request,
    /// The tool.
    pub tool: u16,
    /// How it ended.
    pub end: End<'h>,
    /// Milliseconds that it was given.
    pub limit_ms: u32,
    /// The tools.
    pub list: &'h List,
}

/// What the device's bytes came to.
#[derive(Debug)]
pub enum News<'h> {
    /// Nothing that concerns a client.
    Quiet,
    /// The tools are there, or are others than before.
    Listed,
    /// A call is over.
    Ended(Ended<'h>),
    /// A call goes on, and its client wants to know.
    Progress {
        /// Where the client's token stands.
        request: Request,
        /// How much is done.
        done: u32,
        /// Of how much; 0 if no one knows.
        total: u32,
        /// What is being done.
        text: &'h str,
    },
}

/// The host of one device.
#[derive(Debug)]
pub struct Host {
    receiver: Receiver,
    speaker: Speaker,
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// A host that has not spoken yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { receiver: Receiver::new(), speaker: Speaker::new() }
    }

    /// Tells this host from every other one. `seed` has to be random.
    pub const fn start(&mut self, seed: u32) {
        self.speaker.start(seed);
    }

    /// Begins anew with another device, or the same one after its start: calls under way are
    /// forgotten.
    pub fn restart(&mut self, now: u64) {
        self.receiver.restart();
        self.speaker.restart(now);
    }

    /// The tools, once they are there.
    #[must_use]
    pub const fn list(&self) -> &List {
        &self.speaker.list
    }

    /// Whether calls can be sent.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.speaker.is_ready
    }

    /// Who the device says it is: its product and the version of its firmware.
    #[must_use]
    pub fn who(&self) -> [&str; 2] {
        self.speaker.who()
    }

    /// Does what is due at a time: asks, repeats. Then [`Self::late`] has what has taken too long.
    pub fn poll(&mut self, now: u64, line: &mut dyn Line) {
        self.speaker.poll(now, line);
    }

    /// A call that has had its time, or whose device has started anew; to be asked until there is
    /// none.
    pub fn late(&mut self, now: u64, line: &mut dyn Line) -> Option<Ended<'_>> {
        self.speaker.late(now, line)
    }

    /// Sends a call of a tool with encoded arguments.
    ///
    /// # Errors
    /// Why it was not sent; nothing was done.
    pub fn call(
        &mut self,
        request: Request,
        (tool, arguments, wants_progress): (u16, &[u8], bool),
        now: u64,
        line: &mut dyn Line,
    ) -> Result<(), Failure> {
        self.speaker.call(request, (tool, arguments, wants_progress), now, line)
    }

    /// Gives up the call of a request, which is then not answered.
    pub fn cancel(&mut self, id: Id<'_>, now: u64, line: &mut dyn Line) {
        self.speaker.cancel(id, now, line);
    }

    /// Takes bytes of the device up to the end of a message; answers how many, and what they came
    /// to.
    pub fn take(&mut self, bytes: &[u8], now: u64, line: &mut dyn Line) -> (usize, News<'_>) {
        let (used, received) = self.receiver.take(bytes);
        let news = match received {
            Received::Nothing => News::Quiet,
            Received::Noise => {
                line.say(&["what is no frame came from the device"]);
                News::Quiet
            }
            Received::Message { message, frame } => {
                line.show(message.first().copied().unwrap_or_default(), frame);
                self.speaker.message(message, now, line)
            }
        };
        (used, news)
    }
}
