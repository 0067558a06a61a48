//! Where each client keeps its file on this computer.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::client::{Client, Scope};
use super::error::ConnectError;
use trine_gateway::folders::{self, Os, below};

/// What the places of the files depend on.
#[derive(Clone, Debug)]
pub struct Machine {
    os: Os,
    home: Option<PathBuf>,
    directory: PathBuf,
    config: Option<PathBuf>,
    claude: Option<PathBuf>,
    codex: Option<PathBuf>,
    inspector: Option<PathBuf>,
    packages: Option<PathBuf>,
}

impl Machine {
    /// This computer, with projects in `directory`.
    pub fn this(directory: PathBuf) -> Self {
        Self::new(Os::this(), directory, std::env::home_dir(), |name| std::env::var_os(name))
    }

    /// A computer with these environment variables; an empty variable counts as none.
    pub fn new(
        os: Os,
        directory: PathBuf,
        home: Option<PathBuf>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Self {
        let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let below_home = |rest: &str| home.as_ref().map(|home| below(home, rest));
        let config = folders::configuration(os, home.as_deref(), &variable);
        let local = path("LOCALAPPDATA").or_else(|| below_home("AppData/Local"));
        Self {
            os,
            config,
            claude: path("CLAUDE_CONFIG_DIR").or_else(|| home.clone()),
            codex: path("CODEX_HOME").or_else(|| below_home(".codex")),
            inspector: path("MCP_CATALOG_PATH").or_else(|| below_home(".mcp-inspector/mcp.json")),
            packages: local.filter(|_| os == Os::Windows).map(|local| local.join("Packages")),
            home,
            directory,
        }
    }

    /// The file that holds a client's servers.
    ///
    /// # Errors
    /// When the home directory is unknown, or the client has no file in a project.
    pub fn file(&self, client: Client, scope: Scope) -> Result<PathBuf, ConnectError> {
        match scope {
            Scope::User => self.user_file(client).ok_or(ConnectError::NoHome),
            Scope::Project => self.project_file(client),
        }
    }

    /// Whether the client seems to be installed: its file or the directory around it is there.
    pub fn has(&self, client: Client) -> bool {
        let Some(file) = self.user_file(client) else { return false };
        // Claude Code's file lies directly in the home directory, which says nothing.
        match (client, file.parent()) {
            (Client::ClaudeCode, _) | (_, None) => {
                file.exists()
                    || self.home.as_ref().is_some_and(|home| home.join(".claude").exists())
            }
            (_, Some(directory)) => directory.exists(),
        }
    }

    fn user_file(&self, client: Client) -> Option<PathBuf> {
        let config = |rest: &str| self.config.as_ref().map(|config| below(config, rest));
        let home = |rest: &str| self.home.as_ref().map(|home| below(home, rest));
        match client {
            Client::ClaudeCode => self.claude.as_ref().map(|claude| claude.join(".claude.json")),
            Client::ClaudeDesktop => {
                let directory = self.packaged_claude().or_else(|| config("Claude"))?;
                Some(directory.join("claude_desktop_config.json"))
            }
            Client::Cursor => home(".cursor/mcp.json"),
            Client::VsCode => config("Code/User/mcp.json"),
            Client::Codex => self.codex.as_ref().map(|codex| codex.join("config.toml")),
            Client::Gemini => home(".gemini/settings.json"),
            // Zed follows the XDG layout on macOS too.
            Client::Zed if self.os == Os::Mac => home(".config/zed/settings.json"),
            Client::Zed if self.os == Os::Windows => config("Zed/settings.json"),
            Client::Zed => config("zed/settings.json"),
            Client::Inspector => self.inspector.clone(),
        }
    }

    fn project_file(&self, client: Client) -> Result<PathBuf, ConnectError> {
        let rest = match client {
            Client::ClaudeCode => ".mcp.json",
            Client::Cursor => ".cursor/mcp.json",
            Client::VsCode => ".vscode/mcp.json",
            Client::Codex => ".codex/config.toml",
            Client::Gemini => ".gemini/settings.json",
            Client::Zed => ".zed/settings.json",
            Client::ClaudeDesktop | Client::Inspector => {
                return Err(ConnectError::NoProjectFile(client.title()));
            }
        };
        Ok(below(&self.directory, rest))
    }

    // Since February 2026 Claude Desktop comes for Windows as an MSIX package. Windows shows such a
    // program another directory in place of %APPDATA%, and what lies in the real one is never read.
    fn packaged_claude(&self) -> Option<PathBuf> {
        let packages = fs::read_dir(self.packages.as_ref()?).ok()?;
        let is_claude = |path: &Path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("Claude_"))
        };
        packages
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| is_claude(path))
            .map(|path| path.join("LocalCache").join("Roaming").join("Claude"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(os: Os, variables: &[(&str, &str)]) -> Machine {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(*value))
        };
        Machine::new(os, PathBuf::from("/project"), Some(PathBuf::from("/home/ada")), variable)
    }

    fn places(machine: &Machine) -> Vec<String> {
        let file = |client: &Client| machine.file(*client, Scope::User).unwrap();
        Client::ALL.iter().map(|client| file(client).to_str().unwrap().replace('\\', "/")).collect()
    }

    #[test]
    fn each_system_has_its_places() {
        assert_eq!(
            places(&machine(Os::Linux, &[])),
            [
                "/home/ada/.claude.json",
                "/home/ada/.config/Claude/claude_desktop_config.json",
                "/home/ada/.cursor/mcp.json",
                "/home/ada/.config/Code/User/mcp.json",
                "/home/ada/.codex/config.toml",
                "/home/ada/.gemini/settings.json",
                "/home/ada/.config/zed/settings.json",
                "/home/ada/.mcp-inspector/mcp.json",
            ]
        );
        let mac = places(&machine(Os::Mac, &[("XDG_CONFIG_HOME", "/xdg")]));
        let library = "/home/ada/Library/Application Support";
        assert_eq!(mac[1], format!("{library}/Claude/claude_desktop_config.json"));
        assert_eq!(mac[3], format!("{library}/Code/User/mcp.json"));
        assert_eq!(mac[6], "/home/ada/.config/zed/settings.json");
        let windows = places(&machine(Os::Windows, &[("APPDATA", "/roaming")]));
        assert_eq!(windows[1], "/roaming/Claude/claude_desktop_config.json");
        assert_eq!(windows[3], "/roaming/Code/User/mcp.json");
        assert_eq!(windows[6], "/roaming/Zed/settings.json");
    }

    #[test]
    fn variables_move_the_files() {
        let variables = [
            ("XDG_CONFIG_HOME", "/xdg"),
            ("CLAUDE_CONFIG_DIR", "/claude"),
            ("CODEX_HOME", "/codex"),
            ("MCP_CATALOG_PATH", "/catalog.json"),
        ];
        let found = places(&machine(Os::Linux, &variables));
        assert_eq!(found[0], "/claude/.claude.json");
        assert_eq!(found[1], "/xdg/Claude/claude_desktop_config.json");
        assert_eq!(found[4], "/codex/config.toml");
        assert_eq!(found[7], "/catalog.json");
        let unset = places(&machine(Os::Linux, &[("XDG_CONFIG_HOME", "")]));
        assert_eq!(unset[6], "/home/ada/.config/zed/settings.json");
    }

    #[test]
    fn a_packaged_claude_on_windows_has_its_own_place() {
        let local = std::env::temp_dir().join(format!("trine-packages-{}", std::process::id()));
        let package = local.join("Packages").join("Claude_pzs8sxrjxfjjc");
        fs::create_dir_all(&package).unwrap();
        let variables = [("LOCALAPPDATA", local.to_str().unwrap())];
        let file = machine(Os::Windows, &variables).file(Client::ClaudeDesktop, Scope::User);
        fs::remove_dir_all(&local).unwrap();
        let place = below(&package, "LocalCache/Roaming/Claude/claude_desktop_config.json");
        assert_eq!(file.unwrap(), place);
    }

    #[test]
    fn without_a_home_there_is_no_file() {
        let machine = Machine::new(Os::Linux, PathBuf::from("/project"), None, |_| None);
        assert!(matches!(machine.file(Client::Cursor, Scope::User), Err(ConnectError::NoHome)));
        assert!(machine.file(Client::Cursor, Scope::Project).is_ok());
    }
}
