//! Records that interrupts and other tasks put into ports.

use trine_arena::Consumer;
use trine_descriptor::{Fault, FaultCode, NO_NODE, Side, validate};
use trine_wire::message::{DeviceMessage, Outcome};

use super::{Device, PORTS_MAX};
use crate::port::{HEAD, Record, kind};
use crate::slots::{CallId, State};

/// Most bytes of an event's or a failure's text that a port hands on.
const TEXT_MAX: usize = 96;

impl Device<'_> {
    /// Takes one record from a port.
    pub(super) fn port_step(&mut self, now: u64) -> bool {
        for index in 0..PORTS_MAX {
            let Some(ring) = self.ports.get(index).and_then(Option::as_ref) else { continue };
            let Some(record) = Record::peek(ring) else { continue };
            self.port_record(index, record, now);
            if let Some(Some(ring)) = self.ports.get_mut(index) {
                record.drop(ring);
            }
            return true;
        }
        false
    }

    fn port_record(&mut self, index: usize, record: Record, now: u64) {
        let Some(Some(ring)) = self.ports.get(index) else { return };
        let call = CallId::from_bits(record.subject);
        match record.kind {
            kind::AGREE => {
                self.consents.agree(now, self.config.consent_ms);
            }
            kind::EVENT => {
                let mut text = [0u8; TEXT_MAX];
                let text = read_text(&record, ring, &mut text);
                self.events = self.events.wrapping_add(1);
                let seq = self.events;
                self.outbox.send(&DeviceMessage::Event { seq, tool: record.subject, text });
            }
            _ => {
                let slot = self.slots.get(call).filter(|slot| slot.state == State::Pending);
                let Some((id, tool)) = slot.map(|slot| (slot.id, slot.tool)) else { return };
                match record.kind {
                    kind::COMPLETE => self.port_complete(index, record, id, tool),
                    kind::FAIL => {
                        let mut text = [0u8; TEXT_MAX];
                        let text = read_text(&record, ring, &mut text);
                        let outcome = Outcome::Failed { text };
                        self.outbox.send(&DeviceMessage::Result { id, outcome });
                    }
                    _ => {
                        let outcome = Outcome::Cancelled;
                        self.outbox.send(&DeviceMessage::Result { id, outcome });
                    }
                }
                self.slots.close(call);
            }
        }
    }

    /// Sends the result in a completion record, if its tool's descriptor allows it.
    fn port_complete(&mut self, index: usize, record: Record, id: u32, tool: u16) {
        let Some(Some(ring)) = self.ports.get(index) else { return };
        let place = self.outbox.result_place();
        let fault = match record.copy(ring, place).and_then(|len| place.get(..len)) {
            Some(value) => validate(self.table, tool, Side::Output, value).err(),
            None => Some(Fault::new(FaultCode::TooLong, NO_NODE)),
        };
        match fault {
            None => {
                self.outbox.send_done(id, record.len);
            }
            Some(fault) => self.bad_result(id, fault),
        }
    }

    fn bad_result(&mut self, id: u32, fault: Fault) {
        self.status.bad_results = self.status.bad_results.wrapping_add(1);
        let outcome = Outcome::BadResult { code: fault.code as u8, node: fault.node };
        self.outbox.send(&DeviceMessage::Result { id, outcome });
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
