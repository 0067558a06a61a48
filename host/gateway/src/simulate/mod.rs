//! The greenhouse board in this process, behind the same dispatcher and the same frames as on a
//! chip.

mod flash;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use trine_arena::{Producer, Ring};
use trine_board::tools::{self, BoardTools, TOOLS};
use trine_board::{Greenhouse, SimHardware};
use trine_dispatch::{Config, Device, Identity};

use crate::device::Person;
use crate::error::{Error, Result};
use crate::link;
use flash::Board;

/// Bytes from the host that can wait for the board. It has room and lanes for a host that keeps
/// many calls under way.
const RX_BYTES: usize = 32 * 1024;
const SLOTS: u8 = trine_wire::slot::SLOTS_MAX;
/// Steps of the dispatcher for each poll.
const STEPS: u32 = 64;
/// The board is driven at least so often by its own clock, in milliseconds.
const TICK_MS: u64 = trine_board::greenhouse::TICK_MS_MAX;
/// Most ticks to make up for time that has passed; the rest is passed in longer ones.
const TICKS_MAX: u64 = 400;
/// How long a press of the button may take to be noticed.
const PRESS_PATIENCE: Duration = Duration::from_secs(2);
/// Board milliseconds from one press to the next: the finger is gone and the contacts are at rest.
const PRESS_EVERY_MS: u64 = 2 * trine_board::sim::PRESS_MS;

/// What a person at the simulated board does, until the board looks.
#[derive(Debug)]
pub(crate) struct Control {
    presses: AtomicU32,
    noticed: AtomicU32,
    scale: AtomicU32,
    held: AtomicBool,
    dismisses: AtomicBool,
}

impl Control {
    pub(crate) fn new(scale: u32) -> Arc<Self> {
        let zero = AtomicU32::new;
        Arc::new(Self {
            presses: zero(0),
            noticed: zero(0),
            scale: zero(scale.max(1)),
            held: AtomicBool::new(false),
            dismisses: AtomicBool::new(false),
        })
    }
}

impl Control {
    /// One press less waits, if any does.
    fn press_is_over(&self) {
        let fewer = |presses: u32| presses.checked_sub(1);
        let _ = self.presses.fetch_update(Ordering::AcqRel, Ordering::Acquire, fewer);
    }
}

impl Person for Control {
    /// Returns when the board has noticed the press, so that a call made after it meets it.
    fn press(&self) -> Result<()> {
        let before = self.noticed.load(Ordering::Acquire);
        let since = Instant::now();
        self.presses.fetch_add(1, Ordering::Release);
        while self.noticed.load(Ordering::Acquire) == before {
            if since.elapsed() > PRESS_PATIENCE {
                // It is not pressed later, when something else may be asked.
                self.press_is_over();
                return Err(Error::ButtonIgnored);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn dismiss(&self) -> Result<()> {
        self.dismisses.store(true, Ordering::Release);
        Ok(())
    }

    fn hold(&self, held: bool) -> Result<()> {
        self.held.store(held, Ordering::Release);
        Ok(())
    }

    fn set_time_scale(&self, scale: u32) -> Result<()> {
        self.scale.store(scale.max(1), Ordering::Release);
        Ok(())
    }
}

/// A simulated board.
pub(crate) struct Simulation {
    device: Device<'static>,
    line_in: Producer<'static>,
    board: Board,
    control: Arc<Control>,
    clock: Clock,
    now: u64,
    /// When the button can be pressed: one that is held during boot agrees to nothing, and one that
    /// is still down cannot go down.
    press_at: u64,
}

impl Simulation {
    /// A board at boot. `serial` tells it from other simulated ones; `flash` is the file that keeps
    /// its key.
    ///
    /// Its memory, some 8 kB, is never given back: a board borrows it for as long as it is there,
    /// and it is there as long as the program.
    pub(crate) fn new(serial: &str, control: Arc<Control>, flash: Option<PathBuf>) -> Result<Self> {
        let serial: &'static str = Box::leak(serial.to_owned().into_boxed_str());
        let epoch = getrandom::u32().unwrap_or(1).max(1);
        let config = Config {
            epoch,
            key: flash::stored(flash.as_ref())?,
            nonce: getrandom::u64().unwrap_or(0),
            calls_max: SLOTS,
            ..tools::config(Identity {
                vendor: "trine",
                product: "greenhouse",
                serial,
                firmware: env!("CARGO_PKG_VERSION"),
                build: "simulated",
            })
        };
        let memory = Box::leak(vec![0; config.memory()].into_boxed_slice());
        let ring = Box::leak(vec![0; RX_BYTES].into_boxed_slice());
        let (line_in, line_out) = Box::leak(Box::new(Ring::new(ring))).split();
        let device = Device::new(config, memory, line_out, &TOOLS).map_err(Error::Simulation)?;
        Ok(Self {
            device,
            line_in,
            board: Board::new(
                BoardTools::new(Greenhouse::new(SimHardware::new())),
                Arc::clone(&control),
                flash,
            ),
            clock: Clock::new(control.scale.load(Ordering::Acquire)),
            control,
            now: 0,
            press_at: PRESS_EVERY_MS,
        })
    }

    /// The button, and the pace of the clock.
    fn person(&mut self) {
        self.clock.set(self.control.scale.load(Ordering::Acquire));
        if self.control.dismisses.swap(false, Ordering::AcqRel) {
            self.device.dismiss(self.now);
        }
        if self.now >= self.press_at && self.control.presses.load(Ordering::Acquire) > 0 {
            self.press_at = self.now + PRESS_EVERY_MS;
            self.board.tools.board.hardware_mut().press_button();
        }
        if self.board.tools.board.take_press() {
            self.device.agree(self.now);
            self.control.press_is_over();
            self.control.noticed.fetch_add(1, Ordering::Release);
        }
    }

    /// Makes up for the time since the last look, so that nothing that moves or closes by itself
    /// jumps.
    fn catch_up(&mut self, said: &mut Vec<u8>) {
        let target = self.clock.board_ms();
        let tick = TICK_MS.max(target.saturating_sub(self.now) / TICKS_MAX);
        while self.now + tick < target {
            self.now += tick;
            self.device.poll(self.now, STEPS, &mut self.board);
            self.take(said);
            self.person();
        }
        self.now = self.now.max(target);
    }

    fn take(&mut self, said: &mut Vec<u8>) {
        let bytes = self.device.tx_peek();
        let len = bytes.len();
        said.extend_from_slice(bytes);
        self.device.tx_consume(len);
    }
}

impl link::Board for Simulation {
    fn feed(&mut self, bytes: &[u8]) {
        self.line_in.push(bytes);
    }

    fn run(&mut self, said: &mut Vec<u8>) {
        self.person();
        self.catch_up(said);
        self.device.poll(self.now, STEPS, &mut self.board);
        self.take(said);
    }
}

/// Board time as a function of real time. It never goes back, also when its pace changes.
#[derive(Debug)]
struct Clock {
    scale: u32,
    since: Instant,
    base_ms: u64,
}

impl Clock {
    fn new(scale: u32) -> Self {
        Self { scale: scale.max(1), since: Instant::now(), base_ms: 0 }
    }

    fn board_ms(&self) -> u64 {
        let real = self.since.elapsed().as_micros() * u128::from(self.scale) / 1000;
        self.base_ms.saturating_add(u64::try_from(real).unwrap_or(u64::MAX))
    }

    fn set(&mut self, scale: u32) {
        if scale != self.scale {
            *self = Self { base_ms: self.board_ms(), since: Instant::now(), scale };
        }
    }
}
