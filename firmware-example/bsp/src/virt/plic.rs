//! The interrupt controller for everything that is not in the processor ("RISC-V Platform-Level
//! Interrupt Controller Specification", 1.0.0), for the machine mode of the first processor.

use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::register_structs;
use tock_registers::registers::ReadWrite;

use super::ns16550::Reason;
use super::{UART0_SOURCE, uart0, uart1, uart1_source};

const PLIC: usize = 0x0c00_0000;
/// The bit of this controller among the processor's interrupts.
const EXTERNAL: usize = 1 << 11;

register_structs! {
    Registers {
        (0x00_0000 => priority: [ReadWrite<u32>; 1024]),
        (0x00_1000 => _pending: [u32; 1024]),
        (0x00_2000 => enable: [ReadWrite<u32>; 32]),
        (0x00_2080 => _others: [u32; 0x7_f7e0]),
        (0x20_0000 => threshold: ReadWrite<u32>),
        (0x20_0004 => claim: ReadWrite<u32>),
        (0x20_0008 => @END),
    }
}

fn registers() -> &'static Registers {
    // SAFETY: the registers lie here on every such machine, are aligned and are cells.
    unsafe { &*core::ptr::with_exposed_provenance::<Registers>(PLIC) }
}

/// Lets the controller interrupt the processor.
pub(super) fn start() {
    registers().threshold.set(0);
    // SAFETY: no source is unmasked yet.
    unsafe {
        core::arch::asm!("csrs mie, {}", in(reg) EXTERNAL, options(nomem, nostack));
    }
}

/// Lets a source interrupt.
pub(super) fn unmask(source: u32) {
    let registers = registers();
    if let Some(priority) = registers.priority.get(source as usize) {
        priority.set(1);
    }
    if let Some(enable) = registers.enable.get((source / 32) as usize) {
        enable.set(enable.get() | 1 << (source % 32));
    }
}

// SAFETY: `handler!` makes functions of this type, and `build.rs` names others if it made none.
unsafe extern "C" {
    fn UART0_RX();
    fn UART0_TX();
    fn UART1_RX();
    fn UART1_TX();
}

// SAFETY: riscv-rt calls the function of this name for interrupts of this controller, and no other
// crate defines it.
#[unsafe(no_mangle)]
extern "C" fn MachineExternal() {
    let source = registers().claim.get();
    if source == UART0_SOURCE {
        while let Some(reason) = uart0().reason() {
            match reason {
                // SAFETY: this is the interrupt that it handles.
                Reason::Received => unsafe { UART0_RX() },
                // SAFETY: as above.
                Reason::Sent => unsafe { UART0_TX() },
            }
        }
    } else if source == uart1_source() {
        // A PCI device tells the controller only when its line changes: it is low when this ends.
        while let Some(reason) = uart1().reason() {
            match reason {
                // SAFETY: as above.
                Reason::Received => unsafe { UART1_RX() },
                // SAFETY: as above.
                Reason::Sent => unsafe { UART1_TX() },
            }
        }
    }
    registers().claim.set(source);
}
