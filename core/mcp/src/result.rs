//! The end of a call: its outcome becomes a response.
//!
//! A tool that failed is not a failed request. Everything that a model could mend, or should know,
//! is a result with `isError` and a sentence that names the tool and says what to do.

use trine_descriptor::{Fault, FaultCode, NO_NODE, Side, TextSink, ToolTable, explain};

use crate::error::{QUOTE_MAX, begin_result};
use crate::json::{JsonText, JsonWriter, text_start};
use crate::{Block, Catalog, Failure, Id, ServerInfo, Version, content, value};
#[cfg(feature = "input")]
use crate::{InputRequest, input};

/// How a call ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// A structured result: the entries of the tool's output.
    Value(&'a [u8]),
    /// A structured result of a tool with a schema of its own ([`Catalog::verbatim`]): a JSON
    /// object without line ends, which goes to the client byte for byte.
    #[cfg(feature = "verbatim")]
    Json(&'a str),
    /// Blocks of content.
    Content(&'a [Block<'a>]),
    /// The tool said no, in these words.
    Error(&'a str),
    /// The arguments break a rule of the descriptor. The tool was not entered.
    Fault(Fault),
    /// The tool was run, and what it answered breaks a rule of its descriptor: which node, and how.
    BadResult(Fault),
    /// The tool asks for further input, and goes on when the same call comes again with it.
    ///
    /// Only for clients that can be asked ([`crate::Call::client`]); a revision that knows no such
    /// result gets [`Failure::NeedsInput`].
    #[cfg(feature = "input")]
    NeedsInput {
        /// What to ask for.
        requests: &'a [InputRequest<'a>],
        /// What the client gives back ([`crate::Retry::state`]); may be empty.
        state: &'a [u8],
    },
    /// Something else.
    Failed(Failure),
}

