//! Servers, as the client library finds them.

use serde_json::Value;
use trine_client::{CallResult, Error};

use super::{absent, text};

/// Those of `trine-client`.
pub(crate) fn client(out: &mut String) {
    let request = || text("tools/call fan_set");
    let limit = std::time::Duration::from_secs(30);
    samples! { out, "client", Error:
        Url {
            url: text("https://board/mcp"),
            what: "this client has no TLS; use a local proxy, and http",
        }
        Option { option: "api_key", expected: "visible ASCII characters" }
        Connect {
            address: text("127.0.0.1:8331"),
            kind: std::io::ErrorKind::ConnectionRefused,
            source: absent().into(),
        }
        ConnectTimeout { address: text("board:8331"), limit }
        Start { program: text("trine"), source: absent() }
        ConnectionClosed { request: request(), source: None }
        Timeout { request: request(), limit }
        Unauthorized { request: request(), message: text("Invalid API key") }
        Status { request: request(), status: 503, message: text("1024 clients are connected") }
        SessionEnded { request: request() }
        Rpc {
            request: text("tools/call fan_sit"),
            code: -32602,
            message: text("Unknown tool: fan_sit"),
            data: Some(Box::new(Value::Null)),
        }
        Tool {
            tool: text("fan_set"),
            message: text("fan_set: percent must be at most 100"),
            result: Box::new(CallResult::default()),
        }
        InputRequired {
            tool: text("seal"),
            method: text("elicitation/create"),
            hint: "set a handler with Builder::on_elicitation",
        }
        Arguments { tool: text("fan_set"), found: "an array" }
        Answer { request: request(), what: "the body is not JSON" }
        Revision { found: text("2023-01-01") }
    }
}
