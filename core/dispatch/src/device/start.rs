//! The start of a device, and what it looks at before it serves anything.

use trine_arena::{Consumer, OutOfMemory, carve};
use trine_bits::Fnv64;
use trine_descriptor::Rules;
use trine_descriptor::ToolTable;
use trine_descriptor::check::Checked;
use trine_descriptor::check::TableError;
use trine_wire::message::Status;

use super::receive::Inbox;
use super::secure::Secure;
use super::session::HostSession;
use super::{Device, PORTS_MAX};
use crate::config::{Config, InitError};
use crate::consent::Consents;
use crate::features::{
    ANNOUNCE, ASK, CONSENT, CONTENT, FACTORY, NEWS, PORTS, RESOURCES, SECURE, STATUS,
};
use crate::outbox::Outbox;
use crate::slots::{CallSlot, CallSlots};

/// Checks one tool of a table; [`trine_descriptor::check::tool`], or less.
pub type Check = fn(&dyn ToolTable, u16) -> Result<(), TableError>;

/// What looks at a table that no one has checked before: one tool a step, so that a start takes
/// little time and no poll much. A table that was checked before is looked at as the device starts.
pub(super) struct Unchecked<'m> {
    /// The table, if it is such a one, and what checks it: through a pointer, so that the check is
    /// only linked where it is used.
    table: Option<(&'m dyn ToolTable, Check)>,
    /// What looks at one tool of such a table: through a pointer for the same reason.
    look: Option<fn(&mut Device<'m>)>,
    /// Lower halves of its hashes.
    hashes: &'m mut [u32],
    /// The tool that is next.
    next: u16,
    /// Whether all were looked at, or one was found at fault.
    is_done: bool,
    /// Hash of the list as far as it has come.
    list_hash: Fnv64,
}

impl Unchecked<'_> {
    const fn new() -> Self {
        Self {
            table: None,
            look: None,
            hashes: &mut [],
            next: 0,
            is_done: false,
            list_hash: Fnv64::new(),
        }
    }
}

impl<'m> Device<'m> {
    /// A device over `memory`, of which [`Config::memory`] bytes are enough, and a table that was
    /// checked already, for example by the compiler ([`Checked::tools`]). `rx` is the end of the
    /// ring that the interrupt fills. The code of the check is not linked.
    ///
    /// *init-only*.
    ///
    /// # Errors
    /// [`InitError`] says what to change.
    pub fn with_checked(
        config: Config<'m>,
        memory: &'m mut [u8],
        rx: Consumer<'m>,
        table: Checked<'m>,
    ) -> Result<Self, InitError> {
        Self::with_rules(&config, memory, rx, table.table())
    }

    /// The same with a table that cannot break a rule, as a [`trine_descriptor::Pack`].
    ///
    /// *init-only*.
    ///
    /// # Errors
    /// [`InitError`] says what to change.
    pub fn with_rules(
        config: &Config<'m>,
        memory: &'m mut [u8],
        rx: Consumer<'m>,
        table: &'m dyn Rules,
    ) -> Result<Self, InitError> {
        Self::start(config, memory, rx, table, None)
    }

