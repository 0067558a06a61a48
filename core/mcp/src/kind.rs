//! Kinds of errors, and their codes in C, JSON-RPC, HTTP and Python.

use crate::Failure;
use crate::error::{INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST};

/// What kind of thing went wrong with a server or a call, whatever language tells it.
///
/// A wrong option, file or argument of the program itself is of no kind: there is nothing to try
/// again, and nothing that another program is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The other end cannot be reached, or has closed the connection.
    Connection,
    /// A message is not what MCP or JSON-RPC allow.
    Protocol,
    /// The tool was to run and did not succeed.
    Tool,
    /// There is no tool of that name.
    ToolNotFound,
    /// As much is under way as may be; nothing was done, and a later try may succeed.
    Overloaded,
    /// No connection by TLS: a certificate or a private key cannot be used, or the other end's is
    /// not accepted.
    Tls,
}

/// How a kind of error is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCodes {
    /// Its name in texts and logs.
    pub name: &'static str,
    /// The `trine_status` in C.
    pub c: i32,
    /// The code of an error of JSON-RPC. A tool that fails has a result with `isError` in place of
    /// one, as MCP says (2025-11-25, Tools, Error Handling). MCP lets no server make up codes that
    /// JSON-RPC reserves, so several kinds are an internal error.
    pub json_rpc: i32,
    /// The status of an HTTP API that tells errors by their status. The MCP endpoint answers
    /// [`ErrorKind::Tool`] and [`ErrorKind::ToolNotFound`] with 200 and a message of JSON-RPC.
    pub http: u16,
    /// The class of the exception in Python, in the module `trine`; that of Node has the same name.
    pub python: &'static str,
    /// What a person is told where there is nothing more exact to say.
    pub text: &'static str,
}

impl ErrorKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Connection,
        Self::Protocol,
        Self::Tool,
        Self::ToolNotFound,
        Self::Overloaded,
        Self::Tls,
    ];

    /// How this kind is told: the one table, from which the numbers of `trine_hub.h`, the statuses
    /// of the gateway and the classes of Python are.
    #[must_use]
    pub const fn codes(self) -> ErrorCodes {
        let (name, c, json_rpc, http, python) = match self {
            Self::Connection => ("connection", -20, INTERNAL_ERROR, 502, "ConnectionError"),
            Self::Protocol => ("protocol", -21, INVALID_REQUEST, 400, "ProtocolError"),
            Self::Tool => ("tool", -12, INTERNAL_ERROR, 500, "ToolError"),
            Self::ToolNotFound => ("tool not found", -10, INVALID_PARAMS, 404, "ToolNotFoundError"),
            Self::Overloaded => ("overloaded", -13, INTERNAL_ERROR, 503, "OverloadedError"),
            Self::Tls => ("TLS", -22, INTERNAL_ERROR, 525, "TlsError"),
        };
        ErrorCodes { name, c, json_rpc, http, python, text: self.text() }
    }
}

impl ErrorKind {
    const fn text(self) -> &'static str {
        match self {
            Self::Connection => "the other end cannot be reached, or has closed the connection",
            Self::Protocol => "a message is not what MCP or JSON-RPC allow",
            Self::Tool => "the tool did not succeed",
            Self::ToolNotFound => "there is no tool of that name",
            Self::Overloaded => {
                "too much is under way; nothing was done, and a later try may succeed"
            }
            Self::Tls => "there is no connection by TLS",
        }
    }
}

impl core::fmt::Display for ErrorKind {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.write_str(self.codes().name)
    }
}

impl Failure {
    /// The kind of error that this is.
    #[must_use]
    pub const fn kind(self) -> ErrorKind {
        match self {
            Self::Offline | Self::OutcomeUnknown | Self::Lost => ErrorKind::Connection,
            Self::Busy => ErrorKind::Overloaded,
            _ => ErrorKind::Tool,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_codes_of_its_own() {
        let all = ErrorKind::ALL.map(ErrorKind::codes);
        let apart = |of: &dyn Fn(&ErrorCodes) -> std::string::String| {
            all.iter().map(of).collect::<BTreeSet<_>>().len() == all.len()
        };
        assert!(apart(&|codes| codes.name.into()));
        assert!(apart(&|codes| std::format!("{}", codes.c)));
        assert!(apart(&|codes| std::format!("{}", codes.http)));
        assert!(apart(&|codes| codes.python.into()));
        assert!(apart(&|codes| codes.text.into()));
        for codes in all {
            // Of the codes that JSON-RPC reserves, only those that it defines (2.0, section 5.1).
            assert!((-99..0).contains(&codes.c), "{codes:?}");
            let defined = [INVALID_REQUEST, INVALID_PARAMS, INTERNAL_ERROR];
            assert!(defined.contains(&codes.json_rpc), "{codes:?}");
            assert!((400..600).contains(&codes.http), "{codes:?}");
            assert!(codes.python.ends_with("Error"), "{codes:?}");
        }
    }

    #[test]
    fn a_call_without_a_result_says_whether_to_try_again() {
        for (failure, kind) in [
            (Failure::Offline, ErrorKind::Connection),
            (Failure::Lost, ErrorKind::Connection),
            (Failure::OutcomeUnknown, ErrorKind::Connection),
            (Failure::Busy, ErrorKind::Overloaded),
            (Failure::TimedOut(3), ErrorKind::Tool),
            (Failure::Cancelled, ErrorKind::Tool),
        ] {
            assert_eq!(failure.kind(), kind, "{failure:?}");
        }
    }
}
