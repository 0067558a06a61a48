//! How deep the stack ever was. The start-up code has painted all of it.

use crate::machine::{STACK_PAINT, stack};

/// Bytes of stack used at most since start, exceptions included. It reads the unused part, so it
/// takes a moment; values equal to the paint at the deepest place are not counted.
#[must_use]
pub fn high_water() -> usize {
    let (lowest, start) = stack();
    let mut at = lowest;
    let mut unused = 0;
    while at.addr() < start {
        // SAFETY: between the two addresses lies the stack, which is RAM, aligned and initialised
        // by the paint. What is below the stack pointer changes under no one's hands but ours
        // and an interrupt's, and a volatile read of a changing word is a word.
        if unsafe { at.read_volatile() } != STACK_PAINT {
            break;
        }
        at = at.wrapping_add(1);
        unused += size_of::<u32>();
    }
    start - lowest.addr() - unused
}
