//! Members of objects that are read once in a while, one by one.

use super::{JsonError, JsonReader, JsonText, Kind};

/// Calls `member` with the name of each member of an object, whose value it reads. What is no
/// object is passed over.
pub(crate) fn each<'m>(
    reader: &mut JsonReader<'m>,
    member: &mut dyn FnMut(JsonText<'m>, &mut JsonReader<'m>) -> Result<(), JsonError>,
) -> Result<(), JsonError> {
    if reader.kind()? != Kind::Object {
        return reader.skip_value().map(drop);
    }
    reader.begin_object()?;
    let mut first = true;
    while let Some(name) = reader.next_member(&mut first)? {
        member(name, reader)?;
    }
    Ok(())
}

/// A value that should be a string.
#[cfg(feature = "resources")]
pub(crate) fn text<'m>(reader: &mut JsonReader<'m>) -> Result<Option<JsonText<'m>>, JsonError> {
    if reader.kind()? == Kind::String {
        return reader.string().map(Some);
    }
    reader.skip_value().map(|_| None)
}

/// The text of the member of this name, if the value is an object that has it.
#[must_use]
pub fn member<'m>(object: &'m [u8], name: &[u8]) -> Option<&'m [u8]> {
    let mut found = None;
    each(&mut JsonReader::new(object), &mut |other, reader| {
        let value = reader.skip_value()?;
        if other.is(name) {
            found = Some(value);
        }
        Ok(())
    })
    .ok()?;
    found
}
