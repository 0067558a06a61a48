//! The PNG stream: palette colours, 8 bits a pixel, not compressed.
//!
//! Sources: *Portable Network Graphics (PNG) Specification, Third Edition*, sections 5 (datastream)
//! and 11 (chunks); RFC 1950 (zlib header, Adler-32); RFC 1951 section 3.2.4 (stored blocks).
//! Nothing is compressed, because a stored block needs neither a window nor tables, and because
//! the length of the file is then known before its first byte.

use core::fmt;

use trine_bits::Crc32;
use trine_derive::Choice;

use super::ink::COLOURS;
use super::scene::Scene;

const ADLER_BASE: u32 = 65_521;

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n'];
const CHUNK_FRAME: u32 = 12; // Length, type and checksum of a chunk, four bytes each.
const IHDR_BYTES: u32 = 13;
const PLTE_BYTES: u32 = COLOURS as u32 * 3;
const IEND_BYTES: u32 = 0;
// zlib header (2), header of the one stored block (5); Adler-32 (4) comes after the pixels.
const ZLIB_HEADER: u32 = 7;
const ZLIB_FRAME: u32 = ZLIB_HEADER + 4;

/// Size of a picture.
#[derive(Choice, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// 64 x 48 pixels.
    #[default]
    Small,
    /// 160 x 120 pixels.
    Large,
}

impl Size {
    /// Width in pixels.
    #[must_use]
    pub const fn width(self) -> u32 {
        match self {
            Self::Small => 64,
            Self::Large => 160,
        }
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(self) -> u32 {
        match self {
            Self::Small => 48,
            Self::Large => 120,
        }
    }

    // Each row begins with a byte that names its filter.
    const fn raw_bytes(self) -> u32 {
        (self.width() + 1) * self.height()
    }

    const fn idat_bytes(self) -> u32 {
        self.raw_bytes() + ZLIB_FRAME
    }

    /// Length of the PNG file in bytes, which does not depend on the scene.
    #[must_use]
    pub const fn file_bytes(self) -> u32 {
        SIGNATURE.len() as u32
            + (CHUNK_FRAME + IHDR_BYTES)
            + (CHUNK_FRAME + PLTE_BYTES)
            + (CHUNK_FRAME + self.idat_bytes())
            + (CHUNK_FRAME + IEND_BYTES)
    }
}

// One stored block holds 65535 bytes at most (RFC 1951 section 3.2.4).
const _: () = assert!(Size::Large.raw_bytes() <= 0xFFFF);

/// A picture being read.
#[derive(Clone)]
pub struct Picture {
    scene: Scene,
    size: Size,
    position: u32,
    crc: Crc32,
    adler_low: u32,
    adler_high: u32,
}

const _: () = assert!(size_of::<Picture>() <= 64);

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Picture");
        out.field("scene", &self.scene).field("size", &self.size);
        out.field("position", &self.position).finish_non_exhaustive()
    }
}

impl Picture {
    /// A picture of a scene, not yet read.
    #[must_use]
    pub fn new(scene: Scene, size: Size) -> Self {
        Self { scene, size, position: 0, crc: Crc32::new(), adler_low: 1, adler_high: 0 }
    }

