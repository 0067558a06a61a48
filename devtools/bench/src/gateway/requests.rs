//! The bytes of the requests: the same for every server, made before anything is timed.

use serde_json::{Value, json};

/// A protocol family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// With `initialize`, then requests without anything of the kind.
    Legacy,
    /// Without: each request says who speaks.
    Stateless,
}

impl Family {
    /// The protocol's version.
    pub(super) fn version(self) -> &'static str {
        match self {
            Self::Legacy => "2025-11-25",
            Self::Stateless => "2026-07-28",
        }
    }

    /// What comes before the first request.
    pub(super) fn hello(self) -> Option<[String; 2]> {
        (self == Self::Legacy).then(|| {
            let hello = json!({
                "protocolVersion": self.version(),
                "capabilities": {},
                "clientInfo": {"name": "bench", "version": "1"},
            });
            let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
            [self.line(0, "initialize", hello), format!("{ready}\n")]
        })
    }

    /// A request for the list of tools, from a cursor on.
    pub(super) fn list(self, cursor: Option<&str>) -> String {
        let params = cursor.map_or_else(|| json!({}), |cursor| json!({"cursor": cursor}));
        self.line(0, "tools/list", params)
    }

    /// A call that sets the fan to `id` modulo 101 percent.
    pub(super) fn call(self, tool: &str, id: u64) -> String {
        self.line(id, "tools/call", json!({"name": tool, "arguments": {"percent": id % 101}}))
    }

    fn line(self, id: u64, method: &str, mut params: Value) -> String {
        if self == Self::Stateless {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.version(),
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            });
        }
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        format!("{message}\n")
    }
}
