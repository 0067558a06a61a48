//! The interrupts, and what each of them does.

use crate::machine;

/// An interrupt of a UART.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
#[allow(non_camel_case_types, reason = "each has the name of its handler")]
pub enum Interrupt {
    /// UART 0 has received.
    UART0_RX,
    /// UART 0 can send.
    UART0_TX,
    /// UART 1 has received.
    UART1_RX,
    /// UART 1 can send.
    UART1_TX,
}

impl Interrupt {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::UART0_RX, Self::UART0_TX, Self::UART1_RX, Self::UART1_TX];
}

/// Lets an interrupt happen. What its handler needs must be in place before.
pub fn enable(interrupt: Interrupt) {
    machine::unmask(interrupt);
}

/// The names that [`handler!`](crate::handler) takes.
#[doc(hidden)]
#[allow(non_upper_case_globals, reason = "the names are those of the handlers")]
pub mod names {
    pub const UART0_RX: () = ();
    pub const UART0_TX: () = ();
    pub const UART1_RX: () = ();
    pub const UART1_TX: () = ();
    pub const SysTick: () = ();
}

/// Defines what an [`Interrupt`] does, or `SysTick`, which is the clock's millisecond. A handler
/// that is left out restarts the board, should its interrupt come.
#[macro_export]
macro_rules! handler {
    (fn $name:ident() $body:block) => {
        const _: () = $crate::interrupts::names::$name;

        #[allow(non_snake_case, reason = "the vectors have it by this name")]
        // SAFETY: the vectors of `trine-bsp` take a function of this type by this name, and no
        // other crate of a firmware defines one.
        #[unsafe(no_mangle)]
        extern "C" fn $name() $body
    };
}
