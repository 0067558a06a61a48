//! A board of tools behind Trine, on a board of `trine-bsp`: the greenhouse, or with the feature
//! `motorboat` the motor boat.
//!
//! UART 0 is the way to the host. Its interrupt moves bytes into a ring; the loop below polls the
//! dispatcher when a frame may have ended or something is due, sends without waiting, and sleeps.
//! UART 1 is a person at the board: its interrupt owns a [`Port`] and agrees through it.
//!
//! The second LED is the main cock before the four valves; of the boat, the drive. The timer's
//! interrupt switches it off when the loop has not polled, or the host was not heard, for too long:
//! it needs neither of them for that.
//!
//! With the feature `ask` or `ask-base` a model in flash reads sentences, in steps: see `ask`.
#![no_std]
#![no_main]

#[cfg(feature = "sentences")]
mod ask;
mod log;
mod paced;
#[cfg_attr(feature = "motorboat", path = "motorboat.rs")]
#[cfg_attr(not(feature = "motorboat"), path = "greenhouse.rs")]
mod tools;

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use embedded_hal::digital::OutputPin;
use embedded_io::Write;
use paced::Paced;
use trine_arena::{Producer, Ring};
use trine_bsp::led::Led;
use trine_bsp::place::Place;
use trine_bsp::shared::Shared;
use trine_bsp::uart::{self, Rx, Tx};
use trine_bsp::{Board, Interrupt, clock, emergency, entry, handler, singleton, stack};
use trine_descriptor::Rules;
use trine_dispatch::{Config, Device, Heartbeat, Identity, Port};
use trine_firmware::console::{Command, Console, Reply};

use tools::{BOOT, LINK_MS, TABLE};

const BAUD: u32 = 115_200;
/// The byte between frames; the loop need not look before it comes.
const FRAME_END: u8 = 0;
/// Bytes from the host that can wait for the loop.
const RX_BYTES: usize = 512;
/// Bytes of records from UART 1 that can wait for the loop.
const PORT_BYTES: usize = 32;
/// Steps of the dispatcher before the loop sends again.
const STEPS: u32 = 4;

/// Longest that the loop may be silent before the cock is closed without it, in milliseconds.
const POLL_MS: u32 = 500;

const CONFIG: Config<'static> = Config {
    link_ms: LINK_MS,
    #[cfg(feature = "keyed")]
    key: Some(trine_dispatch::Key(*b"sixteen byte key")),
    #[cfg(feature = "keyed")]
    nonce: 1,
    #[cfg(feature = "sentences")]
    message_max: ask::MESSAGE_MAX,
    ..tools::config(Identity {
        vendor: "trine",
        product: tools::PRODUCT,
        serial: trine_bsp::SERIAL,
        firmware: env!("CARGO_PKG_VERSION"),
        build: "demo",
    })
};

/// What the receiving interrupt of UART 0 owns.
struct Line {
    rx: Rx,
    ring: Producer<'static>,
}

/// What the receiving interrupt of UART 1 owns.
struct Person {
    rx: Rx,
    port: Port<'static>,
    console: Console,
}

static LINE: Shared<Line> = Shared::empty();
static PERSON: Shared<Person> = Shared::empty();
/// Set by an interrupt that leaves work for the loop.
static WORK: AtomicBool = AtomicBool::new(false);
/// The pace asked for on UART 1; 0 is none.
static SCALE: AtomicU32 = AtomicU32::new(0);
/// Whether UART 0 holds a byte back because the ring was full.
static HELD: AtomicBool = AtomicBool::new(false);
/// Set by a line on UART 1 until the loop has acted on it and says so.
static HEARD: AtomicBool = AtomicBool::new(false);
/// Set with it: which number the line asks for, one of the next three; 0 is none.
static ASKED: AtomicU32 = AtomicU32::new(0);
const STACK: u32 = 1;
const WATER: u32 = 2;
const TRIP: u32 = 3;
/// Milliseconds for which the loop is to stand still.
static STALL: AtomicU32 = AtomicU32::new(0);
const STALL_MAX: u32 = 10_000;

/// Written by the dispatcher, read by the timer.
static HEARTBEAT: Heartbeat = Heartbeat::new();
static COCK: Shared<Led> = Shared::empty();
/// Set by the timer when it has closed the cock, until the loop has closed the valves too.
static TRIPPED: AtomicBool = AtomicBool::new(false);
/// When the loop has polled last, and how long it was silent when the timer closed the cock.
static POLLED_MS: AtomicU32 = AtomicU32::new(0);
static SILENT_MS: AtomicU32 = AtomicU32::new(0);

