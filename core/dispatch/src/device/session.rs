//! Who the device talks to, and whether it still hears them.

use trine_wire::message::HostHello;

use super::Device;
use crate::call::Tools;
use crate::config::Config;
use crate::features::{CONTENT, PROGRESS, keys};

/// The session that a host opened, and the link.
#[derive(Debug)]
#[repr(C)]
pub(super) struct HostSession {
    /// Whether a good message came within the time.
    pub(super) linked: bool,
    /// The lowest level of log messages that the host wants.
    pub(super) log_level: [u8; PROGRESS],
    /// Differs from boot to boot, 0 until the first hello where nothing else gave one.
    pub(super) epoch: u32,
    /// The host's number; none before its first hello.
    pub(super) id: Option<u32>,
    /// Bytes of a content that may be sent before credit comes, 0 for any.
    pub(super) window: [u32; CONTENT],
    /// When the last one came, the lower half.
    received: u32,
}

/// No log message is of this level or above.
pub(super) const LOG_NONE: u8 = 255;

impl HostSession {
    pub(super) fn new(config: &Config<'_>) -> Self {
        let is_keyed = keys::is_keyed(config);
        let from_nonce = if is_keyed { (keys::nonce(config) as u32).max(1) } else { 0 };
        Self {
            epoch: if config.epoch == 0 { from_nonce } else { config.epoch },
            id: None,
            window: [0; CONTENT],
            log_level: [LOG_NONE; PROGRESS],
            linked: false,
            received: 0,
        }
    }
}

impl HostSession {
    /// The epoch in the session of this number. Another one than the session in force takes the
    /// device from its host, and calls that were made for that one are of another epoch then: they
    /// are *stale* although their slots are forgotten, also when the first host comes back.
    pub(super) const fn epoch_in(&self, session: u32) -> u32 {
        match self.id {
            Some(id) if id != session => next_epoch(self.epoch),
            _ => self.epoch,
        }
    }
}

/// The epoch after this one, within one boot. Epochs of other boots are mostly the next numbers of
/// a counter: a step to the next number would meet those, and this one leads far away. It never
/// ends at 0, which is no epoch, and comes back after 2^30 steps, or fewer by each time that two
/// divides the epoch (D. E. Knuth, *The Art of Computer Programming*, volume 2, section 3.2.1.2,
/// theorem C): where two divides it often, it is made odd first.
pub(super) const fn next_epoch(epoch: u32) -> u32 {
    let epoch = if epoch as u16 == 0 { epoch ^ 0x7F4A_7C15 } else { epoch };
    epoch.wrapping_mul(0x9E37_79B5)
}

impl Device<'_> {
    /// A good message came.
    pub(super) fn received(&mut self) {
        let now = self.now;
        self.session.linked = true;
        self.session.received = now as u32;
        if let Some(heartbeat) = self.heartbeat {
            heartbeat.received(now);
        }
    }

    /// Nothing good came for too long.
    pub(super) fn lose_link(&mut self) {
        self.session.linked = false;
        if let Some(heartbeat) = self.heartbeat {
            heartbeat.lost();
        }
        super::count!(self, link_losses);
    }

    /// Milliseconds until the link is lost if nothing comes; the most that there are if never.
    pub(super) fn link_left(&self) -> u32 {
        if self.config.link_ms == 0 || !self.session.linked {
            return u32::MAX;
        }
        let silent = (self.now as u32).wrapping_sub(self.session.received);
        self.config.link_ms.saturating_sub(silent)
    }

    /// Takes the session of a hello. Another one than before ends what is under way, of which
    /// no one will hear; the same one leaves it alone, so that calls outlive a lost link.
    pub(super) fn join<T: Tools + ?Sized>(&mut self, hello: &HostHello, tools: &mut T) {
        self.outbox.set_host_max(hello.message_max);
        self.session.window = [hello.content_window; CONTENT];
        if self.session.id == Some(hello.session) {
            return;
        }
        // What the host of before has sent is of another epoch from here on.
        if self.session.id.is_some() {
            self.session.epoch = next_epoch(self.session.epoch);
            if let Some(consents) = self.consents.first_mut() {
                consents.forget(self.now, true);
            }
        }
        self.session.id = Some(hello.session);
        self.session.log_level = [LOG_NONE; PROGRESS];
        for index in 0..self.slots.hosts() {
            self.give_up(index, tools);
        }
    }
}
