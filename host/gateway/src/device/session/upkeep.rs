//! What time brings.

use trine_mcp::{Failure, Outcome};
use trine_wire::message::HostMessage;

use super::{Asked, DeviceSession};
use crate::device::calls::Stage;
use crate::device::session::hello::nonce;
use crate::link::Line;

/// How long the first answer to a hello may take before it is asked again.
const RETRY_MS: u64 = 300;
/// The same for a page of the list before anything is known of the line: it takes a second at 1,200
/// baud.
const PAGE_RETRY_MS: u64 = 1_200;
/// Bytes of a page, about.
const PAGE_BYTES: u64 = 160;
/// How many questions in a row stay without answer before the device counts as offline, and how
/// long it is silent at least.
const SILENT_TRIES: u8 = 4;
const SILENT_MS: u64 = 1_500;
/// How often a page is asked for before the list is begun again.
const PAGE_TRIES: u32 = 8;
/// How long a device may be silent before it is asked whether it is there. Also how long we are.
pub(super) const QUIET_MS: u64 = 2_000;
/// The same while a call waits for its answer.
pub(super) const WAITING_MS: u64 = 600;
/// Pings for each time after which the device would take the link for lost, and the shortest pause
/// between two.
const PINGS: u64 = 4;
const PING_MS_MIN: u64 = 20;

impl DeviceSession {
    /// What time brings: questions again, calls that expire, a device that does not answer.
    pub(in crate::device) fn tick(&mut self, now: u64) {
        self.log.pass(now);
        self.log_dropped();
        if !(matches!(self.line, Line::None) || self.is_stopped) {
            self.inquire(now);
        }
        // A device whose list is still coming over a slow line is there.
        let silent = self.listing.is_none() || self.silent_ms(now) > self.coming_ms;
        if self.is_coming() && now > self.coming_ms && silent {
            self.gone("it does not answer; check its power, its cable and the baud rate", now);
        }
        if self.calls.len() > 0 {
            self.expire(now);
            self.resend(now);
        }
        self.pump(now);
    }

    fn inquire(&mut self, now: u64) {
        if let Some(at) = self.back_at {
            if now >= at {
                self.back_at = None;
                self.ask(now);
            }
            return;
        }
        if self.listing.is_some() {
            return self.inquire_for_page(now);
        }
        let quiet = now.saturating_sub(self.heard_at);
        let busy = self.calls.awaits_answer() || !self.calls.queue.is_empty();
        let patience = if busy { WAITING_MS } else { QUIET_MS };
        match self.asked {
            Some(asked) if self.is_refused() && now.saturating_sub(asked.at) <= QUIET_MS => {}
            Some(asked) if now.saturating_sub(asked.at) > RETRY_MS << (asked.tries / 2).min(3) => {
                let silent = self.silent_ms(now) > SILENT_MS;
                if asked.tries > SILENT_TRIES && self.ready && silent {
                    self.gone("it does not answer", now);
                }
                self.ask(now);
            }
            Some(_) => {}
            None if !self.ready && quiet > self.retry_ms() => self.ask(now),
            None if !self.ready => {}
            None if quiet > patience || now.saturating_sub(self.said_at) > self.pause_ms() => {
                self.ping(now);
            }
            None => {}
        }
    }

    fn inquire_for_page(&mut self, now: u64) {
        let known = self.pace.is_known();
        let Some(listing) = &mut self.listing else { return };
        let tries = u8::try_from(listing.tries).unwrap_or(u8::MAX);
        let patience = if known {
            u64::from(self.pace.backed_off_ms(PAGE_BYTES, tries))
        } else {
            PAGE_RETRY_MS
        };
        if now.saturating_sub(listing.asked_at) <= patience {
            return;
        }
        listing.tries += 1;
        if listing.tries > PAGE_TRIES {
            self.listing = None;
        } else {
            self.ask_page(now);
        }
    }

    /// How long a device that is not served is left alone. One that was refused will be again.
    const fn retry_ms(&self) -> u64 {
        if self.is_refused() { QUIET_MS } else { RETRY_MS }
    }

    /// How long we may be silent: the device would take the link for lost.
    fn pause_ms(&self) -> u64 {
        match u64::from(self.protocol.link_ms) {
            0 => u64::MAX,
            link_ms => (link_ms / PINGS).clamp(PING_MS_MIN, QUIET_MS),
        }
    }

    /// Asks whether the device is still there. A device that does not know pings is greeted. So is
    /// one that does not answer: with a key it takes nothing else after a restart.
    fn ping(&mut self, now: u64) {
        if !(self.protocol.has_slots() && self.may_call()) {
            return self.ask(now);
        }
        let nonce = nonce();
        if self.transmit(&HostMessage::Ping { nonce }, now).is_some() {
            self.asked = Some(Asked { nonce, at: now, sent_end: self.sent, tries: 1 });
        }
    }

    pub(super) fn pong(&mut self, nonce: u32, epoch: u32, now: u64) {
        if epoch != self.protocol.epoch {
            self.hello_answered = false;
            return self.ask_back(now);
        }
        if let Some(asked) = self.asked.take_if(|asked| asked.nonce == nonce) {
            self.confirmed = self.confirmed.max(asked.sent_end);
            self.pace.answered(now.saturating_sub(asked.at), 0);
        }
    }

    fn expire(&mut self, now: u64) {
        for index in self.calls.under_way() {
            let ready = self.ready;
            let Some(entry) = self.calls.get(index) else { continue };
            if now < entry.expires {
                continue;
            }
            let id = entry.id;
            let failure = match entry.stage {
                Stage::Sent if ready => Failure::TimedOut(entry.limit_ms),
                Stage::Sent => Failure::Lost,
                Stage::Queued if entry.renewals > 0 => Failure::Lost,
                Stage::Queued if ready => Failure::Busy,
                Stage::Queued | Stage::Free => Failure::Offline,
            };
            self.calls.end(index, Outcome::Failed(failure));
            if matches!(failure, Failure::TimedOut(_)) {
                self.give_up(id, now);
            }
        }
    }
}
