//! What a device has said about itself and what it can take.

use std::sync::Arc;

use trine_wire::message::{self, Hello, feature};

use crate::identity::Identity;
use crate::table::Table;

/// Bytes in flight to a device that has not said what it can take.
const WINDOW_MIN: u64 = 64;

/// Takeovers that are looked for between two answers.
const TAKEOVERS_MAX: u32 = 16;

/// A device's epoch after another host's session took it (`docs/wire.md`, section 4.1).
const fn next_epoch(epoch: u32) -> u32 {
    let epoch = if epoch as u16 == 0 { epoch ^ 0x7F4A_7C15 } else { epoch };
    epoch.wrapping_mul(0x9E37_79B5)
}

/// How a device is spoken with.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::device) struct DeviceProtocol {
    /// Version of the wire; what holds before the first hello is version 0.
    pub(in crate::device) wire: u8,
    /// 0 before the first hello.
    pub(in crate::device) epoch: u32,
    pub(in crate::device) slots: u8,
    pub(in crate::device) keyed: bool,
    pub(in crate::device) message_max: u16,
    pub(super) link_ms: u32,
    features: u32,
    pub(in crate::device) rx_bytes: u16,
    pub(in crate::device) result_max: u16,
}

/// What a program is told of a device that it uses through the one with the port.
#[derive(Clone, Debug)]
pub(crate) struct Introduction {
    pub(crate) identity: Identity,
    pub(crate) table: Arc<Table>,
    epoch: u32,
    pub(crate) slots: u8,
    pub(crate) features: u32,
    pub(crate) message_max: u16,
    pub(crate) result_max: u16,
}

impl Introduction {
    /// Whether nothing has changed that a guest knows of.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.epoch == other.epoch
            && Arc::ptr_eq(&self.table, &other.table)
            && self.identity == other.identity
    }
}

impl DeviceProtocol {
    /// What a guest is told of the device.
    pub(super) fn introduction(&self, identity: Identity, table: Arc<Table>) -> Introduction {
        Introduction {
            identity,
            table,
            epoch: self.epoch,
            slots: self.slots.clamp(1, trine_wire::slot::SLOTS_MAX),
            features: self.features,
            message_max: self.message_max,
            result_max: self.result_max,
        }
    }

    /// The protocol of a device that says this.
    pub(super) fn new(hello: &Hello<'_>) -> Self {
        Self {
            wire: hello.wire,
            epoch: hello.epoch,
            slots: hello.calls_max.clamp(1, trine_wire::slot::SLOTS_MAX),
            keyed: hello.keyed,
            message_max: hello.message_max,
            link_ms: hello.link_ms,
            features: hello.features,
            rx_bytes: hello.rx_bytes,
            result_max: hello.result_max,
        }
    }

    /// Whether its epoch is one that other hosts' sessions make of the old one, within one boot.
    pub(super) const fn follows(&self, old: &Self) -> bool {
        let mut epoch = old.epoch;
        let mut step = 0;
        while step < TAKEOVERS_MAX {
            epoch = next_epoch(epoch);
            if epoch == self.epoch {
                return true;
            }
            step += 1;
        }
        false
    }

    /// Whether calls have slots, so that each may be sent again.
    pub(super) const fn has_slots(&self) -> bool {
        self.wire >= 1
    }

    /// The call guard of a call, in the session of this number.
    pub(super) const fn check(&self, hash: u64, session: u32) -> [u8; 4] {
        if self.has_slots() {
            message::check(hash, self.epoch, session)
        } else {
            message::check(hash, 0, 0)
        }
    }

    pub(in crate::device) const fn can(&self, feature: u32) -> bool {
        self.features & feature != 0
    }

    /// Whether a call can be given up; version 0 knew no other devices.
    pub(super) const fn cancels(&self) -> bool {
        !self.has_slots() || self.can(feature::CANCEL)
    }

    pub(super) const fn gives_credit(&self) -> bool {
        self.can(feature::CREDIT)
    }

    /// How many bytes may be on their way to it.
    pub(super) fn window(&self) -> u64 {
        u64::from(self.rx_bytes).max(u64::from(self.message_max)).max(WINDOW_MIN)
    }

    /// Bytes of its largest answer.
    pub(super) const fn answer_max(&self) -> u64 {
        self.result_max as u64
    }
}
