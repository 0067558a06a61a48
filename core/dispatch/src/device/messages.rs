//! Messages from the host.

use trine_wire::codec::Members;
use trine_wire::message::{DeviceMessage, HostHello, feature, kind, put, what};

use super::Device;
use super::secure::Proof;
#[cfg(feature = "resources")]
use super::shelf::page as shelf_page;
use crate::call::Tools;
use crate::features::{
    CONSENT, CONTENT, FACTORY, PROGRESS, RESOURCES, SECURE, STATUS, has, is_set,
};
use crate::slots::State;

/// What this device can, as far as it was built in.
const FEATURES: u32 = bit(has(CONSENT), feature::CONSENT)
    | bit(has(CONTENT), feature::CONTENT | feature::CREDIT)
    | bit(has(PROGRESS), feature::PROGRESS | feature::LOG | feature::NEED_INPUT)
    | bit(has(SECURE), feature::KEYED)
    | bit(has(FACTORY), feature::FACTORY)
    | feature::CANCEL;

/// Most bytes of a page.
const PAGE_MAX: usize = 128;

const fn bit(is_set: bool, bits: u32) -> u32 {
    if is_set { bits } else { 0 }
}

impl Device<'_> {
    /// Deals with the message of `len` bytes at `start` of the buffer.
    pub(super) fn message<T: Tools + ?Sized>(&mut self, start: usize, len: usize, tools: &mut T) {
        // The buffer is taken out so that the message may be read while the device answers.
        let buffer = core::mem::take(&mut self.inbox.message);
        let bytes = buffer.get(start..start + len).unwrap_or_default();
        if self.outbox.keys.is_some() {
            self.keyed_message(bytes, tools);
        } else {
            self.serve(bytes, false, tools);
        }
        self.inbox.message = buffer;
    }

    /// Deals with a message that is what it says: one that was `tagged`, or one on a link without
    /// tags.
    #[inline(never)]
    pub(super) fn serve<T: Tools + ?Sized>(&mut self, bytes: &[u8], tagged: bool, tools: &mut T) {
        self.received();
        // Read member by member: a value of its own would be put together only to be taken apart.
        let mut from = Members::new(bytes);
        let kind = from.byte();
        if !self.served(kind, &mut from, tagged, tools) || from.is_broken() {
            put::unsupported(self.outbox.begin(), kind);
            self.outbox.post();
        }
    }

    /// Deals with what a message says, unless it is broken; `false` where its kind means nothing to
    /// this device.
    fn served<T: Tools + ?Sized>(
        &mut self,
        kind: u8,
        from: &mut Members<'_>,
        tagged: bool,
        tools: &mut T,
    ) -> bool {
        match kind {
            kind::CALL => self.call(from, tagged, tools),
            kind::HELLO if !tagged => self.hello(from, tools),
            kind::LIST => self.list(from),
            kind::CANCEL => {
                let id = from.number();
                if !from.is_broken()
                    && let Some(slot) = self.slots.find(id)
                {
                    slot.state = State::Cancelled;
                }
            }
            kind::STATUS if has(STATUS) => self.tell_status(),
            kind::CREDIT if has(CONTENT) => {
                let (id, upto) = (from.number(), from.number());
                if !from.is_broken()
                    && let Some(slot) = self.slots.find(id)
                    && let Some(content) = slot.content.first_mut()
                {
                    content.upto = content.upto.max(upto);
                }
            }
            kind::PING => {
                let nonce = from.number();
                if !from.is_broken() {
                    put::pong(self.outbox.begin(), nonce, self.session.epoch);
                    self.outbox.post();
                }
            }
            kind::LOG if has(PROGRESS) => {
                let level = from.byte();
                if let Some(level) = from.complete(level) {
                    self.session.log_level = [level; PROGRESS];
                }
            }
            kind::PROVISION if has(SECURE) => {
                let (op, key) = (from.byte(), from.array());
                if !from.is_broken() {
                    self.provision(op, &key, tools);
                }
            }
            kind::FACTORY if has(FACTORY) => {
                let (op, arg) = (from.byte(), from.bytes());
                if !from.is_broken() {
                    self.factory((op, arg), self.now, tools);
                }
            }
            #[cfg(feature = "ask")]
            kind::ASK => self.ask(from, tools),
            #[cfg(feature = "resources")]
            kind::READ | kind::PROMPT | kind::COMPLETE => return self.shelf(kind, from, tools),
            _ => return false,
        }
        true
    }

    // This and the other rare ones are out of line, so that their stack is not part of a call's.
    #[inline(never)]
    fn hello<T: Tools + ?Sized>(&mut self, from: &mut Members<'_>, tools: &mut T) {
        let hello = HostHello::read_from(from);
        if from.is_broken() {
            return;
        }
        if self.session.epoch == 0 {
            self.session.epoch = hello.nonce.max(1);
        }
        self.join(&hello, tools);
        self.answer_hello(hello.nonce);
    }

    #[inline(never)]
    fn tell_status(&mut self) {
        let status = self.counters(self.now);
        self.outbox.send(&DeviceMessage::Status(status));
    }

    /// Says who the device is, in the session in force.
    pub(super) fn answer_hello(&mut self, nonce: u32) {
        let session = self.session.id.unwrap_or_default();
        self.put_hello(nonce, session, None);
        self.outbox.post();
    }

    /// Writes a hello. It is written member by member, as each is read: all of them together
    /// would have to be kept on the stack. Without a proof it is of the session in force.
    #[inline(never)]
    pub(super) fn put_hello(&mut self, nonce: u32, session: u32, proof: Option<&Proof>) {
        let keyed = self.outbox.keys.is_some();
        let epoch = proof.map_or(self.session.epoch, |proof| proof.epoch);
        let (config, identity) = (&self.config, &self.config.identity);
        let (list_hash, lists) = (self.list_hash(), self.list_features());
        let out = self.outbox.begin();
        put::hello(out, nonce, epoch, list_hash);
        let numbers = (self.table.tools(), config.message_max);
        let features = FEATURES | bit(is_set(&self.reads_sentences), feature::ASK) | lists;
        put::hello_limits(out, numbers, config.calls_max, features);
        put::hello_text(out, identity.vendor);
        put::hello_text(out, identity.product);
        put::hello_text(out, identity.serial);
        put::hello_text(out, identity.firmware);
        put::hello_text(out, identity.build);
        let rx_bytes = u16::try_from(self.inbox.rx.capacity()).unwrap_or(u16::MAX);
        put::hello_link(out, (session, rx_bytes), config.result_max, config.link_ms);
        if has(SECURE) {
            let Proof { challenge, digest, .. } = proof.copied().unwrap_or_default();
            put::hello_key(out, keyed, &challenge, &digest);
        }
    }

    #[inline(never)]
    fn list(&mut self, from: &mut Members<'_>) {
        let (offset, max, what) = (from.number(), from.short(), from.later_byte());
        if from.is_broken() {
            return;
        }
        let most = usize::from(max.min(self.config.result_max)).min(PAGE_MAX);
        let most = self.outbox.fits(most);
        // A list that is not there is empty.
        let is_tools = what == what::TOOLS;
        let none = &mut [];
        let total = if is_tools {
            self.table.page(0, none)
        } else {
            shelf_page(&self.lists, what, 0, none)
        };
        let count = total.saturating_sub(offset as usize).min(most);
        let out = self.outbox.begin();
        put::page_head(out, offset, total as u32, count as u32);
        let (offset, room) = (offset as usize, out.place(count));
        if is_tools || RESOURCES == 0 {
            self.table.page(offset, room);
        } else {
            shelf_page(&self.lists, what, offset, room);
        }
        out.later_byte(what);
        self.outbox.post();
    }

    /// What hosts are told of the lists.
    #[cfg(feature = "resources")]
    fn list_features(&self) -> u32 {
        let Some(lists) = self.lists.first().copied().flatten() else { return 0 };
        let [resources, templates, prompts] = lists.counts();
        bit(resources > 0 || templates > 0, feature::RESOURCES)
            | bit(prompts > 0, feature::PROMPTS)
            | bit(lists.completes(), feature::COMPLETE)
    }

    /// There are none.
    #[cfg(not(feature = "resources"))]
    #[expect(clippy::unused_self, reason = "a build with lists asks them")]
    const fn list_features(&self) -> u32 {
        0
    }
}

/// There are no lists but that of tools.
#[cfg(not(feature = "resources"))]
const fn shelf_page(
    _: &[Option<&dyn trine_descriptor::Lists>; RESOURCES],
    _: u8,
    _: usize,
    _: &mut [u8],
) -> usize {
    0
}
