//! Members of messages as bytes: the part of postcard's format that messages use.
//!
//! A number is an unsigned LEB128 varint, a signed one zigzag first, a text or a run of bytes
//! stands behind its length. Written out here because a derived encoder costs a microcontroller
//! three times the flash; the tests hold it equal to the `postcard` crate.
//!
//! Members that a later version appended to a message (`later_*`) are left out at its end while
//! they are zero or empty, and read as that where they are missing. So an older message is one of
//! this version, to the byte.

use trine_bits::varint;

/// Writes members. What does not fit leaves a mark, so that a message is looked at once.
#[derive(Debug)]
pub struct WireWriter<'b> {
    out: &'b mut [u8],
    /// Where the message starts.
    from: usize,
    /// Where it ends so far, [`FULL`] when something did not fit.
    at: usize,
    /// Zero bytes of appended members, to be written only if a member follows that is not zero.
    zeros: u8,
}

/// No buffer has such a place.
const FULL: usize = usize::MAX;

impl<'b> WireWriter<'b> {
    /// A writer at the start of `out`.
    #[must_use]
    pub const fn new(out: &'b mut [u8]) -> Self {
        Self { out, from: 0, at: 0, zeros: 0 }
    }

    /// Gives it another buffer.
    pub const fn set_buffer(&mut self, out: &'b mut [u8]) {
        self.out = out;
    }

    /// Starts a message at byte `at` of the buffer.
    pub const fn start(&mut self, at: usize) -> &mut Self {
        (self.from, self.at, self.zeros) = (at, at, 0);
        self
    }

    /// Where the message starts in the buffer.
    #[must_use]
    pub const fn from(&self) -> usize {
        self.from
    }

    /// The message; `None` when something did not fit.
    #[must_use]
    pub fn written(&self) -> Option<&[u8]> {
        self.out.get(self.from..self.at)
    }

    /// The whole buffer.
    #[must_use]
    pub const fn buffer(&self) -> &[u8] {
        self.out
    }

    /// The whole buffer.
    pub const fn buffer_mut(&mut self) -> &mut [u8] {
        self.out
    }

    /// How many bytes were written; `None` when something did not fit.
    pub(crate) fn finish(self) -> Option<usize> {
        Some(self.written()?.len())
    }

    /// Leaves the mark of what does not fit.
    #[cfg(not(all(
        feature = "content",
        feature = "factory",
        feature = "progress",
        feature = "secure",
        feature = "status"
    )))]
    pub(crate) const fn refuse(&mut self) {
        self.at = FULL;
    }

    /// Takes the next `len` bytes of the buffer into the message as they are, and answers them;
    /// none when they do not fit.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn place(&mut self, len: usize) -> &mut [u8] {
        // Where it is full already the end comes before the start.
        let end = self.at.wrapping_add(len);
        let place = self.out.get_mut(self.at..end);
        self.at = if place.is_some() { end } else { FULL };
        place.unwrap_or_default()
    }

    /// One byte.
    // Out of line on a microcontroller, as all that has many callers. Each answers the writer
    // itself, which is then in place for the next member.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        match self.out.get_mut(self.at) {
            Some(place) => {
                *place = byte;
                self.at += 1;
            }
            None => self.at = FULL,
        }
        self
    }

    /// A number of at most 32 bits.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn number(&mut self, number: u32) -> &mut Self {
        // By way of the longer ones, which needs half the code.
        #[cfg(not(feature = "short"))]
        return self.long(number.into());
        #[cfg(feature = "short")]
        {
            let mut number = number;
            // In 32 bits, which a call has many of.
            while number >= 0x80 {
                self.byte(number as u8 | 0x80);
                number >>= 7;
            }
            self.byte(number as u8)
        }
    }

    /// A number of at most 16 bits.
    pub fn short(&mut self, number: u16) -> &mut Self {
        self.number(u32::from(number))
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn long(&mut self, number: u64) -> &mut Self {
        varint::encode(number, |byte| _ = self.byte(byte));
        self
    }

    /// A signed number.
    pub fn signed(&mut self, number: i64) -> &mut Self {
        self.long(varint::zigzag(number))
    }

    /// Bytes without their length.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn array(&mut self, bytes: &[u8]) -> &mut Self {
        // The lengths are equal, which `copy_from_slice` would look at once more.
        self.place(bytes.len()).iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        self
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        // A length past 32 bits could not fit into any buffer of a device either.
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).array(bytes)
    }

    /// Text behind its length.
    pub fn text(&mut self, text: &str) -> &mut Self {
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

    /// A byte that a later version appended.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn later_byte(&mut self, byte: u8) -> &mut Self {
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

/// Bytes that a number takes.
#[must_use]
#[cfg_attr(target_os = "none", inline(never))]
pub const fn size(number: usize) -> usize {
    // Seven bits a byte, and one byte for none. Up to 64 bits this is the division by seven.
    let bits = usize::BITS - (number | 1).leading_zeros();
    (((bits + 6) * 37) >> 8) as usize
}

/// Bytes that `len` bytes take behind their length.
pub(crate) const fn size_of_bytes(len: usize) -> usize {
    size(len) + len
}

/// Reads members one after another and looks once whether all of them were there: what is missing,
/// or is not what a [`WireWriter`] writes, reads as zero or empty and leaves a mark. A
/// microcontroller has no room to ask after each member.
///
/// ```
/// use trine_wire::codec::{Members, WireWriter};
///
/// let mut buffer = [0; 16];
/// let mut out = WireWriter::new(&mut buffer);
/// out.byte(7).number(300).text("fan");
/// let mut members = Members::new(out.written().ok_or("the buffer is too short")?);
/// assert_eq!((members.byte(), members.number(), members.text()), (7, 300, "fan"));
/// assert!(!members.is_broken());
/// assert_eq!(members.number(), 0);
/// assert!(members.is_broken());
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Members<'a> {
    rest: &'a [u8],
    is_broken: bool,
}

