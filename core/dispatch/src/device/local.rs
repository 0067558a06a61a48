//! Calls that come from the program itself, not over the link: the MCP door of a program that
//! serves its tools in process.

use trine_descriptor::{Args, Consent, Fault, FaultCode, NO_NODE, Side, ValueWriter, validate};

use super::{Device, count};
use crate::CallId;
use crate::call::{Answer, Call, Tools};
use crate::consent::{ConsentDecision, Question};
use crate::slots::{CallSlots, State};

/// How such a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Local {
    /// Done; so many bytes of the result were written.
    Done(usize),
    /// Done; so many bytes of content blocks were written.
    Blocks(usize),
    /// Done; the content is asked of [`Tools::read`], under the same handle.
    Content {
        /// The handle that the tool knows.
        id: CallId,
        /// Media type.
        mime: &'static str,
        /// Bytes in all.
        len: u32,
    },
    /// The tool must know more first: so many bytes, which [`crate::ask`] wrote.
    NeedInput(usize),
    /// The tool could not, and why.
    Failed(&'static str),
    /// The arguments are not what the tool takes; it was not entered.
    Fault(Fault),
    /// A person has to agree first; the tool was not entered.
    NeedsPerson(Consent),
    /// No one can agree to more than so many bytes; the tool was not entered.
    TooLong(u16),
    /// There is no such tool, or the table breaks a rule.
    UnknownTool,
    /// The tool answered something that its descriptor does not allow.
    BadResult(Fault),
    /// The tool answers later; [`Device::local_answer`] will have it.
    Pending(CallId),
    /// As many calls as [`crate::Config::local_max`] are pending; the tool was not entered.
    Busy,
}

