//! Error codes and their sentences.
//!
//! Two kinds of failure never mix: a *problem* of the message is a JSON-RPC error, which the
//! client's author must mend; a failed call is a result with `isError` (see [`crate::result`]),
//! which the model can mend.

use crate::ClientCapabilities;
use crate::envelope::IdMember;
use crate::id::{ID_MAX, Id};
use crate::json::writer::NeedBytes;
use crate::json::{JsonError, JsonReader, JsonText, JsonWriter, reader};
use crate::version::VERSIONS;

/// The text is not JSON.
pub const PARSE_ERROR: i32 = -32700;
/// The message is not JSON-RPC 2.0.
pub const INVALID_REQUEST: i32 = -32600;
/// No such method, or a feature that is not served.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The parameters are wrong: this covers unknown tools and cursors.
pub const INVALID_PARAMS: i32 = -32602;
/// The answer could not be made.
pub const INTERNAL_ERROR: i32 = -32603;
/// A stateless request names a revision that is not served.
pub const UNSUPPORTED_VERSION: i32 = -32022;

/// The headers of a request over HTTP are not what its body says.
pub const HEADER_MISMATCH: i32 = -32020;

/// A request needs something of the client that it has not declared.
pub const MISSING_CAPABILITY: i32 = -32021;

/// Most code points of foreign text that a sentence repeats.
pub(crate) const QUOTE_MAX: usize = 64;

