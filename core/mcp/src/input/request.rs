//! Requests of a server's own, which it sends in a session of an older revision.

use super::InputRequest;
use crate::json::object::each;
use crate::json::writer::NeedBytes;
use crate::json::{JsonReader, JsonWriter};
use crate::{Id, Version};

/// Writes a request to the client of a session, under an id of the server's own.
///
/// # Errors
/// [`NeedBytes`] if `out` is too small.
pub fn request(
    id: Id<'_>,
    version: Version,
    request: &InputRequest<'_>,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    out.raw(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.raw(id.raw());
    out.raw(b",");
    request.write(version.has_modes(), &mut out);
    out.raw(b"}");
    out.finish()
}

/// A client's answer to such a request.
#[derive(Clone, Copy, Debug)]
pub struct Response<'m> {
    /// Id of the request.
    pub id: Id<'m>,
    /// The result, which [`super::Answer::read`] reads; `None` where it is an error.
    pub result: Option<&'m [u8]>,
    /// The code of the error.
    pub code: Option<i32>,
}

impl<'m> Response<'m> {
    /// The code of a person who said no to a request of the server's (*Sampling*, "Error
    /// Handling").
    pub const REJECTED: i32 = -1;

    /// Reads a message; `None` where it is no answer.
    #[must_use]
    pub fn read(message: &'m [u8]) -> Option<Self> {
        let (mut id, mut result, mut code, mut is_error) = (None, None, None, false);
        let mut reader = JsonReader::new(message);
        each(&mut reader, &mut |name, reader| {
            if name.is(b"id") {
                id = Id::read(reader)?;
            } else if name.is(b"result") {
                result = Some(reader.skip_value()?);
            } else if name.is(b"error") {
                is_error = true;
                each(reader, &mut |name, reader| {
                    let value = reader.skip_value()?;
                    if name.is(b"code") {
                        code = core::str::from_utf8(value).ok().and_then(|it| it.parse().ok());
                    }
                    Ok(())
                })?;
            } else {
                reader.skip_value()?;
            }
            Ok(())
        })
        .ok()?;
        reader.end().ok()?;
        (result.is_some() || is_error).then_some(Self { id: id?, result, code })
    }
}
