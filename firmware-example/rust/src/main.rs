//! The greenhouse behind Trine on an MPS2 board.
//!
//! UART 0 is the way to the host. Its interrupt moves bytes into a ring; the loop below polls the
//! dispatcher when a frame may have ended or something is due, sends without waiting, and sleeps.
//! UART 1 is a person at the board: its interrupt owns a [`Port`] and agrees through it.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use cortex_m::singleton;
use cortex_m_rt::{entry, exception};
use embedded_io::Write;
use trine_arena::{Producer, Ring};
use trine_board::tools::{self, BoardTools, TABLE};
use trine_board::{Greenhouse, SimHardware};
use trine_bsp::led::Led;
use trine_bsp::shared::Shared;
use trine_bsp::uart::{self, Rx, Tx};
use trine_bsp::{Board, Interrupt, clock, emergency, interrupt, stack};
use trine_dispatch::{Config, Device, Identity, Port};
use trine_firmware::console::{Command, Console, Reply};
use trine_firmware::pace::Pace;

const BAUD: u32 = 115_200;
/// What stands on the line before the first frame: bytes outside a frame are never an error.
const BOOT: &[u8] = concat!("trine greenhouse ", env!("CARGO_PKG_VERSION"), "\r\n").as_bytes();
/// The byte between frames; the loop need not look before it comes.
const FRAME_END: u8 = 0;
/// Bytes from the host that can wait for the loop.
const RX_BYTES: usize = 512;
/// Bytes of records from UART 1 that can wait for the loop.
const PORT_BYTES: usize = 32;
/// Steps of the dispatcher before the loop sends again.
const STEPS: u32 = 4;

const CONFIG: Config<'static> = tools::config(Identity {
    vendor: "trine",
    product: "greenhouse",
    serial: "mps2-0001",
    firmware: env!("CARGO_PKG_VERSION"),
    build: "demo",
});

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
/// Set with it when the line asks for the depth of the stack.
static STACK: AtomicBool = AtomicBool::new(false);

#[entry]
fn main() -> ! {
    static mut MEMORY: [u8; CONFIG.memory()] = [0; CONFIG.memory()];
    static mut RX_MEMORY: [u8; RX_BYTES] = [0; RX_BYTES];
    static mut PORT_MEMORY: [u8; PORT_BYTES] = [0; PORT_BYTES];

    let Some(board) = Board::take() else { stop() };
    let (Some(tools), Some((device, line_in, port_in))) =
        (make_tools(board.led0), make_device(MEMORY, RX_MEMORY, PORT_MEMORY))
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
    run(device, tools, &mut tx, &mut person_tx)
}

type Tools = BoardTools<SimHardware<Led>>;
type Started = (&'static mut Device<'static>, Producer<'static>, Producer<'static>);

// What is built here passes over the stack on its way to its place. In functions that return, that
// stack is free again for the loop; `main` never gives anything back.
#[inline(never)]
fn make_tools(led: Led) -> Option<&'static mut Tools> {
    singleton!(: Tools = BoardTools::new(Greenhouse::new(SimHardware::with_status_led(led))))
}

/// The device, and the ends of its rings that the interrupts of UART 0 and UART 1 write to.
#[inline(never)]
fn make_device(
    memory: &'static mut [u8],
    rx_memory: &'static mut [u8],
    port_memory: &'static mut [u8],
) -> Option<Started> {
    let rx_ring = singleton!(: Ring<'static> = Ring::new(rx_memory))?;
    let port_ring = singleton!(: Ring<'static> = Ring::new(port_memory))?;
    let (line_in, device_in) = rx_ring.split();
    let (port_in, port_out) = port_ring.split();
    let device = Device::with_checked(CONFIG, memory, device_in, TABLE).ok()?;
    let device = singleton!(: Device<'static> = device)?;
    device.add_port(port_out).ok()?;
    Some((device, line_in, port_in))
}

/// The loop: polls, sends, sleeps. It ends with the power.
fn run(device: &mut Device<'static>, tools: &mut Tools, tx: &mut Tx, person: &mut Tx) -> ! {
    let mut pace = Pace::new();
    let mut due = 0;
    let mut reply = Reply::new();
    loop {
        let real = clock::now_ms();
        let scale = SCALE.load(Ordering::Relaxed);
        if scale != 0 {
            SCALE.store(0, Ordering::Relaxed);
            pace.set(real, scale);
        }
        let now = pace.board_ms(real);
        if WORK.load(Ordering::Acquire) || now >= due {
            // Taken back first: what an interrupt adds from here on sets it again.
            WORK.store(false, Ordering::Release);
            let heard = HEARD.load(Ordering::Acquire);
            due = device.poll(now, STEPS, tools);
            if tools.board.take_press() {
                device.agree(now);
            }
            if heard {
                HEARD.store(false, Ordering::Release);
                let stack = STACK.load(Ordering::Relaxed).then(|| stack::high_water() as u32);
                STACK.store(false, Ordering::Relaxed);
                reply.set(stack);
            }
            if HELD.load(Ordering::Relaxed) {
                receive();
            }
        }
        let sent = tx.try_write(device.tx_peek());
        device.tx_consume(sent);
        let waits = !device.tx_peek().is_empty();
        if sent > 0 && !waits {
            // There is room again for what could not be answered.
            due = now;
        }
        reply.sent(person.try_write(reply.rest()));
        let replies = !reply.rest().is_empty();
        tx.wake(waits);
        person.wake(replies);
        trine_bsp::sleep_unless(|| {
            WORK.load(Ordering::Acquire)
                || (waits && tx.is_ready())
                || (replies && person.is_ready())
                || pace.board_ms(clock::now_ms()) >= due
        });
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

#[interrupt]
fn UART0_RX() {
    receive();
}

#[interrupt]
fn UART0_TX() {
    uart::sent_uart0();
}

#[interrupt]
fn UART1_TX() {
    uart::sent_uart1();
}

#[interrupt]
fn UART1_RX() {
    _ = PERSON.with(|Person { rx, port, console }| {
        rx.drain_each(|byte| {
            match console.feed(byte) {
                Some(Command::Button) => _ = port.agree(),
                Some(Command::Scale(scale)) => SCALE.store(scale.max(1), Ordering::Relaxed),
                Some(Command::Stack) => STACK.store(true, Ordering::Relaxed),
                None => return,
            }
            HEARD.store(true, Ordering::Release);
            WORK.store(true, Ordering::Release);
        });
    });
}

#[exception]
fn SysTick() {
    clock::tick();
}

fn stop() -> ! {
    emergency::restart(b"\r\ntrine: the device cannot start\r\n")
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    emergency::restart(b"\r\ntrine: restart after a panic\r\n")
}
