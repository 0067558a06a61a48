//! One call: every check before the tool, the tool, and the check of what it answers.

use trine_descriptor::{
    Args, Consent, Fault, FaultCode, Head, NO_NODE, Side, ValueWriter, validate,
};
use trine_wire::message::{self, DeviceMessage, Outcome};

use super::{Device, count};
use crate::CallId;
use crate::call::{Answer, Call, Tools};
use crate::lanes::{Lane, Seen, State};

/// How a call came.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub(super) tagged: bool,
    pub(super) now: u64,
}

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

/// How many bytes a tool wrote; more than there can be room for where not all found room.
pub(crate) fn len_of(out: &ValueWriter<'_>) -> usize {
    if out.overflowed() { usize::MAX } else { out.len() }
}

impl Device<'_> {
    /// A call came in: a new one, or one that came before.
    pub(super) fn call<T: Tools + ?Sized>(
        &mut self,
        call: &message::Call<'_>,
        origin: Origin,
        tools: &mut T,
    ) {
        count!(self, calls);
        let (lane, seen) = self.lanes.seen(call.id);
        match seen {
            Seen::New => self.new_call(call, lane, origin, tools),
            Seen::Again(state) => self.repeated(call.id, lane, state),
            Seen::Old => {}
        }
    }

    /// Answers a call that came before and is not run again.
    fn repeated(&mut self, id: u32, lane: u8, state: State) {
        count!(self, repeats);
        match state {
            State::Answered => {
                self.outbox.repeat(self.lanes.kept(lane));
            }
            State::Forgotten => self.reply(id, Outcome::Forgotten),
            _ => {
                let progress = DeviceMessage::Progress { id, done: 0, total: 0, text: "" };
                self.outbox.send(&progress);
            }
        }
    }

    /// Answers without a lane, since nothing was done.
    #[inline(never)]
    fn reply(&mut self, id: u32, outcome: Outcome<'_>) {
        self.outbox.send(&DeviceMessage::Result { id, outcome });
    }

    fn new_call<T: Tools + ?Sized>(
        &mut self,
        call: &message::Call<'_>,
        lane: u8,
        origin: Origin,
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
        let due = (origin.now as u32).wrapping_add(deadline_ms);
        let handle = self.lanes.open(lane, call.id, call.tool, due);
        if let Err(fault) = validate(self.table, call.tool, Side::Params, call.args) {
            count!(self, faults);
            let Fault { code, node, bound } = fault;
            return self.end(handle, Outcome::Fault { code: code as u8, node, bound });
        }
        if head.annotations.has(HOST_VALIDATED) && !origin.tagged {
            return self.end(handle, Outcome::Unauthenticated);
        }
        if head.consent != Consent::None
            && !self.is_agreed((call.tool, call.args), origin.now, tools)
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
        self.enter(call, (handle, head), (origin, deadline_ms), tools);
    }

    pub(super) fn deadline_ms(&self, asked: u32, head: &Head) -> u32 {
        match (asked, head.limits.deadline_ms) {
            (0, 0) => self.config.deadline_ms,
            (0, tool) => tool,
            (asked, _) => asked,
        }
    }

    /// Lets the tool run.
    fn enter<T: Tools + ?Sized>(
        &mut self,
        call: &message::Call<'_>,
        (id, head): (CallId, Head),
        (origin, deadline_ms): (Origin, u32),
        tools: &mut T,
    ) {
        count!(self, entered);
        let mut out = ValueWriter::new(self.outbox.result_place());
        let block = self.lanes.fresh_block(id, head.limits.pending_bytes);
        let answer = tools.call(
            Call {
                tool: call.tool,
                id,
                now: origin.now,
                deadline: origin.now.wrapping_add(u64::from(deadline_ms)),
                args: Args::new(self.table, call.tool, call.args),
                block,
                state: call.state,
                answers: call.answers,
                principal: if origin.tagged { call.principal } else { "" },
                tagged: origin.tagged,
            },
            &mut out,
        );
        let written = len_of(&out);
        self.settle_as(id, &head, answer, written);
    }

    /// Ends a pending call with what its tool wrote to the result place: so many bytes, as
    /// [`len_of`] tells.
    pub(crate) fn settle(&mut self, call: CallId, answer: Answer, written: usize) {
        let Some(tool) = self.lanes.get(call).map(|lane| lane.tool) else { return };
        let Some(head) = self.table.head(tool) else { return };
        self.settle_as(call, &head, answer, written);
    }

    pub(crate) fn settle_as(&mut self, call: CallId, head: &Head, answer: Answer, written: usize) {
        let Some(&mut Lane { id, tool, .. }) = self.lanes.get(call) else { return };
        let outcome = match answer {
            Answer::Pending if head.limits.pending_bytes > 0 => return,
            Answer::Failed(text) => return self.fail(call, text),
            #[cfg(feature = "content")]
            Answer::Content { mime, len } if head.content && len > 0 => {
                return self.begin_content(call, mime, len);
            }
            Answer::Done if !head.content => DONE,
            Answer::Blocks if head.content => BLOCKS,
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
        self.outbox.answer(&DeviceMessage::Result { id, outcome }, &mut self.lanes, call);
    }

    /// Tells the host that something happened.
    pub(crate) fn event(&mut self, tool: u16, text: &str) {
        let seq = self.events.wrapping_add(1);
        if self.outbox.send(&DeviceMessage::Event { seq, tool, text, what: 0 }) {
            self.events = seq;
        }
    }
}
