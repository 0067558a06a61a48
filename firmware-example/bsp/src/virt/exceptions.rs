//! Exceptions that nothing comes back from.

use riscv_rt::TrapFrame;

use crate::emergency::restart;

// SAFETY: riscv-rt calls the function of this name for every exception, and no other crate defines
// it. It reads nothing that the faulting code may have left half changed.
#[unsafe(no_mangle)]
extern "C" fn ExceptionHandler(_frame: &TrapFrame) -> ! {
    restart(b"\r\ntrine: restart after an exception\r\n")
}

// SAFETY: as for exceptions, for every interrupt that has no handler.
#[unsafe(no_mangle)]
extern "C" fn DefaultHandler() -> ! {
    restart(b"\r\ntrine: restart after an interrupt without a handler\r\n")
}
