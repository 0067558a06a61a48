//! Everything that is asked beside calls: lists, other methods, notifications, openings.

use super::{Generator, META};
use crate::case::{Case, ProtocolFamily};

/// A method and the members of its params.
const METHODS: &[(&str, &str)] = &[
    ("ping", ""),
    ("server/discover", ""),
    ("resources/list", ""),
    ("resources/templates/list", ""),
    ("resources/read", "\"uri\":\"a:b\""),
    ("resources/subscribe", "\"uri\":\"a:b\""),
    ("resources/unsubscribe", "\"uri\":\"a:b\""),
    ("prompts/list", ""),
    ("prompts/get", "\"name\":\"hello\""),
    (
        "completion/complete",
        r#""ref":{"type":"ref/prompt","name":"a"},"argument":{"name":"b","value":""}"#,
    ),
    ("logging/setLevel", "\"level\":\"info\""),
    ("roots/list", ""),
    ("sampling/createMessage", ""),
    ("elicitation/create", ""),
    ("tasks/get", "\"taskId\":\"1\""),
    ("tools/dance", ""),
    ("Tools/List", ""),
    ("", ""),
    ("rpc.discover", ""),
    ("tools/list ", ""),
];

/// A name and the `_meta` member; the empty ones are filled in, but for `absent`.
const METAS: &[(&str, &str)] = &[
    ("absent", ""),
    ("empty", r#""_meta":{}"#),
    ("null", r#""_meta":null"#),
    ("text", r#""_meta":"2026-07-28""#),
    ("array", r#""_meta":[]"#),
    ("version-only", r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#),
    ("capabilities-only", r#""_meta":{"io.modelcontextprotocol/clientCapabilities":{}}"#),
    (
        "no-client-info",
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#,
    ),
    (
        "capabilities-text",
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":"all"}"#,
    ),
    (
        "version-number",
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":20260728,"io.modelcontextprotocol/clientCapabilities":{}}"#,
    ),
    (
        "version-null",
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":null,"io.modelcontextprotocol/clientCapabilities":{}}"#,
    ),
    (
        "version-unknown",
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":"1900-01-01","io.modelcontextprotocol/clientCapabilities":{}}"#,
    ),
    (
        "version-empty",
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":"","io.modelcontextprotocol/clientCapabilities":{}}"#,
    ),
    (
        "version-unknown-alone",
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2031-01-01"}"#,
    ),
    (
        "version-legacy",
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2025-06-18","io.modelcontextprotocol/clientCapabilities":{}}"#,
    ),
    ("modern", ""),
    ("progress-text", ""),
    ("progress-fraction", ""),
    ("progress-object", ""),
];

impl Generator {
    pub(super) fn list(&mut self) -> Case {
        let id = self.id();
        let (what, member) = match self.rng.u32(0..8) {
            0 => ("list.cursor.unknown", Some("\"cursor\":\"no such page\"")),
            1 => ("list.cursor.empty", Some("\"cursor\":\"\"")),
            2 => ("list.cursor.number", Some("\"cursor\":5")),
            3 => ("list.cursor.null", Some("\"cursor\":null")),
            4 => ("list.more", Some("\"com.example/more\":{\"a\":[null]}")),
            _ => ("list.plain", None),
        };
        let params = self.params(member.map(str::to_owned).into_iter().collect());
        let line = self.request(&id, "tools/list", params.as_deref());
        Case::new(what, line)
    }

    pub(super) fn other_method(&mut self) -> Case {
        let (method, members) = self.pick(METHODS);
        let id = self.id();
        let members = if members.is_empty() { Vec::new() } else { vec![members.to_owned()] };
        let params = self.params(members);
        let line = self.request(&id, method, params.as_deref());
        Case::new(format!("method.{method}"), line)
    }

    pub(super) fn notification(&mut self) -> Case {
        let method = self.pick(&[
            "notifications/initialized",
            "notifications/cancelled",
            "notifications/progress",
            "notifications/roots/list_changed",
            "notifications/dance",
            "tools/call",
            "tools/list",
            "ping",
            "dance",
        ]);
        let params = match method {
            "notifications/cancelled" => r#","params":{"requestId":"nobody","reason":"tired"}"#,
            "notifications/progress" => r#","params":{"progressToken":1,"progress":2}"#,
            "tools/call" => r#","params":{"name":"fan_set","arguments":{"percent":99}}"#,
            _ => "",
        };
        let line = format!(r#"{{"jsonrpc":"2.0","method":"{method}"{params}}}"#);
        Case::new(format!("notification.{method}"), line)
    }

    /// Odd ways to say, or not to say, which revision a request is of.
    pub(super) fn odd_meta(&mut self) -> Case {
        let (what, meta) = self.pick(METAS);
        let meta = match what {
            "modern" => format!("\"_meta\":{{{META}}}"),
            "progress-text" => format!("\"_meta\":{{{META},\"progressToken\":\"t\"}}"),
            "progress-fraction" => format!("\"_meta\":{{{META},\"progressToken\":1.5}}"),
            "progress-object" => format!("\"_meta\":{{{META},\"progressToken\":{{}}}}"),
            _ => meta.to_owned(),
        };
        let mut members = vec![r#""name":"fan_set","arguments":{"percent":3}"#.to_owned()];
        members.extend((!meta.is_empty()).then_some(meta));
        let id = self.id();
        let line = self.request(&id, "tools/call", Some(&format!("{{{}}}", members.join(","))));
        Case::new(format!("meta.{what}"), line)
    }

    /// The first thing that is said on a connection.
    pub(super) fn handshake(&mut self) -> Case {
        let id = self.id();
        let client = r#""capabilities":{},"clientInfo":{"name":"g","version":"1"}"#;
        let (what, method, params) = match self.rng.u32(0..12) {
            0 => {
                ("unknown", "initialize", format!(r#"{{"protocolVersion":"2099-01-01",{client}}}"#))
            }
            1 => ("draft", "initialize", format!(r#"{{"protocolVersion":"draft",{client}}}"#)),
            2 => {
                ("modern", "initialize", format!(r#"{{"protocolVersion":"2026-07-28",{client}}}"#))
            }
            3 => ("no-version", "initialize", format!("{{{client}}}")),
            4 => ("number", "initialize", format!(r#"{{"protocolVersion":7,{client}}}"#)),
            5 => ("no-client", "initialize", r#"{"protocolVersion":"2025-11-25"}"#.to_owned()),
            6 => ("no-params", "initialize", "null".to_owned()),
            7 => (
                "call-first",
                "tools/call",
                r#"{"name":"fan_set","arguments":{"percent":3}}"#.into(),
            ),
            8 => ("list-first", "tools/list", "{}".to_owned()),
            9 => ("unknown-first", "tools/dance", "{}".to_owned()),
            _ => {
                let version = self.pick(&["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]);
                ("known", "initialize", format!(r#"{{"protocolVersion":"{version}",{client}}}"#))
            }
        };
        let line = self.request(&id, method, Some(&params));
        let case = Case::new(format!("opening.{what}"), line);
        // A second initialize in the session is as likely as one on a new connection.
        if self.family == ProtocolFamily::Legacy
            && method == "initialize"
            && self.rng.u32(0..4) == 0
        {
            Case { tag: case.tag.replace("opening", "reopening"), ..case }
        } else {
            case.alone()
        }
    }
}
