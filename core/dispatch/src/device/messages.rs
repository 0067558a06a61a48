//! Messages from the host.

use trine_descriptor::record;
use trine_wire::Fed;
use trine_wire::message::{self, DeviceMessage, Hello, HostMessage};

use super::Device;
use super::run::Request;
use crate::call::Tools;
use crate::slots::State;

impl Device<'_> {
    /// Takes one stretch of bytes from the ring, up to the end of a message, and deals with that.
    pub(super) fn message_step<T: Tools + ?Sized>(&mut self, now: u64, tools: &mut T) -> bool {
        let (taken, fed) = self.decoder.take(self.rx.peek(), self.message);
        self.rx.release(taken);
        match fed {
            Fed::Nothing => {}
            Fed::Bad => self.status.frames_bad = self.status.frames_bad.wrapping_add(1),
            Fed::Message(len) => {
                self.status.frames_in = self.status.frames_in.wrapping_add(1);
                self.message(len, now, tools);
            }
        }
        taken > 0
    }

    fn message<T: Tools + ?Sized>(&mut self, len: usize, now: u64, tools: &mut T) {
        // The buffer is taken out so that the message may be read while the device answers.
        let buffer = core::mem::take(&mut self.message);
        let bytes = buffer.get(..len).unwrap_or_default();
        match message::read::<HostMessage<'_>>(bytes) {
            Some(HostMessage::Hello { nonce, .. }) => {
                if self.epoch == 0 {
                    self.epoch = nonce;
                }
                self.greet(nonce);
            }
            Some(HostMessage::List { offset, max }) => self.list(offset, max),
            Some(HostMessage::Call { id, tool, hash, deadline_ms, args }) => {
                let request = Request { id, tool, hash, deadline_ms, args };
                self.call(&request, now, tools);
            }
            Some(HostMessage::Cancel { id }) => {
                if let Some(slot) = self.slots.find(id).and_then(|call| self.slots.get(call)) {
                    slot.state = State::Cancelled;
                }
            }
            Some(HostMessage::Status) => {
                let status = self.status(now);
                self.outbox.send(&DeviceMessage::Status(status));
            }
            _ => {
                let kind = bytes.first().copied().unwrap_or_default();
                self.outbox.send(&DeviceMessage::Unsupported { kind });
            }
        }
        self.message = buffer;
    }

    pub(super) fn greet(&mut self, nonce: u32) {
        let identity = self.config.identity;
        self.outbox.send(&DeviceMessage::Hello(Hello {
            wire: trine_wire::VERSION,
            nonce,
            epoch: self.epoch,
            table_hash: record::table_hash(self.table),
            tools: self.table.count(),
            message_max: self.config.message_max,
            calls_max: self.config.calls_max,
            features: 0,
            vendor: identity.vendor,
            product: identity.product,
            serial: identity.serial,
            firmware: identity.firmware,
            build: identity.build,
        }));
    }

    fn list(&mut self, offset: u32, max: u16) {
        let mut page = [0u8; 128];
        let most = usize::from(max.min(self.config.result_max)).min(page.len());
        let page = page.get_mut(..most).unwrap_or_default();
        let total = record::page(self.table, offset as usize, page);
        let count = total.saturating_sub(offset as usize).min(page.len());
        let bytes = page.get(..count).unwrap_or_default();
        self.outbox.send(&DeviceMessage::Page { offset, total: total as u32, bytes });
    }
}
