//! The UART of Arm's Cortex-M System Design Kit (CMSDK, DDI0479, chapter 4.3).
//!
//! It has one byte of buffer each way and no FIFO. Two rules make its interrupts safe, and both
//! matter on hardware as in QEMU: the interrupt flag is cleared *before* the data register is
//! drained, or a byte that comes in between raises no interrupt; and whoever sleeps looks for work
//! once more with interrupts masked ([`crate::sleep_unless`]).

use core::convert::Infallible;
use core::fmt;

use cortex_m::interrupt;
use embedded_io::{ErrorType, Write, WriteReady};
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::ReadWrite;
use tock_registers::{register_bitfields, register_structs};
use trine_arena::Producer;

use crate::CLOCK_HZ;
use crate::map::{UART0, UART1};

register_bitfields![u32,
    STATE [TX_FULL 0, RX_FULL 1],
    CTRL [TX_ENABLE 0, RX_ENABLE 1, TX_INTERRUPT 2, RX_INTERRUPT 3],
    INTERRUPT [TX 0, RX 1]
];

register_structs! {
    Registers {
        (0x00 => data: ReadWrite<u32>),
        (0x04 => state: ReadWrite<u32, STATE::Register>),
        (0x08 => ctrl: ReadWrite<u32, CTRL::Register>),
        /// Reads as the pending interrupts; a one that is written clears its bit.
        (0x0c => interrupt: ReadWrite<u32, INTERRUPT::Register>),
        (0x10 => divisor: ReadWrite<u32>),
        (0x14 => @END),
    }
}

/// The smallest divisor that the UART takes.
const DIVISOR_MIN: u32 = 16;

/// A UART that is not yet in use.
pub struct Uart {
    registers: &'static Registers,
}

impl fmt::Debug for Uart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uart")
    }
}

impl Uart {
    /// UART 0.
    ///
    /// # Safety
    /// No other value may drive UART 0.
    pub(crate) unsafe fn uart0() -> Self {
        // SAFETY: the registers of UART 0 lie here on every MPS2 image (DAI0386, table 3-2).
        unsafe { Self::at(UART0) }
    }

    /// UART 1.
    ///
    /// # Safety
    /// No other value may drive UART 1.
    pub(crate) unsafe fn uart1() -> Self {
        // SAFETY: the registers of UART 1 lie here on every MPS2 image (DAI0386, table 3-2).
        unsafe { Self::at(UART1) }
    }

    /// # Safety
    /// The registers of a CMSDK UART must lie at `address`, and no other value may drive it.
    unsafe fn at(address: usize) -> Self {
        // SAFETY: by this function's contract `address` is that of a register block, which is
        // aligned, always there, and reached through cells alone.
        Self { registers: unsafe { &*core::ptr::with_exposed_provenance::<Registers>(address) } }
    }

    /// Clears the sending interrupt: one write to a register that does nothing else, so it drives
    /// nothing that a [`Tx`] or [`Rx`] of the same UART drives.
    fn acknowledge(&self) {
        self.registers.interrupt.write(INTERRUPT::TX::SET);
    }

    /// Starts both directions; the receiver raises an interrupt for each byte.
    #[must_use]
    pub fn start(self, baud: u32) -> (Tx, Rx) {
        let registers = self.registers;
        let divisor = CLOCK_HZ.checked_div(baud).unwrap_or(DIVISOR_MIN).max(DIVISOR_MIN);
        registers.divisor.set(divisor);
        registers.ctrl.write(CTRL::TX_ENABLE::SET + CTRL::RX_ENABLE::SET + CTRL::RX_INTERRUPT::SET);
        (Tx { registers, wakes: false }, Rx { registers, paused: false })
    }
}

/// The sending half. Nothing in it waits, except [`Write`] where the trait asks for it.
pub struct Tx {
    registers: &'static Registers,
    wakes: bool,
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx")
    }
}

