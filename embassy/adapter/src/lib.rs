//! Serves a device of Trine over any line of `embedded-io-async`, in a task of embassy.
//!
//! [`serve`] is the whole of it for most boards: it takes the tools, the two ends of the line and
//! memory, and works until the line ends. [`Server`] is for boards with more to say: ports at which
//! a person agrees, a heartbeat, tools that end later.
//!
//! | what | where |
//! |---|---|
//! | bytes of the host | straight from the line's `read` into the ring of the device |
//! | time | [`embassy_time::Instant`], in milliseconds |
//! | memory | of the caller: [`Config::memory`] bytes, and a ring of any size |
//! | sleep | until a byte comes, something is due, or a [`Bell`] rings |
//!
//! Nothing is allocated. A line that is slower than the tools only makes them wait: what finds no
//! room in the ring stays in the line.
#![no_std]

#[cfg(feature = "rtt")]
pub mod rtt;

use core::fmt;

use embassy_futures::select::{Either, select, select3};
use embassy_futures::yield_now;
use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, NoopRawMutex};
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{ErrorType, Read, Write};
use trine_arena::{Producer, Ring};
use trine_descriptor::Rules;
use trine_dispatch::{Config, Device, InitError, Tools};

/// Steps of the dispatcher before it sends, and lets other tasks run.
const STEPS: u32 = 8;
/// Longest sleep, in milliseconds: a due time that is further away is looked at again then, and
/// none is too far for the ticks of any clock.
const SLEEP_MS: u64 = 3_600_000;

/// Why a device is not served any more: by the errors of the line's receiving and sending ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended<R, W> {
    /// The memory, or a tool of the table, is not what the device needs.
    Init(InitError),
    /// The other end has closed the line.
    Closed,
    /// The line cannot be read.
    Receive(R),
    /// The line cannot be written.
    Send(W),
}

impl<R: fmt::Debug, W: fmt::Debug> fmt::Display for Ended<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Init(error) => error.fmt(f),
            Self::Closed => f.write_str("the other end has closed the line"),
            Self::Receive(error) => write!(f, "the line cannot be read: {error:?}"),
            Self::Send(error) => write!(f, "the line cannot be written: {error:?}"),
        }
    }
}

impl<R: fmt::Debug, W: fmt::Debug> core::error::Error for Ended<R, W> {}

type EndOf<R, W> = Ended<<R as ErrorType>::Error, <W as ErrorType>::Error>;

/// Wakes a server from another task or an interrupt: a tool that answered [`Pending`] has its
/// result, or a port has a record.
///
/// [`Pending`]: trine_dispatch::Answer::Pending
#[derive(Default)]
pub struct Bell(Signal<CriticalSectionRawMutex, ()>);

impl Bell {
    /// One that does not ring.
    #[must_use]
    pub const fn new() -> Self {
        Self(Signal::new())
    }

    /// Has the server look what there is to do.
    pub fn ring(&self) {
        self.0.signal(());
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bell")
    }
}

/// Serves tools over a line, until the line ends.
///
/// `memory` is of [`Config::memory`] bytes at least, `ring` of as many as may wait for the
/// dispatcher: 128 is enough for any line, and more lets the host send ahead.
///
/// # Errors
/// This answers nothing else: [`Ended`] says why.
pub async fn serve<T: Tools, R: Read, W: Write>(
    config: &Config<'_>,
    table: &dyn Rules,
    (memory, ring): (&mut [u8], &mut [u8]),
    tools: &mut T,
    (receive, send): (R, W),
) -> EndOf<R, W> {
    let mut ring = Ring::new(ring);
    let (producer, consumer) = ring.split();
    match Device::with_rules(config, memory, consumer, table) {
        Ok(mut device) => {
            let bell = Bell::new();
            Server { device: &mut device, ring: producer, bell: &bell }
                .run(tools, receive, send)
                .await
        }
        Err(error) => Ended::Init(error),
    }
}

/// A device that was set up already, and how it is woken.
#[derive(Debug)]
pub struct Server<'s, 'm> {
    /// The device, over the other end of the ring.
    pub device: &'s mut Device<'m>,
    /// Where received bytes go.
    pub ring: Producer<'m>,
    /// What others ring.
    pub bell: &'s Bell,
}

impl Server<'_, '_> {
    /// Serves until the line ends. The ring may be used for another line afterwards.
    pub async fn run<T: Tools, R: Read, W: Write>(
        self,
        tools: &mut T,
        mut receive: R,
        mut send: W,
    ) -> EndOf<R, W> {
        let Self { device, mut ring, bell } = self;
        let work = Signal::<NoopRawMutex, ()>::new();
        let room = Signal::<NoopRawMutex, ()>::new();
        let receiving = async {
            loop {
                let place = ring.grant();
                if place.is_empty() {
                    room.wait().await;
                    continue;
                }
                match receive.read(place).await {
                    Ok(0) => return Ended::Closed,
                    Ok(count) => ring.commit(count),
                    Err(error) => return Ended::Receive(error),
                }
                work.signal(());
            }
        };
        let serving = async {
            loop {
                let now = Instant::now().as_millis();
                let due = device.poll(now, STEPS, tools);
                room.signal(());
                match send_all(device, &mut send).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => return Ended::Send(error),
                }
                if due <= now {
                    yield_now().await;
                    continue;
                }
                let sleep = Duration::from_millis((due - now).min(SLEEP_MS));
                select3(work.wait(), bell.0.wait(), Timer::after(sleep)).await;
            }
        };
        match select(receiving, serving).await {
            Either::First(ended) | Either::Second(ended) => log_end(ended),
        }
    }
}

/// Sends what the device has to say; whether that was anything.
async fn send_all<W: Write>(device: &mut Device<'_>, send: &mut W) -> Result<bool, W::Error> {
    let mut any = false;
    while !device.tx_peek().is_empty() {
        let count = send.write(device.tx_peek()).await?;
        device.tx_consume(count);
        any = true;
    }
    if any {
        send.flush().await?;
    }
    Ok(any)
}

#[cfg(not(feature = "defmt"))]
const fn log_end<R, W>(ended: Ended<R, W>) -> Ended<R, W> {
    ended
}

#[cfg(feature = "defmt")]
fn log_end<R, W>(ended: Ended<R, W>) -> Ended<R, W> {
    match &ended {
        Ended::Init(_) => defmt::error!("the device cannot be served"),
        Ended::Closed => defmt::info!("the other end has closed the line"),
        Ended::Receive(_) => defmt::error!("the line cannot be read"),
        Ended::Send(_) => defmt::error!("the line cannot be written"),
    }
    ended
}
