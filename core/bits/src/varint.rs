//! Variable-length integers: unsigned LEB128, as in DWARF (section 7.6) and postcard.
//!
//! A byte holds seven bits of the number, the lowest first, and in its highest bit whether another
//! follows. The shortest form is written. Whether a longer one is accepted is a rule of each
//! format, so the readers of `trine-wire`, which accepts it, and `trine-descriptor`, which does
//! not, are their own.

/// Hands the bytes of a number to `byte`, one after another: the shortest form.
///
/// ```
/// let mut bytes = Vec::new();
/// trine_bits::varint::encode(300, |byte| bytes.push(byte));
/// assert_eq!(bytes, [0xac, 0x02]);
/// ```
// In the caller, and with the last byte behind the loop: as an iterator it takes a Cortex-M4 twelve
// bytes more each time.
#[inline(always)]
pub fn encode(mut number: u64, mut byte: impl FnMut(u8)) {
    while number >= 0x80 {
        byte(number as u8 | 0x80);
        number >>= 7;
    }
    byte(number as u8);
}

/// Writes a number to the start of `out` and returns how many bytes it took; `None` when they do
/// not fit.
///
/// ```
/// let mut out = [0; 4];
/// assert_eq!(trine_bits::varint::write(300, &mut out), Some(2));
/// assert_eq!(out[..2], [0xac, 0x02]);
/// assert_eq!(trine_bits::varint::write(1 << 28, &mut out), None);
/// ```
pub fn write(mut number: u64, out: &mut [u8]) -> Option<usize> {
    let mut at = 0;
    while number >= 0x80 {
        *out.get_mut(at)? = number as u8 | 0x80;
        number >>= 7;
        at += 1;
    }
    *out.get_mut(at)? = number as u8;
    Some(at + 1)
}

/// The unsigned number that a signed one is written as: small ones of either sign are small.
///
/// ```
/// use trine_bits::varint::{unzigzag, zigzag};
///
/// assert_eq!([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);
/// assert_eq!(unzigzag(zigzag(i64::MIN)), i64::MIN);
/// ```
#[inline]
#[must_use]
pub const fn zigzag(number: i64) -> u64 {
    (number.wrapping_shl(1) ^ (number >> 63)).cast_unsigned()
}

/// The signed number that [`zigzag`] made this one of.
// Out of line on a microcontroller, where 64 bits are shifted in several instructions.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline)]
#[must_use]
pub const fn unzigzag(raw: u64) -> i64 {
    (raw >> 1).cast_signed() ^ -(raw & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_those_of_the_dwarf_standard() {
        // Figure 24 of DWARF 5, and both ends.
        let known: [(u64, &[u8]); 8] = [
            (0, &[0]),
            (2, &[2]),
            (127, &[0x7f]),
            (128, &[0x80, 1]),
            (129, &[0x81, 1]),
            (12_857, &[0x80 | 57, 100]),
            (u64::from(u32::MAX), &[0xff, 0xff, 0xff, 0xff, 0x0f]),
            (u64::MAX, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ];
        for (number, form) in known {
            let mut expected = form.iter();
            encode(number, |byte| assert_eq!(Some(&byte), expected.next(), "{number}"));
            assert_eq!(expected.len(), 0, "{number}");
            let mut out = [0x55; 11];
            assert_eq!(write(number, &mut out), Some(form.len()));
            assert_eq!((&out[..form.len()], out[form.len()]), (form, 0x55), "{number}");
            assert_eq!(write(number, &mut out[..form.len() - 1]), None);
        }
    }

    #[test]
    fn signs_alternate() {
        let known = [(0, 0), (-1, 1), (1, 2), (-64, 127), (64, 128)];
        let ends = [(i64::MAX, u64::MAX - 1), (i64::MIN, u64::MAX)];
        for (number, raw) in known.into_iter().chain(ends) {
            assert_eq!((zigzag(number), unzigzag(raw)), (raw, number));
        }
    }
}
