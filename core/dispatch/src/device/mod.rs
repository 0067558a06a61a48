//! The dispatcher itself: its parts, its start and its poll.

#[cfg(feature = "ask")]
pub(crate) mod ask;
#[cfg(feature = "check")]
mod check;
#[cfg(feature = "resources")]
pub(crate) mod constant;
mod content;
mod factory;
#[cfg(feature = "local")]
mod local;
#[cfg(all(feature = "local", feature = "resources"))]
mod local_shelf;
mod messages;
mod news;
mod person;
mod ports;
mod receive;
pub(crate) mod registry;
mod run;
mod secure;
mod session;
#[cfg(feature = "resources")]
pub(crate) mod shelf;
mod start;

use trine_arena::Consumer;
use trine_descriptor::{Fault, FaultCode, Lists, Rules};
use trine_wire::message::Status;

use crate::call::{Calls, Tools};
use crate::config::{Config, InitError};
use crate::consent::Consents;
use crate::features::{
    ANNOUNCE, ASK, CHECK, CONSENT, CONTENT, FACTORY, NEWS, PORTS, RESOURCES, SECURE, STATUS, has,
    is_set,
};
use crate::heartbeat::Heartbeat;
use crate::outbox::Outbox;
use crate::slots::CallSlots;
#[cfg(feature = "local")]
pub use local::Local;
use news::Journal;
pub use news::News;
use receive::Inbox;
pub(crate) use run::Given;
use secure::Secure;
use session::HostSession;
use start::Unchecked;
pub use start::{Check, most_pending};

/// Ports that a device can drain: none without the feature `ports`.
pub const PORTS_MAX: usize = 4 * PORTS;

/// Takes one record from a port, if there is one.
type Drain<'m> = fn(&mut Device<'m>) -> bool;

