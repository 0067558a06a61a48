//! The client's own command that does the same, where it has one.

use serde_json::json;

use super::Entry;
use super::client::{Client, Scope};

/// The command line that makes the client itself add the entry, or that starts it with the server;
/// quoted for a POSIX shell.
pub fn shortcut(client: Client, scope: Scope, entry: &Entry) -> Option<String> {
    if let Some(url) = &entry.url {
        return of_address(client, scope, (&entry.name, url));
    }
    let start = words(std::iter::once(&entry.command).chain(&entry.args));
    let name = &entry.name;
    match (client, scope) {
        (Client::ClaudeCode, Scope::User) => {
            Some(format!("claude mcp add --scope user {name} -- {start}"))
        }
        (Client::ClaudeCode, Scope::Project) => {
            Some(format!("claude mcp add --scope project {name} -- {start}"))
        }
        (Client::Codex, Scope::User) => Some(format!("codex mcp add {name} -- {start}")),
        (Client::VsCode, Scope::User) => {
            let whole = json!({ "name": name, "command": entry.command, "args": entry.args });
            Some(format!("code --add-mcp {}", words([&whole.to_string()])))
        }
        // After `--` the Inspector's page leaves everything to the server.
        (Client::Inspector, Scope::User) => {
            Some(format!("npx @modelcontextprotocol/inspector -- {start}"))
        }
        _ => None,
    }
}

/// The same for a server at an address.
fn of_address(client: Client, scope: Scope, (name, url): (&str, &String)) -> Option<String> {
    let place = words([url]);
    match (client, scope) {
        (Client::ClaudeCode, Scope::User) => {
            Some(format!("claude mcp add --scope user --transport http {name} {place}"))
        }
        (Client::ClaudeCode, Scope::Project) => {
            Some(format!("claude mcp add --scope project --transport http {name} {place}"))
        }
        (Client::Codex, Scope::User) => Some(format!("codex mcp add {name} --url {place}")),
        (Client::VsCode, Scope::User) => {
            let whole = json!({ "name": name, "type": "http", "url": url });
            Some(format!("code --add-mcp {}", words([&whole.to_string()])))
        }
        _ => None,
    }
}

fn words<'a>(parts: impl IntoIterator<Item = &'a String>) -> String {
    let quoted = parts.into_iter().map(|part| {
        // A zero byte cannot stand in a command line at all, quoted or not.
        shlex::try_quote(part).map_or_else(|_| part.replace('\0', ""), |word| word.into_owned())
    });
    quoted.collect::<Vec<_>>().join(" ")
}
