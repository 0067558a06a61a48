//! The start of a device, and what it looks at before it serves anything.

use core::num::NonZeroU8;

use trine_arena::{Arena, Consumer};
use trine_descriptor::Rules;
use trine_descriptor::check::Checked;
#[cfg(feature = "check")]
use trine_descriptor::{ToolTable, check, check::TableError};
#[cfg(feature = "status")]
use trine_wire::message::Status;

use super::Device;
use super::receive::Inbox;
use super::session::Session;
use crate::config::{Config, InitError};
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
    look: Option<fn(&mut Device<'m>, u16) -> Option<InitError>>,
    /// Lower halves of its hashes.
    hashes: &'m mut [u32],
}

/// How far the table has been looked at: one tool a step, so that a start takes little time and no
/// poll much.
#[derive(Default)]
pub(super) struct Scan {
    /// The tool that is next.
    next: u16,
    /// Whether all were looked at, or one was found at fault.
    pub(super) done: bool,
    /// Hash of the list as far as it has come.
    pub(super) list_hash: u64,
    pub(super) fault: Option<InitError>,
}

impl Scan {
    /// Starts anew.
    pub(super) const fn again(&mut self) {
        self.next = 0;
        self.done = false;
        self.fault = None;
    }
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
            config,
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
        Self::with_rules(config, memory, rx, table.table())
    }

    /// The same with a table that cannot break a rule, as a [`trine_descriptor::Pack`].
    ///
    /// *init-only*.
    ///
    /// # Errors
    /// [`InitError`] says what to change.
    pub fn with_rules(
        config: Config<'m>,
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
        config: Config<'m>,
        memory: &'m mut [u8],
        rx: Consumer<'m>,
        rules: &'m dyn Rules,
        table: (&'m dyn ToolTable, Check),
    ) -> Result<Self, InitError> {
        Self::start(config, memory, rx, rules, Some(table))
    }

    fn start(
        config: Config<'m>,
        memory: &'m mut [u8],
        rx: Consumer<'m>,
        table: &'m dyn Rules,
        #[cfg(feature = "check")] unchecked: Option<(&'m dyn ToolTable, Check)>,
    ) -> Result<Self, InitError> {
        if let Some(fault) = config.fault() {
            return Err(fault);
        }
        let hosts = NonZeroU8::new(config.calls_max).ok_or(InitError::Lanes)?;
        let mut arena = Arena::new(memory);
        let (calls, block) = (config.lanes(), config.block());
        let lanes = arena.slice(calls, Lane::NEW);
        #[cfg(feature = "check")]
        let hashes = match unchecked {
            Some(_) => arena.slice(usize::from(config.hashes_max), 0),
            None => &mut [],
        };
        let message = arena.bytes(config.inbox());
        let outbox = arena.bytes(config.outbox());
        #[cfg(feature = "packet")]
        let packet = arena.bytes(config.packet());
        #[cfg(not(feature = "packet"))]
        let packet = &mut [][..];
        let blocks = arena.bytes(calls * block);
        if let Some(fault) = arena.fault() {
            return Err(fault.into());
        }
        let repeat = usize::from(config.repeat_max);
        Ok(Self {
            table,
            scan: Scan::default(),
            #[cfg(feature = "check")]
            unchecked: Unchecked {
                table: unchecked,
                look: unchecked.map(|_| Self::look as _),
                hashes,
            },
            inbox: Inbox::new(rx, message),
            outbox: Outbox::new(outbox, packet, &config),
            lanes: Lanes::new((lanes, hosts), blocks, block, repeat),
            session: Session::new(&config),
            pulse: None,
            #[cfg(feature = "ports")]
            ports: [None, None, None, None],
            #[cfg(feature = "ports")]
            drain: None,
            #[cfg(feature = "consent")]
            consents: crate::Consents::new(),
            now: 0,
            events: 0,
            is_started: false,
            #[cfg(any(feature = "factory", feature = "status"))]
            started: 0,
            announce: false,
            messages_first: false,
            #[cfg(feature = "status")]
            status: Status {
                memory: arena.given() as u32,
                memory_used: arena.used() as u32,
                ..Status::default()
            },
            config,
        })
    }

    /// Looks at one more tool, or finds that there is none left.
    #[inline(never)]
    pub(super) fn scan_step(&mut self) {
        let tool = self.scan.next;
        #[cfg(feature = "check")]
        if tool == 0 {
            self.scan.list_hash = crate::fnv::OFFSET;
        }
        if tool < self.table.tools() {
            self.scan.fault = self.scan_tool(tool);
            self.scan.done = self.scan.fault.is_some();
            self.scan.next += 1;
            return;
        }
        #[cfg(feature = "check")]
        let is_known = self.unchecked.look.is_none();
        #[cfg(not(feature = "check"))]
        let is_known = true;
        if is_known {
            self.scan.list_hash = self.table.list_hash();
        }
        self.scan.done = true;
    }

    fn scan_tool(&mut self, tool: u16) -> Option<InitError> {
        #[cfg(feature = "check")]
        if let Some(look) = self.unchecked.look
            && let Some(fault) = look(self, tool)
        {
            return Some(fault);
        }
        let needed = self.table.head(tool).map_or(0, |head| head.limits.pending_bytes);
        (needed > self.config.pending_max).then_some(InitError::PendingBytes { tool, needed })
    }

    /// Checks and hashes a tool that nobody has checked before.
    #[cfg(feature = "check")]
    fn look(&mut self, tool: u16) -> Option<InitError> {
        let (table, check) = self.unchecked.table?;
        if let Err(error) = check(table, tool) {
            return Some(InitError::Table(error));
        }
        let hash = table.hash(tool);
        self.scan.list_hash = crate::fnv::add(self.scan.list_hash, &hash.to_le_bytes());
        if let Some(place) = self.unchecked.hashes.get_mut(usize::from(tool)) {
            *place = hash as u32;
        }
        None
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
