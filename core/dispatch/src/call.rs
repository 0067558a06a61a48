//! What a tool sees.

use trine_descriptor::{Args, ToolTable, ValueWriter};
use trine_wire::message::{DeviceMessage, Outcome};

use crate::CallId;
use crate::outbox::Outbox;
use crate::slots::{Slots, State};

/// A call that a tool is asked to do. Everything in it was checked.
#[derive(Debug)]
pub struct Call<'a> {
    /// Number of the tool.
    pub tool: u16,
    /// The handle for a tool that answers later; stale for a tool that cannot.
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
}

/// What a tool answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done; the result was written.
    Done,
    /// Not yet: [`Calls::complete`] or a [`crate::Port`] will. The tool has declared
    /// `pending_bytes`.
    Pending,
    /// It cannot, and why: a sentence that says what to change.
    Failed(&'static str),
    /// Done; the result is `len` bytes of content, which [`Tools::read`] will yield.
    Content {
        /// Media type.
        mime: &'static str,
        /// Bytes in all.
        len: u32,
    },
}

/// The user's tools.
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
    fn read(&mut self, id: CallId, offset: u32, out: &mut [u8]) -> usize {
        _ = (id, offset, out);
        0
    }

    /// A pending call, or one whose content is being sent, is over without the tool: it expired or
    /// was cancelled. `id` is stale after this.
    fn stop(&mut self, tool: u16, id: CallId) {
        _ = (tool, id);
    }

    /// A call was refused until a person agrees: show it where a person at the board sees it.
    fn asks(&mut self, tool: u16, args: Args<'_>) {
        _ = (tool, args);
    }
}

/// There is no room to send now; try again at the next poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNow;

/// The calls under way and the way out, for [`Tools::tick`].
pub struct Calls<'d, 'm> {
    pub(crate) slots: &'d mut Slots<'m>,
    pub(crate) outbox: &'d mut Outbox<'m>,
    pub(crate) table: &'d dyn ToolTable,
    pub(crate) events: &'d mut u32,
    pub(crate) bad_results: &'d mut u32,
}

impl core::fmt::Debug for Calls<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Calls").field("slots", &self.slots).finish_non_exhaustive()
    }
}

impl Calls<'_, '_> {
    /// Whether the call still waits for its answer.
    #[must_use]
    pub fn is_pending(&mut self, call: CallId) -> bool {
        self.slots.get(call).is_some_and(|slot| slot.state == State::Pending)
    }

    /// The bytes that a pending call owns: as many as its tool declares as `pending_bytes`.
    pub fn block(&mut self, call: CallId) -> Option<&mut [u8]> {
        let tool = self.slots.get(call)?.tool;
        let owned = usize::from(self.table.info(tool)?.limits.pending_bytes);
        self.slots.block(call)?.get_mut(..owned)
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
        let Some(slot) = self.slots.get(call).filter(|slot| slot.state == State::Pending) else {
            return Ok(());
        };
        let (id, tool) = (slot.id, slot.tool);
        if !self.outbox.has_room() {
            return Err(NotNow);
        }
        let mut out = ValueWriter::new(self.outbox.result_place());
        write(&mut out);
        let checked = crate::device::check_result(self.table, tool, &out);
        let len = out.len();
        match checked {
            Ok(()) => {
                self.outbox.send_done(id, len);
            }
            Err(outcome) => {
                *self.bad_results = self.bad_results.wrapping_add(1);
                self.outbox.send(&DeviceMessage::Result { id, outcome });
            }
        }
        self.slots.close(call);
        Ok(())
    }

    /// Answers a pending call with a failure. A stale call is ignored.
    ///
    /// # Errors
    /// [`NotNow`] when there is no room; the call is still pending.
    pub fn fail(&mut self, call: CallId, text: &str) -> Result<(), NotNow> {
        let Some(slot) = self.slots.get(call).filter(|slot| slot.state == State::Pending) else {
            return Ok(());
        };
        let id = slot.id;
        if !self.outbox.has_room() {
            return Err(NotNow);
        }
        self.outbox.send(&DeviceMessage::Result { id, outcome: Outcome::Failed { text } });
        self.slots.close(call);
        Ok(())
    }

    /// Tells the host that something happened.
    ///
    /// # Errors
    /// [`NotNow`] when there is no room.
    pub fn event(&mut self, tool: u16, text: &str) -> Result<(), NotNow> {
        if !self.outbox.has_room() {
            return Err(NotNow);
        }
        let seq = self.events.wrapping_add(1);
        if self.outbox.send(&DeviceMessage::Event { seq, tool, text }) {
            *self.events = seq;
        }
        Ok(())
    }
}
