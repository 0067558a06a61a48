//! The dispatcher itself.

use trine_arena::{Arena, Consumer};
use trine_descriptor::{
    Args, Consent, Fault, FaultCode, NO_NODE, Side, ToolInfo, ToolTable, ValueWriter, check,
    record, validate,
};
use trine_wire::message::{self, DeviceMessage, Hello, HostMessage, Outcome, Status};
use trine_wire::{Decoder, Fed};

use crate::call::{Answer, Call, Calls, Tools};
use crate::config::{Config, InitError};
use crate::consent::Consents;
use crate::outbox::Outbox;
use crate::port::{Record, kind};
use crate::slots::{CallId, Slot, Slots, State};

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
        check::table(table).map_err(InitError::Table)?;
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
        self.port_step(now) || self.slot_step(now, tools) || self.message_step(now, tools)
    }

    /// Takes one record from a port.
    fn port_step(&mut self, now: u64) -> bool {
        for index in 0..PORTS_MAX {
            let Some(ring) = self.ports.get(index).and_then(Option::as_ref) else { continue };
            let Some(record) = Record::peek(ring) else { continue };
            self.port_record(index, record, now);
            if let Some(Some(ring)) = self.ports.get_mut(index) {
                record.drop(ring);
            }
            return true;
        }
        false
    }

    fn port_record(&mut self, index: usize, record: Record, now: u64) {
        let Some(Some(ring)) = self.ports.get(index) else { return };
        let call = CallId::from_bits(record.subject);
        let pending = self.slots.get(call).filter(|slot| slot.state == State::Pending).copied();
        match (record.kind, pending) {
            (kind::AGREE, _) => {
                self.consents.agree(now, self.config.consent_ms);
            }
            (kind::EVENT, _) => {
                // The text is read where results are built, then framed from there.
                let mut text = [0u8; 64];
                let len = record.len.min(text.len());
                for (at, place) in text.iter_mut().take(len).enumerate() {
                    *place = ring.at(crate::port::HEAD + at).unwrap_or_default();
                }
                let text = text.get(..len).unwrap_or_default();
                let text = match core::str::from_utf8(text) {
                    Ok(text) => text,
                    Err(error) => {
                        core::str::from_utf8(text.get(..error.valid_up_to()).unwrap_or_default())
                            .unwrap_or_default()
                    }
                };
                self.events = self.events.wrapping_add(1);
                let seq = self.events;
                self.outbox.send(&DeviceMessage::Event { seq, tool: record.subject, text });
            }
            (kind::CANCEL, Some(_)) => {
                if let Some(slot) = self.slots.get(call) {
                    slot.state = State::Cancelled;
                }
            }
            (kind::COMPLETE, Some(slot)) => {
                let place = self.outbox.result_place();
                let len = record.copy(ring, place);
                let value = len.and_then(|len| place.get(..len));
                let fault = match value {
                    Some(value) => validate(self.table, slot.tool, Side::Output, value).err(),
                    None => Some(Fault::new(FaultCode::TooLong, NO_NODE)),
                };
                match (fault, len) {
                    (None, Some(len)) => {
                        self.outbox.send_done(slot.id, len);
                    }
                    (fault, _) => {
                        let fault = fault.unwrap_or(Fault::new(FaultCode::Malformed, NO_NODE));
                        self.bad_result(slot.id, fault);
                    }
                }
                self.slots.close(call);
            }
            (kind::FAIL, Some(slot)) => {
                let mut text = [0u8; 96];
                let len = record.len.min(text.len());
                for (at, place) in text.iter_mut().take(len).enumerate() {
                    *place = ring.at(crate::port::HEAD + at).unwrap_or_default();
                }
                let text = core::str::from_utf8(text.get(..len).unwrap_or_default());
                let outcome = Outcome::Failed { text: text.unwrap_or("the tool failed") };
                self.outbox.send(&DeviceMessage::Result { id: slot.id, outcome });
                self.slots.close(call);
            }
            _ => {}
        }
    }

    fn bad_result(&mut self, id: u32, fault: Fault) {
        self.status.bad_results = self.status.bad_results.wrapping_add(1);
        let outcome = Outcome::BadResult { code: fault.code as u8, node: fault.node };
        self.outbox.send(&DeviceMessage::Result { id, outcome });
    }

    /// Ends a call that expired or was cancelled, or sends a piece of content.
    fn slot_step<T: Tools + ?Sized>(&mut self, now: u64, tools: &mut T) -> bool {
        for index in 0..self.slots.len() {
            let Some((call, slot)) = self.slots.handle(index) else { continue };
            match slot.state {
                State::Pending | State::Sending { .. } if now >= slot.deadline => {
                    self.status.expired = self.status.expired.wrapping_add(1);
                    self.end_call(call, slot, Outcome::Expired, tools);
                    return true;
                }
                State::Cancelled => {
                    self.end_call(call, slot, Outcome::Cancelled, tools);
                    return true;
                }
                State::Sending { at, len } => {
                    self.send_chunk(call, slot, (at, len), tools);
                    return true;
                }
                State::Free | State::Pending => {}
            }
        }
        false
    }

    fn end_call<T: Tools + ?Sized>(
        &mut self,
        call: CallId,
        slot: Slot,
        outcome: Outcome<'_>,
        tools: &mut T,
    ) {
        tools.stop(slot.tool, call);
        self.outbox.send(&DeviceMessage::Result { id: slot.id, outcome });
        self.slots.close(call);
    }

    fn send_chunk<T: Tools + ?Sized>(
        &mut self,
        call: CallId,
        slot: Slot,
        (at, len): (u32, u32),
        tools: &mut T,
    ) {
        let mut chunk = [0u8; 128];
        let most = usize::try_from(len - at).unwrap_or(usize::MAX).min(chunk.len());
        let most = most.min(usize::from(self.config.result_max));
        let count = tools.read(call, at, chunk.get_mut(..most).unwrap_or_default()).min(most);
        if count == 0 {
            let outcome = Outcome::Failed { text: "the tool stopped in the middle of its content" };
            self.outbox.send(&DeviceMessage::Result { id: slot.id, outcome });
            return self.slots.close(call);
        }
        let bytes = chunk.get(..count).unwrap_or_default();
        self.outbox.send(&DeviceMessage::Chunk { id: slot.id, offset: at, bytes });
        let at = at + count as u32;
        if at == len {
            self.slots.close(call);
        } else if let Some(slot) = self.slots.get(call) {
            slot.state = State::Sending { at, len };
        }
    }

    /// Takes bytes from the ring until a message is whole, and deals with it.
    fn message_step<T: Tools + ?Sized>(&mut self, now: u64, tools: &mut T) -> bool {
        loop {
            let stretch = self.rx.peek();
            if stretch.is_empty() {
                return false;
            }
            let (mut taken, mut fed) = (0, Fed::Nothing);
            for &byte in stretch {
                taken += 1;
                fed = self.decoder.feed(byte, self.message);
                if fed != Fed::Nothing {
                    break;
                }
            }
            self.rx.release(taken);
            match fed {
                Fed::Nothing => {}
                Fed::Bad => self.status.frames_bad = self.status.frames_bad.wrapping_add(1),
                Fed::Message(len) => {
                    self.status.frames_in = self.status.frames_in.wrapping_add(1);
                    self.message(len, now, tools);
                    return true;
                }
            }
        }
    }

    fn message<T: Tools + ?Sized>(&mut self, len: usize, now: u64, tools: &mut T) {
        // The buffer is taken out so that the message may be read while the device answers.
        let buffer = core::mem::take(&mut self.message);
        let bytes = buffer.get(..len).unwrap_or_default();
        match message::read::<HostMessage<'_>>(bytes) {
            Some(HostMessage::Hello { nonce, .. }) => {
                if self.epoch == 0 {
                    self.epoch = nonce;
                }
                self.greet(nonce);
            }
            Some(HostMessage::List { offset, max }) => self.list(offset, max),
            Some(HostMessage::Call { id, tool, hash, deadline_ms, args }) => {
                let request = Request { id, tool, hash, deadline_ms, args };
                self.call(&request, now, tools);
            }
            Some(HostMessage::Cancel { id }) => {
                if let Some(slot) = self.slots.find(id).and_then(|call| self.slots.get(call)) {
                    slot.state = State::Cancelled;
                }
            }
            Some(HostMessage::Status) => {
                let status = self.status(now);
                self.outbox.send(&DeviceMessage::Status(status));
            }
            _ => {
                let kind = bytes.first().copied().unwrap_or_default();
                self.outbox.send(&DeviceMessage::Unsupported { kind });
            }
        }
        self.message = buffer;
    }

    fn greet(&mut self, nonce: u32) {
        let identity = self.config.identity;
        self.outbox.send(&DeviceMessage::Hello(Hello {
            wire: trine_wire::VERSION,
            nonce,
            epoch: self.epoch,
            table_hash: record::table_hash(self.table),
            tools: self.table.count(),
            message_max: self.config.message_max,
            calls_max: self.config.calls_max,
            features: 0,
            vendor: identity.vendor,
            product: identity.product,
            serial: identity.serial,
            firmware: identity.firmware,
            build: identity.build,
        }));
    }

    fn list(&mut self, offset: u32, max: u16) {
        let mut page = [0u8; 128];
        let most = usize::from(max.min(self.config.result_max)).min(page.len());
        let page = page.get_mut(..most).unwrap_or_default();
        let total = record::page(self.table, offset as usize, page);
        let count = total.saturating_sub(offset as usize).min(page.len());
        let bytes = page.get(..count).unwrap_or_default();
        self.outbox.send(&DeviceMessage::Page { offset, total: total as u32, bytes });
    }

    fn call<T: Tools + ?Sized>(&mut self, request: &Request<'_>, now: u64, tools: &mut T) {
        self.status.calls = self.status.calls.wrapping_add(1);
        let id = request.id;
        // A call that is still pending and comes again is the same call: it has its answer coming.
        if self.slots.find(id).is_some() {
            return;
        }
        if let Some(outcome) = self.run(request, now, tools) {
            self.outbox.send(&DeviceMessage::Result { id, outcome });
        }
    }

    /// Every check before a tool is entered, then the tool. `None` when the answer was sent or is
    /// pending; else what to answer.
    fn run<T: Tools + ?Sized>(
        &mut self,
        request: &Request<'_>,
        now: u64,
        tools: &mut T,
    ) -> Option<Outcome<'static>> {
        let &Request { tool, args, .. } = request;
        let Some(info) = self.table.info(tool) else { return Some(Outcome::UnknownTool) };
        if (self.table.hash(tool) as u32).to_le_bytes() != request.hash {
            return Some(Outcome::Stale);
        }
        if let Err(fault) = validate(self.table, tool, Side::Params, args) {
            self.status.faults = self.status.faults.wrapping_add(1);
            let Fault { code, node, bound } = fault;
            return Some(Outcome::Fault { code: code as u8, node, bound });
        }
        let arguments = Args::new(self.table, tool, args);
        let consent_ms = self.config.consent_ms;
        let agreed = info.consent == Consent::None;
        let slot = if takes_slot(&info) {
            let deadline = now.saturating_add(u64::from(self.deadline_ms(request, &info)));
            match self.slots.open(request.id, tool, deadline) {
                Some(call) => call,
                None => return Some(Outcome::Busy),
            }
        } else {
            CallId::from_bits(u16::MAX)
        };
        if !agreed && !self.consents.allows(tool, args, now, consent_ms) {
            self.slots.close(slot);
            self.status.unagreed = self.status.unagreed.wrapping_add(1);
            tools.asks(tool, arguments);
            return Some(Outcome::NeedsPerson { consent: info.consent as u8 });
        }
        self.status.entered = self.status.entered.wrapping_add(1);
        let deadline = now.saturating_add(u64::from(self.deadline_ms(request, &info)));
        let mut out = ValueWriter::new(self.outbox.result_place());
        let block = if info.limits.pending_bytes > 0 { self.slots.block(slot) } else { None };
        let block = block.unwrap_or_default();
        let call = Call { tool, id: slot, now, deadline, args: arguments, block };
        let answer = tools.call(call, &mut out);
        let checked = check_result(self.table, tool, &out);
        let len = out.len();
        let outcome = match answer {
            Answer::Pending if info.limits.pending_bytes > 0 => return None,
            Answer::Content { mime, len } if info.content && len > 0 => {
                if let Some(slot) = self.slots.get(slot) {
                    slot.state = State::Sending { at: 0, len };
                }
                return Some(Outcome::Content { mime, len });
            }
            Answer::Failed(text) => Some(Outcome::Failed { text }),
            Answer::Done if !info.content => match checked {
                Ok(()) => {
                    self.outbox.send_done(request.id, len);
                    None
                }
                Err(outcome) => Some(outcome),
            },
            Answer::Done | Answer::Pending | Answer::Content { .. } => {
                Some(Outcome::BadResult { code: FaultCode::Malformed as u8, node: NO_NODE })
            }
        };
        if let Some(Outcome::BadResult { .. }) = outcome {
            self.status.bad_results = self.status.bad_results.wrapping_add(1);
        }
        self.slots.close(slot);
        outcome
    }

    fn deadline_ms(&self, request: &Request<'_>, info: &ToolInfo<'_>) -> u32 {
        match (request.deadline_ms, info.limits.deadline_ms) {
            (0, 0) => self.config.deadline_ms,
            (0, tool) => tool,
            (asked, _) => asked,
        }
    }
}

/// A call as it came in.
struct Request<'a> {
    id: u32,
    tool: u16,
    hash: [u8; 4],
    deadline_ms: u32,
    args: &'a [u8],
}

/// Only a call that may outlive the poll needs a slot.
const fn takes_slot(info: &ToolInfo<'_>) -> bool {
    info.limits.pending_bytes > 0 || info.content
}

/// Checks a result against the tool's own descriptor before anything is sent.
pub(crate) fn check_result(
    table: &dyn ToolTable,
    tool: u16,
    out: &ValueWriter<'_>,
) -> Result<(), Outcome<'static>> {
    let fault = if out.overflowed() {
        Fault::new(FaultCode::TooLong, NO_NODE)
    } else {
        match validate(table, tool, Side::Output, out.bytes()) {
            Ok(()) => return Ok(()),
            Err(fault) => fault,
        }
    };
    Err(Outcome::BadResult { code: fault.code as u8, node: fault.node })
}
