//! Exceptions that nothing comes back from.

use cortex_m_rt::{ExceptionFrame, exception};

use crate::emergency::restart;

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
