//! What a tool sees.

use trine_bits::varint;
use trine_descriptor::{Args, ValueWriter};
use trine_wire::message::block::Block;
use trine_wire::message::input::{self, Request};

use crate::device::Given;
use crate::features::{PROGRESS, SECURE, has, is_set};
use crate::{CallId, Device};

/// A call that a tool is asked to do. Everything in it was checked, but for `state` and `answers`,
/// which come as the host gives them.
#[derive(Debug)]
pub struct Call<'a> {
    /// Number of the tool.
    pub tool: u16,
    /// The handle for a tool that answers later.
    pub id: CallId,
    /// The time of this poll, in milliseconds.
    pub now: u64,
    /// When the call expires.
    pub deadline: u64,
    /// The arguments; they die when the tool returns.
    pub args: Args<'a>,
    /// The bytes that the call owns until it is answered, zeroed: as many as its tool declares
    /// as `pending_bytes`.
    pub block: &'a mut [u8],
    /// Where the call goes on with one that answered [`Answer::NeedInput`]: the state that was
    /// given there. It has passed through other hands, so treat it as any argument. Else empty.
    pub state: &'a [u8],
    /// The answers to its requests: records as [`input::Records`] reads them. Else empty.
    pub answers: &'a [u8],
    /// Who asked for the call, as the gateway says; empty unless the message was tagged.
    pub principal: &'a str,
    /// Whether the message was tagged under the device's key.
    pub tagged: bool,
}

/// What a tool answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done; the result was written.
    Done,
    /// Not yet: [`Calls::complete`] or a [`crate::Port`] will. The tool has declared
    /// `pending_bytes`.
    Pending,
    /// It cannot, and why: a sentence that says what to change. It is cut where it finds no room;
    /// without the feature `progress` it has at most 96 bytes.
    Failed(&'static str),
    /// Done; the result is `len` bytes of content, which [`Tools::read`] will yield.
    Content {
        /// Media type.
        mime: &'static str,
        /// Bytes in all.
        len: u32,
    },
    /// Done; the result is content blocks, which [`block`] has written. The tool has declared
    /// `content`.
    Blocks,
    /// It must know more first, which [`ask`] has written. The call is over; a new one with the
    /// same arguments, the state and the answers goes on with it, for which a person has to agree
    /// again where the tool asks for that.
    NeedInput,
}

/// Appends a content block to a result, for [`Answer::Blocks`].
pub fn block(out: &mut ValueWriter<'_>, block: &Block<'_>) {
    out.with_rest(|rest| block.write(rest));
}

/// Writes questions in place of a result, and the state that is to come back with the answers.
/// Answers [`Answer::NeedInput`].
pub fn ask(out: &mut ValueWriter<'_>, state: &[u8], requests: &[Request<'_>]) -> Answer {
    out.clear();
    out.with_rest(|rest| {
        let mut at = varint::write(state.len() as u64, rest)?;
        rest.get_mut(at..)?.get_mut(..state.len())?.copy_from_slice(state);
        at += state.len();
        // Where the list starts depends on its length, so it is written once to learn that.
        let list = rest.get_mut(at..)?;
        let len = input::write(requests, list)?;
        at += varint::write(len as u64, list)?;
        input::write(requests, rest.get_mut(at..)?)?;
        Some(at + len)
    });
    Answer::NeedInput
}

/// What a product's own factory operation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tested {
    /// All is well; so many bytes were written.
    Fine(usize),
    /// It is not; so many bytes say how.
    Failed(usize),
    /// There is no such operation.
    Unknown,
}

/// A call that waits for a person: all of it that a tool gets.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Number of the tool.
    pub tool: u16,
    /// The arguments.
    pub args: Args<'a>,
    /// State and answers of a call that goes on, as in [`Call`]; else empty.
    pub state: &'a [u8],
    /// The answers.
    pub answers: &'a [u8],
}