    /// Length of the PNG file in bytes.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.size.file_bytes()
    }

    /// Whether the file has no bytes, which no PNG file has.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the bytes of the file from `offset` on into `out` and tells how many, 0 at its end.
    ///
    /// Reading on from where the last call stopped costs nothing extra. Any other offset is right
    /// as well, but the bytes before it are computed again.
    pub fn read(&mut self, offset: u32, out: &mut [u8]) -> usize {
        let end = self.len();
        if offset < self.position {
            *self = Self::new(self.scene, self.size);
        }
        while self.position < offset.min(end) {
            self.next_byte();
        }
        let mut count = 0;
        for byte in out {
            if self.position >= end {
                break;
            }
            *byte = self.next_byte();
            count += 1;
        }
        count
    }

    fn next_byte(&mut self) -> u8 {
        let at = self.position;
        self.position += 1;
        if let Some(&byte) = SIGNATURE.get(at as usize) {
            return byte;
        }
        let mut at = at - SIGNATURE.len() as u32;
        for (kind, bytes) in
            [(*b"IHDR", IHDR_BYTES), (*b"PLTE", PLTE_BYTES), (*b"IDAT", self.size.idat_bytes())]
        {
            if at < bytes + CHUNK_FRAME {
                return self.chunk_byte(at, kind, bytes);
            }
            at -= bytes + CHUNK_FRAME;
        }
        self.chunk_byte(at, *b"IEND", IEND_BYTES)
    }

    // A chunk is its length, its type, its data, and the CRC-32 of type and data.
    fn chunk_byte(&mut self, at: u32, kind: [u8; 4], bytes: u32) -> u8 {
        if at < 4 {
            self.crc = Crc32::new();
            return be_byte(bytes, at);
        }
        if at >= bytes + 8 {
            return be_byte(self.crc.sum(), at - bytes - 8);
        }
        let byte = if at < 8 {
            be_byte(u32::from_be_bytes(kind), at - 4)
        } else {
            match kind {
                [b'I', b'H', ..] => self.header_byte(at - 8),
                [b'P', ..] => self.palette_byte(at - 8),
                _ => self.data_byte(at - 8),
            }
        };
        self.crc.update(&[byte]);
        byte
    }

    // Width, height, 8 bits a pixel, colour type 3 (palette), deflate, no filter set, no interlace.
    const fn header_byte(&self, at: u32) -> u8 {
        match at {
            0..4 => be_byte(self.size.width(), at),
            4..8 => be_byte(self.size.height(), at - 4),
            8 => 8,
            9 => 3,
            _ => 0,
        }
    }

    fn palette_byte(&self, at: u32) -> u8 {
        let [red, green, blue] = self.scene.colour(at / 3);
        match at % 3 {
            0 => red,
            1 => green,
            _ => blue,
        }
    }

    fn data_byte(&mut self, at: u32) -> u8 {
        let raw_bytes = self.size.raw_bytes();
        if at < ZLIB_HEADER {
            let [length_low, length_high, ..] = raw_bytes.to_le_bytes();
            return match at {
                0 => 0x78, // deflate with a 32 KiB window
                // 0: fastest level, and the check bits that make 0x7801 a multiple of 31.
                // 2: a final block, stored.
                1 | 2 => 0x01,
                3 => length_low,
                4 => length_high,
                5 => !length_low,
                _ => !length_high,
            };
        }
        let at = at - ZLIB_HEADER;
        if at >= raw_bytes {
            return be_byte(self.adler_high << 16 | self.adler_low, at - raw_bytes);
        }
        let row_bytes = self.size.width() + 1;
        let (row, column) = (at / row_bytes, at % row_bytes);
        // Filter type 0: the row is not filtered.
        let byte = if column == 0 { 0 } else { self.pixel(column - 1, row) };
        self.adler_low = folded(self.adler_low + u32::from(byte));
        self.adler_high = folded(self.adler_high + self.adler_low);
        byte
    }

    // Both sizes show the same canvas of 160 x 120; the small one takes every fifth half pixel.
    const fn pixel(&self, x: u32, y: u32) -> u8 {
        let (x, y) = match self.size {
            Size::Small => ((x * 5 + 2) / 2, (y * 5 + 2) / 2),
            Size::Large => (x, y),
        };
        self.scene.ink(x as i32, y as i32) as u8
    }
}

// The remainder by the Adler base of a sum below twice that base.
const fn folded(sum: u32) -> u32 {
    if sum >= ADLER_BASE { sum - ADLER_BASE } else { sum }
}

// Byte `at` of a number in network order.
const fn be_byte(number: u32, at: u32) -> u8 {
    (number >> (24 - 8 * (at & 3))) as u8
}