static MEMORY: Place<[u8; CONFIG.memory()]> = Place::new([0; CONFIG.memory()]);
static RX_MEMORY: Place<[u8; RX_BYTES]> = Place::new([0; RX_BYTES]);
static PORT_MEMORY: Place<[u8; PORT_BYTES]> = Place::new([0; PORT_BYTES]);

/// Starts the board, and its loop.
#[entry]
fn main() -> ! {
    let Some(board) = Board::take() else { stop() };
    COCK.put(board.led1);
    let (Some(tools), Some((device, line_in, port_in))) = (make_tools(board.led0), make_device())
    else {
        stop()
    };
    let (mut tx, rx) = board.uart0.start(BAUD);
    let (mut person_tx, person_rx) = board.uart1.start(BAUD);
    let Ok(()) = tx.write_all(BOOT);
    LINE.put(Line { rx, ring: line_in });
    PERSON.put(Person { rx: person_rx, port: Port::new(port_in), console: Console::new() });
    for source in Interrupt::ALL {
        trine_bsp::enable(source);
    }
    let turns = Loop {
        device,
        paced: tools,
        tx: &mut tx,
        person: &mut person_tx,
        due: 0,
        reply: Reply::new(),
        linked: false,
        #[cfg(feature = "sentences")]
        watchdog: trine_bsp::watchdog::Watchdog::start(ask::WATCHDOG_MS),
    };
    run(turns)
}

type Started = (&'static mut Device<'static>, Producer<'static>, Producer<'static>);

// What is built here passes over the stack on its way to its place. In functions that return, that
// stack is free again for the loop; `main` never gives anything back.
#[inline(never)]
fn make_tools(led: Led) -> Option<&'static mut Paced> {
    singleton!(: Paced = Paced::new(led))
}

