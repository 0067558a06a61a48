//! Members of messages as bytes: the part of postcard's format that messages use.
//!
//! A number is an unsigned LEB128 varint, a signed one zigzag first, a text or a run of bytes
//! stands behind its length. Written out here because a derived encoder costs a microcontroller
//! three times the flash; the tests hold it equal to the `postcard` crate.

/// Writes members. What does not fit leaves a mark, so that a message is looked at once.
#[derive(Debug)]
pub struct Writer<'b> {
    out: &'b mut [u8],
    at: usize,
    full: bool,
}

impl<'b> Writer<'b> {
    pub(crate) const fn new(out: &'b mut [u8]) -> Self {
        Self { out, at: 0, full: false }
    }

    /// How many bytes were written; `None` when something did not fit.
    pub(crate) fn finish(self) -> Option<usize> {
        (!self.full).then_some(self.at)
    }

    // Out of line, as all that has many callers.
    #[inline(never)]
    pub(crate) fn byte(&mut self, byte: u8) {
        match self.out.get_mut(self.at) {
            Some(place) => {
                *place = byte;
                self.at += 1;
            }
            None => self.full = true,
        }
    }

    #[inline(never)]
    pub(crate) fn number(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    #[inline(never)]
    pub(crate) fn long(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    pub(crate) fn signed(&mut self, number: i64) {
        self.long((number.wrapping_shl(1) ^ (number >> 63)).cast_unsigned());
    }

    pub(crate) fn array(&mut self, bytes: &[u8]) {
        match self.out.get_mut(self.at..).and_then(|rest| rest.get_mut(..bytes.len())) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.at += bytes.len();
            }
            None => self.full = true,
        }
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        // A length past 32 bits could not fit into any buffer of a device either.
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.array(bytes);
    }
}

/// Reads members. `None` where the bytes are not what a [`Writer`] writes.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    #[inline(never)]
    pub(crate) fn number(&mut self) -> Option<u32> {
        // Most numbers of a call are below 128.
        match self.rest.split_first() {
            Some((&byte, rest)) if byte < 0x80 => {
                self.rest = rest;
                return Some(u32::from(byte));
            }
            _ => {}
        }
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            if shift == 28 && byte > 0x0f {
                return None;
            }
            number |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(crate) fn short(&mut self) -> Option<u16> {
        // No more bytes than 16 bits need, as for the wider ones.
        let before = self.rest.len();
        let number = self.number()?;
        if before - self.rest.len() > 3 { None } else { u16::try_from(number).ok() }
    }

    #[inline(never)]
    pub(crate) fn long(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                return None;
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        let raw = self.long()?;
        Some((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*array)
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.bytes()?).ok()
    }
}
