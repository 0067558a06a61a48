//! Entries for the configuration files of MCP clients.
//!
//! Each client starts an MCP server from an entry of its own form in a file of its own place. This
//! module knows both, merges an entry into a file and keeps everything else in it: other servers,
//! settings, their order, comments and white space. [`merge`] is a pure function of the file's
//! text; [`update()`] adds the backup and the writing. Nothing here asks the network or starts a
//! program.
//!
//! | client | file | table | form |
//! |---|---|---|---|
//! | Claude Code | `~/.claude.json`, `.mcp.json` | `mcpServers` | JSON |
//! | Claude Desktop | `claude_desktop_config.json` | `mcpServers` | JSON |
//! | Cursor | `~/.cursor/mcp.json`, `.cursor/mcp.json` | `mcpServers` | JSON with comments |
//! | VS Code | `User/mcp.json`, `.vscode/mcp.json` | `servers` | JSON with comments |
//! | Codex | `~/.codex/config.toml`, `.codex/config.toml` | `mcp_servers` | TOML |
//! | Gemini CLI | `.gemini/settings.json` at home or here | `mcpServers` | JSON with comments |
//! | Zed | `zed/settings.json`, `.zed/settings.json` | `context_servers` | JSON with comments |
//! | Inspector | `~/.mcp-inspector/mcp.json` | `mcpServers` | JSON |

mod client;
mod command;
mod error;
mod jsonc;
mod machine;
mod table;
mod update;

pub use client::{Client, Scope};
pub use command::shortcut;
pub use error::ConnectError;
pub use machine::Machine;
pub use update::{Change, update};

/// How a client starts a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name of the server in the client: 1 to 64 of `A-Z a-z 0-9 _ -`.
    pub name: String,
    /// Absolute path of the program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Where a server listens that the client does not start; command and arguments are empty then.
    pub url: Option<String>,
}

impl Entry {
    /// Refuses a name that some client could not take.
    ///
    /// # Errors
    /// [`ConnectError::Name`].
    pub fn check(&self) -> Result<(), ConnectError> {
        let fits = (1..=64).contains(&self.name.len());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if fits && self.name.bytes().all(plain) {
            Ok(())
        } else {
            Err(ConnectError::Name(self.name.clone()))
        }
    }

    /// Whether the command is a Trine program, wherever it lies.
    pub fn is_trine(&self) -> bool {
        is_trine(&self.command)
    }
}

/// The text of a client's file after `entry` was put into `text`, which may be empty.
///
/// # Errors
/// When the name cannot be used, the text is not what the client reads, or the name belongs to
/// another server.
pub fn merge(client: Client, text: &str, entry: &Entry) -> Result<String, ConnectError> {
    entry.check()?;
    let (mark, body) = match text.strip_prefix('\u{feff}') {
        Some(body) => ("\u{feff}", body),
        None => ("", text),
    };
    let merged = if client.is_toml() {
        table::merge(client, body, entry)?
    } else {
        jsonc::merge(client, body, entry)?
    };
    Ok(format!("{mark}{merged}"))
}

/// The servers in a client's file that are started as programs, in the file's order.
///
/// # Errors
/// When the text is not what the client reads.
pub fn entries(client: Client, text: &str) -> Result<Vec<Entry>, ConnectError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if client.is_toml() { table::entries(client, text) } else { jsonc::entries(client, text) }
}

/// Whether a command's last part is `trine` or `trine.exe`, in the path syntax of any system.
fn is_trine(command: &str) -> bool {
    let last = command.rsplit(['/', '\\']).next().unwrap_or(command);
    last == "trine" || last.eq_ignore_ascii_case("trine.exe")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trine_is_known_by_its_file_name() {
        assert!(is_trine("/usr/local/bin/trine"));
        assert!(is_trine("C:\\Tools\\Trine.EXE"));
        assert!(is_trine("trine"));
        assert!(!is_trine("/opt/trine/bin/node"));
        assert!(!is_trine("trine-next"));
    }

    #[test]
    fn names_are_what_every_client_takes() {
        let entry = |name: &str| Entry {
            name: name.into(),
            command: "trine".into(),
            args: vec![],
            url: None,
        };
        assert!(entry("green-house_2").check().is_ok());
        for name in ["", "a b", "a.b", "é", &"x".repeat(65)] {
            assert!(entry(name).check().is_err(), "{name:?}");
        }
    }
}
