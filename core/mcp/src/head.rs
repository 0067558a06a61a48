//! What a message says of itself, for a transport that repeats it outside of the message.

use crate::Id;
use crate::envelope::{Envelope, IdMember, Member};
use crate::json::JsonText;

/// The parts of a request or notification that Streamable HTTP repeats in headers (2026-07-28,
/// *Request Metadata*), and that decide who deals with it.
///
/// ```
/// use trine_mcp::Head;
///
/// let message = br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"beep"}}"#;
/// let head = Head::read(message).ok_or("no message")?;
/// assert!(head.method.is_some_and(|method| method.is(b"tools/call")));
/// assert!(head.name.is_some_and(|name| name.is(b"beep")));
/// assert!(head.version.is_none() && head.id.is_some_and(|id| id.raw() == b"7"));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Head<'m> {
    /// The id of a request that can be answered.
    pub id: Option<Id<'m>>,
    /// The method.
    pub method: Option<JsonText<'m>>,
    /// `params.name`: the tool of a call.
    pub name: Option<JsonText<'m>>,
    /// The revision that `params._meta` names: the request is served statelessly.
    pub version: Option<JsonText<'m>>,
    /// `params._meta` has all that a stateless request must have.
    pub has_meta: bool,
    /// It answers a request of the server's.
    pub is_answer: bool,
}

impl<'m> Head<'m> {
    /// Reads a message; `None` where it is no single JSON object.
    #[must_use]
    pub fn read(message: &'m [u8]) -> Option<Self> {
        let mut envelope = Envelope::default();
        envelope.read(message, &mut |_, _| None).ok()?;
        let text = |member: Member<'m>| match member {
            Member::Text(text) => Some(text),
            _ => None,
        };
        let params = &envelope.params;
        let version = text(params.meta.version);
        Some(Self {
            id: match envelope.id {
                IdMember::Id(id) => Some(id),
                _ => None,
            },
            method: text(envelope.method),
            name: text(params.name),
            version,
            has_meta: version.is_some() && !params.meta.capabilities.is_empty(),
            is_answer: envelope.response,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw<'m>(text: Option<JsonText<'m>>) -> &'m [u8] {
        text.map_or(b"-", |text| text.raw())
    }

    #[test]
    fn a_request_shows_what_headers_repeat() {
        let message = br#"{"id":"a","method":"tools/call","params":{"arguments":{"x":[1]},
            "_meta":{"io.modelcontextprotocol/clientCapabilities":{},
            "io.modelcontextprotocol/protocolVersion":"2026-07-28"},"name":"t"},"jsonrpc":"2.0"}"#;
        let head = Head::read(message).unwrap();
        assert_eq!(head.id.map(|id| id.raw()), Some(&br#""a""#[..]));
        assert_eq!(
            [head.method, head.name, head.version].map(raw),
            [&b"tools/call"[..], b"t", b"2026-07-28"]
        );
        assert!(head.has_meta && !head.is_answer);
    }

    #[test]
    fn what_is_not_there_is_not_shown() {
        let head = Head::read(br#"{"jsonrpc":"2.0","result":{},"id":null}"#).unwrap();
        assert!(head.is_answer && head.id.is_none() && !head.has_meta);
        assert_eq!([head.method, head.name, head.version].map(raw), [b"-"; 3]);
        let partial = br#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"name":3,
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        let head = Head::read(partial).unwrap();
        assert!(head.version.is_some() && !head.has_meta && head.name.is_none());
        for broken in [&b"[]"[..], b"{", b"", br#"{"id":1}}"#, b"7"] {
            assert!(Head::read(broken).is_none());
        }
    }
}
