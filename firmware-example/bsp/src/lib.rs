//! Board support for Arm's MPS2 boards (AN385, AN386, AN500, AN505) and for QEMU's RISC-V machine
//! `virt`. QEMU emulates all of them.
//!
//! | module | subject |
//! |---|---|
//! | [`uart`] | receiving in an interrupt, sending without waiting |
//! | [`clock`] | 64-bit milliseconds |
//! | [`led`] | the user LEDs, as `embedded-hal` pins |
//! | [`interrupts`] | the interrupts, and what each of them does |
//! | [`shared`] | what an interrupt and the main loop share |
//! | [`place`] | memory that is lent out once |
//! | `watchdog` | who stands still is restarted (feature `watchdog`) |
//! | [`stack`] | how deep the stack ever was |
//! | [`emergency`] | the way out of a panic or a fault |
//!
//! [`Board::take`] hands all of it out, once. What is a machine's own is in a folder of its name,
//! `mps2` or `virt`: registers, vectors, the timer. Another board needs such a folder; nothing
//! above this crate names a register.
//!
//! All `unsafe` of the example firmware is here: fixed addresses of registers, the vector table,
//! and reading the stack.
#![no_std]

pub mod clock;
pub mod emergency;
pub mod interrupts;
pub mod led;
pub mod place;
pub mod shared;
pub mod stack;
pub mod uart;

#[cfg(target_arch = "arm")]
#[path = "mps2/mod.rs"]
mod machine;
#[cfg(target_arch = "riscv32")]
#[path = "virt/mod.rs"]
mod machine;

#[cfg(target_arch = "arm")]
pub use cortex_m::singleton;
#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
pub use interrupts::{Interrupt, enable};
pub use machine::SERIAL;
#[cfg(feature = "watchdog")]
pub use machine::watchdog;
#[cfg(target_arch = "riscv32")]
pub use riscv::singleton;
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;

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
        let [uart0, uart1] = machine::start()?;
        // SAFETY: `machine::start` succeeds once, so each of these is made once.
        let led0 = unsafe { led::Led::new(0) };
        // SAFETY: as above.
        let led1 = unsafe { led::Led::new(1) };
        // SAFETY: as above.
        let uart0 = unsafe { uart::Uart::new(uart0) };
        // SAFETY: as above.
        let uart1 = unsafe { uart::Uart::new(uart1) };
        Some(Self { uart0, uart1, led0, led1 })
    }
}

/// Sleeps until an interrupt, unless `busy` says at the last moment that there is work.
///
/// Interrupts are masked while `busy` looks, and a masked interrupt that is pending still ends the
/// wait: so one that comes after the look and before the wait is not slept through.
pub fn sleep_unless(busy: impl FnOnce() -> bool) {
    critical_section::with(|_| {
        if !busy() {
            machine::wait();
        }
    });
    // A pending interrupt is taken here, before the caller looks at what it did.
    machine::catch_up();
}
