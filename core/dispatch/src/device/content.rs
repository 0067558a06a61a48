//! Calls that outlive a poll: their end, and the content that they send.

use trine_wire::message::{DeviceMessage, Outcome};

use super::Device;
use crate::call::Tools;
use crate::slots::{CallId, Slot, State};

impl Device<'_> {
    /// Ends a call that expired or was cancelled, or sends a piece of content.
    pub(super) fn slot_step<T: Tools + ?Sized>(&mut self, now: u64, tools: &mut T) -> bool {
        for index in 0..self.slots.len() {
            let Some((call, slot)) = self.slots.handle(index) else { continue };
            match slot.state {
                State::Pending | State::Sending { .. } if now >= slot.deadline => {
                    self.status.expired = self.status.expired.wrapping_add(1);
                    self.end_call(call, slot, Outcome::Expired, tools);
                    return true;
                }
                State::Cancelled => {
                    self.end_call(call, slot, Outcome::Cancelled, tools);
                    return true;
                }
                State::Sending { at, len } => {
                    self.send_chunk(call, slot, (at, len), tools);
                    return true;
                }
                State::Free | State::Pending => {}
            }
        }
        false
    }

    fn end_call<T: Tools + ?Sized>(
        &mut self,
        call: CallId,
        slot: Slot,
        outcome: Outcome<'_>,
        tools: &mut T,
    ) {
        tools.stop(slot.tool, call);
        self.outbox.send(&DeviceMessage::Result { id: slot.id, outcome });
        self.slots.close(call);
    }

    fn send_chunk<T: Tools + ?Sized>(
        &mut self,
        call: CallId,
        slot: Slot,
        (at, len): (u32, u32),
        tools: &mut T,
    ) {
        let mut chunk = [0u8; 128];
        let most = usize::try_from(len - at).unwrap_or(usize::MAX).min(chunk.len());
        let most = most.min(usize::from(self.config.result_max));
        let count = tools.read(call, at, chunk.get_mut(..most).unwrap_or_default()).min(most);
        if count == 0 {
            let outcome = Outcome::Failed { text: "the tool stopped in the middle of its content" };
            self.outbox.send(&DeviceMessage::Result { id: slot.id, outcome });
            return self.slots.close(call);
        }
        let bytes = chunk.get(..count).unwrap_or_default();
        self.outbox.send(&DeviceMessage::Chunk { id: slot.id, offset: at, bytes });
        let at = at + count as u32;
        if at == len {
            self.slots.close(call);
        } else if let Some(slot) = self.slots.get(call) {
            slot.state = State::Sending { at, len };
        }
    }
}
