//! What time brings.

use trine_mcp::{Failure, Outcome};
use trine_wire::message::HostMessage;

use super::Session;
use crate::device::calls::Stage;
use crate::link::Line;

/// How long a device has to answer after it was opened before it counts as offline, in ms.
const COMING_MS: u64 = 3_000;
/// How long an answer to a hello may take before it is asked again.
const RETRY_MS: u64 = 300;
/// The same for a page of the list, which takes a second at 1,200 baud.
const PAGE_RETRY_MS: u64 = 1_200;
/// How many hellos in a row stay without answer before the device counts as offline.
const SILENT_TRIES: u32 = 4;
/// How long a device may be silent before it is asked whether it is there.
const QUIET_MS: u64 = 2_000;
/// The same while a call waits for its answer, and after which the call is sent again where that
/// does no harm.
const WAITING_MS: u64 = 600;
/// How often a call whose frame may have been lost is sent again.
const RESENDS_MAX: u8 = 3;

impl Session {
    /// What time brings: questions again, calls that expire, a device that does not answer.
    pub(in crate::device) fn tick(&mut self, now: u64) {
        if !matches!(self.line, Line::None) {
            self.inquire(now);
        }
        // A device whose list is still coming over a slow line is there.
        let silent = self.listing.is_none() || self.silent_ms(now) > COMING_MS;
        if self.is_coming() && now.saturating_sub(self.opened_at) > COMING_MS && silent {
            self.gone("it does not answer; check its power, its cable and the baud rate", now);
        }
        if self.calls.len() > 0 {
            self.expire(now);
        }
        self.pump(now);
    }

    fn inquire(&mut self, now: u64) {
        if let Some(listing) = &mut self.listing {
            if now.saturating_sub(listing.asked_at) > PAGE_RETRY_MS {
                listing.tries += 1;
                if listing.tries > SILENT_TRIES {
                    self.listing = None;
                } else {
                    self.ask_page(now);
                }
            }
            return;
        }
        let quiet = now.saturating_sub(self.heard_at);
        let patience = if self.calls.awaits_answer() || !self.calls.queue.is_empty() {
            WAITING_MS
        } else {
            QUIET_MS
        };
        match self.asked {
            Some(asked) if now.saturating_sub(asked.at) > RETRY_MS => {
                if asked.tries > SILENT_TRIES && self.ready {
                    self.gone("it does not answer", now);
                }
                self.ask(now);
            }
            Some(_) => {}
            None if !self.ready && quiet > RETRY_MS || quiet > patience => self.ask(now),
            None => {}
        }
    }

    fn expire(&mut self, now: u64) {
        let local = matches!(self.line, Line::Local(_));
        for index in self.calls.under_way() {
            let id = self.calls.id(index);
            let ready = self.ready;
            let Some(slot) = self.calls.get(index) else { continue };
            let limit = slot.limit_ms;
            if now < slot.expires {
                let silent = now.saturating_sub(slot.sent_at) > WAITING_MS && !slot.has_content();
                let again = slot.stage == Stage::Sent && slot.repeatable && silent && !local;
                if again && ready && slot.resends < RESENDS_MAX {
                    self.calls.requeue(index);
                }
                continue;
            }
            let failure = match slot.stage {
                Stage::Sent => Failure::TimedOut(limit),
                Stage::Queued if slot.resends > 0 => Failure::OutcomeUnknown,
                Stage::Queued if ready => Failure::Busy,
                Stage::Queued | Stage::Free => Failure::Offline,
            };
            self.calls.end(index, Outcome::Failed(failure));
            if failure == Failure::TimedOut(limit) {
                self.transmit(&HostMessage::Cancel { id }, now);
            }
        }
    }
}
