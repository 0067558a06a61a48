//! Unsigned LEB128, for the few numbers that are written here and not in a message's own members.

/// Writes a number and answers how many bytes it took; `None` when they do not fit.
pub(crate) fn write(mut number: u64, out: &mut [u8]) -> Option<usize> {
    let mut at = 0;
    while number >= 0x80 {
        *out.get_mut(at)? = number as u8 | 0x80;
        number >>= 7;
        at += 1;
    }
    *out.get_mut(at)? = number as u8;
    Some(at + 1)
}
