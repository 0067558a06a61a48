//! Members that a device adds to an object.

use super::object::{each, member};
use super::{JsonReader, JsonWriter};

/// Members that a device adds to a schema: a JSON object on one line, or none.
#[derive(Clone, Copy)]
pub(crate) struct Added<'a>(&'a [u8]);

impl<'a> Added<'a> {
    pub(crate) fn of(members: Option<&'a str>) -> Self {
        let members = members.unwrap_or_default().as_bytes();
        let mut reader = JsonReader::new(members);
        let is_sound = reader.skip_value().is_ok() && reader.end().is_ok();
        // A message is a line.
        let is_line = !members.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
        Self(if is_sound && is_line { members } else { b"{}" })
    }

    pub(crate) fn has(self, name: &[u8]) -> bool {
        member(self.0, name).is_some()
    }

    /// Writes them behind others, but for those of these names, which are the host's own.
    pub(crate) fn write(self, kept: &[&[u8]], out: &mut JsonWriter<'_>) {
        let written = each(&mut JsonReader::new(self.0), &mut |name, reader| {
            let value = reader.skip_value()?;
            if !kept.iter().any(|kept| name.is(kept)) {
                out.raw(b",\"");
                out.raw(name.raw());
                out.raw(b"\":");
                out.raw(value);
            }
            Ok(())
        });
        // It was read whole before.
        debug_assert!(written.is_ok());
    }

    /// Writes one of them behind others, if it is there.
    #[cfg(feature = "extras")]
    pub(crate) fn write_one(self, name: &[u8], out: &mut JsonWriter<'_>) {
        if let Some(value) = member(self.0, name) {
            out.raw(b",\"");
            out.raw(name);
            out.raw(b"\":");
            out.raw(value);
        }
    }
}
