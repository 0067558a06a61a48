//! CRC-32 as in IEEE 802.3 (reflected polynomial 0xEDB88320, `CRC-32/ISO-HDLC`).
//!
//! On a microcontroller a table of sixteen entries costs 64 bytes of flash and about ten
//! instructions a byte: the point between one bit and one byte at a time that suits short frames.
//! Where every message is longer by a tag, the table has 256 entries (feature `crc-table-256`).
//! Under an operating system eight tables take eight bytes at a time (Kounavis and Berry, 2005,
//! "slicing by 8"), for files of a gigabyte.

/// The polynomial, its highest power last.
const POLYNOMIAL: u32 = 0xedb8_8320;

static HALF_BYTES: [u32; 16] = table();
static BYTES: [u32; 256] = table();
/// The checksums of each byte, and of each byte with one to seven zeros after it.
static SLICES: [[u32; 256]; 8] = {
    let mut tables = [table(); 8];
    let mut at = 1;
    while at < tables.len() {
        let mut i = 0;
        while i < 256 {
            let before = tables[at - 1][i];
            tables[at][i] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            i += 1;
        }
        at += 1;
    }
    tables
};

/// The checksums of each value of as many bits as number the `N` entries.
const fn table<const N: usize>() -> [u32; N] {
    let mut table = [0; N];
    let mut i = 0;
    while i < N {
        let mut value = i as u32;
        let mut bit = 0;
        while bit < N.trailing_zeros() {
            value = (value >> 1) ^ (POLYNOMIAL & (value & 1).wrapping_neg());
            bit += 1;
        }
        table[i] = value;
        i += 1;
    }
    table
}

/// The CRC-32 of `bytes`.
///
/// ```
/// // The check value of the catalogue of CRC algorithms.
/// assert_eq!(trine_bits::crc32(b"123456789"), 0xcbf4_3926);
/// ```
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    !extended(u32::MAX, bytes)
}

/// A CRC-32 of bytes that come in pieces.
///
/// ```
/// use trine_bits::{Crc32, crc32};
///
/// let mut crc = Crc32::new();
/// crc.update(b"1234");
/// crc.update(b"56789");
/// assert_eq!(crc.sum(), crc32(b"123456789"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc32(u32);

impl Crc32 {
    /// The checksum of no bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self(u32::MAX)
    }

    /// Goes on with these bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0 = extended(self.0, bytes);
    }

    /// The checksum of the bytes so far.
    #[must_use]
    pub const fn sum(self) -> u32 {
        !self.0
    }
}

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}

#[inline]
fn extended(crc: u32, bytes: &[u8]) -> u32 {
    match () {
        () if cfg!(not(any(target_os = "none", trine_small))) => by_slices(crc, bytes),
        () if cfg!(feature = "crc-table-256") => by_table(&BYTES, crc, bytes),
        () => by_table(&HALF_BYTES, crc, bytes),
    }
}

#[inline]
fn by_table<const N: usize>(table: &[u32; N], mut crc: u32, bytes: &[u8]) -> u32 {
    let mut at = 0;
    if bytes.is_empty() {
        return crc;
    }
    // The end is looked for behind a byte, not before each and again behind it.
    loop {
        crc = step(table, crc ^ u32::from(bytes.get(at).copied().unwrap_or_default()));
        // Written out, since a loop of two would count them.
        if N == 16 {
            crc = step(table, crc);
        }
        at += 1;
        if at >= bytes.len() {
            return crc;
        }
    }
}

/// Eight or four bits further.
#[inline]
const fn step<const N: usize>(table: &[u32; N], crc: u32) -> u32 {
    (crc >> N.trailing_zeros()) ^ table[crc as usize & (N - 1)]
}

#[inline]
fn by_slices(mut crc: u32, bytes: &[u8]) -> u32 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    for &[a, b, c, d, e, f, g, h] in chunks {
        crc ^= u32::from_le_bytes([a, b, c, d]);
        let [a, b, c, d] = crc.to_le_bytes();
        let bytes = SLICES.iter().zip([h, g, f, e, d, c, b, a]);
        crc = bytes.fold(0, |crc, (table, byte)| crc ^ table[usize::from(byte)]);
    }
    by_table(&BYTES, crc, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By definition, a bit at a time.
    fn plain(bytes: &[u8]) -> u32 {
        let step = |crc: u32, byte: &u8| {
            (0..8).fold(crc ^ u32::from(*byte), |crc: u32, _| match crc & 1 {
                0 => crc >> 1,
                _ => crc >> 1 ^ 0xedb8_8320,
            })
        };
        !bytes.iter().fold(u32::MAX, step)
    }

    #[test]
    fn sums_are_those_of_the_catalogue() {
        let known: [(&[u8], u32); 3] = [
            (b"", 0),
            (b"123456789", 0xcbf4_3926),
            (b"The quick brown fox jumps over the lazy dog", 0x414f_a339),
        ];
        for (bytes, sum) in known {
            assert_eq!((crc32(bytes), plain(bytes)), (sum, sum));
        }
    }

    #[test]
    fn every_table_and_every_cut_gives_the_same_sum() {
        let bytes: [u8; 67] = core::array::from_fn(|at| (at * 37) as u8);
        for len in 0..bytes.len() {
            let bytes = &bytes[..len];
            let ways = [
                !by_table(&HALF_BYTES, u32::MAX, bytes),
                !by_table(&BYTES, u32::MAX, bytes),
                !by_slices(u32::MAX, bytes),
            ];
            assert_eq!(ways, [plain(bytes); 3], "{len}");
            let mut crc = Crc32::default();
            let (before, after) = bytes.split_at(len / 3);
            crc.update(before);
            crc.update(after);
            assert_eq!(crc.sum(), plain(bytes), "{len}");
        }
    }
}