impl Tx {
    /// Whether a byte can be given now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.registers.state.is_set(STATE::TX_FULL)
    }

    /// Gives as many bytes as the UART takes at once and answers how many.
    pub fn try_write(&mut self, bytes: &[u8]) -> usize {
        let mut count = 0;
        for &byte in bytes {
            if !self.is_ready() {
                break;
            }
            self.registers.data.set(u32::from(byte));
            count += 1;
        }
        count
    }

    /// Asks for an interrupt when the byte that fills the UART has gone, or for none. Call
    /// [`Self::is_ready`] after it and before sleeping: the byte may have gone already.
    pub fn wake(&mut self, wanted: bool) {
        if wanted != self.wakes {
            self.wakes = wanted;
            // The receiving half changes another bit of this register, maybe in an interrupt.
            interrupt::free(|_| {
                self.registers.ctrl.modify(CTRL::TX_INTERRUPT.val(u32::from(wanted)));
            });
        }
    }
}

/// What the handler of UART 0's sending interrupt does. That it woke the processor is enough.
pub fn sent_uart0() {
    // SAFETY: see `acknowledge`, which is all that this value is used for.
    unsafe { Uart::uart0() }.acknowledge();
}

/// What the handler of UART 1's sending interrupt does. That it woke the processor is enough.
pub fn sent_uart1() {
    // SAFETY: see `acknowledge`, which is all that this value is used for.
    unsafe { Uart::uart1() }.acknowledge();
}

impl ErrorType for Tx {
    type Error = Infallible;
}

impl WriteReady for Tx {
    fn write_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.is_ready())
    }
}

impl Write for Tx {
    /// Waits until the first byte is taken, as the trait asks.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        loop {
            let count = self.try_write(bytes);
            if count > 0 || bytes.is_empty() {
                return Ok(count);
            }
        }
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        while !self.is_ready() {}
        Ok(())
    }
}

/// What [`Rx::drain`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// The byte that ends a piece of work came.
    pub ended: bool,
    /// The ring is full: the UART keeps its byte and raises no interrupt until [`Rx::drain`] is
    /// called again and there is room.
    pub full: bool,
}

/// The receiving half, which belongs to the receiving interrupt.
pub struct Rx {
    registers: &'static Registers,
    paused: bool,
}

// SAFETY: the registers are reached with single loads and stores, which any context of the one
// core may do; what both halves change together is changed under a mask.
unsafe impl Send for Rx {}

impl fmt::Debug for Rx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rx")
    }
}

impl Rx {
    /// Moves all received bytes into `ring`; `end` is the byte that completes a piece of work.
    pub fn drain(&mut self, ring: &mut Producer<'_>, end: u8) -> Drained {
        self.acknowledge();
        let mut drained = Drained::default();
        while self.has_byte() {
            let Some(place) = ring.grant().first_mut() else {
                drained.full = true;
                break;
            };
            let byte = self.registers.data.get() as u8;
            *place = byte;
            ring.commit(1);
            drained.ended |= byte == end;
        }
        self.pause(drained.full);
        drained
    }

    /// Gives each received byte to `take`.
    pub fn drain_each(&mut self, mut take: impl FnMut(u8)) {
        self.acknowledge();
        while self.has_byte() {
            take(self.registers.data.get() as u8);
        }
    }

    fn has_byte(&self) -> bool {
        self.registers.state.is_set(STATE::RX_FULL)
    }

    /// Clears the interrupt; always before draining.
    fn acknowledge(&self) {
        self.registers.interrupt.write(INTERRUPT::RX::SET);
    }

    fn pause(&mut self, paused: bool) {
        if paused != self.paused {
            self.paused = paused;
            // The sending half changes another bit of this register.
            interrupt::free(|_| {
                self.registers.ctrl.modify(CTRL::RX_INTERRUPT.val(u32::from(!paused)));
            });
        }
    }
}
