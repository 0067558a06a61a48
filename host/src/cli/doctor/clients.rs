//! MCP clients: which are here, and whether their Trine still exists.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use trine::connect::{Client, Entry, Machine, Scope, entries};

use super::Check;

pub(super) fn checks() -> Vec<Check> {
    let machine = Machine::this(env::current_dir().unwrap_or_default());
    let mut checks = Vec::new();
    let mut absent = Vec::new();
    for client in Client::ALL {
        let has = machine.has(client);
        if let Ok(file) = machine.file(client, Scope::User)
            && has
        {
            checks.extend(of_file(client, &file, true));
        }
        if let Ok(file) = machine.file(client, Scope::Project)
            && file.exists()
        {
            checks.extend(of_file(client, &file, false));
        }
        if !has {
            absent.push(client.title());
        }
    }
    if !absent.is_empty() {
        checks.push(Check::ok("MCP clients", format!("not found here: {}", absent.join(", "))));
    }
    checks
}

/// The findings in one file. `wanted` says whether a file without Trine is worth a line.
fn of_file(client: Client, file: &Path, wanted: bool) -> Vec<Check> {
    let subject = client.title();
    let path = file.display();
    let add = format!("trine connect {} --write", client.word());
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => {
            return vec![Check::warn(subject, format!("{path}: {error}"), "look at its owner")];
        }
    };
    let found = match entries(client, &text) {
        Ok(found) => found,
        Err(error) => {
            let advice = format!("{subject} may not read it either: mend {path}");
            return vec![Check::warn(subject, format!("{path}: {error}"), advice)];
        }
    };
    let ours: Vec<_> = found.iter().filter(|entry| entry.is_trine()).collect();
    if ours.is_empty() {
        let text = format!("{path} has no entry for Trine");
        return if wanted { vec![Check::ok(subject, text).advise(add)] } else { Vec::new() };
    }
    ours.into_iter().map(|entry| of_entry(client, file, entry)).collect()
}

fn of_entry(client: Client, file: &Path, entry: &Entry) -> Check {
    let subject = client.title();
    let (name, args) = (&entry.name, entry.args.join(" "));
    match program(&entry.command) {
        Some(program) => {
            let other = env::current_exe().is_ok_and(|this| this != program);
            let which = if other { format!(" with {}", program.display()) } else { String::new() };
            Check::ok(subject, format!("`{name}` starts trine {args}{which}"))
        }
        None => {
            let text = format!("`{name}` in {} starts {}", file.display(), entry.command);
            let rest = if args.is_empty() { String::new() } else { after_gateway(entry) };
            Check::fail(
                subject,
                format!("{text}, which is no program"),
                format!("trine connect {} --write --name {name}{rest}", client.word()),
            )
        }
    }
}

// The options that the entry gives the gateway, as `trine connect` takes them.
fn after_gateway(entry: &Entry) -> String {
    let args = entry.args.iter().skip_while(|arg| *arg == "gateway").cloned();
    let args: Vec<_> = args.collect();
    if args.is_empty() { String::new() } else { format!(" -- {}", args.join(" ")) }
}

/// The program that a command starts, found as a shell would find it.
fn program(command: &str) -> Option<PathBuf> {
    let given = Path::new(command);
    if given.components().count() > 1 {
        return runnable(given);
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).find_map(|directory| runnable(&directory.join(given)))
}

fn runnable(path: &Path) -> Option<PathBuf> {
    let path = fs::canonicalize(path).ok()?;
    let file = fs::metadata(&path).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if file.permissions().mode() & 0o111 == 0 {
            return None;
        }
    }
    file.is_file().then_some(path)
}