/// The user's tools.
///
/// ```
/// # use trine_arena::Ring;
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
/// # use trine_dispatch::{Config, Device};
/// use trine_descriptor::ValueWriter;
/// use trine_dispatch::{Answer, Call, Local, Tools};
///
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, NODES)];
/// struct Fan {
///     percent: i64,
/// }
///
/// impl Tools for Fan {
///     fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
///         let Some(percent) = call.args.int(0) else { return Answer::Failed("no percent") };
///         self.percent = percent;
///         out.int(0, percent);
///         Answer::Done
///     }
/// }
///
/// # let (mut memory, mut bytes) = ([0; Config::DEFAULT.memory()], [0; 256]);
/// # let mut ring = Ring::new(&mut bytes);
/// # let mut device = Device::new(Config::DEFAULT, &mut memory, ring.split().1, &TOOLS)?;
/// let (mut fan, mut out) = (Fan { percent: 0 }, [0; 16]);
/// assert_eq!(device.local((0, &[0, 2, 80]), 0, &mut fan, &mut out), Local::Done(3));
/// assert_eq!(fan.percent, 40);
/// // 101 is refused by the descriptor: the tool is not entered.
/// let fault = device.local((0, &[0, 2, 0xca, 1]), 0, &mut fan, &mut out);
/// assert!(matches!(fault, Local::Fault(_)) && fan.percent == 40);
/// # Ok::<(), trine_dispatch::InitError>(())
/// ```
pub trait Tools {
    /// Does one call: writes its result into `out` and answers [`Answer::Done`], or another
    /// [`Answer`]. It must return soon; what takes time answers [`Answer::Pending`].
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer;

    /// Called at every poll: drives what goes on by itself and completes pending calls. Answers
    /// when it wants to be called again at the latest, in milliseconds.
    fn tick(&mut self, now: u64, calls: &mut Calls<'_, '_>) -> u64 {
        _ = (now, calls);
        u64::MAX
    }

    /// Writes the content of an [`Answer::Content`] from byte `offset` on; answers how many bytes.
    /// Offsets rise without gaps. 0 ends the content early, as a failure.
    fn read(&mut self, tool: u16, id: CallId, offset: u32, out: &mut [u8]) -> usize {
        _ = (tool, id, offset, out);
        0
    }

    /// A pending call, or one whose content is being sent, is over without the tool: it expired,
    /// was cancelled, or its host is gone for good. `id` is stale after this. Of a call that was
    /// under way when its tool was replaced or removed, the tool is told at once, and where the
    /// answer has to wait once more as [`crate::GONE`].
    fn stop(&mut self, tool: u16, id: CallId) {
        _ = (tool, id);
    }

    /// A call was refused until a person agrees: show it where a person at the board sees it, and
    /// say so with [`Calls::shown`] or [`Device::shown`]. It takes the place of what was shown
    /// before. Not called while another question waits, nor again for one that is shown.
    fn asks(&mut self, tool: u16, args: Args<'_>) {
        _ = (tool, args);
    }

    /// The same, called in its place with the whole call: for a tool that asks for a person and
    /// also answers [`Answer::NeedInput`], whose answers a person has to see.
    fn wants(&mut self, call: &Wanted<'_>) {
        self.asks(call.tool, call.args);
    }

    /// The device starts: bring every actuator of a tool that declares `on_reset` to safety. Called
    /// once, at the first poll, before any call.
    fn reset(&mut self, now: u64) {
        _ = now;
    }

    /// Nothing good was heard for [`crate::Config::link_ms`]: bring every actuator of a tool that
    /// declares `on_link_lost` to safety. Called once each time that the link is lost.
    fn link_lost(&mut self, now: u64) {
        _ = now;
    }

    /// Takes a sentence. It must return soon: with [`Answer::Pending`] after it has kept the
    /// sentence, which is answered later with [`Calls::answer`]: [`Answer::Blocks`] with one
    /// `Block::Call` and what else there is to say of it, or a failure. It calls no tool.
    /// [`Self::stop`] with the number `SENTENCE` says that no one waits any more.
    #[cfg(feature = "ask")]
    fn sentence(&mut self, asked: &crate::Asked<'_>, out: &mut ValueWriter<'_>) -> Answer {
        _ = (asked, out);
        Answer::Failed("this device has no model for sentences")
    }

