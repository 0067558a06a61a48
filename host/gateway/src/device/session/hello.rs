//! Who the device is, and what it can do.

use std::sync::Arc;

use trine_wire::message::{Hello, HostHello, HostMessage, feature};
use trine_wire::slot::SLOTS_MAX;

use super::upkeep::QUIET_MS;
use super::{Asked, Deferred, DeviceProtocol, DeviceSession};
use crate::device::content::WINDOW;
use crate::device::listing::Listing;
use crate::identity::Identity;
use crate::settings::DeviceId;
use crate::table::Table;

/// Tables kept of a device, so that one that comes back need not be listed again.
const CACHE_MAX: usize = 4;
/// Three times that another program takes the device within so many milliseconds are enough.
const CONTEST_MS: u64 = 10_000;
/// How long a host that was displaced leaves the device to the other one, and up to twice that.
const BACK_MS: u64 = 300;
/// Most entries of a list that the log names when they break a rule; the rest is counted.
const LEFT_OUT_MAX: usize = 8;
/// Log messages of this level and above are asked for: all of them.
const LOG_LEVEL: u8 = 0;

impl DeviceSession {
    /// Asks the device who it is, or whether it is still there. A question that is asked again is
    /// the same question, so a late answer to the first still counts on a slow line.
    pub(super) fn ask(&mut self, now: u64) {
        let asked = self.asked.unwrap_or_else(|| {
            self.secure.renew_nonce();
            Asked { nonce: nonce(), at: now, sent_end: 0, tries: 0 }
        });
        let message = HostMessage::Hello(HostHello {
            wire: trine_wire::VERSION,
            nonce: asked.nonce,
            session: self.number,
            content_window: WINDOW,
            flags: 1,
            keepalive_ms: QUIET_MS as u32,
            host_nonce: self.secure.host_nonce,
            ..HostHello::default()
        });
        if self.transmit(&message, now).is_some() {
            let sent_end = if asked.tries == 0 { self.sent } else { asked.sent_end };
            let tries = asked.tries.saturating_add(1);
            self.asked = Some(Asked { at: now, sent_end, tries, ..asked });
        }
    }

    /// The same because of what the device has said: once a millisecond at most. It may say so many
    /// times in one answer, and would get as many questions, each of which it may answer so.
    pub(super) fn ask_again(&mut self, now: u64) {
        if self.asked.is_none_or(|asked| asked.at != now) {
            self.ask(now);
        }
    }

    pub(super) fn hello(&mut self, hello: &Hello<'_>, cost: u32, now: u64) {
        match self.asked {
            Some(asked) if asked.nonce == hello.nonce => {
                self.asked = None;
                self.confirmed = self.confirmed.max(asked.sent_end);
                if asked.tries == 1 {
                    self.pace.answered(now.saturating_sub(asked.at), cost);
                }
            }
            // An answer to an older question says nothing new; one to another host, that the device
            // is in its session now.
            _ if hello.nonce != 0 => {
                if hello.wire >= 1 && hello.session != self.number && self.hello_answered {
                    self.hello_answered = false;
                    self.ask_back(now);
                }
                return;
            }
            _ => {}
        }
        if hello.epoch == 0 {
            // It has just started and takes the next nonce for its epoch.
            return self.ask_again(now);
        }
        if hello.wire > trine_wire::VERSION {
            let why = format!(
                "it speaks version {} of the wire and this program {} and {}: update this program",
                hello.wire,
                trine_wire::VERSION,
                trine_wire::VERSION - 1
            );
            return self.gone(&why, now);
        }
        let unasked = hello.nonce == 0;
        if unasked && hello.wire >= 1 && hello.session != self.number {
            // It has started, or another host has greeted it: it has to know us first.
            self.hello_answered = false;
            return self.ask_again(now);
        }
        self.send_hello(hello, now);
        if self.is_stopped {
            return;
        }
        let identity = Identity::of(hello);
        if self.identity.as_ref() != Some(&identity) {
            let is_other = |old: &Identity| DeviceId::from(old) != DeviceId::from(&identity);
            if self.identity.as_ref().is_some_and(is_other) {
                // The tools are those of another device.
                (self.table, self.ready) = (None, false);
            }
            self.identity = Some(identity);
            self.deferred.push(Deferred::Changed);
        }
        self.list(hello.table_hash, now);
    }

    /// The device has said how it is spoken with.
    fn send_hello(&mut self, hello: &Hello<'_>, now: u64) {
        let (old, new) = (self.protocol, DeviceProtocol::new(hello));
        let restarted = old.epoch != 0 && old.epoch != new.epoch;
        if restarted {
            let taken_over = new.follows(&old);
            self.note(if taken_over {
                "was taken over by another program"
            } else {
                "has restarted, or was taken over by another program"
            });
            if taken_over && self.is_contested(now) {
                return self.stop(now);
            }
            self.ready = false;
            (self.sent, self.confirmed) = (0, 0);
            self.settle_after_restart(now);
            self.settle_doubts();
        }
        self.protocol = new;
        let slots = if new.has_slots() { new.slots } else { SLOTS_MAX };
        if restarted || self.calls.slots.count() != slots {
            // Calls that another number of slots has counted are no one's.
            self.settle_after_restart(now);
            self.calls.slots.renew(slots);
        }
        let news = !self.hello_answered;
        self.hello_answered = true;
        if news && new.can(feature::LOG) {
            self.transmit(&HostMessage::Log { level: LOG_LEVEL }, now);
        }
    }

    /// Asks the device back from another host: at once the first time, later after a while that is
    /// random, so that of two hosts one has the device meanwhile.
    pub(super) fn ask_back(&mut self, now: u64) {
        let [.., last] = self.displaced;
        if last.is_none_or(|last| now.saturating_sub(last) > CONTEST_MS) {
            self.ask_again(now);
        } else if self.back_at.is_none() {
            self.back_at = Some(now + BACK_MS + u64::from(nonce()) % BACK_MS);
        }
    }

