//! The user LEDs, in the FPGA's own register block (FPGAIO, DAI0386, table 4-1).

use core::convert::Infallible;
use core::fmt;

use cortex_m::interrupt;
use embedded_hal::digital::{ErrorType, OutputPin};
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::ReadWrite;

use crate::map::FPGAIO;

/// One LED.
pub struct Led {
    /// The first register of the block: bit 0 is LED 0, bit 1 is LED 1.
    register: &'static ReadWrite<u32>,
    bit: u32,
}

impl fmt::Debug for Led {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Led")
    }
}

impl Led {
    /// LED 0 or 1.
    ///
    /// # Safety
    /// No other value may drive the same LED.
    pub(crate) unsafe fn new(number: u8) -> Self {
        // SAFETY: the register lies here on every MPS2 image, is aligned and is a cell.
        let register = unsafe { &*core::ptr::with_exposed_provenance::<ReadWrite<u32>>(FPGAIO) };
        Self { register, bit: 1 << (number & 1) }
    }

    /// Whether it is lit.
    #[must_use]
    pub fn is_lit(&self) -> bool {
        self.register.get() & self.bit != 0
    }
}

// SAFETY: the register is reached with single loads and stores under a mask, which any context of
// the one core may do.
unsafe impl Send for Led {}

impl ErrorType for Led {
    type Error = Infallible;
}

impl OutputPin for Led {
    fn set_low(&mut self) -> Result<(), Infallible> {
        interrupt::free(|_| self.register.set(self.register.get() & !self.bit));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        interrupt::free(|_| self.register.set(self.register.get() | self.bit));
        Ok(())
    }
}
