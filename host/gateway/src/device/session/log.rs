//! What is said of a device in the log: by itself, and about it. Fit to be shown, and no more than
//! a person can read: whatever a device does, it fills no log.

use super::{Deferred, DeviceSession};
use crate::sanitize;

/// Lines that may come at once.
const BURST: u64 = 100;
/// Lines a second in the long run.
const RATE: u64 = 20;
/// How often it is said that lines were dropped.
const PAUSE_MS: u64 = 1_000;

/// What may still be said. In thousandths of a line, so that a millisecond brings [`RATE`].
#[derive(Debug)]
struct Budget {
    left: u64,
    since: u64,
}

impl Budget {
    const fn new() -> Self {
        Self { left: BURST * 1_000, since: 0 }
    }

    fn take(&mut self, now: u64) -> bool {
        let new = now.saturating_sub(self.since).saturating_mul(RATE);
        self.left = self.left.saturating_add(new).min(BURST * 1_000);
        self.since = now;
        let is_given = self.left >= 1_000;
        self.left -= if is_given { 1_000 } else { 0 };
        is_given
    }
}

/// The log of one device.
#[derive(Debug)]
pub(super) struct DeviceLog {
    now: u64,
    /// For its own lines, and for those about it: the first do not drown the second.
    own: Budget,
    about: Budget,
    dropped: u64,
    /// When lines were last said to be dropped.
    said_at: Option<u64>,
}

impl DeviceLog {
    pub(super) const fn new() -> Self {
        Self { now: 0, own: Budget::new(), about: Budget::new(), dropped: 0, said_at: None }
    }

    /// The time has come to this.
    pub(super) fn pass(&mut self, now: u64) {
        self.now = self.now.max(now);
    }

    fn own(&mut self) -> bool {
        let is_given = self.own.take(self.now);
        self.dropped += u64::from(!is_given);
        is_given
    }

    fn about(&mut self) -> bool {
        let is_given = self.about.take(self.now);
        self.dropped += u64::from(!is_given);
        is_given
    }

    /// How many lines were dropped, where it is time to say so.
    fn take_dropped(&mut self) -> Option<u64> {
        let is_due = self.said_at.is_none_or(|at| self.now.saturating_sub(at) >= PAUSE_MS);
        (self.dropped > 0 && is_due).then(|| {
            self.said_at = Some(self.now);
            std::mem::take(&mut self.dropped)
        })
    }
}

impl DeviceSession {
    /// Something is not as it should be.
    pub(super) fn note(&mut self, text: &str) {
        if self.log.about() {
            self.deferred.push(Deferred::Note(sanitize::plain(text).into_owned()));
        }
    }

    /// All is well.
    pub(super) fn good(&mut self, text: &str) {
        if self.log.about() {
            self.deferred.push(Deferred::Good(sanitize::plain(text).into_owned()));
        }
    }

    /// The device has sent a line for the log, about the call that has this id on the wire.
    pub(super) fn logged(&mut self, level: u8, text: &str, call: u32) {
        if !self.log.own() {
            return;
        }
        let text = sanitize::plain(text.trim_end()).into_owned();
        let index = self.calls.sent_as(call).map(|(index, _)| index);
        if let Some(index) = index.filter(|_| call != 0) {
            self.calls.log(index, level, &text);
        }
        self.deferred.push(Deferred::Log(level, text));
    }

    /// The device has printed something that is no frame.
    pub(super) fn printed(&mut self, text: &str) {
        if self.log.own() {
            self.deferred.push(Deferred::Text(sanitize::plain(text.trim_end()).into_owned()));
        }
    }

    /// The device has sent an event: whoever listens hears it, also where the log does not.
    pub(super) fn event(&mut self, seq: u32, tool: u16, text: &str) {
        let (text, is_logged) = (sanitize::plain(text).into_owned(), self.log.own());
        self.deferred.push(Deferred::Event { seq, tool, text, is_logged });
    }

    /// Says how many lines were dropped, once a second.
    pub(super) fn log_dropped(&mut self) {
        if let Some(dropped) = self.log.take_dropped() {
            self.deferred.push(Deferred::Note(format!(
                "{dropped} lines dropped: a device may say {RATE} a second"
            )));
        }
    }
}
