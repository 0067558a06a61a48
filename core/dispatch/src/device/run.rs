//! One call: every check before the tool, the tool, and the check of what it answers.

use trine_descriptor::{
    Args, Consent, Fault, FaultCode, NO_NODE, Side, ToolInfo, ToolTable, ValueWriter, validate,
};
use trine_wire::message::{DeviceMessage, Outcome};

use super::Device;
use crate::call::{Answer, Call, Tools};
use crate::slots::{CallId, State};

impl Device<'_> {
    pub(super) fn call<T: Tools + ?Sized>(
        &mut self,
        request: &Request<'_>,
        now: u64,
        tools: &mut T,
    ) {
        self.status.calls = self.status.calls.wrapping_add(1);
        let id = request.id;
        // A call that is still pending and comes again is the same call: it has its answer coming.
        if self.slots.find(id).is_some() {
            return;
        }
        if let Some(outcome) = self.run(request, now, tools) {
            self.outbox.send(&DeviceMessage::Result { id, outcome });
        }
    }

    /// Every check before a tool is entered, then the tool. `None` when the answer was sent or is
    /// pending; else what to answer.
    fn run<T: Tools + ?Sized>(
        &mut self,
        request: &Request<'_>,
        now: u64,
        tools: &mut T,
    ) -> Option<Outcome<'static>> {
        let &Request { tool, args, .. } = request;
        let Some(info) = self.table.info(tool) else { return Some(Outcome::UnknownTool) };
        if (self.table.hash(tool) as u32).to_le_bytes() != request.hash {
            return Some(Outcome::Stale);
        }
        if let Err(fault) = validate(self.table, tool, Side::Params, args) {
            self.status.faults = self.status.faults.wrapping_add(1);
            let Fault { code, node, bound } = fault;
            return Some(Outcome::Fault { code: code as u8, node, bound });
        }
        let arguments = Args::new(self.table, tool, args);
        let deadline = now.saturating_add(u64::from(self.deadline_ms(request, &info)));
        let slot = if takes_slot(&info) {
            match self.slots.open(request.id, tool, deadline) {
                Some(call) => call,
                None => return Some(Outcome::Busy),
            }
        } else {
            NO_SLOT
        };
        let consent_ms = self.config.consent_ms;
        if info.consent != Consent::None && !self.consents.allows(tool, args, now, consent_ms) {
            self.slots.close(slot);
            self.status.unagreed = self.status.unagreed.wrapping_add(1);
            tools.asks(tool, arguments);
            return Some(Outcome::NeedsPerson { consent: info.consent as u8 });
        }
        self.status.entered = self.status.entered.wrapping_add(1);
        let mut out = ValueWriter::new(self.outbox.result_place());
        let owned = usize::from(info.limits.pending_bytes);
        let block = self.slots.block(slot).and_then(|block| block.get_mut(..owned));
        let block = block.unwrap_or_default();
        let call = Call { tool, id: slot, now, deadline, args: arguments, block };
        let answer = tools.call(call, &mut out);
        let checked = check_result(self.table, tool, &out);
        let len = out.len();
        let outcome = match answer {
            Answer::Pending if info.limits.pending_bytes > 0 => return None,
            Answer::Content { mime, len } if info.content && len > 0 => {
                if let Some(slot) = self.slots.get(slot) {
                    slot.state = State::Sending { at: 0, len };
                }
                return Some(Outcome::Content { mime, len });
            }
            Answer::Failed(text) => Some(Outcome::Failed { text }),
            Answer::Done if !info.content => match checked {
                Ok(()) => {
                    self.outbox.send_done(request.id, len);
                    None
                }
                Err(outcome) => Some(outcome),
            },
            // An answer that the descriptor does not announce.
            Answer::Done | Answer::Pending | Answer::Content { .. } => {
                Some(Outcome::BadResult { code: FaultCode::Malformed as u8, node: NO_NODE })
            }
        };
        if let Some(Outcome::BadResult { .. }) = outcome {
            self.status.bad_results = self.status.bad_results.wrapping_add(1);
        }
        self.slots.close(slot);
        outcome
    }

    fn deadline_ms(&self, request: &Request<'_>, info: &ToolInfo<'_>) -> u32 {
        match (request.deadline_ms, info.limits.deadline_ms) {
            (0, 0) => self.config.deadline_ms,
            (0, tool) => tool,
            (asked, _) => asked,
        }
    }
}

/// A call as it came in.
pub(super) struct Request<'a> {
    pub(super) id: u32,
    pub(super) tool: u16,
    pub(super) hash: [u8; 4],
    pub(super) deadline_ms: u32,
    pub(super) args: &'a [u8],
}

/// The handle of a call that needs no slot: stale from the start.
const NO_SLOT: CallId = CallId::from_bits(u16::MAX);

/// Only a call that may outlive the poll needs a slot.
const fn takes_slot(info: &ToolInfo<'_>) -> bool {
    info.limits.pending_bytes > 0 || info.content
}

/// Checks a result against the tool's own descriptor before anything is sent.
pub(crate) fn check_result(
    table: &dyn ToolTable,
    tool: u16,
    out: &ValueWriter<'_>,
) -> Result<(), Outcome<'static>> {
    let fault = if out.overflowed() {
        Fault::new(FaultCode::TooLong, NO_NODE)
    } else {
        match validate(table, tool, Side::Output, out.bytes()) {
            Ok(()) => return Ok(()),
            Err(fault) => fault,
        }
    };
    Err(Outcome::BadResult { code: fault.code as u8, node: fault.node })
}
