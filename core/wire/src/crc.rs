//! CRC-32 as in IEEE 802.3 (reflected polynomial 0xEDB88320, `CRC-32/ISO-HDLC`).
//!
//! On a microcontroller a table of sixteen entries costs 64 bytes of flash and about ten
//! instructions a byte: the point between one bit and one byte at a time that suits short frames.
//! Under an operating system, and where tags make every message twenty bytes longer, the table has
//! 256 entries.

/// Bits that one look-up deals with.
const BITS: u32 = match () {
    () if cfg!(any(not(target_os = "none"), feature = "secure")) => 8,
    () => 4,
};

/// The polynomial, its highest power last.
const POLYNOMIAL: u32 = 0xedb8_8320;

static TABLE: [u32; 1 << BITS] = {
    let mut table = [0; 1 << BITS];
    let mut i = 0;
    while i < table.len() {
        let mut value = i as u32;
        let mut bit = 0;
        while bit < BITS {
            value = shifted(value);
            bit += 1;
        }
        table[i] = value;
        i += 1;
    }
    table
};

/// The checksum after one more bit.
const fn shifted(crc: u32) -> u32 {
    (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg())
}

/// The checksum of `bytes`.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc = step(crc ^ u32::from(byte));
        // Written out, since a loop of two would count them.
        if BITS == 4 {
            crc = step(crc);
        }
    }
    !crc
}

#[inline]
fn step(crc: u32) -> u32 {
    (crc >> BITS) ^ TABLE[crc as usize & (TABLE.len() - 1)]
}
