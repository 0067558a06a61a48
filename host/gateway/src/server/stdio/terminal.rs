//! `trine gateway` on a terminal: a person sees how to connect, and may press the board's button.

use tracing::warn;

use crate::hub::Hub;

const TRY: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;

/// Says on standard error what this program waits for.
pub(super) fn explain(hub: &Hub) {
    eprintln!("trine gateway serves MCP on standard input and output, and this is a terminal.");
    eprintln!("An MCP client should start it: `trine connect` knows claude-code, claude-desktop,");
    eprintln!("cursor, vscode, codex, gemini, zed and inspector, for example");
    eprintln!("    trine connect claude-code");
    eprintln!("Or type a request, such as");
    eprintln!("    {TRY}");
    if hub.devices().iter().any(|device| device.has_person()) {
        eprintln!("Type b to press the board's button. Ctrl-D ends.");
    } else {
        eprintln!("Ctrl-D ends.");
    }
}

/// Does what a line says that a person has typed instead of a message; `false` if it is a message.
pub(super) fn command(line: &[u8], hub: &Hub) -> bool {
    if !matches!(line.trim_ascii(), b"b" | b"button") {
        return false;
    }
    if let Err(error) = hub.obey("button") {
        warn!("{error}");
    }
    true
}
