//! Why a server cannot be reached, and why it does not do what it was asked.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use serde_json::Value;
use trine_mcp::ErrorKind;

use crate::tool::CallResult;

/// What all functions of this crate answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a server cannot be reached, or does not do what it was asked: what is wrong and what to do.
///
/// The cause is the [`source`](StdError::source) and not part of the text. No text has a key. What
/// a server says is in it without characters that act on a terminal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL of a server that cannot be used.
    #[error("invalid URL '{url}': {what}")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong with it, and what is expected.
        what: &'static str,
    },
    /// An option of the client that cannot be sent.
    #[error("invalid {option}: expected {expected}")]
    Option {
        /// The option.
        option: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// Nothing listens on the address, or no host has it.
    #[error("cannot connect to {address}: {kind}; start the server, or correct the URL")]
    Connect {
        /// Host and port.
        address: String,
        /// What went wrong, such as [`io::ErrorKind::ConnectionRefused`].
        kind: io::ErrorKind,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The address does not answer.
    #[error(
        "no connection to {address} within {limit:?}; correct the URL, or raise connect_timeout"
    )]
    ConnectTimeout {
        /// Host and port, or the program.
        address: String,
        /// How long it was waited.
        limit: Duration,
    },
    /// The program of a server that cannot be started.
    #[error("cannot start {program}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The server has ended, or has closed the connection, before its answer. A call may have run.
    #[error("connection closed before the answer to {request}; the call may have run")]
    ConnectionClosed {
        /// Method and name, such as `tools/call fan_set`.
        request: String,
        /// What was seen of it, if more than the end.
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// No answer in time. The request was cancelled; a call may have run.
    #[error(
        "no answer to {request} within {limit:?}; raise the timeout of the call or of the client"
    )]
    Timeout {
        /// Method and name.
        request: String,
        /// How long it was waited since the request or the last news of it.
        limit: Duration,
    },
    /// The server wants an API key, or another one.
    #[error("{request}: {message}; set the key of the server with Builder::api_key")]
    Unauthorized {
        /// Method and name.
        request: String,
        /// What the server says.
        message: String,
    },
    /// A status of HTTP without an answer of JSON-RPC that explains it.
    #[error("{request}: HTTP status {status}: {message}")]
    Status {
        /// Method and name.
        request: String,
        /// The status.
        status: u16,
        /// What the server says.
        message: String,
    },
    /// The server has ended the session, and ends a second one at once.
    #[error("{request}: the server ended the session; connect again")]
    SessionEnded {
        /// Method and name.
        request: String,
    },
    /// An error of JSON-RPC: the request itself is wrong, such as the name of the tool.
    #[error("{request}: {message} ({code})")]
    Rpc {
        /// Method and name.
        request: String,
        /// Its code, such as -32602 for an unknown tool.
        code: i64,
        /// What the server says.
        message: String,
        /// What else it says.
        data: Option<Box<Value>>,
    },
    /// The tool ran, or was to run, and failed (`isError`). The message of a Trine gateway names
    /// the parameter and its bound.
    #[error("tool {tool} failed: {message}")]
    Tool {
        /// The tool.
        tool: String,
        /// The texts of the result.
        message: String,
        /// All of the result.
        result: Box<CallResult>,
    },
    /// The call needs input that this client cannot give.
    #[error("tool {tool} needs input by {method}; {hint}")]
    InputRequired {
        /// The tool.
        tool: String,
        /// How it asks, such as `elicitation/create`.
        method: String,
        /// What to do.
        hint: &'static str,
    },
    /// Arguments that are not an object.
    #[error("arguments of {tool} must be an object; found {found}")]
    Arguments {
        /// The tool.
        tool: String,
        /// What they are.
        found: &'static str,
    },
    /// An answer that MCP does not permit.
    #[error("{request}: invalid answer: {what}")]
    Answer {
        /// Method and name.
        request: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The server speaks no revision of MCP that this client knows.
    #[error("the server speaks MCP {found}; expected 2026-07-28, or 2024-11-05 to 2025-11-25")]
    Revision {
        /// The revision that it offers.
        found: String,
    },
}

impl Error {
    /// Whether the connection was closed, or could not be opened.
    #[must_use]
    pub const fn is_connection(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. } | Self::ConnectTimeout { .. } | Self::ConnectionClosed { .. }
        )
    }

    /// What kind of error it is, as every language of Trine tells it; `None` where an option, a URL
    /// or arguments of this program are wrong.
    ///
    /// That a tool is not there is read from the code and the words that MCP gives for it ("Unknown
    /// tool", in the example of its specification), as servers of all SDKs send them.
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        Some(match self {
            Self::Url { .. } | Self::Option { .. } | Self::Arguments { .. } => return None,
            Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Start { .. }
            | Self::ConnectionClosed { .. }
            | Self::Timeout { .. }
            | Self::SessionEnded { .. }
            | Self::Status { status: 502 | 504, .. } => ErrorKind::Connection,
            Self::Status { status: 429 | 503, .. } => ErrorKind::Overloaded,
            Self::Rpc { code, message, .. }
                if *code == i64::from(ErrorKind::ToolNotFound.codes().json_rpc)
                    && message.to_ascii_lowercase().starts_with("unknown tool") =>
            {
                ErrorKind::ToolNotFound
            }
            Self::Tool { .. } | Self::InputRequired { .. } => ErrorKind::Tool,
            Self::Unauthorized { .. }
            | Self::Status { .. }
            | Self::Rpc { .. }
            | Self::Answer { .. }
            | Self::Revision { .. } => ErrorKind::Protocol,
        })
    }

    /// The code of a JSON-RPC error.
    #[must_use]
    pub const fn code(&self) -> Option<i64> {
        match self {
            Self::Rpc { code, .. } => Some(*code),
            _ => None,
        }
    }
}

/// A text of a server, without what acts on a terminal or changes the order of what stands there.
pub(crate) fn plain(text: &str) -> String {
    let acts = |point: char| {
        let is_control = point.is_control() && !matches!(point, '\n' | '\t');
        let is_format = matches!(
            point,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        );
        is_control || is_format
    };
    text.chars().map(|point| if acts(point) { '\u{fffd}' } else { point }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_does_not_act_on_a_terminal() {
        assert_eq!(plain("fan: 5 °C\n\tok"), "fan: 5 °C\n\tok");
        for nasty in ['\u{1b}', '\r', '\0', '\u{9b}', '\u{202e}', '\u{200b}', '\u{e0041}'] {
            assert_eq!(plain(&format!("a{nasty}b")), "a\u{fffd}b", "{nasty:?}");
        }
    }
}
