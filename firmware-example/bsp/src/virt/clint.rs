//! The core-local interruptor, whose timer is the clock: 64 bits that count at 10 MHz.

use core::cell::Cell;

use critical_section::Mutex;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::register_structs;
use tock_registers::registers::{ReadOnly, ReadWrite};

const CLINT: usize = 0x0200_0000;
/// Counts of a millisecond.
const MILLISECOND: u64 = 10_000;
/// The bit of the timer among the processor's interrupts.
const TIMER: usize = 1 << 7;

register_structs! {
    Registers {
        (0x0000 => _software: [u32; 0x1000]),
        (0x4000 => due: [ReadWrite<u32>; 2]),
        (0x4008 => _others: [u32; 0x1ffc]),
        (0xbff8 => now: [ReadOnly<u32>; 2]),
        (0xc000 => @END),
    }
}

/// When the next millisecond is over.
static DUE: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

fn registers() -> &'static Registers {
    // SAFETY: the registers lie here on every such machine, are aligned and are cells.
    unsafe { &*core::ptr::with_exposed_provenance::<Registers>(CLINT) }
}

/// Starts the tick of one millisecond.
pub(super) fn start() {
    let [low, high] = &registers().now;
    let now = loop {
        let before = high.get();
        let now = (u64::from(before) << 32) | u64::from(low.get());
        if high.get() == before {
            break now;
        }
    };
    critical_section::with(|cs| DUE.borrow(cs).set(now));
    next();
    // SAFETY: the handlers are in place, and nothing here masks by single interrupts.
    unsafe {
        core::arch::asm!("csrs mie, {}", in(reg) TIMER, options(nomem, nostack));
    }
    // SAFETY: as above.
    unsafe { riscv::interrupt::enable() };
}

/// Asks for the next tick.
fn next() {
    let due = critical_section::with(|cs| {
        let due = DUE.borrow(cs);
        due.set(due.get().wrapping_add(MILLISECOND));
        due.get()
    });
    let [low, high] = &registers().due;
    // The largest value in between, so that no half of it rings early.
    high.set(u32::MAX);
    low.set(due as u32);
    high.set((due >> 32) as u32);
}

// SAFETY: `handler!` makes a function of this type, and `build.rs` names another if it made none.
unsafe extern "C" {
    fn SysTick();
}

// SAFETY: riscv-rt calls the function of this name for the timer's interrupt, and no other crate
// defines it.
#[unsafe(no_mangle)]
extern "C" fn MachineTimer() {
    next();
    // SAFETY: this is the interrupt that it handles.
    unsafe { SysTick() };
}