impl<'a> Members<'a> {
    /// A reader at the start of a message.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, is_broken: false }
    }

    /// Whether a member was not there.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// What was not read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// `value`, if all members so far were there.
    pub fn complete<T>(&self, value: T) -> Option<T> {
        (!self.is_broken).then_some(value)
    }

    /// One byte.
    #[cfg_attr(target_os = "none", inline(never))]
    pub const fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.rest.split_first() else {
            self.is_broken = true;
            return 0;
        };
        self.rest = rest;
        byte
    }

    /// A number of at most `max`, which is that of 16 or 32 bits, in as many bytes as such numbers
    /// need at most.
    #[cfg_attr(target_os = "none", inline(never))]
    const fn varint(&mut self, mut max: u32) -> u32 {
        // Most numbers of a call are below 128.
        #[cfg(feature = "short")]
        if let [byte @ 0..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return *byte as u32;
        }
        let (mut number, mut factor) = (0_u32, 1_u32);
        loop {
            let byte = self.byte() as u32;
            // Of the last byte only some bits may be set, and never the one that says more.
            if byte > max {
                self.is_broken = true;
                return 0;
            }
            number |= (byte & 0x7f).wrapping_mul(factor);
            if byte < 0x80 {
                return number;
            }
            factor <<= 7;
            max >>= 7;
        }
    }

    /// A number of at most 32 bits.
    pub const fn number(&mut self) -> u32 {
        self.varint(u32::MAX)
    }

    /// A number of at most 16 bits.
    pub const fn short(&mut self) -> u16 {
        self.varint(u16::MAX as u32) as u16
    }

    /// `len` bytes.
    #[cfg_attr(target_os = "none", inline(never))]
    pub const fn take(&mut self, len: usize) -> &'a [u8] {
        let Some((bytes, rest)) = self.rest.split_at_checked(len) else {
            self.is_broken = true;
            return &[];
        };
        self.rest = rest;
        bytes
    }

    /// Bytes behind their length.
    pub const fn bytes(&mut self) -> &'a [u8] {
        let len = self.number();
        self.take(len as usize)
    }

    /// Text behind its length.
    pub fn text(&mut self) -> &'a str {
        let text = core::str::from_utf8(self.bytes());
        self.is_broken |= text.is_err();
        text.unwrap_or_default()
    }

    /// `N` bytes.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        // There are fewer only where the mark is left.
        <[u8; N]>::try_from(self.take(N)).unwrap_or([0; N])
    }

    /// Whether the message ends here, so that all members from here on are zero or empty.
    #[must_use]
    pub const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// A byte, or 0 where the message ends before it.
    pub const fn later_byte(&mut self) -> u8 {
        if self.is_at_end() { 0 } else { self.byte() }
    }

    /// A number of at most 32 bits, or 0 where the message ends before it.
    pub const fn later_number(&mut self) -> u32 {
        if self.is_at_end() { 0 } else { self.number() }
    }

    /// A number of at most 16 bits, or 0 where the message ends before it.
    pub const fn later_short(&mut self) -> u16 {
        if self.is_at_end() { 0 } else { self.short() }
    }

    /// Bytes behind their length, or none where the message ends before it.
    pub const fn later_bytes(&mut self) -> &'a [u8] {
        if self.is_at_end() { &[] } else { self.bytes() }
    }

    /// Text behind its length, or none where the message ends before it.
    pub fn later_text(&mut self) -> &'a str {
        if self.is_at_end() { "" } else { self.text() }
    }

    /// `N` bytes, or zeros where the message ends before them.
    pub fn later_array<const N: usize>(&mut self) -> [u8; N] {
        if self.is_at_end() { [0; N] } else { self.array() }
    }
}

/// Reads members where each may decide what comes next: `None` where the bytes are not what a
/// [`WireWriter`] writes, and the reader then stays before them.
#[derive(Debug)]
pub struct WireReader<'a> {
    rest: &'a [u8],
}

impl<'a> WireReader<'a> {
    /// A reader at the start of a message.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What `read` reads, if it is there.
    #[inline]
    fn read<T>(&mut self, read: impl FnOnce(&mut Members<'a>) -> T) -> Option<T> {
        let mut members = Members::new(self.rest);
        let value = read(&mut members);
        let value = members.complete(value)?;
        self.rest = members.rest;
        Some(value)
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.read(Members::byte)
    }

    /// A number of at most 32 bits.
    pub fn number(&mut self) -> Option<u32> {
        self.read(Members::number)
    }

    /// A number of at most 16 bits.
    pub fn short(&mut self) -> Option<u16> {
        self.read(Members::short)
    }

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
        self.long().map(varint::unzigzag)
    }

    /// `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.read(Members::array)
    }

    /// Bytes behind their length.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        self.read(Members::bytes)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        self.read(Members::text)
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether the message ends here, so that all members from here on are zero or empty.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// A byte, or 0 where the message ends before it.
    pub fn later_byte(&mut self) -> Option<u8> {
        self.read(Members::later_byte)
    }

    pub(crate) fn later_number(&mut self) -> Option<u32> {
        self.read(Members::later_number)
    }

    pub(crate) fn later_bytes(&mut self) -> Option<&'a [u8]> {
        self.read(Members::later_bytes)
    }

    pub(crate) fn later_short(&mut self) -> Option<u16> {
        self.read(Members::later_short)
    }

    pub(crate) fn later_array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.read(Members::later_array)
    }
}
