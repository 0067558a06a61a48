//! What a client is asked for, as members of a result or of a request.

use super::{InputKind, InputRequest, form};
use crate::json::JsonWriter;

/// Tokens that a language model may write where a device does not say how many.
const TOKENS: u32 = 1_000;

impl InputRequest<'_> {
    /// Writes method and parameters, the members of a request. `has_modes` says that the revision
    /// knows forms of other kinds.
    pub(super) fn write(&self, has_modes: bool, out: &mut JsonWriter<'_>) {
        match self.kind {
            InputKind::Form { fields, extras } => {
                out.raw(b"\"method\":\"elicitation/create\",\"params\":{");
                out.raw(if has_modes { b"\"mode\":\"form\"," } else { b"" });
                out.raw(b"\"message\":");
                out.string(self.message);
                out.raw(b",\"requestedSchema\":");
                form::schema(fields, extras, out);
                out.raw(b"}");
            }
            InputKind::Sampling { tokens } => {
                out.raw(b"\"method\":\"sampling/createMessage\",\"params\":{\"messages\":[");
                out.raw(b"{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":");
                out.string(self.message);
                out.raw(b"}}],\"maxTokens\":");
                out.unsigned(if tokens > 0 { tokens } else { TOKENS }.into());
                out.raw(b"}");
            }
            InputKind::Roots => out.raw(b"\"method\":\"roots/list\",\"params\":{}"),
        }
    }
}

/// Writes the members of a result that asks for input.
pub(crate) fn write(requests: &[InputRequest<'_>], state: &[u8], out: &mut JsonWriter<'_>) {
    write_requests(requests, out);
    out.raw(b",\"requestState\":\"");
    crate::content::base64(&state, out);
    out.raw(b"\"");
}

/// Writes the requests alone, as a member.
pub(crate) fn write_requests(requests: &[InputRequest<'_>], out: &mut JsonWriter<'_>) {
    out.raw(b"\"inputRequests\":{");
    for (index, request) in requests.iter().enumerate() {
        out.raw(if index > 0 { b"," } else { b"" });
        out.string(request.name);
        out.raw(b":{");
        request.write(true, out);
        out.raw(b"}");
    }
    out.raw(b"}");
}
