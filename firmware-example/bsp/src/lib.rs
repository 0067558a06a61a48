//! Board support for Arm's MPS2 boards (AN385, AN386, AN500, AN505), which QEMU emulates.
//!
//! | module | subject |
//! |---|---|
//! | [`uart`] | the CMSDK UART: receiving in an interrupt, sending without waiting |
//! | [`clock`] | 64-bit milliseconds from `SysTick` |
//! | [`led`] | the user LEDs, as `embedded-hal` pins |
//! | [`vectors`] | interrupt numbers and the vector table |
//! | [`shared`] | what an interrupt and the main loop share |
//! | [`place`] | memory that is lent out once |
//! | `watchdog` | who stands still is restarted (feature `watchdog`) |
//! | [`stack`] | how deep the stack ever was |
//! | [`emergency`] | the way out of a panic or a fault |
//!
//! [`Board::take`] hands all of it out, once. Another board with other UARTs needs its own `uart`
//! module of the same shape, a clock and a vector table; nothing above this crate names a register.
//!
//! All `unsafe` of the example firmware is here: fixed addresses of registers, the vector table,
//! and reading the stack.
#![no_std]

pub mod clock;
pub mod emergency;
pub mod led;
mod map;
pub mod place;
pub mod shared;
pub mod stack;
pub mod uart;
pub mod vectors;
#[cfg(feature = "watchdog")]
pub mod watchdog;

// The attribute looks for an enum of its own name beside it.
pub use cortex_m_rt::interrupt;
pub use vectors::{Interrupt, Interrupt as interrupt};

use cortex_m::peripheral::NVIC;

/// Frequency of the processor and its peripherals in hertz, on the boards and in QEMU.
pub const CLOCK_HZ: u32 = map::CLOCK_HZ;

/// What the board has and this crate drives.
#[derive(Debug)]
pub struct Board {
    /// The UART to the host.
    pub uart0: uart::Uart,
    /// The UART that no MCP client reaches.
    pub uart1: uart::Uart,
    /// The first user LED.
    pub led0: led::Led,
    /// The second user LED.
    pub led1: led::Led,
}

impl Board {
    /// Everything, at the first call; `None` later. The clock runs from here on.
    #[must_use]
    pub fn take() -> Option<Self> {
        let mut core = cortex_m::Peripherals::take()?;
        clock::start(&mut core.SYST);
        // SAFETY: `Peripherals::take` succeeds once, so this is made once.
        let uart0 = unsafe { uart::Uart::uart0() };
        // SAFETY: as above.
        let uart1 = unsafe { uart::Uart::uart1() };
        // SAFETY: as above.
        let led0 = unsafe { led::Led::new(0) };
        // SAFETY: as above.
        let led1 = unsafe { led::Led::new(1) };
        Some(Self { uart0, uart1, led0, led1 })
    }
}

/// Lets an interrupt happen. What its handler needs must be in place before.
pub fn enable(interrupt: Interrupt) {
    // SAFETY: unmasking breaks no critical section here: this crate and its users mask by
    // PRIMASK alone, never by single interrupts.
    unsafe { NVIC::unmask(interrupt) };
}

/// Sleeps until an interrupt, unless `busy` says at the last moment that there is work.
///
/// Interrupts are masked while `busy` looks, and a masked interrupt that is pending still ends the
/// wait: so one that comes after the look and before the wait is not slept through.
pub fn sleep_unless(busy: impl FnOnce() -> bool) {
    cortex_m::interrupt::free(|_| {
        if !busy() {
            cortex_m::asm::dsb();
            cortex_m::asm::wfi();
        }
    });
    // A pending interrupt is taken here, before the caller looks at what it did.
    cortex_m::asm::isb();
}
