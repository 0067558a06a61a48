//! Little-endian numbers and strings, one after another.

use super::error::Reason;

/// What is left to read.
#[derive(Clone, Debug)]
pub(super) struct GgufReader<'a> {
    rest: &'a [u8],
}

impl<'a> GgufReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(taken)
    }

    /// The bytes of a number.
    pub(super) fn number<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        let (number, rest) = self.rest.split_first_chunk().ok_or(Reason::End)?;
        self.rest = rest;
        Ok(*number)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Reason> {
        self.number().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Reason> {
        self.number().map(u64::from_le_bytes)
    }

    /// A string: its length in 8 bytes, then its bytes.
    pub(super) fn string(&mut self) -> Result<&'a [u8], Reason> {
        let length = self.u64()?;
        let bytes = usize::try_from(length).ok().and_then(|length| self.take(length));
        bytes.ok_or(Reason::Length(length))
    }
}