impl Device<'_> {
    /// [`Device::poll`] for a device whose program has received nothing from a host yet, and may
    /// never: it links nothing of what serves one. *owner-only*.
    pub fn poll_alone<T: Tools + ?Sized>(&mut self, now: u64, budget: u32, tools: &mut T) -> u64 {
        self.turn::<T, false>(now, budget, tools)
    }

    /// Does a call at once: judges its arguments, asks for consent, lets the tool run and judges
    /// what it wrote to `out`. Only a call that its tool answers later is kept, in a slot of the
    /// program's own. *owner-only*.
    pub fn local<T: Tools + ?Sized>(
        &mut self,
        call: (u16, &[u8]),
        now: u64,
        tools: &mut T,
        out: &mut [u8],
    ) -> Local {
        let judged = validate(self.table, call.0, Side::Params, call.1);
        match judged {
            Err(fault) if call.0 < self.table.tools() => {
                count!(self, calls);
                count!(self, faults);
                Local::Fault(fault)
            }
            _ => self.local_judged(call, now, tools, out),
        }
    }

    /// The same for arguments that the caller has judged by the same table, as the MCP engine does
    /// while it reads them. *owner-only*.
    pub fn local_judged<T: Tools + ?Sized>(
        &mut self,
        call: (u16, &[u8]),
        now: u64,
        tools: &mut T,
        out: &mut [u8],
    ) -> Local {
        let table = self.table;
        let judge = |written: &[u8]| validate(table, call.0, Side::Output, written);
        self.local_with(call, now, tools, out, judge)
    }

    /// The same where what the tool wrote is also judged by the caller, by the same table: `judge`
    /// is given the bytes of a result once, as soon as the tool is done. *owner-only*.
    #[inline]
    pub fn local_with<T: Tools + ?Sized>(
        &mut self,
        (tool, args): (u16, &[u8]),
        now: u64,
        tools: &mut T,
        out: &mut [u8],
        judge: impl FnOnce(&[u8]) -> Result<(), Fault>,
    ) -> Local {
        count!(self, calls);
        let Some(head) = self.table.head(tool) else { return Local::UnknownTool };
        if head.consent != Consent::None
            && let Some(refused) = self.local_refused((tool, args), head.consent, now, tools)
        {
            return refused;
        }
        let deadline_ms = self.deadline_ms(0, &head);
        let mut id = CallId::LOCAL;
        if head.limits.pending_bytes > 0 {
            let Some(slot) = self.slots.free_local() else { return Local::Busy };
            let due = (now as u32).wrapping_add(deadline_ms);
            id = self.slots.open(slot, 0, (tool, &head), due);
        }
        count!(self, entered);
        let block = self.slots.block(id);
        let mut out = ValueWriter::new(out);
        let answer = tools.call(
            Call {
                tool,
                id,
                now,
                deadline: now.saturating_add(u64::from(deadline_ms)),
                args: Args::new(self.table, tool, args),
                block,
                state: &[],
                answers: &[],
                principal: "",
                tagged: false,
            },
            &mut out,
        );
        if matches!(answer, Answer::Pending) && head.limits.pending_bytes > 0 {
            return Local::Pending(id);
        }
        if id != CallId::LOCAL {
            self.slots.reset(id.slot());
        }
        if let Answer::Failed(text) = answer {
            return Local::Failed(text);
        }
        let malformed = || Local::BadResult(Fault::new(FaultCode::Malformed, NO_NODE));
        let end = match answer {
            _ if out.overflowed() => Local::BadResult(Fault::new(FaultCode::TooLong, NO_NODE)),
            Answer::Done if head.content => malformed(),
            Answer::Done => match judge(out.bytes()) {
                Ok(()) => Local::Done(out.len()),
                Err(fault) => Local::BadResult(fault),
            },
            Answer::Blocks if head.content => Local::Blocks(out.len()),
            Answer::Content { mime, len } if head.content && len > 0 => {
                Local::Content { id, mime, len }
            }
            Answer::NeedInput => Local::NeedInput(out.len()),
            _ => malformed(),
        };
        if let Local::BadResult(fault) = &end {
            self.count_bad_result(tool, fault);
        }
        end
    }

    /// What is said to a call that a person has to agree to and has not.
    fn local_refused<T: Tools + ?Sized>(
        &mut self,
        (tool, args): (u16, &[u8]),
        consent: Consent,
        now: u64,
        tools: &mut T,
    ) -> Option<Local> {
        let question = Question { tool, from: None, parts: [&[], args, &[], &[]] };
        match self.judge(&question, now, tools) {
            ConsentDecision::Agreed => None,
            ConsentDecision::TooLong => Some(Local::TooLong(self.config.consent().0)),
            ConsentDecision::Asked | ConsentDecision::Waits => Some(Local::NeedsPerson(consent)),
        }
    }

    /// The answer of a pending call of the program itself: a result message of the wire, empty when
    /// it was longer than [`crate::Config::repeat_max`]. None before it is answered. *owner-only*.
    #[must_use]
    pub fn local_answer(&self, call: CallId) -> Option<&[u8]> {
        self.slots.local_answer(call)
    }

    /// The tool of a call of the program itself that is pending, or whose answer was not taken yet.
    #[must_use]
    pub fn local_tool(&self, call: CallId) -> Option<u16> {
        self.slots.local_tool(call)
    }

    /// Ends a call of the program itself: its answer was taken, or no one waits for it any more; a
    /// tool that still works on it is told to stop. *owner-only*.
    pub fn local_end<T: Tools + ?Sized>(&mut self, call: CallId, tools: &mut T) {
        if !self.slots.is_local(call) {
            return;
        }
        if let Some(slot) = self.slots.get(call) {
            let tool = slot.tool;
            tools.stop(tool, call);
        } else if self.slots.local_answer(call).is_none() {
            return;
        }
        self.slots.reset(call.slot());
    }
}

impl CallSlots<'_> {
    /// A slot of the program's own that is free.
    pub(super) fn free_local(&self) -> Option<u8> {
        (self.hosts()..self.len()).find(|&index| {
            self.slots.get(usize::from(index)).is_some_and(|slot| slot.state == State::Idle)
        })
    }

    /// The tool of a call of the program's own.
    fn local_tool(&self, call: CallId) -> Option<u16> {
        let slot = self.slots.get(usize::from(call.slot()))?;
        let is_it = slot.generation == call.generation() && self.is_local(call);
        (is_it && slot.state != State::Idle).then_some(slot.tool)
    }

    /// The answer of a call of the program's own, empty where there was no room for it; none before
    /// it is answered.
    fn local_answer(&self, call: CallId) -> Option<&[u8]> {
        let slot = self.slots.get(usize::from(call.slot()))?;
        match slot.state {
            _ if slot.generation != call.generation() || !self.is_local(call) => None,
            State::Answered => self.blocks.get(self.place(call.slot(), slot.bytes)),
            State::Forgotten => Some(&[]),
            _ => None,
        }
    }
}
