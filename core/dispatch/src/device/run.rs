//! One call: every check before the tool, the tool, and the check of what it answers.

use trine_descriptor::{
    Args, Consent, Fault, FaultCode, Head, NO_NODE, Side, ValueWriter, validate,
};
use trine_wire::codec::Members;
use trine_wire::message::{self, Outcome, put};

use super::{Device, count};
use crate::CallId;
use crate::call::{Answer, Call, Tools};
use crate::lanes::{Lane, Seen, State};

/// The longest that a call may take, in milliseconds: what 31 bits hold.
const DEADLINE_MAX: u32 = u32::MAX / 2;

/// Annotation of a tool whose arguments only a host can judge wholly: it must prove who it is.
const HOST_VALIDATED: u8 = 16;

/// Numbers of the outcomes that a tool writes itself.
const DONE: u8 = 0;
const NEED_INPUT: u8 = 11;
const BLOCKS: u8 = 13;
/// None of them.
const BAD: u8 = 255;

impl Device<'_> {
    /// A call came in: a new one, or one that came before.
    #[inline(never)]
    pub(super) fn call<T: Tools + ?Sized>(
        &mut self,
        from: &mut Members<'_>,
        tagged: bool,
        tools: &mut T,
    ) -> Option<()> {
        let call = message::Call::take(from);
        from.whole(())?;
        count!(self, calls);
        let (lane, seen) = self.lanes.seen(call.id);
        match seen {
            Seen::New => self.new_call(&call, lane, tagged, tools),
            Seen::Again(state) => self.repeated(call.id, lane, state),
            Seen::Old => {}
        }
        Some(())
    }

    /// Answers a call that came before and is not run again.
    #[inline(never)]
    fn repeated(&mut self, id: u32, lane: u8, state: State) {
        count!(self, repeats);
        match state {
            State::Answered => _ = self.outbox.begin().array(self.lanes.kept(lane)),
            State::Forgotten => put::result(self.outbox.begin(), id, &Outcome::Forgotten),
            _ => put::under_way(self.outbox.begin(), id),
        }
        self.outbox.post();
    }

    /// Answers without a lane, since nothing was done.
    #[inline(never)]
    fn reply(&mut self, id: u32, outcome: Outcome<'_>) {
        put::result(self.outbox.begin(), id, &outcome);
        self.outbox.post();
    }

    fn new_call<T: Tools + ?Sized>(
        &mut self,
        call: &message::Call<'_>,
        lane: u8,
        tagged: bool,
        tools: &mut T,
    ) {
        let Some(session) = self.session.id else { return self.reply(call.id, Outcome::Stale) };
        let Some(head) = self.table.head(call.tool) else {
            return self.reply(call.id, Outcome::UnknownTool);
        };
        let check = self.check(call.tool) ^ self.session.epoch ^ session;
        if check.to_le_bytes() != call.check {
            return self.reply(call.id, Outcome::Stale);
        }
        // The host gave up what is still pending on this lane, or it would not use it again.
        if let Some((given_up, lane)) = self.lanes.handle(lane) {
            tools.stop(lane.tool, given_up);
        }
        let deadline_ms = self.deadline_ms(call.deadline_ms, &head).min(DEADLINE_MAX);
        let due = (self.now as u32).wrapping_add(deadline_ms);
        let handle = self.lanes.open(lane, call.id, (call.tool, &head), due);
        if let Err(fault) = validate(self.table, call.tool, Side::Params, call.args) {
            count!(self, faults);
            let Fault { code, node, bound } = fault;
            return self.end(handle, Outcome::Fault { code: code as u8, node, bound });
        }
        if head.annotations.has(HOST_VALIDATED) && !tagged {
            return self.end(handle, Outcome::Unauthenticated);
        }
        if head.consent != Consent::None && !self.is_agreed((call.tool, call.args), self.now, tools)
        {
            count!(self, unagreed);
            return self.end(handle, Outcome::NeedsPerson { consent: head.consent as u8 });
        }
        #[cfg(any(feature = "content", feature = "progress"))]
        if let Some(lane) = self.lanes.get(handle) {
            #[cfg(feature = "content")]
            {
                let window = self.session.window;
                lane.content.upto = if window == 0 { u32::MAX } else { window };
            }
            #[cfg(feature = "progress")]
            {
                lane.progress = call.flags & 1 != 0;
            }
        }
        count!(self, entered);
        let (now, table) = (self.now, self.table);
        self.run(handle, |out, block| {
            tools.call(
                Call {
                    tool: call.tool,
                    id: handle,
                    now,
                    deadline: now.wrapping_add(u64::from(deadline_ms)),
                    args: Args::new(table, call.tool, call.args),
                    block,
                    state: call.state,
                    answers: call.answers,
                    principal: if tagged { call.principal } else { "" },
                    tagged,
                },
                out,
            )
        });
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
        let answer = tool(&mut out, self.lanes.block(call));
        // More than there can be room for where not all found room.
        let written = if out.overflowed() { usize::MAX } else { out.len() };
        self.settle(call, answer, written);
    }

    /// Ends a pending call with what its tool wrote to the result place: so many bytes.
    pub(crate) fn settle(&mut self, call: CallId, answer: Answer, written: usize) {
        let Some(&mut Lane { id, tool, bytes, has_content, .. }) = self.lanes.get(call) else {
            return;
        };
        let outcome = match answer {
            Answer::Pending if bytes > 0 => return,
            Answer::Failed(text) => return self.fail(call, text),
            #[cfg(feature = "content")]
            Answer::Content { mime, len } if has_content && len > 0 => {
                return self.begin_content(call, mime, len);
            }
            Answer::Done if !has_content => DONE,
            Answer::Blocks if has_content => BLOCKS,
            #[cfg(feature = "progress")]
            Answer::NeedInput => NEED_INPUT,
            // An answer that the descriptor does not announce.
            _ => BAD,
        };
        let fault = match self.outbox.result_place().get(..written) {
            _ if outcome == BAD => Err(Fault::new(FaultCode::Malformed, NO_NODE)),
            None => Err(Fault::new(FaultCode::TooLong, NO_NODE)),
            Some(value) if outcome == DONE => validate(self.table, tool, Side::Output, value),
            Some(_) => Ok(()),
        };
        if let Err(Fault { code, node, .. }) = fault {
            count!(self, bad_results);
            return self.end(call, Outcome::BadResult { code: code as u8, node });
        }
        let head = (id, outcome, outcome != NEED_INPUT);
        self.outbox.answer_written(head, written, &mut self.lanes, call);
    }

    /// Answers a call with a failure.
    pub(crate) fn fail(&mut self, call: CallId, text: &str) {
        self.end(call, Outcome::Failed { text });
    }

    /// Answers a call and keeps the answer; its handle goes stale.
    pub(super) fn end(&mut self, call: CallId, outcome: Outcome<'_>) {
        let Some(id) = self.lanes.get(call).map(|lane| lane.id) else { return };
        put::result(self.outbox.begin(), id, &outcome);
        self.outbox.answer(&mut self.lanes, call);
    }

    /// Tells the host that something happened.
    pub(crate) fn event(&mut self, tool: u16, text: &str) {
        let seq = self.events.wrapping_add(1);
        put::event(self.outbox.begin(), seq, tool, text);
        if self.outbox.post() {
            self.events = seq;
        }
    }
}
