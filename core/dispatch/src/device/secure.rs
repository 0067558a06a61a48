//! A device with a key: who proves that it holds the key is served, everybody else may say hello.

use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage, kind, provision};

use super::session::next_epoch;
use super::{Device, count};
use crate::call::Tools;
use crate::config::Config;
use crate::features::SECURE;
use crate::features::keys::{self, OFFERS};
use crate::outbox::Tagging;

/// What a keyed device remembers beside the keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Secure {
    /// Unlike that of every other boot; 0 when there is none.
    nonce: u64,
    /// Challenges given.
    greetings: u32,
    /// The hellos of the sessions that are offered, and not in force until their first tagged
    /// message.
    offered: [HostHello; OFFERS],
}

impl Secure {
    pub(super) fn new(config: &Config<'_>) -> Self {
        Self { nonce: keys::nonce(config), greetings: 0, offered: [HostHello::default(); OFFERS] }
    }
}

/// What a hello says of the session that it offers.
#[derive(Clone, Copy, Default)]
pub(super) struct Proof {
    pub(super) epoch: u32,
    pub(super) challenge: [u8; 12],
    pub(super) digest: [u8; 8],
}

impl Device<'_> {
    /// Deals with a message to a device with a key.
    pub(super) fn keyed_message<T: Tools + ?Sized>(&mut self, bytes: &[u8], tools: &mut T) {
        if bytes.first() == Some(&kind::HELLO) {
            if let Some(HostMessage::Hello(hello)) = message::read(bytes) {
                self.offer(&hello, bytes);
            }
            return;
        }
        match self.outbox.keys.as_mut().and_then(|keys| keys.open(bytes)) {
            Some((message, begun)) => {
                let offered = self.secure.first().map(|secure| &secure.offered);
                if let Some(hello) = begun.and_then(|offer| offered?.get(offer).copied()) {
                    self.join(&hello, tools);
                }
                self.serve(message, true, tools);
            }
            // The person who holds the input proves as much as the key does, so that a device whose
            // key was lost is not lost with it.
            None if bytes.first() == Some(&kind::PROVISION) && tools.held() => {
                if let Some(HostMessage::Provision { op, key }) = message::read(bytes) {
                    self.outbox.tagging = [Tagging::Off; SECURE];
                    self.provision(op, &key, tools);
                    self.outbox.tagging = [Tagging::HostSession; SECURE];
                }
            }
            None => count!(self, unauthentic),
        }
    }

    /// Answers a hello, whose bytes these are, with the session that it may have. Nothing changes
    /// before the host proves that it could read the answer's tag, so a hello of anyone disturbs
    /// no session. The answer names the epoch that the session will have.
    #[inline(never)]
    fn offer(&mut self, hello: &HostHello, bytes: &[u8]) {
        let Some(secure) = self.secure.first_mut() else { return };
        let Some(greetings) = secure.greetings.checked_add(1) else { return };
        let mut fresh = [0; 12];
        let (nonce, counter) = fresh.split_at_mut(8);
        nonce.copy_from_slice(&secure.nonce.to_le_bytes());
        counter.copy_from_slice(&greetings.to_le_bytes());
        let Some(keys) = self.outbox.keys.as_mut() else { return };
        let (challenge, digest, offer) = keys::answer_hello(keys, hello.host_nonce, bytes, fresh);
        if challenge == fresh {
            secure.greetings = greetings;
        }
        if let Some(offered) = secure.offered.get_mut(offer) {
            *offered = *hello;
        }
        let epoch = self.session.epoch_in(hello.session);
        let proof = Proof { epoch, challenge, digest };
        self.put_hello(hello.nonce, hello.session, Some(&proof));
        self.outbox.tagging = [Tagging::Hello; SECURE];
        self.outbox.post();
        self.outbox.tagging = [Tagging::HostSession; SECURE];
    }

    /// Sets or erases the key, if a person holds the input for it. The answer goes out as the
    /// request came; then both sides begin again.
    #[inline(never)]
    pub(super) fn provision<T: Tools + ?Sized>(&mut self, op: u8, key: &[u8; 16], tools: &mut T) {
        let code = match op {
            _ if !tools.held() => provision::NOT_HELD,
            provision::SET if self.secure.first().is_none_or(|secure| secure.nonce == 0) => {
                provision::CANNOT_STORE
            }
            provision::SET | provision::ERASE => {
                if tools.store_key((op == provision::SET).then_some(key)) {
                    provision::DONE
                } else {
                    provision::CANNOT_STORE
                }
            }
            _ => provision::UNKNOWN,
        };
        self.outbox.send(&DeviceMessage::Provisioned { code });
        if code == provision::DONE {
            self.outbox.keys = if op == provision::SET { keys::new(key) } else { None };
            // What was recorded before is of another epoch, also for a device without a key.
            self.session.epoch = next_epoch(self.session.epoch);
            self.session.id = None;
        }
    }
}