    pub(super) fn start(
        config: &Config<'m>,
        memory: &'m mut [u8],
        rx: Consumer<'m>,
        table: &'m dyn Rules,
        unchecked: Option<(&'m dyn ToolTable, Check)>,
    ) -> Result<Self, InitError> {
        let mut device = Self::without_memory(config, rx, table);
        if let Some((table, check)) = unchecked {
            device.watch(table, check);
        }
        device.set_memory(memory)?;
        Ok(device)
    }

    /// A device that has no memory yet: before [`Self::set_memory`] it serves nothing. For who puts
    /// it to its place first, as a microcontroller would else move it there.
    ///
    /// *init-only*.
    #[must_use]
    pub fn without_memory(config: &Config<'m>, rx: Consumer<'m>, table: &'m dyn Rules) -> Self {
        Self {
            table,
            fault: None,
            unchecked: core::array::from_fn(|_| Unchecked::new()),
            inbox: Inbox::new(rx),
            outbox: Outbox::new(config),
            slots: CallSlots::new(config),
            session: HostSession::new(config),
            secure: [Secure::new(config); SECURE],
            heartbeat: None,
            lists: [None; RESOURCES],
            news: [const { None }; NEWS],
            ports: const { [const { None }; PORTS_MAX] },
            drain: [None; PORTS],
            consents: core::array::from_fn(|_| Consents::new()),
            drained: [0; CONSENT & PORTS],
            now: 0,
            events: 0,
            is_started: false,
            started: [0; FACTORY | STATUS],
            announce: [false; ANNOUNCE],
            messages_first: [false; CONTENT],
            status: [Status::default(); STATUS],
            bad_result: [None; STATUS],
            reads_sentences: [false; ASK],
            config: *config,
        }
    }

    /// Has the first polls check and hash the tools.
    pub(super) fn watch(&mut self, table: &'m dyn ToolTable, check: Check) {
        if let Some(unchecked) = self.unchecked.first_mut() {
            unchecked.table = Some((table, check));
            unchecked.look = Some(Self::look);
        }
    }

    /// What looks at the tools, where no one has checked them before.
    fn looks(&self) -> Option<&Unchecked<'m>> {
        self.unchecked.first().filter(|unchecked| unchecked.look.is_some())
    }

    /// Gives the device its memory, of which [`Config::memory`] bytes are enough. *init-only*.
    ///
    /// # Errors
    /// [`InitError`] says what to change.
    pub fn set_memory(&mut self, memory: &'m mut [u8]) -> Result<(), InitError> {
        if let Some(fault) = self.config.fault() {
            return Err(fault);
        }
        let given = memory.len();
        if self.carve(memory).is_none() {
            return Err(OutOfMemory { needed: self.config.memory(), given }.into());
        }
        self.scan_checked();
        Ok(())
    }

    /// Gives each part its memory; `None` when there is too little.
    fn carve(&mut self, memory: &'m mut [u8]) -> Option<()> {
        let Self { config, slots, inbox, outbox, .. } = self;
        let given = memory.len();
        let calls = config.slots();
        let (all, rest) = carve(memory, calls, CallSlot::NEW)?;
        slots.slots = all;
        let mut rest = rest;
        if let Some(unchecked) = self.unchecked.first_mut() {
            let hashes = if unchecked.look.is_some() { config.hashes_max } else { 0 };
            (unchecked.hashes, rest) = carve(rest, hashes.into(), 0)?;
        }
        let (message, rest) = rest.split_at_mut_checked(config.inbox())?;
        inbox.message = message;
        let (buffer, rest) = rest.split_at_mut_checked(Config::outbox(outbox.reply_max))?;
        outbox.out.set_buffer(buffer);
        let (question, rest) = rest.split_at_mut_checked(config.consent().0.into())?;
        if let Some(consents) = self.consents.first_mut() {
            consents.place = question;
        }
        let (packet, rest) = rest.split_at_mut_checked(config.packet())?;
        if let Some(packets) = outbox.packets.first_mut() {
            packets.place = packet;
        }
        let (blocks, rest) = rest.split_at_mut_checked(calls * slots.block)?;
        slots.blocks = blocks;
        if let Some(status) = self.status.first_mut() {
            status.memory = given as u32;
            status.memory_used = (given - rest.len()) as u32;
        }
        Some(())
    }

    /// Looks at all tools again.
    #[cfg(feature = "announce")]
    pub(super) fn scan_again(&mut self) {
        self.fault = None;
        if let Some(unchecked) = self.unchecked.first_mut() {
            (unchecked.next, unchecked.is_done) = (0, false);
            unchecked.list_hash = Fnv64::new();
        }
        self.scan_checked();
    }

