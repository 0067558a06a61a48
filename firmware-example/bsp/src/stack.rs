//! How deep the stack ever was. The start-up code has painted all of it.

/// What `cortex-m-rt` with `paint-stack` fills the stack with.
const PAINT: u32 = 0xcccc_cccc;

// SAFETY: cortex-m-rt's linker script defines both; only their addresses are taken.
unsafe extern "C" {
    static mut _stack_start: u32;
    static mut _stack_end: u32;
}

/// Bytes of stack used at most since start, exceptions included. It reads the unused part, so it
/// takes a moment; values equal to the paint at the deepest place are not counted.
#[must_use]
pub fn high_water() -> usize {
    let start = (&raw const _stack_start).addr();
    let mut at = &raw const _stack_end;
    let mut unused = 0;
    while at.addr() < start {
        // SAFETY: between the two symbols lies the stack, which is RAM, aligned and initialised
        // by the paint. What is below the stack pointer changes under nobody's hands but ours
        // and an interrupt's, and a volatile read of a changing word is a word.
        if unsafe { at.read_volatile() } != PAINT {
            break;
        }
        at = at.wrapping_add(1);
        unused += size_of::<u32>();
    }
    start - (&raw const _stack_end).addr() - unused
}