/// A parameter name that no descriptor knows, for the sentence about it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End<'a> {
    Outcome(Outcome<'a>),
    Unknown(JsonText<'a>),
}

/// Writes the response of a call.
pub(crate) fn write<C: Catalog + ?Sized>(
    id: Id<'_>,
    version: Version,
    (catalog, tool): (&C, u16),
    end: End<'_>,
    out: &mut JsonWriter<'_>,
) {
    begin_result(id, out);
    if version.is_stateless() {
        #[cfg(feature = "input")]
        if let End::Outcome(Outcome::NeedsInput { requests, state }) = end {
            return needs_input(version, &catalog.server(), (requests, state), out);
        }
        out.literal(b"\"resultType\":\"complete\",");
    }
    let mark = out.mark();
    if !result(version, (catalog, tool), end, out) {
        out.rollback(mark);
        failed(catalog, tool, Failure::BadResult, out);
    }
    finish(version, &catalog.server(), out);
}

/// Writes the members of a result that asks for input, and closes it.
#[cfg(feature = "input")]
pub(crate) fn needs_input(
    version: Version,
    server: &ServerInfo<'_>,
    (requests, state): (&[InputRequest<'_>], &[u8]),
    out: &mut JsonWriter<'_>,
) {
    out.raw(b"\"resultType\":\"input_required\",");
    input::write(requests, state, out);
    finish(version, server, out);
}

/// Closes a result, with the server's name where the revision has one in every result.
pub(crate) fn finish(version: Version, server: &ServerInfo<'_>, out: &mut JsonWriter<'_>) {
    if version.is_stateless() {
        out.literal(b",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":");
        implementation(version, server, out);
        out.literal(b"}");
    }
    out.literal(b"}}");
}

/// Writes the server's `Implementation` object.
pub(crate) fn implementation(version: Version, server: &ServerInfo<'_>, out: &mut JsonWriter<'_>) {
    out.literal(b"{\"name\":");
    out.string(server.name);
    if version.has_structured() && !server.title.is_empty() {
        out.literal(b",\"title\":");
        out.string(server.title);
    }
    out.literal(b",\"version\":");
    out.string(server.version);
    out.literal(b"}");
}

/// Writes the members of the result. False when the value is not what the descriptor says.
fn result<C: Catalog + ?Sized>(
    version: Version,
    (catalog, tool): (&C, u16),
    end: End<'_>,
    out: &mut JsonWriter<'_>,
) -> bool {
    match end {
        End::Outcome(Outcome::Value(entries)) => {
            let Some((table, row)) = catalog.tool(tool) else { return false };
            return structured(version, table, row, entries, out);
        }
        #[cfg(feature = "verbatim")]
        End::Outcome(Outcome::Json(text)) => verbatim(version, text, out),
        End::Outcome(Outcome::Content(blocks)) => {
            return content::write(version, (catalog, tool), blocks, out);
        }
        End::Outcome(Outcome::Error(words)) => sentence(out, |out| {
            out.escaped(catalog.name(tool).unwrap_or_default().as_bytes());
            out.raw(b": ");
            out.escaped(words.as_bytes());
        }),
        End::Outcome(Outcome::Fault(fault)) => {
            explained(catalog, tool, (Side::Params, fault), "", out);
        }
        End::Outcome(Outcome::BadResult(fault)) => match (fault.node, fault.code) {
            (NO_NODE, FaultCode::TooLong) => sentence(out, |out| {
                out.escaped(catalog.name(tool).unwrap_or_default().as_bytes());
                out.raw(b": its result is longer than the device has room for; the call may have ");
                out.raw(b"taken effect");
            }),
            (NO_NODE, _) => failed(catalog, tool, Failure::BadResult, out),
            _ => explained(catalog, tool, (Side::Output, fault), "", out),
        },
        End::Unknown(name) => {
            let mut buffer = [0; QUOTE_MAX];
            let fault = Fault::new(FaultCode::Unknown, 0);
            explained(catalog, tool, (Side::Params, fault), shortened(name, &mut buffer), out);
        }
        #[cfg(feature = "input")]
        End::Outcome(Outcome::NeedsInput { .. }) => {
            failed(catalog, tool, Failure::NeedsInput, out);
        }
        End::Outcome(Outcome::Failed(failure)) => failed(catalog, tool, failure, out),
    }
    true
}

/// Writes a structured result and, as older readers expect, the same JSON as text.
fn structured<T: ToolTable + ?Sized>(
    version: Version,
    table: &T,
    tool: u16,
    entries: &[u8],
    out: &mut JsonWriter<'_>,
) -> bool {
    if table.node_count(tool, Side::Output) == 0 {
        out.literal(b"\"content\":[{\"type\":\"text\",\"text\":\"done\"}],\"isError\":false");
        return entries.is_empty();
    }
    if version.has_structured() {
        out.literal(b"\"structuredContent\":");
        let start = out.mark();
        if !value::write(table, tool, entries, out) {
            return false;
        }
        let end = out.mark();
        out.literal(b",\"content\":[{\"type\":\"text\",\"text\":\"");
        out.escaped_copy(start, end);
    } else {
        // Written once as JSON where the text will stand, then escaped behind itself and moved up.
        out.literal(b"\"content\":[{\"type\":\"text\",\"text\":\"");
        let start = out.mark();
        if !value::write(table, tool, entries, out) {
            return false;
        }
        out.escape_since(start);
    }
    out.literal(b"\"}],\"isError\":false");
    true
}

/// Writes a structured result that is JSON already, and the same as text.
#[cfg(feature = "verbatim")]
fn verbatim(version: Version, text: &str, out: &mut JsonWriter<'_>) {
    if version.has_structured() {
        out.raw(b"\"structuredContent\":");
        out.raw(text.as_bytes());
        out.raw(b",");
    }
    out.raw(b"\"content\":[{\"type\":\"text\",\"text\":\"");
    out.escaped(text.as_bytes());
    out.raw(b"\"}],\"isError\":false");
}

/// Writes a structured result as JSON to `out`, cut where there is no room, and answers how many
/// bytes it has. `None` when the value is not what the tool's output side says.
pub fn value_json<T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    entries: &[u8],
    out: &mut [u8],
) -> Option<usize> {
    let mut out = JsonWriter::new(out);
    value::write(table, tool, entries, &mut out).then(|| out.needed())
}

/// Writes an error result whose text `write` writes.
fn sentence(out: &mut JsonWriter<'_>, write: impl FnOnce(&mut JsonWriter<'_>)) {
    out.raw(b"\"content\":[{\"type\":\"text\",\"text\":\"");
    write(out);
    out.raw(b"\"}],\"isError\":true");
}

/// A writer inside a JSON string.
struct Sentence<'w, 'o>(&'w mut JsonWriter<'o>);

impl TextSink for Sentence<'_, '_> {
    fn text(&mut self, text: &str) {
        self.0.escaped(text.as_bytes());
    }
}

/// Writes the sentence of a fault, of the arguments or of the result.
fn explained<C: Catalog + ?Sized>(
    catalog: &C,
    tool: u16,
    (side, fault): (Side, Fault),
    unknown: &str,
    out: &mut JsonWriter<'_>,
) {
    let Some((table, row)) = catalog.tool(tool) else {
        return failed(catalog, tool, Failure::Offline, out);
    };
    let name = catalog.name(tool).unwrap_or_default();
    sentence(out, |out| {
        explain(table, row, side, fault, (name, unknown), &mut Sentence(out));
        if side == Side::Output {
            out.raw(b"; the tool's own description does not allow this answer: a fault of the ");
            out.raw(b"device. The call may have taken effect");
        }
    });
}

/// A foreign name cut to the buffer, without control characters.
fn shortened<'b>(name: JsonText<'_>, buffer: &'b mut [u8; QUOTE_MAX]) -> &'b str {
    let (mut len, mut utf8) = (0, [0; 4]);
    'name: for piece in name.pieces() {
        for byte in piece.bytes(&mut utf8) {
            let Some(place) = buffer.get_mut(len) else { break 'name };
            *place = if *byte < 0x20 || *byte == 0x7f { b'?' } else { *byte };
            len += 1;
        }
    }
    // The cut may have gone through a character.
    text_start(buffer.get(..len).unwrap_or_default())
}

/// Writes the sentence of a failure.
fn failed<C: Catalog + ?Sized>(catalog: &C, tool: u16, failure: Failure, out: &mut JsonWriter<'_>) {
    sentence(out, |out| {
        out.escaped(catalog.name(tool).unwrap_or_default().as_bytes());
        out.raw(b": ");
        failure.explain(&mut Sentence(out));
    });
}
