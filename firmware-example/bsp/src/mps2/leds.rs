//! The user LEDs, in the FPGA's own register block (FPGAIO, DAI0386, table 4-1): bit 0 of its first
//! register is LED 0, bit 1 is LED 1.

use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::ReadWrite;

use super::map::FPGAIO;

fn register() -> &'static ReadWrite<u32> {
    // SAFETY: the register lies here on every MPS2 image, is aligned and is a cell.
    unsafe { &*core::ptr::with_exposed_provenance::<ReadWrite<u32>>(FPGAIO) }
}

/// The LEDs that are lit.
pub(crate) fn lit() -> u32 {
    register().get()
}

/// Lights these and no others.
pub(crate) fn light(leds: u32) {
    register().set(leds);
}