    /// Reads a resource of the device's lists: with [`Answer::Blocks`] after [`block`] has written
    /// one `Block::Embedded` of its address, or with [`Answer::Content`], whose bytes
    /// [`Self::read`] yields for the tool number `RESOURCE` and the resource's own, or `READ` for
    /// an address of a template's form. It may answer later, as a tool.
    #[cfg(feature = "resources")]
    fn read_resource(
        &mut self,
        request: &crate::ReadRequest<'_>,
        out: &mut ValueWriter<'_>,
    ) -> Answer {
        _ = (request, out);
        Answer::Failed("this device has nothing to read")
    }

    /// Makes the messages of a prompt, with [`Answer::Blocks`]: a block for each, and a
    /// `Block::Role` before those that are not the user's. It may answer later, as a tool.
    #[cfg(feature = "resources")]
    fn prompt(&mut self, request: &crate::Prompted<'_>, out: &mut ValueWriter<'_>) -> Answer {
        _ = (request, out);
        Answer::Failed("this device has no prompts")
    }

    /// Completes what a person types, with [`Answer::Blocks`]: a `Block::Text` for each completion,
    /// the best first, and a `Block::More` where there are more. It may answer later, as a tool.
    #[cfg(feature = "resources")]
    fn complete(&mut self, request: &crate::Completion<'_>, out: &mut ValueWriter<'_>) -> Answer {
        _ = (request, out);
        Answer::Blocks
    }

    /// Whether a person holds the input that lets the key be changed.
    fn held(&mut self) -> bool {
        false
    }

    /// Stores the device's key, or erases it, so that the next boot's [`crate::Config::key`] is
    /// this one. `false` when it cannot.
    fn store_key(&mut self, key: Option<&[u8; 16]>) -> bool {
        _ = key;
        false
    }

    /// A factory operation of the product's own, `op` being 128 or more. It changes nothing that
    /// outlives it.
    fn factory(&mut self, op: u8, arg: &[u8], out: &mut [u8]) -> Tested {
        _ = (op, arg, out);
        Tested::Unknown
    }
}

/// There is no room to send now; try again at the next poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNow;

/// The calls under way and the way out, for [`Tools::tick`].
#[derive(Debug)]
pub struct Calls<'d, 'm> {
    pub(crate) device: &'d mut Device<'m>,
}

impl Calls<'_, '_> {
    /// Whether the call still waits for its answer.
    #[must_use]
    pub fn is_pending(&mut self, call: CallId) -> bool {
        self.device.slots.pending(call).is_some()
    }

    /// The tool of a call that is not answered.
    pub fn tool(&mut self, call: CallId) -> Option<u16> {
        self.device.slots.get(call).map(|slot| slot.tool)
    }

    /// When a call that is not answered expires, in milliseconds.
    pub fn deadline(&mut self, call: CallId, now: u64) -> Option<u64> {
        self.device.slots.get(call).map(|slot| slot.due(now))
    }

    /// The bytes that a pending call owns: as many as its tool declares as `pending_bytes`.
    pub fn block(&mut self, call: CallId) -> Option<&mut [u8]> {
        self.device.slots.get(call)?;
        Some(self.device.slots.block(call))
    }

