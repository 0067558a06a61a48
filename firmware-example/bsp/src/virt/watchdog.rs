//! The watchdog of Intel's 6300ESB (order number 300641, chapter 16), a PCI device: who does not
//! feed it in time is restarted. It knows afterwards that it was the one, which is then said on the
//! line.
//!
//! It counts twice before it bites, and only the second time ends in a reset; so each is half the
//! time. No interrupt is asked for in between.

use core::sync::atomic::{AtomicUsize, Ordering};

use embedded_io::Write;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::register_structs;
use tock_registers::registers::ReadWrite;

use super::{pci, uart0};
use crate::uart::Uart;

/// Vendor and kind.
const IDENTITY: u32 = 0x25ab_8086;
/// The half word of its configuration that says what the first time ends in, and: in nothing.
const CONFIG: usize = 0x60;
const QUIET: u16 = 0b11;
/// The byte of its configuration that locks it, and its bit that lets it run.
const LOCK: usize = 0x68;
const ENABLE: u8 = 1 << 1;
/// What has to be written before the other registers.
const UNLOCK: [u32; 2] = [0x80, 0x86];
/// Bits of the reload register: start again, clear that it has bitten; and that it has, to be read.
const RELOAD: u16 = 1 << 8;
const CLEAR: u16 = 1 << 9;
const BITTEN: u16 = 1 << 9;
/// Bit rate of the line.
const BAUD: u32 = 115_200;

register_structs! {
    Registers {
        /// Milliseconds, nearly: 2^15 counts of 33 MHz.
        (0x0 => preload: [ReadWrite<u32>; 2]),
        (0x8 => _interrupt: u32),
        (0xc => reload: ReadWrite<u16>),
        (0xe => @END),
    }
}

/// Where the registers are; 0 while there is no such device.
static REGISTERS: AtomicUsize = AtomicUsize::new(0);

/// The watchdog, which is running.
#[derive(Debug)]
pub struct Watchdog(());

fn registers() -> Option<&'static Registers> {
    match REGISTERS.load(Ordering::Relaxed) {
        0 => None,
        // SAFETY: `look` has put the registers there; the address is aligned, and they are cells.
        address => Some(unsafe { &*core::ptr::with_exposed_provenance::<Registers>(address) }),
    }
}

/// Opens the next register for one write.
fn unlock(registers: &Registers) {
    for word in UNLOCK {
        registers.reload.set(word as u16);
    }
}

/// Looks for the device, and says on the line to the host if it has restarted the board.
pub(super) fn look() {
    let Some(device) = pci::find(IDENTITY) else { return };
    REGISTERS.store(device.memory(), Ordering::Relaxed);
    let Some(registers) = registers() else { return };
    if registers.reload.get() & BITTEN != 0 {
        unlock(registers);
        registers.reload.set(CLEAR);
        // SAFETY: nothing else drives the UART yet, and what is made here ends here.
        let (mut tx, _) = unsafe { Uart::new(uart0()) }.start(BAUD);
        let Ok(()) = tx.write_all(b"\r\ntrine: restart by the watchdog\r\n");
    }
}

impl Watchdog {
    /// Lets it run, if there is one: from here on it has to be fed within so many milliseconds.
    /// Nothing stops it.
    #[must_use]
    pub fn start(ms: u32) -> Self {
        if let (Some(device), Some(registers)) = (pci::find(IDENTITY), registers()) {
            for preload in &registers.preload {
                unlock(registers);
                preload.set(ms / 2);
            }
            device.register(CONFIG).set(QUIET);
            device.register(LOCK).set(ENABLE);
        }
        Self(())
    }

    /// Starts its time again.
    pub fn feed(&mut self) {
        if let Some(registers) = registers() {
            unlock(registers);
            registers.reload.set(RELOAD);
        }
    }
}
