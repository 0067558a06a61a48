//! The UART of Arm's Cortex-M System Design Kit (CMSDK, DDI0479, chapter 4.3). It has one byte of
//! buffer each way and no FIFO.

use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::ReadWrite;
use tock_registers::{register_bitfields, register_structs};

use super::map::CLOCK_HZ;

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

/// The registers of one UART.
#[derive(Clone, Copy)]
pub(crate) struct Channel(&'static Registers);

impl Channel {
    /// # Safety
    /// The registers of a CMSDK UART must lie at `address`.
    pub(super) unsafe fn at(address: usize) -> Self {
        // SAFETY: by this function's contract `address` is that of a register block, which is
        // aligned, always there, and reached through cells alone.
        Self(unsafe { &*core::ptr::with_exposed_provenance::<Registers>(address) })
    }

    pub(crate) fn start(self, baud: u32) {
        let divisor = CLOCK_HZ.checked_div(baud).unwrap_or(DIVISOR_MIN).max(DIVISOR_MIN);
        self.0.divisor.set(divisor);
        self.0.ctrl.write(CTRL::TX_ENABLE::SET + CTRL::RX_ENABLE::SET + CTRL::RX_INTERRUPT::SET);
    }

    pub(crate) fn has_room(self) -> bool {
        !self.0.state.is_set(STATE::TX_FULL)
    }

    pub(crate) fn put(self, byte: u8) {
        self.0.data.set(u32::from(byte));
    }

    pub(crate) fn has_byte(self) -> bool {
        self.0.state.is_set(STATE::RX_FULL)
    }

    pub(crate) fn take(self) -> u8 {
        self.0.data.get() as u8
    }

    pub(crate) fn wake_when_sent(self, wanted: bool) {
        self.0.ctrl.modify(CTRL::TX_INTERRUPT.val(u32::from(wanted)));
    }

    pub(crate) fn wake_when_received(self, wanted: bool) {
        self.0.ctrl.modify(CTRL::RX_INTERRUPT.val(u32::from(wanted)));
    }

    /// Clears the sending interrupt: one write to a register that does nothing else.
    pub(crate) fn clear_sent(self) {
        self.0.interrupt.write(INTERRUPT::TX::SET);
    }

    /// Clears the receiving interrupt; always before draining.
    pub(crate) fn clear_received(self) {
        self.0.interrupt.write(INTERRUPT::RX::SET);
    }
}
