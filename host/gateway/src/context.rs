//! What comes with a call next to its arguments: the trace that it belongs to, the client's reason
//! for it, and the level of log that the client asks for.

use std::sync::Arc;

use trine_mcp::json::member;

/// Longest `tracestate` and `baggage` that are passed on, in bytes: what their specifications ask
/// every program to pass on at least.
const STATE_MAX: usize = 512;
const BAGGAGE_MAX: usize = 8192;
/// Longest id that a client may give its call.
const CALL_ID_MAX: usize = 128;
/// The levels of log by their names in MCP, from the least.
const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// What comes with a call next to its arguments. Each text is the client's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallContext {
    /// The place of the call in a distributed trace: `traceparent` of W3C's *Trace Context*, 55
    /// characters, from `_meta` of the request.
    pub trace_parent: Option<String>,
    /// `tracestate` of the same, at most 512 bytes.
    pub trace_state: Option<String>,
    /// `baggage` of W3C's *Baggage*, at most 8192 bytes.
    pub baggage: Option<String>,
    /// The id of a request of `/mcp/execute`.
    pub request_id: Option<String>,
    /// `thought` of a request of `/mcp/execute`: why the call is made, at most 4096 bytes.
    pub thought: Option<String>,
    /// `current_step` of such a request: the step of the client's plan, at most 256 bytes.
    pub current_step: Option<String>,
    /// The least level of log that the client wants of this call (2026-07-28).
    pub(crate) log_level: Option<u8>,
    /// The id that the client gave its call, so that it runs once.
    pub(crate) call_id: Option<CallId>,
}

/// `trine/call-id` in `_meta` of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallId {
    /// `None` where it is malformed.
    pub(crate) id: Option<String>,
    /// The name of the key of its client.
    pub(crate) principal: Option<String>,
}

impl CallId {
    /// `raw` is its JSON.
    fn read(raw: &[u8], principal: Option<&str>) -> Self {
        let id: Option<String> = serde_json::from_slice(raw).ok();
        let is_printable = |id: &String| id.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let id = id.filter(|id| (1..=CALL_ID_MAX).contains(&id.len()) && is_printable(id));
        Self { id, principal: principal.map(str::to_owned) }
    }
}

impl CallContext {
    /// The context of a message, which is a request as JSON; `None` where it has none.
    /// `has_more_meta` is what the engine says of its `_meta`: most requests are read once.
    #[inline]
    pub(crate) fn of(
        message: &[u8],
        has_more_meta: bool,
        principal: Option<&str>,
    ) -> Option<Arc<Self>> {
        if has_more_meta { Self::read(message, principal) } else { None }
    }

    fn read(message: &[u8], principal: Option<&str>) -> Option<Arc<Self>> {
        let meta = member(member(message, b"params")?, b"_meta")?;
        let text = |name: &str, most: usize| {
            let text: String = serde_json::from_slice(member(meta, name.as_bytes())?).ok()?;
            (!text.is_empty() && text.len() <= most).then_some(text)
        };
        let trace_parent = text("traceparent", 55).filter(|text| is_trace_parent(text));
        // Without the first, the others belong to nothing.
        let with = |text: Option<String>| text.filter(|_| trace_parent.is_some());
        let level = text("io.modelcontextprotocol/logLevel", 16);
        let level = level.and_then(|name| LEVELS.iter().position(|known| *known == name));
        let context = Self {
            trace_state: with(text("tracestate", STATE_MAX)),
            baggage: with(text("baggage", BAGGAGE_MAX)),
            log_level: level.and_then(|level| u8::try_from(level).ok()),
            call_id: member(meta, b"trine/call-id").map(|raw| CallId::read(raw, principal)),
            trace_parent,
            ..Self::default()
        };
        (context != Self::default()).then(|| Arc::new(context))
    }

    /// Whether the client wants a line of log of this level.
    pub(crate) fn wants(&self, level: u8) -> bool {
        self.log_level.is_some_and(|least| level >= least)
    }
}

/// `00-TRACE-SPAN-FLAGS` in lower-case hexadecimal digits, as version 00 has it. Neither id is all
/// zeros.
fn is_trace_parent(text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    let is_id = |id: &str, len| id.len() == len && is_hex(id) && id.bytes().any(|it| it != b'0');
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, span, flags] = parts[..] else { return false };
    version == "00" && is_id(trace, 32) && is_id(span, 16) && flags.len() == 2 && is_hex(flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn of(meta: &str) -> Option<CallContext> {
        let message = format!("{{\"id\":1,\"params\":{{\"name\":\"a\",\"_meta\":{meta}}}}}");
        CallContext::of(message.as_bytes(), true, None).map(|context| (*context).clone())
    }

    #[test]
    fn a_trace_and_a_level_are_read_where_the_specification_has_them() {
        let context = of(&format!(
            r#"{{"traceparent":"{PARENT}","tracestate":"a=1","baggage":"b=2",
                "io.modelcontextprotocol/logLevel":"warning"}}"#
        ));
        let context = context.unwrap();
        assert_eq!(context.trace_parent.as_deref(), Some(PARENT));
        assert_eq!(context.trace_state.as_deref(), Some("a=1"));
        assert_eq!(context.baggage.as_deref(), Some("b=2"));
        assert!(context.wants(3) && context.wants(7) && !context.wants(2));
        assert_eq!(of("{}"), None);
        // In the arguments they are words like any others.
        let elsewhere = br#"{"id":1,"params":{"arguments":{"traceparent":"x"},"_meta":{}}}"#;
        assert_eq!(CallContext::of(elsewhere, true, None), None);
    }

    #[test]
    fn what_is_no_trace_and_no_level_is_passed_over() {
        for parent in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-001",
        ] {
            let meta = format!(r#"{{"traceparent":"{parent}","tracestate":"a=1"}}"#);
            assert_eq!(of(&meta), None, "{parent}");
        }
        for meta in [
            r#"{"traceparent":7}"#,
            r#"{"traceparent":null}"#,
            r#"{"io.modelcontextprotocol/logLevel":"loud"}"#,
            r#"{"io.modelcontextprotocol/logLevel":3}"#,
        ] {
            assert_eq!(of(meta), None, "{meta}");
        }
        let long = "x".repeat(STATE_MAX + 1);
        let context = of(&format!(r#"{{"traceparent":"{PARENT}","tracestate":"{long}"}}"#));
        assert_eq!(context.unwrap().trace_state, None);
    }

    #[test]
    fn a_call_id_has_1_to_128_printable_characters_or_is_malformed() {
        let id = |raw: &str| {
            let context = of(&format!(r#"{{"trine/call-id":{raw}}}"#)).unwrap();
            context.call_id.unwrap().id
        };
        let longest = "~".repeat(CALL_ID_MAX);
        for good in ["a", " ", "0193-pay \\ #7", &longest] {
            let raw = serde_json::to_string(good).unwrap();
            assert_eq!(id(&raw).as_deref(), Some(good));
        }
        let longer = format!("\"{longest}~\"");
        for bad in ["\"\"", "null", "7", "[]", "{}", r#""a\nb""#, r#""\u007f""#, r#""é""#, &longer]
        {
            assert_eq!(id(bad), None, "{bad}");
        }
        assert_eq!(of("{}"), None);
    }
}
