//! From received bytes to messages, in the form of the link.

use trine_arena::Consumer;
use trine_wire::bus::{BROADCAST, HEADER_LEN, Header};
use trine_wire::message::kind;
use trine_wire::packet::{Reassembler, Taken};
use trine_wire::{DecodeEvent, Decoder};

use super::{Device, count};
use crate::call::Tools;
use crate::features::{BUS, FACTORY, PACKET, STATUS, has};

/// The receiving ring, and the message that is being put together.
#[derive(Debug)]
pub(super) struct Inbox<'m> {
    pub(super) rx: Consumer<'m>,
    decoder: Decoder,
    pub(super) message: &'m mut [u8],
    /// Most bytes that waited in the ring.
    high_water: [usize; FACTORY | STATUS],
    joiner: [Reassembler; PACKET],
    /// Bytes of a message that was received on a bus and waits for room to be answered.
    held: [usize; BUS],
}

impl<'m> Inbox<'m> {
    /// One without a buffer for the message.
    pub(super) fn new(rx: Consumer<'m>) -> Self {
        Self {
            rx,
            decoder: Decoder::new(),
            message: &mut [],
            high_water: [0; FACTORY | STATUS],
            joiner: core::array::from_fn(|_| Reassembler::new()),
            held: [0; BUS],
        }
    }

    /// Notes how many bytes wait. Between two times that bytes are taken there are only more, so
    /// before each of them is often enough.
    fn mark(&mut self) {
        if let Some(most) = self.high_water.first_mut() {
            *most = (*most).max(self.rx.len());
        }
    }

    /// Most bytes that ever waited.
    pub(super) fn high_water(&self) -> usize {
        self.high_water.first().copied().unwrap_or_default()
    }

    /// Takes one stretch of bytes, up to the end of a frame; `None` when there are none.
    // Out of line: what it needs of registers and stack is not there while a message is served.
    #[inline(never)]
    fn take_bytes(&mut self) -> Option<DecodeEvent> {
        self.mark();
        let Self { rx, decoder, message, .. } = self;
        rx.take(|bytes| {
            let mut rest = bytes.iter();
            let fed = decoder.decode(&mut rest, message);
            (bytes.len() - rest.len(), (!bytes.is_empty()).then_some(fed))
        })
    }

    /// Takes one packet.
    fn take_packet(&mut self) -> Option<Taken> {
        self.mark();
        let joiner = self.joiner.first_mut()?;
        let taken = joiner.take(self.rx.packet()?, self.message);
        self.rx.release_packet();
        Some(taken)
    }

    /// Bytes of a message that waits for room to be answered, on a bus.
    fn held(&self) -> usize {
        self.held.first().copied().unwrap_or_default()
    }
}

impl Device<'_> {
    /// Takes what has come, up to the end of a message, and deals with that.
    pub(super) fn message_step<T: Tools + ?Sized>(&mut self, tools: &mut T) -> bool {
        if self.config.link.mtu().is_some() {
            return self.packet_step(tools);
        }
        if self.config.link.address().is_some() {
            return false;
        }
        let Some(fed) = self.inbox.take_bytes() else { return false };
        if let DecodeEvent::Message(len) = fed {
            count!(self, frames_in);
            self.message(0, len, tools);
        } else if has(STATUS) && fed == DecodeEvent::Bad {
            count!(self, frames_bad);
        }
        true
    }

    fn packet_step<T: Tools + ?Sized>(&mut self, tools: &mut T) -> bool {
        let Some(taken) = self.inbox.take_packet() else { return false };
        for _ in 0..taken.bad {
            count!(self, frames_bad);
        }
        if let Some(len) = taken.message {
            count!(self, frames_in);
            self.message(0, len, tools);
        }
        true
    }

    /// One step on a bus: takes a frame, and speaks if it polls this device. A frame may bring a
    /// message whose answer has no room before what waits was sent: it is held, if this frame
    /// polls, and else dropped, for its host will send it again.
    pub(super) fn bus_step<T: Tools + ?Sized>(&mut self, tools: &mut T) -> bool {
        let Some(address) = self.config.link.address() else { return false };
        let held = self.inbox.held();
        if held > 0 {
            if self.outbox.has_room() {
                self.inbox.held = [0; BUS];
                self.message(HEADER_LEN, held, tools);
                return true;
            }
            if !self.outbox.waits() {
                return false;
            }
            // A tool that was done meanwhile has taken the room. Its answer waits for a poll, which
            // is read to where the held message lies: that one its host will send again.
            self.inbox.held = [0; BUS];
        }
        let Some(fed) = self.inbox.take_bytes() else { return false };
        let len = match fed {
            DecodeEvent::Nothing => return true,
            DecodeEvent::Bad => {
                count!(self, frames_bad);
                return true;
            }
            DecodeEvent::Message(len) => len,
        };
        let header = self.inbox.message.get(..len).and_then(Header::split);
        let Some((header, message)) = header.map(|(header, rest)| (header, rest.len())) else {
            count!(self, frames_bad);
            return true;
        };
        let Some(polled) = header.received_by(address) else { return true };
        count!(self, frames_in);
        if self.outbox.keys.is_none() {
            self.received();
        }
        if message > 0 && header.address != BROADCAST {
            let kind = self.inbox.message.get(HEADER_LEN).copied().unwrap_or_default();
            if self.outbox.has_room() || is_answerless(kind) {
                self.message(HEADER_LEN, message, tools);
            } else if polled || !self.outbox.waits() {
                self.inbox.held = [message; BUS];
            }
        }
        // What is on its way out already answers this poll as well.
        if polled && self.outbox.may_speak() {
            let more = self.inbox.held() > 0 || self.has_more();
            self.outbox.speak(address, more);
        }
        true
    }
}

/// Whether a message of this kind has no answer: cancel, credit, log.
const fn is_answerless(kind: u8) -> bool {
    matches!(kind, kind::CANCEL | kind::CREDIT | kind::LOG)
}
