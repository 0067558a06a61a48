//! The motor boat in a task of embassy, on a board that QEMU emulates: an MPS2 with its UART 0.
#![no_std]
#![no_main]

mod line;
mod time;

use embassy_executor::Spawner;
use static_cell::StaticCell;
use trine_bsp::{Board, emergency};
use trine_dispatch::{Config, Identity};
use trine_motorboat::tools::{TABLE, config};
use trine_motorboat::{Boat, BoatTools};

const CONFIG: Config<'static> = config(Identity {
    vendor: "trine",
    product: "motorboat",
    serial: trine_bsp::SERIAL,
    firmware: env!("CARGO_PKG_VERSION"),
    build: "embassy",
});

/// What the host gets to read when the program cannot go on.
const FAULT: &[u8] = b"\r\nthe program cannot go on\r\n";

static MEMORY: StaticCell<[u8; CONFIG.memory()]> = StaticCell::new();
static RING: StaticCell<[u8; 256]> = StaticCell::new();

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let Some(board) = Board::take() else { emergency::restart(FAULT) };
    let mut boat = BoatTools::new(Boat::new(board.led0));
    let (memory, ring) = (MEMORY.init([0; CONFIG.memory()]), RING.init([0; 256]));
    let line = line::start(board.uart0);
    // This line never ends.
    trine_embassy::serve(&CONFIG, &TABLE, (memory, ring), &mut boat, line).await;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    emergency::restart(FAULT)
}
