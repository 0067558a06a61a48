//! Arm's MPS2 images.

mod cmsdk;
mod exceptions;
pub(crate) mod leds;
mod map;
mod vectors;
#[cfg(feature = "watchdog")]
pub mod watchdog;

pub(crate) use cmsdk::Channel;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{NVIC, SCB};

use crate::Interrupt;
use map::CLOCK_HZ;

/// The serial number of such a board.
pub const SERIAL: &str = "mps2-0001";

/// What `cortex-m-rt` with `paint-stack` fills the stack with.
pub(crate) const STACK_PAINT: u32 = 0xcccc_cccc;

// SAFETY: cortex-m-rt's linker script defines both; only their addresses are taken.
unsafe extern "C" {
    static mut _stack_start: u32;
    static mut _stack_end: u32;
}

/// The stack's lowest word, and the address behind its highest.
pub(crate) fn stack() -> (*const u32, usize) {
    (&raw const _stack_end, (&raw const _stack_start).addr())
}

/// Starts the clock and gives both UARTs, at the first call; `None` later.
pub(crate) fn start() -> Option<[Channel; 2]> {
    let mut timer = cortex_m::Peripherals::take()?.SYST;
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CLOCK_HZ / 1_000 - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
    Some([uart0(), uart1()])
}

/// The UART to the host.
pub(crate) fn uart0() -> Channel {
    // SAFETY: the registers of UART 0 lie here on every MPS2 image (DAI0386, table 3-2).
    unsafe { Channel::at(map::UART0) }
}

/// The UART that no MCP client reaches.
pub(crate) fn uart1() -> Channel {
    // SAFETY: the registers of UART 1 lie here on every MPS2 image (DAI0386, table 3-2).
    unsafe { Channel::at(map::UART1) }
}

/// Lets an interrupt happen.
pub(crate) fn unmask(interrupt: Interrupt) {
    // SAFETY: unmasking breaks no critical section here: this crate and its users mask by
    // PRIMASK alone, never by single interrupts.
    unsafe { NVIC::unmask(interrupt) };
}

/// Lets no interrupt happen any more.
pub(crate) fn mask() {
    cortex_m::interrupt::disable();
}

/// Waits for an interrupt, be it masked.
pub(crate) fn wait() {
    cortex_m::asm::dsb();
    cortex_m::asm::wfi();
}

/// An interrupt that was masked and is not any more has been taken when this returns.
pub(crate) fn catch_up() {
    cortex_m::asm::isb();
}

/// Starts the processor again.
pub(crate) fn reset() -> ! {
    SCB::sys_reset();
}