/// A device: its calls, its memory and the bytes to and from its host. See the crate's page.
///
/// ```
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo, ValueWriter};
/// # use trine_dispatch::{Answer, Call, Tools};
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, NODES)];
/// # struct Fan;
/// # impl Tools for Fan {
/// #     fn call(&mut self, _: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
/// #         Answer::Failed("it has no motor")
/// #     }
/// # }
///
/// use trine_arena::Ring;
/// use trine_dispatch::{Config, Device};
///
/// const CONFIG: Config<'static> = Config::DEFAULT;
/// let (mut memory, mut bytes) = ([0; CONFIG.memory()], [0; 256]);
/// let mut ring = Ring::new(&mut bytes);
/// let (mut interrupt, received) = ring.split();
/// let mut device = Device::new(CONFIG, &mut memory, received, &TOOLS)?;
///
/// // The interrupt of the UART:
/// interrupt.push(b"\0noise\0");
/// // The main loop: what has come is answered, what is to be sent is fetched.
/// device.poll(20, 4, &mut Fan);
/// let sent = device.tx_peek().len();
/// device.tx_consume(sent);
/// assert_eq!(device.status(20).frames_bad, 1);
/// # Ok::<(), trine_dispatch::InitError>(())
/// ```
// In this order, since the short loads of a Thumb processor reach the first bytes of a structure
// alone: 32 of them for a byte, 128 for a word. Flags are first, what only a start or a hello
// needs is last.
#[repr(C)]
pub struct Device<'m> {
    is_started: bool,
    announce: [bool; ANNOUNCE],
    /// Whether the next step looks at messages before it looks at the calls under way, so that a
    /// long content and a flood of calls each get every other step. Without content there is
    /// nothing long: each slot has one end.
    messages_first: [bool; CONTENT],
    session: HostSession,
    pub(crate) slots: CallSlots<'m>,
    pub(crate) outbox: Outbox<'m>,
    /// The time of this poll, in milliseconds.
    pub(crate) now: u64,
    pub(crate) table: &'m dyn Rules,
    heartbeat: Option<&'m Heartbeat>,
    /// What drains them, once there is one: a device without ports does not link it.
    drain: [Option<Drain<'m>>; PORTS],
    inbox: Inbox<'m>,
    fault: Option<InitError>,
    events: u32,
    config: Config<'m>,
    consents: [Consents<'m>; CONSENT],
    /// When no port held a record: what one holds later was put there after it.
    drained: [u64; CONSENT & PORTS],
    /// When it was polled first.
    started: [u64; FACTORY | STATUS],
    status: [Status; STATUS],
    /// The tool whose result broke its descriptor last, and how; the bound is not kept.
    bad_result: [Option<BadResult>; STATUS],
    secure: [Secure; SECURE],
    /// Whether hosts are told that it takes sentences.
    reads_sentences: [bool; ASK],
    /// Resources, templates and prompts, if there are any.
    lists: [Option<&'m dyn Lists>; RESOURCES],
    unchecked: [Unchecked<'m>; CHECK],
    ports: [Option<Consumer<'m>>; PORTS_MAX],
    /// What happens, where a program in process wants to know.
    news: [Option<Journal<'m>>; NEWS],
}

/// Adds one to a counter of the status, where there is one.
macro_rules! count {
    ($device:expr, $counter:ident) => {{
        if let Some(status) = $device.status.first_mut() {
            status.$counter = status.$counter.wrapping_add(1);
        }
    }};
}
use count;

/// A result that its tool's descriptor does not allow.
#[derive(Clone, Copy, Debug)]
struct BadResult {
    tool: u16,
    node: u16,
    code: FaultCode,
}

impl core::fmt::Debug for Device<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Device").field("session", &self.session).finish_non_exhaustive()
    }
}

impl<'m> Device<'m> {
    /// Keeps what happens, where that is wanted. `true` where no one else is to be told: no host
    /// has ever greeted this device.
    pub(crate) fn keep(&mut self, news: News<'_>) -> bool {
        let is_alone = self.session.id.is_none();
        match self.news.first_mut() {
            Some(Some(journal)) => {
                journal.push(news);
                is_alone
            }
            _ => false,
        }
    }

    /// Takes the reading end of a port. *init-only*.
    ///
    /// # Errors
    /// Gives the end back when there are [`PORTS_MAX`] ports already.
    pub fn add_port(&mut self, ring: Consumer<'m>) -> Result<(), Consumer<'m>> {
        match self.ports.iter_mut().find(|port| port.is_none()) {
            Some(place) => {
                *place = Some(ring);
                self.drain = [Some(Self::port_step); PORTS];
                Ok(())
            }
            None => Err(ring),
        }
    }

    /// Takes the place where an interrupt looks whether the device lives. *init-only*.
    pub const fn set_heartbeat(&mut self, heartbeat: &'m Heartbeat) {
        self.heartbeat = Some(heartbeat);
    }

    /// Bytes to send, in one piece; on a packet link one packet, which is sent whole. Empty when
    /// there are none. *owner-only*.
    #[must_use]
    pub fn tx_peek(&self) -> &[u8] {
        self.outbox.peek()
    }

    /// The first `count` bytes of [`Self::tx_peek`] were sent. *owner-only*.
    pub fn tx_consume(&mut self, count: usize) {
        self.outbox.consume(count);
    }

    /// Looks at the tools again and greets the host unasked, because they have changed. What a
    /// person was asked for, or has agreed to, is forgotten.
    /// *owner-only*.
    #[cfg(feature = "announce")]
    pub fn announce(&mut self) {
        self.announce = [true; ANNOUNCE];
        if let Some(consents) = self.consents.first_mut() {
            consents.forget(self.now, false);
        }
        self.scan_again();
    }

    /// What keeps the device from serving anything, found in the first polls: a rule that its table
    /// breaks, and where. *owner-only*.
    #[must_use]
    pub const fn fault(&self) -> Option<InitError> {
        self.fault
    }

    /// Whether the link is there: a good message came within [`Config::link_ms`]. *owner-only*.
    #[must_use]
    pub const fn is_linked(&self) -> bool {
        self.session.linked
    }

    /// Counters and high-water marks. *owner-only*.
    #[cfg(feature = "status")]
    #[must_use]
    pub fn status(&self, now: u64) -> Status {
        self.counters(now)
    }

    /// The last result that its tool's descriptor did not allow: the tool, the node and the rule,
    /// without its bound. *owner-only*.
    #[must_use]
    pub fn bad_result(&self) -> Option<(u16, Fault)> {
        let &BadResult { tool, node, code } = self.bad_result.first()?.as_ref()?;
        Some((tool, Fault::new(code, node)))
    }

    /// Counts a result that its tool's descriptor does not allow.
    fn count_bad_result(&mut self, tool: u16, fault: &Fault) {
        count!(self, bad_results);
        let Fault { node, code, .. } = *fault;
        self.bad_result = [Some(BadResult { tool, node, code }); STATUS];
    }

    fn counters(&self, now: u64) -> Status {
        let of_outbox = self.outbox.counts.first().copied().unwrap_or_default();
        Status {
            uptime_ms: self.uptime(now),
            bytes_lost: self.inbox.rx.lost() as u32,
            rx_high_water: self.inbox.high_water() as u32,
            tx_high_water: of_outbox.high_water as u32,
            frames_out: of_outbox.frames,
            calls_high_water: self.slots.high_water.first().copied().unwrap_or_default(),
            ..self.status.first().copied().unwrap_or_default()
        }
    }

    fn uptime(&self, now: u64) -> u64 {
        match self.started.first() {
            Some(&started) if self.is_started => now.saturating_sub(started),
            _ => 0,
        }
    }

    /// Does up to `budget` steps (a message, a chunk, a completion each) and answers when to be
    /// called again at the latest: `now` when there is more to do at once. Bytes from the host, a
    /// port record, or room to send are reasons to call earlier. *owner-only*.
    pub fn poll<T: Tools + ?Sized>(&mut self, now: u64, budget: u32, tools: &mut T) -> u64 {
        self.turn::<T, true>(now, budget, tools)
    }

    /// A poll, of a device with a link or without.
    #[inline(always)]
    pub(crate) fn turn<T: Tools + ?Sized, const LINK: bool>(
        &mut self,
        now: u64,
        budget: u32,
        tools: &mut T,
    ) -> u64 {
        self.now = now;
        if !self.is_started {
            self.is_started = true;
            self.started = [now; FACTORY | STATUS];
            tools.reset(now);
        }
        if let Some(heartbeat) = self.heartbeat {
            heartbeat.polled(now);
        }
        let (_, times) = self.config.consent();
        if let Some(consents) = self.consents.first_mut() {
            consents.pass(now, times);
        }
        let mut left = budget;
        while left > 0 && self.step::<T, LINK>(tools) {
            left -= 1;
        }
        let mut due = if LINK { self.link_left() } else { u32::MAX };
        if due == 0 {
            self.lose_link();
            tools.link_lost(now);
            due = u32::MAX;
        }
        let tick = tools.tick(now, &mut Calls { device: self });
        if left == 0 {
            return now;
        }
        // All that is the dispatcher's own is less than 2^31 milliseconds away.
        if !self.slots.is_quiet() {
            due = due.min(self.slots.nearest(now).0);
        }
        // A press at a port counts from when the ports were seen empty: after the guard's time too.
        if has(CONSENT & PORTS)
            && let Some(consents) = self.consents.first()
            && let Some(guard) = consents.guard_left(now, times)
        {
            due = due.min(guard);
        }
        if due == u32::MAX { tick } else { tick.min(now.wrapping_add(due.into())) }
    }

    /// The calls under way and the way out, between two polls. *owner-only*.
    pub fn with_calls<R>(&mut self, work: impl FnOnce(&mut Calls<'_, 'm>) -> R) -> R {
        work(&mut Calls { device: self })
    }

    /// One step of work; `false` when there is none, or no room to send what it would answer.
    fn step<T: Tools + ?Sized, const LINK: bool>(&mut self, tools: &mut T) -> bool {
        if self.scan_step() {
            return true;
        }
        if self.fault.is_some() {
            return false;
        }
        if LINK && self.bus_step(tools) {
            return true;
        }
        if LINK && !self.outbox.has_room() {
            return false;
        }
        if LINK && is_set(&self.announce) {
            self.announce = [false; ANNOUNCE];
            self.answer_hello(0);
            return true;
        }
        if LINK && is_set(&self.messages_first) && self.message_step(tools) {
            self.messages_first = [false; CONTENT];
            return true;
        }
        if let Some(&Some(drain)) = self.drain.first()
            && drain(self)
        {
            return true;
        }
        self.drained = [self.now; CONSENT & PORTS];
        // Whose turn it is next depends on what was done, and not on how often nothing was.
        let done = self.slot_step::<T, LINK>(tools);
        self.messages_first = [done; CONTENT];
        done || (LINK && self.message_step(tools))
    }
}
