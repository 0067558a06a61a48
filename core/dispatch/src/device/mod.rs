//! The dispatcher itself: its parts, its start and its poll.

mod content;
mod messages;
mod ports;
mod run;

use trine_arena::{Arena, Consumer};
use trine_descriptor::ToolTable;
use trine_descriptor::check::Checked;
use trine_wire::Decoder;
use trine_wire::message::Status;

use crate::call::{Calls, Tools};
use crate::config::{Config, InitError};
use crate::consent::Consents;
use crate::outbox::Outbox;
use crate::slots::{Slot, Slots, State};

pub(crate) use run::check_result;

/// Ports that a device can drain.
pub const PORTS_MAX: usize = 4;

/// A device: its calls, its memory and the bytes to and from its host. See the crate's page.
pub struct Device<'m> {
    config: Config<'m>,
    table: &'m dyn ToolTable,
    rx: Consumer<'m>,
    decoder: Decoder,
    message: &'m mut [u8],
    outbox: Outbox<'m>,
    slots: Slots<'m>,
    ports: [Option<Consumer<'m>>; PORTS_MAX],
    consents: Consents,
    epoch: u32,
    events: u32,
    started: Option<u64>,
    announce: bool,
    /// Whether the next step looks at messages before it looks at the calls under way, so that a
    /// long content and a flood of calls each get every other step.
    messages_first: bool,
    status: Status,
}

impl core::fmt::Debug for Device<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Device").field("status", &self.status).finish_non_exhaustive()
    }
}

impl<'m> Device<'m> {
    /// Checks the table and carves `memory`, of which [`Config::memory`] bytes are enough.
    /// `rx` is the end of the ring that the interrupt fills.
    ///
    /// *init-only*.
    ///
    /// # Errors
    /// [`InitError`] says what to change.
    pub fn new(
        config: Config<'m>,
        memory: &'m mut [u8],
        rx: Consumer<'m>,
        table: &'m dyn ToolTable,
    ) -> Result<Self, InitError> {
        let table = Checked::new(table).map_err(InitError::Table)?;
        Self::with_checked(config, memory, rx, table)
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
        let table = table.table();
        for tool in 0..table.count() {
            let needed = table.info(tool).map_or(0, |info| info.limits.pending_bytes);
            if needed > config.pending_max {
                return Err(InitError::PendingBytes { tool, needed });
            }
        }
        let mut arena = Arena::new(memory);
        let calls = usize::from(config.calls_max);
        let block = usize::from(config.pending_max);
        let slots = arena.slice(calls, Slot::FREE)?;
        let message = arena.bytes(usize::from(config.message_max) + 4)?;
        let outbox = arena.bytes(config.outbox())?;
        let blocks = arena.bytes(calls * block)?;
        let status = Status {
            memory: arena.given() as u32,
            memory_used: arena.used() as u32,
            ..Status::default()
        };
        Ok(Self {
            config,
            table,
            rx,
            decoder: Decoder::new(),
            message,
            outbox: Outbox::new(outbox, config.reply_max()),
            slots: Slots::new(slots, blocks, block),
            ports: [const { None }; PORTS_MAX],
            consents: Consents::new(),
            epoch: config.epoch,
            events: 0,
            started: None,
            announce: false,
            messages_first: false,
            status,
        })
    }

    /// Takes the reading end of a port. *init-only*.
    ///
    /// # Errors
    /// Gives the end back when there are [`PORTS_MAX`] ports already.
    pub fn add_port(&mut self, ring: Consumer<'m>) -> Result<(), Consumer<'m>> {
        match self.ports.iter_mut().find(|port| port.is_none()) {
            Some(place) => {
                *place = Some(ring);
                Ok(())
            }
            None => Err(ring),
        }
    }

    /// Bytes to send, in one piece; empty when there are none. *owner-only*.
    #[must_use]
    pub fn tx_peek(&self) -> &[u8] {
        self.outbox.peek()
    }

    /// The first `count` bytes of [`Self::tx_peek`] were sent. *owner-only*.
    pub fn tx_consume(&mut self, count: usize) {
        self.outbox.consume(count);
    }

    /// A person agrees, at an input that no client reaches, to the call that was asked last.
    /// Answers the tool. *owner-only*; from an interrupt use [`crate::Port::agree`].
    pub fn agree(&mut self, now: u64) -> Option<u16> {
        self.consents.agree(now, self.config.consent_ms)
    }

    /// The tool whose call waits for a person. *owner-only*.
    #[must_use]
    pub fn asked(&self, now: u64) -> Option<u16> {
        self.consents.asked(now)
    }

    /// Greets the host unasked at the next poll, because the tools have changed. *owner-only*.
    pub const fn announce(&mut self) {
        self.announce = true;
    }

    /// Counters and high-water marks. *owner-only*.
    #[must_use]
    pub fn status(&self, now: u64) -> Status {
        Status {
            uptime_ms: now.saturating_sub(self.started.unwrap_or(now)),
            bytes_lost: self.rx.lost() as u32,
            rx_high_water: self.rx.high_water() as u32,
            tx_high_water: self.outbox.high_water as u32,
            frames_out: self.outbox.frames,
            calls_high_water: self.slots.high_water,
            ..self.status
        }
    }

    /// Does up to `budget` steps (a frame, a chunk, a completion each) and answers when to be
    /// called again at the latest: `now` when there is more to do at once. Bytes from the host, a
    /// port record, or room to send are reasons to call earlier. *owner-only*.
    pub fn poll<T: Tools + ?Sized>(&mut self, now: u64, budget: u32, tools: &mut T) -> u64 {
        self.started.get_or_insert(now);
        let mut left = budget;
        while left > 0 && self.step(now, tools) {
            left -= 1;
        }
        let tick = tools.tick(now, &mut self.calls());
        if left == 0 { now } else { self.next_due(tick) }
    }

    fn calls(&mut self) -> Calls<'_, 'm> {
        Calls {
            slots: &mut self.slots,
            outbox: &mut self.outbox,
            table: self.table,
            events: &mut self.events,
            bad_results: &mut self.status.bad_results,
        }
    }

    fn next_due(&self, tick: u64) -> u64 {
        (0..self.slots.len())
            .filter_map(|index| self.slots.handle(index))
            .filter(|(_, slot)| slot.state == State::Pending)
            .fold(tick, |due, (_, slot)| due.min(slot.deadline))
    }

    /// One step of work; `false` when there is none, or no room to send what it would answer.
    fn step<T: Tools + ?Sized>(&mut self, now: u64, tools: &mut T) -> bool {
        if !self.outbox.has_room() {
            return false;
        }
        if self.announce {
            self.announce = false;
            self.greet(0);
            return true;
        }
        self.messages_first = !self.messages_first;
        if self.messages_first && self.message_step(now, tools) {
            return true;
        }
        self.port_step(now) || self.slot_step(now, tools) || self.message_step(now, tools)
    }
}
