//! Lists of strings as they lie in a file.

/// Strings one after another, each behind its length in 8 little-endian bytes.
///
/// It is how GGUF stores an array of strings, so that a vocabulary is used where it lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strings<'a> {
    /// How many there are.
    pub count: u32,
    /// Their lengths and bytes.
    pub bytes: &'a [u8],
}

#[cfg(feature = "bpe")]
impl<'a> Strings<'a> {
    /// The string that begins `offset` bytes into the list, and where the next one does.
    pub(super) fn at(&self, offset: u32) -> Option<(&'a [u8], u32)> {
        let start = usize::try_from(offset).ok()?;
        let (length, rest) = self.bytes.get(start..)?.split_first_chunk()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let string = rest.get(..length)?;
        let end = start.checked_add(8)?.checked_add(length)?;
        Some((string, u32::try_from(end).ok()?))
    }

    /// The strings with their offsets. They end early where the list is cut short.
    pub(super) fn iter(self) -> impl Iterator<Item = (u32, &'a [u8])> {
        let mut offset = 0;
        (0..self.count).map_while(move |_| {
            let (string, next) = self.at(offset)?;
            Some((core::mem::replace(&mut offset, next), string))
        })
    }
}

#[cfg(feature = "gguf")]
impl<'a> From<crate::gguf::Array<'a>> for Strings<'a> {
    /// An array of something else has no strings.
    fn from(array: crate::gguf::Array<'a>) -> Self {
        match (array.kind(), u32::try_from(array.count())) {
            (crate::gguf::Kind::String, Ok(count)) => Self { count, bytes: array.bytes() },
            _ => Self::default(),
        }
    }
}
