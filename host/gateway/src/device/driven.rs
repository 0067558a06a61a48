//! One device without threads and without a clock.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use trine_descriptor::ToolTable as _;

use super::calls::{CallRequest, Extra};
use super::session::{Deferred, DeviceSession};
use super::{State, Ticket, Waiter};
use crate::link::{Frames, Framing, Line};
use crate::settings::Settings;
use crate::sync::lock;
use crate::table::Table;

/// The host's side of one device as a machine that its owner drives: pieces of a link and the time
/// come in, pieces go out. The same sessions that a [`super::Device`] has on a thread, for whoever
/// has an event loop of his own, and for tests in virtual time.
///
/// Times are milliseconds from any start; they never fall. A piece is some bytes of a stream, or
/// one whole packet.
///
/// ```
/// # use trine_arena::Ring;
/// # use trine_board::TOOLS;
/// # use trine_descriptor::ValueWriter;
/// # use trine_dispatch::{Answer, Call, Config, Device, Tools};
/// use trine_gateway::{Driven, Framing, Settings, State};
///
/// # struct Board;
/// # impl Tools for Board {
/// #     fn call(&mut self, _: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
/// #         Answer::Failed("there is no board")
/// #     }
/// # }
/// # const CONFIG: Config<'static> = Config { message_max: 512, ..Config::DEFAULT };
/// # let (mut memory, mut bytes) = ([0; 8192], [0; 1024]);
/// # let mut ring = Ring::new(&mut bytes);
/// # let (mut uart, received) = ring.split();
/// # let mut device = Device::new(CONFIG, &mut memory, received, &TOOLS)?;
/// let mut host = Driven::new(Framing::Stream, Settings::none());
/// host.link(0);
/// for now in 0..100 {
///     while let Some(piece) = host.take_sent() {
///         uart.push(&piece);
///     }
///     device.poll(now, 4, &mut Board);
///     let sent = device.tx_peek().to_vec();
///     device.tx_consume(sent.len());
///     host.receive(&sent, now);
/// }
/// assert_eq!(host.state(), State::Online);
/// let table = host.table().ok_or("its tools were not listed")?;
/// assert_eq!(table.list_hash(), trine_descriptor::record::table_hash(&TOOLS));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Driven {
    session: DeviceSession,
    framing: Framing,
    frames: Frames,
    sent: Sent,
}

/// What the session has sent and no one has taken yet.
#[derive(Clone, Debug, Default)]
struct Sent(Arc<Mutex<VecDeque<Vec<u8>>>>);

impl Write for Sent {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        lock(&self.0).push_back(piece.to_vec());
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Driven {
    /// A device that is not linked yet. `settings` know the keys of devices.
    #[must_use]
    pub fn new(framing: Framing, settings: Settings) -> Self {
        let frames = Frames::new(framing);
        Self { session: DeviceSession::new(settings), framing, frames, sent: Sent::default() }
    }

    /// There is a way to the device now; it is greeted.
    pub fn link(&mut self, now: u64) {
        self.frames = Frames::new(self.framing);
        lock(&self.sent.0).clear();
        self.session.linked(Line::Link(Box::new(self.sent.clone()), self.framing), now);
    }

    /// There is no way to the device any more, and why.
    pub fn unlink(&mut self, why: &str, now: u64) {
        self.session.lost(why, now);
    }

    /// Takes a piece from the device.
    pub fn receive(&mut self, piece: &[u8], now: u64) {
        let session = &mut self.session;
        self.frames.feed(piece, &mut |found| session.found(found, now));
        session.tick(now);
    }

    /// What time brings: call it every 50 ms at least.
    pub fn tick(&mut self, now: u64) {
        self.session.tick(now);
    }

    /// The next piece for the device.
    pub fn take_sent(&mut self) -> Option<Vec<u8>> {
        lock(&self.sent.0).pop_front()
    }

    /// What there is to say about the device since the last time, for a log.
    pub fn take_notes(&mut self) -> Vec<String> {
        let deferred = std::mem::take(&mut self.session.deferred);
        let note = |deferred| match deferred {
            Deferred::Text(text)
            | Deferred::Log(_, text)
            | Deferred::Good(text)
            | Deferred::Note(text) => Some(text),
            Deferred::Event { text, .. } => Some(format!("event: {text}")),
            _ => None,
        };
        deferred.into_iter().filter_map(note).collect()
    }

    /// Whether the device can be called.
    #[must_use]
    pub fn state(&self) -> State {
        self.session.state()
    }

    /// Its tools, once they were listed.
    #[must_use]
    pub fn table(&self) -> Option<Arc<Table>> {
        self.session.table.clone()
    }

    /// How the device is spoken with.
    #[cfg(test)]
    pub(super) const fn protocol(&self) -> &super::session::DeviceProtocol {
        &self.session.protocol
    }

    /// Pieces (stretches of a stream, packets) that were no message.
    #[must_use]
    pub const fn frames_bad(&self) -> u64 {
        self.frames.bad()
    }

    /// Starts a call, as [`super::Device::call`].
    pub fn call(
        &mut self,
        table: &Table,
        row: u16,
        args: &[u8],
        waiter: (&Arc<dyn Waiter>, u64),
        now: u64,
    ) -> Option<Ticket> {
        self.call_with(table, row, (args, Extra::default()), waiter, now)
    }

    /// Starts a call, as [`super::Device::call_with`].
    pub fn call_with(
        &mut self,
        table: &Table,
        row: u16,
        (args, extra): (&[u8], Extra<'_>),
        (waiter, tag): (&Arc<dyn Waiter>, u64),
        now: u64,
    ) -> Option<Ticket> {
        let (info, tool) = (table.info(row)?, table.wire_number(row)?);
        let hash = table.hash(row);
        self.session.call(&CallRequest { info, tool, hash, args, extra, now, waiter, tag })
    }

    /// Gives a call up, as [`super::Device::cancel`].
    pub fn cancel(&mut self, ticket: Ticket, now: u64) {
        self.session.cancel(ticket, now);
    }
}
