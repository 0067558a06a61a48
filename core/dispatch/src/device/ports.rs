//! Records that interrupts and other tasks put into ports.

use trine_arena::Consumer;
use trine_wire::message::outcome;

use super::Device;
use crate::CallId;
use crate::call::Answer;
use crate::features::{CONSENT, PROGRESS, has};
use crate::port::{HEAD, Record, TEXT_MAX, kind};

impl Device<'_> {
    /// Takes one record from a port.
    #[inline(never)]
    pub(super) fn port_step(&mut self) -> bool {
        for index in 0..self.ports.len() {
            // They are taken in order, so the first that is missing is the last.
            let Some(Some(ring)) = self.ports.get(index) else { return false };
            let Some(record) = Record::peek(ring) else { continue };
            self.port_record(index, record);
            if let Some(Some(ring)) = self.ports.get_mut(index) {
                record.drop(ring);
            }
            return true;
        }
        false
    }

    fn port_record(&mut self, index: usize, record: Record) {
        let call = CallId::from_bits(record.subject);
        match record.kind {
            kind::AGREE if has(CONSENT) => {
                let drained = self.drained.first().copied().unwrap_or_default();
                self.agreed(drained, self.now);
            }
            kind::DISMISS if has(CONSENT) => _ = self.dismiss(self.now),
            kind::COMPLETE => self.port_complete(index, record, call),
            kind::CANCEL => {
                if self.slots.pending(call).is_some() {
                    self.end(call, outcome::CANCELLED);
                }
            }
            _ => {
                let mut text = [0u8; TEXT_MAX];
                let Some(Some(ring)) = self.ports.get(index) else { return };
                let text = read_text(&record, ring, &mut text);
                match record.kind {
                    kind::EVENT => _ = self.event(record.subject, text),
                    kind::FAIL if self.slots.pending(call).is_some() => self.fail(call, text),
                    kind::LOG if has(PROGRESS) => _ = self.log(record.subject as u8, text),
                    _ => {}
                }
            }
        }
    }

    /// Sends the result in a completion record, if its tool's descriptor allows it.
    fn port_complete(&mut self, index: usize, record: Record, call: CallId) {
        if self.slots.pending(call).is_none() {
            return;
        }
        let Some(Some(ring)) = self.ports.get(index) else { return };
        let written = record.copy(ring, self.outbox.result_place()).unwrap_or(usize::MAX);
        self.settle(call, Answer::Done, written);
    }
}

/// The text of a record, cut where it is too long or stops being UTF-8.
fn read_text<'t>(record: &Record, ring: &Consumer<'_>, text: &'t mut [u8; TEXT_MAX]) -> &'t str {
    let len = record.len.min(TEXT_MAX);
    for (at, place) in text.iter_mut().take(len).enumerate() {
        *place = ring.at(HEAD + at).unwrap_or_default();
    }
    let bytes = text.get(..len).unwrap_or_default();
    core::str::from_utf8(bytes)
        .or_else(|error| core::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()))
        .unwrap_or_default()
}
