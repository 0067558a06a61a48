//! The watchdog of Arm's Cortex-M System Design Kit (DDI0479, chapter 4.4): who does not feed it in
//! time is restarted. Its first expiry is the processor's non-maskable interrupt, which says so on
//! the line; its second one is a reset of the hardware.

use tock_registers::interfaces::Writeable;
use tock_registers::registers::{ReadOnly, ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

use super::map::{self, CLOCK_HZ};

register_bitfields![u32, CONTROL [INTERRUPT 0, RESET 1]];

register_structs! {
    Registers {
        (0x000 => load: ReadWrite<u32>),
        (0x004 => _value: ReadOnly<u32>),
        (0x008 => control: ReadWrite<u32, CONTROL::Register>),
        /// Any value clears the interrupt and starts the time again.
        (0x00c => clear: WriteOnly<u32>),
        (0x010 => _reserved: [u8; 0xbf0]),
        (0xc00 => lock: WriteOnly<u32>),
        (0xc04 => @END),
    }
}

/// What opens the other registers for writing.
const UNLOCK: u32 = 0x1acc_e551;

/// The watchdog, which is running.
#[derive(Debug)]
pub struct Watchdog(());

fn registers() -> &'static Registers {
    // SAFETY: the registers lie here on every image of `map`, are aligned and are cells.
    unsafe { &*core::ptr::with_exposed_provenance::<Registers>(map::WATCHDOG) }
}

impl Watchdog {
    /// Lets it run: from here on it has to be fed within so many milliseconds. Nothing stops it.
    #[must_use]
    pub fn start(ms: u32) -> Self {
        let registers = registers();
        registers.lock.set(UNLOCK);
        registers.load.set((CLOCK_HZ / 1_000).saturating_mul(ms));
        registers.control.write(CONTROL::INTERRUPT::SET + CONTROL::RESET::SET);
        Self(())
    }

    /// Starts its time again.
    pub fn feed(&mut self) {
        registers().clear.set(1);
    }
}
