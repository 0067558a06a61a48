//! The start of a device, and what it looks at before it serves anything.

use trine_arena::{Consumer, OutOfMemory, carve};
use trine_descriptor::Rules;
use trine_descriptor::check::Checked;
#[cfg(feature = "check")]
use trine_descriptor::{ToolTable, check, check::TableError};
use trine_wire::message::Status;

use super::receive::Inbox;
use super::secure::Secure;
use super::session::Session;
use super::{Device, PORTS_MAX};
use crate::config::{Config, InitError};
use crate::consent::Consents;
use crate::features::{CONSENT, CONTENT, FACTORY, NEWS, PORTS, SECURE, STATUS};
use crate::lanes::{Lane, Lanes};
use crate::outbox::Outbox;

/// Checks one tool of a table; [`check::tool`], or less.
#[cfg(feature = "check")]
pub type Check = fn(&dyn ToolTable, u16) -> Result<(), TableError>;

/// What looks at a table that nobody has checked before.
#[cfg(feature = "check")]
#[derive(Default)]
pub(super) struct Unchecked<'m> {
    /// The table, if it is such a one, and what checks it: through a pointer, so that the check is
    /// only linked where it is used.
    table: Option<(&'m dyn ToolTable, Check)>,
    /// What looks at one tool of such a table: through a pointer for the same reason.
    look: Option<fn(&mut Device<'m>)>,
    /// Lower halves of its hashes.
    hashes: &'m mut [u32],
}

/// How far the table has been looked at: one tool a step, so that a start takes little time and no
/// poll much. A table that was checked before is looked at as the device starts.
#[derive(Default)]
pub(super) struct Scan {
    /// The tool that is next.
    #[cfg(feature = "check")]
    next: u16,
    /// Whether all were looked at, or one was found at fault.
    #[cfg(feature = "check")]
    pub(super) done: bool,
    /// Hash of the list as far as it has come.
    #[cfg(feature = "check")]
    list_hash: u64,
    pub(super) fault: Option<InitError>,
}

impl<'m> Device<'m> {
    /// A device over `memory`, of which [`Config::memory`] bytes are enough. `rx` is the end of the
    /// ring that the interrupt fills. The first polls check and hash the table, one tool a step,
    /// before they serve anything: see [`Self::fault`].
    ///
    /// *init-only*.
    ///
    /// # Errors
    /// [`InitError`] says what to change.
    #[cfg(feature = "check")]
    pub fn new(
        config: Config<'m>,
        memory: &'m mut [u8],
        rx: Consumer<'m>,
        table: &'m dyn ToolTable,
    ) -> Result<Self, InitError> {
        Self::start(
            &config,
            memory,
            rx,
            table,
            Some((table, |table, tool| check::tool(table, tool))),
        )
    }

    /// The same with a table that was checked already, by the compiler say ([`Checked::tools`]).
    /// The code of the check is then not linked.
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
        #[cfg(feature = "check")]
        return Self::start(config, memory, rx, table, None);
        #[cfg(not(feature = "check"))]
        Self::start(config, memory, rx, table)
    }

    /// The same with a table whose tools the first polls check and hash, and beside it the shorter
    /// way in which calls are judged by the same tools.
    ///
    /// *init-only*.
    ///
    /// # Errors
    /// [`InitError`] says what to change.
    #[cfg(feature = "check")]
    pub fn with_table(
        config: &Config<'m>,
        memory: &'m mut [u8],
        rx: Consumer<'m>,
        rules: &'m dyn Rules,
        table: (&'m dyn ToolTable, Check),
    ) -> Result<Self, InitError> {
        Self::start(config, memory, rx, rules, Some(table))
    }

    fn start(
        config: &Config<'m>,
        memory: &'m mut [u8],
        rx: Consumer<'m>,
        table: &'m dyn Rules,
        #[cfg(feature = "check")] unchecked: Option<(&'m dyn ToolTable, Check)>,
    ) -> Result<Self, InitError> {
        let mut device = Self::without_memory(config, rx, table);
        #[cfg(feature = "check")]
        if let Some((table, check)) = unchecked {
            device.set_table(table, check);
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
            scan: Scan::default(),
            #[cfg(feature = "check")]
            unchecked: Unchecked::default(),
            inbox: Inbox::new(rx),
            outbox: Outbox::new(config),
            lanes: Lanes::new(config),
            session: Session::new(config),
            secure: [Secure::new(config); SECURE],
            pulse: None,
            news: [const { None }; NEWS],
            ports: const { [const { None }; PORTS_MAX] },
            drain: [None; PORTS],
            consents: core::array::from_fn(|_| Consents::new()),
            drained: [0; CONSENT & PORTS],
            now: 0,
            events: 0,
            is_started: false,
            started: [0; FACTORY | STATUS],
            #[cfg(feature = "announce")]
            announce: false,
            messages_first: [false; CONTENT],
            status: [Status::default(); STATUS],
            #[cfg(feature = "ask")]
            reads_sentences: false,
            config: *config,
        }
    }

    /// Has the first polls check and hash the tools, as [`Self::with_table`] does. *init-only*.
    #[cfg(feature = "check")]
    pub fn set_table(&mut self, table: &'m dyn ToolTable, check: Check) {
        self.unchecked.table = Some((table, check));
        self.unchecked.look = Some(Self::look);
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
        let Self { config, lanes, inbox, outbox, .. } = self;
        let given = memory.len();
        let calls = config.lanes();
        let (all, rest) = carve(memory, calls, Lane::NEW)?;
        lanes.lanes = all;
        #[cfg(feature = "check")]
        let hashes = if self.unchecked.look.is_some() { config.hashes_max } else { 0 };
        #[cfg(feature = "check")]
        let (all, rest) = carve(rest, hashes.into(), 0)?;
        #[cfg(feature = "check")]
        {
            self.unchecked.hashes = all;
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
        let (blocks, rest) = rest.split_at_mut_checked(calls * lanes.block)?;
        lanes.blocks = blocks;
        if let Some(status) = self.status.first_mut() {
            status.memory = given as u32;
            status.memory_used = (given - rest.len()) as u32;
        }
        Some(())
    }

    /// Looks at all tools anew.
    #[cfg(feature = "announce")]
    pub(super) fn scan_again(&mut self) {
        self.scan = Scan::default();
        self.scan_checked();
    }

    /// Looks at all tools of a table that was checked before.
    fn scan_checked(&mut self) {
        #[cfg(feature = "check")]
        if self.unchecked.look.is_some() {
            return;
        }
        let (needed, tool) = most_pending(self.table);
        if needed > self.config.pending_max {
            self.scan.fault = Some(InitError::PendingBytes { tool, needed });
        }
    }

    /// Hash of the list, once all tools were looked at.
    pub(super) fn list_hash(&self) -> u64 {
        #[cfg(feature = "check")]
        if self.unchecked.look.is_some() {
            return self.scan.list_hash;
        }
        self.table.list_hash()
    }

    /// Looks at one more tool of a table that nobody has checked before, or finds that none is
    /// left. `false` when there is nothing to look at.
    #[cfg(feature = "check")]
    pub(super) fn scan_step(&mut self) -> bool {
        match self.unchecked.look {
            Some(look) if !self.scan.done => look(self),
            _ => return false,
        }
        true
    }

    /// Checks and hashes the next tool.
    #[cfg(feature = "check")]
    fn look(&mut self) {
        let tool = self.scan.next;
        if tool == 0 {
            self.scan.list_hash = crate::fnv::OFFSET;
        }
        if tool < self.table.tools() {
            self.scan.fault = self.look_at(tool);
            self.scan.next += 1;
        }
        self.scan.done = self.scan.fault.is_some() || self.scan.next >= self.table.tools();
    }

    #[cfg(feature = "check")]
    fn look_at(&mut self, tool: u16) -> Option<InitError> {
        let (table, check) = self.unchecked.table?;
        if let Err(error) = check(table, tool) {
            return Some(InitError::Table(error));
        }
        let hash = table.hash(tool);
        self.scan.list_hash = crate::fnv::add(self.scan.list_hash, &hash.to_le_bytes());
        if let Some(place) = self.unchecked.hashes.get_mut(usize::from(tool)) {
            *place = hash as u32;
        }
        let needed = self.table.head(tool).map_or(0, |head| head.limits.pending_bytes);
        (needed > self.config.pending_max).then_some(InitError::PendingBytes { tool, needed })
    }

    /// The lower half of a tool's hash.
    pub(super) fn check(&self, tool: u16) -> u32 {
        // They are kept where they were computed, so that nobody does it for each call.
        #[cfg(feature = "check")]
        if let Some(&hash) = self.unchecked.hashes.get(usize::from(tool)) {
            return hash;
        }
        self.table.check(tool)
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
