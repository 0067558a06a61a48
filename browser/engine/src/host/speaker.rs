//! What the host knows of the device, and what it says to it.

use trine_wire::frame::{self, frame_max, headroom};
use trine_wire::message::{self, DeviceMessage, HostMessage, what};

use super::calls::Lane;
use super::content::Content;
use super::hello::{Asked, Listing, Spoken};
use super::{AGAIN_MS, CALL_MAX, CALLS_MAX, GONE_MS, Line, News, QUIET_MS};
use crate::list::List;

/// Where a message of the host begins, before it becomes a frame.
const START: usize = headroom(CALL_MAX);

/// The other end of the device.
#[derive(Debug)]
pub(super) struct Speaker {
    pub(super) tx: [u8; START + frame_max(CALL_MAX)],
    pub(super) session: u32,
    random: u32,
    pub(super) spoken: Option<Spoken>,
    pub(super) asked: Option<Asked>,
    pub(super) listing: Option<Listing>,
    pub(super) list: List,
    pub(super) is_ready: bool,
    /// It has a key, or speaks a later version: it is not asked again.
    pub(super) is_refused: bool,
    pub(super) lanes: [Lane; CALLS_MAX],
    pub(super) content: Content,
    said_at: u64,
    sent_at: u64,
}

impl Speaker {
    pub(super) const fn new() -> Self {
        Self {
            tx: [0; START + frame_max(CALL_MAX)],
            session: 0,
            random: 1,
            spoken: None,
            asked: None,
            listing: None,
            list: List::new(),
            is_ready: false,
            is_refused: false,
            lanes: [const { Lane::new() }; CALLS_MAX],
            content: Content::new(),
            said_at: 0,
            sent_at: 0,
        }
    }

    pub(super) const fn start(&mut self, seed: u32) {
        (self.random, self.session) = (if seed == 0 { 1 } else { seed }, 0);
    }

    pub(super) fn restart(&mut self, now: u64) {
        (self.spoken, self.asked, self.listing) = (None, None, None);
        (self.is_ready, self.is_refused) = (false, false);
        self.list.clear();
        self.lanes.iter_mut().for_each(Lane::forget);
        (self.said_at, self.sent_at) = (now, now);
    }

    /// A number that is never 0, of xorshift (Marsaglia, Journal of Statistical Software 8(14),
    /// 2003). It only has to differ from host to host.
    pub(super) const fn random(&mut self) -> u32 {
        let mut x = self.random;
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.random = x;
        x
    }

    pub(super) fn poll(&mut self, now: u64, line: &mut dyn Line) {
        if self.is_refused {
            return;
        }
        if self.spoken.is_some() && now.saturating_sub(self.said_at) > GONE_MS {
            line.say(&["the device does not answer"]);
            (self.spoken, self.is_ready, self.listing) = (None, false, None);
        }
        if self.asked.map_or(self.spoken.is_none(), |asked| now >= asked.at + AGAIN_MS) {
            self.ask(now, line);
        }
        if self.listing.is_some_and(|listing| now >= listing.at + AGAIN_MS) {
            self.ask_page(now, line);
        }
        self.repeat(now, line);
        let is_quiet = now.saturating_sub(self.sent_at.max(self.said_at)) >= QUIET_MS;
        if self.spoken.is_some() && is_quiet {
            let nonce = self.random();
            self.send(&HostMessage::Ping { nonce }, now, line);
        }
    }

    /// Acts on a message of the device.
    pub(super) fn message<'h>(
        &'h mut self,
        bytes: &'h [u8],
        now: u64,
        line: &mut dyn Line,
    ) -> News<'h> {
        self.said_at = now;
        match message::read::<DeviceMessage<'h>>(bytes) {
            Some(DeviceMessage::Hello(hello)) => {
                self.hello(&hello, now, line);
                News::Quiet
            }
            Some(DeviceMessage::Page { offset, total, bytes, what: what::TOOLS }) => {
                self.page(offset, (total, bytes), now, line)
            }
            Some(DeviceMessage::Result { id, outcome }) => self.result(id, outcome, now, line),
            Some(DeviceMessage::Chunk { id, offset, bytes, .. }) => {
                self.chunk(id, offset, bytes, now, line)
            }
            Some(DeviceMessage::Progress { id, done, total, text }) => {
                self.progress(id, (done, total), text)
            }
            Some(DeviceMessage::Event { text, what: 0, .. }) if !text.is_empty() => {
                line.say(&["event: ", text]);
                News::Quiet
            }
            Some(DeviceMessage::Log { text, .. }) => {
                line.say(&["log: ", text]);
                News::Quiet
            }
            Some(DeviceMessage::Pong { epoch, .. }) => {
                if self.spoken.is_some_and(|spoken| spoken.epoch != epoch) {
                    self.ask(now, line);
                }
                News::Quiet
            }
            Some(_) => News::Quiet,
            None => {
                line.say(&["a message of the device cannot be read"]);
                News::Quiet
            }
        }
    }

    /// Sends a message; `None` where it is too long.
    pub(super) fn send(
        &mut self,
        message: &HostMessage<'_>,
        now: u64,
        line: &mut dyn Line,
    ) -> Option<()> {
        let len = message::write(message, self.tx.get_mut(START..)?.get_mut(..CALL_MAX)?)?;
        let kind = self.tx.get(START).copied()?;
        let len = frame::encode_in_place(&mut self.tx, START, len)?;
        line.send(kind, self.tx.get(..len)?);
        self.sent_at = now;
        Some(())
    }

    /// Sends a message that is written already.
    pub(super) fn send_again(&mut self, lane: usize, now: u64, line: &mut dyn Line) -> Option<()> {
        let message = self.lanes.get(lane)?.message();
        self.tx.get_mut(START..)?.get_mut(..message.len())?.copy_from_slice(message);
        let (kind, len) = (message.first().copied()?, message.len());
        let len = frame::encode_in_place(&mut self.tx, START, len)?;
        line.send(kind, self.tx.get(..len)?);
        self.sent_at = now;
        Some(())
    }
}
