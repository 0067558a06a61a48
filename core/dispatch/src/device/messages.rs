//! Messages from the host.

use trine_wire::codec::Reader;
use trine_wire::message::{self, DeviceMessage, Hello, HostHello, feature, kind, what};

use super::Device;
use super::run::Origin;
use crate::call::Tools;
use crate::lanes::State;

/// What this device can, as far as it was built in.
const FEATURES: u32 = bit(cfg!(feature = "consent"), feature::CONSENT)
    | bit(cfg!(feature = "content"), feature::CONTENT | feature::CREDIT)
    | bit(cfg!(feature = "progress"), feature::PROGRESS | feature::LOG | feature::NEED_INPUT)
    | bit(cfg!(feature = "secure"), feature::KEYED)
    | bit(cfg!(feature = "factory"), feature::FACTORY)
    | feature::CANCEL;

const fn bit(is_set: bool, bits: u32) -> u32 {
    if is_set { bits } else { 0 }
}

impl<'m> Device<'m> {
    /// Deals with the message of `len` bytes at `start` of the buffer.
    pub(super) fn message<T: Tools + ?Sized>(
        &mut self,
        start: usize,
        len: usize,
        now: u64,
        tools: &mut T,
    ) {
        // The buffer is taken out so that the message may be read while the device answers.
        let buffer = core::mem::take(&mut self.inbox.message);
        let bytes = buffer.get(start..start + len).unwrap_or_default();
        #[cfg(feature = "secure")]
        if self.outbox.keys.is_some() {
            self.keyed_message(bytes, now, tools);
        } else {
            self.proven_message(bytes, false, now, tools);
        }
        #[cfg(not(feature = "secure"))]
        self.proven_message(bytes, false, now, tools);
        self.inbox.message = buffer;
    }

    /// Deals with a message that is what it says: one that was `tagged`, or one on a link without
    /// tags.
    pub(super) fn proven_message<T: Tools + ?Sized>(
        &mut self,
        bytes: &[u8],
        tagged: bool,
        now: u64,
        tools: &mut T,
    ) {
        self.heard(now);
        if self.served(bytes, Origin { tagged, now }, tools).is_none() {
            let kind = bytes.first().copied().unwrap_or_default();
            self.outbox.send(&DeviceMessage::Unsupported { kind });
        }
    }

    /// Reads a message member by member, as a value of its own would be put together only to be
    /// taken apart; `None` where it means nothing to this device.
    fn served<T: Tools + ?Sized>(
        &mut self,
        bytes: &[u8],
        origin: Origin,
        tools: &mut T,
    ) -> Option<()> {
        let mut from = Reader::new(bytes);
        match from.byte()? {
            kind::CALL => self.call(&message::Call::take(&mut from)?, origin, tools),
            kind::HELLO if !origin.tagged => self.hello(&HostHello::take(&mut from)?, tools),
            kind::LIST => self.list(from.number()?, from.short()?, from.later_byte()?),
            kind::CANCEL => {
                if let Some(lane) = self.lanes.find(from.number()?) {
                    lane.state = State::Cancelled;
                }
            }
            #[cfg(feature = "status")]
            kind::STATUS => self.tell_status(origin.now),
            #[cfg(feature = "content")]
            kind::CREDIT => {
                let (id, upto) = (from.number()?, from.number()?);
                if let Some(lane) = self.lanes.find(id) {
                    lane.content.upto = lane.content.upto.max(upto);
                }
            }
            kind::PING => {
                let (nonce, epoch) = (from.number()?, self.session.epoch);
                self.outbox.send(&DeviceMessage::Pong { nonce, epoch });
            }
            #[cfg(feature = "progress")]
            kind::LOG => self.session.log_level = from.byte()?,
            #[cfg(feature = "secure")]
            kind::PROVISION => self.provision(from.byte()?, &from.array()?, tools),
            #[cfg(feature = "factory")]
            kind::FACTORY => self.factory((from.byte()?, from.bytes()?), origin.now, tools),
            _ => return None,
        }
        Some(())
    }

    // This and the other rare ones are out of line, so that their stack is not part of a call's.
    #[inline(never)]
    fn hello<T: Tools + ?Sized>(&mut self, hello: &HostHello, tools: &mut T) {
        if self.session.epoch == 0 {
            self.session.epoch = hello.nonce.max(1);
        }
        self.join(hello, tools);
        self.greet(hello.nonce);
    }

    #[cfg(feature = "status")]
    #[inline(never)]
    fn tell_status(&mut self, now: u64) {
        let status = self.status(now);
        self.outbox.send(&DeviceMessage::Status(status));
    }

    /// Says who the device is, in the session in force.
    #[inline(never)]
    pub(super) fn greet(&mut self, nonce: u32) {
        let session = self.session.id.unwrap_or_default();
        let hello = self.greeting(nonce, session, [0; 12]);
        self.outbox.send(&DeviceMessage::Hello(hello));
    }

    pub(super) fn greeting(&self, nonce: u32, session: u32, challenge: [u8; 12]) -> Hello<'m> {
        let identity = self.config.identity;
        #[cfg(feature = "secure")]
        let keyed = self.outbox.keys.is_some();
        #[cfg(not(feature = "secure"))]
        let keyed = false;
        Hello {
            wire: trine_wire::VERSION,
            nonce,
            epoch: self.session.epoch,
            table_hash: self.scan.list_hash,
            tools: self.table.tools(),
            message_max: self.config.message_max,
            calls_max: self.config.calls_max,
            features: FEATURES,
            vendor: identity.vendor,
            product: identity.product,
            serial: identity.serial,
            firmware: identity.firmware,
            build: identity.build,
            session,
            rx_bytes: u16::try_from(self.inbox.rx.capacity()).unwrap_or(u16::MAX),
            result_max: self.config.result_max,
            link_ms: self.config.link_ms,
            keyed,
            challenge,
        }
    }

    #[inline(never)]
    fn list(&mut self, offset: u32, max: u16, what: u8) {
        let mut page = [0u8; 128];
        let most = usize::from(max.min(self.config.result_max)).min(page.len());
        let page = page.get_mut(..self.outbox.fits(most)).unwrap_or_default();
        // The other lists are empty.
        let total = if what == what::TOOLS { self.table.page(offset as usize, page) } else { 0 };
        let count = total.saturating_sub(offset as usize).min(page.len());
        let bytes = page.get(..count).unwrap_or_default();
        self.outbox.send(&DeviceMessage::Page { offset, total: total as u32, bytes, what });
    }
}