/// The device, and the ends of its rings that the interrupts of UART 0 and UART 1 write to.
#[inline(never)]
fn make_device() -> Option<Started> {
    let rx_memory = RX_MEMORY.take()?;
    let port_memory = PORT_MEMORY.take()?;
    let rx_ring = singleton!(: Ring<'static> = Ring::new(rx_memory))?;
    let port_ring = singleton!(: Ring<'static> = Ring::new(port_memory))?;
    let (line_in, device_in) = rx_ring.split();
    let (port_in, port_out) = port_ring.split();
    let device = Device::with_rules(&CONFIG, MEMORY.take()?, device_in, &TABLE).ok()?;
    let device = singleton!(: Device<'static> = device)?;
    device.add_port(port_out).ok()?;
    device.set_heartbeat(&HEARTBEAT);
    #[cfg(feature = "sentences")]
    device.offer_sentences();
    Some((device, line_in, port_in))
}

/// The loop: polls, sends, sleeps. It ends with the power.
fn run(mut turns: Loop<'_>) -> ! {
    log::starts(TABLE.tools());
    #[cfg(feature = "sentences")]
    let mut reader = ask::start();
    loop {
        turns.turn();
        #[cfg(feature = "sentences")]
        ask::answer(&mut reader, &mut turns);
        turns.sleep();
    }
}

/// What the loop turns.
struct Loop<'l> {
    device: &'l mut Device<'static>,
    paced: &'l mut Paced,
    tx: &'l mut Tx,
    person: &'l mut Tx,
    due: u64,
    reply: Reply,
    linked: bool,
    #[cfg(feature = "sentences")]
    watchdog: trine_bsp::watchdog::Watchdog,
}

impl Loop<'_> {
    /// Does what is due, and sends what can be sent without waiting.
    fn turn(&mut self) {
        let mut now = clock::now_ms();
        if WORK.load(Ordering::Acquire) || now >= self.due {
            // Taken back first: what an interrupt adds from here on sets it again.
            WORK.store(false, Ordering::Release);
            let heard = HEARD.load(Ordering::Acquire);
            if heard {
                now = stand_still(now);
            }
            self.due = self.device.poll(now, STEPS, self.paced);
            log::linked(&mut self.linked, self.device.is_linked());
            POLLED_MS.store(now as u32, Ordering::Relaxed);
            if tools::take_press(&mut self.paced.tools) {
                self.device.agree(now);
            }
            set_cock(self.paced, now);
            if heard {
                HEARD.store(false, Ordering::Release);
                self.reply.set(answer(self.paced, now));
            }
            if HELD.load(Ordering::Relaxed) {
                receive();
            }
        }
        let sent = self.tx.try_write(self.device.tx_peek());
        self.device.tx_consume(sent);
        let waits = !self.device.tx_peek().is_empty();
        if sent > 0 && !waits {
            // There is room again for what could not be answered.
            self.due = now;
        }
        self.reply.sent(self.person.try_write(self.reply.rest()));
        self.tx.wake(waits);
        self.person.wake(!self.reply.rest().is_empty());
        #[cfg(feature = "sentences")]
        self.watchdog.feed();
    }

    /// Sleeps until there is something to do.
    fn sleep(&self) {
        let waits = !self.device.tx_peek().is_empty();
        let replies = !self.reply.rest().is_empty();
        trine_bsp::sleep_unless(|| {
            WORK.load(Ordering::Acquire)
                || (waits && self.tx.is_ready())
                || (replies && self.person.is_ready())
                || clock::now_ms() >= self.due
        });
    }
}

/// Opens the main cock while a valve is open, and closes it else. What the timer has closed stays
/// so: the valves behind it are closed too.
fn set_cock(paced: &mut Paced, now: u64) {
    if TRIPPED.load(Ordering::Acquire) {
        tools::end(&mut paced.tools);
        paced.flows = false;
        TRIPPED.store(false, Ordering::Release);
    }
    let flows = paced.flows;
    _ = COCK.with(|cock| {
        let Ok(()) = match flows && HEARTBEAT.is_live(now as u32, POLL_MS, LINK_MS) {
            true => cock.set_high(),
            false => cock.set_low(),
        };
    });
}

/// Does nothing for as long as a person at the board asked for, as a loop that hangs would. Answers
/// what time it is.
fn stand_still(since: u64) -> u64 {
    let ms = STALL.load(Ordering::Relaxed);
    STALL.store(0, Ordering::Relaxed);
    loop {
        let now = clock::now_ms();
        if now.saturating_sub(since) >= u64::from(ms) {
            return now;
        }
    }
}

/// Does what the line from the person asks for, and answers the number that it asks for.
fn answer(paced: &mut Paced, now: u64) -> Option<u32> {
    let asked = ASKED.load(Ordering::Relaxed);
    ASKED.store(0, Ordering::Relaxed);
    let scale = SCALE.load(Ordering::Relaxed);
    if scale != 0 {
        SCALE.store(0, Ordering::Relaxed);
        paced.pace.set(now, scale);
    }
    match asked {
        STACK => Some(stack::high_water() as u32),
        WATER => Some(COCK.with(|cock| u32::from(cock.is_lit())).unwrap_or_default()),
        TRIP => Some(SILENT_MS.load(Ordering::Relaxed)),
        _ => None,
    }
}

/// Takes what UART 0 has received.
fn receive() {
    _ = LINE.with(|Line { rx, ring }| {
        let drained = rx.drain(ring, FRAME_END);
        // Under the mask that `with` holds, so that the loop and the interrupt agree on it.
        HELD.store(drained.full, Ordering::Relaxed);
        if drained.ended || drained.full {
            WORK.store(true, Ordering::Release);
        }
    });
}

handler! {
    fn UART0_RX() {
        receive();
    }
}

handler! {
    fn UART0_TX() {
        uart::sent_uart0();
    }
}

handler! {
    fn UART1_TX() {
        uart::sent_uart1();
    }
}

handler! {
    fn UART1_RX() {
        _ = PERSON.with(|Person { rx, port, console }| {
            rx.drain_each(|byte| {
                match console.feed(byte) {
                    Some(Command::Button) => _ = port.agree(),
                    Some(Command::Dismiss) => _ = port.dismiss(),
                    Some(Command::Scale(scale)) => SCALE.store(scale.max(1), Ordering::Relaxed),
                    Some(Command::Stall(ms)) => STALL.store(ms.min(STALL_MAX), Ordering::Relaxed),
                    Some(Command::Stack) => ASKED.store(STACK, Ordering::Relaxed),
                    Some(Command::Water) => ASKED.store(WATER, Ordering::Relaxed),
                    Some(Command::Trip) => ASKED.store(TRIP, Ordering::Relaxed),
                    None => return,
                }
                HEARD.store(true, Ordering::Release);
                WORK.store(true, Ordering::Release);
            });
        });
    }
}

handler! {
    fn SysTick() {
        clock::tick();
        let now = clock::now_ms();
        if HEARTBEAT.is_live(now as u32, POLL_MS, LINK_MS) {
            return;
        }
        _ = COCK.with(|cock| {
            if cock.is_lit() {
                let Ok(()) = cock.set_low();
                let polled = POLLED_MS.load(Ordering::Relaxed);
                SILENT_MS.store((now as u32).wrapping_sub(polled), Ordering::Relaxed);
                TRIPPED.store(true, Ordering::Release);
            }
        });
    }
}

fn stop() -> ! {
    emergency::restart(b"\r\ntrine: the device cannot start\r\n")
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    emergency::restart(b"\r\ntrine: restart after a panic\r\n")
}