    /// Looks at all tools of a table that was checked before.
    fn scan_checked(&mut self) {
        if self.looks().is_some() {
            return;
        }
        let (needed, tool) = most_pending(self.table);
        if needed > self.config.pending_max {
            self.fault = Some(InitError::PendingBytes { tool, needed });
        }
    }

    /// Has only those tools looked at that no one has checked before, and then no hash of the list
    /// be kept: more tools come and go behind them.
    pub(super) fn watch_first(&mut self) {
        let Some(unchecked) = self.unchecked.first_mut() else { return };
        let is_over = unchecked.is_done && self.fault.is_none();
        unchecked.look =
            unchecked.look.filter(|_| !is_over).map(|_| Self::look_first as fn(&mut _));
    }

    /// Looks at the next tool of the table that no one has checked before.
    fn look_first(&mut self) {
        let Some(&Unchecked { next, table: Some((table, _)), .. }) = self.unchecked.first() else {
            return;
        };
        let tools = table.count();
        if next < tools {
            self.fault = self.look_at(next);
        }
        let is_fine = self.fault.is_none();
        if let Some(unchecked) = self.unchecked.first_mut() {
            unchecked.next = next.saturating_add(1);
            unchecked.is_done = !is_fine || unchecked.next >= tools;
            if unchecked.is_done && is_fine {
                unchecked.look = None;
            }
        }
    }

    /// Hash of the list, once all tools were looked at.
    pub(super) fn list_hash(&self) -> u64 {
        match self.looks() {
            Some(unchecked) => unchecked.list_hash.hash(),
            None => self.table.list_hash(),
        }
    }

    /// Looks at one more tool of a table that no one has checked before, or finds that none is
    /// left. `false` when there is nothing to look at.
    pub(super) fn scan_step(&mut self) -> bool {
        match self.unchecked.first() {
            Some(&Unchecked { look: Some(look), is_done: false, .. }) => look(self),
            _ => return false,
        }
        true
    }

    /// Checks and hashes the next tool.
    fn look(&mut self) {
        let Some(&Unchecked { next, .. }) = self.unchecked.first() else { return };
        let tools = self.table.tools();
        if next < tools {
            self.fault = self.look_at(next);
        }
        if let Some(unchecked) = self.unchecked.first_mut() {
            unchecked.next = next.saturating_add(1);
            unchecked.is_done = self.fault.is_some() || unchecked.next >= tools;
        }
    }

    fn look_at(&mut self, tool: u16) -> Option<InitError> {
        let unchecked = self.unchecked.first_mut()?;
        let (table, check) = unchecked.table?;
        if let Err(error) = check(table, tool) {
            return Some(InitError::Table(error));
        }
        let hash = table.hash(tool);
        unchecked.list_hash = unchecked.list_hash.bytes(&hash.to_le_bytes());
        if let Some(place) = unchecked.hashes.get_mut(usize::from(tool)) {
            *place = hash as u32;
        }
        let needed = self.table.head(tool).map_or(0, |head| head.limits.pending_bytes);
        (needed > self.config.pending_max).then_some(InitError::PendingBytes { tool, needed })
    }

    /// The lower half of a tool's hash.
    pub(super) fn check(&self, tool: u16) -> u32 {
        // They are kept where they were computed, so that no one does it for each call.
        let hashes = self.unchecked.first().map(|unchecked| &*unchecked.hashes);
        match hashes.and_then(|hashes| hashes.get(usize::from(tool))) {
            Some(&hash) => hash,
            None => self.table.check(tool),
        }
    }
}

/// The most bytes that a pending call of a tool owns, and that tool.
#[must_use]
#[inline(never)]
pub fn most_pending(rules: &dyn Rules) -> (u16, u16) {
    let mut most = (0, 0);
    // No iterator's maximum, which a microcontroller would compare in two places.
    for tool in 0..rules.tools() {
        let bytes = rules.head(tool).map_or(0, |head| head.limits.pending_bytes);
        if bytes > most.0 {
            most = (bytes, tool);
        }
    }
    most
}
