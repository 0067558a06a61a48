//! CRC-32 as in IEEE 802.3 (reflected polynomial 0xEDB88320, `CRC-32/ISO-HDLC`).
//!
//! On a microcontroller a table of sixteen entries costs 64 bytes of flash and about ten
//! instructions a byte: the point between one bit and one byte at a time that suits short frames.
//! Under an operating system, and where tags make every message twenty bytes longer, the table has
//! 256 entries.

/// Bits that one look-up deals with.
const BITS: u32 = if cfg!(all(target_os = "none", not(feature = "secure"))) { 4 } else { 8 };

static TABLE: [u32; 1 << BITS] = {
    let mut table = [0; 1 << BITS];
    let mut i = 0;
    while i < table.len() {
        let mut value = i as u32;
        let mut bit = 0;
        while bit < BITS {
            value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[i] = value;
        i += 1;
    }
    table
};

/// The checksum of `bytes`.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc = step(crc ^ u32::from(byte));
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
