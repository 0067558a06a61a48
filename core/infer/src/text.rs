//! Short text put together without a heap.

use core::fmt::{self, Write as _};

/// At most `N` bytes of text; what does not fit is left out, from the first piece that does not.
#[derive(Debug)]
pub(crate) struct FixedText<const N: usize> {
    bytes: [u8; N],
    used: usize,
}

impl<const N: usize> FixedText<N> {
    /// The text of `format_args!`.
    pub(crate) fn of(arguments: fmt::Arguments<'_>) -> Self {
        let mut text = Self { bytes: [0; N], used: 0 };
        // The error says only that the text was cut short.
        let _ = text.write_fmt(arguments);
        text
    }

    pub(crate) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.used).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Write for FixedText<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.used.saturating_add(text.len());
        let place = self.bytes.get_mut(self.used..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.used = end;
        Ok(())
    }
}
