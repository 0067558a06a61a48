//! The UART 16550A (National Semiconductor, PC16550D), with its FIFOs.

#![allow(clippy::modulo_one, reason = "`register_structs!` asks of a byte whether it is aligned")]

use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite};
use tock_registers::{register_bitfields, register_structs};

register_bitfields![u8,
    INTERRUPTS [RECEIVED 0, SENT 1],
    /// Read: why there is an interrupt.
    REASON [
        NONE OFFSET(0) NUMBITS(1) [],
        WHICH OFFSET(1) NUMBITS(3) [SENT = 1]
    ],
    LINE [EIGHT_BITS OFFSET(0) NUMBITS(2) [], DIVISOR OFFSET(7) NUMBITS(1) []],
    STATE [RECEIVED 0, ROOM 5]
];

register_structs! {
    Registers {
        /// The low byte of the divisor, while that is set.
        (0x0 => data: ReadWrite<u8>),
        /// The high byte of the divisor, while that is set.
        (0x1 => interrupts: ReadWrite<u8, INTERRUPTS::Register>),
        /// Written: what the FIFOs do.
        (0x2 => reason: ReadWrite<u8, REASON::Register>),
        (0x3 => line: ReadWrite<u8, LINE::Register>),
        (0x4 => _modem: ReadWrite<u8>),
        (0x5 => state: ReadOnly<u8, STATE::Register>),
        (0x6 => @END),
    }
}

/// What the bits are counted from, in hertz: what such a UART is sold with. QEMU's takes any.
const CLOCK_HZ: u32 = 1_843_200;
/// The FIFOs are in use, and a received byte interrupts at once.
const FIFO: u8 = 1;

/// The registers of one UART, if there is one.
#[derive(Clone, Copy)]
pub(crate) struct Channel(Option<&'static Registers>);

/// Why a UART interrupts.
pub(super) enum Reason {
    Received,
    Sent,
}

impl Channel {
    /// # Safety
    /// The registers of such a UART must lie at `address`.
    pub(super) unsafe fn at(address: usize) -> Self {
        // SAFETY: by this function's contract `address` is that of a register block, which is
        // always there and reached through cells alone. Bytes are aligned everywhere.
        Self(Some(unsafe { &*core::ptr::with_exposed_provenance::<Registers>(address) }))
    }

    /// A UART that is not there: it takes every byte and receives none.
    pub(super) const fn absent() -> Self {
        Self(None)
    }

    pub(crate) fn start(self, baud: u32) {
        let Some(registers) = self.0 else { return };
        let divisor = (CLOCK_HZ / 16).checked_div(baud).unwrap_or(1).max(1);
        let [low, high, ..] = divisor.to_le_bytes();
        registers.line.write(LINE::EIGHT_BITS.val(3) + LINE::DIVISOR.val(1));
        registers.data.set(low);
        registers.interrupts.set(high);
        registers.line.write(LINE::EIGHT_BITS.val(3));
        registers.reason.set(FIFO);
        registers.interrupts.write(INTERRUPTS::RECEIVED::SET);
    }

    pub(crate) fn has_room(self) -> bool {
        self.0.is_none_or(|registers| registers.state.is_set(STATE::ROOM))
    }

    pub(crate) fn put(self, byte: u8) {
        if let Some(registers) = self.0 {
            registers.data.set(byte);
        }
    }

    pub(crate) fn has_byte(self) -> bool {
        self.0.is_some_and(|registers| registers.state.is_set(STATE::RECEIVED))
    }

    pub(crate) fn take(self) -> u8 {
        self.0.map_or(0, |registers| registers.data.get())
    }

    pub(crate) fn wake_when_sent(self, wanted: bool) {
        if let Some(registers) = self.0 {
            registers.interrupts.modify(INTERRUPTS::SENT.val(u8::from(wanted)));
        }
    }

    pub(crate) fn wake_when_received(self, wanted: bool) {
        if let Some(registers) = self.0 {
            registers.interrupts.modify(INTERRUPTS::RECEIVED.val(u8::from(wanted)));
        }
    }

    /// Nothing is to be done: that the reason was read has cleared it.
    pub(crate) const fn clear_sent(self) {}

    /// Nothing is to be done: the interrupt is there for as long as a byte is.
    pub(crate) const fn clear_received(self) {}

    /// Why it interrupts, if it does.
    pub(super) fn reason(self) -> Option<Reason> {
        let read = self.0?.reason.extract();
        if read.is_set(REASON::NONE) {
            return None;
        }
        let is_sent = read.matches_all(REASON::WHICH::SENT);
        Some(if is_sent { Reason::Sent } else { Reason::Received })
    }
}
