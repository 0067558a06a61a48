//! Members of messages as bytes: the part of postcard's format that messages use.
//!
//! A number is an unsigned LEB128 varint, a signed one zigzag first, a text or a run of bytes
//! stands behind its length. Written out here because a derived encoder costs a microcontroller
//! three times the flash; the tests hold it equal to the `postcard` crate.
//!
//! Members that a later version appended to a message (`later_*`) are left out at its end while
//! they are zero or empty, and read as that where they are missing. So an older message is one of
//! this version, to the byte.

/// Writes members. What does not fit leaves a mark, so that a message is looked at once.
#[derive(Debug)]
pub struct Writer<'b> {
    out: &'b mut [u8],
    at: usize,
    full: bool,
    /// Zero bytes of appended members, to be written only if a member follows that is not zero.
    zeros: u8,
}

impl<'b> Writer<'b> {
    pub(crate) const fn new(out: &'b mut [u8]) -> Self {
        Self { out, at: 0, full: false, zeros: 0 }
    }

    /// How many bytes were written; `None` when something did not fit.
    pub(crate) fn finish(self) -> Option<usize> {
        (!self.full).then_some(self.at)
    }

    /// Leaves the mark of what does not fit.
    #[cfg(not(all(
        feature = "content",
        feature = "factory",
        feature = "progress",
        feature = "secure",
        feature = "status"
    )))]
    pub(crate) const fn refuse(&mut self) -> &mut Self {
        self.full = true;
        self
    }

    // Out of line on a microcontroller, as all that has many callers. Each answers the writer
    // itself, which is then in place for the next member.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn byte(&mut self, byte: u8) -> &mut Self {
        match self.out.get_mut(self.at) {
            Some(place) => {
                *place = byte;
                self.at += 1;
            }
            None => self.full = true,
        }
        self
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn number(&mut self, mut number: u32) -> &mut Self {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8)
    }

    pub(crate) fn short(&mut self, number: u16) -> &mut Self {
        self.number(u32::from(number))
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn long(&mut self, mut number: u64) -> &mut Self {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8)
    }

    pub(crate) fn signed(&mut self, number: i64) -> &mut Self {
        self.long((number.wrapping_shl(1) ^ (number >> 63)).cast_unsigned())
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn array(&mut self, bytes: &[u8]) -> &mut Self {
        match self.out.get_mut(self.at..).and_then(|rest| rest.get_mut(..bytes.len())) {
            Some(place) => {
                // The lengths are equal, which `copy_from_slice` would look at once more.
                place.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                self.at += bytes.len();
            }
            None => self.full = true,
        }
        self
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        // A length past 32 bits could not fit into any buffer of a device either.
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).array(bytes)
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Whether an appended member of `len` bytes is put off because it is zero.
    #[cfg_attr(target_os = "none", inline(never))]
    fn put_off(&mut self, is_zero: bool, len: usize) -> bool {
        if is_zero {
            self.zeros += len as u8;
            return true;
        }
        while self.zeros > 0 {
            self.zeros -= 1;
            self.byte(0);
        }
        false
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn later_number(&mut self, number: u32) -> &mut Self {
        if self.put_off(number == 0, 1) { self } else { self.number(number) }
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn later_byte(&mut self, byte: u8) -> &mut Self {
        if self.put_off(byte == 0, 1) { self } else { self.byte(byte) }
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn later_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        if self.put_off(bytes.is_empty(), 1) { self } else { self.bytes(bytes) }
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn later_array(&mut self, bytes: &[u8]) -> &mut Self {
        let is_zero = bytes.iter().all(|&byte| byte == 0);
        if self.put_off(is_zero, bytes.len()) { self } else { self.array(bytes) }
    }
}

/// Bytes that `len` bytes take behind their length.
pub(crate) const fn size_of_bytes(len: usize) -> usize {
    let (mut size, mut rest) = (1 + len, len >> 7);
    while rest > 0 {
        size += 1;
        rest >>= 7;
    }
    size
}

/// Reads members. `None` where the bytes are not what a [`Writer`] writes.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the start of a message.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    /// A number of at most 32 bits.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn number(&mut self) -> Option<u32> {
        // Most numbers of a call are below 128.
        match self.rest.split_first() {
            Some((&byte, rest)) if byte < 0x80 => {
                self.rest = rest;
                Some(u32::from(byte))
            }
            _ => self.large(),
        }
    }

    #[inline(never)]
    fn large(&mut self) -> Option<u32> {
        // The last byte is the first without its top bit; the highest bits are in it.
        let last = self.rest.iter().position(|&byte| byte < 0x80).filter(|&last| last < 5)?;
        let (bytes, rest) = self.rest.split_at_checked(last + 1)?;
        let mut number = 0;
        for &byte in bytes.iter().rev() {
            if number >> 25 != 0 {
                return None;
            }
            number = number << 7 | u32::from(byte & 0x7f);
        }
        self.rest = rest;
        Some(number)
    }

    /// A number of at most 16 bits.
    pub fn short(&mut self) -> Option<u16> {
        // No more bytes than 16 bits need, as for the wider ones.
        let before = self.rest.len();
        let number = self.number()?;
        if before - self.rest.len() > 3 { None } else { u16::try_from(number).ok() }
    }

    #[cfg_attr(target_os = "none", inline(never))]
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

    /// `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*array)
    }

    /// Bytes behind their length.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    #[cfg(feature = "packet")]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether the message ends here, so that all members from here on are zero or empty.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// A byte, or 0 where the message ends before it.
    pub fn later_byte(&mut self) -> Option<u8> {
        if self.is_at_end() { Some(0) } else { self.byte() }
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn later_number(&mut self) -> Option<u32> {
        if self.is_at_end() { Some(0) } else { self.number() }
    }

    pub(crate) fn later_short(&mut self) -> Option<u16> {
        if self.is_at_end() { Some(0) } else { self.short() }
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn later_bytes(&mut self) -> Option<&'a [u8]> {
        if self.is_at_end() { Some(&[]) } else { self.bytes() }
    }

    pub(crate) fn later_text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.later_bytes()?).ok()
    }

    pub(crate) fn later_array<const N: usize>(&mut self) -> Option<[u8; N]> {
        if self.is_at_end() { Some([0; N]) } else { self.array() }
    }
}
