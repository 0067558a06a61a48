//! CRC-32 as in IEEE 802.3 (reflected polynomial 0xEDB88320, `CRC-32/ISO-HDLC`).
//!
//! On a microcontroller a table of 64 bytes and two look-ups a byte; elsewhere eight tables and
//! eight bytes at a time (Kounavis and Berry, 2005, "slicing by 8"), for files of a gigabyte.

/// Whether the tables are to be small.
const SMALL: bool = cfg!(target_os = "none");
const BITS: u32 = if SMALL { 4 } else { 8 };
const TABLES: usize = if SMALL { 1 } else { 8 };

#[expect(clippy::indexing_slicing, reason = "computed while compiling")]
static TABLE: [[u32; 1 << BITS]; TABLES] = {
    let mut tables = [[0; 1 << BITS]; TABLES];
    let mut i = 0;
    while i < 1 << BITS {
        let mut value = i as u32;
        let mut bit = 0;
        while bit < BITS {
            value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        tables[0][i] = value;
        i += 1;
    }
    let mut table = 1;
    while table < TABLES {
        let mut i = 0;
        while i < 1 << BITS {
            let before = tables[table - 1][i];
            tables[table][i] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            i += 1;
        }
        table += 1;
    }
    tables
};

/// The checksum of `bytes`.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    if SMALL {
        for &byte in bytes {
            crc = step(step(crc ^ u32::from(byte)));
        }
        return !crc;
    }
    let (chunks, rest) = bytes.as_chunks::<8>();
    for &[a, b, c, d, e, f, g, h] in chunks {
        crc ^= u32::from_le_bytes([a, b, c, d]);
        let [a, b, c, d] = crc.to_le_bytes();
        let bytes = [h, g, f, e, d, c, b, a];
        crc = bytes.into_iter().enumerate().fold(0, |crc, (table, byte)| crc ^ at(table, byte));
    }
    for &byte in rest {
        crc = step(crc ^ u32::from(byte));
    }
    !crc
}

#[inline]
fn step(crc: u32) -> u32 {
    (crc >> BITS) ^ at(0, (crc & ((1 << BITS) - 1)) as u8)
}

#[inline]
fn at(table: usize, byte: u8) -> u32 {
    TABLE.get(table).and_then(|table| table.get(byte as usize)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn sums_are_those_of_the_catalogue() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"The quick brown fox jumps over the lazy dog"), 0x414f_a339);
    }
}
