//! Factory tests: read-only operations that every device has, and noise on its line.

use std::sync::mpsc;
use std::time::Duration;

use trine_wire::message::{HostMessage, feature};

use super::Device;
use super::session::Question;
use crate::sync::lock;

/// How often an operation is asked for before it counts as unanswered: a frame may be lost.
const TRIES: u32 = 3;

/// What a factory operation found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactoryResult {
    /// 0 fine, 1 failed, 2 there is no such operation.
    pub code: u8,
    /// What it found.
    pub bytes: Vec<u8>,
    /// How often it was asked for.
    pub tries: u32,
}

/// Factory operations that every device has; from [`op::OWN`] on they are the product's.
pub mod op {
    /// Gives back what it was given.
    pub const ECHO: u8 = 0;
    /// Reads the list of tools again and compares its hash.
    pub const LIST: u8 = 1;
    /// Milliseconds since boot, a varint.
    pub const CLOCK: u8 = 2;
    /// Memory given and carved, most bytes received and to be sent, most calls: varints.
    pub const MEMORY: u8 = 3;
    /// The first of the product's own.
    pub const OWN: u8 = 128;
}

impl Device {
    /// Whether the device has factory operations.
    #[must_use]
    pub fn has_factory(&self) -> bool {
        lock(&self.session).protocol.can(feature::FACTORY)
    }

    /// Most bytes of a message that the device takes.
    #[must_use]
    pub fn message_max(&self) -> usize {
        lock(&self.session).message_max()
    }

    /// Runs a factory operation; `None` when it is not answered, each time within `patience`.
    #[must_use]
    pub fn factory(&self, op: u8, arg: &[u8], patience: Duration) -> Option<FactoryResult> {
        for tries in 1..=TRIES {
            let (send, receive) = mpsc::channel();
            let now = self.now();
            let message = HostMessage::Factory { op, arg };
            self.with(|session| session.question(Question::Factory(op, send), &message, now));
            if let Ok((code, bytes)) = receive.recv_timeout(patience) {
                return Some(FactoryResult { code, bytes, tries });
            }
        }
        None
    }

    /// Puts bytes on the line that are no message: a device passes over them.
    pub fn noise(&self, bytes: &[u8]) {
        let now = self.now();
        self.with(|session| session.noise(bytes, now));
    }
}
