//! Calls that were not answered: which are sent again, which are made again, and which end.
//!
//! A device of version 1 never runs one call twice, whatever comes again under its id, so any call
//! may be sent again. What a device that has restarted did before no one knows: only what is
//! repeatable is made again then.

use trine_mcp::{Failure, Outcome};

use super::DeviceSession;
use crate::device::calls::{Calls, Stage};
use crate::link::Line;

/// How often a call to a device of version 0 is sent again, which has to be repeatable.
const RESENDS_MAX: u8 = 3;
/// How often a new call is made of one whose answer was lost.
const RENEWALS_MAX: u8 = 4;

impl Calls {
    /// Whether a new call may be made of one whose answer is lost.
    pub(super) fn may_renew(&mut self, index: usize) -> bool {
        self.get(index).is_some_and(|entry| entry.repeatable && entry.renewals < RENEWALS_MAX)
    }
}

impl DeviceSession {
    /// Deals with the calls of a device that cannot be reached. With slots, a call that was sent
    /// waits for the device to come back. Without them it does so only if repeating it does no
    /// harm.
    pub(super) fn settle_after_loss(&mut self, now: u64) {
        let has_slots = self.protocol.has_slots();
        for index in self.calls.under_way() {
            let Some(entry) = self.calls.get(index) else { continue };
            let again = entry.repeatable && entry.losses == 0 && now < entry.expires;
            match entry.stage {
                Stage::Sent if has_slots => {}
                Stage::Sent if again => entry.losses += 1,
                Stage::Sent => self.calls.end(index, Outcome::Failed(Failure::Lost)),
                Stage::Queued if entry.renewals == 0 => {
                    self.calls.end(index, Outcome::Failed(Failure::Offline));
                }
                Stage::Queued | Stage::Free => {}
            }
        }
    }

    /// Deals with the calls of a device that has restarted: it knows none of them.
    pub(super) fn settle_after_restart(&mut self, now: u64) {
        for index in self.calls.under_way() {
            let Some(entry) = self.calls.get(index) else { continue };
            if entry.stage != Stage::Sent {
                continue;
            }
            if entry.repeatable && entry.losses == 0 && now < entry.expires {
                entry.losses += 1;
                self.calls.renew(index);
            } else {
                self.calls.end(index, Outcome::Failed(Failure::OutcomeUnknown));
            }
        }
    }

    /// Ends the calls that a device which has restarted has refused, and that may run once: the
    /// link may have brought one twice, and the device of before may have run the first.
    pub(super) fn settle_doubts(&mut self) {
        for index in self.calls.under_way() {
            let Some(entry) = self.calls.get(index) else { continue };
            if entry.stage == Stage::Queued && !entry.repeatable && entry.renewals > 0 {
                self.calls.end(index, Outcome::Failed(Failure::OutcomeUnknown));
            }
        }
    }

    /// The device has not taken a call, because it does not know our session, has restarted, or has
    /// other tools. If the call was sent once it was not run, so a new one is made of it when the
    /// device has said who it is, and that it is the one of before. If it was sent twice, the first
    /// may have been run.
    pub(super) fn stale(&mut self, index: usize, now: u64) {
        let Some(entry) = self.calls.get(index) else { return };
        if entry.renewals >= RENEWALS_MAX {
            self.calls.end(index, Outcome::Failed(Failure::Stale));
        } else if entry.repeatable || entry.sendings <= 1 {
            self.calls.renew(index);
        } else {
            self.calls.end(index, Outcome::Failed(Failure::OutcomeUnknown));
        }
        self.hello_answered = false;
        self.ask_back(now);
    }

    /// The device is back: every call that it has is asked for at once.
    pub(super) fn resume(&mut self) {
        for index in self.calls.sent() {
            if let Some(entry) = self.calls.get(index) {
                entry.patience_ms = 0;
            }
        }
        (self.resent_at, self.heard_at) = (0, self.heard_at.max(1));
    }

    /// Sends calls again whose answers are overdue. While nothing at all comes back it is one at a
    /// time, so that a device which is stuck is not buried.
    pub(super) fn resend(&mut self, now: u64) {
        if !self.may_call() || matches!(self.line, Line::Local(_)) || !self.calls.awaits_answer() {
            return;
        }
        let silent = self.resent_at > self.heard_at;
        let patience = u64::from(self.pace.patience_ms(self.protocol.answer_max()));
        if silent && now.saturating_sub(self.resent_at) < patience {
            return;
        }
        for index in self.calls.sent() {
            let Some(entry) = self.calls.get(index) else { continue };
            let overdue = now.saturating_sub(entry.active_at) >= u64::from(entry.patience_ms);
            let allowed = entry.repeatable && entry.sendings <= RESENDS_MAX;
            if !overdue || !(self.protocol.has_slots() || allowed) {
                continue;
            }
            // By now its bytes were taken, or they are lost.
            self.confirmed = self.confirmed.max(entry.sent_end);
            let len = entry.body_len();
            if !self.has_room(len) || !self.send_again(index, now) {
                return;
            }
            self.resends += 1;
            self.resent_at = now;
            if silent {
                return;
            }
        }
    }
}
