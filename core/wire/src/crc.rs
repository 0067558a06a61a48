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
    let (mut crc, mut at) = (u32::MAX, 0);
    if bytes.is_empty() {
        return !crc;
    }
    // The end is looked for behind a byte, not before each and again behind it.
    loop {
        crc = step(crc ^ u32::from(bytes.get(at).copied().unwrap_or_default()));
        // Written out, since a loop of two would count them.
        if BITS == 4 {
            crc = step(crc);
        }
        at += 1;
        if at >= bytes.len() {
            return !crc;
        }
    }
}

#[inline]
fn step(crc: u32) -> u32 {
    (crc >> BITS) ^ TABLE[crc as usize & (TABLE.len() - 1)]
}
