//! One call: every check before the tool, the tool, and the check of what it answers.

use trine_descriptor::{
    Annotations, Args, Consent, Fault, FaultCode, Head, NO_NODE, Side, ValueWriter, validate,
};
use trine_wire::codec::{Members, WireWriter};
use trine_wire::message::{self, flag, outcome, put};

use super::{Device, News, count};
use crate::CallId;
use crate::call::{Answer, Call, Tools};
use crate::config::HEAD_MAX;
use crate::consent::{ConsentDecision, Question, TOO_LONG_BYTES, too_long};
use crate::features::{CONTENT, PROGRESS, SECURE, has};
use crate::slots::{CallSlot, IdState, State};
use crate::text::cut;

/// The longest that a call may take, in milliseconds: what 31 bits hold.
pub(super) const DEADLINE_MAX: u32 = u32::MAX / 2;

/// What [`crate::outbox::Outbox::takes`] is asked for beside a text.
const SPARE: usize = 4;

/// No outcome that a tool writes itself.
const BAD: u8 = 255;

/// How many bytes were written: more than there can be room for where not all found room.
pub(super) const fn written(out: &ValueWriter<'_>) -> usize {
    if out.overflowed() { usize::MAX } else { out.len() }
}

/// What a call brings to its tool.
#[derive(Clone, Copy, Default)]
pub(crate) struct Given<'a> {
    args: &'a [u8],
    /// State and answers of a call that goes on.
    more: [(&'a [u8], &'a [u8]); PROGRESS],
    /// Who asked, and whether the message was tagged.
    proven: [(&'a str, bool); SECURE],
}

impl<'a> Given<'a> {
    const fn of(call: &message::Call<'a>, tagged: bool) -> Self {
        Self {
            args: call.args,
            more: [(call.state, call.answers); PROGRESS],
            proven: [(if tagged { call.principal } else { "" }, tagged); SECURE],
        }
    }

    /// The call for its tool.
    fn call<'b>(&self, tool: u16, id: CallId, args: Args<'b>, block: &'b mut [u8]) -> Call<'b>
    where
        'a: 'b,
    {
        let mut call = Call {
            tool,
            id,
            now: 0,
            deadline: 0,
            args,
            block,
            state: &[],
            answers: &[],
            principal: "",
            tagged: false,
        };
        if let Some(&(state, answers)) = self.more.first() {
            (call.state, call.answers) = (state, answers);
        }
        if let Some(&(principal, tagged)) = self.proven.first() {
            (call.principal, call.tagged) = (principal, tagged);
        }
        call
    }
}

impl<'m> Device<'m> {
    /// A call came in: a new one, or one that came before.
    #[inline(never)]
    pub(super) fn call<T: Tools + ?Sized>(
        &mut self,
        from: &mut Members<'_>,
        tagged: bool,
        tools: &mut T,
    ) {
        let call = message::Call::read_from(from);
        if from.is_broken() {
            return;
        }
        count!(self, calls);
        let (slot, seen) = self.slots.seen(call.id);
        match seen {
            IdState::New => self.new_call(&call, slot, tagged, tools),
            IdState::Again(state) => self.repeated(call.id, slot, state),
            IdState::Old => {}
        }
    }

    /// Answers a call that came before and is not run again.
    #[inline(never)]
    pub(super) fn repeated(&mut self, id: u32, slot: u8, state: State) {
        count!(self, repeats);
        match state {
            State::Answered => _ = self.outbox.begin().array(self.slots.kept(slot)),
            State::Forgotten => return self.reply(id, outcome::FORGOTTEN),
            _ => put::under_way(self.outbox.begin(), id),
        }
        self.outbox.post();
    }

    /// Answers with an outcome that is a number alone, and without a slot, since nothing was done.
    #[inline(never)]
    pub(super) fn reply(&mut self, id: u32, outcome: u8) {
        self.outbox.begin_result(id, outcome);
        self.outbox.post();
    }

    fn new_call<T: Tools + ?Sized>(
        &mut self,
        call: &message::Call<'_>,
        slot: u8,
        tagged: bool,
        tools: &mut T,
    ) {
        let Some(session) = self.session.id else { return self.reply(call.id, outcome::STALE) };
        // Looked at where it is: its members would each need a place of their own.
        let head = self.table.head(call.tool);
        let Some(head) = &head else {
            return self.reply(call.id, outcome::UNKNOWN_TOOL);
        };
        let check = self.check(call.tool) ^ self.session.epoch ^ session;
        if check.to_le_bytes() != call.check {
            return self.reply(call.id, outcome::STALE);
        }
        // The host gave up what is still pending on this slot, or it would not use it again.
        self.give_up(slot, tools);
        let deadline_ms = self.deadline_ms(call.deadline_ms, head).min(DEADLINE_MAX);
        let due = (self.now as u32).wrapping_add(deadline_ms);
        let handle = self.slots.open(slot, call.id, (call.tool, head), due);
        let judged = validate(self.table, call.tool, Side::Params, call.args);
        if let Err(fault) = &judged {
            count!(self, faults);
            let out = self.ending(handle, outcome::FAULT);
            out.byte(fault.code as u8).short(fault.node).signed(fault.bound);
            return self.answer(handle);
        }
        if head.annotations.has(Annotations::HOST_VALIDATED) && !tagged {
            return self.end(handle, outcome::UNAUTHENTICATED);
        }
        if head.consent != Consent::None && !self.is_agreed_to(call, head, handle, tools) {
            return self.answer(handle);
        }
        if has(CONTENT | PROGRESS)
            && let Some(slot) = self.slots.get(handle)
        {
            for (content, &window) in slot.content.iter_mut().zip(&self.session.window) {
                content.upto = if window == 0 { u32::MAX } else { window };
            }
            slot.progress = [call.flags & flag::PROGRESS != 0; PROGRESS];
        }
        count!(self, entered);
        self.enter(handle, self.now, &Given::of(call, tagged), tools);
    }

    /// Lets a tool begin with a call, or go on with one, and ends it with what the tool answers.
    #[inline(never)]
    pub(crate) fn enter<T: Tools + ?Sized>(
        &mut self,
        id: CallId,
        now: u64,
        given: &Given<'_>,
        tools: &mut T,
    ) {
        let Some(slot) = self.slots.get(id) else { return };
        let (tool, bytes, deadline) = (slot.tool, slot.bytes, slot.due(now));
        let args = Args::new(self.table, tool, given.args);
        let mut out = ValueWriter::new(self.outbox.result_place());
        let block = self.slots.own(id.slot(), bytes);
        let call = Call { now, deadline, ..given.call(tool, id, args, block) };
        let answer = tools.call(call, &mut out);
        let written = written(&out);
        self.settle(id, answer, written);
    }

    /// Forgets a slot; a tool that still works on its call is told to stop.
    #[inline(never)]
    pub(super) fn give_up<T: Tools + ?Sized>(&mut self, index: u8, tools: &mut T) {
        if let Some((call, slot)) = self.slots.handle(index) {
            tools.stop(slot.tool, call);
        }
        self.slots.reset(index);
    }

    pub(super) fn deadline_ms(&self, asked: u32, head: &Head) -> u32 {
        match (asked, head.limits.deadline_ms) {
            (0, 0) => self.config.deadline_ms,
            (0, tool) => tool,
            (asked, _) => asked,
        }
    }

    /// Lets a tool write a result to its place and ends the call with what it answers.
    pub(crate) fn run(
        &mut self,
        call: CallId,
        tool: impl FnOnce(&mut ValueWriter<'_>, &mut [u8]) -> Answer,
    ) {
        let mut out = ValueWriter::new(self.outbox.result_place());
        let answer = tool(&mut out, self.slots.block(call));
        let written = written(&out);
        self.settle(call, answer, written);
    }

    /// Ends a pending call with what its tool wrote to the result place: so many bytes.
    pub(crate) fn settle(&mut self, call: CallId, answer: Answer, written: usize) {
        let Some(&mut CallSlot { id, tool, bytes, has_content, .. }) = self.slots.get(call) else {
            return;
        };
        let number = match answer {
            Answer::Pending if bytes > 0 => return,
            Answer::Failed(text) => return self.fail(call, text),
            Answer::Content { mime, len } if has(CONTENT) && has_content && len > 0 => {
                return self.begin_content(call, mime, len);
            }
            Answer::Done if !has_content => outcome::DONE,
            Answer::Blocks if has_content => outcome::BLOCKS,
            Answer::NeedInput if has(PROGRESS) => outcome::NEED_INPUT,
            // An answer that the descriptor does not announce.
            _ => BAD,
        };
        let fault = match self.outbox.result_place().get(..written) {
            _ if number == BAD => Err(Fault::new(FaultCode::Malformed, NO_NODE)),
            None => Err(Fault::new(FaultCode::TooLong, NO_NODE)),
            Some(value) if number == outcome::DONE => {
                validate(self.table, tool, Side::Output, value)
            }
            Some(_) => Ok(()),
        };
        if let Err(fault) = fault {
            self.count_bad_result(tool, &fault);
            self.ending(call, outcome::BAD_RESULT).byte(fault.code as u8).short(fault.node);
            return self.answer(call);
        }
        self.outbox.join(id, number, number != outcome::NEED_INPUT, written);
        self.answer(call);
    }

    /// Answers a call with a failure, its text cut where the message would find no room: one of 96
    /// bytes finds some, and the smallest builds have no longer ones.
    pub(crate) fn fail(&mut self, call: CallId, text: &str) {
        let text = self.fitting(text);
        self.ending(call, outcome::FAILED).text(text);
        self.answer(call);
    }

    /// Answers a call with an outcome that is a number alone and keeps the answer; its handle goes
    /// stale.
    pub(super) fn end(&mut self, call: CallId, outcome: u8) {
        self.ending(call, outcome);
        self.answer(call);
    }

    /// Queues what was written, the answer to a call, and keeps it in the call's slot. A stale call
    /// has no answer.
    #[inline(never)]
    pub(super) fn answer(&mut self, call: CallId) {
        if self.outbox.out.written().is_some_and(|message| self.slots.keep(call, message)) {
            self.outbox.post();
        }
    }

    /// Begins the answer to a call, which is not stale.
    #[inline(never)]
    pub(super) fn ending(&mut self, call: CallId, outcome: u8) -> &mut WireWriter<'m> {
        let id = self.slots.get(call).map_or(0, |slot| slot.id);
        self.outbox.begin_result(id, outcome)
    }

    /// As much of a text as an empty outbox has room for: a longer one would wait for ever.
    /// Without the feature `progress` all of it, which is to be short.
    pub(crate) fn fitting<'t>(&self, text: &'t str) -> &'t str {
        if !has(PROGRESS) {
            return text;
        }
        cut(text, self.outbox.fits(self.outbox.reply_max - HEAD_MAX - SPARE))
    }

    /// Tells the host that something happened; `false` when there is no room. The text is cut.
    pub(crate) fn event(&mut self, tool: u16, text: &str) -> bool {
        let text = self.fitting(text);
        if self.session.id.is_none() && self.keep(News::Event { tool, text }) {
            return true;
        }
        if !self.outbox.may_post() {
            return false;
        }
        let seq = self.events.wrapping_add(1);
        put::event(self.outbox.begin(), seq, tool, text);
        let is_posted = self.outbox.post();
        if is_posted {
            self.events = seq;
            self.keep(News::Event { tool, text });
        }
        is_posted
    }

    /// Whether a person has agreed to this call; else its answer is begun.
    fn is_agreed_to<T: Tools + ?Sized>(
        &mut self,
        call: &message::Call<'_>,
        head: &Head,
        handle: CallId,
        tools: &mut T,
    ) -> bool {
        let question = Question {
            tool: call.tool,
            from: Some(self.session.epoch),
            parts: [call.principal.as_bytes(), call.args, call.state, call.answers],
        };
        match self.judge(&question, self.now, tools) {
            ConsentDecision::Agreed => return true,
            ConsentDecision::TooLong => {
                let mut text = [0; TOO_LONG_BYTES];
                let text = too_long(self.config.consent().0, &mut text);
                self.ending(handle, outcome::FAILED).text(text);
            }
            ConsentDecision::Asked | ConsentDecision::Waits => {
                self.ending(handle, outcome::NEEDS_PERSON).byte(head.consent as u8);
            }
        }
        false
    }
}
