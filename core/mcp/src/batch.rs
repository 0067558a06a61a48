//! Arrays of messages, which 2025-03-26 allows and no other revision does.

use crate::json::{JsonError, JsonReader};

/// The messages of an array, made by [`crate::McpEngine::receive`] after it has checked the whole.
///
/// The caller passes each to [`crate::McpEngine::receive_one`] and joins what is answered into one
/// array: `[`, the responses with commas between, `]`; nothing at all if none is answered.
#[derive(Clone, Debug)]
pub struct Batch<'m> {
    reader: JsonReader<'m>,
    first: bool,
}

impl<'m> Batch<'m> {
    /// Checks that `message` is an array, and opens it. `None` if it has no element.
    pub(crate) fn open(message: &'m [u8]) -> Result<Option<Self>, (JsonError, usize)> {
        let mut check = JsonReader::new(message);
        check.skip_value().and_then(|_| check.end()).map_err(|error| (error, check.position()))?;
        let mut reader = JsonReader::new(message);
        let opened = reader.begin_array().and_then(|()| reader.clone().next_element(&mut true));
        match opened {
            Ok(filled) => Ok(filled.then_some(Self { reader, first: true })),
            Err(error) => Err((error, reader.position())),
        }
    }
}

impl<'m> Iterator for Batch<'m> {
    type Item = &'m [u8];

    fn next(&mut self) -> Option<&'m [u8]> {
        // The text was checked, so nothing but the end stops here.
        self.reader.next_element(&mut self.first).ok().filter(|more| *more)?;
        self.reader.skip_value().ok()
    }
}
