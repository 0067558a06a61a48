//! Interrupt numbers (DAI0386, table 3-3) and the part of the vector table behind the processor's
//! own exceptions.
//!
//! Only interrupts that this crate can enable are in the table: it ends with the last of them.

use cortex_m::interrupt::InterruptNumber;

use super::map::FIRST_IRQ;
use crate::Interrupt;

// SAFETY: the numbers are those of the interrupt controller and no two are equal.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        FIRST_IRQ + self as u16
    }
}

// SAFETY: `build.rs` gives the linker a default for each of these names, and `handler!` makes
// functions of this type.
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
