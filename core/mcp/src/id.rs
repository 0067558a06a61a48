//! Request ids and progress tokens: opaque, echoed byte for byte.

use crate::json::{JsonError, JsonReader, Kind, Scaled};

/// Longest id in bytes, quotes included, so that whoever keeps one knows its size.
pub const ID_MAX: usize = 256;

/// A string or an integer of the client's choice, as JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'a>(&'a [u8]);

impl<'a> Id<'a> {
    /// The text as received: `7`, or `"a-7"` with its quotes.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.0
    }

    /// An id whose text was kept from an earlier message; `None` if it is no id.
    #[must_use]
    pub fn from_raw(raw: &'a [u8]) -> Option<Self> {
        let mut reader = JsonReader::new(raw);
        let id = Self::read(&mut reader).ok()??;
        (reader.end().is_ok() && id.0.len() == raw.len()).then_some(id)
    }

    /// Reads an id; `None`, past the value, if it is no string or integer or is too long.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn read(reader: &mut JsonReader<'a>) -> Result<Option<Self>, JsonError> {
        if let [b'0'..=b'9', ..] = reader.rest() {
            let number = reader.number()?;
            let whole = number.small().is_some() || number.scaled(0) != Scaled::Inexact;
            return Ok((whole && number.raw().len() <= ID_MAX).then_some(Self(number.raw())));
        }
        let (id, rest) = Self::read_any(reader.rest())?;
        reader.go_on(rest);
        Ok(id)
    }

    #[inline(never)]
    fn read_any(rest: &'a [u8]) -> Result<(Option<Self>, &'a [u8]), JsonError> {
        let mut reader = JsonReader::new(rest);
        let is_id = match reader.kind()? {
            Kind::Number => reader.clone().number()?.scaled(0) != Scaled::Inexact,
            kind => kind == Kind::String,
        };
        let raw = reader.skip_value()?;
        Ok(((is_id && raw.len() <= ID_MAX).then_some(Self(raw)), reader.rest()))
    }
}
