//! The way out of a panic or a fault: a fixed line to the host, then a restart.
//!
//! Nothing is formatted, so a panic costs no flash for it. A restart switches every output of the
//! greenhouse off, which standing still would not.

use cortex_m::peripheral::SCB;
use cortex_m_rt::{ExceptionFrame, exception};
use embedded_io::Write;

use crate::uart::Uart;

/// Bit rate of the line if nothing has set it yet.
const BAUD: u32 = 115_200;

/// Sends `text` on UART 0, outside of any frame, and restarts the processor.
pub fn restart(text: &[u8]) -> ! {
    cortex_m::interrupt::disable();
    // SAFETY: interrupts are off and this function does not return, so nothing else will drive
    // the UART again; a byte that is being sent goes out first.
    let (mut tx, _) = unsafe { Uart::uart0() }.start(BAUD);
    let Ok(()) = tx.write_all(text);
    let Ok(()) = tx.flush();
    SCB::sys_reset();
}

// SAFETY: a fault is taken at most once, since `restart` does not return; the handler reads nothing
// that the faulting code may have left half changed.
#[exception]
unsafe fn HardFault(_frame: &ExceptionFrame) -> ! {
    restart(b"\r\ntrine: restart after a hard fault\r\n")
}

// SAFETY: as for the fault: nothing else on these boards raises this interrupt.
#[cfg(feature = "watchdog")]
#[exception]
unsafe fn NonMaskableInt() -> ! {
    restart(b"\r\ntrine: restart by the watchdog\r\n")
}

// SAFETY: as for the fault.
#[exception]
unsafe fn DefaultHandler(_number: i16) -> ! {
    restart(b"\r\ntrine: restart after an interrupt without a handler\r\n")
}