/// What is wrong with a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Problem<'m> {
    /// The text is not JSON; the value that holds the error starts at this byte.
    Json(JsonError, usize),
    /// Not a message of JSON-RPC 2.0, or not one that MCP allows; the sentence says why.
    Request(&'static str),
    /// The id cannot be echoed.
    Id,
    /// No such method here.
    Method,
    /// The parameters have the wrong shape; the sentence says which.
    Params(&'static str),
    /// Neither a revision in `_meta` nor an `initialize` before.
    NoFamily,
    /// A revision in `_meta` that is not served statelessly.
    Version(JsonText<'m>),
    /// No tool of that name.
    Tool(JsonText<'m>),
    /// The answer takes this many bytes, more than there are.
    Space(usize),
}

impl Problem<'_> {
    pub(crate) const fn code(&self) -> i32 {
        match self {
            Self::Json(..) => PARSE_ERROR,
            Self::Request(_) | Self::Id => INVALID_REQUEST,
            Self::Method => METHOD_NOT_FOUND,
            Self::Params(_) | Self::NoFamily | Self::Tool(_) => INVALID_PARAMS,
            Self::Version(_) => UNSUPPORTED_VERSION,
            Self::Space(_) => INTERNAL_ERROR,
        }
    }

    /// Writes the complete error response. An id that could not be read is left out.
    pub(crate) fn write(&self, id: IdMember<'_>, out: &mut JsonWriter<'_>) {
        let id = if let IdMember::Id(id) = id { Some(id) } else { None };
        out.raw(b"{\"jsonrpc\":\"2.0\"");
        if let Some(id) = id {
            out.raw(b",\"id\":");
            out.raw(id.raw());
        }
        out.raw(b",\"error\":{\"code\":");
        out.integer(self.code().into());
        out.raw(b",\"message\":\"");
        self.message(out);
        out.raw(b"\"");
        if let Self::Version(requested) = self {
            out.raw(b",\"data\":{\"supported\":");
            // Those that a request may name: the others are agreed on by `initialize`, and the one
            // that was refused here may be one of them.
            let stateless = cfg!(feature = "stateless");
            let all = if stateless { VERSIONS.get(..1) } else { VERSIONS.get(1..) };
            supported(all.unwrap_or_default(), out);
            out.raw(b",\"requested\":\"");
            out.quoted_text(*requested, QUOTE_MAX);
            out.raw(b"\"}");
        }
        out.raw(b"}}");
    }

    /// Writes the sentence, escaped, without quotes.
    fn message(&self, out: &mut JsonWriter<'_>) {
        match self {
            Self::Json(JsonError::Depth, _) => {
                out.raw(b"Parse error: nested deeper than ");
                out.unsigned(reader::DEPTH_MAX.into());
                out.raw(b" levels");
            }
            Self::Json(_, at) => {
                out.raw(b"Parse error: invalid JSON in the value at byte ");
                out.unsigned(*at as u64);
            }
            Self::Request(why) => {
                out.raw(b"Invalid Request: ");
                out.raw(why.as_bytes());
            }
            Self::Id => {
                out.raw(b"Invalid Request: id must be a string or an integer of at most ");
                out.unsigned(ID_MAX as u64);
                out.raw(b" bytes");
            }
            Self::Method => out.raw(b"Method not found"),
            Self::Params(why) => out.raw(why.as_bytes()),
            Self::NoFamily => out.raw(NO_FAMILY),
            Self::Version(_) => out.raw(b"Unsupported protocol version"),
            Self::Tool(name) => {
                out.raw(b"Unknown tool: ");
                out.quoted_text(*name, QUOTE_MAX);
            }
            Self::Space(needed) => {
                out.raw(b"The answer takes ");
                out.unsigned(*needed as u64);
                out.raw(b" bytes, more than this server has room for");
            }
        }
    }
}

/// Writes an error response of a transport's own: what is wrong is no matter of the message alone.
///
/// # Errors
/// [`NeedBytes`] if `out` is too small.
pub fn write(
    id: Option<Id<'_>>,
    code: i32,
    message: &str,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    out.raw(b"{\"jsonrpc\":\"2.0\"");
    if let Some(id) = id {
        out.raw(b",\"id\":");
        out.raw(id.raw());
    }
    out.raw(b",\"error\":{\"code\":");
    out.integer(code.into());
    out.raw(b",\"message\":");
    out.string(message);
    out.raw(b"}}");
    out.finish()
}

/// Writes the error for a request whose answer takes more bytes than there is room for.
///
/// # Errors
/// [`NeedBytes`] if `out` is too small for that, too.
pub fn no_room(id: Id<'_>, needed: NeedBytes, out: &mut [u8]) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    Problem::Space(needed.0).write(IdMember::Id(id), &mut out);
    out.finish()
}

/// Writes the error for a request that needs something of its client that the client has not
/// declared (`MissingRequiredClientCapabilityError` of 2026-07-28).
///
/// # Errors
/// [`NeedBytes`] if `out` is too small.
pub fn missing_capability(
    id: Id<'_>,
    missing: ClientCapabilities,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    out.raw(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.raw(id.raw());
    out.raw(b",\"error\":{\"code\":");
    out.integer(MISSING_CAPABILITY.into());
    out.raw(b",\"message\":\"it asks for further input; it did not finish. Declare the capability");
    for (index, name) in missing.names().enumerate() {
        out.raw(if index > 0 { b", " } else { b" " });
        out.raw(name.as_bytes());
    }
    out.raw(b", or use a client that does\",\"data\":{\"requiredCapabilities\":");
    missing.write(&mut out);
    out.raw(b"}}}");
    out.finish()
}

/// The code of an error response; `None` where the response is a result. Results are not read
/// through.
#[must_use]
pub fn code(response: &[u8]) -> Option<i32> {
    let mut reader = JsonReader::new(response);
    let enter = |reader: &mut JsonReader<'_>, name: &[u8]| {
        reader.begin_object().ok()?;
        let mut first = true;
        while let Some(member) = reader.next_member(&mut first).ok()? {
            if member.is(name) {
                return Some(());
            }
            if member.is(b"result") {
                return None;
            }
            reader.skip_value().ok()?;
        }
        None
    };
    enter(&mut reader, b"error")?;
    enter(&mut reader, b"code")?;
    let code = reader.skip_value().ok()?;
    core::str::from_utf8(code).ok()?.parse().ok()
}

const NO_FAMILY: &[u8] = b"Missing protocol version: either put \
    io.modelcontextprotocol/protocolVersion and io.modelcontextprotocol/clientCapabilities into \
    params._meta (2026-07-28), or call initialize first (2025-11-25 and older)";

/// Writes an array of revision names.
pub(crate) fn supported(versions: &[crate::Version], out: &mut JsonWriter<'_>) {
    for (index, version) in versions.iter().enumerate() {
        out.raw(if index == 0 { b"[\"" } else { b"\",\"" });
        out.raw(version.name().as_bytes());
    }
    out.raw(b"\"]");
}

/// Writes the start of a result response, up to where the result's members begin.
pub(crate) fn begin_result(id: Id<'_>, out: &mut JsonWriter<'_>) {
    out.literal(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.raw(id.raw());
    out.literal(b",\"result\":{");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_a_code_and_a_result_has_none() {
        let mut out = [0; 128];
        for code in [HEADER_MISMATCH, METHOD_NOT_FOUND] {
            for id in [None, Id::from_raw(b"\"x\"")] {
                let len = write(id, code, "not \"this\"", &mut out).unwrap();
                assert_eq!(super::code(&out[..len]), Some(code));
                assert!(write(id, code, "not \"this\"", &mut out[..len - 1]).is_err());
            }
        }
        for result in [
            &br#"{"jsonrpc":"2.0","id":1,"result":{"error":{"code":1}}}"#[..],
            br#"{"result":3,"error":{"code":1}}"#,
            br#"{"error":{"message":"x"}}"#,
            b"",
        ] {
            assert_eq!(code(result), None);
        }
    }
}
