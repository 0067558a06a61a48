//! QEMU's machine `virt` with a RISC-V processor of 32 bits (`hw/riscv/virt.c`).
//!
//! The machine has one UART and no watchdog. What else this board has comes as PCI devices, with
//! which the emulator is started: `-device pci-serial,chardev=…` is the UART that no MCP client
//! reaches, `-device i6300esb` the watchdog. A board without one of them runs too: no one is at its
//! second UART then, and nothing restarts a loop that stands still. It has no LEDs: those are two
//! bits in RAM.

mod clint;
mod exceptions;
pub(crate) mod leds;
mod ns16550;
mod pci;
mod plic;
#[cfg(feature = "watchdog")]
pub mod watchdog;

use core::arch::global_asm;
use core::sync::atomic::{AtomicUsize, Ordering};

pub(crate) use ns16550::Channel;
use tock_registers::interfaces::Writeable;
use tock_registers::registers::WriteOnly;

use crate::Interrupt;
use crate::place::Place;

/// The serial number of such a board.
pub const SERIAL: &str = "virt-0001";

/// What the start-up code below fills the stack with.
pub(crate) const STACK_PAINT: u32 = 0xcccc_cccc;

const UART0: usize = 0x1000_0000;
const UART0_SOURCE: u32 = 10;
/// The machine's own device for resets, and what asks it for one.
const FINISHER: usize = 0x0010_0000;
const FINISHER_RESET: u32 = 0x7777;
/// The serial line as a PCI device (QEMU's `docs/specs/pci-ids`).
const PCI_SERIAL: u32 = 0x0002_1b36;

/// Where the second UART's registers are, and its source; 0 while there is none.
static UART1: AtomicUsize = AtomicUsize::new(0);
static UART1_SOURCE: AtomicUsize = AtomicUsize::new(0);

// Before anything is on it, all of the stack is painted.
global_asm!(
    ".section .init.paint, \"ax\"",
    ".global __pre_init",
    "__pre_init:",
    "la t0, __eheap",
    "li t1, {paint}",
    "1: bgeu t0, sp, 2f",
    "sw t1, 0(t0)",
    "addi t0, t0, 4",
    "j 1b",
    "2: ret",
    paint = const STACK_PAINT,
);

// SAFETY: riscv-rt's linker script defines both; only their addresses are taken.
unsafe extern "C" {
    static mut __sstack: u32;
    static mut __eheap: u32;
}

/// The stack's lowest word, and the address behind its highest.
pub(crate) fn stack() -> (*const u32, usize) {
    (&raw const __eheap, (&raw const __sstack).addr())
}

/// Starts the clock, looks which devices there are, and gives both UARTs, at the first call; `None`
/// later.
pub(crate) fn start() -> Option<[Channel; 2]> {
    static FIRST: Place<()> = Place::new(());
    FIRST.take()?;
    if let Some(device) = pci::find(PCI_SERIAL) {
        UART1.store(device.ports(), Ordering::Relaxed);
        UART1_SOURCE.store(device.source() as usize, Ordering::Relaxed);
    }
    #[cfg(feature = "watchdog")]
    watchdog::look();
    clint::start();
    plic::start();
    Some([uart0(), uart1()])
}

/// The UART to the host.
pub(crate) fn uart0() -> Channel {
    // SAFETY: the registers of the machine's UART lie here.
    unsafe { Channel::at(UART0) }
}

/// The UART that no MCP client reaches.
pub(crate) fn uart1() -> Channel {
    match UART1.load(Ordering::Relaxed) {
        0 => Channel::absent(),
        // SAFETY: `start` has put the registers there.
        address => unsafe { Channel::at(address) },
    }
}

/// Lets an interrupt happen. A UART has one for both ways.
pub(crate) fn unmask(interrupt: Interrupt) {
    match interrupt {
        Interrupt::UART0_RX | Interrupt::UART0_TX => plic::unmask(UART0_SOURCE),
        Interrupt::UART1_RX | Interrupt::UART1_TX => match uart1_source() {
            0 => {}
            source => plic::unmask(source),
        },
    }
}

fn uart1_source() -> u32 {
    UART1_SOURCE.load(Ordering::Relaxed) as u32
}

/// Lets no interrupt happen any more.
pub(crate) fn mask() {
    riscv::interrupt::disable();
}

/// Waits for an interrupt, be it masked.
pub(crate) fn wait() {
    riscv::asm::wfi();
}

/// An interrupt that was masked and is not any more has been taken when this returns.
pub(crate) const fn catch_up() {}

/// Starts the machine again.
pub(crate) fn reset() -> ! {
    // SAFETY: the device lies here on every such machine, is aligned and is a cell.
    let finisher = unsafe { &*core::ptr::with_exposed_provenance::<WriteOnly<u32>>(FINISHER) };
    finisher.set(FINISHER_RESET);
    loop {
        riscv::asm::wfi();
    }
}
