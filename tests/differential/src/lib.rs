//! The same generated requests to Trine's MCP engine and to rmcp's server.
//!
//! Both serve the demonstration board's tools. The answers are compared after what is volatile or
//! free (sensor values, error sentences) has been made equal; every difference that is left must
//! be a row of `differences.tsv`, which names the sentence of the specification that decides it.
//!
//! [`Generator`] makes the requests, [`RmcpServer`] and [`play_trine`] answer them, [`normal`]
//! brings the answers to one form, [`differences`] compares them, [`Table`] explains.

mod case;
mod compare;
mod generate;
mod normal;
mod rmcp_server;
mod table;
mod trine_server;

pub use case::{Case, ProtocolFamily};
pub use compare::{Difference, differences};
pub use generate::Generator;
pub use normal::normal;
pub use rmcp_server::RmcpServer;
pub use table::{Table, TableError};
pub use trine_server::play_trine;

/// Opens a legacy session.
pub(crate) const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":"open","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"generated","version":"1"}}}"#;

/// Ends the opening of a legacy session.
pub(crate) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// The id of the request that follows each case; when it is answered, so is the case.
pub(crate) const SENTINEL_ID: &str = "sentinel";

/// A request that any server of the era answers at once.
pub(crate) const fn sentinel(family: ProtocolFamily) -> &'static str {
    match family {
        ProtocolFamily::Legacy => r#"{"jsonrpc":"2.0","id":"sentinel","method":"ping"}"#,
        ProtocolFamily::Modern => {
            r#"{"jsonrpc":"2.0","id":"sentinel","method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#
        }
    }
}
