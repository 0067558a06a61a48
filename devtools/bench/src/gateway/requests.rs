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
            let params = json!({
                "protocolVersion": self.version(),
                "capabilities": {},
                "clientInfo": {"name": "bench", "version": "1"},
            });
            [
                line(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params})),
                line(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})),
            ]
        })
    }

    /// A request for the list of tools.
    pub(super) fn list(self) -> String {
        let params = self.params(json!({}));
        line(&json!({"jsonrpc": "2.0", "id": 0, "method": "tools/list", "params": params}))
    }

    /// A call that sets the fan to `id` modulo 101 percent.
    pub(super) fn call(self, tool: &str, id: u64) -> String {
        let arguments = json!({"percent": id % 101});
        let params = self.params(json!({"name": tool, "arguments": arguments}));
        line(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}))
    }

    fn params(self, mut params: Value) -> Value {
        if self == Self::Stateless {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.version(),
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            });
        }
        params
    }
}

fn line(message: &Value) -> String {
    format!("{message}\n")
}
