//! Interrupt numbers and the part of the vector table behind the processor's own exceptions.
//!
//! Only interrupts that this crate can enable are in the table: it ends with the last of them.

use cortex_m::interrupt::InterruptNumber;

use crate::map::FIRST_IRQ;

/// An interrupt of the MPS2 images (DAI0386, table 3-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
#[allow(non_camel_case_types, reason = "cortex-m-rt takes the handler's name from the variant")]
pub enum Interrupt {
    /// UART 0 has received.
    UART0_RX = FIRST_IRQ,
    /// UART 0 can send.
    UART0_TX = FIRST_IRQ + 1,
    /// UART 1 has received.
    UART1_RX = FIRST_IRQ + 2,
    /// UART 1 can send.
    UART1_TX = FIRST_IRQ + 3,
}

impl Interrupt {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::UART0_RX, Self::UART0_TX, Self::UART1_RX, Self::UART1_TX];
}

// SAFETY: the numbers are those of the interrupt controller and no two are equal.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self as u16
    }
}

// SAFETY: `build.rs` gives the linker a default for each of these names, and `#[interrupt]` of
// cortex-m-rt makes functions of this type.
unsafe extern "C" {
    fn UART0_RX();
    fn UART0_TX();
    fn UART1_RX();
    fn UART1_TX();
}

/// A handler, or nothing for an interrupt that is never enabled.
type Entry = Option<unsafe extern "C" fn()>;

const FIRST: usize = FIRST_IRQ as usize;

const fn table() -> [Entry; FIRST + 4] {
    let mut table: [Entry; FIRST + 4] = [None; FIRST + 4];
    table[FIRST] = Some(UART0_RX);
    table[FIRST + 1] = Some(UART0_TX);
    table[FIRST + 2] = Some(UART1_RX);
    table[FIRST + 3] = Some(UART1_TX);
    table
}

/// The table. Its order is that of [`Interrupt`].
// SAFETY: cortex-m-rt's linker script keeps this section, of this symbol, right behind the
// exceptions, where the processor looks for it.
#[unsafe(link_section = ".vector_table.interrupts")]
// SAFETY: no other crate of the firmware defines the symbol.
#[unsafe(no_mangle)]
static __INTERRUPTS: [Entry; FIRST + 4] = table();
