//! Sentences that the host wants turned into calls: each has a slot, as a call has.

use trine_descriptor::{Annotations, Consent, FailSafe, Head, Limits, ValueWriter};
use trine_wire::codec::Members;
use trine_wire::message::block::write_tokens;
pub use trine_wire::message::block::{fault, verdict, why};
use trine_wire::message::{self, flag, outcome};

use super::Device;
use super::run::{DEADLINE_MAX, written};
use crate::CallId;
use crate::call::Tools;
use crate::slots::IdState;

/// What a slot has to know of a sentence: it is answered later, in blocks.
const HEAD: Head = Head {
    annotations: Annotations(Annotations::READ_ONLY),
    consent: Consent::None,
    fail_safe: FailSafe(0),
    content: true,
    limits: Limits { deadline_ms: 0, pending_bytes: 1 },
};

/// The number of no tool: a sentence that is being read has it, where a call has its tool's.
pub const SENTENCE: u16 = u16::MAX;

/// A sentence that is to become a call.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The handle to answer with later.
    pub id: CallId,
    /// The time of this poll, in milliseconds.
    pub now: u64,
    /// When the answer is no longer wanted.
    pub deadline: u64,
    /// What someone said, as it came: it may be no UTF-8.
    pub sentence: &'a [u8],
    /// Whether the tokens are wanted too.
    pub with_tokens: bool,
}

/// Appends a block of what a model read and chose to the answer to a sentence.
pub fn tokens(out: &mut ValueWriter<'_>, tokens: &[u16]) {
    out.with_rest(|rest| write_tokens(tokens, rest));
}

impl Device<'_> {
    /// Tells hosts that [`Tools::sentence`] turns sentences into calls. *init-only*.
    pub const fn offer_sentences(&mut self) {
        self.reads_sentences = [true];
    }

    /// A sentence came in: a new one, or one that came before.
    #[inline(never)]
    pub(super) fn ask<T: Tools + ?Sized>(&mut self, from: &mut Members<'_>, tools: &mut T) {
        let ask = message::Ask::read_from(from);
        if from.is_broken() {
            return;
        }
        let (slot, seen) = self.slots.seen(ask.id);
        match seen {
            IdState::New => self.new_sentence(&ask, slot, tools),
            IdState::Again(state) => self.repeated(ask.id, slot, state),
            IdState::Old => {}
        }
    }

    fn new_sentence<T: Tools + ?Sized>(&mut self, ask: &message::Ask<'_>, slot: u8, tools: &mut T) {
        if self.session.id.is_none() {
            return self.reply(ask.id, outcome::STALE);
        }
        self.give_up(slot, tools);
        let deadline_ms = self.deadline_ms(ask.deadline_ms, &HEAD).min(DEADLINE_MAX);
        let due = (self.now as u32).wrapping_add(deadline_ms);
        let id = self.slots.open(slot, ask.id, (SENTENCE, &HEAD), due);
        let asked = Asked {
            id,
            now: self.now,
            deadline: self.now.saturating_add(deadline_ms.into()),
            sentence: ask.sentence,
            with_tokens: ask.flags & flag::TOKENS != 0,
        };
        let mut out = ValueWriter::new(self.outbox.result_place());
        let answer = tools.sentence(&asked, &mut out);
        let written = written(&out);
        self.settle(id, answer, written);
    }
}
