//! The parameters of requests that concern no tool, read a second time: such requests are rare, and
//! the reader of all messages stays small.

use super::decoded;
use crate::error::Problem;
use crate::json::object::{each, text};
use crate::json::{JsonError, JsonReader, JsonText};

/// What a completion is of.
#[derive(Clone, Copy)]
pub(super) enum Reference<'m> {
    /// The prompt of this name.
    Prompt(JsonText<'m>),
    /// The template of this form.
    Template(JsonText<'m>),
}

/// The parameters, of all such methods.
#[derive(Clone, Copy, Default)]
pub(super) struct Request<'m> {
    uri: Option<JsonText<'m>>,
    pub(super) name: Option<JsonText<'m>>,
    /// The text of the arguments, an object.
    pub(super) arguments: Option<&'m [u8]>,
    pub(super) reference: Option<Reference<'m>>,
    /// Name and value of the argument that is to be completed.
    pub(super) argument: Option<(JsonText<'m>, JsonText<'m>)>,
}

impl<'m> Request<'m> {
    /// Reads the parameters of a message that was found to be JSON.
    pub(super) fn read(message: &'m [u8]) -> Result<Self, Problem<'m>> {
        let malformed = |error: JsonError| Problem::Json(error, 0);
        let mut request = Self::default();
        each(&mut JsonReader::new(message), &mut |name, reader| {
            if !name.is(b"params") {
                return reader.skip_value().map(drop);
            }
            each(reader, &mut |name, reader| request.member(name, reader))
        })
        .map_err(malformed)?;
        Ok(request)
    }

    fn member(&mut self, name: JsonText<'m>, reader: &mut JsonReader<'m>) -> Result<(), JsonError> {
        if name.is(b"uri") {
            self.uri = text(reader)?;
        } else if name.is(b"name") {
            self.name = text(reader)?;
        } else if name.is(b"arguments") {
            let value = reader.skip_value()?;
            self.arguments = matches!(value, [b'{', ..]).then_some(value);
        } else if name.is(b"ref") {
            let (mut kind, mut of, mut uri) = (None, None, None);
            each(reader, &mut |name, reader| {
                match () {
                    () if name.is(b"type") => kind = text(reader)?,
                    () if name.is(b"name") => of = text(reader)?,
                    () if name.is(b"uri") => uri = text(reader)?,
                    () => drop(reader.skip_value()?),
                }
                Ok(())
            })?;
            self.reference = match kind {
                Some(kind) if kind.is(b"ref/prompt") => of.map(Reference::Prompt),
                Some(kind) if kind.is(b"ref/resource") => uri.map(Reference::Template),
                _ => None,
            };
        } else if name.is(b"argument") {
            let (mut of, mut value) = (None, None);
            each(reader, &mut |name, reader| {
                match () {
                    () if name.is(b"name") => of = text(reader)?,
                    () if name.is(b"value") => value = text(reader)?,
                    () => drop(reader.skip_value()?),
                }
                Ok(())
            })?;
            self.argument = of.zip(value);
        } else {
            reader.skip_value()?;
        }
        Ok(())
    }

    /// The length of the address, which is decoded to the start of `args`.
    pub(super) fn uri(&self, args: &mut [u8]) -> Result<usize, Problem<'m>> {
        let Some(uri) = self.uri else { return Err(Problem::Params("uri must be a string")) };
        decoded(&uri, args)
    }
}
