//! Linear memory of a module, read as the C structures of a 32-bit chip. No pointer is trusted.

use crate::error::{Error, Result};

/// Linear memory, as it is now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear<'m>(pub(crate) &'m [u8]);

/// A structure in it, whose bytes are all there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'m>(&'m [u8]);

impl<'m> Linear<'m> {
    /// `size` bytes at an address; none where there are fewer.
    pub(crate) fn bytes(self, at: u32, size: u32) -> Option<&'m [u8]> {
        let (at, size) = (usize::try_from(at).ok()?, usize::try_from(size).ok()?);
        self.0.get(at..at.checked_add(size)?)
    }

    /// A structure of `size` bytes; `what` it is, for the error.
    pub(crate) fn record(self, at: u32, size: u32, what: &str) -> Result<Record<'m>> {
        if at == 0 {
            return Err(Error::Table(format!("the pointer to {what} is NULL")));
        }
        let bytes = self.bytes(at, size);
        bytes.map(Record).ok_or_else(|| self.outside(what, at, size))
    }

    /// A text; NULL with size 0 is the empty one.
    pub(crate) fn text(self, at: u32, size: u32, what: &str) -> Result<&'m str> {
        if size == 0 {
            return Ok("");
        }
        let bytes = self.bytes(at, size).filter(|_| at != 0);
        let bytes = bytes.ok_or_else(|| self.outside(what, at, size))?;
        std::str::from_utf8(bytes).map_err(|_| Error::Table(format!("{what} is no UTF-8")))
    }

    /// The text from an address to its zero byte, of at most `most` bytes.
    pub(crate) fn until_zero(self, at: u32, most: usize, what: &str) -> Result<&'m str> {
        let rest = self.bytes(at, 0).and_then(|_| self.0.get(usize::try_from(at).ok()?..));
        let rest = rest.ok_or_else(|| self.outside(what, at, 0))?;
        let end = rest.iter().take(most + 1).position(|byte| *byte == 0);
        let Some(bytes) = end.and_then(|end| rest.get(..end)) else {
            return Err(Error::Table(format!("{what} has no zero byte in its {most} bytes")));
        };
        std::str::from_utf8(bytes).map_err(|_| Error::Table(format!("{what} is no UTF-8")))
    }

    fn outside(self, what: &str, at: u32, size: u32) -> Error {
        let has = self.0.len();
        Error::Table(format!("{what}, {size} bytes at {at}, is not in its {has} bytes of memory"))
    }
}

impl<'m> Record<'m> {
    fn chunk<const N: usize>(&self, at: usize) -> [u8; N] {
        // The offsets are those of the structure, whose bytes were counted.
        self.0.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
    }

    pub(crate) fn byte(&self, at: usize) -> u8 {
        u8::from_le_bytes(self.chunk(at))
    }

    pub(crate) fn half(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.chunk(at))
    }

    pub(crate) fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.chunk(at))
    }

    pub(crate) fn long(&self, at: usize) -> i64 {
        i64::from_le_bytes(self.chunk(at))
    }
}
