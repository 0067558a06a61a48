//! Where the boards have what, by the board that `BOARD` named when this was built.

#[cfg(not(board = "mps2-an505"))]
mod images {
    //! AN385, AN386 and AN500 (DAI0385, DAI0386, DAI0500: tables 3-2 and 3-3).

    /// Frequency of the processor and its peripherals.
    pub(crate) const CLOCK_HZ: u32 = 25_000_000;
    /// The CMSDK UARTs.
    pub(crate) const UART0: usize = 0x4000_4000;
    pub(crate) const UART1: usize = 0x4000_5000;
    /// The FPGA's own registers; the first of them has the LEDs.
    pub(crate) const FPGAIO: usize = 0x4002_8000;
    /// The CMSDK watchdog.
    #[cfg(feature = "watchdog")]
    pub(crate) const WATCHDOG: usize = 0x4000_8000;
    /// The interrupt of UART 0's receiver; those of its sender and of UART 1 follow.
    pub(crate) const FIRST_IRQ: u16 = 0;
}

#[cfg(board = "mps2-an505")]
mod images {
    //! AN505, the secure side (DAI0505, chapters 3 and 4).

    pub(crate) const CLOCK_HZ: u32 = 20_000_000;
    pub(crate) const UART0: usize = 0x5020_0000;
    pub(crate) const UART1: usize = 0x5020_1000;
    pub(crate) const FPGAIO: usize = 0x5030_2000;
    #[cfg(feature = "watchdog")]
    pub(crate) const WATCHDOG: usize = 0x5008_1000;
    pub(crate) const FIRST_IRQ: u16 = 32;
}

pub(crate) use images::*;
