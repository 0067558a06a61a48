//! The way out of a panic or a fault: a fixed line to the host, then a restart.
//!
//! Nothing is formatted, so a panic costs no flash for it. A restart switches every output of the
//! greenhouse off, which standing still would not.

use embedded_io::Write;

use crate::machine;
use crate::uart::Uart;

/// Bit rate of the line if nothing has set it yet.
const BAUD: u32 = 115_200;

/// Sends `text` on UART 0, outside of any frame, and restarts the processor.
pub fn restart(text: &[u8]) -> ! {
    machine::mask();
    // SAFETY: interrupts are off and this function does not return, so nothing else will drive
    // the UART again; a byte that is being sent goes out first.
    let (mut tx, _) = unsafe { Uart::new(machine::uart0()) }.start(BAUD);
    let Ok(()) = tx.write_all(text);
    let Ok(()) = tx.flush();
    machine::reset();
}