    /// Whether another program took the device three times within ten seconds.
    fn is_contested(&mut self, now: u64) -> bool {
        let [_, second, third] = self.displaced;
        self.displaced = [second, third, Some(now)];
        second.is_some_and(|first| now.saturating_sub(first) <= CONTEST_MS)
    }

    /// Leaves the device to the other program.
    fn stop(&mut self, now: u64) {
        let why = "another program uses this link and took the device over three times within ten \
                   seconds: end that program or this one, then start this one again";
        self.is_stopped = true;
        self.settle_after_restart(now);
        self.gone(why, now);
    }

    /// Sees to it that the list of this hash is known.
    fn list(&mut self, hash: u64, now: u64) {
        let has_it = |table: &Arc<Table>| table.list_hash() == hash;
        if let Some(table) = self.known.iter().find(|table| has_it(table)).cloned() {
            self.listed(table, now);
        } else if self.refused != Some(hash)
            && self.listing.as_ref().is_none_or(|listing| listing.hash != hash)
        {
            self.listing = Some(Listing::new(hash, now));
            self.ask_page(now);
        }
    }

    /// The device says that this list has changed. What was fetched so far of those next to the
    /// tools is fetched again.
    pub(super) fn list_changed(&mut self, list: u16, now: u64) {
        if list > 0 {
            self.listing.take_if(|listing| listing.what > 0);
        }
        self.ask_again(now);
    }

    pub(super) fn ask_page(&mut self, now: u64) {
        if let Some(listing) = &mut self.listing {
            listing.asked_at = now;
            let (offset, what) = (listing.offset(), listing.what);
            let message = HostMessage::List { offset, max: u16::MAX, what };
            self.transmit(&message, now);
        }
        let end = self.sent;
        if let Some(listing) = &mut self.listing {
            listing.sent_end = end;
        }
    }

    pub(super) fn page(&mut self, what: u8, page: (u32, u32, &[u8]), cost: u32, now: u64) {
        let Some(mut listing) = self.listing.take_if(|listing| listing.what == what) else {
            return;
        };
        let (hash, end) = (listing.hash, listing.sent_end);
        let (tries, asked_at) = (listing.tries, listing.asked_at);
        let page = listing.page(page);
        if matches!(page, Ok(Some(_))) {
            self.confirmed = self.confirmed.max(end);
            if tries == 0 {
                self.pace.answered(now.saturating_sub(asked_at), cost);
            }
        }
        let table = match page {
            Ok(Some(true)) if what > 0 => return self.shelved(listing, now),
            Ok(Some(true)) => listing.table(),
            Ok(more) => {
                self.listing = Some(listing);
                if more.is_some() {
                    self.ask_page(now);
                }
                return;
            }
            Err(why) => Err(why),
        };
        match table {
            Ok(table) => {
                let table = Arc::new(table);
                self.known.truncate(CACHE_MAX - 1);
                self.known.insert(0, Arc::clone(&table));
                self.listed(table, now);
            }
            Err(why) => {
                self.refused = Some(hash);
                self.gone(&why, now);
            }
        }
    }

    /// The tools are known: what is beside them comes next, if there is anything.
    fn listed(&mut self, table: Arc<Table>, now: u64) {
        if !self.protocol.can(feature::RESOURCES | feature::PROMPTS) {
            // The last of what was beside them may have gone.
            if self.shelf.take().is_some() {
                self.deferred.push(Deferred::Changed);
            }
            return self.online(table, now);
        }
        if self.listing.as_ref().is_none_or(|listing| listing.what == 0) {
            self.listing = Some(Listing::beside(table, now));
            self.ask_page(now);
        }
    }

    /// A list beside the tools is whole.
    fn shelved(&mut self, mut listing: Listing, now: u64) {
        let Some((table, shelf)) = listing.next(self.protocol.can(feature::COMPLETE)) else {
            self.listing = Some(listing);
            return self.ask_page(now);
        };
        for why in shelf.left_out().iter().take(LEFT_OUT_MAX) {
            self.note(&format!("{why}: left out"));
        }
        if shelf.left_out().len() > LEFT_OUT_MAX {
            let count = shelf.left_out().len() - LEFT_OUT_MAX;
            self.note(&format!("{count} more resources and prompts break a rule: left out"));
        }
        self.shelf = Some(Arc::new(shelf));
        self.deferred.push(Deferred::Changed);
        self.online(table, now);
    }

    pub(super) fn online(&mut self, table: Arc<Table>, now: u64) {
        let same = self.table.as_ref().is_some_and(|old| Arc::ptr_eq(old, &table));
        if self.ready && same {
            return;
        }
        let again = if self.was_ready { "online again" } else { "online" };
        if self.was_ready && !self.ready {
            self.deferred.push(Deferred::Reach { is_there: true, text: again.to_owned() });
        }
        self.good(&format!(
            "{again}: {} tools, {} bytes of descriptors, after {} ms",
            trine_descriptor::ToolTable::count(&*table),
            table.list_len(),
            now.saturating_sub(self.linked_at)
        ));
        self.deferred.push(Deferred::Changed);
        self.table = Some(table);
        (self.ready, self.was_ready, self.offline) = (true, true, None);
        self.heard_at = now;
        self.resume();
    }
}

/// A number that no one can foresee, never 0.
pub(super) fn nonce() -> u32 {
    // Without the system's entropy a fixed number still serves: it only makes epochs less unlike.
    getrandom::u32().unwrap_or(0x7472_696e).max(1)
}