    /// Answers a pending call with the result that `write` writes. A stale call is ignored.
    ///
    /// # Errors
    /// [`NotNow`] when there is no room; `write` was not called and the call is still pending.
    pub fn complete(
        &mut self,
        call: CallId,
        write: impl FnOnce(&mut ValueWriter<'_>),
    ) -> Result<(), NotNow> {
        self.answer(call, |out| {
            write(out);
            Answer::Done
        })
    }

    /// Answers a pending call as [`Tools::call`] would: `write` writes the result and says what it
    /// is. [`Answer::Pending`] leaves the call as it is. A stale call is ignored.
    ///
    /// # Errors
    /// [`NotNow`] when there is no room; `write` was not called and the call is still pending.
    pub fn answer(
        &mut self,
        call: CallId,
        write: impl FnOnce(&mut ValueWriter<'_>) -> Answer,
    ) -> Result<(), NotNow> {
        self.answer_with_block(call, |out, _| write(out))
    }

    /// The same; `write` also gets the bytes that the call owns.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn answer_with_block(
        &mut self,
        call: CallId,
        write: impl FnOnce(&mut ValueWriter<'_>, &mut [u8]) -> Answer,
    ) -> Result<(), NotNow> {
        if self.may_answer(call)? {
            self.device.run(call, write);
        }
        Ok(())
    }

    /// Answers a pending call as [`Tools::call`] does, which is called with it once more, without
    /// arguments. Answers whether the call was there.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn resume<T: Tools + ?Sized>(
        &mut self,
        call: CallId,
        now: u64,
        tools: &mut T,
    ) -> Result<bool, NotNow> {
        let is_pending = self.may_answer(call)?;
        if is_pending {
            self.device.enter(call, now, &Given::default(), tools);
        }
        Ok(is_pending)
    }

    /// Answers a pending call with a failure. A stale call is ignored.
    ///
    /// # Errors
    /// [`NotNow`] when there is no room; the call is still pending.
    pub fn fail(&mut self, call: CallId, text: &str) -> Result<(), NotNow> {
        if self.may_answer(call)? {
            self.device.fail(call, text);
        }
        Ok(())
    }

    /// Whether the call is pending.
    fn may_answer(&mut self, call: CallId) -> Result<bool, NotNow> {
        if self.device.slots.pending(call).is_none() {
            return Ok(false);
        }
        if self.device.outbox.has_room() { Ok(true) } else { Err(NotNow) }
    }

    /// Tells the host that something happened. A text that is longer than a message is cut; without
    /// the feature `progress` it never goes, so give it 96 bytes at most.
    ///
    /// # Errors
    /// [`NotNow`] when there is no room.
    pub fn event(&mut self, tool: u16, text: &str) -> Result<(), NotNow> {
        let text = self.device.fitting(text);
        // What a keyed device says before there is a session is lost, however much room there is.
        if has(SECURE) && !self.device.outbox.takes(text.len() + 4) {
            return Err(NotNow);
        }
        if self.device.event(tool, text) || has(SECURE) { Ok(()) } else { Err(NotNow) }
    }

    /// Tells the host how far a pending call is, if it wants to know: `done` of `total`, 0 of which
    /// means that no one knows, and what is being done. A stale call is ignored; without the
    /// feature `progress` every call is.
    ///
    /// # Errors
    /// [`NotNow`] when there is no room.
    pub fn progress(
        &mut self,
        call: CallId,
        (done, total): (u32, u32),
        text: &str,
    ) -> Result<(), NotNow> {
        if !has(PROGRESS) {
            return Ok(());
        }
        let text = self.device.fitting(text);
        let slots = &mut self.device.slots;
        let is_local = slots.is_local(call);
        if is_local || slots.pending(call).is_some_and(|slot| is_set(&slot.progress)) {
            if !is_local && !self.device.outbox.takes(text.len() + 4) {
                return Err(NotNow);
            }
            self.device.progress(call, (done, total), text);
        }
        Ok(())
    }

    /// Sends a line for the host's log, if it wants lines of this level: 0 debug, 1 info, 2 notice,
    /// 3 warning, 4 error, 5 critical, 6 alert, 7 emergency. Without the feature `progress` it
    /// wants none.
    ///
    /// # Errors
    /// [`NotNow`] when there is no room.
    pub fn log(&mut self, level: u8, text: &str) -> Result<(), NotNow> {
        self.device.log(level, text)
    }

    /// The same about a call that is pending: a host passes the line to the client that made the
    /// call. Where the call is not pending any more, the line is about none.
    ///
    /// # Errors
    /// [`NotNow`] when there is no room.
    pub fn log_of(&mut self, call: CallId, level: u8, text: &str) -> Result<(), NotNow> {
        self.device.log_of(Some(call), level, text)
    }

    /// The question is where a person sees it, as of the last poll, see [`Device::shown`]; `false`
    /// when there is none. For [`Tools::tick`]: later than that the time is too early.
    pub fn shown(&mut self) -> bool {
        self.device.shown(self.device.now).is_some()
    }

    /// The question is where no one sees it, see [`Device::hidden`].
    pub fn hidden(&mut self) {
        self.device.hidden();
    }

    /// Whether the link is there, see [`Device::is_linked`].
    #[must_use]
    pub const fn is_linked(&self) -> bool {
        self.device.is_linked()
    }
}
