//! The clients: their names and the form of their entries.

use clap::ValueEnum;

/// An MCP client that starts servers as programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Client {
    /// Anthropic's command line.
    #[value(name = "claude-code")]
    ClaudeCode,
    /// Anthropic's desktop application.
    #[value(name = "claude-desktop")]
    ClaudeDesktop,
    /// The Cursor editor.
    #[value(name = "cursor")]
    Cursor,
    /// Visual Studio Code.
    #[value(name = "vscode")]
    VsCode,
    /// Codex on the command line, in its application and in editors.
    #[value(name = "codex")]
    Codex,
    /// Google's command line.
    #[value(name = "gemini")]
    Gemini,
    /// The Zed editor.
    #[value(name = "zed")]
    Zed,
    /// The inspector of the Model Context Protocol project.
    #[value(name = "inspector")]
    Inspector,
}

/// The key of a server's address in an entry, and the members before it.
pub(super) type Address = (&'static str, &'static [(&'static str, &'static str)]);

/// Whose file an entry goes into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// Your own: the server is there in all your projects.
    #[default]
    User,
    /// The project in the current directory.
    Project,
}

/// How strictly a client reads its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileSyntax {
    /// JSON and nothing else.
    Json,
    /// JSON with comments and trailing commas.
    Jsonc,
    /// TOML.
    Toml,
}

impl Client {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::ClaudeCode,
        Self::ClaudeDesktop,
        Self::Cursor,
        Self::VsCode,
        Self::Codex,
        Self::Gemini,
        Self::Zed,
        Self::Inspector,
    ];

    /// The word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::ClaudeDesktop => "claude-desktop",
            Self::Cursor => "cursor",
            Self::VsCode => "vscode",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::Zed => "zed",
            Self::Inspector => "inspector",
        }
    }

    /// The product's name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::ClaudeDesktop => "Claude Desktop",
            Self::Cursor => "Cursor",
            Self::VsCode => "VS Code",
            Self::Codex => "Codex",
            Self::Gemini => "Gemini CLI",
            Self::Zed => "Zed",
            Self::Inspector => "MCP Inspector",
        }
    }

    /// What to do so that the client notices a new entry.
    pub const fn afterwards(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Start a new session; /mcp shows the server.",
            Self::ClaudeDesktop => "Quit the application fully and start it again.",
            Self::Cursor => "Restart Cursor; Customize, MCPs shows the server.",
            Self::VsCode => "Run `MCP: List Servers` and start the server.",
            Self::Codex => "Start Codex anew; /mcp shows the server.",
            Self::Gemini => "Start Gemini CLI anew; /mcp shows the server.",
            Self::Zed => "Zed starts it at once; the agent panel's settings show it.",
            Self::Inspector => "Run `npx @modelcontextprotocol/inspector`.",
        }
    }

    /// Key of the object or table that holds the servers.
    pub(super) const fn servers_key(self) -> &'static str {
        match self {
            Self::VsCode => "servers",
            Self::Zed => "context_servers",
            Self::Codex => "mcp_servers",
            _ => "mcpServers",
        }
    }

    /// The key of a server's address, and the members that come before it; `None` where the file of
    /// the client takes no address.
    pub(super) const fn address(self) -> Option<Address> {
        Some(match self {
            Self::ClaudeDesktop => return None,
            Self::ClaudeCode | Self::VsCode => ("url", &[("type", "http")]),
            Self::Inspector => ("url", &[("type", "streamable-http"), ("protocolEra", "auto")]),
            Self::Gemini => ("httpUrl", &[]),
            Self::Cursor | Self::Codex | Self::Zed => ("url", &[]),
        })
    }

    /// Members of an entry other than `command` and `args`, which come first.
    pub(super) const fn fixed(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::ClaudeCode | Self::Cursor | Self::VsCode => &[("type", "stdio")],
            // The Inspector takes the oldest way in unless told; `auto` tries the newest first.
            Self::Inspector => &[("type", "stdio"), ("protocolEra", "auto")],
            _ => &[],
        }
    }

    pub(super) const fn form(self) -> FileSyntax {
        match self {
            Self::ClaudeCode | Self::ClaudeDesktop | Self::Inspector => FileSyntax::Json,
            Self::Cursor | Self::VsCode | Self::Gemini | Self::Zed => FileSyntax::Jsonc,
            Self::Codex => FileSyntax::Toml,
        }
    }

    pub(super) const fn is_toml(self) -> bool {
        matches!(self.form(), FileSyntax::Toml)
    }
}
